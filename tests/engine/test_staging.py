"""Packages that go through a bucket: large ones, and those that are kept for going back."""

from __future__ import annotations

import base64
import json
import zipfile
from dataclasses import replace

import pytest

from declarative.engine.apply import apply_plan
from declarative.errors import ConfigurationError
from declarative.model import staging
from declarative.model.artifacts import LocalArtifact, S3Artifact
from declarative.model.staging import Staging
from declarative.sandbox.errors import ServiceError


@pytest.fixture
def s3(world):
    client = world.sandbox.client("s3")
    client.create_bucket(Bucket=world.name("staging"))
    return client


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every package be too large for a call."""
    monkeypatch.setattr(staging, "DIRECT_LIMIT", 10)


def staged(world, **settings: object):
    """Return a release that goes through the bucket."""
    place = Staging(bucket=world.name("staging"), **settings)
    return world.release(staging=place)


def keys(world, s3) -> list[str]:
    found = s3.list_objects_v2(Bucket=world.name("staging"))
    return [one["Key"] for one in found.get("Contents", ())]


def steps(plan) -> list[str]:
    return [step.kind for release in plan.releases for step in release.steps]


def hexed(code_sha256: str) -> str:
    return base64.b64decode(code_sha256).hex()


def latest(world) -> str:
    return world.aws("GetFunctionConfiguration")["CodeSha256"]


def served(world) -> str:
    version = world.aws("GetAlias", Name="live")["FunctionVersion"]
    return world.aws("GetFunctionConfiguration", Qualifier=version)["CodeSha256"]


def counted(world, operation: str) -> int:
    return world.cloud().calls().get(operation, 0)


def ship(world, *answers: str, **settings: object) -> list[str]:
    """Apply one revision for each answer; return the packages' ``CodeSha256``."""
    found = []
    for answer in answers:
        world.code(answer)
        world.declare(staged(world, **settings))
        result = world.apply()
        assert result.status == "applied", result.failures
        assert result.left == ()
        found.append(latest(world))
    return found


def test_a_package_over_the_limit_of_a_call_is_staged_created_and_deleted(world, s3) -> None:
    with zipfile.ZipFile(world.root / "big.zip", "w", zipfile.ZIP_STORED) as package:
        package.writestr("app.py", "def handler(event, context):\n    return 1\n")
        package.writestr("model.bin", bytes(51 * 1024 * 1024))
    world.declare(
        world.release(
            artifact=LocalArtifact(path="big.zip"), staging=Staging(bucket=world.name("staging"))
        )
    )
    plan = world.plan()
    assert steps(plan) == ["stage_package", "create_function", "create_alias"]
    assert world.apply(plan).status == "applied"
    assert world.aws("GetFunctionConfiguration")["CodeSize"] > 51 * 1024 * 1024
    assert keys(world, s3) == []
    assert world.plan().is_empty


def test_without_staging_it_is_refused_beforehand(world, small_limit) -> None:
    world.declare(world.release())
    with pytest.raises(ConfigurationError, match=r"staging \{ bucket"):
        world.plan()


def test_what_fits_into_a_call_is_not_staged(world, s3) -> None:
    world.declare(staged(world))
    plan = world.plan()
    assert steps(plan) == ["create_function", "create_alias"]
    assert plan.releases[0].desired.staging is None


def test_a_change_of_code_is_staged_and_a_change_of_memory_is_not(world, s3, small_limit) -> None:
    ship(world, "one")
    world.code("two")
    plan = world.plan()
    assert steps(plan) == ["stage_package", "update_code", "update_alias"]
    assert world.apply(plan).status == "applied"
    assert served(world) == plan.releases[0].desired.artifact.code_sha256
    assert keys(world, s3) == []
    world.declare(
        world.release(staging=Staging(bucket=world.name("staging")), function={"memory_size": 512})
    )
    assert "stage_package" not in steps(world.plan())


def test_a_kept_package_is_named_by_its_content_and_uploaded_once(world, s3) -> None:
    [code] = ship(world, "one", prefix="team/a/", keep=True)
    key = f"team/a/{hexed(code)}.zip"
    assert keys(world, s3) == [key]
    ship(world, "two", prefix="team/a/", keep=True)
    assert len(keys(world, s3)) == 2
    before = counted(world, "PutObject")
    ship(world, "one", prefix="team/a/", keep=True)
    assert counted(world, "PutObject") == before


def test_what_another_put_under_the_name_is_not_trusted(world, s3) -> None:
    world.declare(staged(world, keep=True))
    plan = world.plan()
    [step] = [one for one in plan.releases[0].steps if one.kind == "stage_package"]
    s3.put_object(Bucket=step.staged.bucket, Key=step.staged.key, Body=b"something else")
    assert world.apply(plan).status == "applied"
    assert latest(world) == step.staged.code_sha256


def test_a_version_of_the_object_is_named_where_the_bucket_has_versions(world, s3) -> None:
    bucket = world.name("staging")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    ship(world, "one", keep=True)
    [code] = [latest(world)]
    found = world.writing().artifacts.stage(
        Staging(bucket=bucket, keep=True).holding(code),
        lambda: pytest.fail("it is there"),
        world.releases[0].connector,
        "us-east-1",
    )
    [version] = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert found.version_id == version["VersionId"]


