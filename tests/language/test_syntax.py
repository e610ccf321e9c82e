from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.errors import EvaluationError, LamformError
from declarative.language.syntax import (
    Binary,
    Body,
    Call,
    Conditional,
    Expression,
    ForObject,
    ForTuple,
    GetAttribute,
    Index,
    Interpolation,
    Literal,
    ObjectConstructor,
    Parentheses,
    Splat,
    SplatItem,
    Template,
    Text,
    TupleConstructor,
    Unary,
    Variable,
    parse,
    parse_expression,
    snippet_for,
    unparse,
)

A, B, C, D, E = (Variable(name) for name in "abcde")


def only(source: str) -> Expression:
    parsed = parse(source.encode(), "t.hcl")
    assert parsed.diagnostics == ()
    return parsed.body.attributes[0].expression


def complaints(source: str | bytes) -> list[tuple[str, str]]:
    raw = source if isinstance(source, bytes) else source.encode()
    return [(str(item.range), item.summary) for item in parse(raw, "t.hcl").diagnostics]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a ? b : c ? d : e", Conditional(A, B, Conditional(C, D, E))),
        ("a ? b ? c : d : e", Conditional(A, Conditional(B, C, D), E)),
        ("(a ? b : c) ? d : e", Conditional(Parentheses(Conditional(A, B, C)), D, E)),
        ("a + b * c", Binary("+", A, Binary("*", B, C))),
        ("a - b - c", Binary("-", Binary("-", A, B), C)),
        ("a || b && c == d", Binary("||", A, Binary("&&", B, Binary("==", C, D)))),
        ("-a.b", Unary("-", GetAttribute(A, "b"))),
        ("!!a", Unary("!", Unary("!", A))),
        ("a + b.c[0]", Binary("+", A, Index(GetAttribute(B, "c"), Literal(0)))),
        ("a.0.b", GetAttribute(Index(A, Literal(0)), "b")),
        ("a[*].b[0]", Splat(A, Index(GetAttribute(SplatItem(), "b"), Literal(0)), full=True)),
        ("a.*.b[0]", Index(Splat(A, GetAttribute(SplatItem(), "b"), full=False), Literal(0))),
        (
            "a[*].b[*].c",
            Splat(
                A,
                Splat(GetAttribute(SplatItem(), "b"), GetAttribute(SplatItem(), "c"), full=True),
                full=True,
            ),
        ),
        ("[for a in b : c if d]", ForTuple(None, "a", B, C, D)),
        ("{for a, b in c : a => b...}", ForObject("a", "b", C, A, B, None, grouping=True)),
        ("a(b, c...)", Call("a", (B, C), expand=True)),
        ("core::f(a,)", Call("f", (A,))),
        ("1e5", Literal(100000)),
        ("1.5E-1", Literal(Decimal("0.15"))),
        ("01", Literal(1)),
        ("1.0", Literal(1)),
        (r'"\u00e9\U0001F600\n\t\"\\"', Literal('é😀\n\t"\\')),
        ('"$${a} %%{b} $$$${c} $"', Literal("${a} %{b} $$${c} $")),
        ('"a${b}"', Template((Text("a"), Interpolation(B)))),
        ('"${a}  ${b}"', Template((Interpolation(A), Text("  "), Interpolation(B)))),
        ('"${a ~}  x ${~ b}"', Template((Interpolation(A), Text("x"), Interpolation(B)))),
        (
            '{ a = 1, (b) = 2, "c" : 3, true = 4, 5 = 6 }',
            ObjectConstructor(
                (
                    (Literal("a"), Literal(1)),
                    (Parentheses(B), Literal(2)),
                    (Literal("c"), Literal(3)),
                    (Literal("true"), Literal(4)),
                    (Literal(5), Literal(6)),
                )
            ),
        ),
        ("[\n a # one\n , b // two\n]", TupleConstructor((A, B))),
        ("(a\n+ b)", Parentheses(Binary("+", A, B))),
    ],
)
def test_an_expression_is_read_as_hcl_reads_it(text: str, expected: Expression) -> None:
    assert only(f"x = {text}\n") == expected
    assert parse_expression(text) == expected


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("x = <<E\nE\n", ""),
        ("x = <<E\n  a\n b\nE\n", "  a\n b\n"),
        ("x = <<E\n  a\n  E\n", "  a\n"),
        ("x = <<E\n E x\nE x\nE\n", " E x\nE x\n"),
        ("x = <<-E\n    a\n\n  b\n   E\n", "  a\n\nb\n"),
        ("x = <<-E\n\ta\n  b\n  E\n", "a\n b\n"),
        ('x = <<E\n\\n "q" # $${a} $ %%{b}\nE\n', '\\n "q" # ${a} $ %{b}\n'),
        ("x = <<E\r\na\r\nE\r\n", "a\r\n"),
        ("x = f(<<E\na\nE\n)\n", None),
    ],
)
def test_a_heredoc_is_its_text(source: str, text: str | None) -> None:
    assert only(source) == (Call("f", (Literal("a\n"),)) if text is None else Literal(text))


