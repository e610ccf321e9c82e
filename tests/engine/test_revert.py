"""Going back where something is in the way: versions gone, files changed, releases deleted."""

from __future__ import annotations

from decimal import Decimal

import pytest

from declarative.errors import LamformError, RefusedError
from declarative.model.bound import BoundAlias
from declarative.model.release_config import AliasConfig
from declarative.model.values import Sensitive


def steps(plan) -> list[str]:
    return [step.kind for release in plan.releases for step in release.steps]


def actions(plan) -> dict[str, str]:
    return {change.address: str(change.action) for change in plan.changes}


def answer(world, short: str = "checkout", alias: str = "live") -> str:
    """Return which code serves: the answer that stands in the file it was packed from."""
    version = world.aws("GetAlias", short, Name=alias)["FunctionVersion"]
    return world.codes[
        world.aws("GetFunctionConfiguration", short, Qualifier=version)["CodeSha256"]
    ]


def ship(world, *answers: str, **release: object) -> None:
    """Apply one revision for each answer."""
    for text in answers:
        world.code(text)
        world.declare(world.release(function={"description": text}, **release))
        assert world.apply().status == "applied"
        latest = world.aws("GetFunctionConfiguration")
        world.codes[latest["CodeSha256"]] = text


def test_a_version_that_is_gone_is_made_again_from_the_files(world) -> None:
    ship(world, "one", "two")
    world.aws("DeleteFunction", Qualifier="1")
    world.code("one")
    world.declare(world.release(function={"description": "one"}))
    plan = world.revert("1")
    assert not plan.has_errors
    assert plan.releases[0].publishes
    assert world.apply(plan).status == "applied"
    assert answer(world) == "one"
    assert world.aws("GetAlias", Name="live")["FunctionVersion"] == "3"
    assert world.drift().findings == ()
    assert world.plan().is_empty


def test_code_that_is_nowhere_any_more_is_said_beforehand(world) -> None:
    ship(world, "one", "two")
    world.aws("DeleteFunction", Qualifier="1")
    plan = world.revert("1")
    [problem] = plan.diagnostics
    assert problem.severity == "error"
    assert problem.address == "release.checkout"
    assert "Version 1" in problem.detail
    assert "other code now" in problem.detail
    assert "release.checkout" not in {release.address for release in plan.releases}


def secretive(secret: str) -> dict[str, object]:
    return {"environment": {"variables": {"KEY": Sensitive(secret, "var.key")}}}


def test_a_secret_whose_version_is_gone_comes_from_its_source(world) -> None:
    world.declare(world.release(function=secretive("first")))
    world.apply()
    world.code("two")
    world.declare(world.release(function=secretive("second")))
    world.apply()
    world.aws("DeleteFunction", Qualifier="1")
    world.code("one")
    world.declare(world.release(function=secretive("first")))
    plan = world.revert("1")
    assert not plan.has_errors
    assert b"first" not in plan.to_bytes()
    assert world.apply(plan).status == "applied"
    found = world.aws("GetFunctionConfiguration")
    assert found["Environment"]["Variables"] == {"KEY": "first"}


def test_a_secret_that_changed_since_and_whose_version_is_gone_stops_the_revert(world) -> None:
    world.declare(world.release(function=secretive("first")))
    world.apply()
    world.code("two")
    world.declare(world.release(function=secretive("second")))
    world.apply()
    world.aws("DeleteFunction", Qualifier="1")
    world.code("one")
    plan = world.revert("1")
    with pytest.raises(LamformError, match="another value"):
        world.apply(plan)
    found = world.aws("GetFunctionConfiguration")
    assert found["Environment"]["Variables"] == {"KEY": "second"}


def test_previous_never_toggles(world) -> None:
    ship(world, "one", "two", "three", "four")
    for expected in ("three", "two", "one"):
        world.apply(world.revert("previous"))
        assert answer(world) == expected
    with pytest.raises(LamformError, match="nothing to go back to"):
        world.revert("previous")


def test_a_revert_of_a_revert_by_number_goes_forward_again(world) -> None:
    ship(world, "one", "two")
    world.apply(world.revert("1"))
    plan = world.revert("2")
    assert not plan.releases[0].publishes
    world.apply(plan)
    assert answer(world) == "two"
    # The files want what is there again: nothing is held and nothing is to do.
    assert world.plan().changes == ()
    assert world.plan().is_empty


def test_previous_after_a_revert_that_failed_goes_to_the_same_place(world) -> None:
    ship(world, "one", "two", "three")
    plan = world.revert("previous")
    world.fail("UpdateAlias", code="AccessDeniedException", status=403)
    assert world.apply(plan).status == "failed"
    world.apply(world.revert("previous"))
    assert answer(world) == "two"


def test_releases_that_are_newer_than_the_target_stay(world) -> None:
    one = world.release("one")
    world.declare(one)
    world.apply()
    world.declare(one, world.release("newer"))
    world.apply()
    plan = world.revert("1")
    assert plan.releases == ()
    [warning] = plan.diagnostics
    assert warning.severity == "warning"
    assert "release.newer" in warning.summary
    assert world.aws("GetFunction", "newer")


def test_a_function_deleted_by_hand_is_made_again(world) -> None:
    ship(world, "one", "two")
    world.aws("DeleteFunction")
    world.code("one")
    plan = world.revert("1")
    assert actions(plan)["release.checkout.function"] == "create"
    assert world.apply(plan).status == "applied"
    assert answer(world) == "one"
    assert world.drift().findings == ()


