"""Plain words for the places where the parser gave up.

The grammar only says that something is an error. What the person meant is guessed
from the text at that place: the patterns are the mistakes that people make.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from declarative.errors import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from declarative.language.source import SourceText

_SHOWN: Final = 30
_ON_LINE: Final = (
    (
        re.compile(r'^\s*"[^"]*"\s*[=:]'),
        "Invalid attribute name",
        "The name of an attribute is not quoted.",
    ),
    (
        re.compile(r"^\s*[\w-]+(\s+(\"[^\"]*\"|[\w-]+))*\s*\{[^{}]*=[^{}]*,[^{}]*=[^{}]*\}"),
        "Too much on one line",
        "A block on one line holds a single attribute; use one line for each, without commas.",
    ),
    (
        re.compile(r"^\s*[\w-]+\s*:"),
        "Invalid attribute",
        'Write "=" between the name and the value.',
    ),
    (
        re.compile(r"^\s*[\w-]+\s*=\s*(#.*|//.*)?$"),
        "Missing value",
        "An expression is expected after the equals sign, on the same line.",
    ),
    (
        re.compile(r"^\s*[\w-]+\s*$"),
        "Attribute or block expected",
        'Write "name = value" for an attribute or "name {" for a block.',
    ),
)
_INSIDE: Final = (
    (
        re.compile(r"=\s*(?P<at>[$%]\{[^\n]*)"),
        "Invalid expression",
        "A reference alone is written without ${ }; inside of a quoted string with it.",
    ),
    (
        re.compile(r"=\s*(?P<at>'[^\n]*)"),
        "Invalid character",
        'Strings are in double quotes ("), not in single.',
    ),
    (
        re.compile(r"^\s*(?P<at>[\w-]+\s*:)\s*\S"),
        "Invalid attribute",
        'Write "=" between the name and the value.',
    ),
)
"""Mistakes after which the parser blames everything from the line before them on."""
_AT_FAULT: Final = (
    (re.compile(r"'"), "Invalid character", 'Strings are in double quotes ("), not in single.'),
    (re.compile(r";"), "Invalid character", "Attributes are separated by line breaks, not by ;."),
    (re.compile(r"`"), "Invalid character", "A text of several lines is a heredoc (<<EOT)."),
    (re.compile(r"&(?!&)|\|(?!\|)|\^|~"), "Invalid operator", "There are no operators on bits."),
    (re.compile(r"=="), "Invalid expression", "A comparison needs a value on either side."),
    (re.compile(r"=>"), "Invalid expression", '"key => value" belongs into { for … }.'),
    (re.compile(r"\$\{"), "Invalid expression", "Interpolation belongs into a quoted string."),
    (re.compile(r"<<"), "Invalid heredoc", "A heredoc is <<NAME, the text, and NAME on a line."),
)


def explain(node: Node, text: SourceText) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each outermost error in ``node``, at least one."""
    found = False
    for error in _errors(node):
        found = True
        yield _explained(error, text)
    if not found:
        yield _explained(node, text)


def _errors(node: Node) -> Iterator[Node]:
    if node.type == "ERROR" or node.is_missing:
        yield node
    elif node.has_error:
        for child in node.children:
            yield from _errors(child)


def _mistake_inside(node: Node, text: SourceText) -> Diagnostic | None:
    """Return the mistake on a later line of what the parser gave up on as a whole."""
    start = node.start_byte
    for line in text.text(start, node.end_byte).split("\n"):
        for pattern, summary, detail in _INSIDE:
            found = pattern.search(line)
            if found is not None and "\n" in text.text(node.start_byte, node.end_byte):
                at = start + len(line[: found.start("at")].encode())
                where = text.range(at, at + len(found["at"].rstrip().encode()))
                return Diagnostic(summary, detail, range=where)
        start += len(line.encode()) + 1
    return None


def _explained(node: Node, text: SourceText) -> Diagnostic:
    wrong = text.text(node.start_byte, node.end_byte)
    # What is missing is missed where the text before it ends, not on the next line.
    start = node.start_byte if wrong.strip() else text.end_before(node.start_byte)
    inside = _mistake_inside(node, text)
    if inside is not None:
        return inside
    line = text.lines[text.line_of(start) - 1]
    first = wrong.split("\n", 1)[0]
    where = text.range(start, start + len(first.encode()))
    first = first.strip()
    for pattern, summary, detail in _ON_LINE:
        if pattern.search(line):
            return Diagnostic(summary, detail, range=where)
    for pattern, summary, detail in _AT_FAULT:
        if pattern.search(first):
            return Diagnostic(summary, detail, range=where)
    if node.is_missing or not first:
        detail = "Something is missing here: the expression is not complete."
        return Diagnostic("Invalid expression", detail, range=where)
    shown = first if len(first) <= _SHOWN else first[:_SHOWN] + "…"
    return Diagnostic("Invalid syntax", f'"{shown}" is not expected here.', range=where)
