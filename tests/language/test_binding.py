"""Binding releases: layers, references, for_each, secrets and what is not known yet."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from declarative.errors import LamformError
from declarative.language.binding import UnknownWorld
from declarative.language.expressions import evaluate
from declarative.language.grammar_release import FUNCTION
from declarative.language.project import Project, VariableInputs, load_project, residual_scope
from declarative.language.syntax import parse_expression
from declarative.language.types import to_python
from declarative.model import fields
from declarative.model.artifacts import LocalArtifact, S3Artifact
from declarative.model.config import FunctionConfig
from declarative.model.values import Pending, Sensitive

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from declarative.language.world import SecretSource, SecretText
    from declarative.model.bound import BoundRelease, Connector

BASE = """
connector "aws" "main" {
  region       = "us-east-2"
  default_tags = { Owner = "connector" }
}

environment "dev" {
  type      = "PreProduction"
  variables = { stage = "dev" }
}

infrastructure "main" {
  environment = environment.dev
  connector   = connector.aws.main
  region      = "eu-west-1"
}
"""

APP = """
service "app" {
  function {
    function_name = "app"
    %s
  }

  artifact "local" {
    path = "src"
  }
}

release "app" {
  service        = service.app
  infrastructure = infrastructure.main
  %s
}
"""


@dataclass
class World:
    """A world in which some releases have been applied."""

    account: str | None = "111122223333"
    attributes: Mapping[tuple[str, tuple[str, ...]], object] = field(default_factory=dict)

    def account_id(self, connector: Connector) -> str | None:
        return self.account

    def release_attribute(self, address: str, path: tuple[str, ...]) -> object | None:
        return self.attributes.get((address, path))

    def secret(self, source: SecretSource, connector: Connector) -> SecretText | None:
        return None


def load(directory: Path, text: str, *assignments: str) -> Project:
    (directory / "main.lamform.hcl").write_text(text, encoding="utf-8")
    return load_project(directory, variables=VariableInputs.of(assignments), environ={})


def bind(directory: Path, text: str, *assignments: str) -> dict[str, BoundRelease]:
    project = load(directory, text, *assignments)
    project.bind(UnknownWorld())
    return {item.address: item for item in project.bind(World())}


def problems(directory: Path, text: str, *assignments: str) -> str:
    with pytest.raises(LamformError) as caught:
        bind(directory, text, *assignments)
    return str(caught.value)


def app(directory: Path, function: str = "", release: str = "", rest: str = "") -> BoundRelease:
    return bind(directory, BASE + APP % (function, release) + rest)["release.app"]


def variables(release: BoundRelease) -> object:
    environment = release.function["environment"]
    assert isinstance(environment, dict)
    return environment["variables"]


def test_the_model_of_function_has_the_fields_of_the_table() -> None:
    table = {item.name: item for item in fields.FUNCTION if item.name != "package_type"}
    later = set(FUNCTION.acts_later)
    assert set(FunctionConfig.model_fields) == {*table, *later, "function_name", "tags"}
    for name, item in table.items():
        if item.fields:
            annotation = repr(FunctionConfig.model_fields[name].annotation)
            (model,) = re.findall(r"config\.(\w+Field)", annotation)
            inner = vars(__import__("declarative.model.config", fromlist=[model]))[model]
            assert set(inner.model_fields) == {part.name for part in item.fields}


def test_a_release_carries_what_the_files_say_and_nothing_else(tmp_path: Path) -> None:
    text = (
        'lamform {\n  default_tags = { Owner = "project", App = "x" }\n}\n'
        + BASE
        + APP
        % (
            'memory_size = "256"\n    timeout = null\n    tags = { A = 1, B = null }',
            "lifecycle {\n    prevent_destroy = true\n  }",
        )
    )
    found = bind(tmp_path, text)["release.app"]
    assert found.function == {"memory_size": 256}
    assert found.function_name == "app"
    assert found.tags == {"A": "1"}
    assert found.default_tags == {"Owner": "connector", "App": "x"}
    assert (found.service, found.infrastructure) == ("app", "infrastructure.main")
    assert (found.environment, found.environment_type) == ("dev", "PreProduction")
    assert found.region == "eu-west-1"
    assert found.connector.address == "connector.aws.main"
    assert found.artifact == LocalArtifact(path="src")
    assert found.prevent_destroy
    assert found.ranges["function.memory_size"].start.line > found.ranges["function"].start.line
    assert {"", "function", "artifact", "function.tags"} <= set(found.ranges)


def test_tags_that_are_not_written_are_not_managed(tmp_path: Path) -> None:
    assert app(tmp_path).tags is None
    assert app(tmp_path, "tags = {}").tags == {}


FILES = "arn:aws:elasticfilesystem:eu-west-1:111111111111:access-point/fsap-0123456789abcdef0"
NETWORK = 'vpc_config = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }\n'


def test_structures_are_attributes_or_blocks(tmp_path: Path) -> None:
    blocks = app(
        tmp_path,
        'environment {\n      variables = { "a-B" = true }\n    }\n'
        '    vpc_config {\n      subnet_ids = ["subnet-1"]\n'
        '      security_group_ids = ["sg-1"]\n    }\n'
        f'    file_system_configs {{\n      arn = "{FILES}"\n'
        '      local_mount_path = "/mnt/x"\n    }\n',
    )
    attributes = app(
        tmp_path,
        'environment = { variables = { "a-B" = "true" } }\n'
        + NETWORK
        + f'    file_system_configs = [{{ arn = "{FILES}", local_mount_path = "/mnt/x" }}]\n',
    )
    assert blocks.function == attributes.function
    assert variables(blocks) == {"a-B": "true"}


def test_dynamic_blocks_are_written_out(tmp_path: Path) -> None:
    found = app(
        tmp_path,
        NETWORK
        + f'dynamic "file_system_configs" {{\n      for_each = ["{FILES}"]\n      iterator = item\n'
        "      content {\n        arn = item.value\n"
        '        local_mount_path = "/mnt/${item.key}"\n      }\n    }\n',
    )
    assert found.function["file_system_configs"] == [{"arn": FILES, "local_mount_path": "/mnt/0"}]


def test_dynamic_blocks_over_nothing_write_nothing(tmp_path: Path) -> None:
    found = app(
        tmp_path,
        'dynamic "file_system_configs" {\n      for_each = []\n      content {\n'
        '        arn = "x"\n        local_mount_path = "/mnt/x"\n      }\n    }\n',
    )
    assert found.function == {}


def test_all_mistakes_in_one_map_are_reported(tmp_path: Path) -> None:
    function = "environment = { variables = { A = local.x, B = var.y, C = self.z } }"
    found = problems(tmp_path, BASE + APP % (function, ""))
    assert len(found.splitlines()) == 3


LAYERS = """
connector "aws" "main" {
}

