"""``--refresh fast``: whole regions at a glance, a closer look only where something moved."""

from __future__ import annotations

import io
import time
import zipfile
from collections import Counter
from dataclasses import replace

import pytest

from declarative.aws.retries import Pacing
from declarative.aws.session import AwsCloud
from declarative.sandbox.clock import SimulatedClock
from declarative.sandbox.server import Sandbox
from declarative.sandbox.traffic import Quotas

NAMES = ("one", "two", "three")


@pytest.fixture
def three(world):
    world.declare(*(world.release(name) for name in NAMES))
    world.apply()
    return world


def a_package() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "def handler(event, context):\n    return 'other'\n")
    return packed.getvalue()


def looked_at(world, **selection) -> tuple[object, Counter]:
    """Return a plan, and how often AWS was asked what for it."""
    before = Counter(world.clients.calls())
    plan = world.plan(**selection)
    return plan, Counter(world.clients.calls()) - before


def test_what_did_not_move_is_taken_from_state_and_the_plan_says_so(three) -> None:
    plan, calls = looked_at(three, refresh="fast")
    assert plan.is_empty
    assert calls["GetFunction"] == calls["ListAliases"] == 0
    assert calls["ListFunctions"] >= 1
    assert calls["GetResources"] >= 1
    [said] = plan.diagnostics
    assert said.summary == "3 releases are taken from state"
    assert "does not see aliases" in said.detail


@pytest.mark.parametrize("moved", ["code", "configuration", "tags", "gone"])
def test_what_moved_is_looked_at_closely(three, moved) -> None:
    world = three
    if moved == "code":
        world.aws("UpdateFunctionCode", "two", ZipFile=a_package())
    elif moved == "configuration":
        world.aws("UpdateFunctionConfiguration", "two", MemorySize=1024)
    elif moved == "tags":
        arn = world.record("two").function.arn
        world.sandbox.simulator.call("TagResource", Resource=arn, Tags={"Team": "other"})
    else:
        world.aws("DeleteFunction", "two")
    time.sleep(0.2)  # until the update is over
    plan, calls = looked_at(world, refresh="fast")
    assert calls["GetFunction"] >= 1
    assert calls["ListAliases"] <= 1
    full = world.plan()
    assert [one.address for one in plan.releases] == [one.address for one in full.releases]
    assert [one.steps for one in plan.releases] == [one.steps for one in full.releases]


def test_what_the_files_change_is_planned_and_applied(three) -> None:
    world = three
    one, *others = world.releases
    world.declare(replace(one, function={**one.function, "memory_size": 512}), *others)
    plan, calls = looked_at(world, refresh="fast")
    assert calls["GetFunction"] == 0
    assert [release.address for release in plan.releases] == [one.address]
    assert world.apply(plan).status == "applied"
    assert world.plan().is_empty


def test_what_was_not_seen_stops_the_apply(three) -> None:
    world = three
    one, *others = world.releases
    world.aws("UpdateAlias", "one", Name="live", FunctionVersion="1", Description="by hand")
    world.declare(replace(one, function={**one.function, "memory_size": 512}), *others)
    plan, _ = looked_at(world, refresh="fast")
    with pytest.raises(Exception, match="not as it was when the plan was made"):
        world.apply(plan)


@pytest.mark.parametrize("denied", ["lambda:ListFunctions", "tag:GetResources"])
def test_a_list_that_is_withheld_means_a_closer_look(three, denied) -> None:
    world = three
    world.sandbox.simulator.conditions.deny(denied)
    try:
        plan, calls = looked_at(world, refresh="fast")
    finally:
        world.sandbox.simulator.conditions.clear()
    assert plan.is_empty
    assert calls["GetFunction"] == len(NAMES)
    assert any(denied in one.detail for one in plan.diagnostics)


SIZES = [pytest.param(60), pytest.param(1000, marks=pytest.mark.slow)]


@pytest.mark.parametrize("count", SIZES)
def test_the_budgets_of_a_plan_with_nothing_to_do(world, monkeypatch, count) -> None:
    """Calls and simulated seconds under AWS's quotas, as the design promises them."""
    clock = SimulatedClock()
    with Sandbox(clock=clock, pending_seconds=0, update_seconds=0, in_process=True) as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        world.sandbox = sandbox
        world.clients = AwsCloud(pacing=Pacing(sleep=clock.sleep, monotonic=clock.monotonic))
        world.declare(*(world.release(f"n{number}") for number in range(count)))
        assert world.apply().status == "applied"

        sandbox.simulator.quotas = Quotas()
        pacing = Pacing(sleep=clock.sleep, monotonic=clock.monotonic)
        world.clients = AwsCloud(pacing=pacing, keep_quotas=True)
        world.clients.account_id(world.releases[0].connector)
        clock.advance(60)
        sandbox.simulator.calls.reset()
        began = clock.monotonic()
        assert world.plan().is_empty
        full = clock.monotonic() - began
        groups = sandbox.simulator.calls.groups
        assert groups["get_function"] == count
        assert groups["other"] == count
        share, rate = 0.8, 15
        floor = (count - rate * share) / (rate * share)  # the bucket is full in the beginning
        assert full <= 1.1 * floor + 1

        clock.advance(60)
        sandbox.simulator.calls.reset()
        began = clock.monotonic()
        assert world.plan(refresh="fast").is_empty
        assert clock.monotonic() - began <= 20
        assert sandbox.simulator.calls.groups["get_function"] == 0
        assert sandbox.simulator.calls.groups["other"] <= count // 50 + 1
