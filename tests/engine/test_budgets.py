"""What an apply costs AWS, in calls; polls are free."""

from __future__ import annotations

from collections import Counter

import pytest


@pytest.fixture
def applied(world):
    world.declare(world.release())
    world.apply()
    return world


def cost_of(world, plan) -> Counter:
    """Apply a plan and return the calls it made, without those of ``GetFunction``."""
    before = Counter(world.clients.calls())
    assert world.apply(plan).status == "applied"
    made = Counter(world.clients.calls()) - before
    del made["GetFunction"]
    return made


def test_a_code_deploy_is_one_upload_one_move_and_one_look(applied) -> None:
    applied.code("two")
    assert cost_of(applied, applied.plan()) == {
        "ListAliases": 1,
        "UpdateFunctionCode": 1,
        "UpdateAlias": 1,
    }


def test_a_tag_is_one_call_and_one_look(applied) -> None:
    applied.declare(applied.release(tags={"Team": "payments", "Cost": "7"}))
    assert cost_of(applied, applied.plan()) == {"ListAliases": 1, "TagResource": 1}


def test_a_tag_that_comes_and_one_that_goes_are_two(applied) -> None:
    applied.declare(applied.release(tags={"Cost": "7"}))
    cost = cost_of(applied, applied.plan())
    assert cost == {"ListAliases": 1, "TagResource": 1, "UntagResource": 1}


def test_nothing_to_do_is_nothing_written(applied) -> None:
    plan = applied.plan()
    assert plan.is_empty
    head = applied.state.head()
    assert cost_of(applied, plan) == {}
    assert applied.state.head() == head


def test_what_the_plan_announces_is_what_apply_does(applied) -> None:
    applied.code("two")
    applied.declare(applied.release(function={"memory_size": 512}, tags={"Cost": "7"}))
    plan = applied.plan()
    [release] = plan.releases
    assert sum(cost_of(applied, plan).values()) == release.calls.other
