"""Numbers: rounding, powers, extremes, parsing."""

from __future__ import annotations

import math
import string as alphabet
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import reduce
from typing import Final

from declarative.language import numbers
from declarative.language.calls import Function, refuse
from declarative.language.functions import floats
from declarative.language.functions.results import (
    SEQUENCES,
    Number,
    function,
    items_of,
    list_of,
    number,
    number_of,
    numeric,
    plain,
    require,
    text_of,
    whole,
)
from declarative.language.numbers import format_number
from declarative.language.types import convert
from declarative.language.values import NUMBER, STRING, Kind, Type, Value

_DIGITS: Final = alphabet.digits + alphabet.ascii_lowercase + alphabet.ascii_uppercase
_CASELESS: Final = 36
_LONGEST_RANGE: Final = 1024
_FLOAT_BITS: Final = 53
_LONGEST_INTEGER: Final = 10_000
_EXPRESSIBLE: Final = 10**308


def _unary(name: str, call: Callable[[Number], Number]) -> Function:
    return function(
        name, [numeric("num")], lambda given: number(call(number_of(given[0]))), returns=NUMBER
    )


def _signum(given: Sequence[Value]) -> Value:
    value = whole(given[0], "number", 0)
    return number((value > 0) - (value < 0))


def _float(value: Value, position: int) -> float:
    content: Number = number_of(value)
    if numbers.absolute(content) > _EXPRESSIBLE:
        raise refuse("the number is too large for this function", position)
    return float(content)


def _from_float(result: float) -> Number:
    if not math.isfinite(result):
        raise refuse("the result is not a finite number")
    return numbers.rounded(Decimal(result), _FLOAT_BITS)


def _logarithm_of(value: float, position: int) -> float:
    if value < 0:
        raise refuse("a negative number has no logarithm", position)
    return floats.logarithm(value) if value else -math.inf


def _log(given: Sequence[Value]) -> Value:
    top = _logarithm_of(_float(given[0], 0), 0)
    bottom = _logarithm_of(_float(given[1], 1), 1)
    if bottom == 0 or math.isinf(top):
        raise refuse("this logarithm is not a finite number")
    return number(_from_float(top / bottom))


def _pow(given: Sequence[Value]) -> Value:
    try:
        result = floats.power(_float(given[0], 0), _float(given[1], 1))
    except OverflowError as error:
        raise refuse("the result is too large") from error
    except (ValueError, ZeroDivisionError) as error:
        raise refuse("the result is not a real, finite number") from error
    return number(_from_float(result))


def _extreme(name: str, better: Callable[[Number, Number], bool]) -> Function:
    def call(given: Sequence[Value]) -> Value:
        if not given:
            raise refuse("at least one number is required")
        return number(
            reduce(lambda a, b: b if better(b, a) else a, (number_of(item) for item in given))
        )

    return function(name, [], call, variadic=numeric("numbers"), returns=NUMBER)


def _parseint(given: Sequence[Value]) -> Value:
    if given[0].type != STRING:
        raise refuse(f"a string is required here, not a {given[0].type.kind.value}", 0)
    text, base = text_of(given[0]), whole(given[1], "base", 1)
    smallest, largest = 2, len(_DIGITS)
    if not smallest <= base <= largest:
        raise refuse(f"the base must be between {smallest} and {largest}, not {base}", 1)
    digits = text[1:] if text[:1] in {"+", "-"} else text
    if len(digits) > _LONGEST_INTEGER:
        raise refuse(f"more than {_LONGEST_INTEGER} digits are too many to compute with", 0)
    places = [
        _DIGITS.find(digit.lower() if base <= _CASELESS else digit) if digit else -1
        for digit in digits
    ]
    if not places or not all(0 <= place < base for place in places):
        raise refuse(f'cannot read "{text}" as a base {base} integer', 0)
    result = reduce(lambda total, place: total * base + place, places, 0)
    return number(numbers.of_integer(-result if text.startswith("-") else result))


def _sum(given: Sequence[Value]) -> Value:
    items = items_of(require(given[0], SEQUENCES, "a list, set or tuple of numbers"))
    if not items:
        raise refuse("a sum needs at least one element", 0)
    total: Number = 0
    for item in items:
        if item.is_null:
            raise refuse("an element to add is null", 0)
        total = numbers.add(total, number_of(convert(item, NUMBER)))
    return number(total)


def _bounds(given: Sequence[Value]) -> tuple[Number, Number, Number]:
    values = [number_of(item) for item in given]
    match values:
        case [limit]:
            return 0, limit, 1 if limit >= 0 else -1
        case [start, limit]:
            return start, limit, 1 if limit >= start else -1
        case [start, limit, step]:
            return start, limit, step
        case _:
            raise refuse("one, two or three numbers are required: limit; start, limit; and step")


def _range(given: Sequence[Value]) -> Value:
    start, limit, step = _bounds(given)
    if step == 0:
        raise refuse("the step must not be zero: the range would have no end", 2)
    if (step > 0) != (limit >= start) and limit != start:
        way = "greater" if step > 0 else "less"
        raise refuse(
            f"the limit {format_number(limit)} must be {way} than the start "
            f"{format_number(start)}, or the step must have the other sign",
            2,
        )
    items: list[Value] = []
    current = start
    while (current < limit) if step > 0 else (current > limit):
        if len(items) == _LONGEST_RANGE:
            raise refuse(f"the range has more than {_LONGEST_RANGE} elements")
        items.append(number(current))
        current = numbers.add(current, step)
    return list_of(NUMBER, items)


FUNCTIONS: Final = (
    _unary("abs", numbers.absolute),
    _unary("ceil", math.ceil),
    _unary("floor", math.floor),
    function("log", [numeric("num"), numeric("base")], _log, returns=NUMBER),
    _extreme("max", lambda a, b: a > b),
    _extreme("min", lambda a, b: a < b),
    function("parseint", [plain("number"), numeric("base")], _parseint, returns=NUMBER),
    function("pow", [numeric("num"), numeric("power")], _pow, returns=NUMBER),
    function("signum", [numeric("num")], _signum, returns=NUMBER),
    function("sum", [plain("list")], _sum, returns=NUMBER),
    function(
        "range", [], _range, variadic=numeric("params"), returns=Type(Kind.LIST, element=NUMBER)
    ),
)
