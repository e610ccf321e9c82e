"""What holds for every text and every tree, found wanting or not."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.errors import LamformError
from declarative.language.calls import CallContext
from declarative.language.expressions import evaluate
from declarative.language.format import format_source
from declarative.language.functions import BUILTINS
from declarative.language.plain import from_python
from declarative.language.syntax import (
    Attribute,
    Block,
    Body,
    Expression,
    Interpolation,
    Parentheses,
    Template,
    parse,
    parse_expression,
    unparse,
)
from declarative.language.values import DYNAMIC, UNKNOWN, Value
from tests.language.made import EXPRESSIONS, FRAGMENTS, damaged, file
from tests.language.trees import meaning, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from declarative.language.calls import Function

SHALLOW = 40
SEEDS = st.integers(0, 1 << 32)
VALUES = {
    "a": from_python({"b": [1, 2.5], "name-1": "x", "k": {"b": True}}),
    "bb": from_python(["x", "y"]),
    "each": from_python({"value": {"b": "c"}}),
    "_x": from_python(7),
    "b": from_python("text"),
    "é": Value(DYNAMIC, UNKNOWN),
    "name-1": from_python(None),
}


@dataclass
class _Scope:
    """Some names have values, the others are not declared."""

    functions: ClassVar[Mapping[str, Function]] = BUILTINS
    context: CallContext = field(default_factory=lambda: CallContext(Path("/nowhere"), {}))

    def lookup(self, name: str) -> Value | None:
        return VALUES.get(name)

    def names(self) -> Sequence[str]:
        return list(VALUES)


def attempt(action: Callable[[], object]) -> Any:
    """Return the result; None where it is refused, in words and by nothing else."""
    try:
        return action()
    except LamformError as error:
        refused = error
    assert all(one.summary and one.detail for one in refused.diagnostics)
    return None


def formatted(source: bytes) -> bytes | None:
    """Return the canonical layout; None where the text is refused."""
    return attempt(lambda: format_source(source, "t.hcl"))


def modern(body: Body) -> object:
    """Return what a body means, with the values in the spelling that `fmt` gives them."""
    return (
        tuple((one.name, meaning(_bare(one.expression))) for one in body.attributes),
        tuple(_modern_block(one) for one in body.blocks),
    )


def _modern_block(block: Block) -> object:
    labels = tuple(label.text for label in block.labels)
    return block.type, labels, modern(block.body)


def _bare(expression: Expression) -> Expression:
    """Return the value without the ``"${…}"`` around it, or the brackets that replaced it."""
    while True:
        match expression:
            case Template((Interpolation(inner),)):
                expression = inner
            case Parentheses(inner):
                expression = inner
            case _:
                return expression


def check_layout(source: bytes) -> None:
    """Whatever is formatted stays formatted, and means what it meant."""
    once = formatted(source)
    assert (once is None) is bool(parse(source, "t.hcl").diagnostics)
    if once is not None:
        assert formatted(once) == once
        again = parse(once, "t.hcl")
        assert again.diagnostics == ()
        assert modern(again.body) == modern(parse(source, "t.hcl").body)


def check_values(source: bytes) -> None:
    """Whatever is read can be evaluated, or is refused in words."""
    for node in walk(parse(source, "t.hcl").body):
        if isinstance(node, Attribute):
            attempt(lambda node=node: evaluate(node.expression, _Scope()))


@given(SEEDS)
def test_layout_of_any_file(seed: int) -> None:
    check_layout(file(seed))


@given(SEEDS, SEEDS)
def test_layout_of_any_damaged_file(seed: int, damage: int) -> None:
    check_layout(damaged(file(seed), damage))


@given(st.lists(FRAGMENTS, max_size=40).map("".join))
def test_layout_of_any_text(source: str) -> None:
    check_layout(source.encode())
    check_layout(f"a = {source}\n".encode())


@given(st.binary(max_size=60))
def test_layout_of_any_bytes(source: bytes) -> None:
    check_layout(source)


@given(EXPRESSIONS)
def test_layout_of_any_tree(expression: Expression) -> None:
    # In brackets, because a tree written out may have line breaks.
    check_layout(f"a = ({unparse(expression)})\n".encode())


@given(EXPRESSIONS)
def test_value_of_any_tree(expression: Expression) -> None:
    attempt(lambda: evaluate(expression, _Scope()))


@given(SEEDS, SEEDS)
def test_values_of_any_file(seed: int, damage: int) -> None:
    check_values(file(seed))
    check_values(damaged(file(seed), damage))


@given(st.lists(FRAGMENTS, max_size=25).map("".join))
def test_value_of_any_text(text: str) -> None:
    attempt(lambda: evaluate(parse_expression(text), _Scope()))


def nestings() -> Iterator[tuple[str, Callable[[int], str]]]:
    pairs = {
        "parentheses": ("(", "1", ")"),
        "tuples": ("[", "", "]"),
        "objects": ("{a=", "1", "}"),
        "calls": ("max(", "1", ")"),
        "indexes": ("a[", "0", "]"),
        "for": ("[for b in [1] : ", "1", "]"),
        "negations": ("-", "1", ""),
        "not": ("!", "true", ""),
        "conditionals": ("true ? 1 : ", "1", ""),
        "sums": ("1 + ", "1", ""),
        "conditions": ("true && ", "true", ""),
        "strings": ('"${', "1", '}"'),
        "heredocs": ("<<E\n${", "1", "}\nE\n"),
    }
    for name, (left, inner, right) in pairs.items():
        yield name, lambda depth, p=(left, inner, right): p[0] * depth + p[1] + p[2] * depth
    yield "attributes", lambda depth: "a" + ".b" * depth
    yield "splats", lambda depth: "bb" + "[*]" * depth
    yield "directives", lambda depth: f'"{"%{if true}" * depth}{"%{endif}" * depth}"'


@pytest.mark.parametrize("depth", [SHALLOW, 100, 400, 2000, 20_000])
@pytest.mark.parametrize(("name", "nested"), list(nestings()))
def test_depth_is_fine_or_refused_in_words(
    name: str, nested: Callable[[int], str], depth: int
) -> None:
    text = nested(depth)
    attempt(lambda: evaluate(parse_expression(text), _Scope()))
    refused = parse(f"a = {text}\n".encode(), "t.hcl").diagnostics
    assert (formatted(f"a = {text}\n".encode()) is None) is bool(refused)
    if depth == SHALLOW:
        assert not refused
    for one in refused:
        assert one.summary.endswith("nested too deeply")


def test_blocks_may_not_be_deep() -> None:
    source = b"a {\n" * 2000 + b"}\n" * 2000
    [found] = parse(source, "t.hcl").diagnostics
    assert found.summary == "Blocks nested too deeply"
    assert formatted(source) is None


@pytest.mark.parametrize(
    "text",
    [
        "1e999999999",
        "1e-99999",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        'tonumber("1e99999999999999999999")',
        'jsondecode("1e99999999999999999999")',
        'yamldecode("-1e99999999999999999999")',
        "-1e9999 * 1e9999",
        'format("%999999999d", 1)',
    ],
)
def test_numbers_beyond_all_measure_are_refused(text: str) -> None:
    with pytest.raises(LamformError, match=r"out of range|between 1e-|more than 100000"):
        evaluate(parse_expression(text), _Scope())


def test_many_digits_are_a_number() -> None:
    check_layout(b"a = " + b"9" * 5000 + b"\n")


def test_interpolations_in_interpolations_are_unwrapped_at_once() -> None:
    assert formatted(b'a="${"${ "${b}" }"}"\n') == b"a = b\n"


def test_terraform_reads_and_writes_the_same(tmp_path: Path) -> None:
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed; the corpus has its answers for other files")
    files = [file(seed) for seed in range(400)]
    once = by_terraform(files, tmp_path / "once")
    assert [formatted(source) is None for source in files] == [out is None for out in once]
    ours = {out: formatted(source) for source, out in zip(files, once, strict=True) if out}
    # Of some files Terraform makes what it cannot read, or would write otherwise again.
    twice = by_terraform(list(ours), tmp_path / "twice")
    stable = [out for out, again in zip(ours, twice, strict=True) if out == again]
    assert len(stable) > 300
    assert [ours[out] for out in stable] == stable


def by_terraform(files: Sequence[bytes], directory: Path) -> list[bytes | None]:
    """Return what Terraform makes of files, None of those that it refuses."""
    directory.mkdir()
    paths = [directory / f"{number}.tf" for number in range(len(files))]
    for path, source in zip(paths, files, strict=True):
        path.write_bytes(source)
    quiet = {"CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        ["terraform", "fmt", "-no-color", "-list=false", str(directory)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **quiet},
    )
    refused = {
        line.split("/")[-1].split(" ")[0] for line in done.stderr.split("\n") if ".tf line" in line
    }
    return [None if path.name in refused else path.read_bytes() for path in paths]