environment "dev" {
  type      = "PreProduction"
  variables = { v = "environment", added = "environment" }

  override "app" {
    variables = { v = "environment override" }
  }
}

infrastructure "main" {
  environment = environment.dev
  connector   = connector.aws.main
  region      = "eu-west-1"
  variables   = { v = "infrastructure" }

  override "app" {
    variables = { v = "infrastructure override" }
  }

  override "other" {
    variables = { v = "never" }
  }
}

service "other" {
  function {
    function_name = "other"
  }

  artifact "local" {
    path = "src"
  }
}

service "app" {
  variables = { v = "service", built = "${self.variables.v}!" }

  function {
    function_name = "app"
    description   = "${self.variables.v} ${self.variables.built}"
  }

  artifact "local" {
    path = "src"
  }
}

release "app" {
  service        = service.app
  infrastructure = infrastructure.main
  variables      = { v = "release" }
}
"""


def test_the_layers_of_variables_lie_in_their_order(tmp_path: Path) -> None:
    text = LAYERS
    order = (
        "release",
        "infrastructure override",
        "infrastructure",
        "environment override",
        "environment",
        "service",
    )
    for winner in order:
        found = bind(tmp_path, text)["release.app"]
        assert found.function["description"] == f"{winner} {winner}!"
        text = re.sub(rf'\bv = "{winner}"', 'w = "x"' if "override" not in winner else "", text)


def test_an_override_sets_only_what_the_service_declares(tmp_path: Path) -> None:
    text = LAYERS.replace('{ v = "environment override" }', "{ vv = 1 }")
    assert 'service.app declares no variable "vv"' in problems(tmp_path, text)


VARIABLES = """
service "app" {
  variable "memory" {
    type           = number
    allowed_values = [128, 256]
    %s
  }

  function {
    function_name = "app"
    memory_size   = self.variables.memory
  }

  artifact "local" {
    path = "src"
  }
}

