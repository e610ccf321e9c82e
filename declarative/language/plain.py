"""Values and plain Python data: into the language, out of it, and what is marked in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from declarative.errors import EvaluationError
from declarative.language.numbers import json_number, number
from declarative.language.templates import normalize
from declarative.language.values import (
    BOOL,
    NULL,
    NUMBER,
    UNKNOWN,
    Kind,
    Reference,
    Value,
    object_of,
    solid,
    text,
    tuple_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from declarative.errors import SourceRange


def from_python(data: object) -> Value:
    """Return the value of JSON-like data: lists become tuples, dicts objects."""
    match data:
        case Value():
            return data
        case None:
            return NULL
        case bool():
            return Value(BOOL, data)
        case int() | Decimal():
            return Value(NUMBER, number(data))
        case float():
            return Value(NUMBER, number(Decimal(repr(data))))
        case str():
            return text(normalize(data))
        case _:
            return _collection(data)


def _collection(data: object) -> Value:
    if isinstance(data, Mapping):
        return object_of({normalize(str(key)): from_python(item) for key, item in data.items()})
    if isinstance(data, Sequence):
        return tuple_of(from_python(item) for item in data)
    msg = f"no value of the language: {type(data).__name__}"
    raise TypeError(msg)


def to_python(value: Value, placeholder: Callable[[Value], object] | None = None) -> object:
    """Return plain data: lists for all sequences, dicts for maps and objects.

    Args:
        value: What to turn into data.
        placeholder: What to put for a part that is unknown or sensitive.

    Raises:
        EvaluationError: a part is marked and there is no ``placeholder``, or is a block.
    """
    if value.sensitive or value.content is UNKNOWN:
        if placeholder is not None:
            return placeholder(value)
        mark = "sensitive" if value.sensitive else "not known yet"
        detail = f"The value is {mark} and cannot be used here."
        raise EvaluationError.of("Value not available", detail)
    content = solid(value).content
    if isinstance(content, tuple):
        return [to_python(item, placeholder) for item in content]
    if isinstance(content, dict):
        return {key: to_python(item, placeholder) for key, item in content.items()}
    if isinstance(content, Reference):
        detail = f"{content.address} is a block, not a plain value; read one of its attributes."
        raise EvaluationError.of("Value not available", detail)
    return content


def json_of(value: object, place: SourceRange | None = None) -> object:
    """Return content as JSON: numbers that are not whole as floats.

    Raises:
        EvaluationError: a number is none that JSON can hold; ``place`` is to blame.
    """
    if isinstance(value, dict):
        return {key: json_of(item, place) for key, item in value.items()}
    if isinstance(value, list):
        return [json_of(item, place) for item in value]
    if not isinstance(value, Decimal):
        return value
    try:
        return json_number(value)
    except EvaluationError as error:
        if place is not None:
            error.place(place)
        raise


def parts_of(value: Value) -> Iterator[Value]:
    """Yield ``value`` and all values inside it; blocks and scope roots are not entered."""
    yield value
    content = value.content
    if value.type.kind is Kind.REFERENCE:
        return
    if isinstance(content, tuple):
        for item in content:
            yield from parts_of(item)
    elif isinstance(content, dict):
        for item in content.values():
            yield from parts_of(item)


def deep_marks(value: Value) -> tuple[bool, bool]:
    """Return whether any part of ``value`` is unknown, and whether any is sensitive."""
    unknown = sensitive = False
    for part in parts_of(value):
        unknown = unknown or part.content is UNKNOWN
        sensitive = sensitive or part.sensitive
    return unknown, sensitive


def without_marks(value: Value) -> Value:
    """Return ``value`` with no part sensitive and no residuals."""
    content = value.content
    if isinstance(content, tuple):
        return Value(value.type, tuple(without_marks(item) for item in content))
    if isinstance(content, dict):
        return Value(value.type, {key: without_marks(item) for key, item in content.items()})
    if value.sensitive or value.residual is not None:
        return Value(value.type, content)
    return value
