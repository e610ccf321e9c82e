"""An apply that fails at any call of AWS, in any way, and the apply after it.

Whatever went wrong, state says what AWS shows, and applying again reaches the same end as
an apply that nothing disturbed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import pytest

from declarative.aws.retries import Pacing
from declarative.aws.session import AwsCloud
from declarative.errors import LamformError
from declarative.model.bound import BoundAlias
from declarative.model.plan import Plan
from declarative.model.release_config import AliasConfig, ServiceSettings
from declarative.sandbox.clock import SimulatedClock
from declarative.sandbox.server import Sandbox

FAULTS = {
    "refused": {"kind": "error-before", "code": "AccessDeniedException", "status": 403},
    "broken": {"kind": "error-before"},
    "done-and-broken": {"kind": "error-after-effect"},
    "answer-lost": {"kind": "lost-answer"},
    "request-lost": {"kind": "lost-request"},
    "throttled": {"kind": "throttle"},
    "never-answered": {"kind": "hang"},
    "done-and-never-answered": {"kind": "hang-after-effect"},
    "ends-failed": {"kind": "failed-transition", "code": "InternalError"},
}
# Reading is repeated when it breaks, whatever breaks it; only a refusal reaches the engine.
READS = {
    "GetFunction",
    "ListAliases",
    "GetPolicy",
    "GetFunctionUrlConfig",
    "GetFunctionEventInvokeConfig",
    "GetFunctionRecursionConfig",
    "GetRuntimeManagementConfig",
    "GetProvisionedConcurrencyConfig",
}
OF_READS = {"refused", "throttled", "request-lost", "never-answered"}
ENDS_FAILED = "ends-failed"
BEGIN = {
    "CreateFunction",
    "UpdateFunctionCode",
    "UpdateFunctionConfiguration",
    "PublishVersion",
    "PutProvisionedConcurrencyConfig",
}
"""What is answered well and may come to nothing afterwards."""


@pytest.fixture(scope="module")
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture(scope="module")
def sandbox(clock, request) -> Iterator[Sandbox]:
    """All faults without a socket and without waiting; those that take no time, over HTTP too."""
    if request.param == "http":
        with Sandbox(pending_seconds=0.02, update_seconds=0.02) as running:
            yield running
    else:
        with Sandbox(clock=clock, pending_seconds=0, update_seconds=0, in_process=True) as running:
            yield running


@pytest.fixture(scope="module")
def cloud(clock, sandbox, request) -> AwsCloud:
    here = Pacing(sleep=clock.sleep, monotonic=clock.monotonic)
    return AwsCloud(pacing=here) if sandbox.simulator.clock is clock else AwsCloud()


def two_aliases() -> dict[str, BoundAlias]:
    return {"live": BoundAlias(AliasConfig(description="production")), "next": BoundAlias()}


def first(world) -> None:
    world.code("one")
    environment = {"variables": {"MODE": "first"}}
    world.declare(
        *(
            world.release(name, function={"environment": environment}, aliases=two_aliases())
            for name in ("one", "two")
        )
    )


def second(world) -> None:
    world.code("two")
    environment = {"variables": {"MODE": "second"}}
    aliases = {"live": BoundAlias(AliasConfig(description="moved")), "extra": BoundAlias()}
    world.declare(
        *(
            world.release(
                name,
                function={"memory_size": 512, "environment": environment},
                tags={"Cost": "7"},
                aliases=aliases,
            )
            for name in ("one", "two")
        )
    )


def asleep(world) -> None:
    """What was applied first is idle by now."""
    second(world)
    for release in world.releases:
        world.sandbox.simulator.let_idle(release.function_name, "1")


def two_keys(world, first: str, second: str, mode: str) -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/{}".format
    world.declare(
        world.release(
            "one",
            function={
                "source_kms_key_arn": key(first),
                "kms_key_arn": key(second),
                "architectures": [mode],
            },
        )
    )


def keyed(world) -> None:
    two_keys(world, "one", "one", "arm64")


def keyed_otherwise(world) -> None:
    two_keys(world, "two", "two", "x86_64")


PERMISSION = {"principal": "apigateway.amazonaws.com"}


def around(world, answer: str, service: dict[str, object], alias: dict[str, object]) -> None:
    world.code(answer)
    config = AliasConfig.model_validate(alias)
    settings = ServiceSettings.model_validate(service)
    world.declare(world.release("one", settings=settings, aliases={"live": BoundAlias(config)}))


def surrounded(world) -> None:
    around(
        world,
        "one",
        {
            "url": {"auth_type": "AWS_IAM"},
            "permission": {"apigw": PERMISSION, "s3": PERMISSION},
            "recursive_loop": "Allow",
        },
        {},
    )


CHANGED = {**PERMISSION, "source_account": "123456789012"}


def otherwise(world) -> None:
    around(
        world,
        "two",
        {
            "url": {"auth_type": "NONE"},
            "permission": {"apigw": CHANGED},
            "event_invoke": {"maximum_retry_attempts": 0},
        },
        {},
    )


def hung(world) -> None:
    around(
        world,
        "one",
        {"reserved_concurrent_executions": 10},
        {"permission": {"apigw": PERMISSION}, "provisioned_concurrent_executions": 2},
    )


def hung_otherwise(world) -> None:
    around(
        world,
        "two",
        {},
        {
            "permission": {"apigw": CHANGED},
            "provisioned_concurrent_executions": 1,
            "url": {"auth_type": "AWS_IAM"},
        },
    )


def nothing(world) -> None:
    world.declare()


def renamed(world) -> None:
    first(world)
    one, two = world.releases
    world.declare(replace(one, function_name=world.name("renamed")), two)


@dataclass(frozen=True)
class Scenario:
    """What is applied before, what is declared then, and the plan that is disturbed."""

    before: tuple[Callable, ...]
    declare: Callable
    plan: Callable[[object], Plan]


def plan_files(world) -> Plan:
    return world.plan()


def plan_revert(world) -> Plan:
    return world.revert("1")


SCENARIOS = {
    "create": Scenario((), first, plan_files),
    "update": Scenario((first,), second, plan_files),
    "revert": Scenario((first, second), second, plan_revert),
    "revert-asleep": Scenario((first, second), asleep, plan_revert),
    "keys": Scenario((keyed,), keyed_otherwise, plan_files),
    "keys-back": Scenario((keyed, keyed_otherwise), keyed_otherwise, plan_revert),
    "settings": Scenario((surrounded,), otherwise, plan_files),
    "settings-back": Scenario((surrounded, otherwise), otherwise, plan_revert),
    "hung": Scenario((hung,), hung_otherwise, plan_files),
    "hung-back": Scenario((hung, hung_otherwise), hung_otherwise, plan_revert),
    "delete": Scenario((first,), nothing, plan_files),
    "replace": Scenario((first,), renamed, plan_files),
}


AT_ONCE = {"refused", "broken", "done-and-broken", "answer-lost"}
OVER_HTTP = (*sorted(AT_ONCE), "request-lost", "throttled")
"""Kinds that are tried over HTTP as well: all but those for which a client waits a minute."""
QUICK = {
    "create": AT_ONCE,
    "update": {"broken", "answer-lost"},
    "revert": {"answer-lost"},
    "revert-asleep": set(),
    "keys": {"broken"},
    "keys-back": set(),
    # Each kind by itself, quickly: `test_settings`.
    "settings": set(),
    "settings-back": set(),
    "hung": {"answer-lost"},
    "hung-back": set(),
    "delete": AT_ONCE,
    "replace": {"refused", "answer-lost"},
}
"""Which of them `make test` tries over HTTP."""


def prepare(world, scenario: Scenario) -> Plan:
    world.parallelism = 1
    for declare in scenario.before:
        declare(world)
        assert world.apply().status == "applied"
    scenario.declare(world)
    return scenario.plan(world)


def shape(world) -> dict[str, object]:
    """What callers of the functions find, versions named by their content."""
    found = {}
    for name, function in sorted(world.save().functions.items()):
        contents = {
            one.version: (
                one.code.sha256,
                one.settings["MemorySize"],
                str(one.settings.get("Environment")),
                str(one.settings.get("KMSKeyArn")),
                str(one.settings["Architectures"]),
                str(one.code.source_key),
            )
            for one in function.configurations()
        }
        found[name] = {
            "latest": contents["$LATEST"],
            "aliases": {
                alias.name: (contents[alias.version], alias.description, alias.routing)
                for alias in function.aliases.values()
            },
            "tags": function.tags,
            "around": surroundings(function),
        }
    return found


def surroundings(function) -> dict[str, object]:
    """What surrounds a function; statements by what they say, whatever their ids."""
    statements = {
        qualifier: sorted(
            str({name: value for name, value in one.items() if name != "Sid"}) for one in policy
        )
        for qualifier, policy in function.policies.items()
    }
    urls = {qualifier: url["AuthType"] for qualifier, url in function.urls.items()}
    warm = {name: config["requested"] for name, config in function.provisioned.items()}
    others = function.extras.get("RecursiveLoop"), function.extras.get("RuntimeManagement")
    invoking = {
        qualifier: {name: one for name, one in config.items() if name != "LastModified"}
        for qualifier, config in function.invoke_configs.items()
    }
    return {
        "statements": statements,
        "urls": urls,
        "warm": warm,
        "reserved": function.reserved,
        "invoking": invoking,
        "others": others,
    }


def versions(world) -> dict[str, int]:
    return {name: len(one.versions) for name, one in world.save().functions.items()}


def checkpoints(plan: Plan) -> Counter[str]:
    """Versions that a plan makes of what a failed apply left, so that nothing gets lost."""
    return Counter(
        release.function_name
        for release in plan.releases
        for step in release.steps
        if step.kind == "publish_checkpoint"
    )


def calls_of(world, plan: Plan) -> dict[str, int]:
    before = world.sandbox.simulator.calls.operations
    assert world.apply(plan).status == "applied"
    after = world.sandbox.simulator.calls.operations
    return {
        name: after[name] - before.get(name, 0)
        for name in after
        if after[name] != before.get(name, 0)
    }


def assert_state_is_true(world) -> None:
    """State says nothing that AWS does not show."""
    assert world.drift().findings == ()
    functions = world.save().functions
    for address in world.state.resources():
        record = world.record(address.removeprefix("release."))
        function = functions.get(record.desired.function_name)
        if record.function is None or function is None:
            continue
        shown = set(function.versions)
        assert {one.version for one in record.versions} <= shown
        assert record.version is None or record.version in shown


CASES = [
    *(
        pytest.param("here", name, fault)
        for name in SCENARIOS
        for fault in FAULTS
        if fault != ENDS_FAILED
    ),
    *(
        pytest.param("http", name, fault, marks=[] if fault in QUICK[name] else [pytest.mark.slow])
        for name in SCENARIOS
        for fault in OVER_HTTP
    ),
    # What fails afterwards does not fail at once, as everything is done at once without a socket.
    *(pytest.param("http", name, ENDS_FAILED) for name in SCENARIOS),
]


@pytest.mark.parametrize(("sandbox", "name", "fault"), CASES, indirect=["sandbox"])
def test_whatever_call_fails_applying_again_gets_there(world, name, fault) -> None:
    scenario = SCENARIOS[name]
    plan = prepare(world, scenario)
    start = world.save()
    calls = calls_of(world, plan)
    wanted, published = shape(world), versions(world)
    failures = []
    for operation, count in calls.items():
        if operation in READS and fault not in OF_READS:
            continue
        if fault == ENDS_FAILED and operation not in BEGIN:
            continue
        for nth in range(1, count + 1):
            world.restore(start)
            world.fail(operation, nth, **FAULTS[fault])
            try:
                with suppress(LamformError):
                    world.apply(plan)
                world.sandbox.simulator.faults.clear()
                assert_state_is_true(world)
                again = scenario.plan(world)
                half_done = checkpoints(again)
                if not again.is_empty:
                    assert world.apply(again).status == "applied"
                assert shape(world) == wanted
                assert versions(world) == {
                    short: count + half_done[short] for short, count in published.items()
                }
                assert_state_is_true(world)
                assert scenario.plan(world).is_empty
                assert world.plan().is_empty
                assert world.state.open_runs() == ()
                assert world.state.leases() == ()
            except (AssertionError, LamformError) as error:
                failures.append(f"{operation} {nth}: {error}")
    assert failures == []
