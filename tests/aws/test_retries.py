"""Which refusals are tried again, how often, and with which waits: one test a class."""

from __future__ import annotations

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from declarative.aws.retries import REFUSALS, Pacing, persist, refusal_of, retry_after
from declarative.errors import OutcomeUnknownError, RemoteError
from declarative.model.retry import Retry

FUNCTION = {"Configuration": {"FunctionName": "f", "FunctionArn": "arn"}}
INVALID = "InvalidParameterValueException"
CONFLICT = "ResourceConflictException"

CLASSES = {
    "throttled": (429, "TooManyRequestsException", "Rate exceeded"),
    "in progress": (409, CONFLICT, "An update is in progress for resource: f"),
    "role not assumable yet": (
        400,
        INVALID,
        "The role defined for the function cannot be assumed by Lambda.",
    ),
    "role lacks permissions yet": (
        400,
        INVALID,
        "The provided execution role does not have permissions to call CreateNetworkInterface",
    ),
    "KMS grant not possible yet": (
        400,
        INVALID,
        "Lambda was unable to configure access to your KMS key: invalid for CreateGrant",
    ),
    "throttled by EC2": (400, INVALID, "Your request has been throttled by EC2, please retry"),
}


def error(status: int, code: str, message: str) -> ClientError:
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": {}}
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}
    return ClientError(answer, "UpdateFunctionConfiguration")


def test_every_class_is_tried() -> None:
    assert {refusal.name for refusal in REFUSALS} == CLASSES.keys()


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_is_recognised(name: str) -> None:
    found = refusal_of(error(*CLASSES[name]))
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_passes(aws, cloud, connector, time, name: str) -> None:
    aws.will(*[aws.refuses(*CLASSES[name])] * 3, (200, FUNCTION["Configuration"]))
    cloud.writer(connector, "us-east-2").update_configuration("f", {"timeout": 5}, revision_id=None)
    assert len(aws.requests) == 4
    assert time.slept


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("in progress", 600),
        ("role not assumable yet", 90),
        ("role lacks permissions yet", 60),
        ("KMS grant not possible yet", 60),
        ("throttled by EC2", 540),
    ],
)
def test_a_class_has_an_end(aws, cloud, connector, time, name: str, seconds: float) -> None:
    aws.will(aws.refuses(*CLASSES[name]))
    with pytest.raises(RemoteError) as caught:
        cloud.writer(connector, "us-east-2").update_configuration(
            "f", {"timeout": 5}, revision_id=None
        )
    assert not isinstance(caught.value, OutcomeUnknownError)
    assert seconds - 21 <= time.now <= seconds


@pytest.mark.parametrize("seconds", [5, 1800])
def test_a_conflict_is_waited_for_as_long_as_the_release_says(
    aws, cloud, connector, time, seconds: float
) -> None:
    aws.will(aws.refuses(*CLASSES["in progress"]))
    writer = cloud.writer(connector, "us-east-2", timeout=seconds)
    with pytest.raises(RemoteError):
        writer.delete_alias("f", "live")
    assert seconds - 6 <= time.now <= seconds


@pytest.mark.parametrize("attempts", [1, 3, 8])
def test_throttles_are_tried_as_often_as_the_connector_says(
    aws, cloud, connector, attempts: int
) -> None:
    aws.will(aws.refuses(*CLASSES["throttled"]))
    patient = replace(connector, retry=Retry(max_attempts=attempts))
    with pytest.raises(RemoteError, match="TooManyRequests"):
        cloud.writer(patient, "us-east-2").delete_alias("f", "live")
    assert len(aws.requests) == attempts


@pytest.mark.parametrize("attempts", [1, 3, 8])
@pytest.mark.parametrize("answer", [None, (500, {}), (502, b"<html>"), (503, b"")])
def test_reads_are_tried_as_often_as_the_connector_says(
    aws, cloud, connector, attempts: int, answer
) -> None:
    aws.will(answer)
    patient = replace(connector, retry=Retry(max_attempts=attempts))
    with pytest.raises(RemoteError):
        cloud.reader(patient, "us-east-2").function("f")
    assert len(aws.requests) == attempts
    assert cloud.calls() == {"GetFunction": attempts}


@pytest.mark.parametrize("code", ["AccessDeniedException", "InvalidParameterValueException"])
def test_a_read_that_is_refused_for_good_is_not_tried_again(aws, cloud, connector, code) -> None:
    aws.will(aws.refuses(403, code))
    with pytest.raises(RemoteError):
        cloud.reader(connector, "us-east-2").function("f")
    assert len(aws.requests) == 1


@pytest.mark.parametrize("answer", [None, (500, {}), (503, b"<html>")])
def test_a_change_with_an_unknown_outcome_is_never_repeated(aws, cloud, connector, answer) -> None:
    aws.will(answer)
    with pytest.raises(OutcomeUnknownError):
        cloud.writer(connector, "us-east-2").delete_alias("f", "live")
    assert len(aws.requests) == 1


@pytest.mark.parametrize(
    ("mode", "jitter", "waits"),
    [
        ("full_jitter", 0.5, [0.5, 1, 2, 4, 5]),
        ("full_jitter", 0.0, [0, 0, 0, 0, 0]),
        ("equal_jitter", 0.0, [0.5, 1, 2, 4, 5]),
        ("equal_jitter", 0.5, [0.75, 1.5, 3, 6, 7.5]),
        ("fixed_delay", 0.3, [1, 1, 1, 1, 1]),
    ],
)
def test_the_modes_of_waiting(mode, jitter: float, waits: list[float]) -> None:
    retry = Retry(mode=mode, base_delay=1, max_delay=10)
    pacing = Pacing(jitter=lambda: jitter, retry=retry)
    assert [pacing.delay(attempt) for attempt in range(1, 6)] == waits


def test_a_read_waits_as_the_connector_says_and_at_least_as_long_as_aws_asks(
    aws, cloud, connector, time
) -> None:
    status, body, headers = aws.refuses(429, "TooManyRequestsException")
    aws.will(None, (status, body, {**headers, "Retry-After": "9"}), (200, FUNCTION))
    steady = replace(connector, retry=Retry(mode="fixed_delay", base_delay=2))
    cloud.reader(steady, "us-east-2").function("f")
    assert time.slept == [2, 9]


@pytest.mark.parametrize(("said", "seconds"), [("3", 3), ("0.5", 0.5), ("soon", 0), ("-1", 0)])
def test_what_aws_asks_for(said: str, seconds: float) -> None:
    assert retry_after({"ResponseMetadata": {"HTTPHeaders": {"retry-after": said}}}) == seconds


def test_what_is_no_refusal_of_aws_goes_through() -> None:
    def broken() -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        persist(broken, Pacing(sleep=lambda _: None))
