"""Values as JSON text and back, byte for byte as Terraform writes it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NoReturn

from declarative.errors import EvaluationError
from declarative.language.calls import refuse
from declarative.language.functions.results import (
    Number,
    boolean,
    number,
    string,
)
from declarative.language.numbers import format_number, read_number
from declarative.language.values import DYNAMIC, Value, object_of, tuple_of

_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
# Go's encoder makes its output safe inside HTML and JavaScript.
_ESCAPED: Final = str.maketrans(
    {mark: f"\\u{ord(mark):04x}" for mark in ("<", ">", "&", "\u2028", "\u2029")}
)


def quoted(text: str) -> str:
    """Return a string as a JSON string."""
    return json.dumps(text, ensure_ascii=False).translate(_ESCAPED)


def encode(value: Value) -> str:
    """Return a known value as compact JSON; keys are sorted, numbers are exact."""
    return "".join(_pieces(value))


def _pieces(value: Value) -> Iterator[str]:
    match value.content:
        case tuple(items):
            yield "["
            for index, item in enumerate(items):
                yield from ("," if index else "", *_pieces(item))
            yield "]"
        case dict(members):
            yield "{"
            for index, (key, item) in enumerate(sorted(members.items())):
                yield from ("," if index else "", quoted(key), ":", *_pieces(item))
            yield "}"
        case _:
            yield _scalar(value)


def _scalar(value: Value) -> str:
    match value.content:
        case None:
            return "null"
        case bool(flag):
            return "true" if flag else "false"
        case int() | Decimal() as amount:
            return format_number(amount)
        case str(text):
            return quoted(text)
        case _:
            raise refuse(
                f"a {value.type.kind.value} has no written form; use one of its attributes", 0
            )


def parse_number(text: str) -> Number:
    """Return the number that a JSON or YAML text spells.

    Raises:
        FunctionError: the number is too large or too small to compute with.
    """
    try:
        return read_number(text)
    except EvaluationError as error:
        raise refuse(f"the number {text[:20]} is out of range", 0) from error


def _not_a_number(text: str) -> NoReturn:
    raise refuse(f"{text} is not a JSON number", 0)


def decode(text: str) -> Value:
    """Return the value of a JSON text: tuples for arrays, objects for objects.

    Raises:
        FunctionError: the text is not one JSON value.
    """
    try:
        parsed = json.loads(
            text, parse_int=parse_number, parse_float=parse_number, parse_constant=_not_a_number
        )
        return _value(parsed)
    except json.JSONDecodeError as error:
        raise refuse(f"not valid JSON at line {error.lineno}, column {error.colno}", 0) from error
    except RecursionError as error:
        raise refuse("the JSON is nested too deeply", 0) from error


def _value(parsed: object) -> Value:
    match parsed:
        case bool(flag):
            return boolean(flag)
        case int() | Decimal() as amount:
            return number(amount)
        case str(text):
            return string(_SURROGATE.sub("\ufffd", text))
        case list(items):
            return tuple_of(_value(item) for item in items)
        case dict(members):
            return object_of(
                {_SURROGATE.sub("\ufffd", key): _value(item) for key, item in members.items()}
            )
        case _:
            return Value(DYNAMIC, None)
