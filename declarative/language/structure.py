"""A look at brackets, strings and heredocs only, for files that do not parse.

After a syntax error the parser's own recovery may lose the rest of a file. This scan
cuts the file into top-level segments that are parsed one by one, and it tells what a
person did wrong (a brace, a quote, a heredoc that is never closed) at the opening.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_CODE: Final = re.compile(
    rb"(?P<comment>#[^\n]*|//[^\n]*|/\*.*?\*/)"
    rb"|(?P<open_comment>/\*)"
    rb"|(?P<heredoc><<-?(?P<marker>[A-Za-z_][\w-]*)[ \t\r]*\n)"
    rb'|(?P<quote>")|(?P<open>[\[({])|(?P<close>[\])}])|(?P<newline>\n)',
    re.DOTALL,
)
_QUOTED: Final = re.compile(
    rb'\\[^\n]|[$]{2}\{|%%\{|(?P<template>[$%]\{)|(?P<end>")|(?P<newline>\n)'
)
_TEMPLATE: Final = re.compile(rb"[$]{2}\{|%%\{|(?P<template>[$%]\{)|(?P<newline>\n)")
_BLOCK_LINE: Final = re.compile(
    rb'^[^\W\d][\w-]*(?:[ \t]+(?:"[^"\n]*"|[\w-]+))*[ \t]*\{', re.MULTILINE
)
_PAIRS: Final = {b"{": b"}", b"[": b"]", b"(": b")", b"${": b"}", b"%{": b"}"}
_TEMPLATES: Final = frozenset({b"${", b"%{"})
_NAMES: Final = {
    b"{": ("brace", "}"),
    b"[": ("bracket", "]"),
    b"(": ("parenthesis", ")"),
    b"${": ("brace of the interpolation", "}"),
    b"%{": ("brace of the directive", "}"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something opened and never closed, or closed and never opened."""

    summary: str
    detail: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Segment:
    """One top-level statement (or a run of them on one line), and its fault if it has one."""

    start: int
    end: int
    fault: Fault | None


@dataclass(slots=True)
class _Open:
    token: bytes  # one of _PAIRS, or b'"', or the marker of a heredoc
    at: int


def segments(source: bytes) -> list[Segment]:
    """Return the top-level segments of ``source`` in order; together they cover it."""
    found: list[Segment] = []
    start = 0
    while start < len(source):
        end, fault = _Scan(source).statement(start)
        if fault is not None:
            resumed = _BLOCK_LINE.search(source, source.find(b"\n", start) + 1 or len(source))
            end = resumed.start() if resumed else len(source)
        found.append(Segment(start, end, fault))
        start = end
    return found


class _Scan:
    """One pass over one statement."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._stack: list[_Open] = []
        self._suspect: _Open | None = None

    def statement(self, start: int) -> tuple[int, Fault | None]:
        """Return where the statement at ``start`` ends, or its first fault."""
        position = start
        while position < len(self._source):
            top = self._stack[-1].token if self._stack else b""
            if top == b'"':
                position, fault = self._quoted(position)
            elif top and top not in _PAIRS:
                position, fault = self._heredoc(position)
            else:
                position, fault = self._code(position)
            if fault is not None:
                return position, fault
            if not self._stack and self._source[position - 1 : position] == b"\n":
                return position, None
        return position, self._unclosed() if self._stack else None

    def _code(self, position: int) -> tuple[int, Fault | None]:
        match = _CODE.search(self._source, position)
        if match is None:
            return len(self._source), None
        kind, token, at = match.lastgroup, match.group(), match.start()
        fault = None
        if match["open_comment"]:
            detail = "The comment that begins with /* has no */ at its end."
            fault = Fault("Unclosed comment", detail, at, at + 2)
        elif match["heredoc"]:
            self._stack.append(_Open(match["marker"], at))
        elif kind in {"quote", "open"}:
            self._stack.append(_Open(token, at))
        elif kind == "close":
            fault = self._close(token, at)
        elif kind == "newline" and self._stack and _BLOCK_LINE.match(self._source, match.end()):
            fault = self._unclosed()  # a block begins at the margin, inside of another
        return match.end(), fault

    def _close(self, token: bytes, at: int) -> Fault | None:
        if not self._stack:
            detail = f'There is no opening for this "{token.decode()}": remove it.'
            return Fault("Unexpected closing character", detail, at, at + 1)
        if _PAIRS[self._stack[-1].token] != token:
            return self._unclosed()
        opened = self._stack.pop()
        if self._suspect is None and token == b"}" and self._indent(at) < self._indent(opened.at):
            self._suspect = opened  # it was meant to close a brace further out
        return None

    def _indent(self, at: int) -> int:
        """Return how far the line is indented that holds an offset."""
        line = self._source[self._source.rfind(b"\n", 0, at) + 1 :]
        return len(line) - len(line.lstrip(b" \t"))

    def _quoted(self, position: int) -> tuple[int, Fault | None]:
        match = _QUOTED.search(self._source, position)
        if match is None or match["newline"]:
            return position, self._unclosed()
        if match["template"]:
            self._stack.append(_Open(match["template"], match.start()))
        elif match["end"]:
            self._stack.pop()
        return match.end(), None

    def _heredoc(self, position: int) -> tuple[int, Fault | None]:
        if self._source[position - 1 : position] == b"\n":
            end = self._source.find(b"\n", position)
            line = self._source[position : end if end >= 0 else len(self._source)]
            if line.strip() == self._stack[-1].token:
                self._stack.pop()
                return position + len(line), None
        match = _TEMPLATE.search(self._source, position)
        if match is None:
            return len(self._source), self._unclosed()
        if match["template"]:
            self._stack.append(_Open(match["template"], match.start()))
        return match.end(), None

    def _unclosed(self) -> Fault:
        opened = self._stack[-1]
        if opened.token == b"{" and self._suspect is not None:
            opened = self._suspect
        if opened.token == b'"' and len(self._stack) > 1 and self._stack[-2].token in _TEMPLATES:
            opened = self._stack[-2]  # the quote meant to close the string around it
        line = self._source.count(b"\n", 0, opened.at) + 1
        if opened.token == b'"':
            detail = (
                "The string has no closing quote on its line. Close it, or write \\n for a line "
                "break; a text of several lines is a heredoc (<<EOT)."
            )
            return Fault("Unclosed string", detail, opened.at, opened.at + 1)
        if opened.token not in _PAIRS:
            marker = opened.token.decode("utf-8", "replace")
            end = self._source.find(b"\n", opened.at)
            detail = f"The heredoc begun on line {line} needs a line with only {marker} at its end."
            return Fault("Unclosed heredoc", detail, opened.at, end)
        name, character = _NAMES[opened.token]
        detail = (
            f'The "{opened.token.decode()}" opened on line {line} has no closing "{character}".'
        )
        end = opened.at + len(opened.token)
        return Fault(f"Missing closing {name}", detail, opened.at, end)
