"""Projects of any size for the benchmarks: one for lamform, its like for Terraform."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LAMFORM_HEAD = """\
connector "aws" "main" {
  region = "us-east-1"
}

environment "bench" {
  type = "PreProduction"
}

infrastructure "main" {
  environment = environment.bench
  connector   = connector.aws.main
  region      = "us-east-1"
}

service "bench" {
  variables = { number = "" }

  function {
    function_name = "bench-${self.variables.number}"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/bench"
  }

  artifact "local" {
    path = "app.zip"
  }

  alias "live" {}
}
"""

_LAMFORM_RELEASE = """
release "r{number}" {{
  service        = service.bench
  infrastructure = infrastructure.main
  variables      = {{ number = "{number}" }}
}}
"""

_LAMFORM_FOR_EACH = """
release "r" {{
  for_each       = toset([for number in range({count}) : tostring(number)])
  service        = service.bench
  infrastructure = infrastructure.main
  variables      = {{ number = each.key }}
}}
"""

_TERRAFORM_FOR_EACH = """
resource "terraform_data" "r" {{
  for_each = toset([for number in range({count}) : tostring(number)])
  input    = "bench-${{each.key}}"
}}
"""

_TERRAFORM_RESOURCE = """
resource "terraform_data" "r{number}" {{
  input = "bench-{number}"
}}
"""


def lamform_project(directory: Path, releases: int, *, for_each: bool = False) -> None:
    """Write a project of ``releases`` releases of one service, separate or one ``for_each``."""
    directory.mkdir()
    if for_each:
        blocks = [_LAMFORM_FOR_EACH.format(count=releases)]
    else:
        blocks = [_LAMFORM_RELEASE.format(number=number) for number in range(releases)]
    text = _LAMFORM_HEAD + "".join(blocks)
    (directory / "lamform.hcl").write_text(text, encoding="utf-8")
    with zipfile.ZipFile(directory / "app.zip", "w") as package:
        package.writestr("app.py", "def handler(event, context):\n    return event\n")


def terraform_project(
    directory: Path, resources: int, *, for_each: bool = False, applied: bool = True
) -> None:
    """Write ``resources`` of ``terraform_data``, alike, and the state of their apply if asked.

    The state is written by hand because Terraform's own apply takes a minute for a thousand.
    """
    directory.mkdir()
    if for_each:
        blocks = [_TERRAFORM_FOR_EACH.format(count=resources)]
    else:
        blocks = [_TERRAFORM_RESOURCE.format(number=number) for number in range(resources)]
    (directory / "main.tf").write_text("".join(blocks), encoding="utf-8")
    if not applied:
        return
    state = {
        "version": 4,
        "terraform_version": "1.4.0",  # the first that has terraform_data
        "serial": 1,
        "lineage": "7e0d1a3c-5a52-4b53-9d21-3f1f8d9b6c11",
        "outputs": {},
        "resources": _terraform_each(resources) if for_each else _terraform_separate(resources),
    }
    (directory / "terraform.tfstate").write_text(json.dumps(state), encoding="utf-8")


def _terraform_separate(count: int) -> list[dict[str, object]]:
    return [_terraform_state(f"r{number}", [_instance(number)]) for number in range(count)]


def _terraform_each(count: int) -> list[dict[str, object]]:
    keys = sorted(map(str, range(count)))
    each = [{"index_key": key, **_instance(int(key))} for key in keys]
    return [{"each": "map", **_terraform_state("r", each)}]


def _terraform_state(name: str, instances: list[dict[str, object]]) -> dict[str, object]:
    return {
        "mode": "managed",
        "type": "terraform_data",
        "name": name,
        "provider": 'provider["terraform.io/builtin/terraform"]',
        "instances": instances,
    }


def _instance(number: int) -> dict[str, object]:
    value = {"value": f"bench-{number}", "type": "string"}
    attributes = {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "input": value,
        "output": value,
        "triggers_replace": None,
    }
    return {"schema_version": 0, "attributes": attributes}
