"""Rules of AWS that a request may break: combinations, permissions, concurrency, settings."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from declarative.sandbox.checks import check_request, service_model
from declarative.sandbox.clock import SimulatedClock
from declarative.sandbox.errors import ServiceError
from declarative.sandbox.simulator import LambdaSimulator

Make = Callable[..., dict[str, Any]]
Ask = Callable[..., dict[str, Any]]
INVALID = "InvalidParameterValueException"
VPC = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
FILES = [
    {
        "Arn": f"arn:aws:elasticfilesystem:us-east-1:1{'0' * 11}:access-point/fsap-{'0' * 17}",
        "LocalMountPath": "/mnt/data",
    }
]
SNAPSHOTS = {"ApplyOn": "PublishedVersions"}
PROVIDER = {
    "LambdaManagedInstancesCapacityProviderConfig": {
        "CapacityProviderArn": f"arn:aws:lambda:us-east-1:1{'0' * 11}:capacity-provider:one"
    }
}
IMAGE = {
    "PackageType": "Image",
    "Code": {"ImageUri": "r:t"},
    "Runtime": None,
    "Handler": None,
}


def refused(code: str) -> Any:
    return pytest.raises(ServiceError, match=re.compile(f"^{code}", re.DOTALL))


@pytest.fixture
def ask(simulator: LambdaSimulator, clock: SimulatedClock, new_function: Make) -> Ask:
    """Call an operation on an active function with version 1 and alias live, time passing."""

    def call(operation: str, **asked: Any) -> dict[str, Any]:
        clock.advance(60)
        return simulator.call(operation, FunctionName="checkout", **asked)

    simulator.call("CreateFunction", **new_function(Publish=True))
    call("CreateAlias", Name="live", FunctionVersion="1")
    return call


def test_all_patterns_of_the_model_can_be_used() -> None:
    model = service_model()
    operations = [name for name, item in model["operations"].items() if "input" in item]
    assert len(operations) > 80
    patterns = {shape["pattern"] for shape in model["shapes"].values() if "pattern" in shape}
    from declarative.sandbox.checks import _pattern

    assert all(_pattern(pattern) for pattern in patterns)


def test_a_request_is_read_by_its_model() -> None:
    read = check_request("ListFunctions", {"MaxItems": "7", "Marker": None})
    assert read == {"MaxItems": 7}
    with refused("SerializationException: SerializationException|SerializationException"):
        check_request("ListFunctions", {"MaxItems": "seven"})
    with refused("ValidationException.*Value null at 'functionName'.*must not be null"):
        check_request("GetFunction", {})
    with refused(r"ValidationException: 2 .*'vpcConfig.subnetIds'.*'timeout'"):
        check_request(
            "UpdateFunctionConfiguration",
            {"FunctionName": "f", "VpcConfig": {"SubnetIds": ["net"]}, "Timeout": 0},
        )
    with refused(r"ValidationException.*'architectures'.*enum value set: \[x86_64, arm64\]"):
        check_request("UpdateFunctionCode", {"FunctionName": "f", "Architectures": ["vax"]})
    with refused("SerializationException"):
        check_request("UpdateFunctionConfiguration", {"FunctionName": "f", "Timeout": "3"})


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"Runtime": "cobol85"}, "Value cobol85 at 'runtime' failed.*or be a valid ARN"),
        ({"Runtime": "python3.6"}, "python3.6 is no longer supported"),
        ({"ImageConfig": {"Command": ["x"]}}, "don't provide ImageConfig"),
        ({**IMAGE, "Layers": ["arn:aws:lambda:us-east-1:1{0}:layer:l:1"]}, "Handler or Runtime"),
        ({"FileSystemConfigs": FILES}, "configured to execute in a VPC"),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"]}}, "must coexist"),
        ({"SnapStart": SNAPSHOTS, "Runtime": "python3.11"}, "not supported for SnapStart"),
        ({"SnapStart": SNAPSHOTS, "EphemeralStorage": {"Size": 513}}, "SnapStart"),
        (
            {"SnapStart": SNAPSHOTS, "FileSystemConfigs": FILES, "VpcConfig": VPC},
            "SnapStart",
        ),
        ({"PublishTo": "LATEST_PUBLISHED"}, "PublishTo is not supported"),
    ],
)
def test_what_does_not_go_together(
    simulator: LambdaSimulator, new_function: Make, asked: dict[str, Any], word: str
) -> None:
    layers = [arn.replace("{0}", "0" * 11) for arn in asked.get("Layers", ())]
    with refused(f"{INVALID}.*{word}"):
        simulator.call("CreateFunction", **new_function(**{**asked, "Layers": layers or None}))
    assert simulator.call("ListFunctions")["Functions"] == []


def test_managed_instances_may_be_larger(simulator: LambdaSimulator, new_function: Make) -> None:
    large = {"MemorySize": 32_768, "Timeout": 5_400}
    with refused("ValidationException: 2"):
        simulator.call("CreateFunction", **new_function(**large))
    simulator.call("CreateFunction", **new_function(CapacityProviderConfig=PROVIDER, **large))


@pytest.mark.parametrize(
    "change", [{"DurableConfig": {"ExecutionTimeout": 9}}, {"CapacityProviderConfig": PROVIDER}]
)
def test_what_only_a_new_function_can_have(ask: Ask, change: dict[str, Any]) -> None:
    with refused(f"{INVALID}.*when the function is created"):
        ask("UpdateFunctionConfiguration", **change)


def test_durable_settings_have_a_default(simulator: LambdaSimulator, new_function: Make) -> None:
    made = simulator.call("CreateFunction", **new_function(DurableConfig={"ExecutionTimeout": 60}))
    assert made["DurableConfig"] == {"ExecutionTimeout": 60, "RetentionPeriodInDays": 14}


def test_snapshots_are_made_when_a_version_is_published(
    simulator: LambdaSimulator, clock: SimulatedClock, ask: Ask
) -> None:
    simulator.timing.snapshot = 100
    ask("UpdateFunctionConfiguration", SnapStart=SNAPSHOTS)
    assert ask("PublishVersion")["State"] == "Pending"
    pending = ask("GetFunction", Qualifier="2")["Configuration"]
    assert (pending["State"], pending["SnapStart"]["OptimizationStatus"]) == ("Pending", "Off")
    active = ask("GetFunction", Qualifier="2")["Configuration"]
    assert (active["State"], active["SnapStart"]["OptimizationStatus"]) == ("Active", "On")
    latest = ask("GetFunction")["Configuration"]
    assert latest["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "Off"}
    with refused(f"{INVALID}.*SnapStart"):
        ask("PutProvisionedConcurrencyConfig", Qualifier="2", ProvisionedConcurrentExecutions=1)


def test_tags_are_fifty_in_all(simulator: LambdaSimulator, ask: Ask) -> None:
    arn = ask("GetFunction")["Configuration"]["FunctionArn"]
    simulator.call("TagResource", Resource=arn, Tags={str(n): "" for n in range(50)})
    simulator.call("TagResource", Resource=arn, Tags={"0": "again"})
    with refused(f"{INVALID}.*tag limit"):
        simulator.call("TagResource", Resource=arn, Tags={"one-more": ""})
    simulator.call("UntagResource", Resource=arn, TagKeys=["0"])
    with refused(f"{INVALID}.*reserved for system use"):
        simulator.call("TagResource", Resource=arn, Tags={"aws:created": ""})


STATEMENT = {
    "StatementId": "one",
    "Action": "lambda:InvokeFunction",
    "Principal": "events.amazonaws.com",
}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"Principal": "someone"}, f"{INVALID}.*principal was invalid"),
        ({"FunctionUrlAuthType": "NONE"}, f"{INVALID}.*InvokeFunctionUrl"),
        ({"StatementId": "a b"}, "ValidationException.*statementId"),
        ({"Action": "s3:GetObject"}, "ValidationException.*action"),
        ({"Qualifier": "none"}, "ResourceNotFoundException"),
    ],
)
def test_statements_that_are_refused(ask: Ask, asked: dict[str, Any], code: str) -> None:
    with refused(code):
        ask("AddPermission", **{**STATEMENT, **asked})


def test_a_policy_holds_twenty_kilobytes(ask: Ask) -> None:
    source = "arn:aws:events:us-east-1:111111111111:rule/" + "x" * 900

    def add(number: int) -> None:
        ask("AddPermission", **{**STATEMENT, "StatementId": f"s{number}"}, SourceArn=source)

    with refused("PolicyLengthExceededException"):
        for number in range(30):
            add(number)
    policy = ask("GetPolicy")["Policy"]
    assert 19_000 < len(policy) <= 20_480


def test_a_policy_may_be_replaced_in_one_call(simulator: LambdaSimulator, ask: Ask) -> None:
    arn = ask("GetFunction")["Configuration"]["FunctionArn"] + ":live"
    ask("AddPermission", Qualifier="live", **STATEMENT)
    before = simulator.call("GetResourcePolicy", ResourceArn=arn)
    document = json.loads(before["Policy"])
    document["Statement"][0]["Sid"] = "two"
    put = {"ResourceArn": arn, "Policy": json.dumps(document)}
    with refused("PreconditionFailedException"):
        simulator.call(
            "PutResourcePolicy", **put, RevisionId="0" * 8 + "-0000" * 3 + "-" + "0" * 12
        )
    after = simulator.call("PutResourcePolicy", **put, RevisionId=before["RevisionId"])
    assert after["RevisionId"] != before["RevisionId"]
    kept = ask("GetPolicy", Qualifier="live")
    assert json.loads(kept["Policy"])["Statement"][0]["Sid"] == "two"
    with refused(f"{INVALID}.*JSON"):
        simulator.call("PutResourcePolicy", ResourceArn=arn, Policy="{}")
    simulator.call("DeleteResourcePolicy", ResourceArn=arn)
    for operation in ("GetResourcePolicy", "DeleteResourcePolicy"):
        with refused("ResourceNotFoundException"):
            simulator.call(operation, ResourceArn=arn)


def test_provisioned_concurrency_stays_within_what_is_reserved(
    simulator: LambdaSimulator, ask: Ask
) -> None:
    def provision(number: int, qualifier: str = "live") -> dict[str, Any]:
        return ask(
            "PutProvisionedConcurrencyConfig",
            Qualifier=qualifier,
            ProvisionedConcurrentExecutions=number,
        )

    with refused(f"{INVALID}.*greater than account's unreserved concurrency \\[1000\\]"):
        provision(1001)
    with refused(f"{INVALID}.*minimum value of \\[100\\]"):
        provision(901)
    ask("PutFunctionConcurrency", ReservedConcurrentExecutions=5)
    with refused(f"{INVALID}.*reservedConcurrentExecution"):
        provision(6)
    provision(4)
    with refused(f"{INVALID}.*reservedConcurrentExecution"):
        provision(6)
    kept = ask("GetProvisionedConcurrencyConfig", Qualifier="live")
    assert kept["RequestedProvisionedConcurrentExecutions"] == 4
    with refused(f"{INVALID}.*total provisioned concurrency \\[4\\]"):
        ask("PutFunctionConcurrency", ReservedConcurrentExecutions=3)
    with refused(f"{INVALID}.*unpublished"):
        provision(1, "$LATEST")


def test_provisioned_concurrency_is_got_ready_again_when_its_alias_moves(
    simulator: LambdaSimulator, ask: Ask
) -> None:
    simulator.timing.provision = 100
    ask("UpdateFunctionConfiguration", Timeout=9)
    ask("PublishVersion")
    ask("PutProvisionedConcurrencyConfig", Qualifier="live", ProvisionedConcurrentExecutions=1)

    def status() -> str:
        return str(ask("GetProvisionedConcurrencyConfig", Qualifier="live")["Status"])

    assert [status(), status()] == ["IN_PROGRESS", "READY"]
    ask("UpdateAlias", Name="live", Description="the same version")
    assert status() == "READY"
    ask("UpdateAlias", Name="live", FunctionVersion="2")
    assert [status(), status()] == ["IN_PROGRESS", "READY"]


def test_asynchronous_invocation_needs_something_to_set(ask: Ask) -> None:
    with refused(f"{INVALID}.*at least one"):
        ask("PutFunctionEventInvokeConfig", Qualifier="live")
    ask("PutFunctionEventInvokeConfig", Qualifier="live", MaximumRetryAttempts=0)
    with refused("ValidationException.*maximumRetryAttempts"):
        ask("UpdateFunctionEventInvokeConfig", Qualifier="live", MaximumRetryAttempts=3)
    with refused(f"{INVALID}.*at least one"):
        ask("UpdateFunctionEventInvokeConfig", Qualifier="live")
    with refused("ResourceNotFoundException"):
        ask("GetFunctionEventInvokeConfig")


def test_a_url_belongs_to_a_function_or_an_alias(ask: Ask) -> None:
    cors = {"AllowOrigins": ["*"], "MaxAge": 60}
    ask("CreateFunctionUrlConfig", Qualifier="live", AuthType="NONE", Cors=cors)
    assert ask("GetFunctionUrlConfig", Qualifier="live")["Cors"] == cors
    with refused("ValidationException.*qualifier"):
        ask("CreateFunctionUrlConfig", Qualifier="1", AuthType="NONE")
    with refused("ValidationException.*'cors.maxAge'"):
        ask("UpdateFunctionUrlConfig", Qualifier="live", Cors={"MaxAge": 86_401})
    ask("UpdateFunctionUrlConfig", Qualifier="live", Cors={})
    assert "Cors" not in ask("GetFunctionUrlConfig", Qualifier="live")
    ask("CreateFunctionUrlConfig", AuthType="AWS_IAM")
    assert len(ask("ListFunctionUrlConfigs")["FunctionUrlConfigs"]) == 2
    ask("DeleteFunctionUrlConfig", Qualifier="live")
    with refused("ResourceNotFoundException"):
        ask("GetFunctionUrlConfig", Qualifier="live")


def test_recursion_and_runtime_management(ask: Ask) -> None:
    assert ask("GetFunctionRecursionConfig") == {"RecursiveLoop": "Terminate"}
    ask("PutFunctionRecursionConfig", RecursiveLoop="Allow")
    assert ask("GetFunctionRecursionConfig") == {"RecursiveLoop": "Allow"}
    with refused("ValidationException.*recursiveLoop"):
        ask("PutFunctionRecursionConfig", RecursiveLoop="Sometimes")
    current = ask("GetFunction")["Configuration"]["RuntimeVersionConfig"]["RuntimeVersionArn"]
    assert ask("GetRuntimeManagementConfig")["UpdateRuntimeOn"] == "Auto"
    ask("PutRuntimeManagementConfig", UpdateRuntimeOn="FunctionUpdate")
    assert ask("GetRuntimeManagementConfig")["RuntimeVersionArn"] == current
    with refused(INVALID):
        ask("PutRuntimeManagementConfig", UpdateRuntimeOn="Manual")
    ask(
        "PutRuntimeManagementConfig",
        UpdateRuntimeOn="Manual",
        RuntimeVersionArn=current,
        Qualifier="1",
    )
    assert ask("GetRuntimeManagementConfig", Qualifier="1")["UpdateRuntimeOn"] == "Manual"
    assert ask("GetRuntimeManagementConfig")["UpdateRuntimeOn"] == "FunctionUpdate"


def test_a_container_has_no_managed_runtime(simulator: LambdaSimulator, new_function: Make) -> None:
    asked = new_function(**IMAGE)
    simulator.call("CreateFunction", **asked)
    with refused(f"{INVALID}.*Image"):
        simulator.call(
            "PutRuntimeManagementConfig", FunctionName="checkout", UpdateRuntimeOn="Auto"
        )
