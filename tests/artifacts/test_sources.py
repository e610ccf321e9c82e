"""All artifacts behind the port: looked at once, handed over exactly."""

from __future__ import annotations

import base64
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.stub import Stubber
from moto import mock_aws

from declarative.artifacts import sources
from declarative.artifacts.sources import ArtifactSources
from declarative.engine.ports import S3Code, ZipCode
from declarative.errors import ConfigurationError, RemoteError, StalePlanError
from declarative.model.artifacts import LocalArtifact, S3Artifact
from declarative.model.bound import Connector

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from declarative.engine.ports import Artifacts

CONNECTOR = Connector("connector.aws.main")
REGION = "us-east-2"
LOCAL = LocalArtifact(path="app")
OBJECT = S3Artifact(bucket="builds", key="app.zip")


def no_client(connector: Connector, region: str):
    pytest.fail("AWS was asked")


NOBODY = SimpleNamespace(s3=no_client, ecr=no_client)


def local_sources(root: Path, **options: int) -> Artifacts:
    (root / "app").mkdir(exist_ok=True)
    (root / "app" / "app.py").write_text("handler = None\n")
    return ArtifactSources(root, NOBODY, **options)


def digest(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def test_local_identity_is_what_lambda_will_answer(tmp_path: Path) -> None:
    artifacts = local_sources(tmp_path)
    identity = artifacts.identify(LOCAL, CONNECTOR, REGION)
    code = artifacts.code(identity)
    assert isinstance(code, ZipCode)
    assert identity.identity == identity.code_sha256 == digest(code.data)
    assert identity.size == len(code.data)


def test_a_thousand_releases_pack_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    artifacts = local_sources(tmp_path)
    packed = []
    all_ask = threading.Barrier(8)

    def pack(root: Path, artifact: LocalArtifact) -> bytes:
        packed.append(artifact)
        return b"package"

    def ask(_: int) -> str:
        all_ask.wait()
        return artifacts.identify(LOCAL, CONNECTOR, REGION).identity

    monkeypatch.setattr(sources, "pack", pack)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {digest(b"package")}
    assert len(packed) == 1


def test_what_cannot_be_packed_fails_once_for_all(tmp_path: Path) -> None:
    artifacts = ArtifactSources(tmp_path, NOBODY)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="app does not exist"):
            artifacts.identify(LOCAL, CONNECTOR, REGION)
        (tmp_path / "app").mkdir(exist_ok=True)


def test_apply_sends_what_was_planned_though_files_changed_since(tmp_path: Path) -> None:
    artifacts = local_sources(tmp_path)
    identity = artifacts.identify(LOCAL, CONNECTOR, REGION)
    (tmp_path / "app" / "app.py").write_text("handler = 1\n")
    code = artifacts.code(identity)
    assert isinstance(code, ZipCode)
    assert digest(code.data) == identity.identity


@pytest.mark.parametrize("held", [0, 1_000_000])
def test_another_run_packs_again_and_compares(tmp_path: Path, held: int) -> None:
    identity = local_sources(tmp_path).identify(LOCAL, CONNECTOR, REGION)
    code = local_sources(tmp_path, held=held).code(identity)
    assert isinstance(code, ZipCode)
    assert digest(code.data) == identity.identity


@pytest.mark.parametrize("held", [0, 1_000_000])
def test_changed_files_are_a_stale_plan(tmp_path: Path, held: int) -> None:
    identity = local_sources(tmp_path).identify(LOCAL, CONNECTOR, REGION)
    later = local_sources(tmp_path, held=held)
    (tmp_path / "app" / "new.py").touch()
    with pytest.raises(StalePlanError, match="Plan again"):
        later.code(identity)


def test_missing_files_are_a_stale_plan(tmp_path: Path) -> None:
    identity = local_sources(tmp_path).identify(LOCAL, CONNECTOR, REGION)
    with pytest.raises(StalePlanError, match="does not exist"):
        ArtifactSources(tmp_path / "elsewhere", NOBODY).code(identity)


