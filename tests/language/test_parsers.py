"""What parses: the same files as for Go's HCL, and where python-hcl2 thinks otherwise."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import hcl2
import pygohcl
import pytest

from declarative.language.syntax import parse

_HERE = Path(__file__).parent
FILES = {path.stem: path.read_bytes() for path in sorted((_HERE / "fmt" / "ugly").iterdir())}
HCL2_REFUSES = {
    "align-wide": "names in other alphabets",
    "block-environment": "a block with the name of an attribute",
    "block-infrastructure": "a block with the name of an attribute",
    "block-service": "a block with the name of an attribute",
    "byte-order-mark": "a byte order mark",
    "calls": "names of functions in three parts",
    "comments-kinds": "comments between = and a value",
    "for-objects": "a template as key of for",
    "heredocs-markers": "markers that begin with _",
    "names": "names in other alphabets",
    "operators": "two negations",
    "templates": "~ at the beginning of an interpolation",
    "unwrapping": "~ at the beginning of an interpolation",
    "unwrapping-lines": "line breaks in an interpolation",
}
"""Files of the corpus of which all are right, and what python-hcl2 has not in them."""

GO_ALONE = {
    "a=1\n\0": "accepts the end of a C string as the end of the file",
    'a="\0"\n': "refuses it for the same reason, while Terraform does not",
    "a={null=1}\n": "panics",
}
"""What pygohcl answers unlike Terraform, which the table follows."""

OURS_ALONE = {
    "a={b.c=1}\n": "parses, and is an error whenever it is evaluated",
    "a={b[0]=1}\n": "parses, and is an error whenever it is evaluated",
    "a=b[/*x*/ * ]\n": "a comment inside a splat",
    "a=b. /*x*/ *\n": "a comment inside a splat",
    "a=(b.\n*)\n": "a line break inside a splat",
    "a=(b[\n*])\n": "a line break inside a splat",
    "a=b /*x*/ :: /*y*/ c(1)\n": "a comment inside the name of a function",
    "a=(b\n::c(1))\n": "a line break inside the name of a function",
    "a=(b::\nc(1))\n": "a line break inside the name of a function",
}
"""What we refuse with an error, and HCL's parser does not."""


@dataclass(frozen=True)
class Snippet:
    source: str
    valid: bool
    hcl2: bool


def _snippet(line: str) -> Snippet:
    valid, by_hcl2, source = line.split(" ", 2)
    return Snippet(json.loads(source), valid == "+", by_hcl2 == "+")


_LINES = (_HERE / "snippets.txt").read_text("utf-8").split("\n")
SNIPPETS = [_snippet(line) for line in _LINES if line and not line.startswith("#")]


def ours(source: bytes) -> bool:
    return not parse(source, "t.hcl").diagnostics


def by_go(source: bytes) -> bool:
    try:
        pygohcl.loadb(source)
    except (pygohcl.HCLParseError, pygohcl.HCLInternalError):
        return False
    return True


def by_hcl2(source: str) -> bool:
    try:
        hcl2.loads(source)
    except Exception:  # noqa: BLE001 - its errors are those of many libraries
        return False
    return True


def test_there_are_enough_of_both() -> None:
    assert len(SNIPPETS) == len({one.source for one in SNIPPETS})
    assert sum(not one.valid for one in SNIPPETS) >= 250
    assert sum(one.valid for one in SNIPPETS) >= 240


@pytest.mark.parametrize("one", SNIPPETS, ids=lambda one: ascii(one.source))
def test_snippet(one: Snippet) -> None:
    source = one.source.encode()
    assert ours(source) is (one.valid and one.source not in OURS_ALONE)
    assert by_go(source) is (one.valid is (one.source not in GO_ALONE))


def test_gaps_of_hcl2_are_known_exactly() -> None:
    assert [one.source for one in SNIPPETS if by_hcl2(one.source) is not one.hcl2] == []


@pytest.mark.parametrize("name", FILES)
def test_file_of_the_corpus(name: str) -> None:
    assert ours(FILES[name])
    assert by_go(FILES[name])
    assert by_hcl2(FILES[name].decode()) is (name not in HCL2_REFUSES)
