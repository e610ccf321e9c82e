"""Whose credentials, which account, how many calls; and what is said when that fails."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from moto import mock_aws

from declarative import __version__
from declarative.artifacts.sources import ArtifactSources
from declarative.aws.session import AwsCloud
from declarative.errors import ConfigurationError, OutcomeUnknownError, RemoteError
from declarative.model.artifacts import S3Artifact
from declarative.model.bound import Connector
from declarative.model.values import Pending, Sensitive

if TYPE_CHECKING:
    from pathlib import Path

STATIC = {
    "kind": "static",
    "access_key_id": "AKIAEXAMPLE",
    "secret_access_key": Sensitive("hidden", "var.key"),
    "session_token": Sensitive("token", "var.token"),
}
MAIN = Connector("connector.aws.main", credentials=STATIC)
IDENTITY = (
    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
    b"<GetCallerIdentityResult><Arn>arn</Arn><UserId>u</UserId><Account>222222222222</Account>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
FUNCTION = {"Configuration": {"FunctionName": "f", "FunctionArn": "arn"}}


def sts_error(code: str) -> bytes:
    return (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>No."
        "</Message></Error><RequestId>42</RequestId></ErrorResponse>"
    ).encode()


@mock_aws
def test_account_is_asked_once_per_connector() -> None:
    cloud = AwsCloud()
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: cloud.account_id(replace(MAIN)), range(16)))
    assert found == {"123456789012"}
    assert cloud.calls() == {"GetCallerIdentity": 1}


@mock_aws
def test_a_role_is_assumed_and_counted() -> None:
    role = {"role_arn": "arn:aws:iam::333333333333:role/deploy", "external_id": "acme"}
    cloud = AwsCloud()
    assert cloud.account_id(replace(MAIN, assume_role=role)) == "333333333333"
    assert cloud.account_id(MAIN) == "123456789012"
    assert cloud.calls() == {"AssumeRole": 1, "GetCallerIdentity": 2}


def test_the_wrong_account_stops_before_any_other_call(aws, cloud, connector) -> None:
    aws.will((200, IDENTITY))
    elsewhere = replace(connector, allowed_account_ids=("111111111111",))
    for use in (
        lambda: cloud.account_id(elsewhere),
        lambda: cloud.reader(elsewhere, "us-east-2").function("f"),
        lambda: cloud.writer(elsewhere, "us-east-2").delete_function("f"),
        lambda: cloud.s3(elsewhere, "us-east-2"),
    ):
        with pytest.raises(RemoteError, match=r"222222222222.*only 111111111111"):
            use()
    assert cloud.calls() == {"GetCallerIdentity": 1}


def test_nothing_is_called_before_it_is_needed(aws, cloud, connector) -> None:
    cloud.reader(connector, "us-east-2")
    cloud.writer(connector, "us-east-2")
    assert aws.requests == []
    assert cloud.calls() == {}


def test_a_reader_cannot_write(cloud, connector) -> None:
    assert not hasattr(cloud.reader(connector, "us-east-2"), "delete_function")


def test_calls_carry_our_name_and_are_counted_with_their_repetitions(aws, cloud, connector) -> None:
    aws.will(None, (200, FUNCTION))
    reader = cloud.reader(connector, "us-east-2")
    reader.function("f")
    reader.function("f")
    assert cloud.calls() == {"GetFunction": 3}
    assert f"lamform/{__version__}" in aws.requests[0].agent


def test_endpoint_from_the_environment(aws, cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
    aws.will((200, IDENTITY))
    assert cloud.account_id(MAIN) == "222222222222"


def test_many_threads_many_regions(aws, cloud, connector) -> None:
    aws.will((200, FUNCTION))
    regions = ["us-east-1", "eu-west-1", "us-east-2"] * 10
    with ThreadPoolExecutor(10) as pool:
        found = list(
            pool.map(lambda region: cloud.reader(connector, region).function("f"), regions)
        )
    assert all(found)
    assert cloud.calls() == {"GetFunction": 30}


def test_recorded_and_declared_connectors_of_one_name_are_two(aws, cloud, connector) -> None:
    aws.will((200, IDENTITY))
    cloud.account_id(connector)
    cloud.account_id(replace(connector, region="eu-west-1"))
    assert cloud.calls() == {"GetCallerIdentity": 2}


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (403, "ExpiredToken", "expired: renew"),
        (403, "InvalidClientTokenId", "Check the access key"),
        (403, "SignatureDoesNotMatch", "clock"),
        (403, "AccessDenied", "Grant sts:GetCallerIdentity"),
    ],
)
def test_refused_credentials(aws, cloud, connector, status, code, advice) -> None:
    aws.will((status, sts_error(code)))
    with pytest.raises(RemoteError, match=advice) as caught:
        cloud.account_id(connector)
    assert caught.value.diagnostics[0].address == connector.address
    assert "request ID 42" in str(caught.value)


def test_a_refused_role_is_not_an_unknown_outcome(aws, cloud, connector) -> None:
    aws.will((403, sts_error("AccessDenied")))
    assuming = replace(connector, assume_role={"role_arn": "arn:aws:iam::333333333333:role/r"})
    with pytest.raises(RemoteError, match=r"sts:AssumeRole failed.*Grant sts:AssumeRole") as caught:
        cloud.writer(assuming, "us-east-2").delete_function("f")
    assert not isinstance(caught.value, OutcomeUnknownError)


@pytest.mark.parametrize("assume_role", [{}, {"role_arn": "arn:aws:iam::333333333333:role/r"}])
def test_no_credentials(cloud, assume_role) -> None:
    bare = Connector("connector.aws.main", assume_role=assume_role)
    with pytest.raises(RemoteError, match=r"Unable to locate credentials.*AWS_PROFILE"):
        cloud.account_id(bare)


def test_unknown_profile(cloud) -> None:
    named = Connector("connector.aws.main", credentials={"kind": "profile", "name": "nobody"})
    with pytest.raises(RemoteError, match=r"nobody.*list-profiles"):
        cloud.account_id(named)


def test_profile(aws, cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(
        "[dev]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = s\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    aws.will((200, IDENTITY))
    named = Connector(
        "connector.aws.main",
        endpoint_url=aws.url,
        credentials={"kind": "profile", "name": "dev"},
    )
    assert cloud.account_id(named) == "222222222222"


@pytest.mark.parametrize(
    ("url", "said"), [("http://127.0.0.1:1", "Could not connect"), ("nowhere", "Invalid endpoint")]
)
def test_unreachable(cloud, connector, url: str, said: str) -> None:
    nowhere = replace(connector, endpoint_url=url)
    for use in (
        lambda: cloud.account_id(nowhere),
        lambda: cloud.reader(nowhere, "us-east-2").function("f"),
        lambda: cloud.writer(nowhere, "us-east-2").delete_function("f"),
    ):
        with pytest.raises(RemoteError, match=rf"{said}.*endpoint_url") as caught:
            use()
        assert not isinstance(caught.value, OutcomeUnknownError)


def test_credentials_that_do_not_exist_yet(cloud) -> None:
    later = Connector(
        "connector.aws.main", credentials={**STATIC, "access_key_id": Pending("release.x.url")}
    )
    with pytest.raises(ConfigurationError, match=r"needs release\.x\.url"):
        cloud.account_id(later)


def test_unknown_credentials(cloud) -> None:
    with pytest.raises(ConfigurationError, match='"magic"'):
        cloud.account_id(Connector("connector.aws.main", credentials={"kind": "magic"}))


def test_a_bucket_is_not_followed_to_another_region(aws, cloud, connector) -> None:
    aws.will((301, b"", {"x-amz-bucket-region": "eu-west-1"}))
    artifacts = ArtifactSources("unused", cloud)
    with pytest.raises(RemoteError, match="bucket is in eu-west-1"):
        artifacts.identify(S3Artifact(bucket="builds", key="a.zip"), connector, "us-east-2")
    assert [request.path for request in aws.requests] == ["/builds/a.zip"]
