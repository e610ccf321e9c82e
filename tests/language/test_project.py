"""Loading a project: files, variables, settings, and every mistake at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from declarative.errors import ConfigurationError, LamformError
from declarative.language.binding import UnknownWorld
from declarative.language.expressions import evaluate
from declarative.language.project import (
    Assignment,
    Project,
    VariableFile,
    VariableInputs,
    load_project,
    residual_scope,
)
from declarative.language.syntax import parse_expression
from declarative.language.types import to_python
from declarative.model.values import Pending, Sensitive

PROJECTS = Path(__file__).parents[1] / "projects"

INFRASTRUCTURE = """
connector "aws" "main" {
  region = "us-east-2"
}

environment "dev" {
  type = "PreProduction"
}

infrastructure "main" {
  environment = environment.dev
  connector   = connector.aws.main
  region      = "us-east-2"
}
"""

SERVICE = """
service "app" {
  function {
    function_name = "app"
  }

  artifact "local" {
    path = "src"
  }
}

release "app" {
  service        = service.app
  infrastructure = infrastructure.main
}
"""


def load(directory: Path, *assignments: str, **environ: str) -> Project:
    return load_project(directory, variables=VariableInputs.of(assignments), environ=environ)


def write(directory: Path, text: str, name: str = "main.lamform.hcl") -> Path:
    (directory / name).write_text(text, encoding="utf-8")
    return directory


def problems(directory: Path, *assignments: str, **environ: str) -> list[str]:
    with pytest.raises(LamformError) as caught:
        load(directory, *assignments, **environ).bind(UnknownWorld())
    return [f"{item.range}: {item.summary}: {item.detail}" for item in caught.value.diagnostics]


def value_of(project: Project, expression: str) -> object:
    return to_python(evaluate(parse_expression(expression), project.scope))


def test_all_mistakes_of_all_files_are_reported_with_their_places() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(PROJECTS / "five_mistakes")
    found = [
        (str(item.range), item.summary, item.snippet.code if item.snippet else "")
        for item in caught.value.diagnostics
    ]
    assert found == [
        ("main.lamform.hcl:10:15", "Invalid value", '  type      = "Prod"'),
        ("main.lamform.hcl:11:25", "Undeclared variable", "  variables = { stage = var.stge }"),
        ("main.lamform.hcl:17:3", "Unsupported attribute", '  regoin      = "us-east-2"'),
        ("services.lamform.hcl:7:21", "Invalid value", "    memory_size   = 64"),
        ("services.lamform.hcl:8:5", "Unsupported attribute", '    kms_key       = "alias/x"'),
        (
            "services.lamform.hcl:17:20",
            "Undeclared service",
            "  service        = service.chekout",
        ),
    ]
    texts = "\n".join(item.detail for item in caught.value.diagnostics)
    assert "memory_size must be a whole number between 128 and 32768 (is 64)." in texts
    for meant in ("stage", "region", "kms_key_arn", "checkout"):
        assert f'Did you mean "{meant}"?' in texts


def test_after_a_syntax_error_only_mistakes_that_stand_alone_are_reported(tmp_path: Path) -> None:
    write(
        tmp_path,
        'locals {\n  a = [1, 2\n}\nenvironment "dev" {\n  type = "Prod"\n}\n',
        "a.lamform.hcl",
    )
    write(tmp_path, INFRASTRUCTURE.replace('environment "dev" {\n  type = "PreProduction"\n}', ""))
    write(
        tmp_path,
        SERVICE.replace('"app"\n  }', '"app"\n    timeout = 6000\n    role = local.a\n  }'),
        "s.lamform.hcl",
    )
    found = "\n".join(problems(tmp_path))
    assert "a.lamform.hcl:" in found
    assert "timeout must be a whole number between 1 and 5400 (is 6000)" in found
    assert "local" not in found


def test_an_empty_directory_names_the_command_that_helps(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="lamform init"):
        load(tmp_path)
    with pytest.raises(ConfigurationError, match="No such directory"):
        load(tmp_path / "missing")


def test_only_project_files_are_read(tmp_path: Path) -> None:
    write(tmp_path, "locals {\n  a = 1\n}\n", "lamform.hcl")
    write(tmp_path, "locals {\n  b = 2\n}\n", "b.lamform.hcl")
    write(tmp_path, "nonsense", "other.hcl")
    project = load(tmp_path)
    assert sorted(project.sources) == ["b.lamform.hcl", "lamform.hcl"]
    assert value_of(project, "local.a + local.b") == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('provisioner "terraform" "x" {\n}', 'needs the attribute "dir"'),
        ('provisioner "teraform" "x" {\n  dir = "x"\n}', 'Did you mean "terraform"?'),
        ('connector "git" "x" {\n}', 'needs the attribute "url"'),
        ('servce "x" {\n}', 'Did you mean "service"?'),
        ('release "x" {\n  count = 2\n}', "write for_each"),
        ('environment {\n  type = "Production"\n}', 'write environment "NAME"'),
        ('environment "a b" {\n  type = "Production"\n}', "is no name"),
        ("x = 1", "stands outside every block"),
        (
            "locals {\n  a = 1\n}\nlocals {\n  a = 2\n}",
            "local.a is declared at main.lamform.hcl:2:3",
        ),
        ("lamform {\n}\nlamform {\n}", "A project has one lamform block"),
        ('lamform {\n  required_version = ">= 99"\n}', "needs lamform >= 99"),
        ('lamform {\n  required_version = "newest"\n}', "is no constraint"),
        ('lamform {\n  backend "s3" {\n    bucket = "x"\n  }\n}', 'needs the attribute "project"'),
        ('lamform {\n  backend "sqlit" {\n  }\n}', 'Did you mean "sqlite"?'),
        ('output "x" {\n}', 'needs the attribute "value"'),
    ],
)
def test_blocks_that_cannot_be_read_say_what_to_write(
    tmp_path: Path, text: str, expected: str
) -> None:
    found = problems(write(tmp_path, text + "\n"))
    assert expected in "\n".join(found)
    assert all(line.startswith("main.lamform.hcl:") for line in found)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("code = {}", "comes from the artifact"),
        ("publish = true", "decides when a version is published"),
        ('package_type = "Zip"', "follows from the artifact"),
        ('filename = "x.zip"', 'write artifact "local"'),
        ("memorySize = 128", 'Did you mean "memory_size"?'),
        ("environment = {}\n    environment {\n    }", "is an attribute and a block here"),
        (
            "vpc_config = { subnets = [] }",
            'vpc_config has no "subnets". Did you mean "subnet_ids"?',
        ),
        ("vpc_config = 3", "vpc_config must be an object, or a block (is 3)"),
        ("timeout = 1.5", "timeout must be a whole number between 1 and 5400 (is 1.5)"),
        ('layers = "x"', 'layers must be a list (is "x")'),
        ("handler = []", "handler must be a string (is [])"),
        ("tags = { A = [] }", "tags.A must be a string"),
    ],
)
def test_function_fields_are_judged_at_their_place(
    tmp_path: Path, line: str, expected: str
) -> None:
    text = SERVICE.replace('"app"\n  }', f'"app"\n    {line}\n  }}')
    write(tmp_path, INFRASTRUCTURE, "infra.lamform.hcl")
    found = problems(write(tmp_path, text))
    assert len(found) == 1
    assert expected in found[0]
    assert found[0].startswith(("main.lamform.hcl:5:", "main.lamform.hcl:6:"))


def test_the_later_source_of_a_variable_wins(tmp_path: Path) -> None:
    write(tmp_path, 'variable "v" {\n  default = "default"\n}\nlocals {\n  v = var.v\n}\n')
    inputs = VariableInputs()

    def loaded(**environ: str) -> object:
        project = load_project(tmp_path, variables=inputs, environ=environ)
        return value_of(project, "local.v")

    assert loaded() == "default"
    assert loaded(LAMFORM_VAR_v="environ") == "environ"
    write(tmp_path, 'v = "b"', "b.auto.lamformvars")
    write(tmp_path, 'v = "a"', "a.auto.lamformvars")
    assert loaded(LAMFORM_VAR_v="environ") == "b"
    write(tmp_path, 'v = "file"', "x.lamformvars")
    file, assignment = VariableFile(tmp_path / "x.lamformvars"), Assignment("v=assigned")
    inputs = VariableInputs((file, assignment))
    assert loaded() == "assigned"
    inputs = VariableInputs((assignment, file))
    assert loaded() == "file"
    write(tmp_path, '{"v": "json"}', "x.json")
    inputs = VariableInputs.of(files=[tmp_path / "x.json"])
    assert loaded() == "json"


def test_variables_are_typed_and_text_is_an_expression_only_for_collections(tmp_path: Path) -> None:
    write(
        tmp_path,
        'variable "ports" {\n  type = list(number)\n}\n'
        'variable "text" {\n}\nvariable "count" {\n  type = number\n}\n',
    )
    project = load(tmp_path, 'ports=[1, "2"]', "text=[1]", "count=3")
    assert value_of(project, "var.ports") == [1, 2]
    assert value_of(project, "var.text") == "[1]"
    assert value_of(project, "var.count + 1") == 4


@pytest.mark.parametrize(
    ("assignments", "expected"),
    [
        ((), 'The variable "size" has no default. Give it with --var size='),
        (("size=x",), "var.size does not fit its type"),
        (("size=7",), "var.size must be one of 1, 2 (is 7)"),
        (("size=2",), "Only one. (The rule stands at main.lamform.hcl:"),
        (("size=1", "sise=1"), '--var sise sets "sise"'),
        (("size",), "not of the form NAME=VALUE"),
    ],
)
def test_variables_that_break_a_rule(
    tmp_path: Path, assignments: tuple[str, ...], expected: str
) -> None:
    text = """
