"""Faults: which call they hit, what it meets, and what it left behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.session import Session

from declarative.sandbox.clock import SimulatedClock
from declarative.sandbox.errors import AnswerLostError, NoAnswerError, ServiceError
from declarative.sandbox.faults import FaultKind
from declarative.sandbox.server import Sandbox
from declarative.sandbox.simulator import LambdaSimulator

Make = Callable[..., dict[str, Any]]

OUTCOMES: dict[str, tuple[type[Exception] | None, bool]] = {
    "error-before": (ServiceError, False),
    "error-after-effect": (ServiceError, True),
    "lost-request": (AnswerLostError, False),
    "lost-answer": (AnswerLostError, True),
    "hang": (NoAnswerError, False),
    "hang-after-effect": (NoAnswerError, True),
    "throttle": (ServiceError, False),
    "failed-transition": (None, True),
}


def met(simulator: LambdaSimulator, operation: str, **asked: Any) -> str:
    """Return the name of what a call met instead of an answer."""
    try:
        simulator.call(operation, **asked)
    except (ServiceError, AnswerLostError, NoAnswerError) as error:
        return getattr(error, "code", type(error).__name__)
    return "answer"


def test_every_kind_is_tested() -> None:
    assert set(OUTCOMES) == set(get_args(FaultKind))


@pytest.mark.parametrize("kind", OUTCOMES)
def test_a_fault_is_met_and_its_effect_is_there_or_not(
    simulator: LambdaSimulator, new_function: Make, kind: Any
) -> None:
    raised, effect = OUTCOMES[kind]
    simulator.faults.add("CreateFunction", kind=kind)
    if raised is None:
        simulator.call("CreateFunction", **new_function())
    else:
        with pytest.raises(raised):
            simulator.call("CreateFunction", **new_function())
    assert bool(simulator.call("ListFunctions")["Functions"]) == effect
    assert simulator.faults.waiting == 0


def test_a_fault_may_hit_the_nth_call_of_any_operation(
    simulator: LambdaSimulator, new_function: Make
) -> None:
    simulator.faults.add(nth=3)
    assert met(simulator, "CreateFunction", **new_function()) == "answer"
    assert met(simulator, "GetFunction", FunctionName="checkout") == "answer"
    assert met(simulator, "ListAliases", FunctionName="checkout") == "ServiceException"
    assert met(simulator, "ListAliases", FunctionName="checkout") == "answer"


def test_a_fault_may_last(simulator: LambdaSimulator, new_function: Make) -> None:
    simulator.call("CreateFunction", **new_function())
    simulator.faults.add("GetFunction", 2, "throttle", times=3)
    outcomes = [met(simulator, "GetFunction", FunctionName="checkout") for _ in range(6)]
    assert outcomes == ["answer", *["TooManyRequestsException"] * 3, "answer", "answer"]


def test_a_fault_may_be_one_functions_own(simulator: LambdaSimulator, new_function: Make) -> None:
    for name in ("one", "two"):
        simulator.call("CreateFunction", **new_function(name))
    simulator.faults.add("GetFunction", function="two")
    assert met(simulator, "GetFunction", FunctionName="one") == "answer"
    arn = "arn:aws:lambda:us-east-1:123456789012:function:two:$LATEST"
    assert met(simulator, "GetFunction", FunctionName=arn) == "ServiceException"


def test_faults_count_from_when_they_are_added(
    simulator: LambdaSimulator, new_function: Make
) -> None:
    simulator.call("CreateFunction", **new_function())
    for _ in range(3):
        simulator.call("GetFunction", FunctionName="checkout")
    simulator.faults.add("GetFunction", 2, code="One")
    simulator.faults.add("GetFunction", 1, code="Two")
    outcomes = [met(simulator, "GetFunction", FunctionName="checkout") for _ in range(3)]
    assert outcomes == ["Two", "One", "answer"]
    simulator.faults.add("GetFunction")
    simulator.faults.clear()
    assert met(simulator, "GetFunction", FunctionName="checkout") == "answer"


def test_provisioned_concurrency_can_fail(
    simulator: LambdaSimulator, clock: SimulatedClock, new_function: Make
) -> None:
    simulator.call("CreateFunction", **new_function(Publish=True))
    clock.advance(60)
    put = {"FunctionName": "checkout", "Qualifier": "1", "ProvisionedConcurrentExecutions": 5}
    simulator.faults.add(
        "PutProvisionedConcurrencyConfig", kind="failed-transition", message="Not enough."
    )
    simulator.call("PutProvisionedConcurrencyConfig", **put)
    get = {"FunctionName": "checkout", "Qualifier": "1"}
    during = simulator.call("GetProvisionedConcurrencyConfig", **get)
    assert (during["Status"], "StatusReason" in during) == ("IN_PROGRESS", False)
    clock.advance(60)
    failed = simulator.call("GetProvisionedConcurrencyConfig", **get)
    assert (failed["Status"], failed["StatusReason"]) == ("FAILED", "Not enough.")
    assert failed["AllocatedProvisionedConcurrentExecutions"] == 0
    simulator.call("PutProvisionedConcurrencyConfig", **put)
    clock.advance(60)
    assert simulator.call("GetProvisionedConcurrencyConfig", **get)["Status"] == "READY"


def impatient(sandbox: Sandbox) -> Any:
    session = Session()
    session.set_credentials("123456789012", "secret")
    config = Config(retries={"total_max_attempts": 1}, read_timeout=0.2)
    return session.create_client(
        "lambda", region_name="us-east-1", endpoint_url=sandbox.url, config=config
    )


@pytest.mark.parametrize(
    ("kind", "raised", "effect"),
    [
        ("lost-request", ConnectionClosedError, False),
        ("lost-answer", ConnectionClosedError, True),
        ("hang", ReadTimeoutError, False),
        ("hang-after-effect", ReadTimeoutError, True),
    ],
)
def test_silence_over_http(
    sandbox: Sandbox, new_function: Make, kind: Any, raised: type[Exception], *, effect: bool
) -> None:
    client = impatient(sandbox)
    sandbox.simulator.faults.add("CreateFunction", kind=kind)
    with pytest.raises(raised):
        client.create_function(**new_function())
    assert bool(sandbox.simulator.call("ListFunctions")["Functions"]) == effect
