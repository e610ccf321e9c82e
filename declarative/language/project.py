"""A project: the files of one directory, and what they mean in a world."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from declarative.errors import ConfigurationError
from declarative.language.binding import Binder, UnknownWorld, releases_in
from declarative.language.calls import CallContext, no_head
from declarative.language.conditions import broken_preconditions
from declarative.language.content import plain, read_section
from declarative.language.declarations import check_labels, project_files, read
from declarative.language.entities import Evaluation
from declarative.language.evidence import blaming
from declarative.language.explanation import Explanation, explain
from declarative.language.expressions import evaluate
from declarative.language.garbage import uncollected
from declarative.language.inputs import Assignment, VariableFile, VariableInputs, given_values
from declarative.language.moves import check_moves
from declarative.language.plain import json_of
from declarative.language.problems import Problems, suggestion
from declarative.language.reading import parse
from declarative.language.saved import residual_scope
from declarative.language.settings import ProjectSettings, read_settings
from declarative.language.showing import ordered
from declarative.language.values import Value
from declarative.model.bound import Relocation
from declarative.model.checks import has_sensitive
from declarative.model.project_config import InfrastructureConfig, OutputConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from declarative.errors import Diagnostic
    from declarative.language.cache import ParseCache
    from declarative.language.declarations import Declarations
    from declarative.language.expressions import Scope
    from declarative.language.inputs import Given
    from declarative.language.instances import Instance
    from declarative.language.sections import Section
    from declarative.language.world import World
    from declarative.model.bound import BoundRelease, Connector
    from declarative.model.staging import Staging

__all__ = [
    "Assignment",
    "Output",
    "Project",
    "ProjectSettings",
    "VariableFile",
    "VariableInputs",
    "load_project",
    "residual_scope",
]


@dataclass(frozen=True, slots=True)
class Output:
    """One output.

    Attributes:
        value: JSON with `Sensitive` and `Pending` leaves.
        sensitive: Whether it is never to be shown.
    """

    value: object = field(repr=False)
    sensitive: bool = False
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """Where releases can be: the account of a connector, and a region of it."""

    connector: Connector
    region: str
    staging: Staging | None = None


@dataclass(frozen=True)
class Project:
    """The files of a directory, found free of errors as far as that needs no world.

    Attributes:
        directory: Where the files are.
        settings: About the project as a whole.
        sources: The text of every file by name, for snippets.
    """

    directory: Path
    settings: ProjectSettings
    sources: Mapping[str, str] = field(repr=False)
    _found: dict[Diagnostic, None] = field(default_factory=dict, repr=False)
    _declarations: Declarations = field(repr=False, kw_only=True)
    _given: Mapping[str, Given] = field(repr=False, kw_only=True)
    _context: CallContext = field(repr=False, kw_only=True)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What is no error but worth saying, as far as anything has been bound."""
        return ordered(self._found, self.sources)

    @cached_property
    def unsupported(self) -> tuple[Diagnostic, ...]:
        """What is written here but no plan can act on yet: who would act refuses it."""
        return ordered(self._declarations.unsupported(), self.sources)

    def releases(self) -> tuple[str, ...]:
        """Return the addresses of all releases, in the order of the files."""
        return tuple(item.address for item in self._instances)

    def relocations(self) -> tuple[Relocation, ...]:
        """Return what became of releases that were declared under other addresses.

        Raises:
            ConfigurationError: with the errors of all those blocks.
        """
        problems = Problems()
        moves = check_moves(self._declarations.moves, self.releases(), problems)
        problems.raise_any(self.sources)
        return tuple(Relocation(move.source, move.target, move.destroy) for move in moves)

    @uncollected()
    def bind(self, world: World, only: frozenset[str] | None = None) -> tuple[BoundRelease, ...]:
        """Return the releases (those in ``only``, by address) with everything evaluated.

        Asked with `UnknownWorld`, it judges the whole project and leaves out releases that
        need to know more.

        Raises:
            ConfigurationError: with the errors of all of them.
        """
        problems = Problems(lenient=isinstance(world, UnknownWorld))
        binder = self._binder(world)
        if only is None:
            binder.evaluation.check(problems)
        chosen = binder.instances(problems)
        if only is not None:
            chosen = tuple(item for item in chosen if item.address in only)
        bound = binder.bind(chosen, problems)
        if only is None:
            _outputs(binder.evaluation, problems)
            check_moves(self._declarations.moves, [one.address for one in chosen], problems)
        self._found.update(dict.fromkeys(problems.warnings(self.sources)))
        problems.raise_any(self.sources)
        return bound

    def explain(self, only: frozenset[str]) -> tuple[Explanation, ...]:
        """Return where everything comes from that the releases at these addresses say.

        Nothing is asked of the world.

        Raises:
            ConfigurationError: the project has errors.
        """
        self.bind(UnknownWorld())
        problems = Problems()
        binder = self._binder(UnknownWorld())
        found = []
        for instance in binder.instances(problems):
            if instance.address in only:
                with problems.gathering(instance.address):
                    found.append(explain(binder.release(instance), self.settings))
        problems.raise_any(self.sources)
        return tuple(found)

    def outputs(self, world: World) -> Mapping[str, Output]:
        """Return the project's outputs.

        Raises:
            ConfigurationError: with the errors of all of them.
        """
        problems = Problems(lenient=isinstance(world, UnknownWorld))
        found = _outputs(self._binder(world).evaluation, problems)
        problems.raise_any(self.sources)
        return found

    def names(self, type_: str) -> frozenset[str]:
        """Return the names of all blocks of a type, such as ``service``."""
        return frozenset(self._declarations.named(type_))

    def infrastructures(self) -> Mapping[str, Infrastructure]:
        """Return where releases can be, by address.

        Raises:
            ConfigurationError: with the errors of all of them.
        """
        problems = Problems()
        evaluation = self._unbound.evaluation
        found: dict[str, Infrastructure] = {}
        for name in self._declarations.named("infrastructure"):
            with problems.gathering():
                for instance in evaluation.instances("infrastructure", name):
                    connector = evaluation.connector(evaluation.target(instance, "connector"))
                    region = evaluation.config(instance, InfrastructureConfig).region
                    staging = evaluation.staging(instance)
                    found[instance.address] = Infrastructure(connector, region, staging)
        problems.raise_any(self.sources)
        return found

    def connector(self, address: str, world: World | None = None) -> Connector | None:
        """Return the connector at an address, or None where the files have none.

        Raises:
            ConfigurationError: it has errors.
        """
        problems = Problems()
        evaluation = (self._unbound if world is None else self._binder(world)).evaluation
        found: Connector | None = None
        with problems.gathering(address):
            for name in evaluation.declarations.named("connector"):
                for instance in evaluation.instances("connector", name):
                    if instance.address == address:
                        found = evaluation.connector(instance)
        problems.raise_any(self.sources)
        return found

    @property
    def scope(self) -> Scope:
        """What an expression outside all releases may read."""
        return self._unbound.evaluation.scope

    @cached_property
    def _unbound(self) -> Binder:
        evaluation = Evaluation(self._declarations, self._given, self._context, UnknownWorld())
        return Binder(evaluation, self.settings)

    @cached_property
    def _instances(self) -> tuple[Instance, ...]:
        problems = Problems()
        found = self._unbound.instances(problems)
        problems.raise_any(self.sources)
        return found

    def _binder(self, world: World) -> Binder:
        if isinstance(world, UnknownWorld):
            return self._unbound
        evaluation = Evaluation(self._declarations, self._given, self._context, world)
        return Binder(evaluation, self.settings)


