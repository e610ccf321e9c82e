"""Reading HCL: source bytes to a body, and every syntax error of the file at once.

tree-sitter reads the file in one go. Only if that fails is the file cut into its
top-level statements, so that a mistake in one block does not hide the others.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import tree_sitter_hcl
from tree_sitter import Language, Parser, Range

from declarative.errors import Diagnostic, EvaluationError
from declarative.language.bodies import BodyLowering
from declarative.language.faults import SyntaxFaultError
from declarative.language.lower import ExpressionLowering, significant
from declarative.language.mistakes import INCOMPLETE, UNEXPECTED, explain
from declarative.language.nodes import Block, Body
from declarative.language.quirks import respelled
from declarative.language.source import SourceText, snippet_for
from declarative.language.structure import Segment, segments
from declarative.language.tokens import Kind, tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tree_sitter import Node

    from declarative.language.nodes import Attribute, Expression

_LANGUAGE: Final = Language(tree_sitter_hcl.language())
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_QUIRKS: Final = re.compile(
    rb"[A-Za-z_\x80-\xff][\w\x80-\xff-]*"
    rb"|(?P<number>\d+(?:\.\d+)?[eE][+-]?\d+)"
    rb'|\\(?:["nrt\\]|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})'
    rb"|(?P<escape>\\)"
    rb"|(?P<literal>[$]{2,}\{|%{2,}\{)"
)
_NEEDS_MASK: Final = re.compile(rb"\d[eE]|\\|\$\$\{|%%\{|\x00")
_STUMBLES: Final = frozenset({INCOMPLETE, UNEXPECTED})
_WHITE_SPACE: Final = re.compile(rb"\r(?!\n)|[\x0b\x0c]")
_TOO_DEEP: Final = "Split it up with locals: expressions can be nested about a hundred deep."
_DEEPEST_TEMPLATE: Final = 50
"""The grammar loses its way in interpolations not much deeper inside each other."""
_SPLIT: Final = f"Split it up with locals: they can be nested {_DEEPEST_TEMPLATE} deep."


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """What a file says, as far as it could be read, and what is wrong with it."""

    body: Body
    diagnostics: tuple[Diagnostic, ...]
    lines: tuple[str, ...]


def parse(source: bytes, filename: str) -> ParsedFile:
    """Read a file; errors are diagnostics with ranges and snippets, never raised."""
    text = SourceText(source, filename)
    padded = _masked(source) + b"\n"
    root = Parser(_LANGUAGE).parse(padded).root_node
    if root.has_error:
        padded = respelled(source, padded)
        root = Parser(_LANGUAGE).parse(padded).root_node
    lowering = BodyLowering(text)
    body = lowering.body(root) if not root.has_error else None
    too_deep = _nesting_error(text) if body is None else None
    if too_deep is not None:
        body = Body((), ())
        lowering.diagnostics.append(too_deep)
    elif body is None or lowering.line_breaks_in_strings:
        lowering = BodyLowering(text)
        body = _by_segments(padded, text, lowering)
    diagnostics = [*_encoding_errors(text), *_white_space_errors(text), *lowering.diagnostics]
    diagnostics.sort(key=lambda item: item.range.start.byte if item.range else 0)
    diagnostics = list(_causes(diagnostics, source))
    return ParsedFile(
        replace(body, range=text.range(0, len(source))),
        tuple(_with_snippet(item, text) for item in diagnostics),
        text.lines,
    )


def _causes(diagnostics: Sequence[Diagnostic], source: bytes) -> Iterator[Diagnostic]:
    """Yield what is wrong, without what the parser only stumbled over afterwards.

    Behind a mistake it does not know where it is; at the next block of the file it does.
    """
    ends = [segment.end for segment in segments(source + b"\n")] if len(diagnostics) > 1 else []
    seen: set[int] = set()
    for item in diagnostics:
        start, end = (item.range.start.byte, item.range.end.byte) if item.range else (0, 0)
        empty = start == end  # something is missing at the end of what stands before
        block = bisect_right(ends, min(start, len(source) - 1) - empty)
        if block not in seen or not (empty or item.summary in _STUMBLES):
            yield item
        seen.add(block)


def parse_expression(text: str, filename: str = "<expression>") -> Expression:
    """Read a single expression; it may span lines.

    Raises:
        EvaluationError: it is not exactly one expression.
    """
    opening = b"_=("
    source = SourceText(text.encode("utf-8", "replace"), filename, offset=len(opening))
    masked = _masked(source.source)
    padded = opening + masked + b"\n)\n"
    root = Parser(_LANGUAGE).parse(padded).root_node
    if root.has_error:
        padded = opening + respelled(source.source, masked) + b"\n)\n"
        root = Parser(_LANGUAGE).parse(padded).root_node
    node = _sole_expression(root, len(padded))
    if node is None:
        fault = _expression_fault(root, source, len(opening))
        raise EvaluationError((_with_snippet(fault, source),))
    try:
        return ExpressionLowering(source).expression(node, loose=True)
    except SyntaxFaultError as error:
        raise EvaluationError((_with_snippet(error.diagnostic, source),)) from None
    except RecursionError:
        raise EvaluationError.of("Expression nested too deeply", _TOO_DEEP) from None


def _masked(source: bytes) -> bytes:
    """Return ``source`` with what the grammar reads differently than HCL made harmless.

    The result has the same length, and text is always taken from the original: numbers
    such as ``1e5``, unknown escapes, and ``$${`` after further ``$`` signs.
    """
    if source.startswith(_BYTE_ORDER_MARK):
        source = b"   " + source[3:]
    if not _NEEDS_MASK.search(source):
        return source

    def harmless(match: re.Match[bytes]) -> bytes:
        token = match.group()
        if match["number"]:
            return b"1" * len(token)
        if match["escape"]:
            return b"'"
        return b"'" * len(token) if match["literal"] else token

    return _QUIRKS.sub(harmless, source).replace(b"\x00", b"\x01")


def _by_segments(padded: bytes, text: SourceText, lowering: BodyLowering) -> Body:
    attributes: list[Attribute] = []
    blocks: list[Block] = []
    for segment in segments(text.source + b"\n"):
        if segment.fault is not None:
            fault = segment.fault
            where = text.range(fault.start, fault.end)
            lowering.diagnostics.append(Diagnostic(fault.summary, fault.detail, range=where))
        elif text.source[segment.start : segment.end].strip():
            body = lowering.body(_segment_tree(padded, segment, text))
            attributes.extend(body.attributes)
            blocks.extend(body.blocks)
    return Body(lowering.distinct(attributes), tuple(blocks))


def _segment_tree(padded: bytes, segment: Segment, text: SourceText) -> Node:
    first, last = text.line_of(segment.start) - 1, text.line_of(segment.end) - 1
    start = (first, segment.start - text.line_start(segment.start))
    end = (last, segment.end - text.line_start(segment.end))
    ranges = [Range(start, end, segment.start, segment.end)]
    return Parser(_LANGUAGE, included_ranges=ranges).parse(padded).root_node


def _sole_expression(root: Node, length: int) -> Node | None:
    """Return the expression inside the added parentheses, if they are a pair."""
    if root.has_error or root.child_count != 1 or root.children[0].child_count != 1:
        return None
    children = significant(root.children[0].children[0])
    parts = significant(children[-1])
    if parts[0].type != "(" or len(parts) != len("(x)") or parts[-1].end_byte != length - 1:
        return None
    return parts[1]


def _expression_fault(root: Node, source: SourceText, shift: int) -> Diagnostic:
    if not source.source.strip():
        return Diagnostic("Missing expression", "There is nothing to evaluate.")
    too_deep = _nesting_error(source, shift)
    if too_deep is not None:
        return too_deep
    for segment in segments(source.source + b"\n"):
        if segment.fault is not None:
            fault = segment.fault
            where = source.range(fault.start + shift, fault.end + shift)
            return Diagnostic(fault.summary, fault.detail, range=where)
    return next(iter(explain(root, source)))


def _nesting_error(text: SourceText, shift: int = 0) -> Diagnostic | None:
    """Return an error for the first interpolation that is too deep in others."""
    depth = 0
    for token in tokens_of(text.source):
        depth += (token.kind is Kind.TEMPLATE) - (token.kind is Kind.END_TEMPLATE)
        if depth > _DEEPEST_TEMPLATE:
            start = token.start + shift
            where = text.range(start, start + len(token.text))
            return Diagnostic("Interpolations nested too deeply", _SPLIT, range=where)
    return None


def _encoding_errors(text: SourceText) -> list[Diagnostic]:
    try:
        text.source.decode("utf-8")
    except UnicodeDecodeError as error:
        where = text.range(error.start, error.end)
        detail = "The file must be UTF-8; save it again in that encoding."
        return [Diagnostic("Invalid character encoding", detail, range=where)]
    return []


def _white_space_errors(text: SourceText) -> list[Diagnostic]:
    """Return an error for each character that is white space to the grammar only."""
    if not _WHITE_SPACE.search(text.source):
        return []
    detail = "Only spaces, tabs and line breaks stand between words; remove this character."
    return [
        Diagnostic("Invalid character", detail, range=text.range(token.start, token.start + 1))
        for token in tokens_of(text.source)
        if _WHITE_SPACE.fullmatch(token.text)
    ]


def _with_snippet(diagnostic: Diagnostic, text: SourceText) -> Diagnostic:
    if diagnostic.range is None:
        return diagnostic
    return replace(diagnostic, snippet=snippet_for(text.lines, diagnostic.range))
