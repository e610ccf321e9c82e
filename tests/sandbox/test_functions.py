from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from declarative.sandbox.clock import SimulatedClock
from declarative.sandbox.errors import ServiceError
from declarative.sandbox.simulator import LambdaSimulator

Make = Callable[..., dict[str, Any]]


def refused(code: str) -> Any:
    return pytest.raises(ServiceError, match=f"^{code}")


def test_a_new_function_is_pending_until_its_time(
    simulator: LambdaSimulator, clock: SimulatedClock, new_function: Make
) -> None:
    simulator.call("CreateFunction", **new_function())
    clock.advance(9.9)
    pending = simulator.call("GetFunctionConfiguration", FunctionName="checkout")
    clock.advance(0.2)
    active = simulator.call("GetFunctionConfiguration", FunctionName="checkout")
    assert (pending["State"], active["State"]) == ("Pending", "Active")
    assert "LastUpdateStatus" not in pending
    assert pending["RevisionId"] != active["RevisionId"]


def test_without_durations_the_next_look_finds_the_end(new_function: Make) -> None:
    simulator = LambdaSimulator(pending_seconds=0, update_seconds=0)
    assert simulator.call("CreateFunction", **new_function())["State"] == "Pending"
    simulator.call("UpdateFunctionConfiguration", FunctionName="checkout", Timeout=9)
    found = simulator.call("GetFunction", FunctionName="checkout")["Configuration"]
    assert (found["LastUpdateStatus"], found["Timeout"]) == ("Successful", 9)


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("UpdateFunctionConfiguration", {"Timeout": 9}),
        ("UpdateFunctionCode", {"ZipFile": b""}),
        ("PublishVersion", {}),
        ("Invoke", {}),
    ],
)
def test_a_pending_function_cannot_be_changed(
    simulator: LambdaSimulator, new_function: Make, operation: str, asked: dict[str, Any]
) -> None:
    simulator.call("CreateFunction", **new_function())
    with refused("ResourceConflictException.*state: Pending"):
        simulator.call(operation, FunctionName="checkout", **asked)


def test_create_twice_is_a_conflict(simulator: LambdaSimulator, new_function: Make) -> None:
    simulator.call("CreateFunction", **new_function())
    with refused("ResourceConflictException: Function already exist: checkout"):
        simulator.call("CreateFunction", **new_function())


def test_regions_and_accounts_are_worlds_of_their_own(
    simulator: LambdaSimulator, new_function: Make
) -> None:
    simulator.call("CreateFunction", region="eu-west-1", **new_function())
    for place in ({"region": "us-east-1"}, {"region": "eu-west-1", "account": "222222222222"}):
        with refused("ResourceNotFoundException"):
            simulator.call("GetFunction", FunctionName="checkout", **place)


def test_the_hash_is_that_of_the_package(
    simulator: LambdaSimulator, new_function: Make, make_zip: Callable[..., bytes]
) -> None:
    answer = simulator.call("CreateFunction", **new_function())
    package = make_zip()
    assert answer["CodeSha256"] == base64.b64encode(hashlib.sha256(package).digest()).decode()
    assert answer["CodeSize"] == len(package)
    assert simulator.code(hashlib.sha256(package).hexdigest()) == package


def test_a_dry_run_changes_nothing(
    simulator: LambdaSimulator,
    clock: SimulatedClock,
    new_function: Make,
    make_zip: Callable[..., bytes],
) -> None:
    simulator.call("CreateFunction", **new_function())
    clock.advance(60)
    before = simulator.call("GetFunction", FunctionName="checkout")
    asked = {"FunctionName": "checkout", "ZipFile": make_zip("other = 1"), "DryRun": True}
    answer = simulator.call("UpdateFunctionCode", **asked)
    assert answer["CodeSha256"] != before["Configuration"]["CodeSha256"]
    assert simulator.call("GetFunction", FunctionName="checkout") == before


