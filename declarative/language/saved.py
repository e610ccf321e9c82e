"""Residual expressions of a saved plan: written with the files, evaluated without them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from declarative.errors import EvaluationError
from declarative.language.calls import CallContext, Function, Parameter
from declarative.language.expressions import evaluate
from declarative.language.functions import BUILTINS
from declarative.language.functions.sources import PINNED
from declarative.language.inputs import VariableInputs, given_values, required
from declarative.language.nodes import Call, Literal
from declarative.language.problems import Problems
from declarative.language.residuals import literal
from declarative.language.scopes import NO_NAMES, Roots, group, reference, traversal
from declarative.language.scoping import ChildScope
from declarative.language.syntax import parse_expression, unparse
from declarative.language.types import convert, from_python, type_from_expression
from declarative.language.values import DYNAMIC, STRING, UNKNOWN, Kind, Type, Value
from declarative.language.writing import quote
from declarative.model.address import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from declarative.language.nodes import Expression
    from declarative.language.scoping import Scope
    from declarative.language.world import Sources

Lookup: TypeAlias = "Callable[[str, tuple[str, ...]], object | None]"

ATTRIBUTES: Final = {
    "function": ("name", "arn", "invoke_arn", "qualified_arn", "version", "code_sha256"),
    "alias": ("arn", "invoke_arn", "version"),
    "url": ("url",),
}
"""What can be read of the parts of a release."""


def typed(expression: Expression, type_: Type | None) -> Expression:
    """Return the residual of a sensitive variable.

    Without the files nothing tells the type of a variable, so its residual does.
    """
    if type_ is None or type_ == STRING:
        return expression
    return Call("typed", (expression, Literal(constraint(type_))))


def constraint(type_: Type) -> str:
    """Return a type as a type constraint of the language, optional attributes included."""
    match type_.kind:
        case Kind.LIST | Kind.SET | Kind.MAP:
            return f"{type_.kind.value}({constraint(type_.element or DYNAMIC)})"
        case Kind.TUPLE:
            return f"tuple([{', '.join(map(constraint, type_.elements))}])"
        case Kind.OBJECT:
            return f"object({{ {', '.join(_attribute(type_, *it) for it in type_.attributes)} }})"
        case Kind.DYNAMIC:
            return "any"
        case _:
            return str(type_.kind.value)


def _attribute(owner: Type, name: str, type_: Type) -> str:
    shown = constraint(type_)
    if name not in owner.optional:
        return f"{name} = {shown}"
    default = dict(owner.defaults).get(name)
    return (
        f"{name} = optional({shown}{'' if default is None else f', {unparse(literal(default))}'})"
    )


def _typed(context: CallContext, arguments: Sequence[Value]) -> Value:
    """Return a variable's value as the declaration in the files had it."""
    del context
    value, written = arguments
    type_ = type_from_expression(parse_expression(str(written.content)))
    if isinstance(value.content, str) and type_.kind not in _SCALARS:
        try:
            value = evaluate(parse_expression(value.content), NO_NAMES)
        except EvaluationError:
            if type_.kind is not Kind.DYNAMIC:
                raise
            # A file gives a string as such, and nothing tells it from text that is read.
    return convert(value, type_)


_SCALARS: Final = frozenset({Kind.STRING, Kind.NUMBER, Kind.BOOL})
_TYPED: Final = Function(
    "typed", (Parameter("value", allow_null=True), Parameter("type", STRING)), None, _typed
)


def residual_scope(
    inputs: VariableInputs,
    environ: Mapping[str, str],
    releases: Lookup,
    *,
    root: Path,
) -> Roots:
    """Return the scope in which the residual expressions of a plan have a value.

    ``var`` comes from ``inputs`` and ``environ`` alone; ``releases`` is asked for what an
    apply has made of another release, by address and path.

    Raises:
        ConfigurationError: a file of variables cannot be read.
    """
    problems = Problems()
    given = given_values(inputs, environ, None, problems)
    problems.raise_any()

    def variable(name: str) -> Value | None:
        if name not in given:
            raise required(name)
        return given[name].value(None)

    roots = {
        "var": group(variable, lambda: given),
        "release": group(lambda name: _Step(releases, name).value(), tuple),
    }
    functions = {**BUILTINS, **{function.name: function for function in (*PINNED, _TYPED)}}
    return Roots(roots, CallContext(root, environ), functions)


def with_sources(scope: Scope, sources: Sources, connectors: Iterable[str]) -> Scope:
    """Return a scope of residual expressions in which secrets can be read.

    Args:
        scope: What else they may read.
        sources: Where secrets come from.
        connectors: The addresses that ``connector`` can name.
    """
    root = _references(tuple(_steps(address) for address in connectors))
    return ChildScope(scope, {"connector": root}, replace(scope.context, sources=sources))


def _steps(address: str) -> tuple[str, ...]:
    """Return ``connector.aws.main["dev"]`` as the steps of its traversal behind the root."""
    path, bracket, key = address.partition("[")
    name = parse_expression(key.removesuffix("]")) if bracket else None
    _, *steps = path.split(".")
    return (*steps, str(name.value)) if isinstance(name, Literal) else tuple(steps)


def _references(addresses: Collection[tuple[str, ...]], behind: tuple[str, ...] = ()) -> Value:
    """Return what ``connector`` and the steps ``behind`` it stand for."""
    if behind in addresses:
        address = "connector." + ".".join(behind[:2])
        if behind[2:]:
            address += f"[{quote(behind[2])}]"
        return reference("connector", address, lambda _: None, tuple)
    following = {steps[len(behind)] for steps in addresses if steps[: len(behind)] == behind}

    def step(name: str) -> Value | None:
        return _references(addresses, (*behind, name)) if name in following else None

    return group(step, lambda: following)


class _Step:
    """``release.X…`` as far as a traversal has come; asks once the path is complete."""

    def __init__(self, releases: Lookup, *steps: str) -> None:
        """Stand behind ``steps``."""
        self._releases = releases
        self._steps = steps

    def value(self) -> Value:
        """Return what the traversal so far stands for."""
        return group(self._next, tuple)

    def _next(self, name: str) -> Value | None:
        steps = (*self._steps, name)
        address, path = _split(steps)
        if not path:
            return _Step(self._releases, *steps).value()
        found = self._releases(address, path)
        if found is None:
            return Value(STRING, UNKNOWN, residual=traversal("release", *steps))
        return from_python(found)


_LENGTHS: Final = {"function": 2, "alias": 3, "url": 2}


def _split(steps: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return a release's address and the path behind it, empty while it is not complete.

    ``release.X.function.A`` and ``release.X["KEY"].function.A`` arrive as the same kind of
    steps; a key that is spelled like a part is told by what follows it.
    """
    name, *rest = steps
    for key, path in ((None, rest), (rest[0] if rest else None, rest[1:])):
        if path and len(path) == _LENGTHS.get(path[0]) and path[-1] in ATTRIBUTES[path[0]]:
            return str(Address(name, key)), tuple(path)
    return "", ()
