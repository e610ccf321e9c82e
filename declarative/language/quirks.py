"""Spellings that HCL allows and the grammar does not know, respelled for it.

Whatever is respelled keeps its bytes' number, so that ranges stay true; text is always
taken from the original. The spellings are rare: only a file in which the grammar found
something wrong is looked through for them.
"""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, Final

from declarative.language.tokens import Kind, Token, tokens_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOT_ASCII: Final = re.compile(rb"[\x80-\xff]")
_VALUE_ENDS: Final = frozenset({Kind.NAME, Kind.NUMBER, Kind.END_QUOTE, Kind.CLOSE})
_TAKEN_FOR_MORE: Final = frozenset({b"(", b"[", b"-"})
"""What begins a key of an object, and would go on with a value in the line before."""


def respelled(source: bytes, masked: bytes) -> bytes:
    """Return ``masked``, which is ``source`` as the grammar shall see it, without quirks."""
    result = bytearray(masked)
    everything = tokens_of(source)
    code = [token for token in everything if token.kind is not Kind.COMMENT]
    _close_gaps(code, result)
    _ascii_markers(source, code, result)
    _separate_elements(everything, result)
    return bytes(result)


def _close_gaps(tokens: Sequence[Token], result: bytearray) -> None:
    """Respell ``a :: b``, ``[ * ]`` and ``. *``, which the grammar wants in one piece."""
    for at in range(len(tokens)):
        texts = [other.text for other in tokens[at : at + 3]]
        if texts[:3] == [b"[", b"*", b"]"]:
            _move(result, tokens[at : at + 3])
        elif texts[:2] == [b".", b"*"]:
            _move(result, tokens[at : at + 2])
        elif b"::" in texts[:2] and Kind.NAME in {other.kind for other in tokens[at : at + 2]}:
            _fill(result, *tokens[at : at + 2])


def _fill(result: bytearray, before: Token, after: Token) -> None:
    start, end = before.start + len(before.text), after.start
    if not result[start:end].strip(b" \t"):
        result[start:end] = b"_" * (end - start)


def _move(result: bytearray, tokens: Sequence[Token]) -> None:
    """Bring the tokens together, with the spaces that were between them behind them."""
    start, end = tokens[0].start, tokens[-1].start + 1
    text = b"".join(token.text for token in tokens)
    if bytes(result[start:end]).translate(None, b" \t") == text:
        result[start:end] = text.ljust(end - start)


def _ascii_markers(source: bytes, tokens: Sequence[Token], result: bytearray) -> None:
    """Give heredocs whose marker is in another alphabet one that the grammar can read."""
    opened: list[bytes] = []
    for token in tokens:
        if token.kind is Kind.HEREDOC:
            opened.append(_ascii_marker(source, token.text))
            result[token.start : token.start + len(token.text)] = opened[-1]
        elif token.kind is Kind.END_HEREDOC:
            marker = opened.pop().strip(b"<-\r\n")
            end = token.start + len(token.text.rstrip())
            result[end - len(marker) : end] = marker


def _ascii_marker(source: bytes, introducer: bytes) -> bytes:
    if introducer.isascii():
        return introducer
    names = [_NOT_ASCII.sub(letter.encode(), introducer) for letter in string.ascii_letters]
    return next((name for name in names if name.strip(b"<-\r\n") not in source), introducer)


def _separate_elements(tokens: Sequence[Token], result: bytearray) -> None:
    """Write the comma between elements of an object where the line break could be missed."""
    brackets: list[bool] = []
    ended: Token | None = None
    """The line break, or comment with one, that ended an element."""
    last: Token | None = None
    for at, token in enumerate(tokens):
        if token.ends_line:
            in_object = bool(brackets) and brackets[-1]
            if in_object and ended is None and last is not None and last.kind in _VALUE_ENDS:
                ended = token
            continue
        if token.kind is Kind.COMMENT:
            continue
        if ended is not None and token.text in _TAKEN_FOR_MORE:
            _write_comma(ended, result)
        ended, last = None, token
        if token.depth > 0:
            brackets.append(token.text == b"{" and not _is_for(tokens, at + 1))
        elif token.depth < 0 and brackets:
            brackets.pop()


def _is_for(tokens: Sequence[Token], at: int) -> bool:
    named = [token for token in tokens[at : at + 8] if token.kind is not Kind.COMMENT]
    named = [token for token in named if token.kind is not Kind.NEWLINE]
    return [token.kind for token in named[:2]] == [Kind.NAME] * 2 and named[0].text == b"for"


def _write_comma(line_end: Token, result: bytearray) -> None:
    start, end = line_end.start, line_end.start + len(line_end.text)
    ending = b"\n" if len(line_end.text) > 1 else b""
    result[start:end] = b",".ljust(end - start - len(ending)) + ending
