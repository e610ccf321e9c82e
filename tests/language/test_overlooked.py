"""What the files say and nothing would ever read is an error, not silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from declarative.errors import ConfigurationError
from declarative.language.inputs import VariableInputs
from declarative.language.project import load_project

BASE = """
service "checkout" {
  function {
    function_name = "checkout"
  }

  artifact "local" {
    path = "src"
  }
}
"""


def refused(tmp_path: Path, text: str) -> str:
    (tmp_path / "lamform.hcl").write_text(BASE + text)
    with pytest.raises(ConfigurationError) as caught:
        load_project(tmp_path, variables=VariableInputs(), environ={})
    return str(caught.value)


def test_an_override_of_a_service_that_does_not_exist(tmp_path: Path) -> None:
    said = refused(
        tmp_path,
        """
        environment "dev" {
          type = "PreProduction"

          override "chekout" {
            function {
              timeout = 9
            }
          }
        }
        """,
    )
    assert "chekout" in said
    assert "checkout" in said


@pytest.mark.parametrize("type_", ["override", "validation", "assume_role"])
def test_a_dynamic_block_that_is_read_where_it_is_written(tmp_path: Path, type_: str) -> None:
    blocks = {
        "override": 'environment "dev" {\n  type = "Production"\n',
        "validation": 'variable "v" {\n',
        "assume_role": 'connector "aws" "main" {\n',
    }
    content = f'  dynamic "{type_}" {{\n    for_each = []\n    content {{}}\n  }}\n}}\n'
    assert "dynamic" in refused(tmp_path, blocks[type_] + content)
