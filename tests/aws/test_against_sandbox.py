"""The adapter against the simulator: whole lives of functions, over HTTP."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from declarative.artifacts.sources import ArtifactSources
from declarative.aws.session import AwsCloud
from declarative.errors import OutcomeUnknownError, PreconditionFailedError, RemoteError
from declarative.model.artifacts import LocalArtifact, S3Artifact
from declarative.model.bound import Connector
from declarative.model.fields import from_api
from declarative.sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from declarative.engine.ports import Code, FunctionReader, FunctionWriter, ObservedFunction

REGION = "us-east-2"
WANTED = {
    "runtime": "python3.13",
    "handler": "app.handler",
    "role": "arn:aws:iam::123456789012:role/r",
    "environment": {"variables": {"STAGE": "dev"}},
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pending_seconds=0.05, update_seconds=0.05) as running:
        yield running


@pytest.fixture
def connector(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Connector:
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    return Connector("connector.aws.main", region=REGION)


@pytest.fixture
def cloud() -> AwsCloud:
    return AwsCloud()


@pytest.fixture
def functions(cloud: AwsCloud, connector: Connector) -> FunctionWriter:
    return cloud.writer(connector, REGION)


@pytest.fixture
def artifacts(cloud: AwsCloud, tmp_path: Path) -> ArtifactSources:
    (tmp_path / "app").mkdir()
    return ArtifactSources(tmp_path, cloud)


@pytest.fixture
def code(artifacts: ArtifactSources, connector: Connector, tmp_path: Path) -> Code:
    return package(artifacts, connector, tmp_path, "one")


def package(artifacts: ArtifactSources, connector: Connector, root: Path, name: str) -> Code:
    (root / name).mkdir()
    (root / name / "app.py").write_text(f"def handler(event, context):\n    return {name!r}\n")
    return artifacts.code(artifacts.identify(LocalArtifact(path=name), connector, REGION))


def settled(functions: FunctionReader, name: str) -> ObservedFunction:
    """Return the function once no change of it is in progress."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        observed = functions.function(name)
        assert observed is not None
        if observed.state == "Active" and observed.last_update_status == "Successful":
            return observed
        time.sleep(0.02)
    pytest.fail(f"{name} did not settle")


def test_a_life(functions, artifacts, connector, code, tmp_path) -> None:
    assert functions.function("life") is None
    functions.create_function("life", WANTED, code, tags={"Team": "a"}, publish=True)
    first = settled(functions, "life")
    assert first.attributes == from_api({
        "Runtime": "python3.13", "Handler": "app.handler", "Role": WANTED["role"],
        "Environment": {"Variables": {"STAGE": "dev"}},
    }, "life")  # fmt: skip
    assert first.tags == {"Team": "a"}
    assert functions.download(first) == code.data

    # Each change meets the one before it still in progress, and waits.
    functions.update_configuration("life", {"timeout": 9}, revision_id=first.revision_id)
    second = package(artifacts, connector, tmp_path, "two")
    published = functions.update_code("life", second, publish=True, revision_id=None)
    assert published.version == "2"
    assert published.attributes["timeout"] == 9
    assert functions.download(functions.function("life", "1")) == code.data

    functions.create_alias("life", "live", version="1", description="", routing={"2": 0.25})
    alias = functions.aliases("life")[0]
    assert alias.routing == {"2": 0.25}
    functions.update_alias(
        "life", "live", version="2", description="", routing={}, revision_id=alias.revision_id
    )
    assert [(a.function_version, a.routing) for a in functions.aliases("life")] == [("2", {})]
    assert functions.function("life", "live").version == "2"

    functions.tag(first.arn, {"Stage": "dev"})
    functions.untag(first.arn, ["Team", "absent"])
    assert settled(functions, "life").tags == {"Stage": "dev"}

    functions.delete_alias("life", "live")
    functions.delete_function("life")
    assert functions.function("life") is None
    assert functions.aliases("life") == ()


def test_what_was_set_can_be_cleared(functions, code) -> None:
    full = {
        **WANTED,
        "description": "d",
        "layers": [f"arn:aws:lambda:{REGION}:123456789012:layer:l:1"],
        "dead_letter_config": {"target_arn": f"arn:aws:sqs:{REGION}:123456789012:q"},
        "vpc_config": {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]},
        "logging_config": {"log_format": "JSON", "application_log_level": "DEBUG"},
    }
    functions.create_function("cleared", full, code, tags={}, publish=False)
    before = settled(functions, "cleared")
    assert before.attributes["vpc_config"]["subnet_ids"] == ["subnet-1"]
    plain = from_api({}, "cleared")
    fields = (
        "description", "layers", "dead_letter_config", "vpc_config", "environment",
        "logging_config",
    )  # fmt: skip
    functions.update_configuration(
        "cleared", {name: plain[name] for name in fields}, revision_id=before.revision_id
    )
    after = settled(functions, "cleared").attributes
    assert {name: after[name] for name in fields} == {name: plain[name] for name in fields}


def test_conditions_are_kept(functions, code) -> None:
    functions.create_function("raced", WANTED, code, tags={}, publish=False)
    observed = settled(functions, "raced")
    functions.update_configuration("raced", {"timeout": 4}, revision_id=observed.revision_id)
    settled(functions, "raced")
    for late in (
        lambda: functions.update_configuration("raced", {"timeout": 5}, revision_id="stale"),
        lambda: functions.update_code("raced", code, publish=False, revision_id="stale"),
        lambda: functions.publish_version("raced", code_sha256=None, revision_id="stale"),
        lambda: functions.publish_version("raced", code_sha256="A" * 44, revision_id=None),
    ):
        with pytest.raises(PreconditionFailedError):
            late()
    assert settled(functions, "raced").attributes["timeout"] == 4


def test_a_name_in_use_is_refused_at_once(functions, code) -> None:
    functions.create_function("twice", WANTED, code, tags={}, publish=False)
    with pytest.raises(RemoteError, match="already exist") as caught:
        functions.create_function("twice", WANTED, code, tags={}, publish=False)
    assert not isinstance(caught.value, OutcomeUnknownError)


def test_code_from_a_bucket(cloud, connector, functions, artifacts, code) -> None:
    s3 = cloud.s3(connector, REGION)
    s3.create_bucket(Bucket="builds", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="builds", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="builds", Key="a.zip", Body=code.data, ChecksumAlgorithm="SHA256")
    identity = artifacts.identify(S3Artifact(bucket="builds", key="a.zip"), connector, REGION)
    s3.put_object(Bucket="builds", Key="a.zip", Body=b"not what was planned")
    functions.create_function("bucket", WANTED, artifacts.code(identity), tags={}, publish=False)
    assert settled(functions, "bucket").code_sha256 == identity.code_sha256


def test_calls_are_counted(cloud, connector, functions, code) -> None:
    functions.create_function("counted", WANTED, code, tags={}, publish=False)
    functions.function("counted")
    functions.aliases("counted")
    assert cloud.account_id(connector) == "123456789012"
    assert cloud.calls() == {
        "CreateFunction": 1, "GetFunction": 1, "ListAliases": 1, "GetCallerIdentity": 1,
    }  # fmt: skip
