from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.language.syntax import (
    ForDirective,
    IfDirective,
    Interpolation,
    Literal,
    Template,
    Text,
    Variable,
    parse,
    parse_expression,
    quote,
)

A, B = Variable("a"), Variable("b")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("%{if a}x%{endif}", (IfDirective(A, (Text("x"),)),)),
        ("%{if a}x%{else}y%{endif}", (IfDirective(A, (Text("x"),), (Text("y"),)),)),
        ("%{if a}%{else}%{endif}", (IfDirective(A, ()),)),
        (
            "%{for a in b}${a},%{endfor}",
            (ForDirective(None, "a", B, (Interpolation(A), Text(","))),),
        ),
        (
            "%{for k, a in b}%{if a}x%{endif}%{endfor}",
            (ForDirective("k", "a", B, (IfDirective(A, (Text("x"),)),)),),
        ),
        ("x %{~ if a ~} y %{~ endif ~} z", (Text("x"), IfDirective(A, (Text("y"),)), Text("z"))),
        ("x ${~ a ~} y", (Text("x"), Interpolation(A), Text("y"))),
        ("${a}${b}", (Interpolation(A), Interpolation(B))),
        ('${"x${a}"}', (Interpolation(Template((Text("x"), Interpolation(A)))),)),
        ("  ${a}", (Text("  "), Interpolation(A))),
        ("# ${a} // x", (Text("# "), Interpolation(A), Text(" // x"))),
    ],
)
def test_directives_nest_and_trim(text: str, parts: tuple[object, ...]) -> None:
    assert parse_expression(f'"{text}"') == Template(parts)  # type: ignore[arg-type]


def test_indent_is_taken_off_before_directives_nest() -> None:
    source = "x = <<-E\n    %{ for a in b ~}\n      ${a}\n    %{ endfor ~}\n    end\n  E\n"
    parsed = parse(source.encode(), "t.hcl")
    assert parsed.diagnostics == ()
    assert parsed.body.attributes[0].expression == Template(
        (
            ForDirective(None, "a", B, (Text("      "), Interpolation(A), Text("\n"))),
            Text("    end\n"),
        )
    )


@pytest.mark.parametrize(
    "text",
    [
        "%{if a}x",
        "x%{endif}",
        "%{for a in b}x%{endif}",
        "%{if a}x%{endfor}",
        "%{else}",
        "%{while a}",
    ],
)
def test_unbalanced_directives_are_refused(text: str) -> None:
    assert parse(f'x = "{text}"\n'.encode(), "t.hcl").diagnostics


@given(st.text(max_size=30))
def test_quoted_text_is_read_back(text: str) -> None:
    parsed = parse_expression(quote(text))
    assert isinstance(parsed, Literal)
    assert parsed == parse_expression(quote(str(parsed.value)))


@given(st.text('ab$%{}\\"\n\r\t ~é\u2028', max_size=30))
def test_every_character_can_be_quoted(text: str) -> None:
    assert parse_expression(quote(text)) == Literal(text)


@given(st.lists(st.text('ab \t${}\\"#', max_size=10), max_size=6))
def test_a_heredoc_holds_its_lines(lines: list[str]) -> None:
    body = "".join(line.replace("${", "$${") + "\n" for line in lines)
    parsed = parse(f"x = <<END\n{body}END\ny = 1\n".encode(), "t.hcl")
    assert parsed.diagnostics == ()
    assert parsed.body.attributes[0].expression == Literal("".join(f"{line}\n" for line in lines))
    assert [item.name for item in parsed.body.attributes] == ["x", "y"]
