"""Blocks outside services and releases: what they take, what is refused, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.session import get_session

from declarative.errors import LamformError
from declarative.language.expressions import evaluate
from declarative.language.project import VariableInputs, load_project
from declarative.language.residuals import residual_of
from declarative.language.syntax import parse_expression, unparse
from declarative.language.types import to_python
from declarative.language.world import UnknownWorld
from declarative.model.durations import parse_duration
from declarative.model.regions import REGIONS
from declarative.model.staging import Staging
from declarative.model.values import Sensitive

if TYPE_CHECKING:
    from pathlib import Path

    from declarative.language.project import Project

REST = """
connector "aws" "main" {
  region = "us-east-2"
}

environment "dev" {
  type = "PreProduction"
}

infrastructure "main" {
  for_each    = { eu = "eu-west-1", us = "us-east-2" }
  environment = environment.dev
  connector   = connector.aws.main
  region      = each.value
}

service "app" {
  function {
    function_name = "app"
  }

  artifact "local" {
    path = "src"
  }
}

release "app" {
  for_each       = infrastructure.main
  service        = service.app
  infrastructure = each.value
}
"""


def load(directory: Path, text: str) -> Project:
    (directory / "rest.lamform.hcl").write_text(REST, "utf-8")
    (directory / "main.lamform.hcl").write_text(text, "utf-8")
    project = load_project(directory, variables=VariableInputs(), environ={})
    project.bind(UnknownWorld())
    return project


def problems(directory: Path, text: str) -> list[str]:
    with pytest.raises(LamformError) as caught:
        load(directory, text)
    return [f"{item.range}: {item.summary}: {item.detail}" for item in caught.value.diagnostics]


def aws(body: str) -> str:
    return f'connector "aws" "x" {{\n{body}\n}}\n'


def moved(source: str, target: str) -> str:
    return f"moved {{\n  from = {source}\n  to   = {target}\n}}\n"


CLOUDFORMATION_OVER_GIT = """
provisioner "cloudformation" "x" {
  connector     = connector.git.g
  region        = "us-east-2"
  stack_name    = "s"
  template_file = "t"
}