def test_what_passed_through_leaves_no_version_behind(world, s3, small_limit) -> None:
    bucket = world.name("staging")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    ship(world, "one")
    found = s3.list_object_versions(Bucket=bucket)
    assert "Versions" not in found
    assert "DeleteMarkers" not in found


def test_two_releases_share_one_object(world, s3, small_limit) -> None:
    place = Staging(bucket=world.name("staging"))
    world.declare(world.release("one", staging=place), world.release("two", staging=place))
    before = counted(world, "PutObject")
    result = world.apply()
    assert result.status == "applied", result.failures
    assert counted(world, "PutObject") == before + 1
    assert keys(world, s3) == []


@pytest.mark.parametrize("change", [False, True])
def test_what_another_run_cleared_away_is_staged_once_more(world, s3, small_limit, change) -> None:
    if change:
        ship(world, "one")
        world.code("two")
    world.declare(staged(world))
    plan = world.plan()
    cleared = []

    def clear(event) -> None:
        if event.type == "step_done" and event.step == "stage_package" and not cleared:
            [key] = keys(world, s3)
            s3.delete_object(Bucket=world.name("staging"), Key=key)
            cleared.append(key)

    result = apply_plan(plan, replace(world.writing(), listener=clear))
    assert result.status == "applied", result.failures
    assert cleared
    assert served(world) == plan.releases[0].desired.artifact.code_sha256
    assert keys(world, s3) == []


def test_what_was_there_before_stays_there(world, s3, small_limit) -> None:
    [code] = ship(world, "one", keep=True)
    ship(world, "two")
    ship(world, "one")
    assert keys(world, s3) == [f"{hexed(code)}.zip"]


def test_a_kept_package_gives_back_what_neither_version_nor_file_has(world, s3) -> None:
    first, _ = ship(world, "one", "two", keep=True)
    world.aws("DeleteFunction", Qualifier="1")
    plan = world.revert("previous")
    assert not plan.has_errors
    assert steps(plan) == ["stage_package", "update_code", "update_alias"]
    result = world.apply(plan)
    assert result.status == "applied", result.failures
    assert served(world) == first
    assert {str(one.action) for one in world.plan().changes} == {"held"}


def test_what_was_not_kept_is_said_to_be_gone(world, s3, small_limit) -> None:
    ship(world, "one", "two")
    world.aws("DeleteFunction", Qualifier="1")
    plan = world.revert("previous")
    [problem] = [one for one in plan.diagnostics if one.severity == "error"]
    assert "other code now" in problem.detail


def test_a_large_package_goes_back_from_its_version_through_the_bucket(
    world, s3, small_limit
) -> None:
    first, _ = ship(world, "one", "two")
    plan = world.revert("previous")
    assert steps(plan) == ["update_alias", "stage_package", "update_code"]
    result = world.apply(plan)
    assert result.status == "applied", result.failures
    assert served(world) == latest(world) == first
    assert keys(world, s3) == []


def test_a_large_package_that_no_call_takes_back_is_said_beforehand(world, s3, monkeypatch) -> None:
    for answer in ("one", "two"):
        world.code(answer)
        with zipfile.ZipFile(world.root / "app.zip", "w") as package:
            package.write(world.root / "src" / "app.py", "app.py")
        bucket = world.name("staging")
        s3.put_object(Bucket=bucket, Key="app.zip", Body=(world.root / "app.zip").read_bytes())
        world.declare(world.release(artifact=S3Artifact(bucket=bucket, key="app.zip")))
        assert world.apply().status == "applied"
    monkeypatch.setattr(staging, "DIRECT_LIMIT", 10)
    plan = world.revert("previous")
    [problem] = [one for one in plan.diagnostics if one.severity == "error"]
    assert "larger than Lambda takes with a call" in problem.detail


def test_a_bucket_that_is_gone_fails_the_release_before_anything_changes(
    world, s3, small_limit
) -> None:
    world.declare(staged(world))
    plan = world.plan()
    s3.delete_bucket(Bucket=world.name("staging"))
    result = world.apply(plan)
    assert result.status == "failed"
    [problem] = result.failures
    assert "no such bucket" in problem.detail
    assert f"s3://{world.name('staging')}/" in problem.detail
    with pytest.raises(ServiceError, match="ResourceNotFound"):
        world.aws("GetFunction")


def test_staging_is_no_wish_of_its_own(world, s3) -> None:
    ship(world, "one", keep=True)
    held = world.record().desired.digest
    world.declare(world.release())
    assert world.plan().releases[0].desired.digest == held
    assert steps(world.plan()) == []


def test_a_replaced_function_is_deleted_after_its_package_is_in_the_bucket(
    world, s3, small_limit
) -> None:
    ship(world, "one")
    world.declare(
        world.release(
            staging=Staging(bucket=world.name("staging")),
            function={"tenancy_config": {"tenant_isolation_mode": "PER_TENANT"}},
        )
    )
    assert steps(world.plan())[:3] == ["stage_package", "delete_function", "create_function"]


def test_the_journal_says_where_the_package_went(world, s3, small_limit) -> None:
    ship(world, "one")
    done = [event.data for event in world.events if event.step == "stage_package"]
    assert json.dumps(done[-1]).count(f"s3://{world.name('staging')}/") == 1
