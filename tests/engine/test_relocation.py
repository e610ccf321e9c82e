"""`moved` and `removed` blocks: state follows the files, and AWS stays as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from declarative.engine.planner import make_plan
from declarative.engine.shards import Shard, shard_of
from declarative.engine.undoing import undo
from declarative.errors import ConfigurationError, LamformError, RefusedError, StalePlanError
from declarative.model.address import Address
from declarative.model.bound import Relocation
from declarative.model.plan import Plan, PlannedOutput
from declarative.model.values import Pending


def moved(source: str, target: str) -> Relocation:
    return Relocation(Address.parse(f"release.{source}"), Address.parse(f"release.{target}"))


def removed(source: str, *, destroy: bool = True) -> Relocation:
    return Relocation(Address.parse(f"release.{source}"), None, destroy)


def plan(world, *told: Relocation, **selection: object) -> Plan:
    request = replace(world.request(**selection), relocations=told)
    return make_plan(request, world.reading())


def named(world, address: str, short: str = "checkout", **changes: object):
    return replace(world.release(short, **changes), address=f"release.{address}")


@pytest.fixture
def shipped(world):
    world.declare(world.release())
    world.apply()
    return world


def writes(world) -> dict[str, int]:
    made = world.sandbox.simulator.calls.operations
    return {name: made[name] for name in made if not name.startswith(("Get", "List"))}


def test_a_moved_release_keeps_its_function_and_gets_its_name(shipped) -> None:
    shipped.declare(named(shipped, 'shop["eu"]'))
    before = writes(shipped)
    made = plan(shipped, moved("checkout", 'shop["eu"]'))
    assert made.changes == ()
    assert not made.is_empty
    assert [(one.origin, one.to) for one in made.edits.moves] == [
        ("release.checkout", 'release.shop["eu"]')
    ]
    result = shipped.apply(made)
    assert writes(shipped) == before
    assert set(shipped.state.resources()) == {'release.shop["eu"]'}
    head = shipped.state.head()
    assert (result.revision, head.status) == (head, "edited")
    assert head.message == 'moved release.checkout release.shop["eu"]'
    assert plan(shipped, moved("checkout", 'shop["eu"]')).is_empty
    assert shipped.drift().findings == ()


def test_without_a_moved_block_two_names_claim_one_function(shipped) -> None:
    shipped.declare(named(shipped, "shop"))
    with pytest.raises(ConfigurationError) as caught:
        shipped.plan()
    [problem] = caught.value.diagnostics
    assert "moved { from = release.checkout, to = release.shop }" in problem.detail


def test_a_move_and_a_change_are_one_plan_and_two_revisions(shipped) -> None:
    shipped.declare(named(shipped, "shop", function={"timeout": 9}))
    made = plan(shipped, moved("checkout", "shop"))
    assert {one.address for one in made.changes} == {
        "release.shop.function",
        "release.shop.alias.live",
    }
    result = shipped.apply(made)
    assert result.status == "applied"
    assert [one.status for one in shipped.state.revisions()] == ["applied", "edited", "applied"]
    assert shipped.record("shop").desired.function["timeout"] == 9
    with pytest.raises(StalePlanError):
        shipped.apply(made)


def test_a_saved_plan_of_moves_alone_is_used_once(shipped) -> None:
    shipped.declare(named(shipped, "shop"))
    made = Plan.model_validate_json(plan(shipped, moved("checkout", "shop")).to_bytes())
    assert made.plan_id == made.identify()
    shipped.apply(made)
    with pytest.raises(StalePlanError, match="applied already"):
        shipped.apply(made)


def test_a_move_whose_release_was_applied_meanwhile_is_refused(shipped) -> None:
    shipped.declare(named(shipped, "shop"))
    made = plan(shipped, moved("checkout", "shop"))
    shipped.declare(shipped.release(function={"timeout": 9}))
    shipped.apply()
    with pytest.raises(StalePlanError, match=r"release\.checkout"):
        shipped.apply(made)
    assert set(shipped.state.resources()) == {"release.checkout"}


def test_all_instances_keep_their_keys(world) -> None:
    keys = ("eu", "us")
    world.declare(*(named(world, f'old["{key}"]', key) for key in keys))
    world.apply()
    world.declare(*(named(world, f'new["{key}"]', key) for key in keys))
    made = plan(world, moved("old", "new"))
    assert made.changes == ()
    world.apply(made)
    assert set(world.state.resources()) == {'release.new["eu"]', 'release.new["us"]'}


def test_several_cannot_become_one(world) -> None:
    world.declare(named(world, 'old["eu"]'))
    world.apply()
    world.declare(named(world, 'new["eu"]'))
    with pytest.raises(ConfigurationError, match="cannot become one"):
        plan(world, moved("old", 'new["eu"]'))


def test_moves_one_after_another_lead_to_the_last(shipped) -> None:
    shipped.declare(named(shipped, "third"))
    told = (moved("checkout", "second"), moved("second", "third"))
    assert plan(shipped, *told).edits.moves[0].to == "release.third"


def test_each_of_a_chain_of_releases_takes_the_next_place(world) -> None:
    world.declare(named(world, "first", "one"), named(world, "second", "two"))
    world.apply()
    world.declare(named(world, "second", "one"), named(world, "third", "two"))
    made = plan(world, moved("first", "second"), moved("second", "third"))
    assert made.changes == ()
    world.apply(made)
    names = {
        address: world.record(address.removeprefix("release.")).desired.function_name
        for address in world.state.resources()
    }
    assert names == {"release.second": world.name("one"), "release.third": world.name("two")}


def test_two_records_never_get_one_address(world) -> None:
    world.declare(named(world, "one", "a"), named(world, "two", "b"))
    world.apply()
    world.declare(named(world, "two", "b"))
    with pytest.raises(ConfigurationError, match="state has both"):
        plan(world, moved("one", "two"))


def test_what_reads_on_a_moved_release_follows(world) -> None:
    def reader(first: str):
        variables = {"VERSION": Pending(f"release.{first}.function.version")}
        return world.release(
            "reader",
            function={"environment": {"variables": variables}},
            depends_on=(f"release.{first}",),
        )

    world.outputs = {"secret": PlannedOutput(sensitive=True, residual="[release.checkout.name]")}
    world.declare(world.release(), reader("checkout"))
    world.apply()
    world.outputs = {"secret": PlannedOutput(sensitive=True, residual="[release.shop.name]")}
    world.declare(named(world, "shop"), reader("shop"))
    made = plan(world, moved("checkout", "shop"))
    assert made.changes == ()
    assert set(made.edits.touches) == {"release.checkout", "release.shop", "release.reader"}
    world.apply(made)
    assert world.record("reader").desired.depends_on == ("release.shop",)
    assert plan(world).is_empty


def test_what_is_not_selected_waits_and_is_not_deleted(world) -> None:
    world.declare(world.release(), world.release("other"))
    world.apply()
    world.declare(named(world, "shop"), world.release("other"))
    only = replace(
        world.request(only=("release.other",)),
        releases=(world.releases[1],),
        relocations=(moved("checkout", "shop"),),
    )
    assert make_plan(only, world.reading()).is_empty
    without = replace(
        world.request(exclude=("release.shop",)),
        releases=(world.releases[1],),
        relocations=(moved("checkout", "shop"),),
    )
    assert make_plan(without, world.reading()).is_empty


def test_moves_are_not_divided_among_shards(shipped) -> None:
    shipped.declare(named(shipped, "shop"))
    with pytest.raises(LamformError, match="cannot be divided"):
        shard_of(plan(shipped, moved("checkout", "shop")), Shard(1, 2))


def test_a_move_can_be_taken_back(shipped) -> None:
    shipped.declare(named(shipped, "shop"))
    shipped.apply(plan(shipped, moved("checkout", "shop")))
    undo(None, shipped.writing())
    assert set(shipped.state.resources()) == {"release.checkout"}


def test_a_removed_release_is_forgotten_where_nothing_is_destroyed(shipped) -> None:
    shipped.declare()
    before = writes(shipped)
    made = plan(shipped, removed("checkout", destroy=False))
    assert made.changes == ()
    assert made.edits.forgets == ("release.checkout",)
    shipped.apply(made)
    assert writes(shipped) == before
    assert shipped.state.resources() == {}
    assert shipped.state.head().message == "removed release.checkout"
    assert shipped.aws("GetFunction")
    assert plan(shipped, removed("checkout", destroy=False)).is_empty


@pytest.fixture
def protected(world):
    world.declare(world.release(prevent_destroy=True))
    world.apply()
    world.declare()
    return world


def test_a_protected_release_that_is_gone_from_the_files_is_refused(protected) -> None:
    made = protected.plan()
    [refusal] = made.blocked_by
    assert "removed { from = release.checkout }" in refusal
    with pytest.raises(RefusedError):
        protected.apply(made)
    assert protected.aws("GetFunction")


def test_a_removed_block_deletes_even_what_is_protected(protected) -> None:
    made = plan(protected, removed("checkout"))
    assert made.blocked_by == ()
    assert protected.apply(made).status == "applied"
    assert protected.state.resources() == {}


def test_removing_says_nothing_of_a_release_that_was_never_there(world) -> None:
    world.declare(world.release())
    world.apply()
    assert plan(world, removed("nothing", destroy=False), moved("never", "checkout")).is_empty
