"""Everything of a project outside its releases, evaluated when it is asked for.

One `Evaluation` holds the results for one world: ``var``, ``local``, connectors,
environments, infrastructures, and which instances each ``for_each`` makes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from declarative.errors import EvaluationError
from declarative.language.access import lazy_of
from declarative.language.connectors import AWS, connector_of, kind_of, remote_of
from declarative.language.content import read_section
from declarative.language.evidence import blaming, statement
from declarative.language.expressions import evaluate
from declarative.language.inputs import required
from declarative.language.instances import Instance, expand
from declarative.language.layers import layer_of
from declarative.language.memo import Memo
from declarative.language.problems import NOT_KNOWN, suggestion
from declarative.language.provisioners import provisioner_of, provisioner_value
from declarative.language.saved import typed
from declarative.language.scopes import Roots, group, reference, traversal
from declarative.language.sections import single
from declarative.language.services import shared
from declarative.language.values import DYNAMIC, STRING, UNKNOWN, Kind, Reference, Type, Value
from declarative.language.variables import Declaration, read_given, withheld
from declarative.language.world import WorldSources
from declarative.model.base import Frozen
from declarative.model.project_config import (
    PROVISIONERS,
    REMOTES,
    EnvironmentConfig,
    InfrastructureConfig,
    StagingConfig,
    VariableConfig,
)
from declarative.model.regions import REGIONS, nearest_region
from declarative.model.staging import Staging

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from declarative.errors import SourceRange
    from declarative.language.calls import CallContext
    from declarative.language.declarations import Declarations
    from declarative.language.inputs import Given
    from declarative.language.problems import Problems
    from declarative.language.sections import Section
    from declarative.language.world import World
    from declarative.model.bound import Connector

Model = TypeVar("Model", bound=Frozen)

TERRAFORM_CLOUD: Final = "terraform_cloud"
_READABLE: Final = {
    "environment": ("name", "key", "type", "variables"),
    "infrastructure": ("name", "key", "region", "environment", "connector", "variables"),
}


class Evaluation:
    """The results of one project in one world.

    Attributes:
        memo: What has been evaluated.
        scope: What expressions outside releases may read.
        release: Makes a value of a release; binding sets it.
    """

    def __init__(
        self,
        declarations: Declarations,
        given: Mapping[str, Given],
        context: CallContext,
        world: World,
    ) -> None:
        """Prepare; nothing is evaluated yet."""
        self.declarations = declarations
        self.world = world
        self.memo = Memo()
        self.release: Callable[[Instance], Value] | None = None
        self._given = given
        self._instances: dict[str, Instance] = {}
        self._values: dict[str, Value] = {}
        types = ("environment", "infrastructure", "service", "release")
        self.scope = Roots(
            {
                "var": group(self.variable, lambda: declarations.named("variable")),
                "local": group(self.local, lambda: declarations.locals),
                "path": group({"root": Value(STRING, ".")}.get, lambda: ["root"]),
                "connector": self._kinds_of("connector", ("aws", *REMOTES)),
                "provisioner": self._kinds_of("provisioner", tuple(PROVISIONERS)),
                **{type_: self._all_of(type_) for type_ in types},
            },
            replace(context, sources=WorldSources(world, self.connector_at)),
        )

    def _all_of(self, type_: str) -> Value:
        return group(lambda name: self.entity(type_, name), lambda: self.declarations.named(type_))

    def _kinds_of(self, type_: str, kinds: tuple[str, ...]) -> Value:
        """Return the root of blocks that have a kind besides their name."""

        def named(kind: str) -> list[str]:
            found = (name.split(".") for name in self.declarations.named(type_))
            return [name for its_kind, name in found if its_kind == kind]

        def of_kind(kind: str) -> Value | None:
            if kind not in kinds:
                return None
            return group(lambda name: self.entity(type_, f"{kind}.{name}"), lambda: named(kind))

        return group(of_kind, lambda: kinds)

    def check(self, problems: Problems) -> None:
        """Evaluate everything outside releases, adding what is wrong to ``problems``."""
        for name in self.declarations.named("variable"):
            with problems.gathering():
                self.variable(name)
        for name in self.declarations.locals:
            with problems.gathering():
                self.local(name)
        for type_ in ("connector", "provisioner", "environment", "infrastructure"):
            for name in self.declarations.named(type_):
                with problems.gathering():
                    for instance in self.instances(type_, name):
                        self._check(instance, problems)
        for name in self.declarations.named("service"):
            with problems.gathering():
                shared(self.memo, self.instances("service", name)[0])

    def _check(self, instance: Instance, problems: Problems) -> None:
        with problems.gathering():
            self._content(instance, problems)
        for type_ in ("environment", "connector"):
            if type_ in instance.section.attributes:
                with problems.gathering():
                    self.target(instance, type_)
        written = instance.section.attributes.get("variables")
        if written is not None:
            with problems.gathering():
                layer_of(written, self.variables(instance))

    def _content(self, instance: Instance, problems: Problems) -> None:
        match instance.type:
            case "connector" if kind_of(instance) == AWS:
                _warn_of_region(instance, self.connector(instance).region, problems)
            case "connector":
                remote_of(instance)
            case "provisioner":
                provisioner_of(instance)
            case "environment":
                self.config(instance, EnvironmentConfig)
            case _:
                config = self.config(instance, InfrastructureConfig)
                _warn_of_region(instance, config.region, problems)
                if config.allow_simultaneous_deployments:
                    _warn_of_simultaneity(instance, problems)
                self.staging(instance)

    def staging(self, instance: Instance) -> Staging | None:
        """Return where an infrastructure's packages go through, if they do."""
        return self.memo.get(f"{instance.address} staging", lambda: _staging(instance))

    def variable(self, name: str) -> Value | None:
        """Return ``var.NAME``; None where no such variable is declared."""
        section = self.declarations.named("variable").get(name)
        if section is None:
            return self._undeclared("var", name)
        label = f"var.{name}"
        return self.memo.get(label, lambda: self._variable(name, section), section.range, label)

    def _variable(self, name: str, section: Section) -> Value:
        declaration = Declaration.of(section, ("var",), VariableConfig)
        given = self._given.get(name)
        residual = typed(traversal("var", name), declaration.constraint)
        if given is None:
            value = declaration.settle(None, None, self.scope, residual)
        else:
            with withheld(given, declaration):
                raw = read_given(given, declaration)
                value = declaration.settle(raw, given.range, self.scope, residual)
        if value is None:
            (problem,) = required(name).diagnostics
            raise EvaluationError.of(problem.summary, problem.detail, range=section.range)
        return value

    def local(self, name: str) -> Value | None:
        """Return ``local.NAME``; None where no such value is declared."""
        found = self.declarations.locals.get(name)
        if found is None:
            return self._undeclared("local", name)
        expression, label = found.expression, f"local.{name}"
        return self.memo.get(
            label, lambda: evaluate(expression, self.scope), found.name_range, label
        )

    def _undeclared(self, root: str, name: str) -> Value | None:
        """Return an unknown value where a syntax error may have swallowed the declaration."""
        type_ = {"var": "variable", "local": "locals"}.get(root, root)
        if not self.declarations.may_declare(type_):
            return None
        return Value(DYNAMIC, UNKNOWN, residual=traversal(root, name))

    def entity(self, type_: str, name: str) -> Value | None:
        """Return a block as a value: a reference, or a map of them where it has ``for_each``."""
        section = self.declarations.named(type_).get(name)
        if section is None:
            return self._undeclared(type_, name)
        found = self.instances(type_, name)
        if "for_each" not in section.attributes:
            return self.value(found[0])
        label = f"{type_}.{name}"
        if label not in self._values:  # made once: each of its instances may index it
            content = {str(item.key): self.value(item) for item in found}
            kind = Type(Kind.MAP, element=Type(Kind.REFERENCE, block=type_))
            self._values[label] = Value(kind, content)
        return self._values[label]

    def instances(self, type_: str, name: str) -> tuple[Instance, ...]:
        """Return the instances of a block, one for each key of its ``for_each``."""
        section = self.declarations.named(type_)[name]
        label = f"{type_}.{name}.for_each"
        found = self.memo.get(
            label,
            lambda: expand(type_, name, section, self.scope),
            section.range,
            f"{type_}.{name}",
        )
        if found and found[0].address not in self._instances:
            self._instances.update((item.address, item) for item in found)
        return found

    def value(self, instance: Instance) -> Value:
        """Return a block as a value."""
        if instance.type == "release" and self.release is not None:
            return self.release(instance)
        if instance.type == "provisioner":
            return provisioner_value(instance)
        names = _READABLE.get(instance.type, ("name", "key"))
        return reference(
            instance.type,
            instance.address,
            lambda name: self._attribute(instance, name) if name in names else None,
            lambda: names,
        )

    def _attribute(self, instance: Instance, name: str) -> Value:
        match name:
            case "name":
                return Value(STRING, instance.name.rpartition(".")[2])
            case "key":
                return Value(STRING if instance.key else DYNAMIC, instance.key)
            case "type":
                return Value(STRING, self.config(instance, EnvironmentConfig).type)
            case "region":
                return Value(STRING, self.config(instance, InfrastructureConfig).region)
            case "variables":
                return self.variables(instance)
            case _:
                return self.value(self.target(instance, name))

    def target(self, instance: Instance, type_: str) -> Instance:
        """Return the block that the attribute named like its type refers to.

        Raises:
            EvaluationError: it is no reference to a block of that type.
        """
        attribute = instance.section.attributes.get(type_)
        if attribute is None:
            # Reported by the check of names; here it is only a value that is missing.
            raise EvaluationError.of(
                NOT_KNOWN, f"{instance.address} has no {type_}.", range=instance.section.range
            )
        place = attribute.expression.range
        value = self.memo.get(
            f"{instance.address}.{type_}",
            lambda: evaluate(attribute.expression, instance.scope),
            place,
            instance.address,
        )
        kind = TERRAFORM_CLOUD if kind_of(instance) == TERRAFORM_CLOUD else AWS
        with blaming(attribute.expression, instance.scope, instance.address):
            return self.referred(value, type_, place, kind)

    def referred(self, value: Value, type_: str, place: SourceRange, kind: str = AWS) -> Instance:
        """Return the block of one type (and of one kind, if a connector) that a value refers to.

        Raises:
            EvaluationError: the value is no reference to such a block.
        """
        content = value.content
        if isinstance(content, Reference) and content.block == type_:
            found = self._instances[content.address]
            if type_ != "connector" or kind_of(found) == kind:
                return found
        if not value.is_known:
            raise EvaluationError.of(
                NOT_KNOWN, f"The {type_} must be known when the plan is made.", range=place
            )
        example = f"connector.{kind}.NAME" if type_ == "connector" else f"{type_}.NAME"
        raise EvaluationError.of(
            "Invalid reference",
            f"This must refer to one {type_}, such as {example}"
            f" (is {_described(value, example)}).{self._meant(value, type_)}",
            range=place,
        )

    def _meant(self, value: Value, type_: str) -> str:
        if not isinstance(value.content, str) or value.sensitive:
            return ""
        names = self.declarations.named(type_)
        written = value.content.removeprefix(f"{type_}.")
        full = f"{AWS}.{written}" if type_ == "connector" and "." not in written else written
        if full in names:
            return f" Write {type_}.{full}, without quotes."
        return suggestion(full, names)

    def connector(self, instance: Instance) -> Connector:
        """Return the content of a connector."""
        return self.memo.get(
            f"{instance.address} content",
            lambda: connector_of(instance),
            instance.section.range,
            instance.address,
        )

    def connector_at(self, address: str) -> Connector:
        """Return the content of the connector at an address that a reference gave."""
        return self.connector(self._instances[address])

    def account_id(self, infrastructure: Instance) -> str | None:
        """Return the account of an infrastructure, or None where nobody knows."""
        connector = self.connector(self.target(infrastructure, "connector"))
        return self.world.account_id(connector)

    def config(self, instance: Instance, model: type[Model]) -> Model:
        """Return the plain attributes of a block."""
        return self.memo.get(
            f"{instance.address} content",
            lambda: read_section(instance.section, instance.scope, model),
            instance.section.range,
            instance.address,
        )

    def variables(self, instance: Instance) -> Value:
        """Return the ``variables`` of an environment or infrastructure."""
        attribute = instance.section.attributes.get("variables")
        if attribute is None:
            return Value(Type(Kind.OBJECT), {})
        return self.memo.get(
            f"{instance.address}.variables",
            lambda: evaluate(attribute.expression, instance.scope),
            attribute.name_range,
            instance.address,
        )


