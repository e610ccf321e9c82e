"""Reading secrets from Secrets Manager and the Parameter Store."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from declarative.engine.ports import Withheld
from declarative.language.world import SecretSource, SecretText

SECRET = "hunter2"
VERSION = "24244c6d-d3ae-432d-acf8-5b2e38e612fc"


def manager(name: str = "key", version: str | None = None) -> SecretSource:
    return SecretSource("secretsmanager", name, 'connector.aws.main["dev"]', "eu-west-1", version)


def parameter(name: str = "/key", version: str | None = None) -> SecretSource:
    return SecretSource("ssm", name, 'connector.aws.main["dev"]', "eu-west-1", version)


def secret_answer(**content: object) -> tuple:
    return 200, {"Name": "key", "VersionId": VERSION, **content}


def parameter_answer(value: str = SECRET, version: int = 3) -> tuple:
    return 200, {"Parameter": {"Name": "/key", "Value": value, "Version": version}}


def refusal(code: str, message: str = "No") -> tuple:
    return 400, {"__type": code, "message": message}


def test_a_secret_comes_with_the_version_that_was_read(aws, cloud, connector) -> None:
    aws.will(secret_answer(SecretString=SECRET))
    assert cloud.secret(manager(), connector) == SecretText(SECRET, VERSION)
    assert aws.requests[0].body == {"SecretId": "key"}


def test_a_version_is_asked_for_by_its_id(aws, cloud, connector) -> None:
    aws.will(secret_answer(SecretString=SECRET))
    cloud.secret(manager(version=VERSION), connector)
    assert aws.requests[0].body == {"SecretId": "key", "VersionId": VERSION}


def test_bytes_are_given_as_base64(aws, cloud, connector) -> None:
    encoded = base64.b64encode(b"\x00\xff").decode()
    aws.will(secret_answer(SecretBinary=encoded))
    assert cloud.secret(manager(), connector) == SecretText(encoded, VERSION)


@pytest.mark.parametrize(
    ("name", "version", "asked"),
    [
        ("/key", None, "/key"),
        ("/key:live", None, "/key:live"),
        ("/key", "3", "/key:3"),
        ("/key:live", "3", "/key:3"),
        ("arn:aws:ssm:eu-west-1:1:parameter/key", "3", "arn:aws:ssm:eu-west-1:1:parameter/key:3"),
        ("arn:aws:ssm:eu-west-1:1:parameter/key:2", "3", "arn:aws:ssm:eu-west-1:1:parameter/key:3"),
    ],
)
def test_a_parameter_is_decrypted_and_its_version_replaces_any_selector(
    aws, cloud, connector, name, version, asked
) -> None:
    aws.will(parameter_answer())
    assert cloud.secret(parameter(name, version), connector) == SecretText(SECRET, "3")
    assert aws.requests[0].body == {"Name": asked, "WithDecryption": True}


def test_each_is_asked_for_once(aws, cloud, connector) -> None:
    aws.will(parameter_answer())
    first = cloud.secret(parameter(), connector)
    assert cloud.secret(parameter(), replace(connector)) is first
    assert len(aws.requests) == 1
    cloud.secret(parameter("/other"), connector)
    cloud.secret(replace(parameter(), region="eu-west-2"), connector)
    cloud.secret(parameter(), replace(connector, address="connector.aws.other"))
    assert len(aws.requests) == 4


@pytest.mark.parametrize(
    ("source", "answer", "obstacle", "said"),
    [
        (manager(), refusal("AccessDeniedException"), "denied", "Grant secretsmanager:Get"),
        (parameter(), refusal("AccessDeniedException"), "denied", "Grant ssm:GetParameter"),
        (manager(), refusal("ResourceNotFoundException"), "missing", "key, eu-west-1"),
        (parameter(), refusal("ParameterNotFound"), "missing", "/key, eu-west-1"),
        (parameter(version="9"), refusal("ParameterVersionNotFound"), "missing", "/key"),
        (
            manager(),
            refusal("InvalidRequestException", "the secret was marked for deletion"),
            "missing",
            "marked for deletion",
        ),
        (manager(), refusal("InvalidRequestException", "Not like that"), "failed", "Not like"),
        (manager(), refusal("ExpiredTokenException", "It has expired"), "failed", "renew"),
        (manager(), secret_answer(), "failed", "the answer has no SecretBinary"),
    ],
)  # fmt: skip
def test_what_cannot_be_had_says_why(  # noqa: PLR0917 - fixtures and a table
    aws, cloud, connector, source, answer, obstacle, said
) -> None:
    aws.will(answer)
    found = cloud.secret(source, connector)
    assert isinstance(found, Withheld)
    assert found.obstacle == obstacle
    assert said in str(found.error)
    assert cloud.secret(source, connector) is found
    assert len(aws.requests) == 1


def test_credentials_that_are_refused_are_no_missing_permission_for_the_secret(
    aws, cloud, connector
) -> None:
    aws.will((403, b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"))
    role = {"role_arn": "arn:aws:iam::1:role/deploy", "session_name": "lamform"}
    found = cloud.secret(manager(), replace(connector, assume_role=role))
    assert isinstance(found, Withheld)
    assert found.obstacle == "failed"
    assert "sts:AssumeRole" in str(found.error)


def test_a_wrong_account_is_found_out_before_anything_is_read(aws, cloud, connector) -> None:
    identity = (
        b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account>"
        b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
    aws.will((200, identity))
    found = cloud.secret(manager(), replace(connector, allowed_account_ids=("2",)))
    assert isinstance(found, Withheld)
    assert found.obstacle == "failed"
    assert len(aws.requests) == 1


def test_nothing_that_was_read_is_in_a_repr(aws, cloud, connector) -> None:
    aws.will(parameter_answer())
    assert SECRET not in repr(cloud.secret(parameter(), connector))