@pytest.mark.parametrize(
    ("asked", "code", "word"),
    [
        ({"MemorySize": 64}, "ValidationException", "memorySize"),
        ({"MemorySize": 10_241}, "ValidationException", "memorySize"),
        ({"Timeout": 0}, "ValidationException", "timeout"),
        ({"Timeout": 901}, "ValidationException", "timeout"),
        ({"EphemeralStorage": {"Size": 511}}, "ValidationException", "ephemeralStorage.size"),
        ({"Description": "x" * 257}, "ValidationException", "description"),
        ({"Role": "lambda-role"}, "ValidationException", "role"),
        ({"FunctionName": "no spaces"}, "ValidationException", "functionName"),
        ({"FunctionName": "x" * 65}, "ValidationException", "functionName"),
        (
            {"Environment": {"Variables": {"KEY": "x" * 4096}}},
            "InvalidParameterValueException",
            "4KB",
        ),
        (
            {"Environment": {"Variables": {"AWS_REGION": "x"}}},
            "InvalidParameterValueException",
            "AWS_REGION",
        ),
        (
            {"Layers": [f"arn:aws:lambda:us-east-1:1{n:011}:layer:l:1" for n in range(6)]},
            "InvalidParameterValueException",
            "5 layers",
        ),
        ({"Tags": {str(n): "" for n in range(51)}}, "InvalidParameterValueException", "tags"),
        ({"Tags": {"aws:x": ""}}, "InvalidParameterValueException", "aws:"),
        ({"Runtime": None}, "InvalidParameterValueException", "Runtime is mandatory"),
        ({"Handler": None}, "InvalidParameterValueException", "Handler is mandatory"),
        ({"Code": {"ZipFile": b"no zip"}}, "InvalidParameterValueException", "unzip"),
        ({"Code": {"ZipFile": b""}}, "InvalidParameterValueException", "non-empty"),
        ({"Code": {"S3Bucket": "bucket"}}, "InvalidParameterValueException", "source"),
        ({"Code": {"ImageUri": "r:t"}}, "InvalidParameterValueException", "ImageUri"),
        ({"PackageType": "Image"}, "InvalidParameterValueException", "Handler or Runtime or Layer"),
        (
            {"PackageType": "Image", "Runtime": None, "Handler": None},
            "InvalidParameterValueException",
            "ImageUri",
        ),
    ],
)
def test_limits(
    simulator: LambdaSimulator, new_function: Make, asked: dict[str, Any], code: str, word: str
) -> None:
    with refused(f"{code}.*{word}"):
        simulator.call("CreateFunction", **{**new_function(), **asked})
    assert simulator.call("ListFunctions")["Functions"] == []


def test_all_broken_constraints_are_in_one_answer(
    simulator: LambdaSimulator, new_function: Make
) -> None:
    with refused("ValidationException: 2 validation errors detected"):
        simulator.call("CreateFunction", **new_function(MemorySize=1, Timeout=0))


def test_an_update_lays_its_members_over_the_settings(
    simulator: LambdaSimulator, clock: SimulatedClock, new_function: Make
) -> None:
    extra = {
        "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:111111111111:q"},
        "KMSKeyArn": "arn:aws:kms:us-east-1:111111111111:key/one",
        "Layers": ["arn:aws:lambda:us-east-1:111111111111:layer:one:1"],
        "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
    }
    made = simulator.call("CreateFunction", **new_function(**extra))
    assert made["Layers"][0]["Arn"] == extra["Layers"][0]
    assert made["VpcConfig"]["VpcId"].startswith("vpc-")
    clock.advance(60)
    emptied = simulator.call(
        "UpdateFunctionConfiguration",
        FunctionName="checkout",
        DeadLetterConfig={"TargetArn": ""},
        KMSKeyArn="",
        Layers=[],
        VpcConfig={"SubnetIds": [], "SecurityGroupIds": []},
    )
    assert not {"DeadLetterConfig", "KMSKeyArn", "Layers"} & emptied.keys()
    assert emptied["VpcConfig"]["VpcId"] == ""
    assert emptied["Timeout"] == made["Timeout"]


