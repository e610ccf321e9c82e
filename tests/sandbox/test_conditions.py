"""The world around Lambda: rights, roles, keys, limits, and what is not known of AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

from declarative.sandbox.clock import SimulatedClock
from declarative.sandbox.conditions import Member, RefusalReason
from declarative.sandbox.errors import ServiceError
from declarative.sandbox.server import Sandbox
from declarative.sandbox.simulator import LambdaSimulator

Make = Callable[..., dict[str, Any]]
Ask = Callable[..., dict[str, Any]]
ROLE = "arn:aws:iam::111111111111:role/lambda-role"


def refused(code: str) -> Any:
    return pytest.raises(ServiceError, match=f"^{code}")


@pytest.fixture
def ask(simulator: LambdaSimulator, clock: SimulatedClock, new_function: Make) -> Ask:
    """Call an operation on an active function, time passing before."""
    simulator.call("CreateFunction", **new_function(Tags={"Team": "one"}))

    def call(operation: str, **asked: Any) -> dict[str, Any]:
        clock.advance(60)
        return simulator.call(operation, FunctionName="checkout", **asked)

    return call


def test_a_new_role_cannot_be_assumed_at_first(
    simulator: LambdaSimulator, clock: SimulatedClock, new_function: Make
) -> None:
    simulator.conditions.role_seconds = 8
    for _ in range(2):
        with refused("InvalidParameterValueException.*cannot be assumed by Lambda"):
            simulator.call("CreateFunction", **new_function())
        clock.advance(3.9)
    clock.advance(1)
    simulator.call("CreateFunction", **new_function())
    simulator.call("CreateFunction", **new_function("second"))


@pytest.mark.parametrize("reason", get_args(RefusalReason))
def test_refusals_last_as_long_as_they_are_told(
    simulator: LambdaSimulator, ask: Ask, clock: SimulatedClock, reason: Any
) -> None:
    def outcome(**asked: Any) -> str:
        try:
            ask("UpdateFunctionConfiguration", **asked)
        except ServiceError as error:
            return error.code
        return "answer"

    invalid = "InvalidParameterValueException"
    simulator.conditions.refuse(reason, calls=2)
    assert [outcome(Timeout=9) for _ in range(3)] == [invalid, invalid, "answer"]
    simulator.conditions.refuse(reason, seconds=100)
    assert [outcome(Timeout=9) for _ in range(3)] == [invalid, "answer", "answer"]
    simulator.conditions.refuse(reason, role="arn:aws:iam::111111111111:role/other")
    assert outcome(Role=ROLE) == outcome(Timeout=9) == "answer"
    assert outcome(Role="arn:aws:iam::111111111111:role/other") == invalid
    simulator.conditions.clear()
    assert outcome(Role="arn:aws:iam::111111111111:role/other") == "answer"
    simulator.conditions.refuse(reason, function="another")
    assert outcome(Timeout=9) == "answer"


def test_unknown_reasons_and_members_are_refused(simulator: LambdaSimulator) -> None:
    anything: Any = "weather"
    with pytest.raises(ValueError, match="kms-grant"):
        simulator.conditions.refuse(anything)
    with pytest.raises(ValueError, match="environment"):
        simulator.conditions.withhold(anything)


@pytest.mark.parametrize(
    ("action", "operation", "asked"),
    [
        ("GetFunction", "GetFunction", {}),
        ("lambda:GetPolicy", "GetPolicy", {}),
        ("lambda:InvokeFunction", "Invoke", {}),
        ("iam:PassRole", "UpdateFunctionConfiguration", {"Role": ROLE}),
    ],
)
def test_what_is_not_allowed_is_denied(
    simulator: LambdaSimulator, ask: Ask, action: str, operation: str, asked: dict[str, Any]
) -> None:
    simulator.conditions.deny(action, "checkout")
    with refused(f"AccessDeniedException.*{action}") as caught:
        ask(operation, **asked)
    assert caught.value.status == 403
    assert set(caught.value.body()) == {"Message"}
    simulator.conditions.clear()
    assert "Timeout" in ask("GetFunctionConfiguration")


def test_tags_on_creation_need_a_right_of_their_own(
    simulator: LambdaSimulator, new_function: Make
) -> None:
    simulator.conditions.deny("TagResource")
    simulator.call("CreateFunction", **new_function("plain"))
    with refused("AccessDeniedException.*lambda:TagResource"):
        simulator.call("CreateFunction", **new_function("tagged", Tags={"a": "b"}))


def test_withheld_tags_are_an_error_or_absent(simulator: LambdaSimulator, ask: Ask) -> None:
    simulator.conditions.deny("lambda:ListTags")
    answer = ask("GetFunction")
    assert answer["TagsError"]["ErrorCode"] == "AccessDeniedException"
    assert "lambda:ListTags" in answer["TagsError"]["Message"]
    assert "Tags" not in answer
    simulator.behaviour.withheld_tags = "absent"
    assert not {"Tags", "TagsError"} & ask("GetFunction").keys()


@pytest.mark.parametrize("member", get_args(Member))
def test_what_the_service_cannot_read_is_an_error_in_its_place(
    simulator: LambdaSimulator, new_function: Make, member: Any
) -> None:
    variables = {"Environment": {"Variables": {"KEY": "secret"}}, "Tags": {"a": "b"}}
    image = {
        "PackageType": "Image",
        "Code": {"ImageUri": "r:t"},
        "Runtime": None,
        "Handler": None,
        "ImageConfig": {"Command": ["one"]},
    }
    asked = new_function(**variables, **(image if member == "image-config" else {}))
    simulator.call("CreateFunction", **asked)
    whole = simulator.call("GetFunction", FunctionName="checkout")
    simulator.conditions.withhold(member, "checkout", code="OneException", message="Not now.")
    answer = simulator.call("GetFunction", FunctionName="checkout")
    configuration = answer["Configuration"]
    error = {
        "tags": lambda: answer["TagsError"],
        "environment": lambda: configuration["Environment"]["Error"],
        "code": lambda: answer["Code"]["Error"],
        "image-config": lambda: configuration["ImageConfigResponse"]["Error"],
        "runtime-version": lambda: configuration["RuntimeVersionConfig"]["Error"],
    }[member]()
    assert error == {"ErrorCode": "OneException", "Message": "Not now."}
    assert "secret" not in str(answer) or member != "environment"
    simulator.conditions.withhold(member, "checkout", absent=True)
    answer = simulator.call("GetFunction", FunctionName="checkout")
    places = {"environment": "Environment", "image-config": "ImageConfigResponse"}
    places |= {"tags": "Tags", "code": "Code", "runtime-version": "RuntimeVersionConfig"}
    assert places[member] not in {**answer, **answer["Configuration"]}
    assert "TagsError" not in answer
    simulator.conditions.clear()
    assert simulator.call("GetFunction", FunctionName="checkout") == whole


def test_an_idle_function_is_inactive_until_it_is_invoked_or_updated(
    simulator: LambdaSimulator, clock: SimulatedClock, ask: Ask
) -> None:
    ask("GetFunction")
    simulator.let_idle("checkout")
    found = ask("GetFunctionConfiguration")
    assert (found["State"], found["StateReasonCode"]) == ("Inactive", "Idle")
    with refused("ResourceConflictException"):
        ask("Invoke")
    restored = simulator.call("GetFunctionConfiguration", FunctionName="checkout")
    assert (restored["State"], restored["StateReasonCode"]) == ("Pending", "Restoring")
    assert ask("GetFunctionConfiguration")["State"] == "Active"
    simulator.let_idle("checkout")
    ask("UpdateFunctionConfiguration", Timeout=9)
    assert ask("GetFunctionConfiguration")["State"] == "Active"
    simulator.let_idle("checkout")
    simulator.behaviour.inactive_updates = "refused"
    with refused("ResourceConflictException.*state: Inactive"):
        ask("UpdateFunctionConfiguration", Timeout=9)
    with refused("ResourceNotFoundException"):
        simulator.let_idle("none")


def test_a_version_is_idle_by_itself(
    simulator: LambdaSimulator, clock: SimulatedClock, ask: Ask
) -> None:
    ask("PublishVersion")
    simulator.let_idle("checkout", "1")
    assert ask("GetFunctionConfiguration")["State"] == "Active"
    assert ask("GetFunctionConfiguration", Qualifier="1")["State"] == "Inactive"
    with refused("ResourceConflictException"):
        ask("Invoke", Qualifier="1", InvocationType="DryRun")
    assert ask("GetFunctionConfiguration", Qualifier="1")["State"] == "Inactive"
    with refused("ResourceConflictException"):
        ask("Invoke", Qualifier="1")
    clock.advance(60)
    assert ask("GetFunctionConfiguration", Qualifier="1")["State"] == "Active"
    with refused("ResourceNotFoundException"):
        simulator.let_idle("checkout", "2")


def test_what_cannot_be_restored_is_idle_again_and_says_why(
    simulator: LambdaSimulator, clock: SimulatedClock, ask: Ask
) -> None:
    simulator.let_idle("checkout")
    said = {"code": "InvalidSubnet", "message": "It is gone."}
    simulator.faults.add("Invoke", 1, "failed-transition", **said)
    with refused("ResourceConflictException"):
        ask("Invoke")
    clock.advance(60)
    found = ask("GetFunctionConfiguration")
    assert (found["State"], found["StateReasonCode"]) == ("Inactive", "InvalidSubnet")
    with refused("ResourceConflictException"):
        ask("Invoke")
    clock.advance(60)
    assert ask("GetFunctionConfiguration")["State"] == "Active"


@pytest.mark.parametrize(("numbers", "expected"), [("start-again", "1"), ("continue", "3")])
def test_version_numbers_of_a_second_life(
    simulator: LambdaSimulator, ask: Ask, new_function: Make, numbers: Any, expected: str
) -> None:
    simulator.behaviour.version_numbers = numbers
    ask("PublishVersion")
    ask("UpdateFunctionConfiguration", Timeout=9)
    ask("PublishVersion")
    ask("DeleteFunction")
    made = simulator.call("CreateFunction", **new_function(Publish=True))
    assert made["Version"] == expected


@pytest.mark.parametrize(("after", "timeout"), [("shown", 9), ("taken-back", 3)])
def test_what_a_failed_update_leaves(
    simulator: LambdaSimulator, ask: Ask, make_zip: Callable[..., bytes], after: Any, timeout: int
) -> None:
    simulator.behaviour.failed_update = after
    before = ask("GetFunction")["Configuration"]["CodeSha256"]
    simulator.faults.add(
        "UpdateFunctionConfiguration", kind="failed-transition", code="InvalidSubnet"
    )
    ask("UpdateFunctionConfiguration", Timeout=9)
    failed = ask("GetFunction")["Configuration"]
    assert (failed["LastUpdateStatus"], failed["Timeout"]) == ("Failed", timeout)
    simulator.faults.add("UpdateFunctionCode", kind="failed-transition", code="InvalidZipFile")
    ask("UpdateFunctionCode", ZipFile=make_zip("other = 1"))
    failed = ask("GetFunction")["Configuration"]
    assert (failed["CodeSha256"] == before) == (after == "taken-back")


@pytest.mark.parametrize("changes", [True, False])
def test_tags_may_change_the_revision(
    simulator: LambdaSimulator, ask: Ask, *, changes: bool
) -> None:
    simulator.behaviour.tags_change_revision = changes
    before = ask("GetFunction")["Configuration"]
    simulator.call("TagResource", Resource=before["FunctionArn"], Tags={"a": "b"})
    after = ask("GetFunction")["Configuration"]
    assert (before["RevisionId"] != after["RevisionId"]) == changes


def test_the_digest_of_a_configuration(simulator: LambdaSimulator, ask: Ask) -> None:
    assert "ConfigSha256" not in ask("GetFunction")["Configuration"]
    simulator.behaviour.config_sha256 = True
    before = ask("GetFunction")["Configuration"]["ConfigSha256"]
    assert simulator.call("ListFunctions")["Functions"][0]["ConfigSha256"] == before
    ask("UpdateFunctionConfiguration", Timeout=9)
    assert ask("GetFunction")["Configuration"]["ConfigSha256"] != before


def test_the_accounts_own_limits(
    simulator: LambdaSimulator, ask: Ask, make_zip: Callable[..., bytes]
) -> None:
    size = len(make_zip())
    simulator.limits.code_storage_bytes = 2 * size
    simulator.limits.concurrent_executions = 50
    simulator.limits.least_unreserved = 40
    ask("PublishVersion")
    settings = simulator.call("GetAccountSettings")
    assert settings["AccountUsage"] == {"TotalCodeSize": 2 * size, "FunctionCount": 1}
    assert settings["AccountLimit"]["TotalCodeSize"] == 2 * size
    ask("UpdateFunctionConfiguration", Timeout=9)
    with refused("CodeStorageExceededException"):
        ask("PublishVersion")
    before = ask("GetFunction")
    with refused("CodeStorageExceededException"):
        ask("UpdateFunctionCode", ZipFile=make_zip("other = 1"), Publish=True)
    assert ask("GetFunction") == before
    with refused("InvalidParameterValueException.*minimum value of \\[40\\]"):
        ask("PutFunctionConcurrency", ReservedConcurrentExecutions=11)
    ask("PutFunctionConcurrency", ReservedConcurrentExecutions=10)


def test_conditions_can_be_set_from_another_process(
    sandbox: Sandbox, connect: Callable[..., Any], new_function: Make
) -> None:
    client = connect(sandbox, "lambda")

    def post(what: str, method: str = "POST", **asked: Any) -> int:
        request = Request(  # noqa: S310 - loopback
            f"{sandbox.url}/_sandbox/{what}", json.dumps(asked).encode(), method=method
        )
        with urlopen(request) as answer:  # noqa: S310 - loopback
            return int(answer.status)

    assert post("refuse", reason="ec2-throttled", calls=1) == 204
    with pytest.raises(ClientError, match="throttled by EC2"):
        client.create_function(**new_function())
    client.create_function(**new_function(Tags={"a": "b"}))
    assert post("deny", action="lambda:ListTags") == post("withhold", member="code") == 204
    answer = client.get_function(FunctionName="checkout")
    assert {"TagsError", "Code"} <= answer.keys()
    assert "Error" in answer["Code"]
    assert post("idle", function="checkout", account="111111111111") == 204
    found = client.get_function_configuration(FunctionName="checkout")
    assert found["State"] == "Inactive"
    assert post("behaviour", version_numbers="continue", config_sha256=True) == 204
    assert "ConfigSha256" in client.get_function_configuration(FunctionName="checkout")
    assert post("timing", update=5) == 204
    assert sandbox.simulator.timing.update == 5
    for wrong in (
        {"what": "behaviour", "no_such_thing": True},
        {"what": "limits", "concurrent_executions": "many"},
        {"what": "behaviour", "version_numbers": "sideways"},
        {"what": "idle", "function": "none"},
        {"what": "refuse", "reason": "weather"},
    ):
        with pytest.raises(HTTPError, match="400"):
            post(**wrong)
    assert post("conditions", "DELETE") == 204
    assert client.get_function(FunctionName="checkout")["Tags"] == {"a": "b"}
