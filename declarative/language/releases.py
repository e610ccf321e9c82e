"""One release: a service laid over by environment, infrastructure and the release itself."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from declarative.errors import EvaluationError
from declarative.language.artifacts import artifact_value
from declarative.language.content import Written
from declarative.language.declarations import twice
from declarative.language.evidence import blaming
from declarative.language.expressions import ChildScope, evaluate
from declarative.language.grammar_release import ALIAS, SERVICE_SETTINGS
from declarative.language.layers import Layer, lay_over, layer, layer_of, read_function
from declarative.language.nesting import lay_nested, read_nested
from declarative.language.problems import NOT_KNOWN, suggestion
from declarative.language.scopes import group, reference, traversal
from declarative.language.sections import (
    Placed,
    Section,
    blocks,
    plain_text,
)
from declarative.language.services import shared
from declarative.language.types import from_python
from declarative.language.values import STRING, UNKNOWN, Reference, Value
from declarative.language.world import Home, WorldSources
from declarative.model.arns import plain_function_name
from declarative.model.project_config import InfrastructureConfig, ServiceVariableConfig

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from declarative.language.entities import Evaluation
    from declarative.language.expressions import Scope
    from declarative.language.instances import Instance
    from declarative.language.nodes import Expression
    from declarative.model.staging import Staging

_SELF: Final = (
    "service",
    "release",
    "key",
    "variables",
    "environment",
    "infrastructure",
    "artifact",
)
_INFRASTRUCTURE: Final = (
    "name",
    "key",
    "region",
    "account_id",
    "environment",
    "connector",
    "variables",
)


class Release:
    """The lazily evaluated parts of one release.

    Attributes:
        instance: The release's block and key.
        scope: What expressions in its own block may read.
    """

    def __init__(self, evaluation: Evaluation, instance: Instance) -> None:
        """Prepare; nothing is evaluated yet."""
        self.evaluation = evaluation
        self.instance = instance
        self.address = instance.address
        self.memo = evaluation.memo
        self._joins: dict[str, Instance] = {}
        self._self = group(self._of_self, lambda: _SELF)
        sources = WorldSources(evaluation.world, evaluation.connector_at, self._home)
        self._context = replace(evaluation.scope.context, sources=sources)
        self.scope: Scope = self.within(instance.scope)

    def within(self, scope: Scope) -> Scope:
        """Return ``scope`` with ``self`` as this release means it."""
        return ChildScope(scope, {"self": self._self}, self._context)

    # What the release joins

    @property
    def service(self) -> Instance:
        """The service it deploys."""
        return self._joined("service")

    @property
    def is_exclusive(self) -> bool:
        """Whether one run at a time may work on its infrastructure."""
        return self.evaluation.config(self.infrastructure, InfrastructureConfig).exclusive

    @property
    def staging(self) -> Staging | None:
        """Where its infrastructure's packages go through, if they do."""
        return self.evaluation.staging(self.infrastructure)

    @property
    def infrastructure(self) -> Instance:
        """The infrastructure it deploys to."""
        return self._joined("infrastructure")

    @property
    def environment(self) -> Instance:
        """The environment of its infrastructure."""
        found = self._joins.get("environment")
        if found is None:
            found = self.evaluation.target(self.infrastructure, "environment")
            self._join("environment", f"{self.infrastructure.address}.environment", found)
        return found

    @property
    def region(self) -> str:
        """The region of its infrastructure."""
        return self.evaluation.config(self.infrastructure, InfrastructureConfig).region

    def _home(self) -> Home:
        connector = self.evaluation.target(self.infrastructure, "connector")
        return Home(connector.address, self.region)

    def _joined(self, type_: str) -> Instance:
        known = self._joins.get(type_)
        if known is not None:
            return known
        inside = self.instance
        attribute = inside.section.attributes.get(type_)
        if attribute is None:
            return self.evaluation.target(inside, type_)
        place = attribute.expression.range
        label = f"{self.address}.{type_}"
        found = self.memo.get(
            label,
            lambda: self._referred(attribute.expression, type_),
            place,
            self.address,
        )
        self._join(type_, label, found)
        return found

    def _referred(self, expression: Expression, type_: str) -> Instance:
        with blaming(expression, self.scope):
            value = evaluate(expression, self.scope)
            return self.evaluation.referred(value, type_, expression.range)

    def _join(self, type_: str, label: str, found: Instance) -> None:
        """Keep what is joined, unless finding it read a release: all who ask then read it."""
        if not self.memo.reads(label):
            self._joins[type_] = found

    # self

    def _of_self(self, name: str) -> Value | None:
        match name:
            case "service" | "environment":
                joined = self.service if name == "service" else self.environment
                return self.evaluation.value(joined)
            case "infrastructure":
                return self._infrastructure_value()
            case "release":
                return self.evaluation.value(self.instance)
            case "artifact":
                return artifact_value(self)
            case "key":
                return from_python(self.instance.key)
            case "variables":
                return group(self.variable, self.variable_names)
            case _:
                return None

    def _infrastructure_value(self) -> Value:
        infrastructure = self.infrastructure
        content = self.evaluation.value(infrastructure).content
        if not isinstance(content, Reference):
            raise TypeError(content)
        attributes = content.attributes
        return reference(
            "infrastructure",
            infrastructure.address,
            lambda name: self._account_id() if name == "account_id" else attributes.attribute(name),
            lambda: _INFRASTRUCTURE,
        )

    def _account_id(self) -> Value:
        account = self.evaluation.account_id(self.infrastructure)
        if account is None:
            residual = traversal("self", "infrastructure", "account_id")
            return Value(STRING, UNKNOWN, residual=residual)
        return Value(STRING, account)

    # Variables

    def variable(self, name: str) -> Value | None:
        """Return ``self.variables.NAME``; None where nothing sets or declares it."""
        label = f"{self.address} self.variables.{name}"
        return self.evaluation.memo.get(label, lambda: self._settled(name))

    def _settled(self, name: str) -> Value | None:
        service = shared(self.evaluation.memo, self.service)
        declaration = service.declarations.get(name)
        for over in reversed(self.layers()):
            give = over.items.get(name)
            if give is not None:
                if declaration is None:
                    return give()
                place = over.place(name)
                return declaration.settle(give(), place, self._service_scope, None)
        if declaration is None:
            return None
        value = declaration.settle(None, None, self._service_scope, None)
        if value is not None:
            return value
        if isinstance(declaration.config, ServiceVariableConfig) and declaration.config.required:
            raise EvaluationError.of(
                "No value for a variable",
                f"{declaration.address} of {self.service.address} is required and nothing sets "
                f"it for {self.address}. Set it in variables of the release, the "
                "infrastructure or the environment.",
                range=declaration.section.range,
            )
        return from_python(None)

    def variable_names(self) -> Iterable[str]:
        """Return the names of all variables, declared by the service or set by a layer."""
        names = dict.fromkeys(shared(self.evaluation.memo, self.service).names)
        for over in self.layers():
            names.update(dict.fromkeys(over.items))
        return names

    @property
    def _service_scope(self) -> Scope:
        return self.within(self.service.scope)

    def layers(self) -> list[Layer]:
        """Return all that sets variables; the later wins."""
        return self.evaluation.memo.get(
            f"{self.address} variables", lambda: [*self._found_layers()]
        )

    def _found_layers(self) -> Iterator[Layer]:
        """Yield all that sets variables; the later wins."""
        service = self.service
        written = service.section.attributes.get("variables")
        if written is not None:
            yield layer(written, self._service_scope)
        for instance in (self.environment, self.infrastructure):
            written = instance.section.attributes.get("variables")
            if written is not None:
                yield layer_of(written, self.evaluation.variables(instance))
            for over in self._overrides(instance):
                written = over.section.attributes.get("variables")
                if written is not None:
                    yield self._declared_only(layer(written, over.scope))
        written = self.instance.section.attributes.get("variables")
        if written is not None:
            yield layer(written, self.scope)

    def _declared_only(self, over: Layer) -> Layer:
        service = shared(self.evaluation.memo, self.service)
        for name in over.items:
            if name not in service.names:
                raise EvaluationError.of(
                    "Unknown variable",
                    f'{self.service.address} declares no variable "{name}", and an override may '
                    f"only set those it does.{suggestion(name, service.names)}",
                    range=over.place(name),
                )
        return over

    def _overrides(self, instance: Instance) -> Iterator[Placed]:
        for section in instance.section.named("override"):
            if section.labels == (self.service.name,):
                yield Placed(section, section.labels, self.within(instance.scope))

    # The function and its aliases

    def function(self) -> Written:
        """Return the ``function`` block with all overrides laid over it."""
        written = Written()
        for section, scope in self._bodies("function"):
            lay_over(written, read_function(section, scope))
        return written

    def _bodies(self, type_: str) -> Iterator[tuple[Section, Scope]]:
        """Yield the blocks of one type in the service and its overrides; the later wins."""
        for body, scope in self.parents():
            for placed in blocks(body, type_, scope):
                yield placed.section, placed.scope

    def parents(self) -> Iterator[tuple[Section, Scope]]:
        """Yield the service and the overrides of it; the later wins."""
        yield self.service.section, self._service_scope
        for instance in (self.environment, self.infrastructure):
            for over in self._overrides(instance):
                yield over.section, over.scope

    def function_name(self) -> str:
        """Return the function's name.

        Raises:
            EvaluationError: there is none, or it is secret or not known yet.
        """
        return self.evaluation.memo.apart(
            f"{self.address}.function_name", self._function_name, self.instance.section.range
        )

    def _function_name(self) -> str:
        name: str | None = None
        for section, scope in self._bodies("function"):
            expression = section.expression("function_name")
            if expression is None:
                continue
            with blaming(expression, scope):
                value = evaluate(expression, scope)
                if not value.is_null:
                    name = plain_text(value, "function_name", expression.range)
        if name is None:
            raise EvaluationError.of(
                NOT_KNOWN, "function_name is missing.", range=self.service.section.range
            )
        return plain_function_name(name)

    def settings(self) -> Written:
        """Return what surrounds the function, overrides laid over it field by field."""
        service = self.service.section
        written = Written()
        for body, scope in self.parents():
            over = read_nested(body, scope, SERVICE_SETTINGS, whole=body is service)
            lay_nested(written, over, SERVICE_SETTINGS)
        return written

    @property
    def has_url(self) -> bool:
        """Whether the service, or something laid over it, gives the function an address."""
        return any(True for body, scope in self.parents() for _ in blocks(body, "url", scope))

    def aliases(self) -> dict[str, Written]:
        """Return the ``alias`` blocks by name, overrides laid over them field by field."""
        found: dict[str, Written] = {}
        for name, placed, whole in self._alias_blocks():
            read = read_nested(placed.section, placed.scope, ALIAS, whole=whole)
            into = found.setdefault(name, Written(place=placed.section.range))
            lay_nested(into, read, ALIAS)
        return found

    def alias_names(self) -> Iterable[str]:
        """Return the names of its aliases."""
        return self.evaluation.memo.apart(
            f"{self.address} aliases",
            lambda: list(dict.fromkeys(name for name, *_ in self._alias_blocks())),
        )

    def _alias_blocks(self) -> Iterator[tuple[str, Placed, bool]]:
        """Yield name and block of each, and whether it is the service's own."""
        service = self.service.section
        for body, scope in self.parents():
            seen: dict[str, Placed] = {}
            for placed in blocks(body, "alias", scope):
                name = _alias_name(placed)
                first = seen.setdefault(name, placed)
                if first is not placed:
                    said = twice(f'alias "{name}"', first.section.range)
                    raise EvaluationError.of(*said, range=placed.section.range)
                yield name, placed, body is service


_ALIAS: Final = re.compile(r"(?!\d+\Z)[A-Za-z0-9_-]{1,128}\Z")


def _alias_name(placed: Placed) -> str:
    if len(placed.labels) != 1:
        raise EvaluationError.of(
            "Wrong number of labels",
            f"An alias has one label, its name; here are {len(placed.labels)}.",
            range=placed.section.range,
        )
    name = placed.labels[0]
    if _ALIAS.match(name):
        return name
    raise EvaluationError.of(
        "Invalid name",
        f'"{name}" is no name of an alias: use at most 128 letters, digits, "-" and "_", and '
        "not digits alone.",
        range=placed.section.range,
    )
