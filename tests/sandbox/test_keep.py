from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.errors import RemoteError
from declarative.sandbox.clock import SimulatedClock
from declarative.sandbox.errors import ServiceError
from declarative.sandbox.simulator import LambdaSimulator

Make = Callable[..., dict[str, Any]]


def world(simulator: LambdaSimulator) -> dict[str, Any]:
    """Return all that can be asked of the functions of the default account and region."""
    return {
        "functions": simulator.call("ListFunctions", FunctionVersion="ALL")["Functions"],
        **{
            name: [
                simulator.call("GetFunction", FunctionName=name),
                simulator.call("ListAliases", FunctionName=name),
                simulator.call("ListFunctionUrlConfigs", FunctionName=name),
            ]
            for name in ("one", "two")
            if any(
                item["FunctionName"] == name
                for item in simulator.call("ListFunctions")["Functions"]
            )
        },
    }


STEPS = st.lists(
    st.sampled_from(
        [
            ("CreateFunction", {}),
            ("DeleteFunction", {}),
            ("UpdateFunctionConfiguration", {"Timeout": 7}),
            ("UpdateFunctionConfiguration", {"Environment": {"Variables": {"A": "é"}}}),
            ("PublishVersion", {}),
            ("PublishVersion", {"Description": "said"}),
            ("CreateAlias", {"Name": "live", "FunctionVersion": "1"}),
            (
                "UpdateAlias",
                {"Name": "live", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.1}}},
            ),
            ("DeleteFunction", {"Qualifier": "1"}),
            ("PutFunctionConcurrency", {"ReservedConcurrentExecutions": 3}),
            (
                "PutProvisionedConcurrencyConfig",
                {"Qualifier": "live", "ProvisionedConcurrentExecutions": 1},
            ),
            ("PutFunctionEventInvokeConfig", {"MaximumRetryAttempts": 0}),
            ("PutFunctionRecursionConfig", {"RecursiveLoop": "Allow"}),
            ("CreateFunctionUrlConfig", {"AuthType": "NONE"}),
            (
                "AddPermission",
                {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "*"},
            ),
            ("wait", {}),
        ]
    ).flatmap(lambda step: st.tuples(st.just(step), st.sampled_from(["one", "two"]))),
    max_size=25,
)


@given(STEPS)
def test_a_kept_world_is_the_same_world(
    tmp_path_factory: pytest.TempPathFactory, new_function: Make, steps: Any
) -> None:
    """Any history, whole or refused in parts: closed and opened again, all answers agree."""
    directory = tmp_path_factory.mktemp("keep")
    clock = SimulatedClock()
    first = LambdaSimulator(clock=clock, directory=directory)
    for (operation, asked), name in steps:
        if operation == "wait":
            clock.advance(1)
            continue
        fields = new_function(name) if operation == "CreateFunction" else {"FunctionName": name}
        try:
            first.call(operation, **{**fields, **asked})
        except ServiceError as refusal:
            assert refusal.status < 500  # noqa: PT017 - most histories are partly refused
    clock.advance(1)
    before = world(first)
    first.close()
    second = LambdaSimulator(clock=clock, directory=directory)
    after = world(second)
    second.close()
    assert sorted(map(str, after.pop("functions"))) == sorted(map(str, before.pop("functions")))
    assert after == before


def test_what_stands_around_functions_is_kept_too(
    tmp_path: Path, new_function: Make, make_zip: Callable[..., bytes]
) -> None:
    publishers = {"SigningProfileVersionArns": ["arn:aws:signer:us-east-1::/signing-profiles/a/b"]}
    queue = "arn:aws:sqs:us-east-1:123456789012:queue"

    def around(simulator: LambdaSimulator) -> list[dict[str, Any]]:
        return [
            simulator.call("ListLayerVersions", LayerName="common"),
            simulator.call("ListEventSourceMappings"),
            simulator.call("ListCodeSigningConfigs"),
            simulator.call("GetResources"),
        ]

    first = LambdaSimulator(directory=tmp_path, pending_seconds=0)
    first.call("CreateFunction", **new_function(Tags={"a": "b"}, Publish=True))
    first.call("PublishLayerVersion", LayerName="common", Content={"ZipFile": make_zip()})
    first.call("CreateEventSourceMapping", FunctionName="checkout", EventSourceArn=queue)
    first.call("CreateCodeSigningConfig", AllowedPublishers=publishers)
    first.call("CreateFunction", **new_function("gone", Publish=True))
    first.call("DeleteFunction", FunctionName="gone")
    before = around(first)
    first.close()
    second = LambdaSimulator(directory=tmp_path, pending_seconds=0)
    assert around(second) == before
    assert all(len(str(answer)) > 60 for answer in before)
    second.behaviour.version_numbers = "continue"
    assert second.call("CreateFunction", **new_function("gone", Publish=True))["Version"] == "2"
    second.close()


def test_what_was_under_way_is_over_when_opened_again(tmp_path: Path, new_function: Make) -> None:
    with_time = LambdaSimulator(directory=tmp_path, pending_seconds=1000)
    with_time.call("CreateFunction", **new_function())
    reopened = LambdaSimulator(directory=tmp_path)
    found = reopened.call("GetFunctionConfiguration", FunctionName="checkout")
    assert found["State"] == "Active"


def test_a_crash_loses_no_change(tmp_path: Path, new_function: Make) -> None:
    crashed = LambdaSimulator(directory=tmp_path, pending_seconds=0)
    crashed.call("CreateFunction", **new_function())
    crashed.call("PublishVersion", FunctionName="checkout")
    reopened = LambdaSimulator(directory=tmp_path)
    assert reopened.call("Invoke", FunctionName="checkout:1")["Payload"] == b"{}"
    reopened.close()


def test_equal_packages_are_stored_once(tmp_path: Path, new_function: Make) -> None:
    simulator = LambdaSimulator(directory=tmp_path)
    for number in range(5):
        simulator.call("CreateFunction", **new_function(f"function-{number}"))
    assert len(list((tmp_path / "code").iterdir())) == 1


def test_a_damaged_file_is_named(tmp_path: Path, new_function: Make) -> None:
    simulator = LambdaSimulator(directory=tmp_path)
    simulator.call("CreateFunction", **new_function())
    (file,) = (tmp_path / "functions").rglob("*.json")
    file.write_text("{}")
    with pytest.raises(RemoteError, match=r"checkout\.json"):
        LambdaSimulator(directory=tmp_path)