connector "git" "g" {
  url = "u"
}
"""
ROLE = "arn:aws:iam::111111111111:role/deploy"


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        (
            'lamform {\n  policy "p" {\n    command = ["opa", "eval"]\n  }\n}',
            ['"policy" in lamform'],
        ),
        (aws("quota_share = 0.5"), []),
        (aws("quota_share = null"), []),
        (aws('retry {\n  mode = "fixed_delay"\n}'), []),
        (aws('assume_role {\n  role_arn = "' + ROLE + '"\n  duration = "30m"\n}'), []),
        ('connector "git" "x" {\n  url = "https://x"\n}', []),
        ('provisioner "terraform" "x" {\n  dir = "x"\n}', ['provisioner "terraform"']),
        ('provisioner "shell" "x" {\n  script = "true"\n}', ['provisioner "shell"']),
        ("moved {\n  from = release.old\n  to   = release.app\n}", []),
    ],
)
def test_what_no_plan_acts_on_is_taken_and_kept_for_it_to_refuse(
    tmp_path: Path, text: str, refused: list[str]
) -> None:
    found = load(tmp_path, text + "\n").unsupported
    assert [item.detail.split(" is understood")[0] for item in found] == refused
    assert all(item.summary == "Not supported yet" and item.range for item in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (aws('region = "useast1"'), 'a region of AWS, such as "us-east-1"'),
        (aws("allowed_account_ids = [12]"), "twelve digits in quotes (is 12)"),
        (aws('assume_role {\n  role_arn = "deploy"\n}'), "must be the ARN of a role"),
        (
            aws('assume_role {\n  role_arn = "' + ROLE + '"\n  duration = "1m"\n}'),
            'duration must be between 15m and 12h (is "1m")',
        ),
        (aws('retry {\n  base_delay = "5"\n}'), 'write "5s" for seconds'),
        (aws("quota_share = 0"), "quota_share must be above 0"),
        (aws('credentials "profil" {\n  name = "x"\n}'), 'Did you mean "profile"?'),
        (
            aws('credentials "oidc" {\n  role_arn = "' + ROLE + '"\n}'),
            "needs exactly one of token_file",
        ),
        (
            aws(
                f'credentials "oidc" {{\nrole_arn="{ROLE}"\nissuer = "github"\ntoken_env = "T"\n}}'
            ),
            "here are token_env and issuer",
        ),
        ('connector "nexus" "x" {\n  url     = "u"\n  version = 4\n}', "between 2 and 3 (is 4)"),
        ('provisioner "shell" "x" {\n}', "needs exactly one of script and file"),
        (
            CLOUDFORMATION_OVER_GIT,
            "must refer to one connector, such as connector.aws.NAME (is connector.git.g)",
        ),
        ('environment "x" {\n  for_each = {}\n  type = "Production"\n}', "write a block for each"),
        ("locals {\n  x = environment.deb\n}", 'Did you mean "dev"?'),
        ('locals {\n  x = infrastructure.main["es"]\n}', "There are: eu, us."),
        ("locals {\n  x = connector.asw.main\n}", 'Did you mean "aws"?'),
        ("moved {\n  from = release.app\n  to   = release.app\n}", "moved to itself"),
        ('moved {\n  from = "release.a"\n  to   = release.app\n}', "Write it without quotes"),
        (
            "moved {\n  from = service.a\n  to   = release.app\n}",
            "must be the address of a release",
        ),
        ("moved {\n  from = release.a\n  to   = release.ap\n}", "Unknown release"),
        ('moved {\n  from = release.app["eu"]\n  to   = release.app["us"]\n}', "still declare it"),
        ("removed {\n  from = release.app\n}", "still declare it"),
        (
            moved("release.a", "release.b") + moved("release.b", "release.a"),
            "release.a -> release.b -> release.a",
        ),
        (
            moved("release.a", "release.app") + "removed {\n  from = release.a\n}",
            "What becomes of release.a is said at main.lamform.hcl:1:1",
        ),
        (
            moved("release.a", 'release.app["eu"]') + moved("release.b", 'release.app["eu"]'),
            'release.a is moved to release.app["eu"] as well',
        ),
    ],
)
def test_mistakes_say_what_to_write(tmp_path: Path, text: str, expected: str) -> None:
    found = problems(tmp_path, text + "\n")
    assert len(found) == 1, found
    assert expected in found[0]
    assert found[0].startswith("main.lamform.hcl:")


def test_a_release_that_gets_keys_may_move_to_one_of_them(tmp_path: Path) -> None:
    text = 'moved {\n  from = release.app\n  to   = release.app["eu"]\n}\n'
    [found] = load(tmp_path, text).relocations()
    assert (str(found.source), str(found.target)) == ("release.app", 'release.app["eu"]')


@pytest.mark.parametrize(
    ("lifecycle", "destroy"),
    [("", True), ("lifecycle {\n  destroy = false\n}", False), ("lifecycle {\n}", True)],
)
def test_what_is_removed_is_destroyed_unless_it_is_said(
    tmp_path: Path, lifecycle: str, *, destroy: bool
) -> None:
    text = f"removed {{\n  from = release.old\n  {lifecycle}\n}}\n"
    [found] = load(tmp_path, text).relocations()
    assert (str(found.source), found.target, found.destroy) == ("release.old", None, destroy)


def test_outputs_of_a_provisioner_are_unknown_and_keep_their_name(tmp_path: Path) -> None:
    text = 'provisioner "terraform" "net" {\n  for_each = toset(["a"])\n  dir      = each.key\n}\n'
    scope = load(tmp_path, text).scope
    value = evaluate(parse_expression('provisioner.terraform.net["a"].subnets[0]'), scope)
    assert not value.is_known
    assert unparse(residual_of(value)) == 'provisioner.terraform.net["a"].subnets[0]'


def test_all_of_a_kind_are_found_by_expression(tmp_path: Path) -> None:
    text = 'locals {\n  key = "eu"\n  kind = "aws"\n}\n'
    scope = load(tmp_path, text).scope

    def value(expression: str) -> object:
        return to_python(evaluate(parse_expression(expression), scope))

    assert value('infrastructure["main"][local.key].region') == "eu-west-1"
    assert value('environment["dev"] == infrastructure.main["us"].environment')
    assert value('connector[local.kind]["main"].name') == "main"
    assert value("[for key, one in infrastructure.main : one.region]") == ["eu-west-1", "us-east-2"]


def test_credentials_that_are_written_literally_are_secrets(tmp_path: Path) -> None:
    text = aws('credentials "static" {\n  access_key_id = "A"\n  secret_access_key = "hush"\n}')
    connector = load(tmp_path, text).connector("connector.aws.x")
    assert connector is not None
    assert connector.credentials["secret_access_key"] == Sensitive("hush", None)
    assert "hush" not in repr(connector)


def test_the_s3_backend_reaches_the_settings_and_may_use_variables(tmp_path: Path) -> None:
    text = f"""
variable "bucket" {{
  default = "state"
}}

lamform {{
  project = "p"

  backend "s3" {{
    bucket = var.bucket

    assume_role {{
      role_arn = "{ROLE}"
    }}
  }}
}}
"""
    settings = load(tmp_path, text).settings
    assert settings.backend == "s3"
    assert settings.backend_settings == {
        "bucket": "state",
        "use_path_style": False,
        "assume_role": {"role_arn": ROLE, "session_name": "lamform"},
    }


def test_staging_is_bound_where_it_is_written(tmp_path: Path) -> None:
    text = """
