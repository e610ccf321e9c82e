"""Where white space goes: indentation, spaces between tokens, and columns.

A line has up to three cells: what leads, the assignment from its ``=``, and the comment
at its end. Spaces are set inside the cells first; then the second and third cells of
neighbouring lines are brought to one column.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise, takewhile
from typing import TYPE_CHECKING, Final

from declarative.language.functions.graphemes import clusters
from declarative.language.tokens import Kind, Token

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_INDENT: Final = 2
_BEFORE_NEGATION: Final = frozenset(
    {b"=", b":", b",", b"?", b"+", b"-", b"*", b"/", b"%", b"!"}
    | {b"==", b"!=", b"<", b"<=", b">", b">=", b"&&", b"||"}
)
"""After these a minus begins an operand."""

_TEMPLATE_INSIDE: Final = frozenset({Kind.TEXT, Kind.QUOTE, Kind.HEREDOC})
_TEMPLATE_ENDS: Final = frozenset({Kind.TEXT, Kind.END_QUOTE, Kind.END_HEREDOC})
_NOTHING: Final = Token(Kind.NEWLINE, b"")


@dataclass(slots=True)
class _Line:
    lead: Sequence[Token]
    assign: Sequence[Token] = ()
    comment: Sequence[Token] = ()

    @property
    def net(self) -> int:
        """How many brackets the line opens, less those it closes."""
        # What opens in a heredoc is closed there, and never indents what is behind it.
        outside = takewhile(lambda token: token.kind is not Kind.HEREDOC, self.lead)
        return _net_brackets(outside) + _net_brackets(self.assign)


def lay_out(tokens: Sequence[Token]) -> None:
    """Set the spaces before every token."""
    lines = _lines(tokens)
    _indent(lines)
    for line in lines:
        _space(line.lead)
        _space(line.assign)
    for _, chain in groupby(lines, key=lambda line: bool(line.assign)):
        _align([(line.lead, line.assign) for line in chain if line.assign])
    for _, chain in groupby(lines, key=lambda line: bool(line.comment)):
        _align([([*line.lead, *line.assign], line.comment) for line in chain if line.comment])


def _lines(tokens: Sequence[Token]) -> list[_Line]:
    lines: list[_Line] = []
    start = 0
    for position, token in enumerate(tokens, 1):
        if token.ends_line or position == len(tokens):
            lines.append(_Line(tokens[start:position]))
            start = position
            _divide(lines[-1])
    return lines


def _divide(line: _Line) -> None:
    """Move the assignment and the comment of a line to cells of their own."""
    if len(line.lead) > 1 and line.lead[-1].kind is Kind.COMMENT:
        line.lead, line.comment = line.lead[:-1], line.lead[-1:]
    equals = next((i for i, token in enumerate(line.lead) if i and _is_equals(token)), None)
    # A value that goes on in the next lines has no column to share.
    if equals is not None and _net_brackets(line.lead[equals:]) == 0:
        line.lead, line.assign = line.lead[:equals], line.lead[equals:]


def _is_equals(token: Token) -> bool:
    return token.text == b"=" and token.kind is Kind.SYMBOL


def _net_brackets(tokens: Iterable[Token]) -> int:
    return sum(token.depth for token in tokens)


def _indent(lines: Iterable[_Line]) -> None:
    """Indent by open brackets: however many a line opens, it is one step."""
    steps: list[int] = []
    for line in lines:
        first = line.lead[0]
        if first.kind is Kind.NEWLINE:
            first.spaces = 0
            continue
        net = line.net
        closed = -net
        while closed > 0 and steps:
            if closed < steps[-1]:
                steps[-1] -= closed
                break
            closed -= steps.pop()
        first.spaces = _INDENT * len(steps)
        if net > 0:
            steps.append(net)


def _space(cell: Sequence[Token]) -> None:
    before = _NOTHING
    for token, after in pairwise(cell):
        after.spaces = int(_spaced(before, token, after))
        if token.text == b"." and before.kind is after.kind is Kind.NUMBER:
            token.spaces = 1  # without it both numbers and the period would be one number
        before = token


def _align(cells: Sequence[tuple[Sequence[Token], Sequence[Token]]]) -> None:
    """Begin all second cells in the column after the longest first cell."""
    widths = [sum(map(_columns, first)) for first, _ in cells]
    for width, (_, second) in zip(widths, cells, strict=True):
        second[0].spaces = max(widths) - width + 1


def _columns(token: Token) -> int:
    if token.text.isascii() and b"\r" not in token.text:
        return token.spaces + len(token.text)
    return token.spaces + len(clusters(token.text.decode("utf-8", "replace")))


def _spaced(before: Token, token: Token, after: Token) -> bool:  # noqa: C901, PLR0911
    """Whether a space stands between ``token`` and ``after``; the first rule that fits says."""
    kind, next_kind, text, next_text = token.kind, after.kind, token.text, after.text
    if next_kind is Kind.NEWLINE or kind in _TEMPLATE_INSIDE or next_kind in _TEMPLATE_ENDS:
        return False
    if kind is Kind.NAME and next_text in {b"(", b"::"}:
        return False
    if text in {b".", b"::"} or next_text in {b".", b",", b"..."}:
        return False
    if text == b",":
        return True
    if text == b"in" and before.kind is Kind.NAME:
        return True
    if next_text == b"[" and (kind in {Kind.NAME, Kind.NUMBER} or token.depth < 0):
        return False
    if text == b"!":
        return False
    if text == b"-":
        starts = before is _NOTHING or before.kind is Kind.OPEN or before.text in _BEFORE_NEGATION
        return not starts
    if text == b"{" or (next_text == b"}" and next_kind is Kind.CLOSE):
        return not (text == b"{" and next_text == b"}")
    if kind is Kind.TEMPLATE and next_text == b"{":
        return True
    if kind is Kind.CLOSE and text == b"}" and next_kind is Kind.END_TEMPLATE:
        return True
    if kind is Kind.END_TEMPLATE and next_kind is Kind.TEMPLATE:
        return False
    return token.depth <= 0 <= after.depth