def test_a_version_of_another_content_is_not_gone_back_to(world) -> None:
    """AWS gives no number twice, but emulators do once a function was deleted."""
    ship(world, "one")
    world.declare()
    world.apply()
    ship(world, "two")
    assert world.record().version == "1"
    plan = world.revert("1")
    [problem] = [one for one in plan.diagnostics if one.severity == "error"]
    assert "Version 1" in problem.detail
    world.code("one")
    plan = world.revert("1")
    assert world.apply(plan).status == "applied"
    assert answer(world) == "one"


def test_a_deleted_release_comes_back(world) -> None:
    ship(world, "one")
    files = world.releases
    world.declare()
    world.apply()
    assert world.state.resources() == {}
    world.declare(*files)
    plan = world.revert("1")
    assert world.apply(plan).status == "applied"
    assert answer(world) == "one"
    assert world.plan().changes == ()
    world.apply()
    assert world.plan().is_empty
    assert world.plan().summary.held == 0


def test_a_deleted_release_comes_back_although_the_files_have_dropped_it(world) -> None:
    ship(world, "one")
    world.declare()
    world.apply()
    plan = world.revert("previous")
    assert world.apply(plan).status == "applied"
    assert answer(world) == "one"
    assert set(actions(world.plan()).values()) == {"held"}
    assert set(actions(world.plan(roll_forward=True)).values()) == {"delete"}


def test_a_replaced_function_comes_back_under_its_old_name(world) -> None:
    world.declare(world.release())
    world.apply()
    world.declare(world.release(function_name=world.name("renamed")))
    world.apply()
    plan = world.revert("1")
    assert actions(plan)["release.checkout.function"] == "replace"
    assert world.apply(plan).status == "applied"
    assert sorted(world.save().functions) == [world.name("checkout")]
    assert world.drift().findings == ()


def test_the_hold_ends_when_the_files_want_something_else(world) -> None:
    ship(world, "one", "two")
    world.apply(world.revert("1"))
    assert set(actions(world.plan()).values()) == {"held"}
    world.code("three")
    plan = world.plan()
    assert plan.summary.held == 0
    world.apply(plan)
    world.codes[world.aws("GetFunctionConfiguration")["CodeSha256"]] = "three"
    assert answer(world) == "three"
    # What was held once is an ordinary wish again.
    world.code("two")
    world.declare(world.release(function={"description": "two"}))
    plan = world.plan()
    assert plan.summary.held == 0
    assert plan.releases[0].aliases["live"].to == "2"


def test_one_release_goes_back_and_the_other_stays(world) -> None:
    for size in (256, 512):
        sizes = {"memory_size": size}
        world.declare(world.release("one", function=sizes), world.release("two", function=sizes))
        world.apply()
    world.apply(world.revert("1", only=frozenset({"release.one"})))
    assert world.aws("GetFunctionConfiguration", "one")["MemorySize"] == 256
    assert world.aws("GetFunctionConfiguration", "two")["MemorySize"] == 512
    held = world.plan()
    assert set(actions(held).values()) == {"held"}
    assert {change.address.split(".")[1] for change in held.changes} == {"one"}


def test_going_back_to_a_failed_release_needs_consent(world) -> None:
    ship(world, "one")
    world.code("two")
    world.declare(world.release(function={"description": "two"}))
    world.fail("UpdateFunctionCode", code="AccessDeniedException", status=403)
    assert world.apply().status == "failed"
    world.apply()
    with pytest.raises(RefusedError, match="checkout failed in it"):
        world.revert("2")
    plan = world.revert("2", allow_failed=True)
    assert world.apply(plan).status == "applied"
    latest = world.aws("GetFunctionConfiguration")
    assert latest["Description"] == "two"
    assert world.drift().findings == ()


@pytest.mark.parametrize("back", [False, True])
def test_weights_set_by_hand_are_cleared(world, back) -> None:
    ship(world, "one", "two")
    world.aws("UpdateAlias", Name="live", RoutingConfig={"AdditionalVersionWeights": {"1": 0.5}})
    [finding] = world.drift().findings
    assert finding.finding == "weights"
    plan = world.revert("1") if back else world.plan()
    assert world.apply(plan).status == "applied"
    alias = world.aws("GetAlias", Name="live")
    assert alias["FunctionVersion"] == ("1" if back else "2")
    assert not alias.get("RoutingConfig", {}).get("AdditionalVersionWeights")
    assert world.drift().findings == ()


def test_pinned_aliases_and_weights_go_back_with_the_rest(world) -> None:
    ship(world, "one", "two")
    weighted = {
        "live": BoundAlias(AliasConfig(function_version="1", routing={"2": Decimal("0.25")}))
    }
    world.declare(world.release(function={"description": "two"}, aliases=weighted))
    world.apply()
    assert world.plan().is_empty
    world.declare(world.release(function={"description": "two"}))
    world.apply()
    world.apply(world.revert("3"))
    alias = world.aws("GetAlias", Name="live")
    assert alias["FunctionVersion"] == "1"
    assert alias["RoutingConfig"]["AdditionalVersionWeights"] == {"2": 0.25}
    assert world.drift().findings == ()


@pytest.mark.parametrize("target", ["0", "7", "-1", "yesterday"])
def test_no_such_revision(world, target) -> None:
    ship(world, "one")
    with pytest.raises(Exception, match=r"(?i)no (such )?revision"):
        world.revert(target)


def test_there_is_nothing_to_go_back_to_at_first(world) -> None:
    with pytest.raises(LamformError, match="nothing to go back to"):
        world.revert("previous")
