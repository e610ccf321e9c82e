"""docs/language.md is true: its HCL is loaded and bound, its tables are those of the grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from declarative.errors import ConfigurationError, LamformError
from declarative.language.binding import UnknownWorld
from declarative.language.calling import SPECIAL_FORMS
from declarative.language.expressions import evaluate
from declarative.language.functions import BUILTINS, unrepeatable
from declarative.language.grammar import TOP
from declarative.language.project import VariableInputs, load_project
from declarative.language.syntax import parse_expression
from declarative.language.types import to_python
from declarative.model.config import Entity
from declarative.model.fields import FUNCTION
from declarative.render.diagnostics import diagnostics_text
from declarative.render.look import Look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from declarative.language.project import Project
    from declarative.language.schema import Nested, Shape

PAGE = Path(__file__).parents[2] / "docs" / "language.md"
TEXT = PAGE.read_text("utf-8")
WIDTH = 100

FENCE = re.compile(r"^```(?P<info>[^\n]+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^[a-z].*?^\}$", re.MULTILINE | re.DOTALL)
WORD = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Fence:
    """A fenced block of the page, and the line it begins on."""

    info: str
    code: str
    line: int


def fences() -> Iterator[Fence]:
    for match in FENCE.finditer(TEXT):
        yield Fence(match["info"], match["code"], TEXT.count("\n", 0, match.start()) + 1)


FENCES = tuple(fences())
(WHOLE,) = [fence for fence in FENCES if fence.info == "hcl"]


def of(info: str) -> list[object]:
    return [
        pytest.param(fence, id=f"line{fence.line}")
        for fence in FENCES
        if fence.info.split()[: len(info.split())] == info.split()
    ]


def header(block: str) -> str:
    return block.split("{", 1)[0].strip()


def load(directory: Path, fence: Fence | None = None, name: str = "part.lamform.hcl") -> Project:
    """Load the whole project of the page, the blocks of ``fence`` in the place of their likes."""
    part = fence.code if fence else ""
    replaced = {header(block) for block in BLOCK.findall(part)}
    kept = [block for block in BLOCK.findall(WHOLE.code) if header(block) not in replaced]
    (directory / "lamform.hcl").write_text("\n\n".join(kept) + "\n", "utf-8")
    (directory / name).write_text(part, "utf-8")
    return load_project(directory, variables=VariableInputs(), environ={})


def test_the_page_has_no_hcl_that_is_not_run() -> None:
    kinds = {fence.info.split()[0] for fence in FENCES}
    assert kinds == {"hcl", "hcl-console", "text"}
    assert {fence.info.split()[1] for fence in FENCES if fence.info.startswith("hcl ")} == {
        "part",
        "wrong",
    }


def test_the_whole_project_has_the_releases_that_the_page_names(tmp_path: Path) -> None:
    project = load(tmp_path)
    assert project.releases() == ('release.checkout["dev"]', 'release.checkout["prod"]')
    assert all(f"`{address}`" in TEXT for address in project.releases())
    assert len(project.bind(UnknownWorld())) == 2
    assert project.warnings == ()


@pytest.mark.parametrize("fence", of("hcl part"))
def test_each_part_fits_into_the_whole_project(tmp_path: Path, fence: Fence) -> None:
    project = load(tmp_path, fence)
    bound = project.bind(UnknownWorld())
    assert [release.address for release in bound] == list(project.releases())
    project.outputs(UnknownWorld())


@pytest.mark.parametrize("fence", of("hcl wrong"))
def test_wrong_examples_give_the_errors_shown(tmp_path: Path, fence: Fence) -> None:
    name = fence.info.partition("file=")[2]
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, fence, name).bind(UnknownWorld())
    shown = FENCES[FENCES.index(fence) + 1]
    assert shown.info == "text"
    assert diagnostics_text(caught.value.diagnostics, Look(width=WIDTH)) == shown.code


def console_lines() -> list[object]:
    return [
        pytest.param(line, id=f"line{fence.line + number}")
        for fence in FENCES
        if fence.info == "hcl-console"
        for number, line in enumerate(fence.code.splitlines(), start=1)
    ]


@pytest.mark.parametrize("line", console_lines())
def test_expressions_have_the_values_shown(tmp_path: Path, line: str) -> None:
    expression, _, expected = line.rpartition("  # ")
    scope = load(tmp_path).scope

    def value(text: str) -> object:
        return to_python(evaluate(parse_expression(text.strip()), scope))

    if expected.startswith("error: "):
        with pytest.raises(LamformError, match=re.escape(expected.removeprefix("error: "))):
            value(expression)
        return
    assert expected.startswith("=> ")
    assert value(expression) == value(expected.removeprefix("=> "))


# Headings whose table lists everything that may stand in a block, and that block.


def inside(block: str, *names: str) -> Shape:
    """Return the shape of ``block`` or of one inside it; ``artifact.s3`` is one of a kind."""
    nested: Nested = TOP[block.partition(".")[0]]
    shape = nested.shapes[block.partition(".")[2]]
    for name in names:
        type_, _, kind = name.partition(".")
        shape = shape.blocks[type_].shapes[kind]
    return shape


SHAPES = {
    "`lamform`": inside("lamform"),
    '`backend "sqlite"`': inside("lamform", "backend.sqlite"),
    "`variable`": inside("variable"),
    "`validation`": inside("variable", "validation"),
    "`output`": inside("output"),
    '`connector "aws"`': inside("connector.aws"),
    '`credentials "static"`': inside("connector.aws", "credentials.static"),
    "`assume_role`": inside("connector.aws", "assume_role"),
    "`environment`": inside("environment"),
    "`override`": inside("environment", "override"),
    "`infrastructure`": inside("infrastructure"),
    "`service`": inside("service"),
    "`function`": inside("service", "function"),
    '`artifact "local"`': inside("service", "artifact.local"),
    '`artifact "s3"`': inside("service", "artifact.s3"),
    "`alias`": inside("service", "alias"),
    "`release`": inside("release"),
    "`lifecycle`": inside("release", "lifecycle"),
}
ENTITIES = {"connector", "environment", "infrastructure", "service", "release"}


def section(title: str) -> str:
    """Return the text under a heading, up to the next heading of any level."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found is not None, f"there is no heading {title}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