variable "size" {
  type           = number
  nullable       = false
  allowed_values = [1, 2]

  validation {
    condition     = var.size == local.one
    error_message = "Only one."
  }
}

locals {
  one = 1
}
"""
    assert expected in "\n".join(problems(write(tmp_path, text), *assignments))


def test_a_null_for_a_variable_that_is_not_nullable_means_its_default(tmp_path: Path) -> None:
    write(tmp_path, 'variable "v" {\n  default  = 5\n  nullable = false\n}\n')
    write(tmp_path, "v = null", "x.auto.lamformvars")
    assert value_of(load(tmp_path), "var.v") == 5


def test_unknown_names_in_variable_files_are_warnings(tmp_path: Path) -> None:
    write(tmp_path, 'variable "known" {\n  default = 1\n}\n')
    write(tmp_path, "knwon = 2", "x.auto.lamformvars")
    (warning,) = load(tmp_path, LAMFORM_VAR_other="x").warnings
    assert 'Did you mean "known"?' in warning.detail
    assert warning.severity == "warning"


def test_settings_have_defaults_and_the_backend_may_use_variables(tmp_path: Path) -> None:
    write(tmp_path, "locals {\n}\n")
    settings = load(tmp_path).settings
    assert (settings.project, settings.backend) == (tmp_path.name, "sqlite")
    assert settings.backend_settings == {"path": ".lamform/state.db"}
    assert settings.ownership_tag
    write(
        tmp_path,
        'variable "dir" {\n}\nlamform {\n  project = "p"\n  ownership_tag = false\n'
        '  default_tags = { A = 1 }\n  backend "sqlite" {\n    path = "${var.dir}/s.db"\n  }\n}\n',
    )
    settings = load(tmp_path, "dir=x").settings
    assert settings.project == "p"
    assert settings.backend_settings == {"path": "x/s.db"}
    assert settings.default_tags == {"A": "1"}
    assert not settings.ownership_tag


def test_a_cycle_is_named_by_its_path(tmp_path: Path) -> None:
    write(tmp_path, "locals {\n  a = local.b\n  b = local.c\n  c = local.a\n}\n")
    (found,) = problems(tmp_path)
    assert "local.a -> local.b -> local.c -> local.a" in found


def test_a_long_chain_of_locals_is_no_crash(tmp_path: Path) -> None:
    lines = "\n".join(f"  l{i} = local.l{i + 1}" for i in range(2000))
    write(tmp_path, f"locals {{\n{lines}\n  l2000 = 1\n}}\n")
    assert "too deeply" in "\n".join(problems(tmp_path))


def test_outputs_keep_secrets_and_unknown_values_as_such(tmp_path: Path) -> None:
    text = """