def test_an_indented_heredoc_counts_a_line_that_begins_with_an_interpolation() -> None:
    template = only("x = <<-E\n    ${a}\n     ${b}\n   E\n")
    assert template == Template((Interpolation(A), Text("\n "), Interpolation(B), Text("\n")))


def test_trimming_in_a_heredoc_reaches_to_the_end_of_the_line() -> None:
    template = only("x = <<E\nx ${a ~}\n\n  y\n  z ${~ b}\nE\n")
    assert template == Template(
        (Text("x "), Interpolation(A), Text("\n  y\n  z"), Interpolation(B), Text("\n"))
    )


def test_blocks_have_types_labels_and_bodies() -> None:
    parsed = parse(b'service "checkout" eu {\n  a = 1\n\n  function { b = 2 }\n}\n', "t.hcl")
    assert parsed.diagnostics == ()
    (block,) = parsed.body.blocks
    assert block.type == "service"
    assert [(label.text, label.quoted) for label in block.labels] == [
        ("checkout", True),
        ("eu", False),
    ]
    assert [item.name for item in block.body.attributes] == ["a"]
    assert [item.type for item in block.body.blocks] == ["function"]
    assert str(block.header_range) == "t.hcl:1:1"
    assert block.header_range.end.column == len('service "checkout" eu') + 1
    assert block.range.end.line == 5


def test_positions_count_characters_and_bytes() -> None:
    parsed = parse('# é\nx = "é${b}"\n'.encode(), "t.hcl")
    template = parsed.body.attributes[0].expression
    assert isinstance(template, Template)
    interpolation = template.parts[1]
    assert (interpolation.range.start.line, interpolation.range.start.column) == (2, 7)
    assert interpolation.range.start.byte == len('# é\nx = "é'.encode())


def test_a_byte_order_mark_is_no_text() -> None:
    assert only("\ufeffx = 1\n") == Literal(1)


def test_text_is_kept_in_normal_form_c() -> None:
    assert only('x = "e\u0301"\n') == Literal("é")


