"""Residuals: what remains of an expression when all known, plain parts are evaluated.

Every value that is unknown, sensitive or read from outside carries the expression that
makes it again. It is built from the residuals of its parts, so that it names only
sources (a variable, a secret, another release) and never a local or ``self``.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from declarative.errors import EvaluationError
from declarative.language.nodes import (
    Binary,
    Call,
    Conditional,
    ForDirective,
    IfDirective,
    Interpolation,
    Literal,
    ObjectConstructor,
    Parentheses,
    Template,
    Text,
    TupleConstructor,
    Unary,
)
from declarative.language.numbers import format_number
from declarative.language.reading import parse_expression
from declarative.language.traversal import bound_names, directive_names, map_children, mentions
from declarative.language.values import UNKNOWN, Kind, Reference, Type, Value, solid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from declarative.language.nodes import Expression, TemplatePart

_CONVERSIONS: Final = {
    Kind.LIST: "tolist",
    Kind.SET: "toset",
    Kind.MAP: "tomap",
    Kind.STRING: "tostring",
    Kind.NUMBER: "tonumber",
    Kind.BOOL: "tobool",
}
_LOOSE: Final = (Binary, Conditional, Unary)


class UntraceableError(Exception):
    """A marked value without residual: nothing says how to make it again."""


def literal(value: Value) -> Expression:
    """Return an expression that evaluates to ``value``, which is known and not marked.

    Raises:
        UntraceableError: a part is unknown.
    """
    value = solid(value)
    content, kind = value.content, value.type.kind
    if content is UNKNOWN:
        raise UntraceableError
    if isinstance(content, Reference):
        return parse_expression(content.address)
    if isinstance(content, tuple):
        items = TupleConstructor(tuple(map(residual_of, content)))
        return _called(_CONVERSIONS.get(kind), items)
    if isinstance(content, dict):
        pairs = ((Literal(name), residual_of(item)) for name, item in content.items())
        return _called(_CONVERSIONS.get(kind), ObjectConstructor(tuple(pairs)))
    if content is None:
        return _called(_CONVERSIONS.get(kind), Literal(None))
    if isinstance(content, str | int | Decimal):
        return Literal(content)
    raise UntraceableError


def _called(function: str | None, argument: Expression) -> Expression:
    return argument if function is None else Call(function, (argument,))


def residual_of(value: Value) -> Expression:
    """Return the residual of ``value``; a part without marks stands for itself.

    Raises:
        UntraceableError: a marked part has no residual.
    """
    if value.residual is not None:
        return value.residual
    if value.sensitive:
        raise UntraceableError
    return literal(value)


def try_residual(build: Callable[[], Expression]) -> Expression | None:
    """Return what ``build`` returns, or None where a marked part has no residual."""
    try:
        return build()
    except UntraceableError:
        return None


def converted_residual(residual: Expression | Value | None, type_: Type) -> Expression | None:
    """Return the residual of a value after its conversion to ``type_``."""
    function = _CONVERSIONS.get(type_.kind)
    if isinstance(residual, Value):
        value = residual
        residual = try_residual(lambda: residual_of(value))
    if residual is None or function is None:
        return residual
    if isinstance(residual, Call) and residual.name == function:
        return residual
    return Call(function, (residual,))


def operand(expression: Expression) -> Expression:
    """Return ``expression`` in parentheses where it would fall apart inside another."""
    return Parentheses(expression) if isinstance(expression, _LOOSE) else expression


def residualize(
    expression: Expression,
    evaluate: Callable[[Expression], Value],
    bound: frozenset[str] = frozenset(),
) -> Expression:
    """Return the residual of an expression that has no value yet.

    Parts that can be evaluated are replaced by their residuals; the names in ``bound``
    (of a ``for`` or splat that is not walked yet) stay as they are.

    Raises:
        UntraceableError: a marked part has no residual.
    """
    if isinstance(expression, Literal):
        return expression
    if not mentions(expression, bound):
        try:
            return operand(residual_of(evaluate(expression)))
        except EvaluationError:
            pass  # the parts of it that have values are replaced below
    return rebuilt(expression, evaluate, bound)


def rebuilt(
    expression: Expression,
    evaluate: Callable[[Expression], Value],
    bound: frozenset[str] = frozenset(),
) -> Expression:
    """Return ``expression`` with its children residualized, itself not evaluated.

    Raises:
        UntraceableError: a marked part has no residual.
    """
    inner = bound | bound_names(expression) | directive_names(expression)
    made = map_children(
        expression,
        lambda child, within: residualize(child, evaluate, inner if within else bound),
    )
    return (
        replace(made, parts=_folded(made.parts, whole=True)) if isinstance(made, Template) else made
    )


def _folded(parts: Sequence[TemplatePart], *, whole: bool = False) -> tuple[TemplatePart, ...]:
    """Return the parts with known interpolations turned into text.

    The only part of a ``whole`` template stays: it has the type of its value.
    """
    found: list[TemplatePart] = []
    for part in parts:
        text = None if whole and len(parts) == 1 else _text_of(part)
        if text is None:
            found.append(_folded_inside(part))
        elif found and isinstance(found[-1], Text):
            found[-1] = Text(found[-1].text + text)
        else:
            found.append(Text(text))
    return tuple(found)


def _folded_inside(part: TemplatePart) -> TemplatePart:
    if isinstance(part, IfDirective):
        return replace(part, then=_folded(part.then), otherwise=_folded(part.otherwise))
    return replace(part, body=_folded(part.body)) if isinstance(part, ForDirective) else part


def _text_of(part: TemplatePart) -> str | None:
    if isinstance(part, Text):
        return part.text
    if isinstance(part, Interpolation) and isinstance(part.expression, Literal):
        content = part.expression.value
        if isinstance(content, str):
            return content
        if isinstance(content, int | Decimal) and not isinstance(content, bool):
            return format_number(content)
    return None
