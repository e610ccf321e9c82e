"""What the corpus of layouts is good for: it has everything, and any damage can be done to it."""

from __future__ import annotations

from dataclasses import is_dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.errors import ConfigurationError, LamformError
from declarative.language import nodes
from declarative.language.calls import CallContext
from declarative.language.expressions import evaluate
from declarative.language.format import format_source
from declarative.language.grammar import TOP
from declarative.language.scopes import Roots
from declarative.language.syntax import parse
from declarative.language.tokens import Kind, Token, source_of, tokens_of
from tests.language.trees import body_of, meaning, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from declarative.language.schema import Nested

HERE = Path(__file__).parent / "fmt"
TIDY = {path.name: path.read_bytes() for path in sorted(HERE.glob("*.fmt.hcl"))}
NODES = {
    node
    for node in vars(nodes).values()
    if is_dataclass(node) and node.__module__ == nodes.__name__
}
FILES = st.sampled_from(sorted(TIDY))
SEEDS = st.integers(0, 1 << 32)


def test_the_corpus_has_every_form_of_syntax() -> None:
    found = [node for source in TIDY.values() for node in walk(body_of(source))]
    operators = {node.op for node in found if isinstance(node, nodes.Binary | nodes.Unary)}
    assert {type(node) for node in found} == NODES
    assert operators == {*get_args(nodes.BinaryOperator), *get_args(nodes.UnaryOperator)}


def test_the_corpus_has_every_block_and_attribute_of_the_language() -> None:
    written = {path for source in TIDY.values() for path in paths(body_of(source))}
    assert not set(expected(TOP)) - written


def paths(body: nodes.Body, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the last two blocks above each attribute and its name; kinds of blocks count."""
    for attribute in body.attributes:
        yield (*above[-2:], attribute.name)
    for block in body.blocks:
        kind = block.labels[0].text if block.labels else ""
        yield from paths(block.body, (*above, f"{block.type} {kind}"))
        yield from paths(block.body, (*above, f"{block.type} "))


def expected(
    blocks: Mapping[str, Nested], above: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    for name, nested in blocks.items():
        for kind, shape in nested.shapes.items():
            here = (*above, f"{name} {kind}")
            for attribute in shape.attributes.keys() - shape.exclusive:
                yield (*here[-2:], attribute)
            if len(here) < len(("service", "alias", "url", "cors")):
                yield from expected(shape.blocks, here)


@given(FILES, SEEDS)
def test_any_white_space_becomes_the_same_layout(name: str, seed: int) -> None:
    source = respaced(TIDY[name], Random(seed))  # noqa: S311 - no secret
    assert meaning(body_of(source)) == meaning(body_of(TIDY[name]))
    assert format_source(source, name) == TIDY[name]


def respaced(source: bytes, random: Random) -> bytes:
    """Return a text with other spaces between its tokens, where they have no meaning."""
    tokens = tokens_of(source)
    before = Token(Kind.NEWLINE, b"")
    for token in tokens:
        gap = token.start - before.start - len(before.text)
        literal = before.kind in {Kind.TEXT, Kind.QUOTE, Kind.HEREDOC} or token.kind in {
            *(Kind.TEXT, Kind.END_QUOTE, Kind.END_HEREDOC)
        }
        if not literal and token.kind is not Kind.NEWLINE:
            least = 0 if before.ends_line else min(gap, 1)
            token.spaces = random.choice((least, least, 1, 2, 5)) if gap or least else 0
        before = token
    return source_of(tokens)


@given(FILES, SEEDS)
def test_a_damaged_file_is_laid_out_for_good_or_refused(name: str, seed: int) -> None:
    source = source_of(damaged(TIDY[name], Random(seed)))  # noqa: S311 - no secret
    parsed = parse(source, name)
    for node in walk(parsed.body):
        if isinstance(node, nodes.Attribute):
            try_to_evaluate(node.expression)
    if parsed.diagnostics:
        with pytest.raises(ConfigurationError):
            format_source(source, name)
    else:
        once = format_source(source, name)
        assert format_source(once, name) == once


def damaged(source: bytes, random: Random) -> Iterable[Token]:
    """Return the tokens of a text, of which some are lost, doubled, swapped or replaced."""
    tokens = tokens_of(source) or [Token(Kind.NEWLINE, b"\n")]
    before = 0
    for token in tokens:
        token.spaces, before = token.start - before, token.start + len(token.text)
    for _ in range(random.randrange(1, 4)):
        at, other = random.randrange(len(tokens)), random.randrange(len(tokens))
        match random.choice(("lose", "double", "swap", "replace")):
            case "lose":
                tokens[at] = Token(Kind.TEXT, b"")
            case "double":
                tokens.insert(other, tokens[at])
            case "swap":
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case _:
                tokens[at] = tokens[other]
    return tokens


def try_to_evaluate(expression: nodes.Expression) -> None:
    try:
        evaluate(expression, Roots({}, CallContext(HERE, {})))
    except LamformError as error:
        refused = error
    else:
        return
    assert all(one.summary and one.detail for one in refused.diagnostics)