@pytest.mark.parametrize(
    ("source", "place", "summary"),
    [
        ("a = 1\na = 2\n", "t.hcl:2:1", "Attribute set twice"),
        ("a = 1 b = 2\n", "t.hcl:1:7", "Missing line break"),
        ("a {} b {}\n", "t.hcl:1:6", "Missing line break"),
        ("a {\n b = 1 }\n", "t.hcl:2:8", "Missing line break"),
        ("a {b = 1\n}\n", "t.hcl:1:3", "Too much on one line"),
        ("a {b {}}\n", "t.hcl:1:3", "Too much on one line"),
        ('a "x"\n{}\n', "t.hcl:1:1", "Line break before a brace"),
        ('a "x${b}" {}\n', "t.hcl:1:3", "Template in a label"),
        ("a = b\n[0]\n", "t.hcl:2:1", "Line break in an expression"),
        ("a = b\n+ c\n", "t.hcl:2:1", "Line break in an expression"),
        ("a =\n1\n", "t.hcl:2:1", "Line break in an attribute"),
        ("a = {b = 1 c = 2}\n", "t.hcl:1:12", "Missing separator"),
        ("a = {b.c = 1}\n", "t.hcl:1:6", "Ambiguous key"),
        ("a = 0x1F\n", "t.hcl:1:5", "Invalid number"),
        ("a = 1e999999999\n", "t.hcl:1:5", "Number out of range"),
        ("a = b.0.1\n", "t.hcl:1:6", "Invalid number"),
        ("a = <<E\nx\nE", "t.hcl:3:1", "Unclosed heredoc"),
        ("a = {b = 1\n, c = 2}\n", "t.hcl:2:1", "Unexpected comma"),
        ("a = 1\x0c\n", "t.hcl:1:6", "Invalid character"),
        ('a = "${b ~ }"\n', "t.hcl:1:10", "Invalid trim marker"),
        ("a = b::c\n", "t.hcl:1:5", "Missing opening parenthesis"),
        ("a = b.*.c.*.d\n", "t.hcl:1:10", "Nested splat"),
        ('a = "\\x"\n', "t.hcl:1:6", "Invalid escape sequence"),
        ('a = "é\\ud800"\n', "t.hcl:1:7", "Invalid escape sequence"),
        ('a = "${}"\n', "t.hcl:1:6", "Empty interpolation"),
        ('a = "b\n', "t.hcl:1:5", "Unclosed string"),
        ('a = "b\nc = "d"\n', "t.hcl:1:5", "Unclosed string"),
        ("a = <<E\nb\n", "t.hcl:1:5", "Unclosed heredoc"),
        ("a = [1, 2\n", "t.hcl:1:5", "Missing closing bracket"),
        ("a = f(1\n", "t.hcl:1:6", "Missing closing parenthesis"),
        ('a = "${b"\n', "t.hcl:1:6", "Missing closing brace of the interpolation"),
        ("a {\n b = 1\n", "t.hcl:1:3", "Missing closing brace"),
        ("a = 1\n}\n", "t.hcl:2:1", "Unexpected closing character"),
        ("/* a = 1\n", "t.hcl:1:1", "Unclosed comment"),
        ("a = 'b'\n", "t.hcl:1:5", "Invalid character"),
        ("a = 1;\n", "t.hcl:1:6", "Invalid character"),
        ('"a" = 1\n', "t.hcl:1:1", "Invalid attribute name"),
        ("a : 1\n", "t.hcl:1:1", "Invalid attribute"),
        ("a = \n", "t.hcl:1:4", "Missing value"),
        ("a\n", "t.hcl:1:1", "Attribute or block expected"),
        ('{ "a" = 1 }\n', "t.hcl:1:1", "Invalid syntax"),
        ("a.b = 1\n", "t.hcl:1:1", "Invalid syntax"),
    ],
)
def test_a_mistake_is_told_where_it_is(source: str, place: str, summary: str) -> None:
    assert complaints(source)[0] == (place, summary)


@pytest.mark.parametrize(
    ("line", "summary"),
    [
        ("b = ${x}", "Invalid expression"),
        ("b = 'x'", "Invalid character"),
        ("b = 1;", "Invalid character"),
        ("b = 1,", "Invalid character"),
        ("b: 1", "Invalid attribute"),
        ("b := 1", "Invalid attribute"),
        ("b += 1", "Invalid attribute"),
        ("1b = 1", "Invalid name"),
        ("b = x and y", "Invalid operator"),
        ("b = not y", "Invalid operator"),
        ("b = [x for x in y]", "Invalid for expression"),
        ('b = "x" "y"', "Invalid expression"),
        ("b = x ? 1", "Incomplete conditional"),
        ("b = 1 +", "Incomplete expression"),
        ("b = var.", "Incomplete reference"),
        ("b = hello world", "Invalid expression"),
        ("b = ", "Missing value"),
    ],
)
def test_a_mistake_in_a_block_is_one_diagnostic_on_its_line(line: str, summary: str) -> None:
    source = f'a "x" {{\n  ok = "it\'s; a: b, ${{fine}}"\n  {line}\n  c = 2\n}}\nd "y" {{\n}}\n'
    ((place, found),) = complaints(source)
    assert (place.split(":")[1], found) == ("3", summary)


def test_the_brace_that_is_missing_is_found_by_its_indent() -> None:
    source = 'a "x" {\n  b {\n    c = 1\n\n  d {\n  }\n}\ne "y" {\n  f = 1\n}\n'
    assert complaints(source) == [("t.hcl:2:5", "Missing closing brace")]


def test_one_mistake_hides_no_other_block() -> None:
    source = 'a {\n b = "x\n}\nc {\n d = [1\n}\ne {\n f = 1\n}\ng = 1 +\nh = 2\n'
    parsed = parse(source.encode(), "t.hcl")
    assert [str(item.range) for item in parsed.diagnostics] == [
        "t.hcl:2:6",
        "t.hcl:5:6",
        "t.hcl:10:8",
    ]
    assert [block.type for block in parsed.body.blocks] == ["e"]


