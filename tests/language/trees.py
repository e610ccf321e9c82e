"""Syntax trees without places: equal where two texts say the same."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from declarative.errors import SourceRange
from declarative.language.syntax import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from declarative.language.syntax import Body


def body_of(source: bytes) -> Body:
    """Return the tree of a text that parses."""
    parsed = parse(source, "t.hcl")
    assert parsed.diagnostics == ()
    return parsed.body


def meaning(node: object) -> object:
    """Return the tree as tuples; unlike ``==`` it tells ``1`` from ``true`` and ``1.0``."""
    if isinstance(node, tuple):
        return tuple(map(meaning, node))
    if not is_dataclass(node):
        return type(node).__name__, node
    return type(node).__name__, *map(meaning, _parts(node))


def walk(node: object) -> Iterator[object]:
    """Yield every node of the tree, the outer before the inner."""
    if isinstance(node, tuple):
        for item in node:
            yield from walk(item)
    elif is_dataclass(node):
        yield node
        yield from walk(tuple(_parts(node)))


def _parts(node: object) -> Iterator[object]:
    for field in fields(node):
        part = getattr(node, field.name)
        if not isinstance(part, SourceRange) and field.name != "quoted":
            yield part
