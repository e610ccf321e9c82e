"""Operators on values: numbers, bools and equality, with marks carried along."""

from __future__ import annotations

import operator
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from declarative.errors import EvaluationError
from declarative.language.marks import derived
from declarative.language.nodes import Binary, Unary
from declarative.language.numbers import CONTEXT, number
from declarative.language.ordering import equal
from declarative.language.types import ConversionError, convert
from declarative.language.values import BOOL, NUMBER, UNKNOWN, Type, Value, solid

if TYPE_CHECKING:
    from collections.abc import Callable

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


def unary(node: Unary, operand: Value) -> Value:
    """Return the result of ``-operand`` or ``!operand``."""
    type_ = NUMBER if node.op == "-" else BOOL
    converted = _operand(operand, type_, "unary", node.operand.range)
    content = converted.content
    if content is not UNKNOWN and isinstance(content, int | Decimal):
        content = not content if type_ is BOOL else -content
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
    return number(_arithmetic(node.op)(left, right))


def _arithmetic(op: str) -> Callable[[Number, Number], Number]:
    def compute(left: Number, right: Number) -> Number:
        whole = isinstance(left, int) and isinstance(right, int)
        match op:
            case "+":
                return left + right if whole else CONTEXT.add(_wide(left), _wide(right))
            case "-":
                return left - right if whole else CONTEXT.subtract(_wide(left), _wide(right))
            case "*":
                return left * right if whole else CONTEXT.multiply(_wide(left), _wide(right))
            case "/":
                return _divide(left, right)
            case _:
                return left if right == 0 else _remainder(left, right)

    return compute


def _wide(value: Number) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(value)


def _divide(left: Number, right: Number) -> Number:
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        return left // right
    return CONTEXT.divide(_wide(left), _wide(right))


def _remainder(left: Number, right: Number) -> Number:
    """Return what is left of a division cut towards zero, as Go and Terraform do."""
    if isinstance(left, int) and isinstance(right, int):
        rest = abs(left) % abs(right)
        return -rest if left < 0 else rest
    one, other = _wide(left), _wide(right)
    quotient = CONTEXT.divide(one, other).to_integral_value("ROUND_DOWN")
    return CONTEXT.subtract(one, CONTEXT.multiply(quotient, other))
