"""Old spellings that `lamform fmt` brings up to date, as Terraform's does."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from declarative.language.tokens import Kind, Token, tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from declarative.language.nodes import Attribute, Block, Body, Label

_TYPES: Final = {
    b"list": b"list(any)",
    b"map": b"map(any)",
    b"set": b"set(any)",
    b'"string"': b"string",
    b'"list"': b"list(string)",
    b'"map"': b"map(string)",
}
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LAST_BMP: Final = 0xFFFF
_Edit = tuple[int, int, "Sequence[Token]"]
"""The tokens from the first index up to the second become others."""


def modernise(tokens: list[Token], body: Body) -> list[Token]:
    """Return ``tokens``, which spell ``body``, with old spellings replaced."""
    starts = [token.start for token in tokens]
    spelling = _Spelling(tokens, starts)
    edits = sorted(spelling.edits(body, None), key=lambda edit: edit[0])
    result: list[Token] = []
    done = 0
    for first, last, replacement in edits:
        result += tokens[done:first]
        result += replacement
        done = last
    return result + tokens[done:]


class _Spelling:
    def __init__(self, tokens: Sequence[Token], starts: Sequence[int]) -> None:
        self._tokens = tokens
        self._starts = starts

    def edits(self, body: Body, inside: Block | None, depth: int = 0) -> Iterator[_Edit]:
        for attribute in body.attributes:
            yield from self._value(attribute, inside if depth == 1 else None)
        for block in body.blocks:
            for label in block.labels:
                yield from self._label(label)
            yield from self.edits(block.body, block, depth + 1)

    def _value(self, attribute: Attribute, top: Block | None) -> Iterator[_Edit]:
        where = attribute.expression.range
        first = bisect_left(self._starts, where.start.byte)
        if top is not None and top.type == "variable" and attribute.name == "type":
            last = bisect_left(self._starts, where.end.byte)
            spelled = b"".join(token.text for token in self._tokens[first:last])
            if spelled in _TYPES:
                yield first, last, tokens_of(_TYPES[spelled])
        elif self._tokens[first].kind is Kind.QUOTE:
            last = bisect_left(self._starts, where.end.byte)
            inner = _unwrapped(self._tokens[first:last])
            if inner is not None:
                yield first, last, inner

    def _label(self, label: Label) -> Iterator[_Edit]:
        first = bisect_left(self._starts, label.range.start.byte)
        last = bisect_left(self._starts, label.range.end.byte)
        spelled = b"".join(token.text for token in self._tokens[first:last])
        quoted = _quoted(label.text)
        if spelled != quoted and b"$" not in spelled and b"%" not in spelled:
            yield first, last, tokens_of(quoted)


def _unwrapped(tokens: Sequence[Token]) -> Sequence[Token] | None:
    """Return what stands inside ``"${…}"``, if the tokens are that and nothing more."""
    opening = [token.kind for token in tokens[:2]]
    ending = [token.kind for token in tokens[-2:]]
    if (
        opening != [Kind.QUOTE, Kind.TEMPLATE]
        or tokens[1].text.startswith(b"%")
        or ending != [Kind.END_TEMPLATE, Kind.END_QUOTE]
    ):
        return None
    inside = tokens[2:-2]
    quotes = 0
    for token in inside:
        quotes += (token.kind is Kind.QUOTE) - (token.kind is Kind.END_QUOTE)
        if quotes == 0 and token.kind in {Kind.TEMPLATE, Kind.END_TEMPLATE}:
            return None
    written = [i for i, token in enumerate(inside) if token.kind is not Kind.NEWLINE]
    inside = inside[written[0] : written[-1] + 1]
    # Terraform takes one layer off in each run; the second run of ours shall change nothing.
    deeper = _unwrapped(inside)
    if deeper is not None:
        return deeper
    if _needs_brackets(inside):
        return [Token(Kind.OPEN, b"("), *inside, Token(Kind.CLOSE, b")")]
    return inside


def _needs_brackets(tokens: Sequence[Token]) -> bool:
    """Whether a line break in ``tokens`` would end the value, or might look as if it did."""
    depths = accumulate(token.depth for token in tokens)
    if any(depth == 0 and token.ends_line for token, depth in zip(tokens, depths, strict=True)):
        return True
    several_lines = any(token.kind is Kind.NEWLINE for token in tokens)
    return several_lines and (tokens[0].text != b"(" or tokens[-1].text != b")")


def _quoted(text: str) -> bytes:
    return f'"{"".join(map(_escaped, text))}"'.encode()


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= _LAST_BMP else f"\\U{code:08x}"
