"""``lamform explain``: the winner, its place, and what it overrode."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import jsonschema
import pytest
from botocore.stub import Stubber

if TYPE_CHECKING:
    from tests.cli.conftest import Shell


LAYERED = """lamform {
  project      = "layers"
  default_tags = { Owner = "lamform", Team = "lamform" }
}
connector "aws" "main" {
  region       = "us-east-1"
  default_tags = { Owner = "connector" }
}
environment "dev" {
  type      = "PreProduction"
  variables = { memory = 256, extra = "dev" }
  override "hello" {
    variables = { memory = 512 }
    function {
      timeout     = 9
      tags        = { Team = "override" }
      environment = { variables = { B = "override" } }
    }
    alias "live" { description = "overridden" }
  }
}
infrastructure "main" {
  environment = environment.dev
  connector   = connector.aws.main
  region      = "us-east-1"
  variables   = { memory = 640 }
  override "hello" { variables = { memory = 768 } }
}
variable "key" {
  type      = string
  default   = "s3cr3t-1"
  sensitive = true
}
service "hello" {
  variable "memory" {
    type    = number
    default = 128
  }
  variable "token" {
    type      = string
    default   = "s3cr3t-2"
    sensitive = true
  }
  function {
    function_name = "hello"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::${self.infrastructure.account_id}:role/hello"
    memory_size   = self.variables.memory
    timeout       = 3
    tags          = { Team = "service" }
    environment   = { variables = { A = "service", B = "service", KEY = var.key } }
  }
  artifact "local" { path = "src" }
  alias "live" { description = "live" }
}
release "hello" {
  service        = service.hello
  infrastructure = infrastructure.main
  variables      = { memory = "1024", token = "s3cr3t-3" }
}
"""


@pytest.fixture
def layered(empty: Shell) -> Shell:
    Path("lamform.hcl").write_text(LAYERED, "utf-8")
    return empty


def items(shell: Shell, *arguments: str) -> dict[tuple[str, str], dict]:
    (release,) = shell("explain", "hello", "--json", *arguments).json["releases"]
    return {(one["kind"], ".".join(map(str, one["path"]))): one for one in release["items"]}


def origin(one: dict) -> tuple[object, str, str]:
    line = LAYERED.splitlines()[one["place"]["line"] - 1]
    return one["value"], one["layer"], line[one["place"]["column"] - 1 :].split(" ")[0].strip(",")


def test_every_layer_of_a_variable_in_order(layered: Shell) -> None:
    memory = items(layered)["variable", "memory"]
    assert origin(memory) == (1024, "release", '"1024"')
    assert [origin(one) for one in memory["overridden"]] == [
        (768, "infrastructure override", "768"),
        (640, "infrastructure", "640"),
        (512, "environment override", "512"),
        (256, "environment", "256"),
        (128, "service (default)", "128"),
    ]


def test_a_variable_that_only_a_layer_adds(layered: Shell) -> None:
    assert origin(items(layered)["variable", "extra"]) == ("dev", "environment", '"dev"')


def test_fields_tags_environment_and_aliases(layered: Shell) -> None:
    found = items(layered)
    timeout = found["function", "timeout"]
    assert origin(timeout) == (9, "environment override", "9")
    assert [origin(one) for one in timeout["overridden"]] == [(3, "service", "3")]
    assert found["function", "memory_size"]["value"] == 1024
    team = found["tag", "Team"]
    layers = [one["layer"] for one in (team, *team["overridden"])]
    assert layers == ["environment override", "service", "lamform default_tags"]
    assert found["tag", "Owner"]["layer"] == "connector default_tags"
    assert found["environment_variable", "A"]["overridden"] == []
    assert origin(found["environment_variable", "B"])[:2] == ("override", "environment override")
    description = found["alias", "live.description"]
    assert origin(description)[:2] == ("overridden", "environment override")
    assert found["setting", "region"]["value"] == "us-east-1"


def test_unknown_and_sensitive_are_said_and_not_shown(layered: Shell) -> None:
    found = items(layered)
    role, key = found["function", "role"], found["environment_variable", "KEY"]
    assert (role["unknown"], role["value"]) == (True, None)
    assert (key["sensitive"], key["value"]) == (True, None)
    token = found["variable", "token"]
    assert [one["sensitive"] for one in (token, *token["overridden"])] == [True, True]
    for arguments in ((), ("--json",), ("--definition",), ("--definition", "--json")):
        answer = layered("explain", "hello", *arguments)
        assert answer.code == 0
        assert "s3cr3t" not in answer.out + answer.err


def test_text_names_place_and_loser(layered: Shell) -> None:
    lines = layered("explain", "hello").out.splitlines()
    at = lines.index("  memory = 1024")
    assert lines[at + 1] == "      release, lamform.hcl:60"
    assert lines[at + 2] == "      overrides 768, infrastructure override, lamform.hcl:27"
    assert "  KEY = (sensitive)" in lines
    assert any(line.endswith("= (known after apply)") for line in lines)
    assert max(map(len, lines)) <= 80


def test_the_request_is_one_that_the_sdk_accepts(layered: Shell) -> None:
    (release,) = layered("explain", "hello", "--definition", "--json").json["releases"]
    create, alias = release["requests"]
    assert create["operation"] == "CreateFunction"
    sent = create["parameters"]
    assert sent["Environment"]["Variables"]["KEY"] == "(sensitive value)"
    assert sent["Role"] == "(known after apply)"
    assert sent["Tags"]["lamform:project"] == "layers"
    assert alias["parameters"]["Name"] == "live"
    client = boto3.client("lambda", region_name="us-east-1")
    with Stubber(client) as stub:
        for method, answer in (("create_function", {}), ("create_alias", {})):
            stub.add_response(method, answer)
        # The SDK checks names and types of parameters; the role's form is checked as well.
        role = "arn:aws:iam::123456789012:role/hello"
        client.create_function(**{**sent, "Role": role, "Code": {"ZipFile": b""}})
        client.create_alias(**alias["parameters"])


def test_the_request_has_the_key_of_the_package_where_the_api_wants_it(layered: Shell) -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/one"
    text = LAYERED.replace("timeout       = 3", f'timeout = 3\nsource_kms_key_arn = "{key}"')
    Path("lamform.hcl").write_text(text, "utf-8")
    (release,) = layered("explain", "hello", "--definition", "--json").json["releases"]
    sent = release["requests"][0]["parameters"]
    assert sent["Code"] == {"ZipFile": "(the package of src)", "SourceKMSKeyArn": key}
    assert "SourceKMSKeyArn" not in sent


def test_documents_fit_their_schema(layered: Shell) -> None:
    schema = layered("schema", "explain").json
    for arguments in ((), ("--definition",)):
        jsonschema.validate(layered("explain", "hello", "--json", *arguments).json, schema)


def test_addresses_are_patterns(shell: Shell) -> None:
    for pattern, count in (("hello", 2), ("release.hello", 2), ("hello[dev]", 1), ("h*[prod]", 1)):
        assert len(shell("explain", pattern, "--json").json["releases"]) == count
    missing = shell("explain", "helo")
    assert missing.code == 1
    assert "release.hello" in missing.err


def test_nothing_is_asked_and_nothing_written(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    before = sorted(path.name for path in shell.root.iterdir())
    assert shell("explain", "*").code == 0
    assert shell("explain", "*", "--definition", "--var", "memory=256").code == 0
    after = sorted(path.name for path in shell.root.iterdir() if path.name != ".lamform")
    assert after == before
    assert not list(shell.root.glob(".lamform/state*"))


def test_errors_of_the_project_come_first(layered: Shell) -> None:
    Path("bad.lamform.hcl").write_text("locals { a = var.nope }\n", "utf-8")
    answer = layered("explain", "hello", "--json")
    assert answer.code == 1
    assert json.loads(answer.out)["diagnostics"][0]["range"]["filename"] == "bad.lamform.hcl"
