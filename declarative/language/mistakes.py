"""Plain words for the places where the parser gave up.

The grammar only says that something is an error. What the person meant is guessed
from the text at that place: the patterns are the mistakes that people make.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

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


class _Spotted(NamedTuple):
    """A mistake that a line shows by itself; the group ``at`` is to blame."""

    pattern: re.Pattern[str]
    summary: str
    detail: str
    statement: bool = True
    """Whether it is one only outside of brackets that belong to a value."""


_VALUE: Final = r"^\s*[\w-]+\s*=(?!=)\s*"
_SPOTTED: Final = (
    _Spotted(
        re.compile(rf"{_VALUE}(?P<at>[$%]\{{.*?)\s*$"),
        "Invalid expression",
        "A reference alone is written without ${ }; inside of a quoted string with it.",
    ),
    _Spotted(
        re.compile(r"(?P<at>'[^']*'?)"),
        "Invalid character",
        'Strings are in double quotes ("), not in single.',
        statement=False,
    ),
    _Spotted(
        re.compile(r"(?P<at>;)"),
        "Invalid character",
        "Attributes are separated by line breaks, not by ;.",
        statement=False,
    ),
    _Spotted(
        re.compile(r"^\s*[\w-]+\s*(?P<at>:=|\+=|-=|=>)"),
        "Invalid attribute",
        'Write "=" between the name and the value.',
    ),
    _Spotted(
        re.compile(r"^\s*(?P<at>[\w-]+\s*:)\s*\S"),
        "Invalid attribute",
        'Write "=" between the name and the value.',
    ),
    _Spotted(
        re.compile(r"^\s*(?P<at>\d[\w-]*)\s*[={]"),
        "Invalid name",
        "A name begins with a letter or an underscore.",
    ),
    _Spotted(
        re.compile(r"[^\s,{\[(](?P<at>,)\s*$"),
        "Invalid character",
        "Attributes are separated by line breaks, not by commas.",
    ),
    _Spotted(
        re.compile(r'^\s*[\w-]+(\s+"[^"]*")+\s*(?P<at>=)\s*\{'),
        "Invalid block",
        "A block has no equals sign between its labels and its brace.",
    ),
    _Spotted(
        re.compile(r"=.*[\w)\]\"]\s+(?P<at>and|or)\s+[\w(!\"]"),
        "Invalid operator",
        "The logical operators are && and ||.",
        statement=False,
    ),
    _Spotted(
        re.compile(r"=\s*(?P<at>not)\s+[\w(]"),
        "Invalid operator",
        'The operator for "not" is !.',
        statement=False,
    ),
    _Spotted(
        re.compile(r"\[\s*(?P<at>[^\[\]:]*?\S\s+for\s+\w+\s+in\b[^\]]*)"),
        "Invalid for expression",
        "A for expression begins with for: [for item in list : item].",
        statement=False,
    ),
    _Spotted(
        re.compile(rf'{_VALUE}"[^"]*"\s+(?P<at>"[^"]*")'),
        "Invalid expression",
        'Two strings become one inside of a third: "${one}${two}".',
    ),
    _Spotted(
        re.compile(rf"{_VALUE}[^?{{}}]*(?P<at>\?[^:{{}}]*?)\s*$"),
        "Incomplete conditional",
        "A conditional is written CONDITION ? VALUE : VALUE, on one line or in parentheses.",
    ),
    _Spotted(
        re.compile(rf"{_VALUE}.*\S\s*(?P<at>[-+*/%<>&|]|[=!<>]=|&&|\|\|)\s*$"),
        "Incomplete expression",
        "A value is expected after the operator, on the same line or all in parentheses.",
    ),
    _Spotted(
        re.compile(r"\w(?P<at>\.)\s*$"),
        "Incomplete reference",
        "A name is expected after the period.",
        statement=False,
    ),
    _Spotted(
        re.compile(rf"{_VALUE}(?P<at>[A-Za-z]\w*(\s+[A-Za-z][\w-]*)+)\s*$"),
        "Invalid expression",
        "A text stands in double quotes.",
    ),
    _Spotted(
        re.compile(r'^\s*(?P<at>[\w-]+(\s+"[^"]*")+)\s*$'),
        "Missing opening brace",
        "A block begins with { on the line of its type and labels.",
    ),
)
_HIDDEN: Final = re.compile(r'(?P<quote>")(?P<inside>(?:\\.|[^"\\])*)"|(?:#|//).*')
_OPENS: Final = re.compile(r'^\s*[\w-]+(\s+("[^"]*"|[\w-]+))*\s*\{')
_HEREDOC: Final = re.compile(r"<<-?(?P<marker>[A-Za-z_][\w-]*)\s*$")
INCOMPLETE: Final = "Incomplete expression"
UNEXPECTED: Final = "Invalid syntax"
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


def spotted(text: SourceText, first: int, last: int) -> Diagnostic | None:
    """Return the first mistake that one of the lines shows by itself."""
    brackets: list[bool] = []
    heredoc = ""
    for number in range(first, min(last, len(text.lines)) + 1):
        line = text.lines[number - 1]
        if heredoc:
            heredoc = "" if line.strip() == heredoc else heredoc
            continue
        code = _HIDDEN.sub(_hidden, line)
        in_value = bool(brackets) and brackets[-1]
        for pattern, summary, detail, statement in _SPOTTED:
            found = None if statement and in_value else pattern.search(code)
            if found is not None:
                start = text.start_of(number) + len(line[: found.start("at")].encode())
                end = start + len(line[found.start("at") : found.end("at")].encode())
                return Diagnostic(summary, detail, range=text.range(start, end))
        _track(code, brackets)
        begun = _HEREDOC.search(code)
        heredoc = begun["marker"] if begun else ""
    return None


def _hidden(match: re.Match[str]) -> str:
    """Return what stands for a string or a comment: nothing of it is code."""
    return f'"{"x" * len(match["inside"])}"' if match["quote"] else ""


def _track(code: str, brackets: list[bool]) -> None:
    """Note which brackets stay open behind a line; True for those that belong to a value."""
    block = _OPENS.match(code)
    for position, character in enumerate(code):
        if character in "([{":
            brackets.append(block is None or position != block.end() - 1)
        elif character in ")]}" and brackets:
            brackets.pop()


def _explained(node: Node, text: SourceText) -> Diagnostic:
    wrong = text.text(node.start_byte, node.end_byte)
    # What is missing is missed where the text before it ends, not on the next line.
    start = node.start_byte if wrong.strip() else text.end_before(node.start_byte)
    found = spotted(
        text, text.line_of(node.start_byte), text.line_of(max(node.end_byte - 1, start))
    )
    if found is not None:
        return found
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
        return Diagnostic(INCOMPLETE, detail, range=where)
    shown = first if len(first) <= _SHOWN else first[:_SHOWN] + "…"
    return Diagnostic(UNEXPECTED, f'"{shown}" is not expected here.', range=where)
