"""The lines of a file that a message is about, with what it means underlined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from declarative.render.look import NARROWEST, Style, columns, cut, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from declarative.errors import Snippet
    from declarative.render.look import Look

_TAB: Final = "    "
_MOST: Final = 6
"""Of more lines than this the middle is left out."""
_HEAD: Final = 3


class _Line(NamedTuple):
    """One line: what stands before the marked part, that part, and the rest."""

    number: int
    before: str
    marked: str
    after: str


def quoted(snippet: Snippet, look: Look, style: Style) -> Iterator[str]:
    """Yield the lines of a snippet, the marked part underlined, and what was known of it."""
    lines = list(_lines(snippet))
    gutter = len(str(lines[-1].number))
    for line in _shortened(lines):
        if line is None:
            yield f"  {' ' * gutter}  …"
        else:
            yield from _underlined(line, gutter, look, style)
    evidence = snippet.evidence
    indent = f"  {' ' * gutter}  "
    if evidence.call is not None:
        yield look.clip(f"{indent}while calling {printable(str(evidence.call))}")
    for reference, statement in evidence.values:
        yield look.clip(f"{indent}{printable(reference)} {printable(statement)}")


def _lines(snippet: Snippet) -> Iterator[_Line]:
    offset = 0
    for number, line in enumerate(snippet.code.split("\n"), snippet.start_line):
        start = min(max(snippet.highlight_start - offset, 0), len(line))
        end = min(max(snippet.highlight_end - offset, start), len(line))
        if offset > snippet.highlight_start:
            start += len(line[start:end]) - len(line[start:end].lstrip())  # not the indent
        yield _Line(number, *map(_shown, (line[:start], line[start:end], line[end:])))
        offset += len(line) + 1


def _shown(text: str) -> str:
    # How far a tab reaches is the terminal's affair: the underline would miss its place.
    return printable(text.replace("\t", _TAB))


def _shortened(lines: list[_Line]) -> Iterator[_Line | None]:
    """Yield the lines, and None in the place of those that are left out."""
    if len(lines) <= _MOST:
        yield from lines
        return
    yield from lines[:_HEAD]
    yield None
    yield lines[-1]


def _underlined(line: _Line, gutter: int, look: Look, style: Style) -> Iterator[str]:
    head = f"  {line.number:>{gutter}}: "
    room = None if look.width is None else max(look.width, NARROWEST) - len(head)
    before, marked, after = _fitted(line, room)
    yield f"{head}{before}{marked}{after}".rstrip()
    if line.marked.strip() or not line.before.strip():
        length = max(columns(marked), 1)
        indent = " " * (len(head) + columns(before))
        yield indent + look.paint("^" * length, style)


def _fitted(line: _Line, room: int | None) -> tuple[str, str, str]:
    """Return the three parts cut to ``room`` columns, so that the marked one is in sight."""
    before, marked, after = line.before, line.marked, line.after
    if room is None or columns(before + marked + after) <= room:
        return before, marked, after
    if columns(before + marked) > room:
        # At least half of the line is for what is marked, the more the shorter it is.
        space = max(room // 2, room - columns(marked) - 1)
        if columns(before) > space:
            before = "…" + _cut_front(before, space - 1)
    if columns(before + marked) > room:
        marked = cut(marked, room - columns(before) - 1) + "…"
    left = room - columns(before) - columns(marked)
    if columns(after) > left:
        after = cut(after, left - 1) + "…" if left > 0 else ""
    return before, marked, after


def _cut_front(text: str, room: int) -> str:
    return cut(text[::-1], room)[::-1]