release "app" {
  service        = service.app
  infrastructure = infrastructure.main
  %s
}
"""


def test_declared_service_variables_are_typed_and_checked(tmp_path: Path) -> None:
    found = bind(tmp_path, BASE + VARIABLES % ("default = 128", ""))
    assert found["release.app"].function["memory_size"] == 128
    text = BASE + VARIABLES % ("default = 128", 'variables = { memory = "256" }')
    assert bind(tmp_path, text)["release.app"].function["memory_size"] == 256
    text = BASE + VARIABLES % ("default = 128", "variables = { memory = 512 }")
    assert "must be one of 128, 256 (is 512)" in problems(tmp_path, text)
    text = BASE + VARIABLES % ("required = true", "")
    assert "is required and nothing sets it for release.app" in problems(tmp_path, text)
    rule = (
        "default = 128\n    validation {\n      condition = self.variables.memory > 128\n"
        '      error_message = "More than ${128}."\n    }'
    )
    assert "More than 128." in problems(tmp_path, BASE + VARIABLES % (rule, ""))


def test_overrides_of_function_fields(tmp_path: Path) -> None:
    override = """
  override "app" {
    function {
      timeout     = 30
      description = null
      tags        = { B = "2", C = null }

      environment {
        variables = { X = "over", GONE = null }
      }

      vpc_config {
        subnet_ids         = ["subnet-over"]
        security_group_ids = ["sg-over"]
      }
    }

    alias "live" {
      description = "over"
    }
  }
"""
    text = BASE.replace('{ stage = "dev" }', '{ stage = "dev" }\n' + override)
    function = (
        'timeout = 3\n    description = "kept"\n    tags = { A = "1", C = "3" }\n'
        '    environment = { variables = { X = "base", GONE = "x", KEPT = "y" } }\n'
        '    vpc_config = { subnet_ids = ["subnet-a"], ipv6_allowed_for_dual_stack = true }'
    )
    service = APP % (function, "")
    service = service.replace(
        '  artifact "local"',
        '  alias "live" {\n    routing = { "3" = 0.1 }\n  }\n  artifact "local"',
    )
    found = bind(tmp_path, text + service)["release.app"]
    assert found.function == {
        "timeout": 30,
        "description": "kept",
        "environment": {"variables": {"X": "over", "KEPT": "y"}},
        "vpc_config": {"subnet_ids": ["subnet-over"], "security_group_ids": ["sg-over"]},
    }
    assert found.tags == {"A": "1", "B": "2"}
    assert found.aliases["live"].config.description == "over"
    assert found.aliases["live"].config.routing == {"3": 0.1}


def test_self_and_references_can_be_read(tmp_path: Path) -> None:
    found = app(
        tmp_path,
        'description = join(",", [self.service.name, self.release.name, tostring(self.key == null),'
        " self.environment.name, self.environment.type, self.environment.variables.stage, "
        "self.infrastructure.name, self.infrastructure.region, self.infrastructure.account_id, "
        'self.infrastructure.environment == environment.dev ? "same" : "other"])',
    )
    assert found.function["description"] == (
        "app,app,true,dev,PreProduction,dev,main,eu-west-1,111122223333,same"
    )


FOR_EACH = """
connector "aws" "main" {
  for_each = { dev = "111111111111", prod = "222222222222" }

  assume_role {
    role_arn = "arn:aws:iam::${each.value}:role/deploy"
  }
}

