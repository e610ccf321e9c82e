"""What old revisions go, and which stay because something in use needs them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from backends.base import EVERYTHING, LeaseHeldError
from backends.testing.case import a_request, a_run
from declarative.engine.pruning import Cut, Need, find_cut, prune
from declarative.engine.verification import verify
from declarative.errors import LamformError

if TYPE_CHECKING:
    from tests.engine.conftest import World


def applied(world: World, count: int) -> None:
    for number in range(count):
        world.code(f"{number}")
        world.declare(world.release())
        assert world.apply().status == "applied"


def numbers(world: World) -> list[int]:
    return [one.number for one in world.state.revisions()]


def test_the_last_revisions_are_kept(world: World) -> None:
    applied(world, 3)
    cut = find_cut(world.state, 2)
    assert cut == Cut(begins=1, last=1)
    assert (cut.revisions, cut.oldest) == (1, 2)
    done = prune(world.state, world.runner, 2, agreed=cut)
    assert done.cut == cut
    assert done.objects >= 1
    assert numbers(world) == [3, 2]
    assert world.state.leases() == ()
    assert verify(world.state).damage == ()
    applied(world, 1)
    assert numbers(world) == [4, 3, 2]
    assert find_cut(world.state, 3) == Cut(begins=2, last=1)


def test_no_state_and_no_history_have_nothing_to_forget(world: World) -> None:
    cut = find_cut(world.state, 1)
    assert (cut.revisions, cut.oldest) == (0, None)
    world.state.create()
    world.state.put([b"loose"])
    assert prune(world.state, world.runner, 1, agreed=cut).objects == 1


def test_a_version_that_an_alias_still_serves_keeps_its_revision(world: World) -> None:
    applied(world, 2)
    world.code("new")
    world.fail("UpdateAlias")
    assert world.apply().status == "failed"
    other = world.release("other")
    world.declare(other)
    world.code("more")
    for memory in (256, 512, 1024):
        changed = world.release("other", function={"memory_size": memory})
        world.declare(world.releases[0], changed)
        plan = world.plan(only=("other",))
        assert world.apply(plan).status == "applied"
    record = world.record()
    served = record.aliases["live"].function_version
    assert (served, record.version) == ("2", "3")
    cut = find_cut(world.state, 1)
    assert cut.needs == (Need("release.checkout", "live", "2", 2),)
    assert (cut.last, cut.oldest) == (1, 2)
    done = prune(world.state, world.runner, 1, agreed=cut)
    assert numbers(world)[-1] == 2
    assert done.cut == cut


def test_no_more_goes_than_was_agreed(world: World) -> None:
    applied(world, 3)
    cut = find_cut(world.state, 2)
    applied(world, 2)
    assert prune(world.state, world.runner, 2, agreed=cut).cut.last == 1
    assert numbers(world) == [5, 4, 3, 2]


def test_a_run_at_work_is_not_disturbed(world: World) -> None:
    applied(world, 2)
    lease = world.state.acquire(a_request("live", "release.elsewhere"))
    with pytest.raises(LeaseHeldError):
        prune(world.state, world.runner, 1, agreed=find_cut(world.state, 1))
    assert numbers(world) == [2, 1]
    world.state.release(lease)
    whole = replace(a_request("gc"), exclusive=frozenset({EVERYTHING}))
    world.state.acquire(whole)
    world.code("other")
    with pytest.raises(LeaseHeldError, match="holds the whole state"):
        world.apply()


def test_a_run_that_was_cut_off_has_to_be_recovered_first(world: World) -> None:
    applied(world, 2)
    lease = world.state.acquire(a_request("dead"))
    world.state.begin_run(a_run("dead"), token=lease.token)
    world.state.release(lease)
    with pytest.raises(LamformError, match="lamform state recover"):
        prune(world.state, world.runner, 1, agreed=find_cut(world.state, 1))
    assert numbers(world) == [2, 1]
    assert world.state.leases() == ()
