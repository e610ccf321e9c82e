from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from declarative.sandbox.clock import SimulatedClock
from declarative.sandbox.errors import ServiceError
from declarative.sandbox.simulator import LambdaSimulator

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(
    simulator: LambdaSimulator, clock: SimulatedClock, new_function: Callable[..., Any]
) -> Iterator[Ask]:
    """Call an operation on an active function with versions 1 and 2, time passing before."""

    def call(operation: str, **asked: Any) -> dict[str, Any]:
        clock.advance(60)
        return simulator.call(operation, FunctionName="checkout", **asked)

    simulator.call("CreateFunction", **new_function(Publish=True))
    call("UpdateFunctionConfiguration", Description="second")
    call("PublishVersion")
    return call


def refused(code: str) -> Any:
    return pytest.raises(ServiceError, match=f"^{code}")


def versions(ask: Ask) -> list[str]:
    return [item["Version"] for item in ask("ListVersionsByFunction")["Versions"]]


def test_nothing_changed_nothing_published(ask: Ask) -> None:
    before = ask("GetFunction")["Configuration"]["RevisionId"]
    assert ask("PublishVersion", Description="again")["Version"] == "2"
    assert ask("GetFunction")["Configuration"]["RevisionId"] == before
    assert versions(ask) == ["$LATEST", "1", "2"]


def test_a_redundant_update_publishes_nothing_either(
    ask: Ask, make_zip: Callable[..., bytes]
) -> None:
    assert ask("UpdateFunctionCode", ZipFile=make_zip(), Publish=True)["Version"] == "2"
    assert versions(ask) == ["$LATEST", "1", "2"]


def test_code_alone_makes_a_new_version(ask: Ask, make_zip: Callable[..., bytes]) -> None:
    made = ask("UpdateFunctionCode", ZipFile=make_zip("other = 1"), Publish=True)
    assert (made["Version"], made["State"]) == ("3", "Pending")
    settled = ask("GetFunction", Qualifier="3")["Configuration"]
    assert (settled["State"], settled["LastUpdateStatus"]) == ("Active", "Successful")
    assert settled["RevisionId"] != made["RevisionId"]


def test_a_number_is_never_given_twice(ask: Ask) -> None:
    ask("DeleteFunction", Qualifier="2")
    assert ask("PublishVersion")["Version"] == "3"


def test_a_version_in_use_cannot_be_deleted(ask: Ask) -> None:
    ask("CreateAlias", Name="live", FunctionVersion="1")
    ask("CreateAlias", Name="beta", FunctionVersion="2")
    ask(
        "UpdateAlias",
        Name="live",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}},
    )
    with refused(r"ResourceConflictException.*aliases reference it: \[live, beta\]"):
        ask("DeleteFunction", Qualifier="2")
    ask("DeleteAlias", Name="beta")
    with refused(r"ResourceConflictException.*\[live\]"):
        ask("DeleteFunction", Qualifier="2")
    ask("UpdateAlias", Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    ask("DeleteFunction", Qualifier="2")
    assert versions(ask) == ["$LATEST", "1"]


@pytest.mark.parametrize(
    ("qualifier", "code"),
    [
        ("$LATEST", "InvalidParameterValueException"),
        ("live", "InvalidParameterValueException"),
        ("9", "ResourceNotFoundException"),
    ],
)
def test_only_versions_can_be_deleted_alone(ask: Ask, qualifier: str, code: str) -> None:
    with refused(code):
        ask("DeleteFunction", Qualifier=qualifier)


def test_an_update_of_an_alias_leaves_what_it_does_not_name(ask: Ask) -> None:
    weights = {"AdditionalVersionWeights": {"2": 0.25}}
    ask("CreateAlias", Name="live", FunctionVersion="1", RoutingConfig=weights)
    answer = ask("UpdateAlias", Name="live", Description="new")
    assert answer["RoutingConfig"] == weights
    assert answer["FunctionVersion"] == "1"


@pytest.mark.parametrize(
    ("version", "weights", "code"),
    [
        ("1", {"1": 0.5}, "InvalidParameterValueException.*already included"),
        ("1", {"$LATEST": 0.5}, "ValidationException.*additionalVersionWeights"),
        ("$LATEST", {"1": 0.5}, r"InvalidParameterValueException: \$LATEST is not supported"),
        ("1", {"2": 1.5}, "ValidationException.*additionalVersionWeights"),
        ("1", {"2": -0.5}, "ValidationException.*additionalVersionWeights"),
        ("1", {"2": 0.1, "3": 0.1}, "InvalidParameterValueException.*greater than 1"),
        ("1", {"9": 0.1}, "ResourceNotFoundException"),
        ("1", {"live": 0.1}, "ValidationException"),
        ("9", {}, "ResourceNotFoundException.*checkout:9"),
    ],
)
def test_rules_of_weights(ask: Ask, version: str, weights: dict[str, float], code: str) -> None:
    ask("UpdateFunctionConfiguration", Description="third")
    ask("PublishVersion")
    routing = {"AdditionalVersionWeights": weights}
    with refused(code):
        ask("CreateAlias", Name="live", FunctionVersion=version, RoutingConfig=routing)
    assert ask("ListAliases")["Aliases"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"Role": "arn:aws:iam::111111111111:role/other"},
        {"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:111111111111:q"}},
    ],
)
def test_one_alias_one_role_and_one_dead_letter_queue(ask: Ask, change: dict[str, Any]) -> None:
    ask("UpdateFunctionConfiguration", **change)
    ask("PublishVersion")
    routing = {"AdditionalVersionWeights": {"3": 0.1}}
    with refused("InvalidParameterValueException.*same"):
        ask("CreateAlias", Name="live", FunctionVersion="2", RoutingConfig=routing)


