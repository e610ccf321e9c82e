"""What is HCL, in the opinion of Go's own parser (pygohcl), ours and python-hcl2.

``snippets.json`` holds what HCL takes and what it forbids. Go's parser decides; ours agrees.
"""

from __future__ import annotations

import json
from pathlib import Path

import hcl2
import pygohcl
import pytest

from declarative.errors import ConfigurationError
from declarative.language.format import format_source
from declarative.language.reading import parse

HERE = Path(__file__).parent
SNIPPETS = json.loads((HERE / "snippets.json").read_text("utf-8"))
CORPUS = [path.read_bytes().decode("utf-8") for path in sorted((HERE / "fmt").glob("*.hcl"))]

EVALUATED = {
    # Go's parser takes it, and Terraform refuses it when it evaluates: "Ambiguous attribute key".
    "a = { a.b = 1 }",
}
"""What we refuse when reading and Go only later."""

TAKEN_BY_PYTHON_HCL2 = {
    "a = 1 b = 2",
    "a = 1\na = 2",
    "a = { a = 1 b = 2 }",
    'a = "x\ny"',
    'a = "\\q"',
    'a = "\\u12"',
    'a = "\\U0010"',
    'a = "\\x41"',
    'a = "%{ endif }"',
    'a = "%{ else }"',
    "b { a = 1 b = 2 }",
    'b "${x}" {}',
    "b { c {} }",
    "b { a = 1 c {} }",
    "b\n{\n}",
    "a = 1 /* x */ b = 2",
    "a = { for = 1 }",
    "a = a.0.1",
    "a = a.1.b.2.3",
    "a = <<EOT\nx\nEOT",
    "a = <<EOT\n${x\nEOT\n",
    "a = <<EOT\n%{ if x }\nEOT\n",
}
"""What HCL forbids and python-hcl2 reads all the same."""

REFUSED_BY_PYTHON_HCL2 = {
    "a = /* c */ 1",
    "a /* c */ = 1",
    "a = !!true",
    "a = --1",
    'a = "a${~ x ~}b"',
    "a = core::f(1)",
    "zürich = 1",
    "日本 = 1",
    "\ufeffa = 1",
}
"""What HCL takes and python-hcl2 does not read."""


def ours(text: str) -> bool:
    return not parse(text.encode(), "x.hcl").diagnostics


def gos(text: str) -> bool:
    try:
        pygohcl.loads(text)
    except pygohcl.HCLParseError:
        return False
    except pygohcl.HCLInternalError:
        return True  # it parses, and then null is no value for it
    return True


def pythons(text: str) -> bool:
    try:
        hcl2.loads(text if text.endswith("\n") else text + "\n")
    except Exception:  # noqa: BLE001 - it raises whatever its parser raises
        return False
    return True


def test_there_is_enough_to_disagree_about() -> None:
    assert len(SNIPPETS["invalid"]) >= 60
    assert len(SNIPPETS["valid"]) >= 60
    assert len(CORPUS) >= 120


@pytest.mark.parametrize("text", SNIPPETS["invalid"])
def test_what_hcl_forbids_is_refused(text: str) -> None:
    assert not gos(text)
    assert not ours(text)
    with pytest.raises(ConfigurationError):
        format_source(text.encode(), "x.hcl")


@pytest.mark.parametrize("text", SNIPPETS["valid"])
def test_what_hcl_takes_is_read(text: str) -> None:
    assert gos(text)
    assert ours(text)


@pytest.mark.parametrize("text", CORPUS)
def test_the_files_of_the_corpus_are_read(text: str) -> None:
    assert ours(text)
    assert gos(text)


@pytest.mark.parametrize("text", sorted(EVALUATED))
def test_what_is_refused_earlier(text: str) -> None:
    assert gos(text)
    assert not ours(text)


def test_python_hcl2_disagrees_in_this_alone() -> None:
    taken = {text for text in SNIPPETS["invalid"] if pythons(text)}
    refused = {text for text in SNIPPETS["valid"] if not pythons(text)}
    assert taken == TAKEN_BY_PYTHON_HCL2
    assert refused == REFUSED_BY_PYTHON_HCL2
