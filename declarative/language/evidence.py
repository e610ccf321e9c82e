"""What was known where an expression failed: the values that its references stood for.

An error only notes its witness. The values are looked up when the diagnostic is shown, so
that an error which ``try`` or ``can`` swallows costs nothing, and nothing is evaluated for
it that was not evaluated before: whatever has no value is left out.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from declarative.errors import EvaluationError, Evidence, FunctionCall, LamformError
from declarative.language.access import get_attribute, get_index, lazy_of
from declarative.language.nodes import Call, GetAttribute, Index, Literal, Variable
from declarative.language.numbers import format_number
from declarative.language.traversal import children
from declarative.language.types import friendly_name
from declarative.language.values import DYNAMIC, NUMBER, STRING, UNKNOWN, Kind, Reference, Value
from declarative.language.writing import quote, unparse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from declarative.errors import Diagnostic, SourceRange
    from declarative.language.calls import Parameter
    from declarative.language.nodes import Expression
    from declarative.language.scoping import Scope
    from declarative.language.values import Type

_LONGEST: Final = 60
_MOST: Final = 12
_COLLECTIONS: Final = frozenset({Kind.LIST, Kind.SET, Kind.MAP})


def note_witness(
    error: LamformError, expression: Expression, scope: Scope, *, evaluating: bool = False
) -> None:
    """Note in the diagnostics about ``expression`` that it failed, and in which scope.

    ``evaluating`` tells that it has no value; otherwise its value is no good. What has a
    witness already keeps it: that one was nearer. What has no place gets this one.
    """
    if any(item.witness is None for item in error.diagnostics):
        error.diagnostics = tuple(
            _seen(item, expression, scope, evaluating) for item in error.diagnostics
        )


def _seen(item: Diagnostic, expression: Expression, scope: Scope, evaluating: bool) -> Diagnostic:  # noqa: FBT001 - the keyword's value
    place = item.range or expression.range
    if item.witness is not None or not _within(place, expression.range):
        return item
    return replace(item, range=place, witness=Witness(expression, scope, place, evaluating))


@contextmanager
def blaming(expression: Expression, scope: Scope, address: str | None = None) -> Iterator[None]:
    """Blame ``expression``, written in the block at ``address``, where its value is no good."""
    try:
        yield
    except LamformError as error:
        note_witness(error, expression, scope)
        if address is not None:
            error.belong(address)
        raise


def witnessed(diagnostic: Diagnostic, expression: Expression, scope: Scope) -> Diagnostic:
    """Return a diagnostic about ``expression`` with its witness."""
    return replace(diagnostic, witness=Witness(expression, scope, expression.range))


def _within(inner: SourceRange, outer: SourceRange) -> bool:
    return (
        inner.filename == outer.filename and outer.start <= inner.start and inner.end <= outer.end
    )


@dataclass(frozen=True, slots=True)
class Witness:
    """An expression that failed.

    Attributes:
        expression: The innermost that was being evaluated.
        scope: Where its names came from.
        blamed: The part of it that is at fault.
        evaluating: Whether it has no value at all.
    """

    expression: Expression
    scope: Scope
    blamed: SourceRange
    evaluating: bool = False

    def __call__(self) -> Evidence:
        """Return what the references in the blamed part stand for, each once."""
        found: dict[str, str] = {}
        for reference in _references(self._blamed_part(), frozenset()):
            known = _nearest_value(reference, self.scope)
            if known is None or len(found) == _MOST:
                continue
            written, said = unparse(known[0]), statement(known[1])
            if said != f"is {written}":  # a block says no more than its address
                found[written] = said
        return Evidence(tuple(sorted(found.items())), self._call())

    def _blamed_part(self) -> Expression:
        """Return the smallest part of the expression that holds what is blamed."""
        part = self.expression
        while True:
            inner = (child for child, _ in children(part) if _within(self.blamed, child.range))
            following = next(inner, None)
            if following is None or _is_reference(part):
                return part
            part = following

    def _call(self) -> FunctionCall | None:
        if not self.evaluating or not isinstance(self.expression, Call):
            return None
        function = self.scope.functions.get(self.expression.name)
        if function is None:
            return None
        return FunctionCall(
            function.name,
            tuple(map(_parameter, function.parameters)),
            _parameter(function.variadic) if function.variadic else None,
            friendly_name(function.returns or DYNAMIC),
        )


def _parameter(parameter: Parameter) -> tuple[str, str]:
    return parameter.name, friendly_name(parameter.type or DYNAMIC)


def _is_reference(node: Expression) -> bool:
    match node:
        case Variable():
            return True
        case GetAttribute(source=source) | Index(source=source, key=Literal()):
            return _is_reference(source)
        case _:
            return False


def _references(node: Expression, bound: frozenset[str]) -> Iterator[Expression]:
    """Yield the references in an expression that are not to names it binds itself."""
    if _is_reference(node):
        root = node
        while isinstance(root, GetAttribute | Index):
            root = root.source
        if not isinstance(root, Variable) or root.name not in bound:
            yield node
        return
    for child, names in children(node):
        yield from _references(child, bound | names)


def _nearest_value(reference: Expression, scope: Scope) -> tuple[Expression, Value] | None:
    """Return the longest beginning of a reference that has a value, with the value.

    None where only its root has one, which says nothing.
    """
    try:
        found = _value(reference, scope)
    except (LamformError, RecursionError):
        found = None
    if found is not None:
        return None if _is_root(found) else (reference, found)
    if isinstance(reference, GetAttribute | Index):
        return _nearest_value(reference.source, scope)
    return None


def _value(reference: Expression, scope: Scope) -> Value:
    match reference:
        case GetAttribute(source=source, name=name):
            return get_attribute(_value(source, scope), name, reference.range)
        case Index(source=source, key=Literal(value=key)):
            kind = STRING if isinstance(key, str) else NUMBER
            return get_index(_value(source, scope), Value(kind, key), reference.range)
        case Variable(name=name):
            found = scope.lookup(name)
            if found is not None:
                return found
        case _:
            pass
    raise EvaluationError.of("No value", range=reference.range)


def _is_root(value: Value) -> bool:
    """Whether this is a group such as ``var``, ``local`` or ``self.variables``."""
    return lazy_of(value) is not None and not isinstance(value.content, Reference)


def statement(value: Value) -> str:
    """Return what a value is, to be read behind its name; a secret says nothing."""
    if value.sensitive:
        return "is a sensitive value"
    if value.content is UNKNOWN:
        return "is not known until apply"
    return f"is {_described(value)}"


def _described(value: Value) -> str:
    match value.content:
        case None:
            return "null"
        case bool() as content:
            return "true" if content else "false"
        case int() | Decimal() as content:
            return _short(format_number(content))
        case str() as content:
            return quote(content if len(content) <= _LONGEST else content[: _LONGEST - 1] + "…")
        case Reference(address=address):
            return address
        case tuple() as content:
            return _sized(_kind(value.type), len(content), "element")
        case dict() as content:
            part = "attribute" if value.type.kind is Kind.OBJECT else "element"
            return _sized(_kind(value.type), len(content), part, content)
        case _:
            return _kind(value.type)


def _sized(kind: str, size: int, part: str, names: Iterable[str] = ()) -> str:
    if not size:
        return f"{kind} with no attributes" if part == "attribute" else f"empty {kind}"
    listed = _short(", ".join(names))
    counted = f"{kind} with {size} {part}{'' if size == 1 else 's'}"
    return f"{counted}: {listed}" if listed else counted


def _kind(type_: Type) -> str:
    if type_.kind in _COLLECTIONS:
        inner = type_.element or DYNAMIC
        return f"{type_.kind.value} of {'dynamic' if inner == DYNAMIC else _kind(inner)}"
    return type_.block if type_.kind is Kind.REFERENCE else str(type_.kind.value)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
