"""New files of the project, written as ``lamform fmt`` would leave them.

python-hcl2 writes files too, but takes strings that are escaped already and carries no
comments, which are half of what a generated file is good for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from declarative.language.format import format_source
from declarative.language.numbers import format_number
from declarative.language.writing import quote

if TYPE_CHECKING:
    from pydantic import JsonValue

_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_WORDS: Final = frozenset({"null", "true", "false", "for", "if", "in"})
_WIDTH: Final = 90


@dataclass(frozen=True, slots=True)
class Source:
    """An expression that is HCL already: a reference, a type."""

    text: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A remark on lines of its own."""

    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A block to write.

    Attributes:
        items: In their order: attributes as ``(name, value)``, where a value is JSON or a
            `Source`, comments, and blocks.
    """

    type: str
    labels: tuple[str, ...] = ()
    items: tuple[tuple[str, JsonValue | Source] | Comment | Block, ...] = ()


def identifier(text: str) -> str | None:
    """Return ``text`` if it can be the name of a block that expressions refer to."""
    return text if _IDENTIFIER.fullmatch(text) and text not in _WORDS else None


def write_file(items: Iterable[Comment | Block], filename: str) -> bytes:
    """Return a file of blocks, in the canonical layout; a comment belongs to what follows it."""
    pieces: list[str] = []
    lead = ""
    for item in items:
        if isinstance(item, Comment):
            lead += _comment(item)
        else:
            pieces.append(lead + _block(item))
            lead = ""
    return format_source("\n".join((*pieces, *filter(None, [lead]))).encode(), filename)


def write_values(
    values: Mapping[str, Mapping[str, JsonValue]], remark: str, filename: str
) -> bytes:
    """Return a file of maps for variables, an item on each line, below a remark."""
    maps = (f"{name} = {_map(items, 0)}\n" for name, items in values.items())
    return format_source("\n".join((_comment(Comment(remark)), *maps)).encode(), filename)


def _map(items: Mapping[str, JsonValue], width: int = _WIDTH) -> str:
    lines = [f"{_key(name)} = {_value(item)}" for name, item in items.items()]
    return _enclosed("{", lines, "}", width)


def _block(block: Block) -> str:
    head = " ".join((block.type, *map(quote, block.labels)))
    if not block.items:
        return f"{head} {{}}\n"
    lines: list[str] = []
    for position, item in enumerate(block.items):
        before = block.items[position - 1] if position else None
        if (
            before is not None
            and not isinstance(before, Comment)
            and (isinstance(item, Block) or isinstance(before, Block))
        ):
            lines.append("\n")
        lines.append(_item(item))
    return f"{head} {{\n{''.join(lines)}}}\n"


def _item(item: tuple[str, JsonValue | Source] | Comment | Block) -> str:
    if isinstance(item, Block):
        return _block(item)
    if isinstance(item, Comment):
        return _comment(item)
    name, value = item
    return f"{name} = {value.text if isinstance(value, Source) else _value(value)}\n"


def _comment(comment: Comment) -> str:
    return "".join(f"# {line}\n" for line in comment.text.splitlines())


def _value(value: JsonValue) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return quote(value)
        case int() | float():
            return format_number(Decimal(str(value)))
        case list():
            return _enclosed("[", [_value(item) for item in value], "]")
        case dict():
            return _map(value)


def _key(name: str) -> str:
    return identifier(name) or quote(name)


def _enclosed(start: str, items: list[str], end: str, width: int = _WIDTH) -> str:
    """Return a collection on one line, or with a line for each item where that is too long."""
    if not items:
        return start + end
    space = " " if start == "{" else ""
    line = f"{start}{space}{', '.join(items)}{space}{end}"
    if len(line) <= width and "\n" not in line:
        return line
    between = "\n" if start == "{" else ",\n"
    last = "" if start == "{" else ","
    return f"{start}\n{between.join(items)}{last}\n{end}"
