"""Invoking a version that is inactive: AWS refuses, and that is what was wanted."""

from __future__ import annotations

import pytest

from declarative.aws.failures import DeniedError
from declarative.engine.ports import FunctionWriter
from declarative.errors import OutcomeUnknownError, RemoteError


@pytest.fixture
def functions(cloud, connector) -> FunctionWriter:
    return cloud.writer(connector, "us-east-2")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (409, "ResourceConflictException"),
        (502, "ResourceNotReadyException"),
        (409, "SnapStartNotReadyException"),
    ],
)
def test_the_refusal_is_no_error_and_is_not_repeated(aws, functions, status, code) -> None:
    aws.will(aws.refuses(status, code, "The function is inactive."))
    functions.wake("f", "3")
    [request] = aws.requests
    assert request.path == "/2015-03-31/functions/f/invocations?Qualifier=3"
    assert request.body == {}


def test_a_version_that_answers_is_awake(aws, functions) -> None:
    aws.will((200, {"anything": 1}))
    functions.wake("f", "3")
    assert len(aws.requests) == 1


def test_a_throttled_one_is_sent_again(aws, functions) -> None:
    throttled = aws.refuses(429, "TooManyRequestsException")
    aws.will(throttled, throttled, aws.refuses(409, "ResourceConflictException"))
    functions.wake("f", "3")
    assert len(aws.requests) == 3


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((403, "AccessDeniedException"), DeniedError),
        ((400, "InvalidParameterValueException"), RemoteError),
        ((500, "ServiceException"), OutcomeUnknownError),
    ],
)
def test_anything_else_is_an_error_that_names_the_action(aws, functions, answer, error) -> None:
    aws.will(aws.refuses(*answer))
    with pytest.raises(error, match="lambda:InvokeFunction") as caught:
        functions.wake("f", "3")
    assert "f:3" in caught.value.diagnostics[0].detail
    assert len(aws.requests) == 1


def test_silence_says_nothing(aws, functions) -> None:
    aws.will(None)
    with pytest.raises(OutcomeUnknownError):
        functions.wake("f", "3")
    assert len(aws.requests) == 1
