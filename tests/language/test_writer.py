"""Files that are written: what stands in them is what was meant, in the layout of fmt."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from declarative.language.expressions import evaluate
from declarative.language.format import format_source
from declarative.language.reading import parse
from declarative.language.scopes import NO_NAMES
from declarative.language.types import to_python
from declarative.language.writer import (
    Block,
    Comment,
    Source,
    identifier,
    write_file,
    write_values,
)


def composed(text: str) -> str:
    """Return a text as the language reads it: in the composed form, as Terraform does."""
    return unicodedata.normalize("NFC", text)


texts = st.text(st.characters(codec="utf-8"), max_size=30).map(composed) | st.sampled_from(
    ["${x}", "%{ if y }", "$${z}", 'say "hi"', "a\\b", "line\nbreak", "\u2028", "$", "%%{", ""]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def attributes(source: bytes) -> dict[str, object]:
    parsed = parse(source, "x.lamform.hcl")
    assert parsed.diagnostics == ()
    [block] = parsed.body.blocks
    return {
        one.name: to_python(evaluate(one.expression, NO_NAMES)) for one in block.body.attributes
    }


@given(values)
def test_a_value_is_read_as_it_was_written_and_fmt_leaves_it_alone(value) -> None:
    source = write_file([Block("thing", (), (("value", value),))], "x.lamform.hcl")
    assert attributes(source) == {"value": value}
    assert format_source(source, "x.lamform.hcl") == source


@given(st.dictionaries(texts, texts, min_size=1, max_size=5))
def test_values_for_variables_are_read_as_they_were_written(items) -> None:
    source = write_values({"env": items}, "secret", "x.auto.lamformvars")
    parsed = parse(source, "x.auto.lamformvars")
    assert parsed.diagnostics == ()
    [attribute] = parsed.body.attributes
    assert to_python(evaluate(attribute.expression, NO_NAMES)) == items
    assert source.startswith(b"# secret\n")


def test_blocks_are_parted_and_comments_belong_to_what_follows() -> None:
    inner = Block("inner", ('a "b"',), (Comment("why"), ("x", 1)))
    outer = Block("outer", ("one",), (("long_name", Source("var.x")), ("y", [1, 2]), inner, inner))
    assert write_file([Comment("first"), outer, Block("empty")], "x.lamform.hcl").decode() == (
        "# first\n"
        'outer "one" {\n'
        "  long_name = var.x\n"
        "  y         = [1, 2]\n"
        "\n"
        '  inner "a \\"b\\"" {\n'
        "    # why\n"
        "    x = 1\n"
        "  }\n"
        "\n"
        '  inner "a \\"b\\"" {\n'
        "    # why\n"
        "    x = 1\n"
        "  }\n"
        "}\n"
        "\n"
        "empty {}\n"
    )


def test_what_is_too_long_for_a_line_gets_several() -> None:
    names = [f"subnet-{number:017}" for number in range(5)]
    source = write_file([Block("thing", (), (("ids", names),))], "x.lamform.hcl").decode()
    assert source.splitlines()[1] == "  ids = ["
    assert source.count("\n") == len(names) + 4


def test_names_that_expressions_can_refer_to() -> None:
    tried = ("a", "a-b", "_x", "9a", "", "null", "ä", "a b")
    assert [name for name in tried if identifier(name)] == ["a", "a-b", "_x"]
