"""Credentials from tokens, and what else is said when a role is assumed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from declarative.aws.session import AwsCloud
from declarative.errors import ConfigurationError
from declarative.model.bound import Connector

if TYPE_CHECKING:
    from pathlib import Path

ROLE = "arn:aws:iam::333333333333:role/deploy"


def assumed(operation: str) -> bytes:
    return (
        f'<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        f"<{operation}Result><Credentials><AccessKeyId>ASIA</AccessKeyId>"
        "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
        "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></"
        f"{operation}Result></{operation}Response>"
    ).encode()


IDENTITY = (
    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
    b"<GetCallerIdentityResult><Arn>arn</Arn><UserId>u</UserId><Account>333333333333</Account>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


def form(request) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(request.body["raw"]).items()}


def oidc(aws, **settings: str) -> Connector:
    given = {"kind": "oidc", "role_arn": ROLE, "audience": "sts.amazonaws.com", **settings}
    return Connector("connector.aws.ci", endpoint_url=aws.url, credentials=given)


def test_a_role_is_assumed_with_tags_and_a_duration(aws, cloud, connector) -> None:
    aws.will((200, assumed("AssumeRole")), (200, IDENTITY))
    role = {"role_arn": ROLE, "session_tags": {"team": "a b"}, "duration": 1800.0}
    assert cloud.account_id(replace(connector, assume_role=role)) == "333333333333"
    sent = form(aws.requests[0])
    assert sent["DurationSeconds"] == "1800"
    assert (sent["Tags.member.1.Key"], sent["Tags.member.1.Value"]) == ("team", "a b")


@pytest.mark.parametrize("source", ["token_file", "token_env", "gitlab", "irsa"])
def test_a_token_gives_credentials(aws, tmp_path: Path, source: str) -> None:
    aws.will((200, assumed("AssumeRoleWithWebIdentity")), (200, IDENTITY))
    path = tmp_path / "token"
    path.write_text("the-token\n", "utf-8")
    environ = {
        "T": "the-token",
        "GITLAB_OIDC_TOKEN": "the-token",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(path),
        "AWS_ROLE_ARN": ROLE,
    }
    connector = {
        "token_file": oidc(aws, token_file=str(path)),
        "token_env": oidc(aws, token_env="T"),
        "gitlab": oidc(aws, issuer="gitlab"),
        "irsa": replace(oidc(aws), credentials={"kind": "irsa"}),
    }[source]
    cloud = AwsCloud(environ=environ)
    assert cloud.account_id(connector) == "333333333333"
    sent = form(aws.requests[0])
    assert (sent["WebIdentityToken"], sent["RoleArn"]) == ("the-token", ROLE)
    assert cloud.calls() == {"AssumeRoleWithWebIdentity": 1, "GetCallerIdentity": 1}


def test_github_is_asked_for_a_token_of_the_audience(aws) -> None:
    aws.will(
        (200, {"value": "the-token"}),
        (200, assumed("AssumeRoleWithWebIdentity")),
        (200, IDENTITY),
    )
    environ = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{aws.url}/token?v=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "bearer",
    }
    cloud = AwsCloud(environ=environ)
    assert cloud.account_id(oidc(aws, issuer="github", audience="a&b")) == "333333333333"
    assert aws.requests[0].path == "/token?v=1&audience=a%26b"
    assert form(aws.requests[1])["WebIdentityToken"] == "the-token"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"token_file": "/nowhere/token"}, "/nowhere/token: No such file or directory"),
        ({"token_env": "T"}, "T is not in the environment"),
        ({"issuer": "github"}, "id-token: write"),
        ({"issuer": "gitlab"}, "under id_tokens"),
    ],
)
def test_a_missing_token_is_said_with_what_to_do(aws, settings: dict[str, str], expected) -> None:
    with pytest.raises(ConfigurationError, match=expected):
        AwsCloud().account_id(oidc(aws, **settings))
    assert aws.requests == []


def test_outside_a_pod_there_is_no_service_account(aws) -> None:
    with pytest.raises(ConfigurationError, match="this is no pod"):
        AwsCloud().account_id(replace(oidc(aws), credentials={"kind": "irsa"}))


def test_an_answer_without_a_token_is_no_crash(aws) -> None:
    aws.will((403, {"message": "no"}))
    environ = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{aws.url}/token?v=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "bearer",
    }
    with pytest.raises(ConfigurationError, match="GitHub answered 403"):
        AwsCloud(environ=environ).account_id(oidc(aws, issuer="github"))
