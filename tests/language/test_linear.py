"""What a project of many releases costs, counted: evaluations and values made, not seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from declarative.language import expressions
from declarative.language.project import VariableInputs, load_project
from declarative.language.values import Value
from declarative.language.world import UnknownWorld

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """
connector "aws" "main" {
  region = "us-east-1"
}
environment "dev" {
  type = "PreProduction"
}
locals {
  keys    = [for number in range(COUNT) : tostring(number)]
  numbers = { for key in local.keys : key => { number = key } }
}
service "one" {
  variables = { number = "" }
  function {
    function_name = "one-${self.variables.number}"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/one"
    environment {
      variables = { NUMBER = self.variables.number, REGION = self.infrastructure.region }
    }
  }
  artifact "local" {
    path = "app.zip"
  }
  alias "live" {}
}
"""
ONE_PLACE = """
infrastructure "main" {
  environment = environment.dev
  connector   = connector.aws.main
  region      = "us-east-1"
}
"""
MANY_PLACES = """
infrastructure "main" {
  for_each    = local.numbers
  environment = environment.dev
  connector   = connector.aws.main
  region      = "us-east-1"
}
"""
SEPARATE = """
release "r{number}" {{
  service        = service.one
  infrastructure = infrastructure.main
  variables      = {{ number = "{number}" }}
}}
"""
FOR_EACH = """
release "r" {
  for_each       = toset(local.keys)
  service        = service.one
  infrastructure = infrastructure.main
  variables      = { number = each.key }
}
"""
CHAINED = """
release "r" {
  for_each       = infrastructure.main
  service        = service.one
  infrastructure = infrastructure.main[each.key]
  variables      = { number = local.numbers[each.key].number }
}
release "after" {
  for_each       = infrastructure.main
  service        = service.one
  infrastructure = each.value
  variables      = { number = "${release.r[each.key].function.name}-after" }
  depends_on     = [release.r[each.key]]
}
output "names" {
  value = { for key, one in release.after : key => one.function.name }
}
"""


@dataclass
class Cost:
    """How often a node of a syntax tree was evaluated, and how many values were made."""

    evaluations: int = 0
    values: int = 0


@pytest.fixture
def cost(monkeypatch: pytest.MonkeyPatch) -> Cost:
    counted = Cost()
    make = Value.__init__

    def made(self: Value, *args: Any, **named: Any) -> None:
        counted.values += 1
        make(self, *args, **named)

    def counting(handler: Any) -> Any:
        def evaluated(*args: Any) -> Value:
            counted.evaluations += 1
            return handler(*args)

        return evaluated

    monkeypatch.setattr(Value, "__init__", made)
    for node, handler in expressions._HANDLERS.items():
        monkeypatch.setitem(expressions._HANDLERS, node, counting(handler))
    return counted


def measured(directory: Path, text: str, count: int, cost: Cost) -> Cost:
    (directory / "lamform.hcl").write_text(text.replace("COUNT", str(count)))
    cost.evaluations = cost.values = 0
    project = load_project(directory, variables=VariableInputs(), environ={})
    assert len(project.bind(UnknownWorld())) >= count
    return Cost(cost.evaluations, cost.values)


def test_for_each_costs_what_separate_blocks_cost(tmp_path: Path, cost: Cost) -> None:
    blocks = "".join(SEPARATE.format(number=number) for number in range(1000))
    separate = measured(tmp_path, HEAD + ONE_PLACE + blocks, 1000, cost)
    together = measured(tmp_path, HEAD + ONE_PLACE + FOR_EACH, 1000, cost)
    assert together.evaluations < 1.5 * separate.evaluations
    assert together.values < 1.5 * separate.values


@pytest.mark.parametrize("text", [ONE_PLACE + FOR_EACH, MANY_PLACES + CHAINED])
def test_ten_times_the_releases_cost_ten_times_as_much(
    tmp_path: Path, cost: Cost, text: str
) -> None:
    few = measured(tmp_path, HEAD + text, 100, cost)
    many = measured(tmp_path, HEAD + text, 1000, cost)
    assert many.evaluations < 10.5 * few.evaluations
    assert many.values < 10.5 * few.values


def test_nothing_is_evaluated_twice_that_has_not_changed(tmp_path: Path, cost: Cost) -> None:
    (tmp_path / "lamform.hcl").write_text((HEAD + ONE_PLACE + FOR_EACH).replace("COUNT", "10"))
    project = load_project(tmp_path, variables=VariableInputs(), environ={})
    first = project.bind(UnknownWorld())
    cost.evaluations = 0
    assert project.bind(UnknownWorld()) == first
    # What only has to be right, and is in no result, is judged again: constants and references.
    assert cost.evaluations < 100
