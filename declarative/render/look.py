"""How text is dressed for the place it goes to, and made safe for a terminal.

Whatever comes from AWS, from files or from a person passes through `printable`, so that
no value can move the cursor, hide a line or repaint what was written before it.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNSAFE = re.compile(
    # C0 and C1 controls, and the marks that reorder text for display
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
_UNBROKEN: Final = "{\u00a0…\u00a0}"
NARROWEST: Final = 24
"""Below this many columns there is nothing left to arrange."""


class Style(Enum):
    """What a stretch of text is; the values are SGR codes."""

    PLAIN = ""
    BOLD = "1"
    FAINT = "2"
    ADDED = "32"
    REMOVED = "31"
    CHANGED = "33"
    NOTE = "36"
    ERROR = "1;31"
    WARNING = "1;33"


@dataclass(frozen=True, slots=True)
class Look:
    """What the receiving end can show.

    Attributes:
        colour: Whether it understands colour; only a terminal does.
        width: Its columns; None where lines may be as long as they like (a pipe, a file).
    """

    colour: bool = False
    width: int | None = None

    def paint(self, text: str, style: Style) -> str:
        """Return ``text`` in ``style``; ``text`` must be printable already."""
        if not self.colour or style is Style.PLAIN or not text:
            return text
        return f"\x1b[{style.value}m{text}\x1b[0m"

    def prose(self, text: str, indent: str = "") -> str:
        """Return whole sentences, wrapped to the width; line breaks in ``text`` stay."""
        lines = [printable(line) for line in text.splitlines()]
        if self.width is None:
            return "\n".join((indent + line).rstrip() for line in lines)
        columns = max(min(self.width, 100), NARROWEST)
        return "\n".join(
            textwrap.fill(
                line.replace("{ … }", _UNBROKEN),
                columns,
                initial_indent=indent,
                subsequent_indent=indent,
                break_on_hyphens=False,
            ).replace(_UNBROKEN, "{ … }")
            for line in lines
        )

    def clip(self, text: str) -> str:
        """Return one line, cut with an ellipsis where the width ends."""
        if self.width is None or columns(text) <= self.width:
            return text
        return cut(text, max(self.width, NARROWEST) - 1) + "…"


def printable(text: str) -> str:
    """Return ``text`` with every character a terminal would obey written as a JSON escape."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def columns(text: str) -> int:
    """Return how many columns of a terminal ``text`` takes; East Asian characters take two."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(bool(unicodedata.combining(character)) for character in text)


def cut(text: str, room: int) -> str:
    """Return the beginning of ``text`` that takes at most ``room`` columns."""
    used = 0
    for position, character in enumerate(text):
        used += columns(character)
        if used > room:
            return text[:position]
    return text


def padded(text: str, width: int) -> str:
    """Return ``text`` with spaces up to ``width`` columns."""
    return text + " " * (width - columns(text))


def table(rows: Sequence[tuple[str, ...]], *, gap: str = "  ") -> list[str]:
    """Return rows of cells as aligned lines; the last column is left ragged."""
    if not rows:
        return []
    safe = [tuple(printable(cell) for cell in row) for row in rows]
    widths = [max(columns(row[column]) for row in safe) for column in range(len(safe[0]))]
    return [
        gap.join(padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in safe
    ]