environment "dev" {
  type = "PreProduction"
}

environment "prod" {
  type = "Production"
}

infrastructure "main" {
  for_each    = { for name in ["dev", "prod"] : name => name }
  environment = environment[each.value]
  connector   = connector.aws.main[each.key]
  region      = "eu-west-1"
}

service "app" {
  function {
    function_name = "app-${self.key}"
  }

  artifact "s3" {
    bucket = "b-${self.infrastructure.region}"
    key    = "${self.environment.name}.zip"
  }
}

release "app" {
  for_each       = infrastructure.main
  service        = service.app
  infrastructure = each.value
}

release "again" {
  for_each       = toset(["prod"])
  service        = service.app
  infrastructure = infrastructure["main"][each.value]
}
"""


def test_for_each_over_maps_sets_and_references(tmp_path: Path) -> None:
    project = load(tmp_path, FOR_EACH)
    assert project.releases() == (
        'release.app["dev"]',
        'release.app["prod"]',
        'release.again["prod"]',
    )
    found = {item.address: item for item in project.bind(World())}
    prod = found['release.app["prod"]']
    assert prod.function_name == "app-prod"
    assert prod.infrastructure == 'infrastructure.main["prod"]'
    assert prod.connector.assume_role["role_arn"] == "arn:aws:iam::222222222222:role/deploy"
    assert prod.artifact == S3Artifact(bucket="b-eu-west-1", key="prod.zip")
    assert found['release.again["prod"]'].environment == "prod"
    only = project.bind(World(), frozenset({'release.app["dev"]'}))
    assert [item.address for item in only] == ['release.app["dev"]']
    connector = project.connector('connector.aws.main["dev"]')
    assert connector is not None
    assert connector.assume_role["session_name"] == "lamform"
    assert project.connector("connector.aws.other") is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('["a"]', "Use toset() on it"),
        ("null", "Use {} for none"),
        ('"a"', "this is a value of type string"),
        ("toset([var.key])", "sensitive"),
        ("infrastructure.other", "infrastructure.other has no for_each"),
    ],
)
def test_for_each_refuses_what_makes_no_keys(tmp_path: Path, value: str, expected: str) -> None:
    text = 'variable "key" {\n  sensitive = true\n  default = "s"\n}\n' + FOR_EACH.replace(
        "for_each       = infrastructure.main", f"for_each = {value}"
    )
    text += 'infrastructure "other" {\n  environment = environment.dev\n'
    text += '  connector = connector.aws.main["dev"]\n  region = "eu-west-1"\n}\n'
    assert expected in problems(tmp_path, text)


@pytest.mark.parametrize(
    ("line", "instead", "expected"),
    [
        (
            "service        = service.app",
            "service = infrastructure.main",
            "must refer to one service",
        ),
        ("service        = service.app", 'service = "app"', "Write service.app, without quotes"),
        ("= infrastructure.main", "= infrastructure", "must refer to one infrastructure"),
        ("environment = environment.dev", "environment = null", "(is null)"),
    ],
)
def test_references_to_the_wrong_thing(
    tmp_path: Path, line: str, instead: str, expected: str
) -> None:
    text = (BASE + APP % ("", "")).replace(line, instead)
    assert expected in problems(tmp_path, text)


def test_all_of_a_block_is_not_one_of_it(tmp_path: Path) -> None:
    text = FOR_EACH.replace('infrastructure["main"][each.value]', "infrastructure.main")
    assert 'choose one: infrastructure.NAME["KEY"]' in problems(tmp_path, text)


SECRETS = """
variable "key" {
  type      = string
  sensitive = true
}

