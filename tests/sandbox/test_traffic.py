from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.sandbox.clock import SimulatedClock
from declarative.sandbox.errors import AnswerLostError, ServiceError
from declarative.sandbox.simulator import LambdaSimulator
from declarative.sandbox.traffic import Quotas

Make = Callable[..., dict[str, Any]]


def test_calls_are_counted_by_operation_and_quota(
    simulator: LambdaSimulator, new_function: Make
) -> None:
    simulator.call("CreateFunction", **new_function())
    for _ in range(3):
        simulator.call("GetFunction", FunctionName="checkout")
    for operation in ("GetPolicy", "GetAlias"):
        with pytest.raises(ServiceError):
            simulator.call(operation, FunctionName="checkout", Name="live")
    assert simulator.calls.operations == {
        "CreateFunction": 1,
        "GetAlias": 1,
        "GetFunction": 3,
        "GetPolicy": 1,
    }
    assert simulator.calls.groups == {
        "get_function": 3,
        "get_policy": 1,
        "other": 2,
        "invoke": 0,
        "tagging": 0,
    }
    simulator.calls.reset()
    assert simulator.calls.operations == {}


@pytest.mark.parametrize(
    ("kind", "raised", "created"),
    [
        ("error-before", ServiceError, {"zero", "one", "three"}),
        ("error-after-effect", ServiceError, {"zero", "one", "two", "three"}),
        ("lost-answer", AnswerLostError, {"zero", "one", "two", "three"}),
    ],
)
def test_a_fault_hits_the_call_it_is_meant_for_once(
    simulator: LambdaSimulator, new_function: Make, kind: Any, raised: type, created: set[str]
) -> None:
    simulator.call("CreateFunction", **new_function("zero"))
    simulator.faults.add("CreateFunction", 2, kind, code="ServiceException", status=500)
    simulator.call("CreateFunction", **new_function("one"))
    with pytest.raises(raised):
        simulator.call("CreateFunction", **new_function("two"))
    simulator.call("CreateFunction", **new_function("three"))
    names = {item["FunctionName"] for item in simulator.call("ListFunctions")["Functions"]}
    assert names == created


def test_an_update_can_be_made_to_end_in_failure(
    simulator: LambdaSimulator, clock: SimulatedClock, new_function: Make
) -> None:
    simulator.call("CreateFunction", **new_function())
    clock.advance(60)
    simulator.faults.add(
        "UpdateFunctionConfiguration",
        kind="failed-transition",
        code="InvalidSubnet",
        message="No such subnet.",
    )
    simulator.call("UpdateFunctionConfiguration", FunctionName="checkout", Timeout=9)
    during = simulator.call("GetFunctionConfiguration", FunctionName="checkout")
    assert during["LastUpdateStatusReasonCode"] == "Creating"
    clock.advance(60)
    after = simulator.call("GetFunctionConfiguration", FunctionName="checkout")
    assert (after["State"], after["LastUpdateStatus"]) == ("Active", "Failed")
    assert after["LastUpdateStatusReasonCode"] == "InvalidSubnet"
    simulator.call("UpdateFunctionConfiguration", FunctionName="checkout", Timeout=10)
    clock.advance(60)
    again = simulator.call("GetFunctionConfiguration", FunctionName="checkout")
    assert again["LastUpdateStatus"] == "Successful"


def test_a_creation_can_be_made_to_end_in_failure(
    simulator: LambdaSimulator, clock: SimulatedClock, new_function: Make
) -> None:
    simulator.faults.add("CreateFunction", kind="failed-transition", code="ImageDeleted")
    simulator.call("CreateFunction", **new_function())
    clock.advance(60)
    found = simulator.call("GetFunctionConfiguration", FunctionName="checkout")
    assert (found["State"], found["StateReasonCode"]) == ("Failed", "ImageDeleted")
    assert "LastUpdateStatus" not in found


def test_an_unknown_kind_of_fault_is_refused(simulator: LambdaSimulator) -> None:
    kind: Any = "meteor"
    with pytest.raises(ValueError, match="lost-answer"):
        simulator.faults.add("GetFunction", kind=kind)


def test_quotas_throttle_each_group_by_its_own_rate(
    clock: SimulatedClock, new_function: Make
) -> None:
    simulator = LambdaSimulator(clock=clock, quotas=Quotas(), pending_seconds=0)
    simulator.call("CreateFunction", **new_function())

    def possible(operation: str) -> int:
        done = 0
        with pytest.raises(ServiceError, match=r"^TooManyRequestsException") as caught:  # noqa: PT012 - the refusal ends the loop
            while True:
                simulator.call(operation, FunctionName="checkout")
                done += 1
        assert (caught.value.status, caught.value.headers["Retry-After"]) == (429, "1")
        return done

    assert possible("GetFunctionConfiguration") == 14
    assert possible("GetFunction") == 100
    clock.advance(0.5)
    assert possible("GetFunction") == 50
    assert possible("ListAliases") == 7
    clock.advance(1000)
    assert possible("GetFunction") == 100


@given(
    st.lists(st.floats(0, 3), max_size=80),
    st.floats(1, 100),
    st.floats(0.1, 2),
)
def test_no_window_holds_more_than_its_quota(
    pauses: list[float], rate: float, burst: float
) -> None:
    """However the calls come: in any stretch of time, at most the burst and the rate."""
    quotas = Quotas({"other": rate}, burst_seconds=burst)
    now, passed = 0.0, []
    for pause in pauses:
        now += pause / rate
        with contextlib.suppress(ServiceError):
            quotas.take("1", "r", "ListAliases", now)
            passed.append(now)
    full = max(1.0, rate * burst)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            allowed = full + (passed[last] - passed[first]) * rate
            assert last - first + 1 <= allowed + 1e-3
