"""Operators on values: numbers, bools and equality, with marks carried along."""

from __future__ import annotations

import operator
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from declarative.errors import EvaluationError
from declarative.language import numbers
from declarative.language.marks import derived
from declarative.language.nodes import Binary, Unary
from declarative.language.ordering import equal
from declarative.language.types import ConversionError, convert
from declarative.language.values import BOOL, NUMBER, UNKNOWN, Type, Value, solid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from declarative.errors import SourceRange
    from declarative.language.nodes import Expression

_LOGIC: Final = {"&&": operator.and_, "||": operator.or_}
_COMPARISON: Final = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Number = int | Decimal


def _remainder(left: Number, right: Number) -> Number:
    return numbers.remainder(left, right) if right else left


_ARITHMETIC: Final[Mapping[str, Callable[[Number, Number], Number]]] = {
    "+": numbers.add,
    "-": numbers.subtract,
    "*": numbers.multiply,
    "/": numbers.divide,
    "%": _remainder,
}


def unary(node: Unary, operand: Value) -> Value:
    """Return the result of ``-operand`` or ``!operand``."""
    type_ = NUMBER if node.op == "-" else BOOL
    converted = _operand(operand, type_, "unary", node.operand.range)
    content = converted.content
    if content is not UNKNOWN and isinstance(content, int | Decimal):
        content = not content if type_ is BOOL else numbers.negate(content)
    return derived(Value(type_, content), (operand,), lambda inner: Unary(node.op, inner))


def binary(node: Binary, left: Value, right: Value) -> Value:
    """Return the result of ``left op right``."""

    def rebuild(one: Expression, other: Expression) -> Expression:
        return Binary(node.op, one, other)

    if node.op in {"==", "!="}:
        return derived(_equality(node.op, left, right), (left, right), rebuild)
    type_ = BOOL if node.op in _LOGIC else NUMBER
    one = _operand(left, type_, "left", node.left.range)
    other = _operand(right, type_, "right", node.right.range)
    result = BOOL if node.op in _LOGIC or node.op in _COMPARISON else NUMBER
    if one.content is UNKNOWN or other.content is UNKNOWN:
        made = Value(result, UNKNOWN)
    else:
        made = Value(result, _compute(node, one.content, other.content))
    return derived(made, (left, right), rebuild)


def _equality(op: str, left: Value, right: Value) -> Value:
    same = equal(solid(left), solid(right))
    if same is None:
        return Value(BOOL, UNKNOWN)
    return Value(BOOL, same if op == "==" else not same)


def _operand(value: Value, type_: Type, side: str, where: SourceRange) -> Value:
    if value.is_null:
        detail = f"The {side} operand is null; a {type_.kind.value} is required."
        raise EvaluationError.of("Operation failed", detail, range=where)
    try:
        return convert(value, type_)
    except ConversionError as error:
        detail = f"Unsuitable value for {side} operand: {error.message}."
        raise EvaluationError.of("Invalid operand", detail, range=where) from None


def _compute(node: Binary, left: object, right: object) -> bool | Number:
    if node.op in _LOGIC:
        return bool(_LOGIC[node.op](left, right))
    if not isinstance(left, int | Decimal) or not isinstance(right, int | Decimal):
        raise TypeError(node.op)
    if node.op in _COMPARISON:
        return bool(_COMPARISON[node.op](left, right))
    if node.op == "/" and right == 0:
        detail = "The right operand of a division is zero."
        raise EvaluationError.of("Operation failed", detail, range=node.right.range)
    try:
        return _ARITHMETIC[node.op](left, right)
    except EvaluationError as error:
        error.place(node.range)
        raise