@pytest.mark.parametrize("title", SHAPES)
def test_tables_name_what_the_grammar_takes(title: str) -> None:
    shape = SHAPES[title]
    common = set(Entity.model_fields) if title.strip("`").split()[0] in ENTITIES else set()
    table = rows(section(title))
    named = [name for row in table for name in WORD.findall(row[0])]
    assert sorted(named) == sorted({*shape.attributes, *shape.blocks} - common)
    required = {name for row in table if "*required*" in row[1] for name in WORD.findall(row[0])}
    blocks = {name for name, nested in shape.blocks.items() if nested.required}
    assert required == {name for name, must in shape.attributes.items() if must} | blocks


def test_every_field_of_a_structure_is_named() -> None:
    described = {WORD.findall(row[0])[0]: row[-1] for row in rows(section("`function`"))}
    for field in FUNCTION:
        for inner in field.fields:
            assert f"`{inner.name}`" in described[field.name]


def test_every_kind_of_block_at_the_top_has_a_heading() -> None:
    headings = re.findall(r"^### `(\w+)", TEXT, re.MULTILINE)
    assert headings == list(TOP)


def test_the_functions_named_are_the_functions_there_are() -> None:
    groups = {row[0]: WORD.findall(row[1]) for row in rows(section("Functions"))}
    named = [name for names in groups.values() for name in names]
    assert sorted(named) == sorted({*BUILTINS, *SPECIAL_FORMS})
    assert sorted(groups["refused"]) == sorted(one.name for one in unrepeatable.FUNCTIONS)


def later(type_: str, nested: Nested) -> set[str]:
    """Return the names in a block that no plan acts on yet."""
    found = {kind or type_ for kind in nested.acts_later}
    for shape in nested.shapes.values():
        found |= {*shape.acts_later}
        found = found.union(*(later(name, inner) for name, inner in shape.blocks.items()))
    return found


def test_the_list_of_what_is_missing_is_complete() -> None:
    listed = [row[1] for row in rows(section("Not yet"))]
    words = {word for cell in listed for word in WORD.findall(cell)}
    kinds = {kind for word in words for kind in re.findall(r'"(\w+)"', word)}
    expected = set().union(*(later(type_, nested) for type_, nested in TOP.items()))
    assert expected <= words | kinds
    plain = {word for word in words if '"' not in word}
    assert plain <= expected
