"""Templates: from the pieces between two quotes or heredoc markers to their parts.

The pieces come flat and in order: text and marked places. On the flat list HCL's two
rules of white space are applied (``~`` trims the neighbouring text, ``<<-`` takes the
common indent off), and only then the directives are nested.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from typing import Literal as OneOf

from declarative.language.nodes import (
    ForDirective,
    IfDirective,
    Interpolation,
    Literal,
    Template,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from declarative.errors import SourceRange
    from declarative.language.nodes import Expression, TemplatePart

_ESCAPE: Final = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)|([$%])\2\{", re.DOTALL)
_PLAIN: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_LAST_CODE_POINT: Final = 0x10FFFF


@dataclass(slots=True)
class TextPiece:
    """Text, at most one line of it in a heredoc."""

    text: str
    range: SourceRange


@dataclass(slots=True)
class Mark:
    """``${…}`` or ``%{…}``.

    ``expression`` is the interpolated value, the condition of an ``if`` or the
    collection of a ``for``; ``names`` are the names that a ``for`` binds.
    """

    kind: OneOf["interpolation", "if", "else", "endif", "for", "endfor"]
    range: SourceRange
    expression: Expression | None = None
    names: tuple[str, ...] = ()
    trims_before: bool = False
    trims_after: bool = False


Piece = TextPiece | Mark


def unescape(text: str, report: Callable[[str, str, int, int], None]) -> str:
    r"""Return the text of a quoted string; bad escapes go to ``report`` with offsets in it."""
    if "\\" not in text and "{" not in text:
        return text

    def content(match: re.Match[str]) -> str:
        escape = match[1]
        if escape is None:
            return match[2] + "{"
        if escape in _PLAIN:
            return _PLAIN[escape]
        if len(escape) > 1:
            code = int(escape[1:], 16)
            if code <= _LAST_CODE_POINT and unicodedata.category(chr(code)) != "Cs":
                return chr(code)
            detail = f"There is no character U+{code:04X}."
        elif escape in "uU":
            digits = "four" if escape == "u" else "eight"
            detail = f"\\{escape} must be followed by {digits} hexadecimal digits."
        else:
            detail = f'"\\{escape}" is no escape sequence. Write "\\\\" for a backslash.'
        report("Invalid escape sequence", detail, *match.span())
        return ""

    return _ESCAPE.sub(content, text)


def unescape_heredoc(text: str) -> str:
    """Return the text of a heredoc, where only ``$${`` and ``%%{`` are escapes."""
    return text.replace("$${", "${").replace("%%{", "%{")


def normalize(text: str) -> str:
    """Return ``text`` in the form in which all strings of the language are kept (NFC)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def lines_of(text: str) -> list[str]:
    """Return the lines of ``text``, each with its line break."""
    return _LINE.findall(text)


def apply_trims(pieces: list[Piece]) -> None:
    """Trim the text beside every ``~``, in place."""
    for before, after in pairwise(pieces):
        if isinstance(before, Mark) and before.trims_after and isinstance(after, TextPiece):
            after.text = after.text.lstrip()
        elif isinstance(after, Mark) and after.trims_before and isinstance(before, TextPiece):
            before.text = before.text.rstrip()


def strip_indent(pieces: list[Piece]) -> None:
    """Take the indent common to all lines off a ``<<-`` heredoc, in place.

    Blank lines do not count; a line that begins with an interpolation has no indent.
    """
    starts: list[TextPiece] = []
    common: int | None = None
    at_start = True
    for piece in pieces:
        text = piece.text if isinstance(piece, TextPiece) else None
        if at_start:
            indent = _indent(text)
            if indent is not None:
                common = indent if common is None else min(common, indent)
                if isinstance(piece, TextPiece):
                    starts.append(piece)
        at_start = text is not None and text.endswith("\n")
    for piece in starts:
        piece.text = piece.text[common or 0 :]


def _indent(text: str | None) -> int | None:
    if text is None:
        return 0
    rest = text.lstrip()
    return None if not rest and text.endswith("\n") else len(text) - len(rest)


class UnbalancedDirectiveError(Exception):
    """A directive without its beginning or end, at ``mark``."""

    def __init__(self, mark: Mark | None) -> None:
        """Blame ``mark``; None is the end of the template."""
        super().__init__(mark)
        self.mark = mark


def assemble(pieces: list[Piece], whole: SourceRange) -> Template | Literal:
    """Return the template of the pieces, or a literal when nothing is interpolated.

    Raises:
        UnbalancedDirectiveError: ``if``, ``else``, ``for`` and their ends do not match.
    """
    stream = iter(pieces)
    parts, end = _parts(stream)
    if end is not None:
        raise UnbalancedDirectiveError(end)
    texts = [part.text for part in parts if isinstance(part, Text)]
    if len(texts) == len(parts):
        return Literal(normalize("".join(texts)), whole)
    return Template(parts, whole)


def _parts(stream: Iterator[Piece]) -> tuple[tuple[TemplatePart, ...], Mark | None]:
    """Return parts up to the next mark that begins none, and that mark."""
    parts: list[TemplatePart] = []
    for piece in stream:
        if isinstance(piece, TextPiece):
            _append_text(parts, piece)
        elif piece.kind == "interpolation" and piece.expression is not None:
            parts.append(Interpolation(piece.expression, piece.range))
        elif piece.kind == "if" and piece.expression is not None:
            parts.append(_if(piece, piece.expression, stream))
        elif piece.kind == "for" and piece.expression is not None:
            body, end = _parts(stream)
            _expect(end, "endfor")
            *key, value = piece.names
            name = key[0] if key else None
            parts.append(ForDirective(name, value, piece.expression, body, piece.range))
        else:
            return tuple(parts), piece
    return tuple(parts), None


def _if(mark: Mark, condition: Expression, stream: Iterator[Piece]) -> IfDirective:
    then, end = _parts(stream)
    otherwise: tuple[TemplatePart, ...] = ()
    if end is not None and end.kind == "else":
        otherwise, end = _parts(stream)
    _expect(end, "endif")
    return IfDirective(condition, then, otherwise, mark.range)


def _expect(mark: Mark | None, kind: str) -> None:
    if mark is None or mark.kind != kind:
        raise UnbalancedDirectiveError(mark)


def _append_text(parts: list[TemplatePart], piece: TextPiece) -> None:
    if not piece.text:
        return
    last = parts[-1] if parts else None
    if isinstance(last, Text):
        parts[-1] = Text(last.text + piece.text, last.range)
    else:
        parts.append(Text(piece.text, piece.range))
