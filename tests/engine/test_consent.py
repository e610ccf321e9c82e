"""What a person may allow a plan, or forbid it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backends.memory import MemoryBackend, MemoryStore
from declarative.errors import RefusedError
from declarative.model.plan import Consent, Plan
from declarative.model.values import Sensitive

QUEUE = "arn:aws:sqs:us-east-1:123456789012:orders"


def forget(world) -> None:
    """Begin a state anew: everything in AWS is unknown to it."""
    world.state = MemoryBackend(MemoryStore(), world.project)


def actions(plan: Plan) -> set[str]:
    return {str(change.action) for change in plan.changes}


def warnings(plan: Plan) -> list[str]:
    return [one.detail for one in plan.diagnostics if one.severity == "warning"]


@pytest.fixture
def unknown(world):
    """A function that exists and that state does not know."""
    world.declare(world.release())
    world.apply()
    forget(world)
    return world


def test_adopting_can_be_ruled_out(unknown) -> None:
    assert unknown.plan().blocked_by == ()
    plan = unknown.plan(consent=Consent(no_adopt=True))
    [refusal] = plan.blocked_by
    assert "--no-adopt" in refusal
    with pytest.raises(RefusedError):
        unknown.apply(plan)
    assert unknown.state.head() is None


def test_what_is_known_is_not_adopted_so_nothing_is_ruled_out(world) -> None:
    world.declare(world.release())
    world.apply()
    world.declare(world.release(function={"timeout": 9}))
    plan = world.plan(consent=Consent(no_adopt=True))
    assert plan.blocked_by == ()
    assert world.apply(plan).status == "applied"


@pytest.mark.parametrize(
    ("tag", "value", "said"),
    [
        ("lamform:project", "other", "the lamform project other"),
        ("aws:cloudformation:stack-name", "shop", "the CloudFormation stack shop"),
    ],
)
def test_a_function_of_another_owner_is_taken_over_when_it_is_said(
    unknown, tag, value, said
) -> None:
    function = unknown.sandbox.simulator._region("123456789012", "us-east-1").functions[
        unknown.name("checkout")
    ]
    function.tags[tag] = value
    [refusal] = unknown.plan().blocked_by
    assert said in refusal
    assert "--take-over" in refusal
    plan = unknown.plan(consent=Consent(take_over=True))
    assert plan.blocked_by == ()
    assert any(said in one for one in warnings(plan))
    assert unknown.apply(plan).status == "applied"
    assert unknown.aws("GetFunction")["Tags"]["lamform:project"] == unknown.project


def test_environment_that_nobody_declares_goes_when_it_is_said(world) -> None:
    variables = {"KEEP": "1", "LOSE": "hunter2"}
    world.declare(world.release(function={"environment": {"variables": variables}}))
    world.apply()
    forget(world)
    world.declare(world.release(function={"environment": {"variables": {"KEEP": "1"}}}))
    [refusal] = world.plan().blocked_by
    assert "--adopt-removes-env" in refusal
    plan = world.plan(consent=Consent(adopt_removes_env=True))
    assert plan.blocked_by == ()
    assert any("LOSE" in one for one in warnings(plan))
    assert b"hunter2" not in plan.to_bytes()
    assert world.apply(plan).status == "applied"
    found = world.aws("GetFunction")["Configuration"]["Environment"]["Variables"]
    assert found == {"KEEP": "1"}


def test_consent_is_part_of_what_a_plan_is(unknown) -> None:
    plain, asked = unknown.plan(), unknown.plan(consent=Consent(take_over=True))
    assert plain.plan_id != asked.plan_id
    again = Plan.model_validate_json(asked.to_bytes())
    assert again.selection.consent == Consent(take_over=True)
    assert again.identify() == asked.plan_id


def test_adopting_and_changing_at_once_publishes_a_checkpoint_first(unknown) -> None:
    unknown.aws("UpdateFunctionConfiguration", Description="by hand")
    unknown.code("two")
    unknown.declare(unknown.release(function={"description": "ours"}))
    plan = unknown.plan()
    kinds = [step.kind for step in plan.releases[0].steps]
    assert kinds.index("publish_checkpoint") < kinds.index("update_configuration")
    assert unknown.apply(plan).status == "applied"
    versions = unknown.aws("ListVersionsByFunction")["Versions"]
    assert [one["Description"] for one in versions][1:] == ["", "by hand", "ours"]


@pytest.fixture
def triggered(world):
    """A release whose function and alias are invoked by event source mappings."""
    world.declare(world.release())
    world.apply()
    name = world.name("checkout")
    for target, queue in ((name, f"{QUEUE}-a"), (f"{name}:live", f"{QUEUE}-b")):
        world.sandbox.simulator.call(
            "CreateEventSourceMapping", FunctionName=target, EventSourceArn=queue
        )
    return world


def asked(world) -> int:
    return world.sandbox.simulator.calls.operations.get("ListEventSourceMappings", 0)


def test_a_function_with_triggers_is_not_deleted_unasked(triggered) -> None:
    triggered.declare()
    plan = triggered.plan()
    [refusal] = plan.blocked_by
    assert "2 event source mappings" in refusal
    assert f"{QUEUE}-a" in refusal
    assert f"{QUEUE}-b" in refusal
    assert "--leave-triggers" in refusal
    with pytest.raises(RefusedError):
        triggered.apply(plan)
    assert triggered.aws("GetFunction")


def test_triggers_are_left_when_it_is_said(triggered) -> None:
    triggered.declare()
    plan = triggered.plan(consent=Consent(leave_triggers=True))
    assert plan.blocked_by == ()
    assert any(f"{QUEUE}-b" in one for one in warnings(plan))
    assert triggered.apply(plan).status == "applied"
    assert triggered.state.resources() == {}


def test_a_replaced_function_is_asked_for_triggers_too(triggered) -> None:
    moved = replace(triggered.release(), function_name=triggered.name("other"))
    triggered.declare(moved)
    [refusal] = triggered.plan().blocked_by
    assert "2 event source mappings" in refusal
    assert triggered.plan(consent=Consent(leave_triggers=True)).blocked_by == ()


def test_triggers_are_asked_for_only_where_something_is_deleted(world) -> None:
    world.declare(world.release("one"), world.release("two"))
    before = asked(world)
    world.apply()
    world.declare(world.release("one", function={"timeout": 9}), world.release("two"))
    world.apply()
    world.plan()
    assert asked(world) == before
    world.declare(world.release("one", function={"timeout": 9}))
    assert world.plan().blocked_by == ()
    assert asked(world) == before + 2  # the function, and its alias


def test_triggers_that_may_not_be_listed_hold_a_deletion_back(world) -> None:
    world.declare(world.release())
    world.apply()
    world.declare()
    world.fail("ListEventSourceMappings", code="AccessDeniedException", status=403)
    [refusal] = world.plan().blocked_by
    assert "lambda:ListEventSourceMappings" in refusal
    assert world.plan().blocked_by == ()


def test_a_deletion_that_does_not_look_is_held_back(world) -> None:
    world.declare(world.release())
    world.apply()
    world.declare()
    before = asked(world)
    [refusal] = world.plan(refresh="none").blocked_by
    assert "--refresh none" in refusal
    assert asked(world) == before
    plan = world.plan(refresh="none", consent=Consent(leave_triggers=True))
    assert plan.blocked_by == ()


def test_a_deletion_says_what_aws_keeps(world) -> None:
    layer = "arn:aws:lambda:us-east-1:123456789012:layer:tools:3"
    world.declare(world.release(function={"logging_config": {"log_group": "/shop/checkout"}}))
    world.apply()
    world.declare()
    [function] = [one for one in world.plan().changes if one.kind == "function"]
    assert "/shop/checkout" in function.reason
    assert layer not in function.reason


@pytest.mark.parametrize("whole", [True, False])
def test_adopting_into_a_new_state_leaves_nothing_to_do_with_secrets_either(world, whole) -> None:
    variables = {"API_KEY": "hunter2", "MODE": "a"}
    world.declare(world.release(function={"environment": {"variables": variables}}))
    world.apply()
    forget(world)
    secret = Sensitive(variables, "var.all")
    if not whole:
        secret = {"API_KEY": Sensitive("hunter2", "var.key"), "MODE": "a"}
    world.declare(world.release(function={"environment": {"variables": secret}}))
    assert actions(world.plan()) == {"adopt"}
    world.apply()
    assert world.plan().is_empty
    assert b"hunter2" not in world.record().to_bytes()