def test_a_broken_attribute_leaves_the_rest_of_its_block() -> None:
    parsed = parse(b"a {\n b = 1 +\n\n c = 2\n}\n", "t.hcl")
    assert parsed.diagnostics
    assert [item.type for item in parsed.body.blocks] == ["a"]


def test_a_diagnostic_shows_its_source() -> None:
    (diagnostic,) = parse(b"a = 1\nbcd = 0x1F # no\n", "t.hcl").diagnostics
    snippet = diagnostic.snippet
    assert snippet is not None
    assert snippet.code == "bcd = 0x1F # no"
    assert snippet.start_line == 2
    assert snippet.code[snippet.highlight_start : snippet.highlight_end] == "0x1F"


def test_a_snippet_of_several_lines_ends_where_the_range_ends() -> None:
    parsed = parse(b"a = [\n  1,\n]\n", "t.hcl")
    snippet = snippet_for(parsed.lines, parsed.body.attributes[0].expression.range)
    assert snippet is not None
    assert snippet.code == "a = [\n  1,\n]"
    assert snippet.code[snippet.highlight_start : snippet.highlight_end] == "[\n  1,\n]"


@pytest.mark.parametrize(
    ("source", "column"),
    [
        ('a = "%{ for b in c }x"y%{ endfor }"\n', 22),
        ('a = "%{ if b }\\\\"%{ endif }"\n', 17),
        ('a = "%{ if b }é%{ else }${c}"%{ endif }"\n', 29),
    ],
)
def test_a_quote_between_directives_ends_the_string(source: str, column: int) -> None:
    assert complaints(source) == [(f"t.hcl:1:{column}", "Quote inside a string")]


def test_an_escaped_quote_between_directives_is_text() -> None:
    assert complaints('a = "%{ if b }\\"x\\\\%{ endif }"\n') == []


def test_invalid_utf8_is_a_diagnostic() -> None:
    assert complaints(b'a = "\xff"\n') == [("t.hcl:1:6", "Invalid character encoding")]


