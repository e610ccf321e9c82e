"""What an error tells: values, whose it is, who else has it, and nothing that only follows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.errors import ConfigurationError, Diagnostic, LamformError
from declarative.language.project import Assignment, Project, VariableInputs, load_project
from declarative.language.world import UnknownWorld
from declarative.render.diagnostics import diagnostic_json, diagnostics_text
from declarative.render.look import Look

BASE = """
connector "aws" "main" { region = "eu-west-1" }
environment "dev" { type = "PreProduction" }
infrastructure "dev" {
  for_each    = toset([for number in range(%s) : "t${number}"])
  environment = environment.dev
  connector   = connector.aws.main
  region      = "eu-west-1"
}
service "app" {
  function {
    function_name = "app-${self.key}"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/app"
    %s
  }
  artifact "local" { path = "src" }
}
release "app" {
  for_each       = infrastructure.dev
  service        = service.app
  infrastructure = each.value
}
"""


def load(
    directory: Path, text: str, *assigned: str, environ: Mapping[str, str] | None = None
) -> Project:
    (directory / "lamform.hcl").write_text(text, encoding="utf-8")
    inputs = VariableInputs(tuple(map(Assignment, assigned)))
    return load_project(directory, variables=inputs, environ={} if environ is None else environ)


def wrong(directory: Path, text: str, *assigned: str) -> list[Diagnostic]:
    with pytest.raises(ConfigurationError) as caught:
        load(directory, text, *assigned).bind(UnknownWorld())
    return list(caught.value.diagnostics)


def values(directory: Path, text: str) -> dict[str, str]:
    [found] = wrong(directory, text)
    assert found.snippet is not None
    return dict(found.snippet.evidence.values)


@pytest.mark.parametrize(
    ("literal", "statement"),
    [
        ('"eu"', 'is "eu"'),
        ('"%s"' % ("x" * 100), f'is "{"x" * 59}…"'),
        ("64.5", "is 64.5"),
        ("true", "is true"),
        ("null", "is null"),
        ("[]", "is empty tuple"),
        ("tolist([])", "is empty list of dynamic"),
        ('tolist(["a"])', "is list of string with 1 element"),
        ("toset([1, 2])", "is set of number with 2 elements"),
        ("tomap({ a = 1, b = 2 })", "is map of number with 2 elements: a, b"),
        ("{}", "is object with no attributes"),
        ("{ a = 1 }", "is object with 1 attribute: a"),
        ("environment.dev", "is environment.dev"),
        ('sensitive("x")', "is a sensitive value"),
        ('release.app["t0"].function.version', "is not known until apply"),
    ],
)
def test_a_reference_says_what_it_stood_for(tmp_path: Path, literal: str, statement: str) -> None:
    text = BASE % (1, "") + f"locals {{\n  x = {literal}\n  bad = replace(local.x)\n}}\n"
    assert values(tmp_path, text)["local.x"] == statement


def test_only_the_part_that_fails_is_told_of(tmp_path: Path) -> None:
    text = 'locals {\n  a = 1\n  b = "x"\n  c = [local.a, local.b + 1]\n}\n'
    assert values(tmp_path, BASE % (1, "") + text) == {"local.b": 'is "x"'}


def test_names_that_a_for_binds_and_the_longest_beginning_with_a_value(tmp_path: Path) -> None:
    text = BASE % (1, "") + "locals {\n  m = { k = {} }\n  c = [for n, o in local.m : o.a]\n}\n"
    assert values(tmp_path, text) == {"o": "is object with no attributes"}
    text = BASE % (1, "") + "locals {\n  m = { k = {} }\n  c = local.m.k.a.b\n}\n"
    assert values(tmp_path, text) == {"local.m.k": "is object with no attributes"}


def test_a_key_of_for_each_is_told_for_the_first(tmp_path: Path) -> None:
    text = BASE % (1, "memory_size = length(self.key)")
    assert values(tmp_path, text) == {"self.key": 'is "t0"'}


def test_a_function_that_refuses_is_named_with_its_parameters(tmp_path: Path) -> None:
    text = BASE % (1, "") + 'locals {\n  c = cidrsubnet("10.0.0.0/8", "x", 2)\n}\n'
    [found] = wrong(tmp_path, text)
    assert found.snippet is not None
    assert str(found.snippet.evidence.call) == "cidrsubnet(prefix, newbits, netnum)"


def test_nothing_is_looked_up_for_errors_that_are_caught(tmp_path: Path) -> None:
    text = 'locals {\n  a = try(1 / 0, "fine")\n  b = can(local.a.x.y) ? 1 : 2\n}\n'
    project = load(tmp_path, BASE % (1, "") + text)
    assert len(project.bind(UnknownWorld())) == 1


def test_one_mistake_of_fifty_releases_is_one_error_that_counts_them(tmp_path: Path) -> None:
    [found] = wrong(tmp_path, BASE % (50, "timeout = self.key"))
    assert found.address == 'release.app["t0"]'
    assert len(found.also) == 49
    assert found.snippet is not None
    assert found.snippet.context == 'service "app"'


def test_two_rules_that_are_broken_at_one_place_are_two_errors(tmp_path: Path) -> None:
    rules = "".join(
        f'  validation {{\n    condition = var.n > {least}\n    error_message = "{least}!"\n  }}\n'
        for least in (5, 9)
    )
    text = BASE % (1, "") + f'variable "n" {{\n  default = 3\n{rules}}}\n'
    assert [one.detail[:2] for one in wrong(tmp_path, text)] == ["5!", "9!"]


def test_what_follows_from_a_mistake_is_not_reported(tmp_path: Path) -> None:
    text = BASE % (9, "description = local.bad\n    timeout = local.worse") + (
        'locals {\n  bad = 1 / 0\n  worse = local.bad + 1\n}\noutput "x" { value = local.worse }\n'
    )
    [found] = wrong(tmp_path, text)
    assert (found.address, found.also) == ("local.bad", ())


def test_errors_come_by_file_and_position(tmp_path: Path) -> None:
    (tmp_path / "a.lamform.hcl").write_text("locals {\n  z = 1 / 0\n  y = nosuch.a\n}\n")
    text = BASE % (1, "timeout = 0\n    memory_size = 1") + 'output "o" { value = nosuch(1) }\n'
    found = [one.range for one in wrong(tmp_path, text)]
    assert None not in found
    assert len(found) == 5
    assert found == sorted(found, key=lambda place: (place.filename, place.start))  # type: ignore[union-attr] # none is None


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("locals {\n  a = vra.x\n}\n", 'Did you mean "var"?'),
        ("locals {\n  a = app\n}\n", "Did you mean service.app or release.app?"),
        ("locals {\n  a = each.key\n}\n", "only in a block that has for_each"),
        ("locals {\n  a = uper(1)\n}\n", 'Did you mean "upper"?'),
        ("locals {\n  abc = 1\n  a = local.abd\n}\n", 'Did you mean "abc"?'),
        ("locals {\n  a = path.module\n}\n", "It has: root"),
        ("locals {\n  a = infrastructure.deb\n}\n", 'Did you mean "dev"?'),
        ('outptu "x" { value = 1 }\n', 'Did you mean "output"?'),
        ('module "x" {}\n', "There are no modules"),
        ('output "x" { vlaue = 1 }\n', 'Did you mean "value"?'),
        ('output "x" { value = { Key = 1 }["key"] }\n', 'Did you mean "Key"?'),
    ],
)
def test_what_was_meant(tmp_path: Path, text: str, hint: str) -> None:
    [found] = wrong(tmp_path, BASE % (1, "") + text)
    assert hint in found.detail


def test_a_misspelt_block_is_read_as_what_it_was_meant_to_be(tmp_path: Path) -> None:
    text = (BASE % (1, "timeout = 0")).replace('service "app"', 'servise "app"')
    assert [one.summary for one in wrong(tmp_path, text)] == ["Unknown block", "Invalid value"]


def test_a_circle_names_its_path_with_places(tmp_path: Path) -> None:
    text = BASE % (1, "") + "locals {\n  a = local.b\n  b = [local.a]\n}\n"
    [found] = wrong(tmp_path, text)
    assert found.address == "local.a"
    assert "local.a -> local.b -> local.a" in found.detail
    for place in ("local.a at lamform.hcl:26:3", "local.b at lamform.hcl:27:3"):
        assert place in found.detail


def test_where_a_value_was_given_is_told(tmp_path: Path) -> None:
    text = BASE % (1, "") + 'variable "n" {\n  type = number\n}\n'
    [found] = wrong(tmp_path, text, "n=x")
    assert found.range is not None
    assert found.range.filename == "--var n"
    assert found.snippet is not None
    assert found.snippet.code == "x"


class Counting(Mapping[str, str]):
    """An environment that counts how often each name is read."""

    def __init__(self) -> None:
        self.reads: Counter[str] = Counter()

    def __getitem__(self, name: str) -> str:
        self.reads[name] += 1
        return name

    def get(self, name: str, default: object = None) -> str:  # type: ignore[override] # of all names
        return self[name]

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_nothing_is_evaluated_twice_that_has_not_changed(tmp_path: Path) -> None:
    text = BASE % (5, 'description = "${local.a}${var.v}${self.variables.w}"') + (
        'locals {\n  a = getenv("LOCAL")\n  b = "${local.a}${local.a}"\n}\n'
        'variable "v" {\n  default = getenv("DEFAULT")\n}\n'
        'output "x" { value = [local.a, local.b, var.v] }\n'
    )
    text = (
        text.replace(
            'type = "PreProduction"',
            'type = "PreProduction"\n  variables = { w = getenv("LAYER") }',
        )
        .replace('environment "dev" { ', 'environment "dev" {\n  ')
        .replace('LAYER") } }', 'LAYER") }\n}')
    )
    environ = Counting()
    project = load(tmp_path, text, environ=environ)
    for _ in range(2):
        assert len(project.bind(UnknownWorld())) == 5
        project.outputs(UnknownWorld())
    counted = {name: environ.reads[name] for name in ("LOCAL", "DEFAULT", "LAYER")}
    assert counted == {"LOCAL": 1, "DEFAULT": 1, "LAYER": 1}


BROKEN = sorted((Path(__file__).parent / "broken").glob("*/lamform.hcl"))


@given(st.sampled_from(BROKEN), st.integers(0), st.integers(1, 6), st.sampled_from('"{}[]$=.,\n x'))
def test_whatever_is_broken_further_is_still_an_error_that_can_be_read(
    path: Path, at: int, length: int, instead: str
) -> None:
    source = path.read_text(encoding="utf-8")
    at %= len(source)
    found = all_wrong(source[:at] + instead + source[at + length :])
    text = diagnostics_text(found, Look(width=40))
    assert text.count("Error: ") + text.count("Warning: ") >= len(found)
    json.dumps([diagnostic_json(one) for one in found])
    assert len({(one.summary, one.detail, one.range) for one in found}) == len(found)


def all_wrong(text: str) -> tuple[Diagnostic, ...]:
    with TemporaryDirectory() as directory:
        try:
            load(Path(directory), text).bind(UnknownWorld())
        except LamformError as error:
            return error.diagnostics
    return ()
