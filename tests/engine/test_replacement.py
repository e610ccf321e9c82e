"""A function that no call can make what the files want: deleted and created under its own name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from declarative.errors import RefusedError
from declarative.model.bound import BoundAlias
from declarative.model.plan import Action
from declarative.model.steps import Phase
from declarative.sandbox.world import DEFAULT_ACCOUNT, DEFAULT_REGION

TENANCY = {"tenancy_config": {"tenant_isolation_mode": "PER_TENANT"}}


def declared(world, *, tenancy: bool, **changes):
    return world.release(function=TENANCY if tenancy else {}, **changes)


def actions(plan) -> dict[str, Action]:
    return {one.address.removeprefix("release.checkout."): one.action for one in plan.changes}


@pytest.fixture
def applied(world):
    world.declare(declared(world, tenancy=False))
    world.apply()
    world.code("two")
    world.apply()
    return world


def test_it_is_deleted_and_created_in_finish_and_the_plan_says_so(applied) -> None:
    world = applied
    world.declare(declared(world, tenancy=True))
    plan = world.plan()
    assert actions(plan) == {"function": "replace", "alias.live": "replace"}
    assert "tenancy_config" in plan.changes[0].reason
    assert "callers fail meanwhile" in plan.changes[0].reason
    assert (plan.summary.add, plan.summary.destroy) == (2, 2)
    [release] = plan.releases
    assert [step.kind for step in release.steps] == [
        "delete_function",
        "create_function",
        "create_alias",
    ]
    assert {step.phase for step in release.steps} == {Phase.FINISH}
    assert world.apply(plan).status == "applied"
    assert world.plan().is_empty
    assert world.drift().findings == ()
    found = world.aws("GetFunction")["Configuration"]
    assert found["TenancyConfig"] == {"TenantIsolationMode": "PER_TENANT"}
    record = world.record()
    assert [one.version for one in record.versions] == [record.aliases["live"].function_version]
    assert record.tags["Team"] == "payments"


def test_aliases_that_are_no_longer_declared_go_with_it(applied) -> None:
    world = applied
    live = {"live": BoundAlias(), "beta": BoundAlias()}
    world.declare(declared(world, tenancy=False, aliases=live))
    world.apply()
    world.declare(declared(world, tenancy=True, aliases={"live": BoundAlias()}))
    plan = world.plan()
    assert actions(plan)["alias.beta"] == "delete"
    assert world.apply(plan).status == "applied"
    assert world.plan().is_empty
    assert set(world.record().aliases) == {"live"}


def test_going_back_replaces_it_again(applied) -> None:
    world = applied
    world.declare(declared(world, tenancy=True))
    world.apply()
    plan = world.revert("2")
    assert actions(plan)["function"] == "replace"
    assert world.apply(plan).status == "applied"
    assert "TenancyConfig" not in world.aws("GetFunction")["Configuration"]
    assert {change.action for change in world.plan().changes} == {"held"}


def test_what_is_protected_is_not_replaced(world) -> None:
    world.declare(declared(world, tenancy=False, prevent_destroy=True))
    world.apply()
    world.declare(declared(world, tenancy=True, prevent_destroy=True))
    plan = world.plan()
    assert "prevent_destroy" in plan.blocked_by[0]
    with pytest.raises(RefusedError):
        world.apply(plan)


def test_a_function_that_is_not_ours_is_not_deleted_to_be_adopted(applied) -> None:
    world = applied
    world.state.create()
    kept = world.state._store.projects.pop(world.project)
    world.declare(declared(world, tenancy=True))
    [reason] = world.plan().blocked_by
    assert "adopting it would delete it" in reason
    world.state._store.projects[world.project] = kept


@pytest.mark.parametrize("operation", ["DeleteFunction", "CreateFunction", "CreateAlias"])
@pytest.mark.parametrize("kind", ["error-before", "lost-answer"])
def test_cut_off_anywhere_it_gets_there(applied, operation, kind) -> None:
    world = applied
    world.declare(declared(world, tenancy=True))
    plan = world.plan()
    world.fail(operation, 1, kind)
    world.apply(plan)
    world.sandbox.simulator.faults.clear()
    assert world.drift().findings == ()
    if not world.plan().is_empty:
        assert world.apply().status == "applied"
    assert world.plan().is_empty
    found = world.aws("GetFunction")["Configuration"]
    assert found["TenancyConfig"] == {"TenantIsolationMode": "PER_TENANT"}


def test_what_is_declared_anew_beside_it_is_made_with_it(applied) -> None:
    world = applied
    world.declare(replace(declared(world, tenancy=True), tags={"Cost": "7"}))
    assert world.apply().status == "applied"
    assert world.record().tags["Cost"] == "7"
    assert world.plan().is_empty


# What AWS accepted and could not bring about


FAILED = {"kind": "failed-transition", "code": "InvalidSubnet", "message": "No such subnet."}


def test_a_function_whose_creation_failed_is_made_anew(world) -> None:
    world.declare(world.release())
    world.fail("CreateFunction", 1, **FAILED)
    assert world.apply().status == "failed"
    plan = world.plan()
    [function, _alias] = plan.changes
    assert function.action == "replace"
    assert function.reason.startswith(
        "its creation failed (InvalidSubnet: No such subnet.) and it never had a version: it is "
        "deleted and created anew"
    )
    assert [(str(step.phase), step.kind) for step in plan.releases[0].steps] == [
        ("prepare", "delete_function"),
        ("prepare", "create_function"),
        ("prepare", "create_alias"),
    ]
    assert plan.blocked_by == ()
    assert world.apply(plan).status == "applied"
    assert world.plan().is_empty


def test_one_that_is_protected_is_not(world) -> None:
    world.declare(world.release(prevent_destroy=True))
    world.fail("CreateFunction", 1, **FAILED)
    world.apply()
    assert "prevent_destroy" in world.plan().blocked_by[0]


def test_an_update_that_failed_is_made_again_and_nothing_is_deleted(applied) -> None:
    world = applied
    [release] = world.releases
    world.declare(replace(release, function={**release.function, "memory_size": 1024}))
    world.fail("UpdateFunctionConfiguration", 1, **FAILED)
    assert world.apply().status == "failed"
    plan = world.plan()
    function = next(one for one in plan.changes if one.kind == "function")
    assert function.action == "update"
    assert function.reason == (
        "the last update failed (InvalidSubnet: No such subnet.): its code is sent again"
    )
    assert "delete_function" not in {step.kind for step in plan.releases[0].steps}
    assert "publish_checkpoint" not in {step.kind for step in plan.releases[0].steps}
    assert world.apply(plan).status == "applied"
    assert world.plan().is_empty
    assert world.aws("GetFunction", Qualifier="live")["Configuration"]["MemorySize"] == 1024


def test_a_version_that_fails_at_once_makes_way_for_one_with_the_same_content(applied) -> None:
    world = applied
    world.code("three")
    world.fail("UpdateFunctionCode", 1, **FAILED)
    assert world.apply().status == "failed"
    versions = [one["Version"] for one in world.aws("ListVersionsByFunction")["Versions"]]
    assert versions == ["$LATEST", "1", "2"]
    assert world.apply().status == "applied"
    assert world.aws("GetAlias", Name="live")["FunctionVersion"] == "4"
    assert world.plan().is_empty


def functions(world):
    """The functions of the simulator themselves."""
    return world.sandbox.simulator._region(DEFAULT_ACCOUNT, DEFAULT_REGION).functions


def test_a_version_that_failed_earlier_is_left_alone(applied) -> None:
    world = applied
    world.aws("DeleteAlias", Name="live")
    functions(world)[world.name("checkout")].versions["2"].state = "Failed"
    result = world.apply()
    assert result.status == "failed"
    assert "--qualifier 2" in result.failures[0].detail
    versions = [one["Version"] for one in world.aws("ListVersionsByFunction")["Versions"]]
    assert versions == ["$LATEST", "1", "2"]


def test_an_adopted_function_that_fails_is_never_made_anew(applied) -> None:
    world = applied
    world.aws("DeleteAlias", Name="live")
    world.state._store.projects.pop(world.project)
    world.code("three")
    world.fail("PublishVersion", 1, code="AccessDeniedException", status=403)
    assert world.apply().status == "failed"  # it was to be adopted
    world.sandbox.simulator.faults.clear()
    assert not world.record().created
    assert world.record().versions == ()
    functions(world)[world.name("checkout")].latest.state = "Failed"
    plan = world.plan()
    assert "delete_function" not in {step.kind for one in plan.releases for step in one.steps}
