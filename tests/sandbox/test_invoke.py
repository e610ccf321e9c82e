from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from declarative.sandbox.errors import ServiceError
from declarative.sandbox.simulator import LambdaSimulator

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def simulator() -> Iterator[LambdaSimulator]:
    made = LambdaSimulator(pending_seconds=0, update_seconds=0)
    yield made
    made.close()


def test_the_handler_sees_event_context_and_environment(
    simulator: LambdaSimulator, new_function: Make
) -> None:
    source = """
import os

def handler(event, context):
    print("working")
    return {
        "event": event,
        "stage": os.environ["STAGE"],
        "region": os.environ["AWS_REGION"],
        "name": context.function_name,
        "version": context.function_version,
        "arn": context.invoked_function_arn,
        "left": context.get_remaining_time_in_millis() > 0,
    }
"""
    environment = {"Variables": {"STAGE": "dev"}}
    simulator.call("CreateFunction", **new_function("one", source, Environment=environment))
    payload = json.dumps({"é": 1}).encode()
    answer = simulator.call("Invoke", FunctionName="one", Payload=payload, LogType="Tail")
    assert json.loads(answer["Payload"]) == {
        "event": {"é": 1},
        "stage": "dev",
        "region": "us-east-1",
        "name": "one",
        "version": "$LATEST",
        "arn": "arn:aws:lambda:us-east-1:123456789012:function:one",
        "left": True,
    }
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in answer
    assert b"working\n" in base64.b64decode(answer["LogResult"])


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("def handler(event, context):\n    raise KeyError('order')", "KeyError", "'order'"),
        ("import no_such_module", "Runtime.ImportModuleError", "Unable to import module 'app'"),
        ("other = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing"),
        ("import os\nos._exit(3)", "Runtime.ExitError", "exit status 3"),
        (
            "def handler(event, context):\n    import time; time.sleep(60)",
            "Sandbox.Timedout",
            "timed out after 1.00 seconds",
        ),
        ("def handler(event, context):\n    return {1, 2}", "TypeError", "JSON serializable"),
    ],
)
def test_what_goes_wrong_is_a_function_error(
    simulator: LambdaSimulator, new_function: Make, source: str, kind: str, message: str
) -> None:
    simulator.call("CreateFunction", **new_function("one", source, Timeout=1))
    answer = simulator.call("Invoke", FunctionName="one")
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    error = json.loads(answer["Payload"])
    assert error["errorType"] == kind
    assert message in error["errorMessage"]


def test_an_alias_shares_its_traffic_by_weight(
    simulator: LambdaSimulator,
    new_function: Make,
    make_zip: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    simulator.call("CreateFunction", **new_function("one", Publish=True))
    changed = make_zip("def handler(event, context):\n    return 2\n")
    simulator.call("UpdateFunctionCode", FunctionName="one", ZipFile=changed, Publish=True)
    routing = {"AdditionalVersionWeights": {"2": 0.25}}
    alias = {"FunctionName": "one", "Name": "live", "FunctionVersion": "1"}
    simulator.call("CreateAlias", **alias, RoutingConfig=routing)
    executed = []
    for chance in (0.0, 0.24, 0.25, 0.99):
        monkeypatch.setattr("random.random", lambda chance=chance: chance)
        answer = simulator.call("Invoke", FunctionName="one", Qualifier="live")
        executed.append(answer["ExecutedVersion"])
    assert executed == ["2", "2", "1", "1"]


def test_other_runtimes_are_refused_clearly(simulator: LambdaSimulator, new_function: Make) -> None:
    simulator.call("CreateFunction", **new_function("one", Runtime="nodejs22.x"))
    with pytest.raises(ServiceError, match=r"Python runtimes only, not nodejs22\.x") as caught:
        simulator.call("Invoke", FunctionName="one")
    assert caught.value.status == 400


def test_reserving_nothing_switches_a_function_off(
    simulator: LambdaSimulator, new_function: Make
) -> None:
    simulator.call("CreateFunction", **new_function("one"))
    simulator.call("PutFunctionConcurrency", FunctionName="one", ReservedConcurrentExecutions=0)
    with pytest.raises(ServiceError, match=r"^TooManyRequestsException"):
        simulator.call("Invoke", FunctionName="one")


def test_dry_runs_and_events_return_at_once(
    simulator: LambdaSimulator, new_function: Make, tmp_path: Any
) -> None:
    mark = tmp_path / "mark"
    source = f"def handler(event, context):\n    open({str(mark)!r}, 'w').close()\n"
    simulator.call("CreateFunction", **new_function("one", source))
    dry = simulator.call("Invoke", FunctionName="one", InvocationType="DryRun")
    assert (dry["StatusCode"], mark.exists()) == (204, False)
    later = simulator.call("Invoke", FunctionName="one", InvocationType="Event")
    assert later["StatusCode"] == 202


def test_a_broken_event_is_refused(simulator: LambdaSimulator, new_function: Make) -> None:
    simulator.call("CreateFunction", **new_function("one"))
    with pytest.raises(ServiceError, match=r"^InvalidRequestContentException"):
        simulator.call("Invoke", FunctionName="one", Payload=b"{")