infrastructure "x" {
  environment = environment.dev
  connector   = connector.aws.main
  region      = "us-east-1"

  staging {
    bucket = "acme-${"x"}"
    prefix = "lamform"
    keep   = true
  }
}

release "x" {
  service        = service.app
  infrastructure = infrastructure.x
}
"""
    project = load(tmp_path, text)
    assert not project.unsupported
    found = {one.address: one.staging for one in project.bind(UnknownWorld())}
    assert found["release.x"] == Staging(bucket="acme-x", prefix="lamform", keep=True)
    assert found['release.app["eu"]'] is None
    assert project.infrastructures()["infrastructure.x"].staging == found["release.x"]


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("", '"bucket"'),
        ('bucket = ""', "bucket"),
        ('bucket = "b"\n keep = "perhaps"', "keep"),
        ('bucket = "b"\n region = "us-east-1"', "region"),
    ],
)
def test_staging_that_is_wrong_is_one_error(tmp_path: Path, inside: str, said: str) -> None:
    text = f"""
infrastructure "x" {{
  environment = environment.dev
  connector   = connector.aws.main
  region      = "us-east-1"

  staging {{
    {inside}
  }}
}}
"""
    [problem] = problems(tmp_path, text)
    assert said in problem


def test_regions_nobody_knows_and_settings_without_effect_are_warnings(tmp_path: Path) -> None:
    text = """
infrastructure "x" {
  environment                    = environment.dev
  connector                      = connector.aws.main
  region                         = "us-esat-2"
  allow_simultaneous_deployments = true
}
"""
    project = load(tmp_path, text)
    found = [f"{item.range}: {item.detail}" for item in project.warnings]
    assert len(found) == 2
    assert 'Did you mean "us-east-2"?' in found[0]
    assert found[1].startswith(
        "main.lamform.hcl:6:3: allow_simultaneous_deployments changes nothing"
    )
    assert not project.unsupported


def test_the_regions_are_those_of_the_sdk() -> None:
    session = get_session()
    known = {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("lambda", partition)
    }
    assert known <= {*REGIONS}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("1h 30m", 5400), ("1h30m", 5400), ("100ms", 0.1), ("1.5h", 5400)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "m", "-5m", "5 m", "1m 1h", "1m 1m", "5y", "٣s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="must be a duration"):
        parse_duration(text)


def test_blocks_may_be_made_by_dynamic(tmp_path: Path) -> None:
    text = """
variable "limit" {
  default = 3

  dynamic "validation" {
    for_each = { low = 1, high = 2 }
    content {
      condition     = var.limit > validation.value
      error_message = "Below ${validation.key}."
    }
  }
}

connector "aws" "x" {
  dynamic "assume_role" {
    for_each = ["deploy"]
    content {
      role_arn = "arn:aws:iam::111111111111:role/${assume_role.value}"
    }
  }

  dynamic "retry" {
    for_each = []
    content {
      mode = "fixed_delay"
    }
  }
}
"""
    connector = load(tmp_path, text).connector("connector.aws.x")
    assert connector is not None
    assert connector.assume_role["role_arn"] == ROLE
    (found,) = problems(tmp_path, text.replace("default = 3", "default = 2"))
    assert "Below high." in found
    (found,) = problems(tmp_path, text.replace('["deploy"]', '["a", "b"]'))
    assert "There can be one assume_role here; these are 2." in found


@pytest.mark.parametrize("value", ["1e5000", "-1e5000", "1e-400", "{ a = [1, 1e5000] }"])
def test_a_number_that_no_plan_can_hold_is_an_error_where_it_stands(
    tmp_path: Path, value: str
) -> None:
    [found] = problems(tmp_path, f'output "n" {{\n  value = {value}\n}}\n')
    assert found.startswith("main.lamform.hcl:2:11: Number out of range: ")
    assert "tostring()" in found


def test_a_large_number_is_held_by_its_digits(tmp_path: Path) -> None:
    project = load(tmp_path, 'output "n" { value = 1e2000 }\n')
    assert project.outputs(UnknownWorld())["n"].value == 10**2000


def test_a_secret_number_that_no_plan_can_hold_is_not_shown(tmp_path: Path) -> None:
    text = (
        'variable "x" {\n  default   = 7e5000\n  sensitive = true\n}\n'
        'output "n" {\n  value     = var.x\n  sensitive = true\n}\n'
    )
    [found] = problems(tmp_path, text)
    assert found.startswith("main.lamform.hcl:6:15: Number out of range: ")
    assert "7" not in found
