"""Errors and warnings: for people with the source line they point at, for programs as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from declarative.render.look import Look, Style, printable
from declarative.render.source import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import JsonValue

    from declarative.errors import Diagnostic, FunctionCall, Position, Snippet

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
        yield look.prose(f"{where}{':' if one.snippet else ''}", "  ")
    if one.snippet:
        yield from quoted(one.snippet, look, style)
    if one.detail:
        yield ""
        yield from look.prose(one.detail).splitlines()


def _where(one: Diagnostic) -> str:
    context = one.snippet.context if one.snippet else None
    rest = f" and {len(one.also)} more" if one.also else ""
    address = f"{one.address}{rest}" if one.address else ""
    if context and one.address and not _is_of(one.address, context):
        inside = f"in {context} ({address})"
    else:
        inside = f"in {address or context}" if address or context else ""
    line = ""
    if one.range is not None and one.range.filename:
        line = f"on {one.range.filename} line {one.range.start.line}"
    return printable(", ".join(part for part in (line, inside) if part))


_ROOTS: Final = {"variable": "var", "locals": "local"}


def _is_of(address: str, header: str) -> bool:
    """Whether an address names the block with that header, or something in it."""
    type_, *labels = header.replace('"', " ").split()
    block = ".".join((_ROOTS.get(type_, type_), *labels))
    return address == block or address.startswith((f"{block}.", f"{block}["))


def diagnostics_document(diagnostics: Iterable[Diagnostic]) -> dict[str, JsonValue]:
    """Return the document that ``--json`` prints when a command fails."""
    return {
        "format_version": FORMAT_VERSION,
        "diagnostics": [diagnostic_json(one) for one in diagnostics],
    }


def diagnostic_json(one: Diagnostic) -> dict[str, JsonValue]:
    """Return a diagnostic in Terraform's shape.

    ``address`` and ``addresses`` are ours: to what it belongs, and to what else.
    """
    result: dict[str, JsonValue] = {
        "severity": one.severity,
        "summary": one.summary,
        "detail": one.detail,
    }
    if one.address:
        result["address"] = one.address
    if one.address and one.also:
        result["addresses"] = [one.address, *one.also]
    if one.range is not None and one.range.filename:
        result["range"] = {
            "filename": one.range.filename,
            "start": _position(one.range.start),
            "end": _position(one.range.end),
        }
    if one.snippet is not None:
        result["snippet"] = _snippet(one.snippet)
    return result


def _snippet(snippet: Snippet) -> dict[str, JsonValue]:
    result: dict[str, JsonValue] = {
        "context": snippet.context,
        "code": snippet.code,
        "start_line": snippet.start_line,
        "highlight_start_offset": snippet.highlight_start,
        "highlight_end_offset": snippet.highlight_end,
        "values": [
            {"traversal": reference, "statement": statement}
            for reference, statement in snippet.evidence.values
        ],
    }
    call = snippet.evidence.call
    if call is not None:
        result["function_call"] = {"name": call.name, "signature": _signature(call)}
    return result


def _signature(call: FunctionCall) -> dict[str, JsonValue]:
    result: dict[str, JsonValue] = {
        "return_type": call.returns,
        "parameters": [{"name": name, "type": type_} for name, type_ in call.parameters],
    }
    if call.variadic is not None:
        name, type_ = call.variadic
        result["variadic_parameter"] = {"name": name, "type": type_}
    return result


def _position(position: Position) -> dict[str, JsonValue]:
    return {"line": position.line, "column": position.column, "byte": position.byte}