@pytest.fixture
def s3() -> Iterator:
    with mock_aws():
        client = boto3.client(
            "s3", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x"
        )
        client.create_bucket(
            Bucket="builds", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        yield client


def version(client) -> None:
    client.put_bucket_versioning(Bucket="builds", VersioningConfiguration={"Status": "Enabled"})


def object_sources(client) -> Artifacts:
    clients = SimpleNamespace(s3=lambda connector, region: client, ecr=no_client)
    return ArtifactSources("unused", clients)


def test_the_newest_version_is_pinned(s3) -> None:
    version(s3)
    put = s3.put_object(Bucket="builds", Key="app.zip", Body=b"1", ChecksumAlgorithm="SHA256")
    artifacts = object_sources(s3)
    identity = artifacts.identify(OBJECT, CONNECTOR, REGION)
    s3.put_object(Bucket="builds", Key="app.zip", Body=b"2")
    assert identity.source == OBJECT.model_copy(update={"version_id": put["VersionId"]})
    assert identity.code_sha256 == digest(b"1")
    assert identity.size == 1
    assert artifacts.identify(OBJECT, CONNECTOR, REGION) == identity
    assert artifacts.code(identity) == S3Code("builds", "app.zip", put["VersionId"])


def test_identity_changes_with_the_object(s3) -> None:
    found = set()
    for body in (b"1", b"2"):
        s3.put_object(Bucket="builds", Key="app.zip", Body=body)
        identity = object_sources(s3).identify(OBJECT, CONNECTOR, REGION)
        assert identity.source == OBJECT
        found.add(identity.identity)
    assert len(found) == 2


def test_missing_object(s3) -> None:
    with pytest.raises(RemoteError, match=r"s3://builds/app\.zip, us-east-2.*no such bucket"):
        object_sources(s3).identify(OBJECT, CONNECTOR, REGION)


def test_bucket_said_to_be_elsewhere(s3) -> None:
    artifact = OBJECT.model_copy(update={"region": "eu-west-1"})
    with pytest.raises(ConfigurationError, match="eu-west-1, the function in us-east-2"):
        object_sources(s3).identify(artifact, CONNECTOR, REGION)


@pytest.fixture
def stubbed(s3) -> Iterator[Stubber]:
    with Stubber(s3) as stubber:
        yield stubber


def test_a_checksum_that_may_not_be_read_is_done_without(s3, stubbed: Stubber) -> None:
    asked = {"Bucket": "builds", "Key": "app.zip"}
    stubbed.add_client_error(
        "head_object", "403", http_status_code=403,
        expected_params={**asked, "ChecksumMode": "ENABLED"},
    )  # fmt: skip
    stubbed.add_response("head_object", {"ETag": '"e"', "VersionId": "null"}, asked)
    identity = object_sources(s3).identify(OBJECT, CONNECTOR, REGION)
    assert (identity.identity, identity.code_sha256) == ("unversioned:e", None)


@pytest.mark.parametrize("kind", ["COMPOSITE", "FULL_OBJECT"])
def test_a_checksum_of_parts_is_no_code_sha256(s3, stubbed: Stubber, kind: str) -> None:
    stubbed.add_response(
        "head_object",
        {"ETag": '"e-2"', "ChecksumSHA256": "abc-2", "ChecksumType": kind, "VersionId": "v"},
    )
    assert object_sources(s3).identify(OBJECT, CONNECTOR, REGION).code_sha256 is None


@pytest.mark.parametrize(
    ("status", "headers", "advice"),
    [
        (403, {}, "Grant s3:GetObjectVersion"),
        (405, {}, "list-object-versions"),
        (301, {"x-amz-bucket-region": "eu-west-1"}, "bucket is in eu-west-1"),
        (400, {"x-amz-bucket-region": "eu-west-1"}, "bucket is in eu-west-1"),
        (400, {}, "not expired"),
        (503, {}, "S3 answered 503"),
    ],
)
def test_advice(s3, monkeypatch, status: int, headers: dict[str, str], advice: str) -> None:
    def head_object(**_: str):
        raise ClientError(
            {
                "Error": {"Code": str(status), "Message": ""},
                "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers},
            },
            "HeadObject",
        )

    monkeypatch.setattr(s3, "head_object", head_object)
    artifact = OBJECT.model_copy(update={"version_id": "v1"})
    with pytest.raises(RemoteError, match=advice) as caught:
        object_sources(s3).identify(artifact, CONNECTOR, REGION)
    assert caught.value.diagnostics[0].address == "connector.aws.main"


def test_unreachable(s3, monkeypatch) -> None:
    def head_object(**_: str):
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    monkeypatch.setattr(s3, "head_object", head_object)
    with pytest.raises(RemoteError, match="Could not connect"):
        object_sources(s3).identify(OBJECT, CONNECTOR, REGION)
