"""Staging: found or uploaded, cleared away, and one clear error for each way it fails."""

from __future__ import annotations

import base64
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from declarative.artifacts.sources import ArtifactSources
from declarative.engine.ports import S3Code
from declarative.errors import ConfigurationError, RemoteError
from declarative.model import staging
from declarative.model.artifacts import ArtifactIdentity, LocalArtifact, S3Artifact
from declarative.model.bound import Connector
from declarative.model.staging import Staging, staging_of

CONNECTOR = Connector("connector.aws.main")
REGION = "eu-west-1"
PACKAGE = b"a package"
SHA256 = base64.b64encode(hashlib.sha256(PACKAGE).digest()).decode()
PLACE = Staging(bucket="acme", prefix="lamform")
PASSING = PLACE.holding(SHA256)
OBJECT = PLACE.model_copy(update={"keep": True}).holding(SHA256)
NAMED = {"Bucket": "acme", "Key": f"lamform/{hashlib.sha256(PACKAGE).hexdigest()}.zip"}
MISSING = (404, "NotFound", {})
NETWORK = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")


def refusal(status: int, code: str, headers: dict[str, str]) -> ClientError:
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": headers}
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": metadata}, "Operation")


class Bucket:
    """Answers by operation: a value, an exception, or what makes a refusal."""

    def __init__(self, **answers: object) -> None:
        self.answers = {"head_object": MISSING, "put_object": {}, "delete_object": {}, **answers}
        self.asked: list[tuple[str, dict[str, object]]] = []
        self.sources = ArtifactSources("unused", SimpleNamespace(s3=lambda connector, region: self))

    def __getattr__(self, operation: str):
        def call(**request: object) -> object:
            self.asked.append((operation, request))
            answer = self.answers[operation]
            if isinstance(answer, tuple):
                raise refusal(*answer)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    def put(self, staged=OBJECT) -> S3Code:
        return self.sources.stage(staged, lambda: PACKAGE, CONNECTOR, REGION)

    def operations(self) -> list[str]:
        return [operation for operation, _ in self.asked]


def test_the_name_is_the_content() -> None:
    assert (OBJECT.bucket, OBJECT.key) == (NAMED["Bucket"], NAMED["Key"])
    assert Staging(bucket="acme").holding(SHA256).key == NAMED["Key"].removeprefix("lamform/")
    assert Staging(bucket="acme", prefix="/a/b/").holding(SHA256).key.startswith("a/b/")


@pytest.mark.parametrize("head", [MISSING, (403, "Forbidden", {}), {}, {"ChecksumSHA256": "x"}])
def test_what_is_not_there_for_sure_is_uploaded_with_its_checksum(head: object) -> None:
    bucket = Bucket(head_object=head, put_object={"VersionId": "v1"})
    assert bucket.put() == S3Code(bucket="acme", key=NAMED["Key"], version_id="v1")
    operation, request = bucket.asked[-1]
    assert operation == "put_object"
    assert request.items() >= {**NAMED, "Body": PACKAGE, "ChecksumSHA256": SHA256}.items()


@pytest.mark.parametrize(("said", "version"), [("v2", "v2"), ("null", None), (None, None)])
def test_what_is_there_is_not_read_again(said: str | None, version: str | None) -> None:
    bucket = Bucket(head_object={"ChecksumSHA256": SHA256, "VersionId": said})
    code = bucket.sources.stage(OBJECT, lambda: pytest.fail("read"), CONNECTOR, REGION)
    assert code == S3Code("acme", NAMED["Key"], version)
    assert bucket.sources.is_staged(OBJECT, CONNECTOR, REGION)
    assert bucket.sources.clear_staged() == ()
    assert "delete_object" not in bucket.operations()


def test_many_threads_upload_once() -> None:
    bucket = Bucket()
    all_ask = threading.Barrier(8)

    def ask(_: int) -> S3Code:
        all_ask.wait()
        return bucket.put(PASSING)

    with ThreadPoolExecutor(8) as pool:
        assert len({*pool.map(ask, range(8))}) == 1
    assert bucket.operations().count("put_object") == 1
    assert bucket.sources.clear_staged() == ()
    assert bucket.operations().count("delete_object") == 1


