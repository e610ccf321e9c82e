"""The tokens of a source text that parses: what layout is made of.

The syntax tree forgets how things were spelled. Layout needs the spelling and nothing of
the meaning, so the text is cut once more, with white space left out and the literal parts
of strings and heredocs in one piece each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME: Final = rb"[A-Za-z_\x80-\xff][\w\x80-\xff-]*"
_CODE: Final = re.compile(
    rb"(?P<newline>\r?\n)|(?P<name>" + _NAME + rb")"
    rb'|(?P<quote>")|(?P<open>[\[({])|(?P<close>[\])])|(?P<brace>~?\})'
    rb"|(?P<comment>(?:\#|//)[^\n]*\n?|/\*.*?\*/)"
    rb"|(?P<number>\d(?:\.*(?:[eE][+-]?)?\d)*)"
    rb"|(?P<heredoc><<-?(?P<marker>" + _NAME + rb")\r?\n)"
    rb"|(?P<symbol>::|\.{3}|=>|[=!<>]=|&&|\|\||[^ \t])",
    re.DOTALL,
)
_TEMPLATE: Final = rb"(?P<template>[$%]\{~?)"
_DOLLARS: Final = rb"[$]{2,}\{|%{2,}\{|[$%](?!\{)"
_QUOTED: Final = re.compile(
    _TEMPLATE + rb'|(?P<quote>")|(?P<text>(?:' + _DOLLARS + rb'|\\.|[^"\\$%])+)', re.DOTALL
)
_HEREDOC: Final = re.compile(
    _TEMPLATE + rb"|(?P<text>(?:" + _DOLLARS + rb"|[^$%\n])*\n|(?:" + _DOLLARS + rb"|[^$%\n])+)"
)
_LINE: Final = re.compile(rb"[^\r\n]*")


class Kind(Enum):
    """What a token is, as far as layout cares."""

    NAME = "name"
    NUMBER = "number"
    TEXT = "literal part of a template"
    COMMENT = "comment"
    NEWLINE = "line break"
    QUOTE = "opening quote"
    END_QUOTE = "closing quote"
    HEREDOC = "heredoc introducer"
    END_HEREDOC = "heredoc end marker"
    TEMPLATE = "${ or %{"
    END_TEMPLATE = "} of a template"
    OPEN = "opening bracket"
    CLOSE = "closing bracket"
    SYMBOL = "operator or punctuation"


_OPENING: Final = frozenset({Kind.OPEN, Kind.TEMPLATE})
_CLOSING: Final = frozenset({Kind.CLOSE, Kind.END_TEMPLATE})


@dataclass(slots=True)
class Token:
    """One token; ``spaces`` stand in front of it, ``start`` is its byte offset."""

    kind: Kind
    text: bytes
    start: int = 0
    spaces: int = 0

    @property
    def depth(self) -> int:
        """How much deeper in brackets what follows stands: 1, 0 or -1."""
        if self.kind in _OPENING:
            return 1
        return -1 if self.kind in _CLOSING else 0

    @property
    def ends_line(self) -> bool:
        """Whether the line ends with this token: line comments hold their line break."""
        return self.kind is Kind.NEWLINE or (
            self.kind is Kind.COMMENT and self.text.endswith(b"\n")
        )


_CODE_KINDS: Final = {
    "newline": Kind.NEWLINE,
    "name": Kind.NAME,
    "number": Kind.NUMBER,
    "comment": Kind.COMMENT,
    "quote": Kind.QUOTE,
    "heredoc": Kind.HEREDOC,
    "open": Kind.OPEN,
    "close": Kind.CLOSE,
    "brace": Kind.CLOSE,
    "symbol": Kind.SYMBOL,
}


def tokens_of(source: bytes, start: int = 0) -> list[Token]:
    """Return the tokens of ``source`` from ``start``.

    A text with syntax errors has tokens too, though maybe not those its writer meant.
    """
    scan = _Scan(source, start)
    while scan.position < len(source):
        scan.step()
    return scan.tokens


def source_of(tokens: Iterable[Token]) -> bytes:
    """Return the text that the tokens are, with their spaces."""
    return b"".join(b" " * token.spaces + token.text for token in tokens)


@dataclass(slots=True)
class _Inside:
    """What the scan is in: code, or a string or heredoc that ends with ``end``."""

    end: bytes = b""
    depth: int = 0
    """How many braces are open in this stretch of code."""


class _Scan:
    def __init__(self, source: bytes, start: int) -> None:
        self._source = source
        self._stack = [_Inside()]
        self.position = start
        self.tokens: list[Token] = []

    def step(self) -> None:
        """Take the next token, or find that there is none."""
        end = self._stack[-1].end
        if not end:
            self._code()
        elif end == b'"':
            self._template(_QUOTED.match(self._source, self.position))
        elif not self._end_of_heredoc(end):
            self._template(_HEREDOC.match(self._source, self.position))

    def _take(self, kind: Kind, match: re.Match[bytes] | None) -> None:
        if match is None:  # white space up to the end, or a string that never ends
            self.position = len(self._source)
        else:
            self.tokens.append(Token(kind, match.group(), match.start()))
            self.position = match.end()

    def _code(self) -> None:
        match = _CODE.search(self._source, self.position)
        group = (match and match.lastgroup) or "symbol"
        kind = _CODE_KINDS[group]
        inside = self._stack[-1]
        if match is None:
            pass
        elif group == "quote":
            self._stack.append(_Inside(b'"'))
        elif group == "heredoc":
            self._stack.append(_Inside(match["marker"]))
        elif group == "open":
            inside.depth += match.group() == b"{"
        elif group == "brace":
            if len(self._stack) > 1 and (inside.depth == 0 or match.group() == b"~}"):
                kind = Kind.END_TEMPLATE
                self._stack.pop()
            inside.depth -= 1
        self._take(kind, match)

    def _template(self, match: re.Match[bytes] | None) -> None:
        kind = Kind.TEXT
        if match is not None and match.lastgroup == "template":
            kind = Kind.TEMPLATE
            self._stack.append(_Inside())
        elif match is not None and match.lastgroup == "quote":
            kind = Kind.END_QUOTE
            self._stack.pop()
        self._take(kind, match)

    def _end_of_heredoc(self, marker: bytes) -> bool:
        """Take the marker, if the line is nothing else."""
        if self._source[self.position - 1 : self.position] != b"\n":
            return False
        match = _LINE.match(self._source, self.position)
        if match is None or match.group().strip() != marker:
            return False
        self._take(Kind.END_HEREDOC, match)
        self._stack.pop()
        return True
