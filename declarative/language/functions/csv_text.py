"""CSV as Go's ``encoding/csv`` reads it, which is RFC 4180 and stricter than Python's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from declarative.language.calls import FunctionError, refuse
from declarative.language.functions.results import list_of, string
from declarative.language.values import STRING, Kind, Type, Value, object_of

_FIELD: Final = re.compile(r'"((?:[^"]|"")*)"|([^,\n"]*)')


def decode(text: str) -> Value:
    """Return a list with an object for each row below the first, which has the names.

    Raises:
        FunctionError: the text is not CSV, or a row is longer or shorter than the first.
    """
    rows = _rows(text.replace("\r\n", "\n").removesuffix("\r"))
    names = next(rows, None)
    if names is None:
        raise refuse("the first line, with the names of the columns, is missing", 0)
    if len(set(names)) < len(names):
        raise refuse("two columns have the same name", 0)
    element = Type(Kind.OBJECT, attributes=tuple((name, STRING) for name in sorted(names)))
    objects = []
    for count, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise refuse(f"row {count} has {len(row)} fields, not {len(names)}", 0)
        objects.append(
            object_of({name: string(field) for name, field in zip(names, row, strict=True)})
        )
    return list_of(element, objects)


def _rows(text: str) -> Iterator[list[str]]:
    position = 0
    while position < len(text):
        if text[position] == "\n":
            position += 1  # an empty line is no row
            continue
        row: list[str] = []
        while True:
            match = _FIELD.match(text, position)
            if match is None or text[match.end() : match.end() + 1] not in {"", ",", "\n"}:
                raise _stray(text, position)
            row.append(match[2] if match[1] is None else match[1].replace('""', '"'))
            position = match.end() + 1
            if text[match.end() : position] != ",":
                break
        yield row


def _stray(text: str, position: int) -> FunctionError:
    line = text.count("\n", 0, position) + 1
    return refuse(
        f'a quotation mark on line {line} is out of place; write a field that holds one as "a""b"',
        0,
    )
