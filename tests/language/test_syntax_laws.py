"""Laws of reading: any text is read or refused, and nothing ends in another way."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from declarative.errors import ConfigurationError, LamformError
from declarative.language.calls import CallContext
from declarative.language.expressions import evaluate
from declarative.language.format import format_source
from declarative.language.reading import parse
from declarative.language.scopes import Roots
from declarative.language.types import from_python

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from declarative.language.nodes import Body, Expression

VALUES = {"a": from_python({"b": 1}), "bb": from_python("text")}


def laid_out(text: bytes) -> bytes | None:
    try:
        return format_source(text, "x.hcl")
    except ConfigurationError:
        return None


def expressions(body: Body) -> Iterator[Expression]:
    yield from (attribute.expression for attribute in body.attributes)
    for block in body.blocks:
        yield from expressions(block.body)


def try_all(body: Body, root: Path) -> None:
    scope = Roots(VALUES, CallContext(root, {}))
    for expression in expressions(body):
        with contextlib.suppress(LamformError):
            evaluate(expression, scope)


WORDS = (
    *'"{}[]()<>=.,:?!&|+-*/%$~#\n\t \\',
    *("${", "%{", "}", "<<EOT\n", "EOT\n", "<<-E\n", "E\n", "=>", "==", "/*", "*/", "//"),
    *("for ", " in ", "if ", "else", "endif", "endfor", "null", "true", "a", "bb", "::", "..."),
    *("0", "1e9", "1e999999999", ".0", "\r\n", "\ufeff", "é", "\0"),
)
soup = st.lists(st.sampled_from(WORDS), max_size=40).map("".join)


@given(text=soup | st.text(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_read_or_refused_in_our_words(text: str, tmp_path: Path) -> None:
    raw = text.encode()
    parsed = parse(raw, "x.hcl")
    try_all(parsed.body, tmp_path)
    once = laid_out(raw)
    assert (once is None) == bool(parsed.diagnostics)
    if once is not None:
        assert laid_out(once) == once


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused_in_our_words(raw: bytes) -> None:
    parse(raw, "x.hcl")
    laid_out(raw)


@pytest.mark.parametrize(
    ("opening", "middle", "closing"),
    [
        ("(", "1", ")"),
        ("[", "", "]"),
        ("{a=", "1", "}"),
        ("-", "1", ""),
        ("!", "true", ""),
        ("f(", "1", ")"),
        ('"${', "1", '}"'),
        ("1+", "1", ""),
        ("a", "", ".b"),
        ("a", "", "[0]"),
        ("a", "", "[*]"),
        ("true?", "1", ":2"),
        ("[for x in ", "a", " : x]"),
        ('"%{if true}', "x", '%{endif}"'),
    ],
)
@pytest.mark.parametrize("depth", [50, 5_000, 100_000])
def test_deep_nesting_has_an_end(
    tmp_path: Path, opening: str, middle: str, closing: str, depth: int
) -> None:
    head = opening if opening == "a" else opening * depth
    raw = f"x = {head}{middle}{closing * depth}\n".encode()
    parsed = parse(raw, "x.hcl")
    try_all(parsed.body, tmp_path)
    laid_out(raw)


@pytest.mark.parametrize("depth", [50, 5_000, 50_000])
def test_deep_blocks_have_an_end(depth: int) -> None:
    raw = ("b {\n" * depth + "}\n" * depth).encode()
    parse(raw, "x.hcl")
    laid_out(raw)