variable "port" {
  type      = number
  sensitive = true
}

variable "all" {
  type      = map(string)
  sensitive = true
}

variable "literal" {
  sensitive = true
  default   = "in the files"
}

locals {
  wrapped = "pre-${var.key}"
}
"""


SECRET_FIELDS = """environment {
      variables = {
        W = local.wrapped
        P = var.port
        L = var.literal
        C = "x${var.literal}"
        I = "a${var.all.A}"
        N = nonsensitive(var.key)
      }
    }
    vpc_config {
      subnet_ids         = ["subnet-1"]
      security_group_ids = ["sg-x", "sg-${var.key}"]
    }
    timeout = var.port - 8000
"""


def test_secrets_keep_their_value_in_memory_and_a_residual_for_the_plan(tmp_path: Path) -> None:
    given = ("key=k", "port=8080", 'all={ A = "x" }')
    text = (
        SECRETS
        + BASE
        + APP
        % (
            SECRET_FIELDS,
            "",
        )
    )
    found = bind(tmp_path, text, *given)["release.app"]
    values = variables(found)
    assert isinstance(values, dict)
    assert values["W"] == Sensitive("pre-k", '"pre-${var.key}"')
    assert values["P"].value == "8080"
    assert values["L"] == Sensitive("in the files", None)
    assert values["C"] == Sensitive("xin the files", None)
    assert values["N"] == "k"
    groups = Sensitive(["sg-x", "sg-k"], '["sg-x", "sg-${var.key}"]')
    assert found.function["vpc_config"] == {
        "subnet_ids": ["subnet-1"],
        "security_group_ids": groups,
    }
    scope = residual_scope(VariableInputs.of(given), {}, lambda *_: None, root=tmp_path)
    for leaf in (values["W"], values["P"], values["I"], found.function["timeout"]):
        assert isinstance(leaf, Sensitive)
        assert leaf.residual is not None
        again = evaluate(parse_expression(leaf.residual), scope)
        assert to_python(again) == leaf.value


def test_a_map_that_is_secret_as_a_whole_can_be_laid_over(tmp_path: Path) -> None:
    override = """
  override "app" {
    function {
      environment = { variables = { B = "b", A = null } }
    }
  }
"""
    text = SECRETS + BASE.replace('{ stage = "dev" }', '{ stage = "dev" }\n' + override)
    text += APP % ("environment = { variables = var.all }", "")
    given = ("key=k", "port=1", 'all={ A = "x", C = "c" }')
    values = variables(bind(tmp_path, text, *given)["release.app"])
    assert isinstance(values, Sensitive)
    assert values.value == {"B": "b", "C": "c"}
    assert values.residual is not None
    scope = residual_scope(VariableInputs.of(given), {}, lambda *_: None, root=tmp_path)
    assert to_python(evaluate(parse_expression(values.residual), scope)) == values.value


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('function_name = "app"', "function_name = var.key"),
        ('region      = "eu-west-1"', "region = var.key"),
        ('path = "src"', "path = var.key"),
        ("    tags = {}", "    tags = sensitive({ a = 1 })"),
    ],
)
def test_secrets_are_refused_where_they_would_be_shown(tmp_path: Path, old: str, new: str) -> None:
    text = SECRETS + BASE + APP % ("tags = {}", "")
    assert old in text
    found = problems(tmp_path, text.replace(old, new), "key=s3cret", "port=1", "all={}")
    assert "sensitive" in found
    assert "s3cret" not in found


def test_credentials_are_secret_however_they_are_written(tmp_path: Path) -> None:
    static = """
  credentials "static" {
    access_key_id     = "AKIA"
    secret_access_key = "literal"
    session_token     = var.key
  }
