"""Errors and warnings: for people with the source line they point at, for programs as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from declarative.render.look import Look, Style, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import JsonValue

    from declarative.errors import Diagnostic, Position, Snippet

FORMAT_VERSION: Final = "1.0"


def diagnostics_text(diagnostics: Iterable[Diagnostic], look: Look) -> str:
    """Return all diagnostics one after another, an empty line between them."""
    return "\n".join("\n".join(_lines(one, look)) + "\n" for one in diagnostics)


def _lines(one: Diagnostic, look: Look) -> Iterator[str]:
    style = Style.ERROR if one.severity == "error" else Style.WARNING
    title = look.paint(f"{one.severity.title()}:", style)
    yield f"{title} {look.paint(printable(one.summary), Style.BOLD)}"
    where = _where(one)
    if where or one.snippet:
        yield ""
    if where:
        yield f"  {where}{':' if one.snippet else ''}"
    if one.snippet:
        yield from _source(one.snippet, look, style)
    if one.detail:
        yield ""
        yield from look.prose(one.detail).splitlines()


def _where(one: Diagnostic) -> str:
    places = []
    if one.range is not None and one.range.filename:
        start = one.range.start
        places.append(f"on {printable(one.range.filename)} line {start.line}")
    if one.address:
        places.append(f"in {printable(one.address)}")
    return ", ".join(places)


def _source(snippet: Snippet, look: Look, style: Style) -> Iterator[str]:
    """Yield the source lines with an underline where the range is on the first of them."""
    lines = snippet.code.split("\n")
    gutter = len(str(snippet.start_line + len(lines) - 1))
    for offset, line in enumerate(lines):
        # A tab would shift the underline away from what it marks.
        yield f"  {snippet.start_line + offset:>{gutter}}: {printable(line.replace(chr(9), ' '))}"
        if offset == 0:
            end = min(snippet.highlight_end, len(line))
            length = max(end - snippet.highlight_start, 1)
            indent = " " * (2 + gutter + 2 + snippet.highlight_start)
            yield indent + look.paint("^" * length, style)
    for reference, statement in snippet.values:
        yield look.clip(f"  {' ' * gutter}  {printable(reference)} {printable(statement)}")


def diagnostics_document(diagnostics: Iterable[Diagnostic]) -> dict[str, JsonValue]:
    """Return the document that ``--json`` prints when a command fails."""
    return {
        "format_version": FORMAT_VERSION,
        "diagnostics": [diagnostic_json(one) for one in diagnostics],
    }


def diagnostic_json(one: Diagnostic) -> dict[str, JsonValue]:
    """Return a diagnostic in Terraform's shape."""
    result: dict[str, JsonValue] = {
        "severity": one.severity,
        "summary": one.summary,
        "detail": one.detail,
    }
    if one.address:
        result["address"] = one.address
    if one.range is not None and one.range.filename:
        result["range"] = {
            "filename": one.range.filename,
            "start": _position(one.range.start),
            "end": _position(one.range.end),
        }
    if one.snippet is not None:
        result["snippet"] = {
            "context": None,
            "code": one.snippet.code,
            "start_line": one.snippet.start_line,
            "highlight_start_offset": one.snippet.highlight_start,
            "highlight_end_offset": one.snippet.highlight_end,
            "values": [
                {"traversal": reference, "statement": statement}
                for reference, statement in one.snippet.values
            ],
        }
    return result


def _position(position: Position) -> dict[str, JsonValue]:
    return {"line": position.line, "column": position.column, "byte": position.byte}
