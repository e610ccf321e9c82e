"""Secrets kept in AWS, from the first plan to the revert, and nowhere else."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import User

MARK = "hunter2"
PROJECT = """
lamform {
  project = "shop"
}

connector "aws" "main" {
  region = "us-east-1"
}

connector "aws" "vault" {
  region = "us-east-1"
}

environment "dev" {
  type = "PreProduction"
}

infrastructure "main" {
  environment = environment.dev
  connector   = connector.aws.main
  region      = "us-east-1"
}

locals {
  there = { connector = connector.aws.vault, region = "eu-west-1" }
}

service "checkout" {
  variable "user" {
    default = ssm("/checkout/user")
  }

  function {
    function_name = "checkout"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/checkout"

    environment = {
      variables = {
        API_KEY  = secretsmanager("checkout/api-key")
        PASSWORD = secretsmanager("checkout/db", { json_key = "password" })
        URL      = "db://${self.variables.user}@${ssm("/checkout/host", local.there)}"
      }
    }
  }

  artifact "local" {
    path = "src"
  }

  alias "live" {}
}

release "checkout" {
  service        = service.checkout
  infrastructure = infrastructure.main
}

output "user" {
  value     = ssm("/checkout/user", merge(local.there, { region = "us-east-1" }))
  sensitive = true
}
"""


@dataclass
class Shop:
    """A project whose secrets are in AWS, and everything that was ever printed."""

    user: User
    printed: list[str] = field(default_factory=list)

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        done = self.user.run(*arguments)
        self.printed += [done.stdout, done.stderr]
        return done

    def client(self, service: str, region: str = "us-east-1"):
        session = boto3.session.Session(
            aws_access_key_id=self.user.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.user.environment["AWS_SECRET_ACCESS_KEY"],
            region_name=region,
        )
        return session.client(service, endpoint_url=self.user.sandbox.url)

    def rotate(self, value: str) -> None:
        self.client("secretsmanager").put_secret_value(
            SecretId="checkout/api-key", SecretString=f"{MARK}-{value}"
        )

    @property
    def variables(self) -> dict[str, str]:
        found = self.user.aws.get_function_configuration(FunctionName="checkout")
        return found["Environment"]["Variables"]

    def files(self) -> list[Path]:
        return [path for path in self.user.directory.rglob("*") if path.is_file()]


@pytest.fixture
def shop(user):
    user.write("lamform.hcl", PROJECT)
    user.code("one")
    shop = Shop(user)
    manager = shop.client("secretsmanager")
    secrets = {
        "checkout/api-key": f"{MARK}-one",
        "checkout/db": json.dumps({"password": f"{MARK}-db"}),
    }
    for name, value in secrets.items():
        manager.create_secret(Name=name, SecretString=value)
    parameters = {
        ("/checkout/user", "us-east-1"): f"{MARK}-user",
        ("/checkout/host", "eu-west-1"): f"{MARK}-host",
    }
    for (name, region), value in parameters.items():
        shop.client("ssm", region).put_parameter(
            Name=name, Value=value, Type="SecureString", Overwrite=True
        )
    yield shop
    # moto's world outlives the sandbox.
    for name in secrets:
        manager.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    for name, region in parameters:
        shop.client("ssm", region).delete_parameter(Name=name)


def test_secrets_reach_the_function_and_nothing_else(shop) -> None:
    assert shop.run("validate").returncode == 0
    assert shop.run("plan", "--out", "one.plan").returncode == 0
    assert shop.run("apply", "one.plan", "--new-state").returncode == 0
    assert shop.variables == {
        "API_KEY": f"{MARK}-one",
        "PASSWORD": f"{MARK}-db",
        "URL": f"db://{MARK}-user@{MARK}-host",
    }
    assert shop.run("plan", "--detailed-exitcode").returncode == 0

    shop.rotate("two")
    shown = shop.run("plan", "--out", "two.plan", "--detailed-exitcode")
    assert shown.returncode == 2
    assert "environment.variables.API_KEY = (sensitive value)" in shown.stdout
    assert "PASSWORD" not in shown.stdout

    shop.rotate("three")
    done = shop.run("apply", "two.plan")
    assert done.returncode == 0, done.stderr
    assert shop.variables["API_KEY"] == f"{MARK}-two"  # the version that was reviewed
    assert shop.run("apply", "--auto-approve", "--json").returncode == 0
    assert shop.variables["API_KEY"] == f"{MARK}-three"
    assert shop.run("revert", "previous", "--auto-approve").returncode == 0
    assert shop.variables["API_KEY"] == f"{MARK}-two"

    for arguments in (
        ("show", "two.plan", "--json"),
        ("drift", "--json"),
        ("plan", "--json", "--log-level", "debug"),
        ("history", "--json"),
        ("state", "show", "release.checkout", "--json"),
    ):
        shop.run(*arguments)
    assert len(shop.files()) > 3
    assert not [path for path in shop.files() if MARK.encode() in path.read_bytes()]
    assert not [text for text in shop.printed if MARK in text]


def test_a_plan_whose_secret_is_gone_is_refused(shop) -> None:
    assert shop.run("apply", "--auto-approve", "--new-state").returncode == 0
    shop.client("ssm").put_parameter(
        Name="/checkout/user", Value=f"{MARK}-new", Type="SecureString", Overwrite=True
    )
    assert shop.run("plan", "--out", "one.plan").returncode == 0
    ssm = shop.client("ssm")
    ssm.delete_parameter(Name="/checkout/user")
    ssm.put_parameter(Name="/checkout/user", Value=f"{MARK}-other", Type="SecureString")
    done = shop.run("apply", "one.plan")
    assert done.returncode == 5
    assert "no longer there in version 2" in done.stderr
    assert f"{MARK}-user" in shop.variables["URL"]


def test_a_secret_that_does_not_exist_is_named_where_it_is_written(shop) -> None:
    text = PROJECT.replace("checkout/api-key", "checkout/apikey")
    shop.user.write("lamform.hcl", text)
    assert shop.run("validate").returncode == 0
    done = shop.run("plan")
    assert done.returncode == 1
    assert 'Secrets Manager of us-east-1 has no "checkout/apikey"' in done.stderr
    assert "lamform.hcl" in done.stderr
    assert "Traceback" not in done.stderr


def test_destroying_reads_no_secret(shop) -> None:
    assert shop.run("apply", "--auto-approve", "--new-state").returncode == 0
    text = PROJECT.replace("checkout/api-key", "checkout/apikey")
    shop.user.write("lamform.hcl", text)
    done = shop.run("apply", "--destroy", "--auto-approve")
    assert done.returncode == 0, done.stderr


def _git(directory: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=directory, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_commit_is_what_git_says_and_uncommitted_files_are_told_of(user) -> None:
    text = PROJECT[: PROJECT.index("    environment = {")]
    text += '    description = gitsha()\n  }\n  artifact "local" {\n    path = "src"\n  }\n}\n'
    text += PROJECT[PROJECT.index('release "checkout"') : PROJECT.index("output")]
    user.write("lamform.hcl", text.replace('default = ssm("/checkout/user")', 'default = "u"'))
    user.write(".gitignore", ".lamform/\n")
    user.code("one")
    assert "in no git work tree" in user.run("plan").stderr
    _git(user.directory, "init", "-q")
    assert "no commit yet" in user.run("plan").stderr
    _git(user.directory, "add", ".")
    _git(user.directory, "commit", "-qm", "first")
    done = user.run("plan")
    assert _git(user.directory, "rev-parse", "HEAD") in done.stdout
    assert "gitsha()" not in done.stderr
    user.code("two")
    assert "gitsha() names a commit that does not hold these files" in user.run("plan").stderr


SCRIPT = """
import os, subprocess, sys
import boto3

