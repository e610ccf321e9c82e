"""Container images: a tag is a digest at plan time, and the digest decides."""

from __future__ import annotations

import pytest

from declarative.errors import ConfigurationError
from declarative.model.artifacts import LocalArtifact
from tests.engine.images import Repository, image, repository_of

INDEX = "application/vnd.oci.image.index.v1+json"


@pytest.fixture
def repository(world) -> Repository:
    return repository_of(world)


def ship(world, repository: Repository, *contents: str, **changes: object) -> list[str]:
    """Apply one revision for each content; return the images' digests."""
    digests = []
    for content in contents:
        digests.append(repository.push(content, "live"))
        world.declare(image(world, **changes))
        result = world.apply()
        assert result.status == "applied", result.failures
    return digests


def steps(plan) -> list[str]:
    return [step.kind for release in plan.releases for step in release.steps]


def served(world) -> str:
    """Return the digest that the alias serves, as ``CodeSha256`` has it."""
    version = world.aws("GetAlias", Name="live")["FunctionVersion"]
    return world.aws("GetFunctionConfiguration", Qualifier=version)["CodeSha256"]


def test_an_image_is_deployed_by_its_digest(world, repository) -> None:
    [digest] = ship(world, repository, "one")
    found = world.aws("GetFunction")
    uri = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{repository.name}@{digest}"
    assert found["Code"]["ImageUri"] == uri
    assert found["Configuration"]["PackageType"] == "Image"
    assert found["Configuration"]["CodeSha256"] == digest.removeprefix("sha256:")
    assert served(world) == digest.removeprefix("sha256:")
    record = world.record()
    assert record.function.code_sha256 == digest.removeprefix("sha256:")
    assert record.desired.artifact.identity == digest
    assert world.plan().is_empty
    assert world.drift().findings == ()


def test_a_tag_that_moved_is_a_code_change(world, repository) -> None:
    ship(world, repository, "one")
    digest = repository.push("two", "live")
    plan = world.plan()
    assert steps(plan) == ["update_code", "update_alias"]
    [code] = [one for change in plan.changes for one in change.attributes if "code" in one.path[0]]
    assert code.after == digest.removeprefix("sha256:")
    assert world.apply(plan).status == "applied"
    assert served(world) == digest.removeprefix("sha256:")
    assert world.plan().is_empty


def test_a_saved_plan_deploys_the_digest_that_was_reviewed(world, repository) -> None:
    reviewed = repository.push("one", "live")
    world.declare(image(world))
    plan = world.plan()
    repository.push("nobody reviewed this", "live")
    assert world.apply(plan).status == "applied"
    assert served(world) == reviewed.removeprefix("sha256:")


def test_another_tag_of_the_same_image_changes_nothing(world, repository) -> None:
    ship(world, repository, "one")
    assert repository.push("one", "1.4.2") == world.record().desired.artifact.identity
    world.declare(image(world, tag="1.4.2"))
    assert world.plan().is_empty


def test_a_version_that_is_there_takes_traffic_back(world, repository) -> None:
    first, _ = ship(world, repository, "one", "two")
    plan = world.revert("previous")
    assert not plan.has_errors
    assert steps(plan) == ["update_alias", "update_code"]
    assert world.apply(plan).status == "applied"
    assert served(world) == first.removeprefix("sha256:")
    assert world.aws("GetFunctionConfiguration")["CodeSha256"] == first.removeprefix("sha256:")
    assert {str(one.action) for one in world.plan().changes} == {"held"}


def test_a_version_that_is_gone_is_made_again_from_the_repository(world, repository) -> None:
    first, _ = ship(world, repository, "one", "two")
    world.aws("DeleteFunction", Qualifier="1")
    plan = world.revert("previous")
    assert steps(plan) == ["update_code", "update_alias"]
    assert world.apply(plan).status == "applied"
    assert served(world) == first.removeprefix("sha256:")


@pytest.mark.parametrize("version_is_there", [True, False])
def test_an_image_that_left_the_repository_is_said_beforehand(
    world, repository, version_is_there
) -> None:
    first, _ = ship(world, repository, "one", "two")
    repository.delete(first)
    if not version_is_there:
        world.aws("DeleteFunction", Qualifier="1")
    plan = world.revert("previous")
    [problem] = [one for one in plan.diagnostics if one.severity == "error"]
    assert "no image with this digest" in problem.detail
    assert ("version 1" in problem.detail) is version_is_there
    assert not plan.releases


def test_configuration_goes_back_without_the_image(world, repository) -> None:
    [digest] = ship(world, repository, "one")
    world.declare(image(world, function={"memory_size": 512}))
    assert world.apply().status == "applied"
    repository.delete(digest)
    plan = world.revert("previous")
    assert not plan.has_errors
    assert world.apply(plan).status == "applied"
    assert world.aws("GetFunctionConfiguration")["MemorySize"] == 256


