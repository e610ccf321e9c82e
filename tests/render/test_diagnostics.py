"""Errors for people and for programs."""

from __future__ import annotations

import json

from declarative.errors import Diagnostic, Evidence, Position, Snippet, SourceRange
from declarative.render.diagnostics import diagnostics_document, diagnostics_text
from declarative.render.look import Look

MEMORY = Diagnostic(
    "Invalid value",
    "memory_size must be a whole number between 128 and 10240 (is 64).",
    address="release.checkout",
    range=SourceRange("lamform.hcl", Position(12, 17, 200), Position(12, 27, 210)),
    snippet=Snippet(
        code="  memory_size = var.memory",
        start_line=12,
        highlight_start=16,
        highlight_end=26,
        context='release "checkout"',
        evidence=Evidence((("var.memory", "is 64"),)),
    ),
)


def test_error_points_at_its_source(golden) -> None:
    warning = Diagnostic("An old spelling", severity="warning", address="release.checkout")
    golden("diagnostics.txt", diagnostics_text([MEMORY, warning], Look()))


def test_underline_stands_below_what_it_means() -> None:
    lines = diagnostics_text([MEMORY], Look()).splitlines()
    [code] = [line for line in lines if line.startswith("  12: ")]
    underline = lines[lines.index(code) + 1]
    start = underline.index("^")
    assert code[start : start + underline.count("^")] == "var.memory"


def test_detail_is_wrapped_to_the_terminal() -> None:
    *_, first, second = diagnostics_text([MEMORY], Look(width=40)).splitlines()
    assert first == "memory_size must be a whole number"
    assert second == "between 128 and 10240 (is 64)."


def test_document_has_terraforms_shape() -> None:
    document = diagnostics_document([MEMORY, Diagnostic("Plain")])
    assert set(document) == {"format_version", "diagnostics"}
    full, plain = json.loads(json.dumps(document))["diagnostics"]
    assert plain == {"severity": "error", "summary": "Plain", "detail": ""}
    assert full["range"]["start"] == {"line": 12, "column": 17, "byte": 200}
    assert full["snippet"] == {
        "context": 'release "checkout"',
        "code": "  memory_size = var.memory",
        "start_line": 12,
        "highlight_start_offset": 16,
        "highlight_end_offset": 26,
        "values": [{"traversal": "var.memory", "statement": "is 64"}],
    }


def test_source_cannot_command_the_terminal() -> None:
    hostile = Diagnostic("a\x1b[2Jb", "c\x1b[2Jd", snippet=Snippet("x = \x1b[2J", 1, 0, 1))
    assert "\x1b" not in diagnostics_text([hostile], Look())
