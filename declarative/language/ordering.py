"""Equality of values, and the order in which sets and maps are walked."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from declarative.language.numbers import Rounded
from declarative.language.values import UNKNOWN, Kind, Reference, Type, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

_RANKS = {bool: 1, int: 2, Decimal: 2, Rounded: 2, str: 3, tuple: 4, dict: 5, Reference: 6}
_ENCLOSED = {Kind.MAP: ("{", "}"), Kind.OBJECT: ("<", ">"), Kind.TUPLE: ("<", ">")}
_ESCAPED = {'"': '\\"', "\\": "\\\\"}
_DIGITS = ".10g"
_ASCII, _PLANE = 0x80, 0x10000
SortKey = tuple[object, ...]


def distinct_sorted(items: Iterable[Value]) -> tuple[Value, ...]:
    """Return the different items in Terraform's order: the content of a set.

    Null comes last, then unknown; numbers go by size, other scalars by content, and
    collections by how Terraform writes them down.
    """
    different = {identity(item): item for item in items}
    return tuple(sorted(different.values(), key=_order))


def identity(value: Value) -> SortKey:
    """Return a key that is equal for equal known values of one type."""
    content = value.content
    rank = _RANKS.get(type(content), 0)
    if isinstance(content, tuple):
        return rank, *map(identity, content)
    if isinstance(content, dict):
        return rank, *((name, identity(item)) for name, item in content.items())
    if isinstance(content, Reference):
        return rank, content.address
    if content is None:
        return (-1,)
    return (rank, content) if rank else (rank, str(content))


def _order(value: Value) -> SortKey:
    content = value.content
    if content is None or content is UNKNOWN:
        return (1 if content is None else 2,)
    if isinstance(content, tuple | dict):
        # Numbers are written short, so that two of these may look the same.
        return 0, _RANKS[type(content)], _written(value), identity(value)
    return 0, *identity(value)


def _written(value: Value) -> str:
    """Return the text that Terraform hashes a value of a set by."""
    match value.content:
        case None:
            return "~"
        case bool() as flag:
            return "T" if flag else "F"
        case int() | Decimal() as number:
            return format(float(Decimal(number)), _DIGITS)
        case str() as text:
            return _quoted(text)
        case tuple() as items:
            parts = [f"{_written(item)};" for item in items]
        case dict() as named:
            keyed = value.type.kind is Kind.MAP
            parts = [
                f"{_quoted(name) + ':' if keyed else ''}{_written(item)};"
                for name, item in named.items()
            ]
        case _:
            return "?"
    opening, closing = _ENCLOSED.get(value.type.kind, ("[", "]"))
    return f"{opening}{''.join(parts)}{closing}"


def _quoted(text: str) -> str:
    return f'"{"".join(map(_visible, text))}"'


def _visible(character: str) -> str:
    if character in _ESCAPED:
        return _ESCAPED[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if _ASCII <= code < _PLANE else ascii(character)[1:-1]


def equal(left: Value, right: Value) -> bool | None:
    """Return whether two solid values are equal by type and content; None if not known yet."""
    if left.content is UNKNOWN or right.content is UNKNOWN:
        return None
    if left.is_null or right.is_null:
        return left.is_null and right.is_null
    if not _comparable(left.type, right.type):
        return False
    if isinstance(left.content, tuple) and isinstance(right.content, tuple):
        return _all_equal(left.content, right.content)
    if isinstance(left.content, dict) and isinstance(right.content, dict):
        if left.content.keys() != right.content.keys():
            return False
        names = list(left.content)
        return _all_equal([left.content[n] for n in names], [right.content[n] for n in names])
    return left.content == right.content


def _all_equal(left: Iterable[Value], right: Iterable[Value]) -> bool | None:
    one, other = tuple(left), tuple(right)
    if len(one) != len(other):
        return False
    results = [equal(a, b) for a, b in zip(one, other, strict=True)]
    if False in results:
        return False
    return None if None in results else True


def _comparable(left: Type, right: Type) -> bool:
    """Return whether the types are the same, as far as they are known."""
    if Kind.DYNAMIC in (left.kind, right.kind) or left == right:
        return True
    if left.kind is not right.kind or left.block != right.block:
        return False
    if left.element is not None and right.element is not None:
        return _comparable(left.element, right.element)
    if left.kind is Kind.TUPLE:
        pairs = zip(left.elements, right.elements, strict=False)
        return len(left.elements) == len(right.elements) and all(_comparable(*p) for p in pairs)
    one, other = dict(left.attributes), dict(right.attributes)
    return one.keys() == other.keys() and all(_comparable(one[n], other[n]) for n in one)
