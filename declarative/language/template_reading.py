"""Reading a template from tree-sitter's tree into flat pieces.

Text is whatever stands between the marks in the source: the grammar's own text nodes
leave white space out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from typing import Literal as OneOf

from declarative.errors import Diagnostic
from declarative.language.faults import SyntaxFaultError
from declarative.language.nodes import Literal
from declarative.language.templates import (
    Mark,
    TextPiece,
    UnbalancedDirectiveError,
    apply_trims,
    assemble,
    lines_of,
    normalize,
    strip_indent,
    unescape,
    unescape_heredoc,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

    from declarative.language.nodes import Expression, Template
    from declarative.language.source import SourceText
    from declarative.language.templates import Piece

MarkKind = OneOf["interpolation", "if", "else", "endif", "for", "endfor"]
_MARKS: Final[dict[str, MarkKind]] = {
    "template_interpolation": "interpolation",
    "template_if_intro": "if",
    "template_else_intro": "else",
    "template_if_end": "endif",
    "template_for_start": "for",
    "template_for_end": "endfor",
}
_SPECIAL: Final = frozenset("\\$%\n")
"""Without any of these a quoted string stands for itself, as most do."""

_QUOTE: Final = re.compile(r'(?<!\\)(?:\\\\)*"')
_NESTS: Final = frozenset({"template_directive", "template_if", "template_for"})


class TemplateReader:
    """Reads quoted strings and heredocs of one source text."""

    def __init__(self, text: SourceText, lower: Callable[[Node], Expression]) -> None:
        """Use ``lower`` for the expressions inside."""
        self._text = text
        self._lower = lower

    def read(self, node: Node) -> Template | Literal:
        """Return the template or literal of a quoted string or heredoc node.

        Raises:
            SyntaxFaultError: an escape, a line break or a directive is wrong.
        """
        where = self._text.range(node.start_byte, node.end_byte)
        if node.type == "heredoc_template":
            pieces = self._heredoc(node)
        else:
            start, end = node.start_byte + 1, node.end_byte - 1
            raw = self._text.text(start, end)
            if _SPECIAL.isdisjoint(raw):
                return Literal(normalize(raw), where)
            pieces = self._pieces(node, start, end, self._quoted)
            apply_trims(pieces)
        try:
            return assemble(pieces, where)
        except UnbalancedDirectiveError as error:
            blamed = error.mark.range if error.mark else where
            detail = (
                "Directives come in pairs: %{ if … } and %{ endif }, %{ for … } and %{ endfor }."
            )
            raise SyntaxFaultError(
                Diagnostic("Unbalanced template directive", detail, range=blamed)
            ) from None

    def _heredoc(self, node: Node) -> list[Piece]:
        children = [child for child in node.children if child.type != "comment"]
        start, marker, closing = children[0], children[1], children[-1]
        content = self._text.text(marker.end_byte, closing.start_byte)
        rest, _, _ = content.partition("\n")
        self._check_heredoc(node, start, marker, rest)
        # In a file the marker needs its line break; an expression by itself may end with it.
        if closing.end_byte == len(self._text.source):
            where = self._text.range(closing.start_byte, closing.end_byte)
            detail = "The file ends with the heredoc. Put a line break behind its last marker."
            raise SyntaxFaultError(Diagnostic("Unclosed heredoc", detail, range=where))
        first = marker.end_byte + len(rest.encode()) + 1
        last = self._text.line_start(closing.start_byte)
        pieces = self._pieces(node, first, last, self._heredoc_text)
        apply_trims(pieces)
        if start.end_byte - start.start_byte == len("<<-"):
            strip_indent(pieces)
        return pieces

    def _check_heredoc(self, node: Node, start: Node, marker: Node, rest: str) -> None:
        name = self._text.text(marker.start_byte, marker.end_byte)
        if rest.strip():
            detail = "The text of a heredoc begins on the line after its marker."
        elif name[0].isdecimal():
            detail = "The marker of a heredoc is a name."
        elif rest.rstrip("\r") or start.end_byte != marker.start_byte:
            detail = "No spaces stand before or behind the marker that begins a heredoc."
        else:
            return
        where = self._text.range(node.start_byte, marker.end_byte + len(rest.encode()))
        raise SyntaxFaultError(Diagnostic("Invalid heredoc", detail, range=where))

    def _pieces(
        self, node: Node, start: int, end: int, text: Callable[[int, int], list[TextPiece]]
    ) -> list[Piece]:
        pieces: list[Piece] = []
        for mark_node in _marks(node):
            pieces.extend(text(start, mark_node.start_byte))
            pieces.append(self._mark(mark_node))
            start = mark_node.end_byte
        pieces.extend(text(start, end))
        return pieces

    def _mark(self, node: Node) -> Mark:
        expression: Expression | None = None
        names: list[str] = []
        mark = Mark(_MARKS[node.type], self._text.range(node.start_byte, node.end_byte))
        for child in node.children:
            if child.type == "expression":
                expression = self._lower(child)
            elif child.type == "identifier":
                names.append(self._text.text(child.start_byte, child.end_byte))
            elif child.type == "strip_marker":
                self._trim(mark, node, child)
        if mark.kind == "interpolation" and expression is None:
            detail = "An interpolation holds an expression; write $${ for the two characters."
            raise SyntaxFaultError(Diagnostic("Empty interpolation", detail, range=mark.range))
        mark.expression = expression
        mark.names = tuple(names)
        return mark

    def _trim(self, mark: Mark, node: Node, marker: Node) -> None:
        if marker.start_byte == node.start_byte + len("${"):
            mark.trims_before = True
        elif marker.end_byte == node.end_byte - len("}"):
            mark.trims_after = True
        else:
            detail = 'A "~" stands right behind the opening brace or right before the closing one.'
            where = self._text.range(marker.start_byte, marker.end_byte)
            raise SyntaxFaultError(Diagnostic("Invalid trim marker", detail, range=where))

    def _quoted(self, start: int, end: int) -> list[TextPiece]:
        if start >= end:
            return []
        raw = self._text.text(start, end)
        if "\n" in raw:
            detail = "A quoted string ends on its line. Write \\n, or use a heredoc (<<EOT)."
            where = self._text.range(start, end)
            fault = Diagnostic("Line break in a string", detail, range=where)
            raise SyntaxFaultError(fault, line_break_in_string=True)

        def refuse(summary: str, detail: str, first: int, last: int) -> None:
            begin = start + len(raw[:first].encode())
            where = self._text.range(begin, begin + len(raw[first:last].encode()))
            raise SyntaxFaultError(Diagnostic(summary, detail, range=where))

        quote = _QUOTE.search(raw)
        if quote:  # between directives the grammar overlooks that the string ends
            detail = 'The string would end here. Inside of a string a quote is written \\".'
            refuse("Quote inside a string", detail, quote.end() - 1, quote.end())
        return [TextPiece(unescape(raw, refuse), self._text.range(start, end))]

    def _heredoc_text(self, start: int, end: int) -> list[TextPiece]:
        pieces: list[TextPiece] = []
        for line in lines_of(self._text.text(start, end)):
            stop = start + len(line.encode())
            pieces.append(TextPiece(unescape_heredoc(line), self._text.range(start, stop)))
            start = stop
        return pieces


def _marks(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.type in _MARKS:
            yield child
        elif child.type in _NESTS:
            yield from _marks(child)