"""
    text = SECRETS + BASE.replace('"connector" }', '"connector" }\n' + static) + APP % ("", "")
    credentials = bind(tmp_path, text, "key=k", "port=1", "all={}")[
        "release.app"
    ].connector.credentials
    assert credentials == {
        "kind": "static",
        "access_key_id": "AKIA",
        "secret_access_key": Sensitive("literal", None),
        "session_token": Sensitive("k", "var.key"),
    }
    assert "literal" not in repr(credentials)


OTHER = """
service "other" {
  function {
    function_name = "other"
    %s
  }

  artifact "local" {
    path = "src"
  }

  alias "live" {
  }
}

release "other" {
  service        = service.other
  infrastructure = infrastructure.main
  %s
}
"""


def test_other_releases_can_be_read_and_are_dependencies(tmp_path: Path) -> None:
    function = (
        "environment = { variables = { N = local.name, A = release.other.function.arn, "
        "I = release.other.alias.live.invoke_arn, V = release.other.function.version, "
        'Q = "v${release.other.alias.live.version}" } }'
    )
    text = "locals {\n  name = release.other.function.name\n}\n" + BASE + APP % (function, "")
    found = bind(tmp_path, text + OTHER % ("", ""))
    assert found["release.app"].depends_on == ("release.other",)
    assert found["release.other"].depends_on == ()
    arn = "arn:aws:lambda:eu-west-1:111122223333:function:other"
    assert variables(found["release.app"]) == {
        "N": "other",
        "A": arn,
        "I": "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/"
        f"{arn}:live/invocations",
        "V": Pending("release.other.function.version"),
        "Q": Pending('"v${release.other.alias.live.version}"'),
    }
    known = World(attributes={("release.other", ("function", "version")): "7"})
    again = {item.address: item for item in load(tmp_path, text + OTHER % ("", "")).bind(known)}
    values = variables(again["release.app"])
    assert isinstance(values, dict)
    assert values["V"] == "7"


def test_a_dependency_through_a_local_is_found_for_every_release_that_reads_it(
    tmp_path: Path,
) -> None:
    third = (OTHER % ("description = local.name", "")).replace("other", "third")
    text = "locals {\n  name = release.other.function.name\n}\n" + BASE
    text += APP % ("description = local.name", "") + OTHER % ("", "") + third
    found = bind(tmp_path, text)
    assert found["release.app"].depends_on == ("release.other",)
    assert found["release.third"].depends_on == ("release.other",)


def test_depends_on_names_releases(tmp_path: Path) -> None:
    text = BASE + APP % ("", "depends_on = [release.other]") + OTHER % ("", "")
    assert bind(tmp_path, text)["release.app"].depends_on == ("release.other",)
    text = BASE + APP % ("", "depends_on = [service.app]")
    assert "depends_on is a list of releases" in problems(tmp_path, text)
    text = BASE + APP % ("", "depends_on = [release.app]")
    assert "depends on itself" in problems(tmp_path, text)


def test_releases_in_a_circle_are_named(tmp_path: Path) -> None:
    text = BASE + APP % ("description = release.other.function.version", "")
    text += OTHER % ("", "depends_on = [release.app]")
    assert "release.app -> release.other -> release.app" in problems(tmp_path, text)
    text = BASE + (APP % ("", "")).replace('= "app"', "= release.other.function.name")
    text += (OTHER % ("", "")).replace('= "other"', "= release.app.function.name")
    assert re.search(
        r"release\.\w+\.function_name -> release\.\w+\.function_name", problems(tmp_path, text)
    )


def test_a_circle_through_self_is_named(tmp_path: Path) -> None:
    text = LAYERS.replace('v = "release"', "v = self.variables.built")
    found = problems(tmp_path, text)
    assert "self.variables.v -> release.app self.variables.built" in found


def test_values_that_a_plan_must_know_are_refused_when_they_are_not(tmp_path: Path) -> None:
    text = BASE + (APP % ("", "")).replace('= "app"', "= release.other.function.version")
    found = problems(tmp_path, text + OTHER % ("", ""))
    assert "function_name must be known when the plan is made" in found


def test_validation_does_without_an_account(tmp_path: Path) -> None:
    text = BASE + (
        APP % ('role = "arn:aws:iam::${self.infrastructure.account_id}:role/x"', "")
    ).replace('= "app"', '= "app-${self.infrastructure.account_id}"')
    project = load(tmp_path, text)
    assert project.bind(UnknownWorld()) == ()
    (found,) = project.bind(World())
    assert found.function_name == "app-111122223333"
    assert found.function["role"] == "arn:aws:iam::111122223333:role/x"


@pytest.mark.parametrize("path", ["/abs", "C:/x", "a\\\\b", ""])
def test_paths_of_artifacts_mean_the_same_everywhere(tmp_path: Path, path: str) -> None:
    text = BASE + (APP % ("", "")).replace('path = "src"', f'path = "{path}"')
    assert "path must" in problems(tmp_path, text)
    text = text.replace(f'path = "{path}"', 'path = "../shared/src"')
    assert bind(tmp_path, text)["release.app"].artifact == LocalArtifact(path="../shared/src")


def test_names_of_aliases_are_those_aws_allows(tmp_path: Path) -> None:
    text = BASE + OTHER % ("", "")
    found = bind(tmp_path, text.replace('"live"', '"2024-06"'))
    assert list(found["release.other"].aliases) == ["2024-06"]
    assert "is no name of an alias" in problems(tmp_path, text.replace('"live"', '"2024"'))


def test_a_mistake_in_a_service_is_reported_once_for_all_its_releases(tmp_path: Path) -> None:
    text = FOR_EACH.replace('"app-${self.key}"', '"app-${self.keey}"')
    assert len(problems(tmp_path, text).splitlines()) == 1


def test_a_thousand_releases_are_bound(tmp_path: Path) -> None:
    text = FOR_EACH.replace(
        '{ for name in ["dev", "prod"] : name => name }',
        '{ for i in range(1000) : "k${i}" => "dev" }',
    ).replace("connector.aws.main[each.key]", 'connector.aws.main["dev"]')
    text = text[: text.index('release "again"')]
    found = load(tmp_path, text).bind(World())
    assert len({item.function_name for item in found}) == 1000


ARTIFACT = """
service "app" {
  function {
    function_name = "app"
    description   = jsonencode(%s)
  }

  artifact %s
}

