"""A regular expression as a tree, whose leaves are patterns of Python for one character."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, TypeAlias

_MOST_REPEATS: Final = 1000


@dataclass(frozen=True, slots=True)
class Single:
    """One character that ``pattern`` matches."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """A place that ``pattern`` matches: the start of the text, the edge of a word."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Series:
    """One node after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The first of the options that leads to a match."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A node from ``low`` to ``high`` times (None: any number), as many or as few as possible."""

    body: Node
    low: int
    high: int | None
    lazy: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A node whose text is captured, counted from 1."""

    body: Node
    index: int


Node: TypeAlias = Single | Assertion | Series | Choice | Repeat | Group


def spelled(node: Node) -> str:
    """Return the tree as a pattern of Python's own engine."""
    match node:
        case Single(pattern) | Assertion(pattern):
            return pattern
        case Series(parts):
            return "".join(map(_closed, parts))
        case Choice(options):
            return "|".join(map(spelled, options))
        case Repeat(body, low, high, lazy):
            times = f"{{{low},{'' if high is None else high}}}{'?' if lazy else ''}"
            return f"(?:{spelled(body)}){times}"
        case Group(body):
            return f"({spelled(body)})"


def _closed(node: Node) -> str:
    return f"(?:{spelled(node)})" if isinstance(node, Choice) else spelled(node)


def can_be_empty(node: Node) -> bool:
    """Return whether the node matches no character at all."""
    match node:
        case Single():
            return False
        case Assertion():
            return True
        case Series(parts):
            return all(map(can_be_empty, parts))
        case Choice(options):
            return any(map(can_be_empty, options))
        case Repeat(body, low):
            return low == 0 or can_be_empty(body)
        case Group(body):
            return can_be_empty(body)


def is_affordable(node: Node, most: int = _MOST_REPEATS) -> bool:
    """Return whether repetitions inside of repetitions stay under RE2's limit."""
    match node:
        case Repeat(body, low, high):
            times = low if high is None else high
            if times > most:
                return False
            return is_affordable(body, most // times if times else most)
        case Group(body):
            return is_affordable(body, most)
        case Series(inner) | Choice(inner):
            return all(is_affordable(part, most) for part in inner)
        case _:
            return True


def degree(node: Node) -> float:
    """Return the power of the text's length that a backtracking engine may take for it."""
    match node:
        case Repeat(body, low, high):
            if high is not None and high <= 1:
                return 1 + degree(body)
            return math.inf if _varies(body) else int(low != high)
        case Group(body):
            return degree(body)
        case Series(inner) | Choice(inner):
            return sum(map(degree, inner)) + (isinstance(node, Choice))
        case _:
            return 0


def _varies(node: Node) -> bool:
    """Return whether one text may match the node in several ways or lengths."""
    match node:
        case Repeat(body, low, high):
            return low != high or _varies(body)
        case Group(body):
            return _varies(body)
        case Series(parts):
            return any(map(_varies, parts))
        case Choice():
            return True
        case _:
            return False
