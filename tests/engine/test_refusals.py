"""What a plan refuses, what it cannot know, and how it says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backends.memory import MemoryBackend, MemoryStore
from declarative.errors import ConfigurationError, RefusedError, StalePlanError
from declarative.model.values import Pending, Sensitive


def actions(plan) -> dict[str, str]:
    return {change.address: str(change.action) for change in plan.changes}


def forget(world) -> None:
    """Begin a state anew: everything in AWS is unknown to it."""
    world.state = MemoryBackend(MemoryStore(), world.project)


@pytest.fixture
def calls(world):
    def count() -> dict[str, int]:
        return dict(world.sandbox.simulator.calls.operations)

    return count


@pytest.fixture
def withheld(world, monkeypatch):
    """Let AWS withhold a part of its answers to ``GetFunction``."""

    def withhold(change) -> None:
        simulator, real = world.sandbox.simulator, world.sandbox.simulator.call

        def call(operation, /, **asked):
            answer = real(operation, **asked)
            if operation == "GetFunction":
                change(answer)
            return answer

        monkeypatch.setattr(simulator, "call", call)

    return withhold


def without_tags(answer) -> None:
    answer.pop("Tags", None)
    answer["TagsError"] = {"ErrorCode": "AccessDeniedException", "Message": "not lambda:ListTags"}


def without_environment(answer) -> None:
    answer["Configuration"]["Environment"] = {
        "Error": {"ErrorCode": "AccessDeniedException", "Message": "not kms:Decrypt"}
    }


def test_a_plan_that_does_not_look_asks_aws_nothing(world, calls) -> None:
    world.declare(world.release())
    world.apply()
    world.aws("UpdateFunctionConfiguration", MemorySize=1024)
    before = calls()
    assert world.plan(refresh="none").is_empty
    world.declare(world.release(tags={"Team": "x"}))
    plan = world.plan(refresh="none")
    assert calls() == before
    assert plan.drift == ()
    with pytest.raises(StalePlanError, match="not as it was"):
        world.apply(plan)
    assert world.state.head().number == 1


def test_a_plan_that_did_not_look_applies_where_state_was_right(world) -> None:
    world.declare(world.release())
    world.apply()
    world.code("two")
    world.declare(world.release(function={"timeout": 9}, tags={"Team": "x"}))
    plan = world.plan(refresh="none")
    assert world.apply(plan).status == "applied"
    assert world.plan().is_empty
    assert world.drift().findings == ()


def test_tags_that_cannot_be_read_are_not_overwritten(world, withheld) -> None:
    world.declare(world.release())
    world.apply()
    world.declare(world.release(tags={"Team": "x"}))
    withheld(without_tags)
    plan = world.plan()
    [problem] = [one for one in plan.diagnostics if one.severity == "error"]
    assert "lambda:ListTags" in problem.detail
    assert problem.address == "release.checkout"
    assert plan.releases == ()
    [finding] = world.drift().findings
    assert (finding.kind, finding.finding) == ("tags", "unreadable")


def test_an_environment_that_cannot_be_read_is_not_overwritten(world, withheld) -> None:
    environment = {"variables": {"MODE": "a"}}
    world.declare(world.release(function={"environment": environment}))
    world.apply()
    withheld(without_environment)
    plan = world.plan()
    [problem] = [one for one in plan.diagnostics if one.severity == "error"]
    assert "kms:Decrypt" in problem.detail
    assert plan.releases == ()
    [finding] = world.drift().findings
    assert (finding.finding, finding.path) == ("unreadable", ("environment",))


def test_another_projects_function_is_not_adopted(world) -> None:
    mine = world.release()
    world.declare(mine)
    world.apply()
    forget(world)
    world.project, own = f"{world.project}x", world.project
    world.state = MemoryBackend(MemoryStore(), world.project)
    plan = world.plan()
    [refusal] = plan.blocked_by
    assert f"belongs to the lamform project {own}" in refusal
    with pytest.raises(RefusedError):
        world.apply(plan)
    assert world.state.head() is None
    assert not world.state.exists()


def test_a_function_of_a_stack_is_not_adopted(world) -> None:
    world.declare(world.release())
    world.apply()
    forget(world)
    function = world.sandbox.simulator._region("123456789012", "us-east-1").functions[
        world.name("checkout")
    ]
    function.tags["aws:cloudformation:stack-name"] = "shop"
    [refusal] = world.plan().blocked_by
    assert "CloudFormation stack shop" in refusal


def test_adopting_does_not_take_environment_away_unasked(world) -> None:
    variables = {"variables": {"KEEP": "1", "LOSE": "hunter2"}}
    world.declare(world.release(function={"environment": variables}))
    world.apply()
    forget(world)
    world.declare(world.release(function={"environment": {"variables": {"KEEP": "1"}}}))
    plan = world.plan()
    [refusal] = plan.blocked_by
    assert "LOSE" in refusal
    assert b"hunter2" not in plan.to_bytes()


def test_two_releases_that_claim_one_function_are_both_named(world) -> None:
    world.declare(
        world.release("one"), replace(world.release("two"), function_name=world.name("one"))
    )
    with pytest.raises(ConfigurationError) as caught:
        world.plan()
    [problem] = caught.value.diagnostics
    assert "release.one" in problem.detail
    assert problem.address == "release.two"


@pytest.mark.parametrize("name", ["role", "runtime", "handler"])
def test_what_creating_needs_is_asked_for_before(world, name) -> None:
    release = world.release()
    function = {key: value for key, value in release.function.items() if key != name}
    world.declare(replace(release, function=function))
    plan = world.plan()
    [problem] = plan.diagnostics
    assert problem.summary.startswith(name)
    assert plan.releases == ()


def test_one_release_that_cannot_be_read_does_not_hide_the_others(world) -> None:
    world.declare(world.release("one"), world.release("two"))
    world.apply()
    size = {"memory_size": 512}
    world.declare(world.release("one", function=size), world.release("two", function=size))
    world.parallelism = 1
    world.fail("GetFunction", 1, code="AccessDeniedException", status=403)
    plan = world.plan()
    assert plan.has_errors
    assert len(plan.releases) == 1
    [problem] = plan.diagnostics
    assert "GetFunction" in problem.summary
    assert problem.address in {"release.one", "release.two", "connector.aws.main"}


def test_replacing_and_destroying_what_is_protected_is_refused(world) -> None:
    world.declare(world.release(prevent_destroy=True))
    world.apply()
    world.declare(world.release(function_name=world.name("renamed"), prevent_destroy=True))
    assert "prevent_destroy" in world.plan().blocked_by[0]
    assert "prevent_destroy" in world.plan(destroy=True).blocked_by[0]
    world.declare(world.release(prevent_destroy=False))
    world.apply()
    world.declare()
    assert world.plan().blocked_by == ()


def test_a_secret_that_became_plain_is_never_shown_as_it_was(world) -> None:
    secret = "correct-horse-battery"

    def declare(value: object) -> None:
        world.declare(world.release(function={"environment": {"variables": {"KEY": value}}}))

    def state() -> bytes:
        numbers = [revision.number for revision in world.state.revisions()]
        objects = {one for number in numbers for one in world.state.resources(at=number).values()}
        return b"".join(world.state.objects(objects).values())

    declare(Sensitive(secret, "var.key"))
    world.apply()
    declare("not secret at all")
    for _ in range(2):  # the record of the first failure must not teach the second
        plan = world.plan()
        assert secret.encode() not in plan.to_bytes()
        world.fail("UpdateFunctionConfiguration", code="AccessDeniedException", status=403)
        assert world.apply(plan).status == "failed"
        assert secret.encode() not in state()
        assert world.drift().findings == ()
    world.apply()
    assert secret.encode() not in state()
    assert b"not secret at all" in state()
    assert world.plan().is_empty


def test_marking_a_value_secret_is_no_change_of_the_function(world) -> None:
    def declare(value: object) -> None:
        world.declare(world.release(function={"environment": {"variables": {"KEY": value}}}))

    declare("a value")
    world.apply()
    declare(Sensitive("a value", "var.key"))
    plan = world.plan()
    assert plan.changes == ()
    assert [step for one in plan.releases for step in one.steps] == []
    world.apply(plan)
    assert (
        b"a value"
        not in world.state.objects(world.state.resources().values())[
            next(iter(world.state.resources().values()))
        ]
    )
    assert world.plan().is_empty


def test_where_an_alias_of_another_release_will_point_is_not_read_before_it_does(world) -> None:
    value = Pending("release.first.alias.live.version")
    reader = world.release(
        "reader",
        function={"environment": {"variables": {"VALUE": value}}},
        depends_on=("release.first",),
    )
    world.declare(world.release("first"), reader)
    plan = world.plan()
    [problem] = plan.diagnostics
    assert problem.severity == "error"
    assert problem.address == "release.reader"
    assert "alias.live.version" in problem.detail
    assert [release.address for release in plan.releases] == ["release.first"]
    world.apply(plan)
    # Where the alias stays as it is, its version is known.
    assert world.apply().status == "applied"
    found = world.aws("GetFunctionConfiguration", "reader")
    assert found["Environment"]["Variables"] == {"VALUE": "1"}
    assert world.plan().is_empty


def test_what_depends_on_a_failed_release_is_left_as_it_is(world) -> None:
    def declare(size: int) -> None:
        first = world.release("first", function={"memory_size": size})
        second = world.release("second", function={"memory_size": size})
        third = world.release("third", function={"memory_size": size})
        world.declare(
            first,
            replace(second, depends_on=("release.first",)),
            replace(third, depends_on=("release.second",)),
            world.release("other", function={"memory_size": size}),
        )

    declare(256)
    world.apply()
    declare(512)
    plan = world.plan()
    world.fail("UpdateFunctionConfiguration", 1, code="AccessDeniedException", status=403)
    world.parallelism = 1
    result = world.apply(plan)
    assert result.status == "partial"
    sizes = {
        short: world.aws("GetFunctionConfiguration", short)["MemorySize"]
        for short in ("first", "second", "third", "other")
    }
    assert sizes == {"first": 256, "second": 256, "third": 256, "other": 512}
    assert {one.address for one in result.failures} == {
        "release.first",
        "release.second",
        "release.third",
    }
    statuses = {one["address"]: one["status"] for one in result.revision.details["releases"]}
    assert statuses == {"release.first": "failed", "release.other": "applied"}
    assert world.apply().status == "applied"
    assert world.plan().is_empty


def test_a_function_that_becomes_failed_says_why_and_what_to_do(world) -> None:
    world.declare(world.release())
    world.fail(
        "CreateFunction", kind="failed-transition", code="InvalidSubnet", message="no such subnet"
    )
    result = world.apply()
    assert result.status == "failed"
    [failure] = result.failures
    assert "no such subnet" in failure.detail
    assert "Check that every subnet exists" in failure.detail
    assert world.record().status == "failed"
    assert world.drift().findings == ()


def test_what_an_adopted_function_held_is_not_recorded_when_adopting_fails(world) -> None:
    def declare(value: str) -> None:
        world.declare(world.release(function={"environment": {"variables": {"KEY": value}}}))

    declare("correct-horse-battery")
    world.apply()
    forget(world)
    declare("plain")
    plan = world.plan()
    world.fail("UpdateFunctionConfiguration", code="AccessDeniedException", status=403)
    assert world.apply(plan).status == "failed"
    assert b"correct-horse-battery" not in world.record().to_bytes()
    assert world.drift().findings == ()