def test_provisioned_concurrency_excludes_weights(ask: Ask) -> None:
    ask("CreateAlias", Name="live", FunctionVersion="1")
    one = {"Qualifier": "live", "ProvisionedConcurrentExecutions": 1}
    assert ask("PutProvisionedConcurrencyConfig", **one)["Status"] == "IN_PROGRESS"
    ready = ask("GetProvisionedConcurrencyConfig", Qualifier="live")
    assert (ready["Status"], ready["AvailableProvisionedConcurrentExecutions"]) == ("READY", 1)
    routing = {"AdditionalVersionWeights": {"2": 0.1}}
    with refused("InvalidParameterValueException.*Provisioned"):
        ask("UpdateAlias", Name="live", RoutingConfig=routing)


def test_names_of_aliases(ask: Ask) -> None:
    with refused("ValidationException.*'name'"):
        ask("CreateAlias", Name="12", FunctionVersion="1")
    ask("CreateAlias", Name="2024-06", FunctionVersion="1")
    with refused("ResourceConflictException: Alias already exists"):
        ask("CreateAlias", Name="2024-06", FunctionVersion="1")
    with refused("ResourceNotFoundException: Cannot find alias arn"):
        ask("UpdateAlias", Name="live", FunctionVersion="1")


def test_an_alias_may_be_deleted_twice(ask: Ask) -> None:
    ask("CreateAlias", Name="live", FunctionVersion="1")
    assert ask("DeleteAlias", Name="live") == ask("DeleteAlias", Name="live") == {}


def test_a_policy_bears_the_revision_id_of_its_function_or_alias(ask: Ask) -> None:
    ask("CreateAlias", Name="live", FunctionVersion="1")
    statement = {"StatementId": "one", "Action": "lambda:InvokeFunction", "Principal": "*"}
    for qualifier in ({}, {"Qualifier": "live"}):
        with refused("ResourceNotFoundException"):
            ask("GetPolicy", **qualifier)
        ask("AddPermission", **statement, **qualifier)
        policy = ask("GetPolicy", **qualifier)
        with refused("ResourceConflictException.*already exists"):
            ask("AddPermission", **statement, **qualifier)
        other = {**statement, "StatementId": "two", **qualifier}
        with refused("PreconditionFailedException.*GetPolicy"):
            ask("AddPermission", **other, RevisionId="wrong")
        ask("AddPermission", **other, RevisionId=policy["RevisionId"])
        assert ask("GetPolicy", **qualifier)["RevisionId"] != policy["RevisionId"]
        ask("RemovePermission", StatementId="one", **qualifier)
        with refused("ResourceNotFoundException.*one is not found"):
            ask("RemovePermission", StatementId="one", **qualifier)
        ask("RemovePermission", StatementId="two", **qualifier)
        with refused("ResourceNotFoundException: The resource you requested"):
            ask("GetPolicy", **qualifier)