@uncollected()
def load_project(
    directory: Path,
    *,
    variables: VariableInputs,
    environ: Mapping[str, str],
    head: Callable[[], str] = no_head,
    cache: ParseCache | None = None,
) -> Project:
    """Return the project in a directory; ``head`` tells the commit that its files are at.

    With a ``cache`` files that have not changed are not read again.

    Raises:
        ConfigurationError: with everything that is wrong with it. Where names or syntax are
            wrong, the errors of evaluation that do not follow from them are there as well.
    """
    files = project_files(directory)
    raw = {path.name: path.read_bytes() for path in files}
    sources = {name: content.decode("utf-8", "replace") for name, content in raw.items()}
    problems = Problems()
    if cache is None:
        parsed = {name: parse(content, name) for name, content in raw.items()}
    else:
        parsed = cache.parse(raw)
    declarations = read(parsed.values(), problems)
    check_labels(declarations, problems)
    given = given_values(variables, environ, directory, problems)
    _check_given(given, declarations, problems)
    context = CallContext(directory, environ, head=head)
    evaluation = Evaluation(declarations, given, context, UnknownWorld())
    settings = read_settings(declarations.settings, directory, evaluation, problems)
    project = Project(
        directory,
        settings,
        sources,
        dict.fromkeys(problems.warnings(sources)),
        _declarations=declarations,
        _given=given,
        _context=context,
    )
    with problems.gathering():
        project.releases()
    if problems.errors:
        # Whoever repairs these wants to know of the others too.
        with problems.gathering():
            project.bind(UnknownWorld())
        problems.raise_any(sources)
    return project


def _check_given(
    given: Mapping[str, Given], declarations: Declarations, problems: Problems
) -> None:
    known = declarations.named("variable")
    for name, value in given.items():
        if name in known or value.must_exist is False or declarations.damaged:
            continue
        problems.add(
            "Unknown variable",
            f'{value.source} sets "{name}", but no variable of that name is declared.'
            f"{suggestion(name, known)}",
            # Nobody can tell whether a text that no declaration describes is a secret.
            value.range if isinstance(value.raw, Value) else None,
            severity="error" if value.must_exist else "warning",
        )


def _outputs(evaluation: Evaluation, problems: Problems) -> dict[str, Output]:
    found: dict[str, Output] = {}
    for name, section in evaluation.declarations.named("output").items():
        with problems.gathering(f"output.{name}"):
            found[name] = _output(name, section, evaluation)
    return found


def _output(name: str, section: Section, evaluation: Evaluation) -> Output:
    config = read_section(section, evaluation.scope, OutputConfig)
    first = section.expression("depends_on")
    if first is not None:
        releases_in(first, evaluation.scope)
    broken = tuple(broken_preconditions(section, evaluation.scope, f"output.{name}", now=False))
    if broken:
        raise ConfigurationError(broken)
    expression = section.expression("value")
    if expression is None:
        return Output(None, config.sensitive, config.description)
    with blaming(expression, evaluation.scope):
        value = plain(evaluate(expression, evaluation.scope), expression.range)
    if has_sensitive(value) and not config.sensitive:
        raise ConfigurationError.of(
            "Output is sensitive",
            f'The value of output "{name}" holds a secret. Write sensitive = true in the output, '
            "or nonsensitive() around what may be shown.",
            range=expression.range,
        )
    return Output(json_of(value, expression.range), config.sensitive, config.description)
