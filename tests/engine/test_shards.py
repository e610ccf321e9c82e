"""One plan divided among several runs: every release once, what belongs together in one run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.engine.apply import apply_plan
from declarative.engine.shards import Shard, shard_of
from declarative.errors import StalePlanError
from declarative.model.plan import (
    BackendAddress,
    Base,
    Bound,
    Plan,
    PlannedOutput,
    PlannedRelease,
    Selection,
    Summary,
)


def planned(name: str, depends_on: tuple[str, ...] = (), infrastructure: str = "i", **more):
    return PlannedRelease(
        address=f"release.{name}",
        service="s",
        infrastructure=infrastructure,
        environment="dev",
        account_id="123456789012",
        region="us-east-1",
        function_name=name,
        artifact={},
        bound=Bound(object=None, connector="connector.aws.main", refreshed=True),
        depends_on=tuple(f"release.{one}" for one in depends_on),
        **more,
    )


def plan_of(*releases: PlannedRelease) -> Plan:
    return Plan(
        created_at="2026-01-01T00:00:00Z",
        tool_version="0",
        project="p",
        base=Base(revision=0, id=None),
        config_digest="",
        selection=Selection(),
        backend=BackendAddress(kind="memory"),
        connectors={},
        releases=releases,
        changes=(),
        summary=Summary(),
    ).sealed()


def names(plan: Plan) -> set[str]:
    return {release.function_name for release in plan.releases}


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    count = draw(st.integers(0, 12))
    edges = draw(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=10))
    stands = draw(st.lists(st.sampled_from("abc"), min_size=count, max_size=count))
    closed = draw(st.sets(st.sampled_from("abc")))
    releases = [
        planned(
            f"r{number:02}",
            tuple(f"r{to:02}" for one, to in edges if one == number and to != number),
            stands[number],
            exclusive=stands[number] in closed,
        )
        for number in range(count)
    ]
    return plan_of(*releases)


@given(plan=plans(), count=st.integers(1, 6))
def test_every_release_is_in_one_shard_with_all_it_is_tied_to(plan: Plan, count: int) -> None:
    shards = [shard_of(plan, Shard(index, count)) for index in range(1, count + 1)]
    found = [name for shard in shards for name in names(shard)]
    assert sorted(found) == sorted(names(plan))
    assert {shard.plan_id for shard in shards} == {plan.plan_id}
    by_name = {release.address: release for release in plan.releases}
    for shard in shards:
        mine = {release.address for release in shard.releases}
        for address in mine:
            known = set(by_name[address].depends_on) & by_name.keys()
            assert known <= mine
        exclusive = {one.infrastructure for one in shard.releases if one.exclusive}
        for release in plan.releases:
            if release.exclusive and release.infrastructure in exclusive:
                assert release.address in mine


@given(plan=plans(), count=st.integers(1, 6))
def test_independent_releases_are_divided_evenly(plan: Plan, count: int) -> None:
    free = plan_of(*(replace_free(release) for release in plan.releases))
    sizes = [len(shard_of(free, Shard(one, count)).releases) for one in range(1, count + 1)]
    assert max(sizes) - min(sizes) <= 1


def replace_free(release: PlannedRelease) -> PlannedRelease:
    return release.model_copy(update={"depends_on": (), "exclusive": False})


def test_a_plan_of_outputs_alone_is_the_first_shards() -> None:
    plan = plan_of().model_copy(
        update={"outputs": {"x": PlannedOutput(value=1)}, "output_changes": ("x",)}
    )
    assert not shard_of(plan, Shard(1, 2)).is_empty
    assert shard_of(plan, Shard(2, 2)).is_empty


def test_shards_make_of_aws_and_state_what_the_whole_plan_would(world) -> None:
    one, two, three = (world.release(name) for name in ("one", "two", "three"))
    world.declare(one, replace(two, depends_on=("release.one",)), three)
    plan = world.plan()
    parts = [shard_of(plan, Shard(index, 3)) for index in (1, 2, 3)]
    assert [len(part.releases) for part in parts] == [2, 1, 0]
    assert [part.summary.add for part in parts] == [6, 3, 0]
    assert parts[2].is_empty
    for part in parts[:2]:
        assert apply_plan(part, world.writing()).status == "applied"
    assert world.plan().is_empty
    assert world.drift().findings == ()
    for part in parts[:2]:
        with pytest.raises(StalePlanError, match="applied already"):
            apply_plan(part, world.writing())
