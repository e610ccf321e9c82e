"""Waiting for AWS: when it ends, and what is said when it ends badly."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import botocore.session
import pytest

from declarative.engine.ports import ObservedFunction
from declarative.engine.setting_ports import ObservedConcurrency, Unreadable
from declarative.engine.stopping import Stop
from declarative.engine.waiting import Patience, wait_until_awake, wait_until_ready, wait_until_warm
from declarative.errors import InterruptedRunError, RemoteError
from declarative.model.reasons import ADVICE, advice_for

if TYPE_CHECKING:
    from collections.abc import Sequence

READY = ObservedFunction(
    name="f",
    arn="arn",
    version="$LATEST",
    attributes={},
    state="Active",
    last_update_status="Successful",
)
PENDING = replace(READY, state="Pending", last_update_status="InProgress")


@dataclass
class Lambda:
    """Answers in the order given, the last one again and again; time passes by pauses only."""

    answers: Sequence[object]
    now: float = 0.0
    pauses: list[float] = field(default_factory=list)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def function(self, name: str, qualifier: str | None = None) -> object:
        self.asked.append((name, qualifier))
        return self.answers[min(len(self.asked), len(self.answers)) - 1]

    provisioned_concurrency = function

    def pause(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        self.now += seconds
        return False

    def patience(self, seconds: float = 600.0, jitter: float = 0.5) -> Patience:
        return Patience(
            Stop(),
            seconds,
            monotonic=lambda: self.now,
            jitter=lambda: jitter,
            pause=self.pause,
        )


@pytest.mark.parametrize(
    "ready",
    [
        READY,
        replace(READY, state=None, last_update_status=None),  # an emulator without states
        replace(READY, last_update_status=None),  # a published version
        replace(READY, state="Inactive"),
        replace(READY, state="ActiveNonInvocable"),
    ],
)
def test_ready_is_ready_at_once(ready: ObservedFunction) -> None:
    aws = Lambda([ready])
    assert wait_until_ready(aws, "f", "7", aws.patience()) is ready
    assert aws.asked == [("f", "7")]
    assert aws.pauses == []


@pytest.mark.parametrize("unready", [PENDING, replace(READY, last_update_status="InProgress")])
def test_pauses_grow_up_to_a_bound(unready: ObservedFunction) -> None:
    aws = Lambda([unready] * 30 + [READY])
    assert wait_until_ready(aws, "f", None, aws.patience()) is READY
    assert aws.pauses == sorted(aws.pauses)
    assert aws.pauses[0] < 0.1
    assert aws.pauses[-1] == 3


def test_runners_do_not_ask_in_step() -> None:
    early, late = Lambda([PENDING] * 9 + [READY]), Lambda([PENDING] * 9 + [READY])
    wait_until_ready(early, "f", None, early.patience(jitter=0.0))
    wait_until_ready(late, "f", None, late.patience(jitter=0.99))
    assert all(one < other for one, other in zip(early.pauses, late.pauses, strict=True))


@pytest.mark.parametrize("seconds", [0.01, 1, 90, 5000])
def test_the_release_says_how_long(seconds: float) -> None:
    aws = Lambda([PENDING])
    with pytest.raises(RemoteError, match=r"still Pending .*raise the release's timeout"):
        wait_until_ready(aws, "f", None, aws.patience(seconds))
    assert aws.now == pytest.approx(seconds)


def test_what_is_ready_at_the_last_moment_is_ready() -> None:
    aws = Lambda([PENDING, READY])
    assert wait_until_ready(aws, "f", None, aws.patience(0.01)) is READY


@pytest.mark.parametrize("part", ["state", "last_update_status"])
def test_a_failure_ends_the_wait_with_reason_and_advice(part: str) -> None:
    reason = "InvalidSubnet: subnet-1 is gone."
    aws = Lambda([PENDING, replace(READY, **{part: "Failed"}, reason=reason)])
    with pytest.raises(RemoteError) as caught:
        wait_until_ready(aws, "f", "3", aws.patience())
    assert len(aws.asked) == 2
    detail = caught.value.diagnostics[0].detail
    assert detail == f"version 3 of f: {reason} {ADVICE['InvalidSubnet']}"


def test_a_failure_without_a_reason() -> None:
    aws = Lambda([replace(READY, state="Failed")])
    with pytest.raises(RemoteError, match="AWS gives no reason"):
        wait_until_ready(aws, "f", None, aws.patience())


@pytest.mark.parametrize("gone", [None, replace(READY, state="Deleting")])
def test_what_is_deleted_meanwhile_is_gone(gone: ObservedFunction | None) -> None:
    aws = Lambda([PENDING, gone])
    with pytest.raises(RemoteError, match="deleted while"):
        wait_until_ready(aws, "f", None, aws.patience())


def test_the_end_of_the_run_ends_the_wait() -> None:
    stop = Stop()
    stop.set()
    aws = Lambda([PENDING])
    with pytest.raises(InterruptedRunError, match="cut short"):
        wait_until_ready(aws, "f", None, Patience(stop))
    assert len(aws.asked) == 1


IDLE = replace(READY, state="Inactive", reason="Idle: The function is idle.")


def test_awake_is_waited_for_however_late_aws_begins() -> None:
    aws = Lambda([IDLE, IDLE, PENDING, PENDING, READY])
    assert wait_until_awake(aws, "f", "7", aws.patience()) is READY
    assert aws.asked == [("f", "7")] * 5


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([PENDING, IDLE], "version 7 of f: Idle: The function is idle. Invoke the function once"),
        ([PENDING, replace(READY, state="Failed", reason="InvalidSubnet: x")], "InvalidSubnet: x"),
        ([IDLE, None], "deleted while"),
        ([IDLE], "version 7 of f is still Inactive after 600 s"),
        ([PENDING], "still Pending after 600 s"),
    ],
)
def test_what_does_not_wake(answers: list[object], said: str) -> None:
    aws = Lambda(answers)
    with pytest.raises(RemoteError, match=said):
        wait_until_awake(aws, "f", "7", aws.patience())


WARM = ObservedConcurrency(2, 2, "READY")
COLD = ObservedConcurrency(2, 1, "IN_PROGRESS")


def test_warm_is_waited_for() -> None:
    aws = Lambda([COLD, COLD, WARM])
    assert wait_until_warm(aws, "f", "live", aws.patience()) is WARM
    assert aws.asked == [("f", "live")] * 3


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (ObservedConcurrency(2, 0, "FAILED", "no capacity"), "no capacity. Ask for fewer"),
        (None, "deleted while"),
        (Unreadable("lambda:GetProvisionedConcurrencyConfig", "no"), "lambda:GetProvisioned"),
        (COLD, "still 1 of 2 after 600 s"),
    ],
)
def test_concurrency_that_does_not_come(answer: object, said: str) -> None:
    aws = Lambda([COLD, answer])
    with pytest.raises(RemoteError, match=said):
        wait_until_warm(aws, "f", "live", aws.patience())


def codes() -> list[str]:
    model = botocore.session.get_session().get_service_model("lambda")
    names = ("StateReasonCode", "LastUpdateStatusReasonCode")
    return sorted({code for name in names for code in model.shape_for(name).enum})


@pytest.mark.parametrize("code", codes())
def test_every_reason_code_of_the_sdk_has_advice(code: str) -> None:
    advice = advice_for(f"{code}: what AWS says.")
    assert advice, f"botocore knows the reason code {code}, which has no advice"
    assert advice.endswith(".")
    assert ". " not in advice, "one sentence"


def test_no_advice_is_for_a_code_that_does_not_exist() -> None:
    assert ADVICE.keys() <= {*codes()}


def test_other_reasons_have_no_advice() -> None:
    assert advice_for("The function is idle.") == ""
    assert advice_for("InvalidSubnetOfTomorrow: x") == ""