@pytest.mark.parametrize(
    ("version", "more"), [("v1", {"VersionId": "v1"}), (None, {}), ("null", {})]
)
def test_what_passed_through_is_deleted_once(version: str | None, more: dict[str, str]) -> None:
    bucket = Bucket(put_object={"VersionId": version})
    code = bucket.put(PASSING)
    assert code.key.startswith("lamform/passing/")
    assert code.key.endswith(NAMED["Key"].removeprefix("lamform"))
    assert bucket.sources.clear_staged() == ()
    named = {"Bucket": "acme", "Key": code.key, **more}
    assert bucket.asked[-1] == ("delete_object", named)
    assert bucket.sources.clear_staged() == ()
    assert bucket.operations().count("delete_object") == 1


def test_what_is_kept_stays_whoever_else_sends_the_same() -> None:
    bucket, other = Bucket(), Bucket()
    keys = [bucket.put(PASSING).key, bucket.put(OBJECT).key, other.put(PASSING).key]
    assert len({*keys}) == 3
    assert bucket.sources.clear_staged() == ()
    deleted = [asked["Key"] for name, asked in bucket.asked if name == "delete_object"]
    assert deleted == [keys[0]]


@pytest.mark.parametrize("failure", [(403, "AccessDenied", {}), NETWORK])
def test_what_cannot_be_deleted_is_a_warning(failure: object) -> None:
    bucket = Bucket(delete_object=failure)
    code = bucket.put(PASSING)
    [warning] = bucket.sources.clear_staged()
    assert warning.severity == "warning"
    assert f"s3://acme/{code.key}" in warning.detail
    assert "s3:DeleteObject" in warning.detail


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"put_object": (404, "NoSuchBucket", {})}, "no such bucket. Create it in eu-west-1"),
        ({"put_object": (403, "AccessDenied", {})}, "access denied. Grant s3:PutObject"),
        ({"head_object": (301, "301", {})}, "the bucket is in another region"),
        (
            {"head_object": (400, "400", {"x-amz-bucket-region": "us-east-1"})},
            "the bucket is in us-east-1",
        ),
        (
            {"put_object": (301, "PermanentRedirect", {"x-amz-bucket-region": "us-east-1"})},
            "the bucket is in us-east-1",
        ),
        ({"put_object": (400, "ExpiredToken", {})}, "S3 answered ExpiredToken"),
        ({"put_object": (503, "SlowDown", {})}, "S3 answered SlowDown"),
        ({"head_object": NETWORK}, "Could not connect"),
        ({"put_object": NETWORK}, "Could not connect"),
    ],
)
def test_one_error_says_what_to_do(answers: dict[str, object], said: str) -> None:
    bucket = Bucket(**answers)
    with pytest.raises(RemoteError) as caught:
        bucket.put()
    [problem] = caught.value.diagnostics
    assert said in problem.detail
    assert OBJECT.url in problem.detail
    assert problem.address == "connector.aws.main"
    assert bucket.sources.clear_staged() == ()


def found(size: int | None, source=None) -> ArtifactIdentity:
    return ArtifactIdentity(
        source=source or LocalArtifact(path="app"), identity=SHA256, code_sha256=SHA256, size=size
    )


KEPT = Staging(bucket="acme", keep=True)
LARGE = staging.DIRECT_LIMIT + 1


@pytest.mark.parametrize(
    ("artifact", "given", "expected"),
    [
        (found(staging.DIRECT_LIMIT), None, None),
        (found(staging.DIRECT_LIMIT), PLACE, None),
        (found(LARGE), PLACE, PLACE),
        (found(1), KEPT, KEPT),
        (found(LARGE, S3Artifact(bucket="b", key="k")), KEPT, None),
    ],
)
def test_large_packages_are_staged_and_those_that_are_kept(artifact, given, expected) -> None:
    assert staging_of(artifact, given, address="release.a", place=None) == expected


def test_what_no_call_takes_needs_a_bucket() -> None:
    with pytest.raises(ConfigurationError, match=r"at most 50 MB with a call.*staging \{ bucket"):
        staging_of(found(LARGE), None, address="release.a", place=None)
