"""Binds releases: everything evaluated, validated, and ready for the engine."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from declarative.errors import EvaluationError
from declarative.language.artifacts import artifact_of
from declarative.language.conditions import broken_preconditions
from declarative.language.content import Written, locate, read_section, validated
from declarative.language.definitions import definitions_of
from declarative.language.delivery import delivery_of, strategy_of
from declarative.language.exports import Exports
from declarative.language.expressions import evaluate
from declarative.language.memo import circle
from declarative.language.problems import Problems
from declarative.language.releases import Release
from declarative.language.values import Reference, Value
from declarative.language.world import UnknownWorld, World
from declarative.model.arns import plain_function_name
from declarative.model.bound import BoundAlias, BoundRelease, Delivery
from declarative.model.config import FunctionConfig, declared
from declarative.model.project_config import EnvironmentConfig
from declarative.model.release_config import AliasConfig, ServiceConfig, ServiceSettings
from declarative.model.rules import judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from declarative.errors import Diagnostic, SourceRange
    from declarative.language.entities import Evaluation
    from declarative.language.expressions import Scope
    from declarative.language.instances import Instance
    from declarative.language.nodes import Expression
    from declarative.language.settings import ProjectSettings
    from declarative.model.bound import Connector

__all__ = ["Binder", "UnknownWorld", "World"]


class Binder:
    """Binds the releases of one evaluation."""

    def __init__(self, evaluation: Evaluation, settings: ProjectSettings) -> None:
        """Give the releases of ``evaluation`` their meaning as values."""
        self.evaluation = evaluation
        self._settings = settings
        self._releases: dict[str, Release] = {}
        evaluation.release = lambda instance: Exports(self.release(instance)).value()

    def release(self, instance: Instance) -> Release:
        """Return the lazily evaluated parts of one release."""
        found = self._releases.get(instance.address)
        if found is None:
            found = self._releases[instance.address] = Release(self.evaluation, instance)
        return found

    def instances(self, problems: Problems) -> tuple[Instance, ...]:
        """Return all releases in the order of the files, adding what is wrong."""
        found: list[Instance] = []
        for name in self.evaluation.declarations.named("release"):
            with problems.gathering(f"release.{name}"):
                found.extend(self.evaluation.instances("release", name))
        return tuple(found)

    def bind(self, instances: Iterable[Instance], problems: Problems) -> tuple[BoundRelease, ...]:
        """Return the releases that have no errors; the others' errors go to ``problems``."""
        bound: dict[str, BoundRelease] = {}
        for instance in instances:
            with problems.gathering(instance.address):
                found = self._bound(instance)
                account = partial(self.evaluation.world.account_id, found.connector)
                problems.take(judge(found, account))
                name = plain_function_name(found.function_name)
                must_exist = name != found.function_name
                bound[instance.address] = replace(found, function_name=name, must_exist=must_exist)
        refuse_cycles(bound, problems)
        return tuple(bound.values())

    def _bound(self, instance: Instance) -> BoundRelease:
        release = self.release(instance)
        memo = self.evaluation.memo
        label = f"{instance.address} content"
        content = memo.get(
            label, lambda: self._content(release), instance.section.range, instance.address
        )
        # Only now is it known what the content has read.
        others = {*memo.reads(label), *content.depends_on} - {instance.address}
        return replace(content, depends_on=tuple(sorted(others)))

    def _content(self, release: Release) -> BoundRelease:
        """Evaluate everything a release says, so that all its errors are found at once."""
        problems = Problems()
        service = problems.attempt(lambda: release.service)
        problems.attempt(lambda: release.infrastructure)
        if service is None:
            raise EvaluationError(problems.errors)
        config = problems.attempt(
            lambda: self.evaluation.config(release.environment, EnvironmentConfig)
        )
        connector = problems.attempt(lambda: self._connector(release))
        region = problems.attempt(lambda: release.region)
        staging = problems.attempt(lambda: release.staging)
        written, place = release.function(), service.section.range
        function = problems.attempt(lambda: validated(written, FunctionConfig, place))
        artifact = problems.attempt(lambda: artifact_of(release))
        aliases = problems.attempt(release.aliases) or {}
        made = _aliases(aliases, place, problems)
        settings = problems.attempt(lambda: validated(release.settings(), ServiceSettings, place))
        dependencies = problems.attempt(lambda: _dependencies(release)) or ()
        said = problems.attempt(lambda: delivery_of(release))
        refusals = problems.attempt(lambda: _refusals(release)) or ()
        self._check_rest(release, problems)
        _check_delivery(release, said[1] if said else Delivery(), made, problems)
        if config is None or connector is None or region is None:
            raise EvaluationError(problems.errors)
        if function is None or artifact is None or settings is None:
            raise EvaluationError(problems.errors)
        if said is None or problems.errors:
            raise EvaluationError(problems.errors)
        own, delivery = said
        fields = declared(function)
        tags = fields.pop("tags", None)
        return BoundRelease(
            address=release.address,
            service=service.name,
            infrastructure=release.infrastructure.address,
            environment=release.environment.name,
            environment_type=config.type,
            connector=connector,
            region=region,
            function_name=str(fields.pop("function_name")),
            function=fields,
            artifact=artifact,
            tags=tags if isinstance(tags, dict) else None,
            default_tags={**self._settings.default_tags, **connector.default_tags},
            aliases=made,
            settings=settings,
            delivery=delivery,
            ignore=own.lifecycle.ignore if own.lifecycle else (),
            refusals=refusals,
            prevent_destroy=own.lifecycle is not None and own.lifecycle.prevent_destroy,
            ownership_tag=self._settings.ownership_tag,
            exclusive=release.is_exclusive,
            staging=staging,
            depends_on=dependencies,
            ranges=_ranges(release, written, aliases),
        )

    def _connector(self, release: Release) -> Connector:
        instance = self.evaluation.target(release.infrastructure, "connector")
        return self.evaluation.connector(instance)

    @staticmethod
    def _check_rest(release: Release, problems: Problems) -> None:
        """Evaluate what the result does not hold but what must be right all the same."""
        service = release.service
        scope = release.within(service.scope)
        with problems.gathering():
            read_section(service.section, scope, ServiceConfig)
        with problems.gathering():
            tuple(definitions_of(release))
        for name in problems.attempt(release.variable_names) or ():
            with problems.gathering():
                release.variable(name)


