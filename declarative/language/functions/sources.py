"""Functions of our own that read outside: the environment, git, and stores of secrets.

A secret's residual names everything that finds it again without the files: connector and
region, and the version that was read. In files the version cannot be written; in the
residuals of a plan (`PINNED`) it can.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from declarative.errors import EvaluationError
from declarative.language.calls import CallContext, Function, Parameter, refuse
from declarative.language.functions.results import impure, string, text, text_of
from declarative.language.marks import is_sensitive_deep
from declarative.language.nodes import Call, Literal, ObjectConstructor
from declarative.language.problems import NOT_KNOWN, nearest
from declarative.language.reading import parse_expression
from declarative.language.residuals import residual_of, try_residual
from declarative.language.types import convert
from declarative.language.values import STRING, UNKNOWN, Reference, Value
from declarative.language.world import Home, SecretSource

if TYPE_CHECKING:
    from declarative.language.nodes import Expression
    from declarative.language.world import SecretService

VERSIONS: Final[Mapping[str, str]] = {"secretsmanager": "version_id", "ssm": "version"}
"""The functions that read secrets, and what each calls the version in a residual."""

_OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "secretsmanager": ("connector", "json_key", "region"),
    "ssm": ("connector", "region"),
}


def _getenv(context: CallContext, given: Sequence[Value]) -> Value:
    name, *defaults = given
    if len(defaults) > 1:
        raise refuse("a name and at most one default are required")
    found = context.environ.get(text_of(name))
    if found is not None:
        return string(found)
    if defaults:
        return defaults[0]
    raise refuse(
        f'the environment variable "{text_of(name)}" is not set; set it, or give a default '
        "as the second argument",
        0,
    )


def _gitsha(context: CallContext, _: Sequence[Value]) -> Value:
    return string(context.head())


@dataclass(frozen=True, slots=True)
class _Reader:
    """``secretsmanager`` or ``ssm``.

    Attributes:
        versioned: Whether the options may name the version to read.
    """

    service: SecretService
    versioned: bool

    def __call__(self, context: CallContext, given: Sequence[Value]) -> Value:
        """Return the secret, or an unknown one where it is not to be read."""
        name, *rest = given
        if len(rest) > 1:
            raise refuse("a name and at most one object of options are required")
        for value in given:
            self._refuse_sensitive(value)
        options = self._options(rest[0] if rest else None)
        home = self._home(options, context)
        key, version = options.get("json_key"), options.get(VERSIONS[self.service])
        if not name.is_known:
            return self._made(name, home, key, version)
        if not text_of(name):
            raise refuse("the name must not be empty", 0)
        source = SecretSource(self.service, text_of(name), home.connector, home.region, version)
        found = context.sources.secret(source)
        if found is None:
            return self._made(name, home, key, version)
        content = found.text if key is None else _picked(found.text, key)
        return self._made(name, home, key, found.version, content)

    def _refuse_sensitive(self, value: Value) -> None:
        if is_sensitive_deep(value):
            raise EvaluationError.of(
                "Sensitive name of a secret",
                f"{self.service}() is shown in plans with its arguments, so none of them may be "
                "sensitive. Use nonsensitive() on what is only a name.",
            )

    def _options(self, given: Value | None) -> dict[str, str]:
        if given is None or given.is_null:
            return {}
        if not isinstance(given.content, dict):
            if not given.is_known:
                raise _not_known("The second argument")
            raise refuse('the options are an object, such as { region = "eu-west-1" }', 1)
        versions = (VERSIONS[self.service],) if self.versioned else ()
        allowed = (*_OPTIONS[self.service], *versions)
        found: dict[str, str] = {}
        for name, value in given.content.items():
            if name not in allowed:
                raise refuse(f'there is no option "{name}"{_meant(name, allowed)}', 1)
            if not value.is_known:
                raise _not_known(name)
            if not value.is_null:
                found[name] = _address(value) if name == "connector" else _text(name, value)
        return found

    def _home(self, options: Mapping[str, str], context: CallContext) -> Home:
        """Return where to read: as the options say, the rest as the infrastructure does."""
        connector, region = options.get("connector"), options.get("region")
        if connector and region:
            return Home(connector, region)
        home = context.sources.home()
        if home is None:
            raise refuse(
                "outside a service or release nothing says which connector and region to read "
                f"it with; name both: {self.service}(NAME, {{ connector = connector.aws.NAME, "
                'region = "eu-west-1" })'
            )
        return Home(connector or home.connector, region or home.region)

    def _made(
        self,
        name: Value,
        home: Home,
        key: str | None,
        version: str | None,
        content: object = UNKNOWN,
    ) -> Value:
        """Return the sensitive result, with what finds it again as its residual."""

        def residual() -> Expression:
            written = residual_of(name) if name.content is UNKNOWN else Literal(text_of(name))
            options: dict[str, Expression] = {"connector": parse_expression(home.connector)}
            if key is not None:
                options["json_key"] = Literal(key)
            options["region"] = Literal(home.region)
            if version is not None:
                options[VERSIONS[self.service]] = Literal(version)
            pairs = tuple((Literal(option), value) for option, value in options.items())
            return Call(self.service, (written, ObjectConstructor(pairs)))

        return Value(STRING, content, sensitive=True, residual=try_residual(residual))


def _address(value: Value) -> str:
    content = value.content
    if isinstance(content, Reference) and content.block == "connector":
        return content.address
    raise refuse(
        "connector must refer to one connector, such as connector.aws.NAME"
        + (' or connector.aws.NAME["KEY"]' if isinstance(content, dict) else ""),
        1,
    )


def _text(name: str, value: Value) -> str:
    found = convert(value, STRING).content
    if not isinstance(found, str) or not found:
        raise refuse(f"{name} must not be empty", 1)
    return found


def _meant(name: str, known: Sequence[str]) -> str:
    near = nearest(name, known)
    if near is not None:
        return f'; did you mean "{near}"'
    return f"; there are: {', '.join(known)}" if known else "; there is none"


def _not_known(what: str) -> EvaluationError:
    return EvaluationError.of(
        NOT_KNOWN, f"{what} says where a secret is, and must be known when the plan is made."
    )


def _picked(content: str, key: str) -> str:
    """Return one key of a secret that holds a JSON object; values stay out of messages."""
    try:
        found = json.loads(content, parse_float=str)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise refuse("the secret holds no JSON object, so json_key finds nothing in it", 1)
    if key not in found:
        raise refuse(f'the secret has no key "{key}"{_meant(key, sorted(found))}', 1)
    match found[key]:
        case str() as value:
            return value
        case bool() | int() as value:
            return json.dumps(value)
        case _:
            raise refuse(
                f'"{key}" of the secret is no string, number or bool; take it apart with '
                "jsondecode()",
                1,
            )


def _reading(service: SecretService, *, versioned: bool) -> Function:
    name = Parameter("name", STRING, allow_unknown=True, allow_marked=True)
    options = Parameter("options", allow_null=True, allow_unknown=True, allow_marked=True)
    return Function(service, (name,), options, _Reader(service, versioned), STRING)


FUNCTIONS: Final = (
    impure(
        "getenv",
        text("name"),
        _getenv,
        STRING,
        variadic=Parameter("default", STRING, allow_null=True),
    ),
    Function("gitsha", (), None, _gitsha, STRING),
    _reading("secretsmanager", versioned=False),
    _reading("ssm", versioned=False),
)

PINNED: Final = (_reading("secretsmanager", versioned=True), _reading("ssm", versioned=True))
"""What reads the secrets of a saved plan: exactly the version that its residuals name."""
