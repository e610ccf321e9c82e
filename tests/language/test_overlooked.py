"""What the files say and nothing would ever read is an error, not silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from declarative.errors import ConfigurationError
from declarative.language.binding import UnknownWorld
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
        load_project(tmp_path, variables=VariableInputs(), environ={}).bind(UnknownWorld())
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


@pytest.mark.parametrize("type_", ["override", "lifecycle"])
def test_a_dynamic_block_that_is_read_where_it_is_written(tmp_path: Path, type_: str) -> None:
    blocks = {
        "override": 'environment "dev" {\n  type = "Production"\n',
        "lifecycle": "removed {\n  from = release.old\n",
    }
    content = f'  dynamic "{type_}" {{\n    for_each = []\n    content {{}}\n  }}\n}}\n'
    assert f'dynamic "{type_}" is not supported in' in refused(tmp_path, blocks[type_] + content)


PLACE = """
connector "aws" "main" {}

environment "dev" {
  type = "PreProduction"
}

infrastructure "main" {
  environment = environment.dev
  connector   = connector.aws.main
  region      = "eu-west-1"
}

service "app" {
  function {
    function_name = "app"
    %s
  }

  artifact "local" {
    path = "src"
  }

  %s
}

release "app" {
  service        = service.app
  infrastructure = infrastructure.main
}
"""

ALIASES = """
  dynamic "alias" {
    for_each = ["a", "b"]
    labels   = %s
    %s

    content {}
  }
"""

STRUCTURES = """
    dynamic "%s" {
      for_each = ["/a", "/b"]

      content {
        %s
      }
    }
"""


@pytest.mark.parametrize(
    ("function", "service", "said"),
    [
        ("", ALIASES % ('["live"]', ""), 'alias "live" is declared'),
        ("", ALIASES % ('["live", alias.value]', ""), "An alias has one label"),
        ("", ALIASES % ("[]", ""), "An alias has one label"),
        ("", ALIASES % ("[item.value]", 'iterator = "item"'), "bare name"),
        ("", 'alias "a" {}\n' + ALIASES % ("[alias.value]", ""), 'alias "a" is declared'),
        (STRUCTURES % ("tracing_config", 'mode = "Active"'), "", "one tracing_config"),
        (
            "file_system_configs = []\n"
            + STRUCTURES % ("file_system_configs", 'arn = "a"\nlocal_mount_path = "/mnt/a"'),
            "",
            "attribute and a block",
        ),
    ],
)
def test_a_generated_block_that_another_would_hide(
    tmp_path: Path, function: str, service: str, said: str
) -> None:
    assert said in refused(tmp_path, PLACE % (function, service))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('output "o" {\n  value = 1\n  depends_on = [release.gone]\n}\n', "gone"),
        ('output "o" {\n  value = 1\n  depends_on = ["app"]\n}\n', "a list of releases"),
        ('environment "dev" {\n  type = "Production"\n  variables = 5\n}\n', "must be a map"),
        ('service "x" {\n  variable "v" {\n    type = text\n  }\n}\n', "Types are string"),
    ],
)
def test_what_no_release_reads_must_be_right_all_the_same(
    tmp_path: Path, text: str, said: str
) -> None:
    assert said in refused(tmp_path, text)


def test_an_unsuitable_version_is_refused_where_it_is_asked_for(tmp_path: Path) -> None:
    said = refused(tmp_path, 'lamform {\n  project = "p"\n  required_version = ">= 99"\n}\n')
    assert "lamform.hcl:13:3" in said
    assert "needs lamform >= 99" in said
