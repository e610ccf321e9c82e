"""Plan, apply, drift and revert against the simulator: what a user of the engine sees."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from declarative.errors import StalePlanError
from declarative.model.bound import BoundAlias
from declarative.model.plan import Action, Plan
from declarative.model.values import Sensitive


def actions(plan: Plan) -> dict[str, str]:
    return {change.address: str(change.action) for change in plan.changes}


def steps(plan: Plan) -> list[str]:
    return [step.kind for release in plan.releases for step in release.steps]


def invoke(world, short: str = "checkout", qualifier: str = "live") -> object:
    answer = world.lambda_client().invoke(FunctionName=world.name(short), Qualifier=qualifier)
    return json.loads(answer["Payload"].read())


def versions(world, short: str = "checkout") -> list[str]:
    answer = world.lambda_client().list_versions_by_function(FunctionName=world.name(short))
    return [one["Version"] for one in answer["Versions"]]


def test_a_first_apply_creates_and_a_second_plan_has_nothing_to_do(world) -> None:
    world.declare(world.release())
    plan = world.plan()
    assert actions(plan) == {
        "release.checkout.function": "create",
        "release.checkout.tags": "create",
        "release.checkout.alias.live": "create",
    }
    assert steps(plan) == ["create_function", "create_alias"]

    result = world.apply(plan)

    assert result.status == "applied"
    assert result.revision.number == 1
    assert invoke(world) == "one"
    assert versions(world) == ["$LATEST", "1"]
    again = world.plan()
    assert again.is_empty
    assert again.drift == ()
    assert world.plan(refresh="none").is_empty


def test_a_tag_only_change_publishes_no_version(world) -> None:
    world.declare(world.release())
    world.apply()
    world.declare(world.release(tags={"Team": "checkout", "Cost": "7"}))
    plan = world.plan()
    assert steps(plan) == ["tag_function"]
    assert not plan.releases[0].publishes
    world.apply(plan)
    assert versions(world) == ["$LATEST", "1"]
    assert world.plan().is_empty


def test_code_and_configuration_end_in_one_version(world) -> None:
    world.declare(world.release())
    world.apply()
    world.code("two")
    world.declare(world.release(function={"memory_size": 512}))
    plan = world.plan()
    assert steps(plan) == ["update_configuration", "update_code", "update_alias"]
    move = plan.releases[0].aliases["live"]
    assert (move.origin, move.to, move.expected) == ("1", None, "2")
    world.apply(plan)
    assert versions(world) == ["$LATEST", "1", "2"]
    assert invoke(world) == "two"
    assert world.plan().is_empty


def test_configuration_alone_uploads_nothing(world) -> None:
    world.declare(world.release())
    world.apply()
    world.declare(world.release(function={"timeout": 9}))
    assert steps(world.plan()) == ["update_configuration", "publish_version", "update_alias"]
    world.apply()
    world.declare(world.release())
    plan = world.plan()
    [timeout] = [c for c in plan.changes[0].attributes if c.path == ("timeout",)]
    assert (timeout.before, timeout.after) == (9, 3)


def test_an_applied_plan_is_refused_the_second_time(world) -> None:
    world.declare(world.release())
    plan = world.plan()
    world.apply(plan)
    with pytest.raises(StalePlanError, match="applied already"):
        world.apply(plan)


def test_a_plan_is_refused_after_another_apply_of_the_same_release(world) -> None:
    world.declare(world.release())
    world.apply()
    world.declare(world.release(tags={"Team": "a"}))
    early = world.plan()
    world.declare(world.release(tags={"Team": "b"}))
    world.apply()
    with pytest.raises(StalePlanError, match="out of date"):
        world.apply(early)


def test_a_plan_outlives_an_apply_of_another_release(world) -> None:
    one, other = world.release("one"), world.release("other")
    world.declare(one, other)
    world.apply()
    changed_one = replace(one, tags={"Team": "x"})
    world.declare(changed_one, other)
    early = world.plan()
    world.declare(one, replace(other, tags={"Team": "y"}))
    world.apply()
    assert world.apply(early).status == "applied"


def test_a_change_behind_the_plans_back_stops_it(world) -> None:
    world.declare(world.release())
    world.apply()
    world.declare(world.release(tags={"Team": "a"}))
    plan = world.plan()
    world.lambda_client().update_function_configuration(
        FunctionName=world.name("checkout"), MemorySize=1024
    )
    before = versions(world)
    with pytest.raises(StalePlanError, match="not as it was"):
        world.apply(plan)
    assert versions(world) == before
    assert world.state.head().number == 1


def test_drift_is_found_and_the_next_plan_repairs_it(world) -> None:
    world.declare(world.release())
    world.apply()
    assert world.drift().findings == ()
    client = world.lambda_client()
    client.update_function_configuration(FunctionName=world.name("checkout"), MemorySize=1024)
    function = client.get_function(FunctionName=world.name("checkout"))
    client.tag_resource(Resource=function["Configuration"]["FunctionArn"], Tags={"Team": "mallory"})
    found = {(one.address, one.path, one.recorded, one.observed) for one in world.drift().findings}
    assert found == {
        ("release.checkout.function", ("memory_size",), 256, 1024),
        ("release.checkout.tags", ("Team",), "payments", "mallory"),
    }
    plan = world.plan()
    # What the console made is published before it is overwritten: AWS keeps it.
    assert "publish_checkpoint" in steps(plan)
    world.apply(plan)
    assert world.drift().findings == ()
    assert world.plan().is_empty
    assert (
        client.get_alias(FunctionName=world.name("checkout"), Name="live")["FunctionVersion"] == "1"
    )


def test_revert_restores_everything_without_publishing(world) -> None:
    world.declare(world.release(function={"environment": {"variables": {"MODE": "old"}}}))
    world.apply()
    world.code("two")
    second = world.release(
        function={"memory_size": 512, "environment": {"variables": {"MODE": "new"}}},
        tags={"Team": "other", "New": "yes"},
        aliases={"live": BoundAlias(), "extra": BoundAlias()},
    )
    world.declare(second)
    world.apply()
    assert invoke(world) == "two"
    plan = world.revert("1")
    assert plan.reverts == 1
    assert steps(plan)[0] == "update_alias"
    move = plan.releases[0].aliases["live"]
    assert (move.origin, move.to) == ("2", "1")
    result = world.apply(plan)
    assert result.status == "applied"
    assert result.revision.reverts == 1
    assert invoke(world) == "one"
    assert invoke(world, qualifier="$LATEST") == "one"
    assert versions(world) == ["$LATEST", "1", "2"]
    client = world.lambda_client()
    latest = client.get_function(FunctionName=world.name("checkout"))
    assert latest["Configuration"]["MemorySize"] == 256
    assert latest["Configuration"]["Environment"]["Variables"] == {"MODE": "old"}
    assert latest["Tags"]["Team"] == "payments"
    assert "New" not in latest["Tags"]
    aliases = client.list_aliases(FunctionName=world.name("checkout"))["Aliases"]
    assert [one["Name"] for one in aliases] == ["live"]
    assert world.drift().findings == ()

    held = world.plan()
    assert {str(change.action) for change in held.changes} == {Action.HELD}
    assert held.is_empty
    forward = world.plan(roll_forward=True)
    assert forward.releases[0].aliases["live"].to == "2"
    assert not forward.releases[0].publishes
    world.apply(forward)
    assert invoke(world) == "two"
    assert world.plan().is_empty


def test_previous_walks_back(world) -> None:
    for answer in ("one", "two", "three"):
        world.code(answer)
        world.declare(world.release(function={"description": answer}))
        world.apply()
    world.apply(world.revert("previous"))
    assert invoke(world) == "two"
    world.apply(world.revert("previous"))
    assert invoke(world) == "one"


def test_no_secret_reaches_plan_state_or_events(world) -> None:
    secret = "correct-horse-battery"
    environment = {"variables": {"KEY": Sensitive(secret, "var.key"), "LEVEL": "INFO"}}
    world.declare(world.release(function={"environment": environment}))
    plan = world.plan()
    assert secret not in plan.to_bytes().decode()
    world.apply(plan)
    client = world.lambda_client()
    found = client.get_function_configuration(FunctionName=world.name("checkout"))
    assert found["Environment"]["Variables"] == {"KEY": secret, "LEVEL": "INFO"}
    everything = b"".join(world.state.objects(world.state.resources().values()).values())
    assert secret.encode() not in everything
    assert secret not in repr(world.events)
    assert world.plan().is_empty
    changed = {"variables": {"KEY": Sensitive("another", "var.key"), "LEVEL": "INFO"}}
    world.declare(world.release(function={"environment": changed}))
    plan = world.plan()
    [attribute] = plan.changes[0].attributes
    assert attribute.path == ("environment", "variables", "KEY")
    assert attribute.sensitive
    assert attribute.before is None
    assert attribute.after is None
    assert attribute.before_fingerprint != attribute.after_fingerprint
    world.apply(plan)
    world.apply(world.revert("1"))
    found = client.get_function_configuration(FunctionName=world.name("checkout"))
    assert found["Environment"]["Variables"]["KEY"] == secret


def test_a_release_gone_from_the_files_is_deleted(world) -> None:
    keep, gone = world.release("keep"), world.release("gone")
    world.declare(keep, gone)
    world.apply()
    world.declare(keep)
    plan = world.plan()
    assert {str(change.action) for change in plan.changes} == {"delete"}
    world.apply(plan)
    client = world.lambda_client()
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function(FunctionName=world.name("gone"))
    assert list(world.state.resources()) == ["release.keep"]


def test_a_protected_release_is_not_deleted(world) -> None:
    world.declare(world.release(prevent_destroy=True))
    world.apply()
    world.declare()
    plan = world.plan()
    assert "prevent_destroy" in plan.blocked_by[0]


def test_another_function_name_replaces(world) -> None:
    world.declare(world.release())
    world.apply()
    world.declare(world.release(function_name=world.name("renamed")))
    plan = world.plan()
    assert actions(plan)["release.checkout.function"] == "replace"
    assert steps(plan) == ["create_function", "create_alias", "delete_function"]
    world.apply(plan)
    client = world.lambda_client()
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function(FunctionName=world.name("checkout"))
    assert world.plan().is_empty


def test_an_existing_function_is_adopted(world) -> None:
    first = world.release()
    world.declare(first)
    world.apply()
    world.state = type(world.state)(type(world.state._store)(), world.project)
    plan = world.plan()
    assert actions(plan) == {"release.checkout.function": "adopt"}
    assert steps(plan) == []
    world.apply(plan)
    assert versions(world) == ["$LATEST", "1"]
    assert world.plan().is_empty


def test_adopting_publishes_a_checkpoint_before_the_first_change(world) -> None:
    world.declare(world.release())
    world.apply()
    world.lambda_client().update_function_configuration(
        FunctionName=world.name("checkout"), Description="by hand"
    )
    world.state = type(world.state)(type(world.state._store)(), world.project)
    world.declare(world.release(function={"memory_size": 512}))
    plan = world.plan()
    assert steps(plan)[0] == "publish_checkpoint"
    world.apply(plan)
    assert versions(world) == ["$LATEST", "1", "2", "3"]


def test_a_failing_release_is_recorded_and_the_others_go_on(world) -> None:
    good, bad = world.release("good"), world.release("bad")
    world.declare(good, bad)
    world.apply()
    world.declare(
        replace(good, tags={"Team": "x"}),
        replace(bad, function={**bad.function, "memory_size": 300}),
    )
    plan = world.plan()
    world.sandbox.simulator.faults.add("UpdateFunctionConfiguration", 1, "error-before")
    result = world.apply(plan)
    assert result.status == "partial"
    assert result.failures[0].address == "release.bad"
    assert world.state.head().status == "partial"
    assert world.apply().status == "applied"
    assert world.plan().is_empty


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("CreateFunction", "lost-answer"),
        ("CreateAlias", "lost-answer"),
    ],
)
def test_a_lost_answer_is_looked_into_and_not_repeated(world, operation, kind) -> None:
    world.declare(world.release())
    plan = world.plan()
    world.sandbox.simulator.faults.add(operation, 1, kind)
    assert world.apply(plan).status == "applied"
    assert versions(world) == ["$LATEST", "1"]
    assert world.plan().is_empty


@pytest.mark.parametrize(
    "operation",
    ["UpdateFunctionConfiguration", "UpdateFunctionCode", "UpdateAlias", "TagResource"],
)
def test_a_lost_answer_of_an_update_is_looked_into(world, operation) -> None:
    world.declare(world.release())
    world.apply()
    world.code("two")
    world.declare(world.release(function={"memory_size": 300}, tags={"Team": "z"}))
    plan = world.plan()
    world.sandbox.simulator.faults.add(operation, 1, "lost-answer")
    assert world.apply(plan).status == "applied"
    assert versions(world) == ["$LATEST", "1", "2"]
    assert invoke(world) == "two"
    assert world.plan().is_empty


def test_a_reader_of_another_releases_version_follows_it(world) -> None:
    from declarative.model.values import Pending

    first = world.release("first")
    second = world.release(
        "second",
        function={
            "environment": {"variables": {"VALUE": Pending("release.first.function.version")}}
        },
        depends_on=("release.first",),
    )
    world.declare(first, second)
    assert world.apply().status == "applied"
    found = world.lambda_client().get_function_configuration(FunctionName=world.name("second"))
    assert found["Environment"]["Variables"] == {"VALUE": "1"}
    assert world.plan().is_empty
    world.declare(replace(first, function={**first.function, "timeout": 8}), second)
    plan = world.plan()
    assert any(attribute.unknown for change in plan.changes for attribute in change.attributes)
    world.apply(plan)
    found = world.lambda_client().get_function_configuration(FunctionName=world.name("second"))
    assert found["Environment"]["Variables"] == {"VALUE": "2"}


def reader_of(world, expression: str):
    from declarative.model.values import Pending

    return world.release(
        "second",
        function={"environment": {"variables": {"VALUE": Pending(expression)}}},
        depends_on=("release.first",),
    )


def test_an_alias_that_is_still_to_move_cannot_be_read_before_it_does(world) -> None:
    first, second = world.release("first"), reader_of(world, "release.first.alias.live.version")
    world.declare(first)
    world.apply()
    world.declare(first, second)
    assert world.apply().status == "applied"
    world.declare(replace(first, function={**first.function, "timeout": 8}), second)
    plan = world.plan()
    [problem] = plan.diagnostics
    assert problem.address == "release.second"
    assert "release.first.alias.live.version" in problem.detail


def test_a_release_whose_version_stays_leaves_its_readers_alone(world) -> None:
    first, second = world.release("first"), reader_of(world, "release.first.function.version")
    world.declare(first, second)
    world.apply()
    world.declare(replace(first, tags={"Team": "other"}), second)
    plan = world.plan()
    assert {change.address for change in plan.changes} == {"release.first.tags"}
    world.apply(plan)
    assert world.plan().is_empty


def test_what_depends_on_a_failed_release_is_left_alone_in_every_phase(world) -> None:
    first = world.release("first")
    # Without an alias everything of it happens in a later phase than the failure.
    second = world.release("second", aliases={}, depends_on=("release.first",))
    world.declare(first, second)
    world.apply()
    world.declare(
        replace(first, function={**first.function, "timeout": 8}),
        replace(second, function={**second.function, "timeout": 8}),
    )
    plan = world.plan()
    world.sandbox.simulator.faults.add("UpdateFunctionConfiguration", 1, "error-before")
    result = world.apply(plan)
    assert result.status == "failed"
    assert [one.address for one in result.failures] == ["release.first", "release.second"]
    found = world.lambda_client().get_function_configuration(FunctionName=world.name("second"))
    assert found["Timeout"] == 3


def test_another_projects_function_is_not_adopted(world) -> None:
    world.declare(world.release())
    world.apply()
    world.state = type(world.state)(type(world.state._store)(), world.project)
    world.declare(world.release(ownership_tag=False))
    world.project = "somebody-else"
    plan = world.plan()
    assert "belongs to the lamform project" in plan.blocked_by[0]


def test_bringing_back_what_was_deleted_holds(world) -> None:
    keep, gone = world.release("keep"), world.release("gone")
    world.declare(keep, gone)
    world.apply()
    world.declare(keep)
    world.apply()
    assert world.apply(world.revert("previous")).status == "applied"
    held = world.plan()
    assert {str(change.action) for change in held.changes} == {"held"}
    assert held.is_empty
    assert {str(one.action) for one in world.plan(roll_forward=True).changes} == {"delete"}
    world.declare(keep, gone)
    world.apply()
    world.declare(keep)
    assert {str(one.action) for one in world.plan().changes} == {"delete"}


def output(expression: str) -> dict:
    from declarative.model.plan import PlannedOutput

    return {"version": PlannedOutput(unknown=True, residual=expression)}


def test_outputs_say_what_happened(world) -> None:
    world.outputs = output("release.checkout.alias.live.version")
    world.declare(world.release())
    first = world.apply()
    assert first.outputs["version"]["value"] == "1"
    world.declare(world.release(function={"timeout": 9}))
    assert world.apply().outputs["version"]["value"] == "2"
    plan = world.revert("1")
    assert plan.outputs["version"].value == "1"
    world.sandbox.simulator.faults.add("UpdateAlias", 1, "error-before")
    failed = world.apply(plan)
    assert failed.status == "failed"
    assert failed.outputs["version"]["value"] == "2"


def test_a_plan_of_outputs_alone_is_applied_once(world) -> None:
    from declarative.model.plan import PlannedOutput

    world.declare(world.release())
    world.apply()
    world.outputs = {"name": PlannedOutput(value="x")}
    plan = world.plan()
    assert plan.output_changes == ("name",)
    world.apply(plan)
    assert world.plan().is_empty
    with pytest.raises(StalePlanError):
        world.apply(plan)


def test_a_name_that_begins_with_underscores_is_a_name(world) -> None:
    def declare(value: str) -> None:
        world.declare(world.release(tags={"__KEY": value}))

    declare("one")
    world.apply()
    declare("two")
    [change] = world.plan().changes[0].attributes
    assert change.path == ("__KEY",)
