"""Source text with places: from byte offsets to ranges, and from ranges to snippets."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Final

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
        self._ascii = source.isascii()

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines, without what ends them."""
        raw = self.source.split(b"\n")
        return tuple(line.rstrip(b"\r").decode("utf-8", "replace") for line in raw)

    @cached_property
    def _starts(self) -> list[int]:
        """Where each line begins."""
        lengths = (len(line) + 1 for line in self.source.split(b"\n"))
        return list(accumulate(lengths, initial=0))[:-1]

    def position(self, byte: int) -> Position:
        """Return the position of the byte at this offset."""
        byte = self.offset_in_file(byte)
        line = bisect_right(self._starts, byte)
        start = self._starts[line - 1]
        if self._ascii:
            return Position(line, byte - start + 1, byte)
        return Position(line, len(self.source[start:byte].decode("utf-8", "replace")) + 1, byte)

    def offset_in_file(self, byte: int) -> int:
        """Return the offset in the file itself of a byte of the text that was parsed."""
        return max(byte - self._offset, 0)

    def range(self, start: int, end: int) -> SourceRange:
        """Return the range of the bytes ``start:end``."""
        return _Stretch(self, start, end)

    def line_of(self, byte: int) -> int:
        """Return the number of the line (from 1) that holds the byte."""
        return bisect_right(self._starts, byte - self._offset)

    def start_of(self, line: int) -> int:
        """Return the offset at which a line begins, by its number."""
        return self._starts[line - 1] + self._offset

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


class _Stretch(SourceRange):
    """A range whose positions are worked out when they are first asked for.

    A project of a thousand releases has tens of thousands of ranges, and messages name a few.
    """

    __slots__ = ("_end_byte", "_start_byte", "_text")

    _text: SourceText
    _start_byte: int
    _end_byte: int

    def __init__(self, text: SourceText, start: int, end: int) -> None:
        """Stand for the bytes ``start:end`` of ``text``."""
        _set(self, "_text", text)
        _set(self, "_start_byte", start)
        _set(self, "_end_byte", end)

    @property
    def span(self) -> tuple[int, int]:
        """The bytes of the file, counted without what was put in front of it."""
        return self._text.offset_in_file(self._start_byte), self._text.offset_in_file(
            self._end_byte
        )

    def __getattr__(self, name: str) -> str | Position:
        """Fill in the fields of a range; called only while they have no value."""
        found: str | Position
        match name:
            case "filename":
                found = self._text.filename
            case "start":
                found = self._text.position(self._start_byte)
            case "end":
                found = self._text.position(self._end_byte)
            case _:
                raise AttributeError(name)
        _set(self, name, found)
        return found

    def __eq__(self, other: object) -> bool:
        """Be equal to any range of the same place, plain or not."""
        if not isinstance(other, SourceRange):
            return NotImplemented
        return (self.filename, self.start, self.end) == (other.filename, other.start, other.end)

    def __hash__(self) -> int:
        """Return the hash of the plain range of the same place."""
        return SourceRange.__hash__(self)

    def __reduce__(self) -> tuple[type[SourceRange], tuple[str, Position, Position]]:
        """Be copied as a plain range: the text stays where it is."""
        return SourceRange, (self.filename, self.start, self.end)


def span(where: SourceRange) -> tuple[int, int]:
    """Return the bytes of its file that a range covers."""
    if isinstance(where, _Stretch):
        return where.span
    return where.start.byte, where.end.byte


def lines_of(where: SourceRange) -> Sequence[str] | None:
    """Return the lines of the file that a range is in, where it still knows its text."""
    return where._text.lines if isinstance(where, _Stretch) else None  # noqa: SLF001 - ours


def without_text(where: SourceRange) -> SourceRange:
    """Return the same place, which nobody can quote from."""
    return SourceRange(where.filename, where.start, where.end)


_set: Final = object.__setattr__  # ranges are frozen, and a setter of their own is slow


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