@pytest.mark.parametrize(
    "text", ["", "1 2", "1) + (2", "a = 1", "[1", '"a', "1 +", "}", "(" * 3000]
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(EvaluationError):
        parse_expression(text)


def test_deep_nesting_is_refused_in_words() -> None:
    deep = "(" * 600 + "1" + ")" * 600
    with pytest.raises(EvaluationError, match="nested too deeply"):
        parse_expression(deep)
    assert [summary for _, summary in complaints(f"a = {deep}\n")] == [
        "Expression nested too deeply"
    ]


def test_what_is_nested_too_deeply_is_named() -> None:
    blocks = "a {\n" * 2000 + "}\n" * 2000
    assert [summary for _, summary in complaints(blocks)] == ["Blocks nested too deeply"]
    strings = "a = " + '"${' * 64 + "1" + '}"' * 64 + "\n"
    assert complaints(strings) == [("t.hcl:1:156", "Interpolations nested too deeply")]
    with pytest.raises(EvaluationError, match="Interpolations nested too deeply"):
        parse_expression(strings.removeprefix("a = "))


@pytest.mark.parametrize("number", ["1e99999999999999999999", "1e-99999999999999999999"])
def test_an_exponent_without_measure_is_refused(number: str) -> None:
    assert complaints(f"a = {number}\n") == [("t.hcl:1:5", "Number out of range")]


FRAGMENTS = st.sampled_from(
    [
        *"\"{}[]()=,.:?!~$%<>*\n \t\\#/-+&|;'`\x00\ufeff",
        *("${", "%{", "}", "<<E\n", "<<-E\n", "E\n", "a", "b ", "for ", " in ", "if ", "endif"),
        *("endfor", "else", "1", "1e9", "0.5", "...", "=>", "\\u00", "é", "\r\n", '"x"', "a = "),
        *("a {\n", "}\n", "[*]", ".*", "/*", "*/", "$$", "%%{"),
    ]
)


@given(st.lists(FRAGMENTS, max_size=40).map("".join))
def test_any_text_is_read_without_raising(source: str) -> None:
    parsed = parse(source.encode(), "t.hcl")
    assert isinstance(parsed.body, Body)
    for diagnostic in parsed.diagnostics:
        assert diagnostic.range is not None
        assert diagnostic.summary
        assert diagnostic.detail


@given(st.binary(max_size=60))
def test_any_bytes_are_read_without_raising(source: bytes) -> None:
    assert isinstance(parse(source, "t.hcl").body, Body)


@given(st.lists(FRAGMENTS, max_size=25).map("".join))
def test_any_expression_text_is_read_or_refused(text: str) -> None:
    try:
        expression = parse_expression(text)
    except LamformError:
        return
    assert parse_expression(unparse(expression)) == expression


NAMES = st.sampled_from(["a", "b", "name-1", "_x", "é", "for_", "if", "null_", "true2"])
NUMBERS = st.integers(0, 10**30) | st.decimals(
    min_value=0, max_value=10**6, allow_nan=False, places=3
).filter(lambda number: number != number.to_integral_value())
LEAVES = st.one_of(
    st.booleans().map(Literal),
    st.none().map(Literal),
    NUMBERS.map(
        lambda number: Literal(number.normalize() if isinstance(number, Decimal) else number)
    ),
    st.text('ab$%{}"\\\n\té~ ', max_size=8).map(Literal),
    NAMES.map(Variable),
)


def _template(parts: list[object]) -> Template:
    kept: list[object] = []
    for part in parts:
        both = kept and isinstance(kept[-1], Text) and isinstance(part, Text)
        if not both:
            kept.append(part)
    return Template(tuple(kept))  # type: ignore[arg-type]


def _nodes(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    wrapped = inner.map(Parentheses)
    texts = st.text('ab$%{}"\n ', min_size=1, max_size=5).map(Text)
    parts = st.lists(texts | inner.map(Interpolation), max_size=3)
    templates = st.tuples(parts, inner.map(Interpolation)).map(lambda both: [*both[0], both[1]])
    keys = st.text("ab c-", max_size=4).map(Literal) | wrapped
    operators = st.sampled_from(["+", "-", "*", "/", "%", "<", ">=", "==", "!=", "&&", "||"])
    steps = NAMES.map(lambda name: GetAttribute(SplatItem(), name)) | st.just(SplatItem())
    return st.one_of(
        wrapped,
        templates.map(_template),
        st.lists(inner, max_size=3).map(lambda items: TupleConstructor(tuple(items))),
        st.lists(st.tuples(keys, inner), max_size=3).map(lambda i: ObjectConstructor(tuple(i))),
        st.builds(GetAttribute, wrapped, NAMES),
        st.builds(Index, wrapped, inner),
        st.builds(Splat, wrapped, steps, st.booleans()),
        st.builds(Unary, st.sampled_from(["-", "!"]), wrapped),
        st.builds(Binary, operators, wrapped, wrapped),
        st.builds(Conditional, wrapped, inner, inner),
        st.builds(ForTuple, st.none() | NAMES, NAMES, inner, inner, st.none() | inner),
        st.builds(
            ForObject,
            st.none() | NAMES,
            NAMES,
            inner,
            inner,
            inner,
            st.none() | inner,
            st.booleans(),
        ),
        st.builds(Call, NAMES, st.lists(inner, min_size=1, max_size=3).map(tuple), st.booleans()),
    )


@given(st.recursive(LEAVES, _nodes, max_leaves=12))
def test_what_is_written_is_read_as_the_same_tree(expression: Expression) -> None:
    assert parse_expression(unparse(expression)) == expression


def test_a_literal_dollar_before_an_interpolation_survives() -> None:
    template = Template((Text("costs $"), Interpolation(A)))
    assert parse_expression(unparse(template)) == template


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (Binary("*", Binary("+", A, B), C), "(a + b) * c"),
        (Binary("-", A, Binary("-", B, C)), "a - (b - c)"),
        (Unary("!", Binary("==", A, B)), "!(a == b)"),
        (GetAttribute(Conditional(A, B, C), "d"), "(a ? b : c).d"),
        (Conditional(Conditional(A, B, C), D, E), "(a ? b : c) ? d : e"),
        (Binary("-", A, Literal(-1)), "a - -1"),
        (GetAttribute(Splat(A, SplatItem(), full=True), "b"), "(a[*]).b"),
        (ObjectConstructor(((Variable("a"), B),)), "{ (a) = b }"),
    ],
)
def test_parentheses_are_written_where_a_made_tree_needs_them(
    expression: Expression, text: str
) -> None:
    assert unparse(expression) == text