def test_an_image_put_there_by_hand_is_drift_and_kept_as_a_checkpoint(world, repository) -> None:
    ours = ship(world, repository, "one")[0]
    theirs = repository.push("two", "by-hand")
    uri = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{repository.name}@{theirs}"
    world.aws("UpdateFunctionCode", ImageUri=uri)
    while world.aws("GetFunctionConfiguration")["LastUpdateStatus"] == "InProgress":
        pass
    [finding] = world.drift().findings
    assert finding.finding == "code"
    plan = world.plan()
    assert steps(plan)[0] == "publish_checkpoint"
    assert world.apply(plan).status == "applied"
    latest = world.aws("GetFunctionConfiguration")
    assert latest["CodeSha256"] == ours.removeprefix("sha256:")
    checkpoint = world.aws("GetFunctionConfiguration", Qualifier="2")
    assert checkpoint["CodeSha256"] == theirs.removeprefix("sha256:")


def test_settings_of_the_image_are_set_changed_and_dropped(world, repository) -> None:
    config = {"command": ["app.handler"], "entry_point": ["/run"], "working_directory": "/srv"}
    ship(world, repository, "one", function={"image_config": config})
    answered = world.aws("GetFunctionConfiguration")["ImageConfigResponse"]["ImageConfig"]
    assert answered == {
        "Command": ["app.handler"],
        "EntryPoint": ["/run"],
        "WorkingDirectory": "/srv",
    }
    world.declare(image(world, function={"image_config": {"command": ["other.handler"]}}))
    plan = world.plan()
    assert steps(plan) == ["update_configuration", "publish_version", "update_alias"]
    assert world.apply(plan).status == "applied"
    answered = world.aws("GetFunctionConfiguration")["ImageConfigResponse"]["ImageConfig"]
    assert answered == {"Command": ["other.handler"]}
    world.declare(image(world))
    assert world.apply().status == "applied"
    assert "ImageConfigResponse" not in world.aws("GetFunctionConfiguration")
    assert world.plan().is_empty


def test_an_image_of_several_platforms_is_refused_with_the_command_that_helps(
    world, repository
) -> None:
    repository.push("one", "live", INDEX)
    world.declare(image(world))
    with pytest.raises(ConfigurationError, match=r"docker buildx build --platform .*provenance=f"):
        world.plan()


def test_many_images_are_looked_up_at_once_and_each_once(world, repository) -> None:
    for number in range(6):
        repository.push(f"image {number}", f"v{number}")
    world.declare(*(image(world, tag=f"v{number % 6}", short=f"r{number}") for number in range(12)))
    before = world.cloud().calls().get("DescribeImages", 0)
    plan = world.plan()
    assert len(plan.releases) == 12
    assert world.cloud().calls()["DescribeImages"] == before + 6


def test_one_image_that_is_missing_spoils_its_own_release_only(world, repository) -> None:
    repository.push("one", "live")
    world.declare(image(world, short="good"), image(world, tag="nowhere", short="bad"))
    plan = world.plan()
    assert [one.address for one in plan.releases] == ["release.good"]
    [problem] = [one for one in plan.diagnostics if one.severity == "error"]
    assert "no image with this tag" in problem.detail


def test_a_zip_becomes_an_image_by_a_new_function_and_back(world, repository) -> None:
    world.declare(world.release())
    assert world.apply().status == "applied"
    repository.push("one", "live")
    world.declare(image(world))
    plan = world.plan()
    kinds = steps(plan)
    assert kinds == ["delete_function", "create_function", "create_alias"]
    [function] = [one for one in plan.changes if one.kind == "function"]
    assert str(function.action) == "replace"
    assert "package_type" in function.reason
    assert world.apply(plan).status == "applied"
    assert world.aws("GetFunctionConfiguration")["PackageType"] == "Image"
    assert world.plan().is_empty
    world.declare(world.release())
    plan = world.plan()
    assert steps(plan) == ["delete_function", "create_function", "create_alias"]
    assert world.apply(plan).status == "applied"
    assert world.aws("GetFunctionConfiguration")["PackageType"] == "Zip"
    assert world.plan().is_empty


def test_an_image_function_of_somebody_else_is_not_replaced_by_a_zip(world, repository) -> None:
    digest = repository.push("one", "live")
    uri = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{repository.name}@{digest}"
    world.aws(
        "CreateFunction",
        Role=world.release().function["role"],
        PackageType="Image",
        Code={"ImageUri": uri},
    )
    world.declare(world.release(artifact=LocalArtifact(path="src")))
    plan = world.plan()
    assert plan.blocked_by
    assert "adopting it would delete it" in plan.blocked_by[0]


def test_an_existing_image_function_is_adopted_unchanged(world, repository) -> None:
    digest = repository.push("one", "live")
    uri = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{repository.name}@{digest}"
    world.aws(
        "CreateFunction",
        Role=world.release().function["role"],
        PackageType="Image",
        Code={"ImageUri": uri},
        MemorySize=256,
    )
    world.declare(image(world, tags={}, aliases={}))
    plan = world.plan()
    assert {str(one.action) for one in plan.changes if one.kind == "function"} == {"adopt"}
    assert steps(plan) == ["tag_function"]
    assert world.apply(plan).status == "applied"
    assert world.plan().is_empty
