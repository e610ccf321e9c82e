"""Values of variables from outside the files: which wins, how text is read, what errors say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from declarative.errors import Diagnostic, LamformError
from declarative.language.expressions import evaluate
from declarative.language.project import (
    Assignment,
    VariableFile,
    VariableInputs,
    load_project,
    residual_scope,
)
from declarative.language.syntax import parse_expression
from declarative.language.types import to_python
from declarative.language.world import UnknownWorld

if TYPE_CHECKING:
    from pathlib import Path

    from declarative.language.project import Project


def load(directory: Path, text: str, *assignments: str, **environ: str) -> Project:
    (directory / "main.lamform.hcl").write_text(text, "utf-8")
    return load_project(directory, variables=VariableInputs.of(assignments), environ=environ)


def problems(
    directory: Path, text: str, *assignments: str, **environ: str
) -> tuple[Diagnostic, ...]:
    with pytest.raises(LamformError) as caught:
        load(directory, text, *assignments, **environ).bind(UnknownWorld())
    return caught.value.diagnostics


def value_of(project: Project, expression: str) -> object:
    return to_python(evaluate(parse_expression(expression), project.scope))


def test_automatic_files_are_read_by_name_json_among_them(tmp_path: Path) -> None:
    text = 'variable "v" {\n}\n'
    (tmp_path / "b.auto.lamformvars.json").write_text('{"v": "json"}', "utf-8")
    (tmp_path / "a.auto.lamformvars").write_text('v = "hcl"', "utf-8")
    assert value_of(load(tmp_path, text, LAMFORM_VAR_v="environ"), "var.v") == "json"
    (tmp_path / "c.auto.lamformvars").write_text('v = "last"', "utf-8")
    assert value_of(load(tmp_path, text), "var.v") == "last"


def test_files_and_assignments_win_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "main.lamform.hcl").write_text('variable "v" {\n}\n', "utf-8")
    (tmp_path / "x.lamformvars").write_text('v = "file"', "utf-8")
    file, assignment = VariableFile(tmp_path / "x.lamformvars"), Assignment("v=assigned")
    for order, expected in (((file, assignment), "assigned"), ((assignment, file), "file")):
        project = load_project(tmp_path, variables=VariableInputs(order), environ={})
        assert value_of(project, "var.v") == expected


@pytest.mark.parametrize(
    ("type_", "raw", "expected"),
    [
        ("", "[1]", "[1]"),
        ("type = string", "[1]", "[1]"),
        ("type = any", "[1]", [1]),
        ("type = any", '"x"', "x"),
        ("type = number", "1e3", 1000),
        ("type = bool", "true", True),
        ("type = map(number)", '{ a = "1" }', {"a": 1}),
        (
            "type = object({ a = string, b = optional(number, 3) })",
            '{ a = "x" }',
            {"a": "x", "b": 3},
        ),
    ],
)
def test_text_is_read_as_terraform_reads_it(
    tmp_path: Path, type_: str, raw: str, expected: object
) -> None:
    text = f'variable "v" {{\n  {type_}\n}}\n'
    assert value_of(load(tmp_path, text, f"v={raw}"), "var.v") == expected
    assert value_of(load(tmp_path, text, LAMFORM_VAR_v=raw), "var.v") == expected


@pytest.mark.parametrize("raw", ["[1, 2]", '{ a = "x" }'])
def test_a_secret_of_any_type_is_the_same_without_the_files(tmp_path: Path, raw: str) -> None:
    text = 'variable "v" {\n  type      = any\n  sensitive = true\n}\n'
    project = load(tmp_path, text, f"v={raw}")
    value = evaluate(parse_expression("var.v"), project.scope)
    assert value.residual is not None
    scope = residual_scope(VariableInputs.of([f"v={raw}"]), {}, lambda *_: None, root=tmp_path)
    assert to_python(evaluate(value.residual, scope)) == to_python(
        evaluate(parse_expression(raw), project.scope)
    )


@pytest.mark.parametrize(
    ("type_", "raw"),
    [
        ("number", "x"),
        ("list(string)", "[1,"),
        ("list(string)", "[nobody]"),
        ("list(number)", '["x"]'),
    ],
)
def test_a_wrong_value_is_shown_where_it_was_given(tmp_path: Path, type_: str, raw: str) -> None:
    text = f'variable "v" {{\n  type = {type_}\n}}\n'
    for given, environ in (((f"v={raw}",), {}), ((), {"LAMFORM_VAR_v": raw})):
        (found,) = problems(tmp_path, text, *given, **environ)
        assert found.range is not None
        assert found.range.filename == ("--var v" if given else "LAMFORM_VAR_v")
        assert found.snippet is not None
        assert found.snippet.code == raw


def test_a_wrong_value_of_a_file_shows_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.auto.lamformvars").write_text("# first\nv = [1]\n", "utf-8")
    (found,) = problems(tmp_path, 'variable "v" {\n  type = string\n}\n')
    assert str(found.range) == "a.auto.lamformvars:2:1"
    assert found.snippet is not None
    assert found.snippet.code == "v = [1]"


@pytest.mark.parametrize("type_", ["number", "list(string)", "list(number)", "any"])
@pytest.mark.parametrize("raw", ["hunter2", "[hunter2", "[hunter2]", '["hunter2"]', "hunter2()"])
def test_a_wrong_secret_is_never_shown(tmp_path: Path, type_: str, raw: str) -> None:
    text = f"""
variable "v" {{
  type           = {type_}
  sensitive      = true
  allowed_values = []

  validation {{
    condition     = false
    error_message = "not ${{jsonencode(var.v)}}"
  }}
}}
"""
    for item in problems(tmp_path, text, f"v={raw}"):
        assert "hunter2" not in f"{item.summary} {item.detail} {item.snippet}"


def test_an_undeclared_name_is_an_error_a_warning_or_nothing(tmp_path: Path) -> None:
    text = 'variable "size" {\n  default = 1\n}\n'
    (found,) = problems(tmp_path, text, "sise=hunter2")
    assert 'Did you mean "size"?' in found.detail
    assert "hunter2" not in str(found)
    (tmp_path / "a.auto.lamformvars").write_text("sise = 2\n", "utf-8")
    (warning,) = load(tmp_path, text, LAMFORM_VAR_other="x").warnings
    assert (warning.severity, str(warning.range)) == ("warning", "a.auto.lamformvars:1:1")


def test_all_rules_are_judged_and_may_read_other_variables(tmp_path: Path) -> None:
    text = """
variable "low" {
  default = 5
}

variable "high" {
  validation {
    condition     = var.high > var.low
    error_message = "Not above ${var.low}."
  }

  validation {
    condition     = var.high < 3
    error_message = "Too high."
  }
}
"""
    found = [item.detail.split(" (")[0] for item in problems(tmp_path, text, "high=4")]
    assert found == ["Not above 5.", "Too high."]


def test_a_precondition_of_an_output_is_judged_once_it_is_known(tmp_path: Path) -> None:
    text = """
variable "v" {
}

provisioner "shell" "x" {
  script = "true"
}

output "o" {
  value = 1

  precondition {
    condition     = var.v == "good"
    error_message = "v is ${var.v}."
  }

  precondition {
    condition     = provisioner.shell.x.ready
    error_message = "Not ready."
  }
}
"""
    load(tmp_path, text, "v=good").bind(UnknownWorld())
    (found,) = problems(tmp_path, text, "v=bad")
    assert found.detail == "v is bad."
    assert str(found.range) == "main.lamform.hcl:13:21"