@pytest.mark.parametrize("named", ["checkout", "123456789012:checkout", "function:checkout"])
def test_a_function_has_several_names(
    simulator: LambdaSimulator, new_function: Make, named: str
) -> None:
    arn = simulator.call("CreateFunction", **new_function())["FunctionArn"]
    for name in (named, arn):
        found = simulator.call("GetFunctionConfiguration", FunctionName=name)
        assert found["FunctionArn"] == arn


def test_a_qualifier_must_not_contradict_the_name(
    simulator: LambdaSimulator, new_function: Make
) -> None:
    simulator.call("CreateFunction", **new_function(Publish=True))
    with refused("InvalidParameterValueException.*derived qualifier"):
        simulator.call("GetFunction", FunctionName="checkout:1", Qualifier="2")


def test_an_arn_of_elsewhere_is_refused(simulator: LambdaSimulator, new_function: Make) -> None:
    arn = simulator.call("CreateFunction", **new_function())["FunctionArn"]
    with refused("ResourceNotFoundException.*not reachable"):
        simulator.call("GetFunction", FunctionName=arn, region="eu-west-1")
    with refused("AccessDeniedException"):
        simulator.call("GetFunction", FunctionName=arn, account="222222222222")


def test_lists_come_in_pages(
    simulator: LambdaSimulator, clock: SimulatedClock, new_function: Make
) -> None:
    for number in range(120):
        simulator.call("CreateFunction", **new_function(f"function-{number}"))
    names: list[str] = []
    sizes: list[int] = []
    asked: dict[str, Any] = {}
    while True:
        answer = simulator.call("ListFunctions", MaxItems=1000, **asked)
        names += [item["FunctionName"] for item in answer["Functions"]]
        sizes.append(len(answer["Functions"]))
        if "NextMarker" not in answer:
            break
        asked = {"Marker": answer["NextMarker"]}
    assert sizes == [50, 50, 20]
    assert names == [f"function-{number}" for number in range(120)]


def test_the_account_keeps_a_hundred_executions_unreserved(
    simulator: LambdaSimulator, new_function: Make
) -> None:
    simulator.call("CreateFunction", **new_function())
    put = {"FunctionName": "checkout", "ReservedConcurrentExecutions": 900}
    simulator.call("PutFunctionConcurrency", **put)
    simulator.call("PutFunctionConcurrency", **put)
    settings = simulator.call("GetAccountSettings")
    assert settings["AccountLimit"]["UnreservedConcurrentExecutions"] == 100
    with refused("InvalidParameterValueException"):
        simulator.call("PutFunctionConcurrency", **{**put, "ReservedConcurrentExecutions": 901})


def test_the_unqualified_answer_alone_has_tags_and_reserved_concurrency(
    simulator: LambdaSimulator, new_function: Make
) -> None:
    simulator.call("CreateFunction", **new_function(Publish=True, Tags={"Team": "one"}))
    put = {"FunctionName": "checkout", "ReservedConcurrentExecutions": 5}
    simulator.call("PutFunctionConcurrency", **put)
    plain = simulator.call("GetFunction", FunctionName="checkout")
    assert plain["Tags"] == {"Team": "one"}
    assert plain["Concurrency"] == {"ReservedConcurrentExecutions": 5}
    for qualifier in ("1", "$LATEST"):
        other = simulator.call("GetFunction", FunctionName="checkout", Qualifier=qualifier)
        assert not {"Tags", "Concurrency"} & other.keys()


def test_versions_and_aliases_have_no_tags(simulator: LambdaSimulator, new_function: Make) -> None:
    arn = simulator.call("CreateFunction", **new_function(Publish=True))["FunctionArn"]
    with refused("InvalidParameterValueException: Tags on function aliases and versions"):
        simulator.call("TagResource", Resource=f"{arn}:1", Tags={"a": "b"})


def test_an_unknown_operation_is_named(simulator: LambdaSimulator) -> None:
    with refused("UnknownOperationException.*StopDurableExecution"):
        simulator.call(
            "StopDurableExecution",
            DurableExecutionArn="arn:aws:lambda:us-east-1:123456789012:function:f:1"
            "/durable-execution/a/b",
        )
