"""Errors for people and for programs."""

from __future__ import annotations

import json
import time

import pytest

from declarative.errors import Diagnostic, Evidence, FunctionCall, Position, Snippet, SourceRange
from declarative.render.diagnostics import (
    diagnostic_json,
    diagnostics_document,
    diagnostics_text,
)
from declarative.render.look import Look, columns

MEMORY = Diagnostic(
    "Invalid value",
    "memory_size must be a whole number between 128 and 32768 (is 64).",
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
    assert second == "between 128 and 32768 (is 64)."


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


def shown(code: str, marked: str, *, width: int | None = None, **fields: object) -> list[str]:
    start = code.index(marked)
    one = Diagnostic(
        "Wrong",
        snippet=Snippet(code, 9, start, start + len(marked), **fields),  # type: ignore[arg-type] # by name
    )
    return diagnostics_text([one], Look(width=width)).splitlines()[2:]


def under(lines: list[str]) -> str:
    """Return what stands above the underline, judged by columns of the terminal."""
    [at] = [number for number, line in enumerate(lines) if set(line.strip()) == {"^"}]
    first, last = lines[at].index("^"), lines[at].rindex("^")
    found, column = "", 0
    for character in lines[at - 1]:
        if first <= column <= last:
            found += character
        column += columns(character)
    return found


@pytest.mark.parametrize(
    "code",
    [
        "\ta = bad",
        'a = "\t" + bad',
        'a = "文字列" + bad',
        'a = "\uff46\uff55" + bad',
        'a = "e\u0301" + bad',
    ],
)
def test_tabs_and_wide_characters_do_not_move_the_underline(code: str) -> None:
    assert under(shown(code, "bad")) == "bad"


def test_wide_characters_are_underlined_in_full() -> None:
    lines = shown('a = "文字列"', '"文字列"')
    assert lines[-1].count("^") == columns('"文字列"') == 8


@pytest.mark.parametrize("width", [24, 40, 80])
@pytest.mark.parametrize("before", ["", "x" * 10, "文" * 60])
@pytest.mark.parametrize("after", ["", "y" * 200])
def test_a_long_line_is_cut_around_what_is_wrong(width: int, before: str, after: str) -> None:
    lines = shown(f"{before} bad {after}".strip(), "bad", width=width)
    assert under(lines) == "bad"
    assert all(columns(line) <= width for line in lines)


def test_what_is_longer_than_the_line_is_cut_at_its_end() -> None:
    code, underline = shown(f"a = {'x' * 200}", "x" * 200, width=40)
    assert code == f"  9: a = {'x' * 30}…"
    assert underline == f"         {'^' * 31}"


def test_each_of_several_lines_is_underlined_without_its_indent() -> None:
    assert shown("a = [\n  1,\n  2\n]", "[\n  1,\n  2\n]") == [
        "   9: a = [",
        "          ^",
        "  10:   1,",
        "        ^^",
        "  11:   2",
        "        ^",
        "  12: ]",
        "      ^",
    ]


def test_of_many_lines_the_middle_is_left_out() -> None:
    code = "a = [\n" + "  1,\n" * 50 + "]"
    lines = shown(code, code[4:])
    assert lines[0] == "   9: a = ["
    assert "      …" in lines
    assert lines[-2:] == ["  60: ]", "      ^"]
    assert len(lines) == 9


def test_values_and_the_function_stand_below_the_source() -> None:
    evidence = Evidence(
        (("each.key", 'is "eu"'), ("var.x", f'is "{"long " * 40}"')),
        FunctionCall("join", (("separator", "string"),), ("lists", "list(string)")),
    )
    lines = shown("a = join(each.key)", "join(each.key)", width=50, evidence=evidence)
    assert lines[2:4] == ["     while calling join(separator, lists...)", '     each.key is "eu"']
    assert lines[4].startswith("     var.x is")
    assert columns(lines[4]) == 50


@pytest.mark.parametrize(
    ("address", "also", "context", "where"),
    [
        ("release.a", (), 'release "a"', "in release.a"),
        ('release.a["eu"]', (), 'release "a"', 'in release.a["eu"]'),
        ("release.ab", (), 'release "a"', 'in release "a" (release.ab)'),
        ("release.a", ("release.b",), 'service "s"', 'in service "s" (release.a and 1 more)'),
        ("var.x", (), 'variable "x"', "in var.x"),
        ("local.x", (), "locals", "in local.x"),
        ("connector.aws.main", (), 'connector "aws" "main"', "in connector.aws.main"),
        (None, (), 'service "s"', 'in service "s"'),
        ("release.a", (), None, "in release.a"),
    ],
)
def test_where_it_is_and_whose_it_is(
    address: str | None, also: tuple[str, ...], context: str | None, where: str
) -> None:
    snippet = Snippet("x", 1, 0, 1, context=context)
    place = SourceRange("f.hcl", Position(1, 1, 0), Position(1, 2, 1))
    one = Diagnostic("Wrong", address=address, also=also, range=place, snippet=snippet)
    assert diagnostics_text([one], Look()).splitlines()[2] == f"  on f.hcl line 1, {where}:"
    found = diagnostic_json(one)
    assert found.get("address") == address
    assert found.get("addresses") == ([address, *also] if also else None)


def test_a_function_call_has_its_signature_in_json() -> None:
    call = FunctionCall("join", (("separator", "string"),), ("lists", "list(string)"), "string")
    found = diagnostic_json(
        Diagnostic("Wrong", snippet=Snippet("x", 1, 0, 1, evidence=Evidence(call=call)))
    )
    assert found["snippet"]["function_call"] == {  # type: ignore[index,call-overload] # JSON
        "name": "join",
        "signature": {
            "return_type": "string",
            "parameters": [{"name": "separator", "type": "string"}],
            "variadic_parameter": {"name": "lists", "type": "list(string)"},
        },
    }


def test_a_line_without_end_is_no_hurdle() -> None:
    started = time.monotonic()
    [code, _] = shown("x" * 500_000 + " bad", "bad", width=80)
    assert code.endswith(" bad")
    assert time.monotonic() - started < 5
