"""The layout of files: a corpus of ugly files and what `terraform fmt` makes of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import is_dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.language import nodes
from declarative.language.format import format_source
from declarative.language.grammar import TOP
from declarative.language.tokens import Kind, Token, source_of, tokens_of
from tests.language.trees import body_of, meaning, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from declarative.language.schema import Nested

CORPUS = Path(__file__).parent / "fmt"
UGLY = {path.name: path.read_bytes() for path in sorted((CORPUS / "ugly").iterdir())}
TIDY = {path.name: path.read_bytes() for path in sorted((CORPUS / "tidy").iterdir())}
NODES = {
    node
    for node in vars(nodes).values()
    if is_dataclass(node) and node.__module__ == nodes.__name__
}


def formatted(source: bytes) -> bytes:
    return format_source(source, "t.hcl")


def test_the_corpus_is_complete() -> None:
    assert UGLY.keys() == TIDY.keys()
    assert len(UGLY) >= 60


@pytest.mark.parametrize("name", UGLY)
def test_ugly_becomes_tidy_and_tidy_stays(name: str) -> None:
    assert formatted(UGLY[name]).decode() == TIDY[name].decode()
    assert formatted(TIDY[name]) == TIDY[name]


def test_terraform_writes_the_same(tmp_path: Path) -> None:
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed; its answers are stored beside the questions")
    for name, source in UGLY.items():
        # Not by a pipe: what Terraform writes into one always ends with a line break.
        (tmp_path / f"{name}.tf").write_bytes(source)
    quiet = {"CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    command = ["terraform", "fmt", "-no-color", "-list=false", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **quiet})
    written = {name: (tmp_path / f"{name}.tf").read_bytes() for name in UGLY}
    assert written == TIDY


def test_the_corpus_has_every_form_of_syntax() -> None:
    found = set()
    operators = set()
    for source in TIDY.values():
        for node in walk(body_of(source)):
            found.add(type(node))
            if isinstance(node, nodes.Binary | nodes.Unary):
                operators.add(node.op)
    assert found == NODES
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


@given(name=st.sampled_from(sorted(TIDY)), seed=st.integers(0, 1 << 32))
def test_any_white_space_becomes_the_same_layout(name: str, seed: int) -> None:
    tokens = tokens_of(TIDY[name])
    shuffle_spaces(tokens, Random(seed))  # noqa: S311 - no secret
    source = source_of(tokens)
    assert meaning(body_of(source)) == meaning(body_of(TIDY[name]))
    assert formatted(source).decode() == TIDY[name].decode()


_LITERAL = {Kind.TEXT, Kind.END_QUOTE, Kind.END_HEREDOC}
_BEFORE_LITERAL = {Kind.TEXT, Kind.QUOTE, Kind.HEREDOC}


def shuffle_spaces(tokens: Iterable[Token], random: Random) -> None:
    """Give every token other spaces in front of it, as far as they have no meaning."""
    before = Token(Kind.NEWLINE, b"")
    for token in tokens:
        gap = token.start - before.start - len(before.text)
        literal = token.kind in _LITERAL or before.kind in _BEFORE_LITERAL
        if not literal and token.kind is not Kind.NEWLINE:
            least = 0 if before.ends_line else min(gap, 1)
            token.spaces = random.choice((least, least, 1, 2, 5)) if gap or least else 0
        before = token