variable "key" {
  sensitive = true
}

output "plain" {
  value = { list = [1, 1.5], text = "x" }
}

output "secret" {
  value     = { k = var.key }
  sensitive = true
}

output "version" {
  value = release.app.function.version
}
"""
    write(tmp_path, INFRASTRUCTURE + SERVICE, "rest.lamform.hcl")
    found = load(write(tmp_path, text), "key=s3cret").outputs(UnknownWorld())
    assert found["plain"].value == {"list": [1, 1.5], "text": "x"}
    assert found["secret"].value == {"k": Sensitive("s3cret", "var.key")}
    assert found["secret"].sensitive
    assert found["version"].value == Pending("release.app.function.version")
    assert "s3cret" not in repr(found)


def test_an_output_of_a_secret_must_say_so(tmp_path: Path) -> None:
    write(
        tmp_path, 'variable "k" {\n  sensitive = true\n}\noutput "o" {\n  value = "${var.k}!"\n}\n'
    )
    (found,) = problems(tmp_path, "k=s3cret")
    assert "sensitive = true" in found
    assert "s3cret" not in found


def test_messages_never_show_a_secret(tmp_path: Path) -> None:
    text = """
variable "k" {
  type           = string
  sensitive      = true
  allowed_values = ["a"]
}

variable "n" {
  sensitive = true
}
"""
    write(tmp_path, INFRASTRUCTURE, "infra.lamform.hcl")
    service = SERVICE.replace(
        '"app"\n  }', '"app"\n    timeout = var.n\n    layers = [[var.n]]\n  }'
    )
    write(tmp_path, text + service)
    found = "\n".join(problems(tmp_path, "k=s3cret", "n=s3cret"))
    assert "must be one of" in found
    assert "a sensitive value" in found
    assert "s3cret" not in found


def test_residuals_evaluate_without_the_files(tmp_path: Path) -> None:
    seen: list[tuple[str, tuple[str, ...]]] = []

    def releases(address: str, path: tuple[str, ...]) -> object | None:
        seen.append((address, path))
        return "7"

    scope = residual_scope(
        VariableInputs.of(["ports=[1, 2]"]),
        {"LAMFORM_VAR_key": "[k]", "TOKEN": "t"},
        releases,
        root=tmp_path,
    )

    def value(text: str) -> object:
        return to_python(evaluate(parse_expression(text), scope))

    assert value('"${var.key}-${getenv("TOKEN")}"') == "[k]-t"
    assert value('typed(var.ports, "list(string)")') == ["1", "2"]
    assert value('typed(var.ports, "list(number)")[1]') == 2
    assert value("release.a.function.version") == "7"
    assert value('release.a["eu"].alias.live.version') == "7"
    assert value('release.a["function"].function.code_sha256') == "7"
    assert seen == [
        ("release.a", ("function", "version")),
        ('release.a["eu"]', ("alias", "live", "version")),
        ('release.a["function"]', ("function", "code_sha256")),
    ]
    with pytest.raises(LamformError, match='"missing" has no default'):
        value("var.missing")