def _warn_of_region(instance: Instance, region: str | None, problems: Problems) -> None:
    if region is None or region in REGIONS:
        return
    near = nearest_region(region)
    problems.add(
        "Unknown region",
        f'"{region}" is no region that this version of lamform knows; AWS will tell.'
        + (f' Did you mean "{near}"?' if near else ""),
        instance.section.attributes["region"].expression.range,
        severity="warning",
    )


def _warn_of_simultaneity(instance: Instance, problems: Problems) -> None:
    problems.add(
        "Releases are never applied twice at once",
        "allow_simultaneous_deployments changes nothing: a release is locked while it is "
        "applied, and different releases are applied side by side anyway. Leave it out.",
        instance.section.attributes["allow_simultaneous_deployments"].name_range,
        severity="warning",
    )


def _described(value: Value, example: str) -> str:
    content, of = value.content, value.type.element
    if isinstance(content, Reference):
        return content.address
    if of is not None and of.kind is Kind.REFERENCE:
        return f'all of a {of.block} with for_each; choose one: {example}["KEY"]'
    if lazy_of(value) is not None:
        return "all of them together"
    return statement(value).removeprefix("is ")


def _staging(instance: Instance) -> Staging | None:
    placed = single(instance.section, "staging", instance.scope)
    if placed is None:
        return None
    config = read_section(placed.section, placed.scope, StagingConfig)
    return Staging(bucket=config.bucket, prefix=config.prefix, keep=config.keep)
