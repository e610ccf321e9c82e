"""SIGKILL during an apply of twenty releases: nothing created is unknown afterwards."""

from __future__ import annotations

import json
import signal

import boto3
import pytest

RELEASES = 20

PROJECT = """
lamform {
  project = "many"
}

variable "memory" {
  type    = number
  default = 128
}

connector "aws" "main" {
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

service "worker" {
  function {
    function_name = "worker-${self.key}"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/worker"
    memory_size   = var.memory
  }

  artifact "local" {
    path = "src"
  }

  alias "live" {}
}

release "worker" {
  for_each       = toset([for n in range(20) : format("w%02d", n)])
  service        = service.worker
  infrastructure = infrastructure.main
}
"""


def kill_after(user, events: int, *arguments: str) -> int:
    """Start an apply, kill it once that many events were seen, and return how many were."""
    process = user.start("apply", "--auto-approve", "--json", *arguments)
    seen = 0
    for line in process.stdout:
        if json.loads(line)["type"] in ("run_started", "step_started", "step_done"):
            seen += 1
        if seen >= events:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    return seen


def known(user) -> set[str]:
    """Return the functions that lamform counts as its own: no plan would create or adopt them."""
    plan = user.json("plan")
    new = {
        change["address"]
        for change in plan["changes"]
        if change["kind"] == "function" and change["action"] in ("create", "adopt")
    }
    names = {f'release.worker["w{n:02}"].function' for n in range(RELEASES)}
    return {f"worker-{one.split(chr(34))[1]}" for one in names - new}


def settled(user) -> None:
    plan = user.run("plan", "--detailed-exitcode", "--var", "memory=256")
    assert plan.returncode == 0, plan.stdout + plan.stderr
    assert user.run("drift").returncode == 0


BUCKET = """
lamform {
  project = "many"

  backend "s3" {
    bucket         = "states"
    region         = "us-east-1"
    use_path_style = true
  }
}
"""


def start_project(user, backend: str) -> None:
    text = PROJECT
    if backend == "s3":
        text = PROJECT[PROJECT.index("variable") :] + BUCKET
        session = boto3.session.Session(
            aws_access_key_id=user.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=user.environment["AWS_SECRET_ACCESS_KEY"],
            region_name="us-east-1",
        )
        session.client("s3", endpoint_url=user.sandbox.url).create_bucket(Bucket="states")
    user.write("lamform.hcl", text)


@pytest.mark.parametrize(
    ("backend", "events"),
    [*(("sqlite", events) for events in (1, 4, 15, 32, 47, 63, 78)), ("s3", 15), ("s3", 63)],
)
def test_a_killed_first_apply(user, backend: str, events: int) -> None:
    start_project(user, backend)
    user.code("one")
    kill_after(user, events, "--new-state", "--var", "memory=256")
    existing = user.functions()
    assert existing <= known(user)
    again = user.run("apply", "--auto-approve", "--var", "memory=256")
    assert again.returncode == 0, again.stdout + again.stderr
    assert user.functions() == {f"worker-w{n:02}" for n in range(RELEASES)}
    for name in user.functions():
        assert user.versions(name) == ["$LATEST", "1"]
    settled(user)


@pytest.mark.parametrize(
    ("backend", "events"), [*(("sqlite", events) for events in (2, 30, 61, 90)), ("s3", 30)]
)
def test_a_killed_update(user, backend: str, events: int) -> None:
    start_project(user, backend)
    user.code("one")
    assert user.run("apply", "--auto-approve", "--new-state").returncode == 0
    user.code("two")
    kill_after(user, events, "--var", "memory=256")
    again = user.run("apply", "--auto-approve", "--var", "memory=256")
    assert again.returncode == 0, again.stdout + again.stderr
    assert {user.invoke(name) for name in user.functions()} == {"two"}
    settled(user)
    statuses = [one["status"] for one in user.json("history")["revisions"]]
    assert statuses[-1] == "applied"
    assert statuses[:2] == ["applied", "recovered"]
