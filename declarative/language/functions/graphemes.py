"""Grapheme clusters: what a reader takes for one character.

The rules are those of Unicode's annex 29 for extended clusters, read off the general
categories that Python's own tables hold. Those tables lack two properties; they are
approximated: pictographs by their blocks, prepended marks by a short list.
"""

from __future__ import annotations

import unicodedata
from enum import Enum
from functools import lru_cache
from typing import Final

_ZWJ: Final = "\u200d"
_ZWNJ: Final = "\u200c"
_SKIN_TONES: Final = range(0x1F3FB, 0x1F400)
_REGIONAL: Final = range(0x1F1E6, 0x1F200)
_TAGS: Final = range(0xE0020, 0xE0080)
_PREPENDED: Final = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u08e2\u0d4e")
# Vowel signs of category Lo that join what stands before them.
_SPACING_LETTERS: Final = frozenset("\u0e33\u0eb3")
_EXTENDING_SPACING: Final = frozenset(
    "\u09be\u09d7\u0b3e\u0b57\u0bbe\u0bd7\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u0dcf\u0ddf\uff9e\uff9f"
)
_PICTOGRAPHS: Final = (
    range(0x00A9, 0x00AA),
    range(0x00AE, 0x00AF),
    range(0x203C, 0x203D),
    range(0x2049, 0x204A),
    range(0x2122, 0x2123),
    range(0x2139, 0x213A),
    range(0x2194, 0x21AB),
    range(0x231A, 0x2329),
    range(0x23CF, 0x23F4),
    range(0x25AA, 0x2606),
    range(0x2607, 0x27C0),
    range(0x2934, 0x2936),
    range(0x2B05, 0x2B56),
    range(0x3030, 0x3031),
    range(0x303D, 0x303E),
    range(0x3297, 0x329A),
    range(0x1F000, 0x1F1E6),
    range(0x1F200, 0x1F3FB),
    range(0x1F400, 0x1FAFF),
)
_HANGUL_SYLLABLES: Final = range(0xAC00, 0xD7A4)
_SYLLABLES_PER_LEAD: Final = 28


class _Class(Enum):
    OTHER = "other"
    CONTROL = "control"
    EXTEND = "extend"
    SPACING = "spacing mark"
    PREPEND = "prepend"
    PICTOGRAPH = "pictograph"
    REGIONAL = "regional indicator"
    L = "hangul lead"
    V = "hangul vowel"
    T = "hangul trail"
    LV = "hangul syllable without trail"
    LVT = "hangul syllable"


_BY_CATEGORY: Final = {
    "Cc": _Class.CONTROL,
    "Zl": _Class.CONTROL,
    "Zp": _Class.CONTROL,
    "Cf": _Class.CONTROL,
    "Mn": _Class.EXTEND,
    "Me": _Class.EXTEND,
    "Mc": _Class.SPACING,
}
_HANGUL: Final = (
    (range(0x1100, 0x1160), _Class.L),
    (range(0xA960, 0xA97D), _Class.L),
    (range(0x1160, 0x11A8), _Class.V),
    (range(0xD7B0, 0xD7C7), _Class.V),
    (range(0x11A8, 0x1200), _Class.T),
    (range(0xD7CB, 0xD7FC), _Class.T),
)
_HANGUL_JOINS: Final = frozenset(
    {
        (_Class.L, _Class.L),
        (_Class.L, _Class.V),
        (_Class.L, _Class.LV),
        (_Class.L, _Class.LVT),
        (_Class.LV, _Class.V),
        (_Class.LV, _Class.T),
        (_Class.V, _Class.V),
        (_Class.V, _Class.T),
        (_Class.LVT, _Class.T),
        (_Class.T, _Class.T),
    }
)


def clusters(text: str) -> list[str]:
    """Return the grapheme clusters of ``text``, in order."""
    if text.isascii() and "\r" not in text:
        return list(text)
    found: list[str] = []
    start = 0
    for position in range(1, len(text)):
        if not _joined(text, start, position):
            found.append(text[start:position])
            start = position
    return [*found, text[start:]] if text else []


def _joined(text: str, start: int, position: int) -> bool:
    """Whether no cluster ends at ``position``; the current one began at ``start``."""
    if text[position - 1 : position + 1] == "\r\n":
        return True
    before, after = _classify(text[position - 1]), _classify(text[position])
    if _Class.CONTROL in {before, after}:
        return False
    if after in {_Class.EXTEND, _Class.SPACING} or before is _Class.PREPEND:
        return True
    if after is _Class.PICTOGRAPH and text[position - 1] == _ZWJ:
        stem = text[start : position - 1].rstrip(_ZWJ)
        while stem and _classify(stem[-1]) is _Class.EXTEND:
            stem = stem[:-1]
        return bool(stem) and _classify(stem[-1]) is _Class.PICTOGRAPH
    if before is after is _Class.REGIONAL:
        # Flags are pairs, and a cluster that is already a pair takes no third.
        return position - start == 1
    return (before, after) in _HANGUL_JOINS


@lru_cache(maxsize=4096)
def _classify(character: str) -> _Class:
    point = ord(character)
    if character in {_ZWJ, _ZWNJ} or point in _SKIN_TONES or point in _TAGS:
        return _Class.EXTEND
    for characters, class_ in (
        (_PREPENDED, _Class.PREPEND),
        (_SPACING_LETTERS, _Class.SPACING),
        (_EXTENDING_SPACING, _Class.EXTEND),
    ):
        if character in characters:
            return class_
    if point in _REGIONAL:
        return _Class.REGIONAL
    if hangul := _hangul(point):
        return hangul
    if any(point in block for block in _PICTOGRAPHS):
        return _Class.PICTOGRAPH
    return _BY_CATEGORY.get(unicodedata.category(character), _Class.OTHER)


def _hangul(point: int) -> _Class | None:
    if point in _HANGUL_SYLLABLES:
        open_syllable = (point - _HANGUL_SYLLABLES.start) % _SYLLABLES_PER_LEAD == 0
        return _Class.LV if open_syllable else _Class.LVT
    return next((class_ for points, class_ in _HANGUL if point in points), None)