release "app" {
  service        = service.app
  infrastructure = infrastructure.main
}
"""

S3 = """"s3" {
    bucket = "builds-${self.infrastructure.region}"
    key    = "${self.artifact.bucket}/app.zip"
  }"""


@pytest.mark.parametrize(
    ("read", "artifact", "expected"),
    [
        (
            "self.artifact",
            '"local" {\n    path = "src"\n  }',
            '{"exclude":null,"kind":"local","path":"src"}',
        ),
        (
            "self.artifact",
            S3,
            (
                '{"bucket":"builds-eu-west-1","key":"builds-eu-west-1/app.zip","key_regex":null,'
                '"kind":"s3","region":null,"storage":null,"version_id":null}'
            ),
        ),
        ("self.artifact.path", '"local" {\n    path = 5\n  }', '"5"'),
    ],
)
def test_self_reads_its_artifact(tmp_path: Path, read: str, artifact: str, expected: str) -> None:
    found = bind(tmp_path, BASE + ARTIFACT % (read, artifact))["release.app"]
    assert found.function["description"] == expected


def test_an_artifact_that_reads_itself_is_a_cycle_that_is_named(tmp_path: Path) -> None:
    artifact = S3.replace("self.artifact.bucket", "self.artifact.key")
    said = problems(tmp_path, BASE + ARTIFACT % ("1", artifact))
    assert "release.app self.artifact.key needs itself" in said


def test_an_artifact_has_the_attributes_of_its_kind(tmp_path: Path) -> None:
    artifact = '"local" {\n    path = "src"\n  }'
    said = problems(tmp_path, BASE + ARTIFACT % ("self.artifact.pth", artifact))
    assert 'Did you mean "path"?' in said
