r"""Character classes of RE2: ``[…]``, ``\d``, ``[:alpha:]``, ``\pL``, and escaped characters."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from declarative.language.calls import refuse

Ranges: TypeAlias = tuple[tuple[int, int], ...]  # inclusive, sorted, apart from each other


def _ranges(*spans: str) -> Ranges:
    """Return ranges from texts of two characters (first, last) or one."""
    return _merged((ord(span[0]), ord(span[-1])) for span in spans)


def _merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    result: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if result and low <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return tuple(result)


def _others(ranges: Ranges) -> Ranges:
    result: list[tuple[int, int]] = []
    start = 0
    for low, high in ranges:
        if low > start:
            result.append((start, low - 1))
        start = high + 1
    return (*result, (start, sys.maxunicode)) if start <= sys.maxunicode else tuple(result)


_DIGIT: Final = _ranges("09")
_SPACE: Final = _ranges("\t\n", "\f\r", " ")
_WORD: Final = _ranges("09", "AZ", "az", "_")
PERL: Final = {
    "d": _DIGIT,
    "D": _others(_DIGIT),
    "s": _SPACE,
    "S": _others(_SPACE),
    "w": _WORD,
    "W": _others(_WORD),
}
_POSIX: Final = {
    "alnum": _ranges("09", "AZ", "az"),
    "alpha": _ranges("AZ", "az"),
    "ascii": _ranges("\0\x7f"),
    "blank": _ranges("\t", " "),
    "cntrl": _ranges("\0\x1f", "\x7f"),
    "digit": _DIGIT,
    "graph": _ranges("!~"),
    "lower": _ranges("az"),
    "print": _ranges(" ~"),
    "punct": _ranges("!/", ":@", "[`", "{~"),
    "space": _ranges("\t\r", " "),
    "upper": _ranges("AZ"),
    "word": _WORD,
    "xdigit": _ranges("09", "AF", "af"),
}
_POSIX_CLASS: Final = re.compile(r"\[:(?P<negated>\^?)(?P<name>[^:\]]*):\]")
_PROPERTY: Final = re.compile(
    r"\\(?P<kind>[pP])(?:(?P<short>[A-Z])|\{(?P<caret>\^?)(?P<name>\w+)\})"
)
_HEXADECIMAL: Final = re.compile(r"\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]+)\})")
_OCTAL: Final = re.compile(r"\\(?:(0[0-7]{1,2})|([1-7][0-7]{2}))")
_CONTROLS: Final = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}


@dataclass(frozen=True, slots=True)
class CharacterClass:
    """A set of characters."""

    ranges: Ranges

    def pattern(self) -> str:
        """Return the class in Python's syntax."""
        if not self.ranges:
            return r"(?!)"
        return "[" + "".join(rf"\U{low:08x}-\U{high:08x}" for low, high in self.ranges) + "]"

    def negated(self) -> CharacterClass:
        """Return the class of all other characters."""
        return CharacterClass(_others(self.ranges))


@lru_cache(maxsize=64)
def _category(prefix: str) -> Ranges:
    return _merged(
        (point, point)
        for point in range(sys.maxunicode + 1)
        if unicodedata.category(chr(point)).startswith(prefix)
    )


@lru_cache(maxsize=1)
def _categories() -> frozenset[str]:
    found = {unicodedata.category(chr(point)) for point in range(0x3000)} | {"Co", "Cs"}
    return frozenset(found | {category[0] for category in found})


def unicode_class(source: str, position: int) -> tuple[CharacterClass, int]:
    r"""Read ``\pL``, ``\p{Lu}``, ``\P{…}`` or ``\p{^…}``; return it and where it ends."""
    match = _PROPERTY.match(source, position)
    if match is None:
        raise refuse(f'"{source[position : position + 3]}" names no class of characters', 0)
    name = match["short"] or match["name"]
    if name == "Any":
        class_ = CharacterClass(((0, sys.maxunicode),))
    elif name in _categories():
        class_ = CharacterClass(_category(name))
    else:
        raise refuse(
            rf'"{match[0]}" is not known: general categories such as \p{{Lu}} are, scripts such '
            r"as \p{Greek} are not; write a range of characters instead",
            0,
        )
    negated = (match["kind"] == "P") != bool(match["caret"])
    return class_.negated() if negated else class_, match.end()


def escaped_point(source: str, position: int) -> tuple[int, int]:
    """Read an escaped character; return its code point and where it ends."""
    letter = source[position + 1 : position + 2]
    if letter in _CONTROLS:
        return _CONTROLS[letter], position + 2
    if match := _HEXADECIMAL.match(source, position):
        point = int(match[1] or match[2], 16)
        if point > sys.maxunicode:
            raise refuse(f'"{match[0]}" is beyond the last character', 0)
        return point, match.end()
    if match := _OCTAL.match(source, position):
        return int(match[1] or match[2], 8), match.end()
    if letter.isdecimal() and letter != "0":
        raise refuse(f'RE2 has no back-references: "\\{letter}" cannot refer to a group', 0)
    if letter and letter.isascii() and not letter.isalnum():
        return ord(letter), position + 2
    raise refuse(f'RE2 has no escape "\\{letter}"', 0)


def read_bracket(source: str, position: int) -> tuple[CharacterClass, int]:
    """Read the class that begins with the ``[`` at ``position``; return it and its end."""
    start = position
    position += 1
    negated = source.startswith("^", position)
    position += negated
    ranges: list[tuple[int, int]] = []
    first = position
    while position == first or not source.startswith("]", position):
        if position >= len(source):
            raise refuse(f'the pattern has a "[" that is not closed: {source[start:]}', 0)
        dash = source.startswith("-", position) and position != first
        if dash and not source.startswith("-]", position):
            raise refuse(f'"{source[position : position + 2]}" in a class does not make a range', 0)
        if (named := _named_class(source, position)) is not None:
            ranges.extend(named[0])
            position = named[1]
            continue
        span, position = _span(source, position)
        ranges.append(span)
    class_ = CharacterClass(_merged(ranges))
    return class_.negated() if negated else class_, position + 1


def _named_class(source: str, position: int) -> tuple[Ranges, int] | None:
    if match := _POSIX_CLASS.match(source, position):
        if match["name"] not in _POSIX:
            raise refuse(f'there is no class "{match[0]}"', 0)
        ranges = _POSIX[match["name"]]
        return _others(ranges) if match["negated"] else ranges, match.end()
    if source.startswith((r"\p", r"\P"), position):
        class_, end = unicode_class(source, position)
        return class_.ranges, end
    letter = source[position + 1 : position + 2]
    if source.startswith("\\", position) and letter in PERL:
        return PERL[letter], position + 2
    return None


def _span(source: str, position: int) -> tuple[tuple[int, int], int]:
    start = position
    low, position = _point(source, position)
    if not source.startswith("-", position) or source.startswith("-]", position):
        return (low, low), position
    high, position = _point(source, position + 1)
    if high < low:
        raise refuse(f'the range "{source[start:position]}" runs backwards', 0)
    return (low, high), position


def _point(source: str, position: int) -> tuple[int, int]:
    if position >= len(source):
        raise refuse('the pattern has a "[" that is not closed', 0)
    if source[position] == "\\":
        return escaped_point(source, position)
    return ord(source[position]), position + 1