def _aliases(
    written: Mapping[str, Written], fallback: SourceRange, problems: Problems
) -> dict[str, BoundAlias]:
    found: dict[str, BoundAlias] = {}
    for name, content in written.items():
        with problems.gathering():
            config = validated(content, AliasConfig, content.place or fallback)
            found[name] = BoundAlias(config, strategy_of(content, config.strategy))
    return found


def _refusals(release: Release) -> tuple[Diagnostic, ...]:
    return tuple(
        broken_preconditions(release.instance.section, release.scope, release.address, now=True)
    )


def _check_delivery(
    release: Release, delivery: Delivery, aliases: Mapping[str, BoundAlias], problems: Problems
) -> None:
    """Add what a release asks for that needs an alias, if it has none."""
    asked = [*delivery.gates]
    if delivery.strategy is not None and delivery.strategy.schedule:
        asked.insert(0, "strategy")
    if asked and not aliases:
        problems.add(
            "No alias",
            f"{', '.join(asked)} needs an alias to act on: without one a release serves "
            f'$LATEST, which changes at once. Write alias "live" {{}} in '
            f"{release.service.address}.",
            release.instance.section.range,
        )


def _dependencies(release: Release) -> tuple[str, ...]:
    attribute = release.instance.section.attributes.get("depends_on")
    if attribute is None:
        return ()
    found = releases_in(attribute.expression, release.scope)
    if release.address in found:
        raise EvaluationError.of(
            "Cycle",
            f"{release.address} depends on itself. Leave it out.",
            range=attribute.expression.range,
        )
    return found


def releases_in(expression: Expression, scope: Scope) -> tuple[str, ...]:
    """Return the addresses of the releases that a ``depends_on`` names.

    Raises:
        EvaluationError: it names something else.
    """
    return tuple(_referred(evaluate(expression, scope), expression.range))


def _referred(value: Value, place: SourceRange) -> Iterator[str]:
    content = value.content
    if isinstance(content, Reference) and content.block == "release":
        yield content.address
    elif isinstance(content, tuple):
        for item in content:
            yield from _referred(item, place)
    elif isinstance(content, dict):
        for item in content.values():
            yield from _referred(item, place)
    elif value.is_known:
        raise EvaluationError.of(
            "Invalid reference",
            "depends_on is a list of releases, such as [release.NAME].",
            range=place,
        )


def _ranges(
    release: Release, written: Written, aliases: Mapping[str, Written]
) -> dict[str, SourceRange]:
    """Return where things stand in the files, by dotted name."""
    found = {"": release.instance.section.range}
    for child in release.service.section.children:
        if child.type in {"function", "artifact"}:
            found[child.type] = child.range
    for name in written.nodes:
        found[f"function.{name}"] = locate(written, (name,), found[""])
    for name, content in aliases.items():
        found[f"alias.{name}"] = content.place or found[""]
    return found


def refuse_cycles(releases: Mapping[str, BoundRelease], problems: Problems) -> None:
    """Add every circle of releases that depend on each other."""
    done: set[str] = set()
    for start in releases:
        path: dict[str, Iterator[str]] = {}
        if start not in done:
            path[start] = iter(releases[start].depends_on)
        while path:
            current = next(reversed(path))
            following = next(path[current], None)
            if following is None:
                done.add(current)
                del path[current]
            elif following in path:
                names = list(path)
                _add_circle([releases[name] for name in names[names.index(following) :]], problems)
            elif following in releases and following not in done:
                path[following] = iter(releases[following].depends_on)


def _add_circle(releases: Sequence[BoundRelease], problems: Problems) -> None:
    places = [release.ranges.get("") for release in releases]
    path = zip((release.address for release in releases), places, strict=True)
    problems.add("Cycle", circle(path), places[0])
