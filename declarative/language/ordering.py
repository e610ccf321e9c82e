"""Equality of values, and the order in which sets and maps are walked."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from declarative.language.values import UNKNOWN, Kind, Reference, Type, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

_RANKS = {bool: 1, int: 2, Decimal: 2, str: 3, tuple: 4, dict: 5, Reference: 6}
SortKey = tuple[object, ...]


def sort_key(value: Value) -> SortKey:
    """Return a key that is equal for equal known values and orders all values."""
    content = value.content
    rank = _RANKS.get(type(content), 0)
    if isinstance(content, tuple):
        return rank, *map(sort_key, content)
    if isinstance(content, dict):
        return rank, *((name, sort_key(item)) for name, item in content.items())
    if isinstance(content, Reference):
        return rank, content.address
    if content is None:
        return (-1,)
    return (rank, content) if rank else (rank, str(content))


def distinct_sorted(items: Iterable[Value]) -> tuple[Value, ...]:
    """Return the different items in order: the content of a set."""
    keyed = {sort_key(item): item for item in items}
    return tuple(item for _, item in sorted(keyed.items(), key=lambda pair: pair[0]))


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
