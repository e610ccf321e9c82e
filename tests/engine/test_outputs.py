"""Outputs that have no value: what is recorded all the same, and what is told."""

from __future__ import annotations

import pytest

from declarative.engine import apply as applying
from declarative.engine.records import recorded_outputs
from declarative.model.plan import PlannedOutput

FAILING = 'regex("zzz", release.checkout.function.version)'


def output(expression: str) -> dict[str, PlannedOutput]:
    return {"answer": PlannedOutput(unknown=True, residual=expression)}


def test_an_output_without_a_value_costs_nothing_but_itself(world) -> None:
    world.outputs = {
        **output(FAILING),
        "good": PlannedOutput(unknown=True, residual="release.checkout.function.version"),
    }
    world.declare(world.release())
    result = world.apply()
    assert (result.status, result.failures) == ("applied", ())
    [problem] = result.unevaluated
    assert problem.address == "output.answer"
    assert "regex" in problem.detail
    assert world.state.head().number == 1
    assert world.state.open_runs() == ()
    assert recorded_outputs(world.state.head()).keys() == {"good"}
    assert world.record().version == "1"


def test_an_output_without_a_value_stays_as_it_was_recorded(world) -> None:
    world.outputs = output("release.checkout.function.version")
    world.declare(world.release())
    world.apply()
    world.outputs = output(FAILING)
    world.declare(world.release(function={"timeout": 9}))
    result = world.apply()
    assert [one.address for one in result.unevaluated] == ["output.answer"]
    assert result.outputs["answer"]["value"] == "1"
    world.outputs = output("release.checkout.function.version")
    assert world.plan().output_changes == ("answer",)
    assert world.apply().outputs["answer"]["value"] == "2"
    assert world.plan().is_empty


def test_a_plan_that_knows_the_output_has_no_value_is_in_error(world) -> None:
    world.declare(world.release())
    world.apply()
    world.declare(world.release(function={"timeout": 9}))
    world.apply()
    world.outputs = output(FAILING)
    plan = world.plan()
    assert plan.has_errors
    assert [one.address for one in plan.diagnostics] == ["output.answer"]
    back = world.revert("1")
    assert [(one.severity, one.address) for one in back.diagnostics] == [
        ("warning", "output.answer")
    ]
    result = world.apply(back)
    assert result.status == "applied"
    assert [one.address for one in result.unevaluated] == ["output.answer"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("release.checkout.function.version / 4", 0.25),
        ("1e400 * release.checkout.function.version", 10**400),
    ],
)
def test_numbers_of_every_kind_are_recorded(world, expression, value) -> None:
    world.outputs = output(expression)
    world.declare(world.release())
    assert world.apply().outputs["answer"]["value"] == value
    assert world.plan().is_empty


def test_a_number_that_state_cannot_hold_is_the_outputs_error(world) -> None:
    world.outputs = output("1e5000 * release.checkout.function.version")
    world.declare(world.release())
    result = world.apply()
    assert result.status == "applied"
    assert [one.summary for one in result.unevaluated] == ["Number out of range"]
    assert recorded_outputs(world.state.head()) == {}


def test_a_release_that_cannot_be_looked_at_does_not_cost_the_record_of_others(
    world, monkeypatch
) -> None:
    original = applying.record_release

    def record(run, of, release, status):
        if release.address == "release.two":
            msg = "oops"
            raise ZeroDivisionError(msg)
        return original(run, of, release, status)

    world.declare(world.release("one"), world.release("two"))
    with monkeypatch.context() as patched:
        patched.setattr(applying, "record_release", record)
        result = world.apply()
    assert result.status == "partial"
    assert [(one.address, one.summary) for one in result.failures] == [
        ("release.two", "Internal error")
    ]
    assert set(world.state.resources()) == {"release.one"}
    assert len(world.state.open_runs()) == 1