lamform = os.environ["LAMFORM"]
manager = boto3.client("secretsmanager", region_name="us-east-1")
manager.create_secret(Name="sandbox/key", SecretString="{mark}-sandbox")
subprocess.run([lamform, "plan", "--out", "it.plan"], check=True)
subprocess.run([lamform, "apply", "it.plan", "--new-state"], check=True)
found = boto3.client("lambda", region_name="us-east-1").get_function_configuration(
    FunctionName="checkout"
)
assert found["Environment"]["Variables"] == {{"KEY": "{mark}-sandbox"}}
"""


def test_the_sandbox_keeps_secrets_too(user) -> None:
    start, end = PROJECT.index("    environment = {"), PROJECT.index('  artifact "local"')
    call = 'environment = { variables = { KEY = secretsmanager("sandbox/key") } }\n  }\n'
    text = (PROJECT[:start] + call + PROJECT[end:])[: -len(PROJECT[PROJECT.index("output") :])]
    user.write("lamform.hcl", text.replace('default = ssm("/checkout/user")', 'default = "u"'))
    user.code("one")
    user.write("script.py", SCRIPT.format(mark=MARK))
    user.environment = {
        **user.environment,
        "LAMFORM": str(Path(sys.executable).with_name("lamform")),
    }
    done = user.run("sandbox", "run", "--", sys.executable, "script.py")
    assert done.returncode == 0, done.stderr
    assert MARK not in done.stdout + done.stderr
