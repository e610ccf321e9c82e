"""Versions that AWS let go idle: woken before traffic comes to them."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from declarative.model.bound import BoundAlias
from declarative.model.release_config import AliasConfig
from declarative.sandbox.world import DEFAULT_ACCOUNT, DEFAULT_REGION


def kinds(plan) -> list[str]:
    return [step.kind for release in plan.releases for step in release.steps]


def ship(world, *answers: str, **release: object) -> None:
    """Apply one revision for each answer."""
    for text in answers:
        world.code(text)
        world.declare(world.release(function={"description": text}, **release))
        assert world.apply().status == "applied"


def version(world, number: str):
    """What the simulator keeps of a version, without a call."""
    region = world.sandbox.simulator._region(DEFAULT_ACCOUNT, DEFAULT_REGION)
    return region.functions[world.name("checkout")].versions[number]


def state(world, number: str) -> str:
    return world.aws("GetFunctionConfiguration", Qualifier=number)["State"]


def served(world, alias: str = "live") -> str:
    return world.aws("GetAlias", Name=alias)["FunctionVersion"]


def let_idle(world, number: str) -> None:
    world.sandbox.simulator.let_idle(world.name("checkout"), number)


def applied(world, plan) -> Counter:
    """Apply a plan and return the calls it made."""
    before = Counter(world.clients.calls())
    assert world.apply(plan).status == "applied"
    return Counter(world.clients.calls()) - before


@pytest.fixture
def two(world):
    """Version 2 serves, and version 1 is idle."""
    ship(world, "one", "two")
    let_idle(world, "1")
    return world


def assert_woken(world, plan) -> None:
    [release] = plan.releases
    first = release.steps[0]
    assert (first.kind, first.version, first.asleep, first.phase) == (
        "wake_version",
        "1",
        True,
        "prepare",
    )
    calls = applied(world, plan)
    assert calls["Invoke"] == release.calls.elsewhere == 1
    assert sum(calls.values()) - calls["GetFunction"] - 1 == release.calls.other
    assert state(world, "1") == "Active"
    ended = [event.step for event in world.events if event.type == "step_done"]
    assert ended.index("wake_version") < max(
        number for number, step in enumerate(ended) if step.endswith("_alias")
    )
    assert world.drift().findings == ()


def test_a_revert_wakes_the_version_before_the_alias_moves(two) -> None:
    plan = two.revert("1")
    assert kinds(plan)[:2] == ["wake_version", "update_alias"]
    assert_woken(two, plan)
    assert served(two) == "1"


def test_rolling_forward_to_a_version_that_exists_wakes_it(two) -> None:
    two.code("one")
    two.declare(two.release(function={"description": "one"}))
    plan = two.plan()
    assert plan.releases[0].version == "1"
    assert_woken(two, plan)
    assert served(two) == "1"
    assert two.plan().is_empty


PINNED = AliasConfig(description="production traffic", function_version="1")
WEIGHED = AliasConfig(description="production traffic", routing={"1": Decimal("0.1")})


@pytest.mark.parametrize(
    "aliases",
    [
        pytest.param({"live": BoundAlias(PINNED)}, id="pinned"),
        pytest.param({"live": BoundAlias(WEIGHED)}, id="weighted"),
        pytest.param(
            {
                "live": BoundAlias(AliasConfig(description="production traffic")),
                "new": BoundAlias(PINNED),
            },
            id="new",
        ),
    ],
)
def test_what_the_files_point_at_is_woken(two, aliases) -> None:
    two.declare(two.release(function={"description": "two"}, aliases=aliases))
    assert_woken(two, two.plan())
    assert two.plan().is_empty


def test_a_version_that_another_alias_points_at_is_looked_at_too(world) -> None:
    both = {"live": BoundAlias(AliasConfig(description="production traffic"))}
    ship(world, "one", aliases={**both, "old": BoundAlias(PINNED)})
    ship(world, "two", aliases={**both, "old": BoundAlias(PINNED)})
    let_idle(world, "1")
    assert_woken(world, world.revert("1"))
    assert served(world) == "1"


def test_an_alias_that_stays_where_it_is_wakes_nothing(world) -> None:
    ship(world, "one")
    let_idle(world, "1")
    assert world.plan().is_empty
    aliases = {"live": BoundAlias(AliasConfig(description="other"))}
    world.declare(world.release(function={"description": "one"}, aliases=aliases))
    plan = world.plan()
    assert kinds(plan) == ["update_alias"]
    assert applied(world, plan)["Invoke"] == 0
    assert state(world, "1") == "Inactive"


def test_what_is_awake_by_then_is_not_invoked(two) -> None:
    plan = two.revert("1")
    version(two, "1").state = "Active"
    assert applied(two, plan)["Invoke"] == 0
    assert served(two) == "1"


@pytest.mark.parametrize("asleep", [True, False])
def test_a_plan_that_asked_nobody_lets_apply_look(two, asleep) -> None:
    if not asleep:
        version(two, "1").state = "Active"
    two.code("one")
    two.declare(two.release(function={"description": "one"}))
    before = Counter(two.clients.calls())
    plan = two.plan(refresh="none")
    assert Counter(two.clients.calls()) == before
    assert [step.asleep for step in plan.releases[0].steps[:1]] == [False]
    assert applied(two, plan)["Invoke"] == asleep
    assert (served(two), state(two, "1")) == ("1", "Active")


def test_what_aws_cannot_wake_stops_the_release_before_anything_moves(two) -> None:
    plan = two.revert("1")
    two.fail("Invoke", kind="failed-transition", code="SubnetOutOfIPAddresses", message="No room.")
    result = two.apply(plan)
    assert result.status == "failed"
    [failure] = result.failures
    assert "version 1 of" in failure.detail
    assert "SubnetOutOfIPAddresses: No room. Use subnets with free addresses" in failure.detail
    assert (served(two), state(two, "1")) == ("2", "Inactive")
    assert two.drift().findings == ()
    assert_woken(two, two.revert("1"))


@pytest.mark.parametrize("kind", ["error-before", "error-after-effect", "lost-answer"])
def test_an_invocation_whose_outcome_is_unknown_is_looked_at(two, kind) -> None:
    plan = two.revert("1")
    two.fail("Invoke", kind=kind)
    assert applied(two, plan)["Invoke"] <= 2
    assert (served(two), state(two, "1")) == ("1", "Active")


def test_without_the_right_to_invoke_the_permission_is_named(two) -> None:
    plan = two.revert("1")
    two.sandbox.simulator.conditions.deny("lambda:InvokeFunction")
    result = two.apply(plan)
    two.sandbox.simulator.conditions.clear()
    assert result.status == "failed"
    assert "lambda:InvokeFunction" in result.failures[0].summary
    assert served(two) == "2"


def test_a_version_that_vanished_meanwhile_stops_it(two) -> None:
    plan = two.revert("1")
    two.aws("DeleteFunction", Qualifier="1")
    result = two.apply(plan)
    assert result.status == "failed"
    assert result.failures[0].summary == "A version is gone"
    assert served(two) == "2"


def test_a_failed_version_is_not_used_because_another_alias_points_at_it(world) -> None:
    both = {"live": BoundAlias(AliasConfig(description="production traffic"))}
    both["old"] = BoundAlias(PINNED)
    ship(world, "one", "two", aliases=both)
    version(world, "1").state = "Failed"
    world.code("one")
    world.declare(world.release(function={"description": "one"}, aliases=both))
    plan = world.plan()
    assert plan.releases[0].publishes
    assert world.apply(plan).status == "applied"
    assert served(world) == "3"
    assert world.plan().is_empty


@pytest.mark.parametrize("what", ["revert", "files"])
def test_a_failed_version_is_published_anew(two, what) -> None:
    version(two, "1").state = "Failed"
    two.code("one")
    two.declare(two.release(function={"description": "one"}))
    plan = two.revert("1") if what == "revert" else two.plan()
    assert plan.releases[0].publishes
    assert "wake_version" not in kinds(plan)
    assert applied(two, plan)["Invoke"] == 0
    assert served(two) == "3"
    assert two.drift().findings == ()
    assert two.plan().is_empty
