"""State in a bucket, as users in two places share it."""

from __future__ import annotations

import json
import shutil
import signal
from typing import TYPE_CHECKING

import boto3
import pytest

from tests.e2e.places import PLACE

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = (
    """
lamform {
  project = "shop"

  backend "s3" {
    bucket         = "states"
    prefix         = "teams/payments"
    region         = "us-east-1"
    use_path_style = true
  }
}

variable "memory" {
  type    = number
  default = 128
}

"""
    + PLACE
    + """
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
  for_each       = toset(["a", "b", "c", "d", "e", "f"])
  service        = service.worker
  infrastructure = infrastructure.main
}
"""
)


@pytest.fixture
def bucket(user):
    session = boto3.session.Session(
        aws_access_key_id=user.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=user.environment["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
    )
    client = session.client("s3", endpoint_url=user.sandbox.url)
    client.create_bucket(Bucket="states")
    user.write("lamform.hcl", PROJECT)
    user.code("one")
    return client


def elsewhere(user, name: str) -> Path:
    """Return a copy of the files in another place, without what lamform keeps beside them."""
    place = user.directory.parent / name
    shutil.copytree(user.directory, place, ignore=shutil.ignore_patterns(".lamform"))
    return place


def test_what_one_applies_the_other_knows(user, bucket) -> None:
    assert user.json("plan")["summary"]["add"] == 18
    assert "Contents" not in bucket.list_objects_v2(Bucket="states")  # reading creates nothing
    assert user.run("apply", "--auto-approve", "--new-state").returncode == 0
    colleague = elsewhere(user, "colleague")
    assert "No changes" in user.run("plan", directory=colleague).stdout
    done = user.run("apply", "--auto-approve", "--var", "memory=256", directory=colleague)
    assert done.returncode == 0
    history = user.json("history")["revisions"]
    assert [one["revision"] for one in history] == [2, 1]
    assert user.run("revert", "1", "--auto-approve").returncode == 0
    assert user.json("history", "--limit", "1")["revisions"][0]["reverts"] == 1
    keys = [one["Key"] for one in bucket.list_objects_v2(Bucket="states")["Contents"]]
    assert all(key.startswith("teams/payments/shop/") for key in keys)
    assert not list(user.directory.glob(".lamform/state*"))


def test_a_killed_apply_is_recovered_from_another_place(user, bucket) -> None:
    process = user.start("apply", "--auto-approve", "--new-state", "--json")
    seen = 0
    for line in process.stdout:
        seen += json.loads(line)["type"] == "step_done"
        if seen == 4:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    # The process is gone, which is seen on the machine that it ran on.
    colleague = elsewhere(user, "colleague")
    done = user.run("apply", "--auto-approve", directory=colleague)
    assert done.returncode == 0, done.stderr
    statuses = [one["status"] for one in user.json("history")["revisions"]]
    assert statuses == ["applied", "recovered"]
    assert "No changes" in user.run("plan").stdout
    assert user.functions() == {f"worker-{key}" for key in "abcdef"}


def test_applies_of_different_releases_at_once_both_land(user, bucket) -> None:
    assert user.run("apply", "--auto-approve", "--new-state").returncode == 0
    keys = "abcdef"
    running = [
        user.start(
            "apply", "--auto-approve", "--only", f"worker[{key}]", "--var", f"memory={256 + at}"
        )
        for at, key in enumerate(keys)
    ]
    ends = [(process.communicate(), process.returncode) for process in running]
    assert [code for _, code in ends] == [0] * len(keys), ends
    history = user.json("history")["revisions"]
    assert [one["revision"] for one in history] == list(range(7, 0, -1))
    assert [one["parent"] for one in history[:-1]] == [one["id"] for one in history[1:]]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"states"', '"nowhere"', "There is no such bucket"),
        ("use_path_style = true", 'profile = "nobody"', "nobody"),
    ],
)
def test_a_bucket_that_cannot_be_used_is_one_error(user, bucket, old, new, said) -> None:
    user.write("lamform.hcl", PROJECT.replace(old, new))
    for command in (("plan",), ("history",), ("apply", "--auto-approve", "--new-state")):
        done = user.run(*command)
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert user.functions() == set()
