"""Values from outside: secrets read where the files say, the commit, and what remains of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from declarative.errors import EvaluationError, LamformError
from declarative.language.expressions import evaluate
from declarative.language.inputs import VariableInputs
from declarative.language.pins import sources_in, unpinned
from declarative.language.project import Project, load_project, residual_scope
from declarative.language.saved import with_sources
from declarative.language.syntax import parse_expression
from declarative.language.world import SecretSource, SecretText, UnknownWorld
from declarative.model.values import Pending, Sensitive

if TYPE_CHECKING:
    from pathlib import Path

    from declarative.language.values import Value
    from declarative.model.bound import BoundRelease, Connector

SECRET = "hunter2"

PROJECT = """
connector "aws" "main" {
  for_each = { dev = "us-east-2", prod = "us-west-2" }
  region   = each.value
}

connector "aws" "shared" {}

environment "dev" {
  type = "PreProduction"
}

infrastructure "main" {
  environment = environment.dev
  connector   = connector.aws.main["dev"]
  region      = "eu-west-1"
}

service "app" {
  function {
    function_name = "app"
    role          = "arn:aws:iam::111111111111:role/r"
    runtime       = "python3.13"
    handler       = "h"
    %s
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


@dataclass
class Stores:
    """Secrets by service and name; what is asked is noted."""

    secrets: dict[tuple[str, str], str] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    asked: list[SecretSource] = field(default_factory=list)

    def account_id(self, connector: Connector) -> str | None:
        return "111122223333"

    def release_attribute(self, address: str, path: tuple[str, ...]) -> object | None:
        return None

    def secret(self, source: SecretSource, connector: Connector) -> SecretText | None:
        assert connector.address == source.connector
        self.asked.append(source)
        if source.name in self.unread:
            return None
        if (source.service, source.name) not in self.secrets:
            raise EvaluationError.of("There is no such secret", source.name)
        return SecretText(self.secrets[source.service, source.name], "7")


@pytest.fixture
def stores() -> Stores:
    return Stores(
        {
            ("secretsmanager", "key"): SECRET,
            (
                "secretsmanager",
                "json",
            ): '{"user": "me", "n": 5, "half": 0.50, "on": true, "of": []}',
            ("ssm", "/key"): SECRET,
        }
    )


def load(directory: Path, function: str, rest: str = "", *assignments: str) -> Project:
    (directory / "main.lamform.hcl").write_text(PROJECT % function + rest, encoding="utf-8")
    return load_project(
        directory,
        variables=VariableInputs.of(assignments),
        environ={"STAGE": "dev"},
        head=lambda: "c" * 40,
    )


def bind(
    directory: Path, stores: Stores, function: str, rest: str = "", *given: str
) -> BoundRelease:
    [release] = load(directory, function, rest, *given).bind(stores)
    return release


def variable(directory: Path, stores: Stores, expression: str, rest: str = "", *given: str):
    function = f"environment = {{ variables = {{ X = {expression} }} }}"
    release = bind(directory, stores, function, rest, *given)
    return release.function["environment"]["variables"]["X"]


def problem(directory: Path, stores: Stores, expression: str, rest: str = "", *given: str) -> str:
    with pytest.raises(LamformError) as caught:
        variable(directory, stores, expression, rest, *given)
    assert SECRET not in str(caught.value)
    return str(caught.value)


HOME = 'connector = connector.aws.main["dev"], region = "eu-west-1"'
SHARED = 'connector = connector.aws.shared, region = "eu-west-1"'
KEY = f'secretsmanager("key", {{ {HOME}, version_id = "7" }})'
PARAMETER = f'ssm("/key", {{ {HOME}, version = "7" }})'
JSON = f'secretsmanager("json", {{ {HOME}, version_id = "7" }})'


def of_json(key: str) -> str:
    return JSON.replace(", region", f', json_key = "{key}", region')


@pytest.mark.parametrize(
    ("expression", "value", "residual"),
    [
        ('secretsmanager("key")', SECRET, KEY),
        ('ssm("/key")', SECRET, PARAMETER),
        ('secretsmanager("json", { json_key = "user" })', "me", of_json("user")),
        ('secretsmanager("json", { json_key = "n" })', "5", of_json("n")),
        ('secretsmanager("json", { json_key = "half" })', "0.50", of_json("half")),
        ('secretsmanager("json", { json_key = "on" })', "true", of_json("on")),
        ('secretsmanager("key", null)', SECRET, KEY),
        (
            'ssm("/key", { region = "ap-south-1" })',
            SECRET,
            PARAMETER.replace("eu-west-1", "ap-south-1"),
        ),
        (
            'ssm("/key", { connector = connector.aws.shared })',
            SECRET,
            PARAMETER.replace(HOME, SHARED),
        ),
        (
            '"${ssm("/key")}-${getenv("STAGE")}"',
            f"{SECRET}-dev",
            f'"${{ssm("/key", {{ {HOME}, version = "7" }})}}-${{getenv("STAGE")}}"',
        ),
        (
            'ssm("/${split("-", "key-x")[0]}")',
            SECRET,
            PARAMETER,
        ),
    ],
)  # fmt: skip
def test_a_secret_is_read_where_the_files_say_and_can_be_found_again(
    tmp_path, stores, expression, value, residual
) -> None:
    assert variable(tmp_path, stores, expression) == Sensitive(value, residual)


@pytest.mark.parametrize(
    "residual", [of_json("user"), PARAMETER, f'"${{{PARAMETER.replace(HOME, SHARED)}}}!"']
)
def test_what_remains_gives_the_same_version_again(tmp_path, stores, residual) -> None:
    asked = []

    class Saved:
        def home(self):
            return None

        def secret(self, source):
            asked.append(source)
            return SecretText('{"user": "me"}', "7")

    scope = residual_scope(VariableInputs(), {}, lambda *_: None, root=tmp_path)
    scope = with_sources(scope, Saved(), ['connector.aws.main["dev"]', "connector.aws.shared"])
    found: Value = evaluate(parse_expression(residual), scope)
    assert found.sensitive
    assert {one.version for one in asked} == {"7"}
    assert asked[0].connector in ('connector.aws.main["dev"]', "connector.aws.shared")


def test_versions_are_taken_out_of_what_remains() -> None:
    pinned = f'"a${{ssm("/key", {{ {HOME}, version = "7" }})}}"'
    assert unpinned(pinned) == f'"a${{ssm("/key", {{ {HOME} }})}}"'
    assert unpinned('"version_id = ${var.x}"') == '"version_id = ${var.x}"'
    source = SecretSource("ssm", "/key", 'connector.aws.main["dev"]', "eu-west-1")
    assert sources_in(pinned) == (source,)
    assert sources_in("var.ssm") == ()


def test_what_is_not_read_is_a_secret_for_the_apply_to_read(tmp_path, stores) -> None:
    stores.unread = {"key", "/key"}
    assert variable(tmp_path, stores, '"${ssm("/key")}!"') == Pending(
        f'"${{ssm("/key", {{ {HOME} }})}}!"', sensitive=True
    )
    found = variable(tmp_path, stores, 'jsondecode(secretsmanager("key")).user')
    assert found == Pending(f'jsondecode(secretsmanager("key", {{ {HOME} }})).user', sensitive=True)


def test_validating_reads_nothing(tmp_path, stores) -> None:
    function = 'environment = { variables = { X = ssm("/no-such") } }'
    [release] = load(tmp_path, function).bind(UnknownWorld())
    assert release.function["environment"]["variables"]["X"].sensitive
    assert not stores.asked


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('ssm("/key", { regoin = "x" })', 'no option "regoin"; did you mean "region"'),
        ('ssm("/key", { json_key = "x" })', 'no option "json_key"; there are: connector, region'),
        ('secretsmanager("key", { version_id = "1" })', 'no option "version_id"'),
        ('ssm("/key", "eu-west-1")', "the options are an object"),
        ('ssm("/key", {}, {})', "at most one object of options"),
        ('ssm("")', "the name must not be empty"),
        ("ssm(null)", "must not be null"),
        ('ssm("/key", { region = "" })', "region must not be empty"),
        ('ssm("/key", { connector = "main" })', "connector must refer to one connector"),
        ('ssm("/key", { connector = connector.aws.main })', 'connector.aws.NAME["KEY"]'),
        ('ssm("/key", { connector = infrastructure.main })', "must refer to one connector"),
        ('secretsmanager("nope")', "There is no such secret"),
        ('secretsmanager("key", { json_key = "a" })', "holds no JSON object"),
        ('secretsmanager("json", { json_key = "usr" })', 'no key "usr"; did you mean "user"'),
        ('secretsmanager("json", { json_key = "of" })', '"of" of the secret is no string'),
        ('ssm(sensitive("/key"))', "none of them may be sensitive"),
        ('ssm(ssm("/key"))', "none of them may be sensitive"),
        ('ssm("/key", { region = sensitive("eu-west-1") })', "none of them may be sensitive"),
        ("gitsha(1)", "Too many function arguments"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why_at_its_place(tmp_path, stores, expression, message) -> None:
    found = problem(tmp_path, stores, expression)
    assert message in found
    assert found.startswith("main.lamform.hcl:")


@pytest.mark.parametrize("expression", ['ssm("/key")', 'secretsmanager("key", { region = "r" })'])
def test_outside_releases_the_place_must_be_named(tmp_path, stores, expression) -> None:
    rest = f"locals {{\n  secret = {expression}\n}}\n"
    assert "name both" in problem(tmp_path, stores, "local.secret", rest)


def test_a_local_with_a_place_is_read_once(tmp_path, stores) -> None:
    rest = 'locals {\n  it = ssm("/key", { connector = connector.aws.shared, region = "r" })\n}\n'
    found = variable(tmp_path, stores, '"${local.it}${local.it}"', rest)
    assert found.value == SECRET * 2
    assert len(stores.asked) == 1


@pytest.mark.parametrize(
    "expression",
    [
        'true ? "a" : ssm("/no-such")',
        'false ? secretsmanager("no-such") : "a"',
        'self.environment.type == "Production" ? "${ssm("/no-such")}x" : "a"',
        'try("a", ssm("/no-such"))',
    ],
)
def test_a_branch_that_is_not_taken_is_not_read(tmp_path, stores, expression) -> None:
    assert variable(tmp_path, stores, expression) == "a"
    assert not stores.asked


def test_a_missing_secret_can_be_tried(tmp_path, stores) -> None:
    assert variable(tmp_path, stores, 'try(ssm("/no-such"), "none")') == "none"


def test_a_secret_marked_once_more_is_still_found(tmp_path, stores) -> None:
    rest = 'variable "name" {\n  default = "key"\n}\n'
    found = variable(tmp_path, stores, 'sensitive(ssm("/${var.name}"))', rest)
    assert found == Sensitive(SECRET, PARAMETER)


@pytest.mark.parametrize("read", [True, False])
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('= "app"\n    role', '= ssm("/key")\n    role', "function_name"),
        ('= "eu-west-1"', '= ssm("/key", %s)', "region must not be sensitive"),
        (
            'release "app" {',
            'release "app" {\n  for_each = toset([ssm("/key", %s)])',
            "sensitive",
        ),
        (
            'artifact "local"',
            ('dynamic "alias" {\n for_each = [ssm("/key")]\n labels = [alias.value]\n'
            'content {}\n }\n artifact "local"'),
            "sensitive",
        ),
        ('= "h"', '= "h"\n    tags = { T = ssm("/key") }', ""),
    ],
)  # fmt: skip
def test_names_that_everybody_sees_take_no_secret(
    tmp_path, stores, old, new, message, read
) -> None:
    place = '{ connector = connector.aws.shared, region = "r" }'
    stores.unread = set() if read else {"/key"}
    text = (PROJECT % "").replace(old, new.replace("%s", place))
    assert text != PROJECT % ""
    (tmp_path / "main.lamform.hcl").write_text(text, encoding="utf-8")

    def judge() -> tuple[BoundRelease, ...]:
        project = load_project(tmp_path, variables=VariableInputs(), environ={})
        return project.bind(stores)

    if not message:  # tags are refused by the engine, which knows of them all
        [release] = judge()
        assert isinstance(release.tags["T"], Sensitive | Pending)
        return
    with pytest.raises(LamformError) as caught:
        judge()
    assert message in str(caught.value)
    assert SECRET not in str(caught.value)


def test_an_output_with_a_secret_says_so(tmp_path, stores) -> None:
    place = '{ connector = connector.aws.shared, region = "r" }'
    rest = f'output "o" {{\n  value = ssm("/key", {place})\n}}\n'
    stores.unread = {"/key"}
    assert "Output is sensitive" in problem(tmp_path, stores, '"x"', rest)


def test_the_commit_is_plain_text(tmp_path, stores) -> None:
    assert variable(tmp_path, stores, "substr(gitsha(), 0, 7)") == "c" * 7


def test_without_git_the_commit_is_an_error(tmp_path) -> None:
    text = PROJECT % "description = gitsha()"
    (tmp_path / "main.lamform.hcl").write_text(text, encoding="utf-8")
    project = load_project(tmp_path, variables=VariableInputs(), environ={})
    with pytest.raises(LamformError, match="no git work tree"):
        project.bind(UnknownWorld())


def test_overrides_merge_with_secrets_that_are_not_read(tmp_path, stores) -> None:
    stores.unread = {"key"}
    over = '  override "app" {\n    function {\n      environment = { variables = { Y = "y" } }\n    }\n  }\n'  # noqa: E501
    text = (PROJECT % 'environment = { variables = jsondecode(secretsmanager("key")) }').replace(
        '  type = "PreProduction"\n', f'  type = "PreProduction"\n{over}'
    )
    (tmp_path / "main.lamform.hcl").write_text(text, encoding="utf-8")
    [release] = load_project(tmp_path, variables=VariableInputs(), environ={}).bind(stores)
    found = release.function["environment"]["variables"]
    assert isinstance(found, Pending)
    assert found.sensitive
