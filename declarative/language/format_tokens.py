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

from declarative.language.functions.graphemes import clusters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
_LINE: Final = re.compile(rb"[^\n]*")


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
    def columns(self) -> int:
        """How many columns the token and the spaces before it take."""
        if self.text.isascii():
            return self.spaces + len(self.text)
        return self.spaces + len(clusters(self.text.decode("utf-8", "replace")))

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
    "open": Kind.OPEN,
    "close": Kind.CLOSE,
    "symbol": Kind.SYMBOL,
}


def tokens_of(source: bytes, start: int = 0) -> list[Token]:
    """Return the tokens of ``source`` from ``start``; the text must be free of syntax errors."""
    return list(_Scan(source).code(start, inside=False))


def source_of(tokens: Iterable[Token]) -> bytes:
    """Return the text that the tokens are, with their spaces."""
    return b"".join(b" " * token.spaces + token.text for token in tokens)


class _Scan:
    def __init__(self, source: bytes) -> None:
        self._source = source
        self._end = 0
        """Where the part that was scanned last ended."""

    def code(self, start: int, *, inside: bool) -> Iterator[Token]:
        """Yield tokens up to the end, or (``inside``) to the end of the template part."""
        depth = 0
        while match := _CODE.search(self._source, start):
            group, text, start = match.lastgroup or "", match.group(), match.end()
            if group == "brace":
                ends = inside and (depth == 0 or len(text) > 1)
                yield Token(Kind.END_TEMPLATE if ends else Kind.CLOSE, text, match.start())
                if ends:
                    self._end = start
                    return
                depth -= 1
            elif group == "quote":
                yield Token(Kind.QUOTE, text, match.start())
                yield from self._quoted(start)
                start = self._end
            elif group == "heredoc":
                yield Token(Kind.HEREDOC, text, match.start())
                yield from self._heredoc(start, match["marker"])
                start = self._end
            else:
                depth += text == b"{"
                yield Token(_CODE_KINDS[group], text, match.start())
        self._end = len(self._source)

    def _quoted(self, start: int) -> Iterator[Token]:
        while match := _QUOTED.match(self._source, start):
            start = match.end()
            if match["quote"]:
                yield Token(Kind.END_QUOTE, match.group(), match.start())
                break
            yield from self._part(match)
            start = self._end
        self._end = start

    def _heredoc(self, start: int, marker: bytes) -> Iterator[Token]:
        while True:
            if self._source[start - 1 : start] == b"\n":
                line = _LINE.match(self._source, start)
                text = line.group().rstrip(b"\r") if line else b""
                if text.strip() == marker:
                    yield Token(Kind.END_HEREDOC, text, start)
                    self._end = start + len(text)
                    return
            match = _HEREDOC.match(self._source, start)
            if match is None:
                self._end = len(self._source)
                return
            yield from self._part(match)
            start = self._end

    def _part(self, match: re.Match[bytes]) -> Iterator[Token]:
        """Yield one literal part of a template, or one ``${…}`` with all that is in it."""
        self._end = match.end()
        if match["text"]:
            yield Token(Kind.TEXT, match.group(), match.start())
        else:
            yield Token(Kind.TEMPLATE, match.group(), match.start())
            yield from self.code(match.end(), inside=True)
