"""The examples are projects that plan as they are."""

from __future__ import annotations

import shutil
from pathlib import Path

import boto3
import pytest
import yaml

EXAMPLES = Path(__file__).parents[2] / "examples"
EXAMPLE = EXAMPLES / "multi-environment"
SHARDS = EXAMPLES / "ci-shards"


def test_two_services_in_three_environments_and_two_regions(user) -> None:
    shutil.copytree(EXAMPLE, user.directory, dirs_exist_ok=True)
    plan = user.json("plan")
    releases = {one["address"]: one for one in plan["releases"]}
    assert len(releases) == 12
    assert plan["summary"]["add"] == 36
    api = {key: releases[f'release.api["{key}-us-east-2"]'] for key in ("dev", "staging", "prod")}
    code = {key: one["artifact"]["identity"] for key, one in api.items()}
    assert code["dev"] == code["staging"] != code["prod"]
    accounts = {one["account_id"] for one in releases.values()}
    assert accounts == {"111111111111", "222222222222", "333333333333"}
    assert sum(len(path.read_text().splitlines()) for path in EXAMPLE.glob("*.hcl")) < 120


@pytest.fixture
def fleet(user):
    """Be in the project of many jobs, its bucket made."""
    shutil.copytree(SHARDS, user.directory, dirs_exist_ok=True)
    session = boto3.session.Session(
        aws_access_key_id=user.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=user.environment["AWS_SECRET_ACCESS_KEY"],
        region_name="eu-west-1",
    )
    session.client("s3", endpoint_url=user.sandbox.url).create_bucket(
        Bucket="fleet-lamform-state",
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
    )
    return user


def test_the_jobs_of_the_matrix_apply_the_whole_plan(fleet) -> None:
    workflow = yaml.safe_load((SHARDS / ".github" / "workflows" / "deploy.yml").read_text())
    shards = workflow["jobs"]["apply"]["strategy"]["matrix"]["shard"]
    count = workflow["env"]["SHARDS"]
    assert shards == list(range(1, count + 1))
    step = workflow["jobs"]["apply"]["steps"][-1]["run"].replace("${{ env.SHARDS }}", str(count))
    commands = [step.replace("${{ matrix.shard }}", str(shard)).split()[1:] for shard in shards]
    planned = fleet.run("plan", "--out", "change.plan", "--detailed-exitcode")
    assert planned.returncode == 2, planned.stderr
    running = [fleet.start(*words) for words in commands]
    ends = [(process.communicate(), process.returncode) for process in running]
    assert [code for _, code in ends] == [0] * count, ends
    assert fleet.run("plan", "--detailed-exitcode").returncode == 0
    assert len(fleet.json("history")["revisions"]) == count
    again = fleet.run(*commands[0])
    assert again.returncode == 5, again.stderr
