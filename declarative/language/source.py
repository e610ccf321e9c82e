"""Source text with places: from byte offsets to ranges, and from ranges to snippets."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from declarative.errors import Position, Snippet, SourceRange

if TYPE_CHECKING:
    from collections.abc import Sequence


class SourceText:
    """The bytes of one file, with positions computed on demand."""

    def __init__(self, source: bytes, filename: str, offset: int = 0) -> None:
        """Keep ``source``; invalid UTF-8 is shown with replacement characters.

        Every offset given later counts from ``offset`` bytes before the text, for
        text that was parsed with something put in front of it.
        """
        self.source = source
        self._offset = offset
        self.filename = filename
        raw = source.split(b"\n")
        self.lines = tuple(line.rstrip(b"\r").decode("utf-8", "replace") for line in raw)
        self._starts = list(accumulate((len(line) + 1 for line in raw), initial=0))[:-1]
        self._ascii = source.isascii()

    def position(self, byte: int) -> Position:
        """Return the position of the byte at this offset."""
        byte -= self._offset
        byte = byte if byte > 0 else 0  # noqa: FURB136 - called for every node; max() is slow
        line = bisect_right(self._starts, byte)
        start = self._starts[line - 1]
        if self._ascii:
            return Position(line, byte - start + 1, byte)
        return Position(line, len(self.source[start:byte].decode("utf-8", "replace")) + 1, byte)

    def range(self, start: int, end: int) -> SourceRange:
        """Return the range of the bytes ``start:end``."""
        return SourceRange(self.filename, self.position(start), self.position(end))

    def line_of(self, byte: int) -> int:
        """Return the number of the line (from 1) that holds the byte."""
        return bisect_right(self._starts, byte - self._offset)

    def line_start(self, byte: int) -> int:
        """Return the offset at which the line of this byte begins."""
        return self._starts[self.line_of(byte) - 1] + self._offset

    def end_before(self, byte: int) -> int:
        """Return where the text ends that stands before this byte and any white space."""
        return len(self.source[: byte - self._offset].rstrip()) + self._offset

    def text(self, start: int, end: int) -> str:
        """Return the text of the bytes ``start:end``."""
        offset = self._offset
        return self.source[start - offset : end - offset].decode("utf-8", "replace")


def snippet_for(lines: Sequence[str], where: SourceRange) -> Snippet | None:
    """Return the lines that hold ``where``, or None when they do not exist."""
    first, last = where.start.line - 1, where.end.line - 1
    if where.end.column == 1 and last > first:
        last -= 1  # a range that ends with its line break does not reach the next line
    if first >= len(lines):
        return None
    shown = lines[first : last + 1]
    code = "\n".join(shown)
    start = min(where.start.column - 1, len(shown[0]))
    if last < where.end.line - 1:
        end = len(code)
    else:
        end = len(code) - len(shown[-1]) + min(where.end.column - 1, len(shown[-1]))
    return Snippet(code, where.start.line, start, max(start, end))
