"""Runs side by side, and runs that are told to stop."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace

import pytest

from backends.base import LeaseHeldError, LeaseRequest, RunRecord
from backends.memory import MemoryBackend
from declarative.aws.retries import Pacing
from declarative.aws.session import AwsCloud
from declarative.engine import leases
from declarative.engine.apply import apply_plan
from declarative.engine.records import recorded_outputs
from declarative.engine.rescue import recover
from declarative.engine.stopping import Stop
from declarative.errors import InterruptedRunError, LamformError, RemoteError, StalePlanError
from declarative.model.plan import PlannedOutput


def both(world, *, sizes: int = 256):
    return [world.release(name, function={"memory_size": sizes}) for name in ("one", "two")]


class Gate:
    """Holds a run at its first step until another has come as far."""

    def __init__(self, parties: int) -> None:
        self._barrier = threading.Barrier(parties, timeout=20)

    def __call__(self, event) -> None:
        if event.type == "run_started":
            self._barrier.wait()


def run_together(world, plans) -> list[object]:
    gate, ends = Gate(len(plans)), [None] * len(plans)

    def run(number: int) -> None:
        state = MemoryBackend(world.state._store, world.project)
        try:
            ends[number] = apply_plan(
                plans[number], replace(world.writing(), state=state, listener=gate)
            )
        except Exception as error:  # noqa: BLE001 - looked at by the test
            ends[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(plans))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return ends


def test_runs_on_different_releases_both_land(world) -> None:
    world.declare(*both(world))
    world.apply()
    one, two = both(world, sizes=512)
    plans = []
    for short, changed in (("one", one), ("two", two)):
        others = [it for it in both(world) if it.address != changed.address]
        world.declare(changed, *others)
        plans.append(world.plan())
        assert [release.address for release in plans[-1].releases] == [f"release.{short}"]
    ends = run_together(world, plans)
    assert [end.status for end in ends] == ["applied", "applied"]
    assert {end.revision.number for end in ends} == {2, 3}
    world.declare(one, two)
    assert world.plan().is_empty
    assert world.drift().findings == ()


def test_two_first_applies_make_one_history(world) -> None:
    plans = []
    for short in ("one", "two"):
        world.declare(world.release(short))
        plans.append(world.plan())
    ends = run_together(world, plans)
    assert [end.status for end in ends] == ["applied", "applied"]
    assert sorted(world.state.resources()) == ["release.one", "release.two"]


def test_a_release_is_applied_by_one_run_at_a_time(world) -> None:
    world.declare(world.release())
    world.apply()
    world.declare(world.release(tags={"Team": "a"}))
    plan = world.plan()
    refused = []

    def meanwhile(event) -> None:
        if event.type == "run_started":
            world.events.clear()
            with pytest.raises(LeaseHeldError) as caught:
                apply_plan(plan, replace(world.writing(), listener=lambda _: None))
            refused.append(caught.value)

    assert apply_plan(plan, replace(world.writing(), listener=meanwhile)).status == "applied"
    [error] = refused
    assert error.holder.who == "tester"
    assert "release.checkout" in str(error)


def test_a_run_may_wait_for_another_and_then_finds_its_plan_out_of_date(world) -> None:
    world.declare(world.release())
    world.apply()
    world.declare(world.release(tags={"Team": "a"}))
    plan = world.plan()
    started, waited = threading.Event(), []

    def slowly(event) -> None:
        if event.type == "run_started":
            started.set()
            while not waited:
                threading.Event().wait(0.01)

    thread = threading.Thread(
        target=apply_plan, args=(plan, replace(world.writing(), listener=slowly))
    )
    thread.start()
    assert started.wait(10)
    with pytest.raises(StalePlanError, match="applied already"):
        apply_plan(plan, replace(world.writing(), lock_timeout=20, waiting=waited.append))
    thread.join(10)
    assert [lease.who for lease in waited] == ["tester"]


STEPS = ["update_configuration", "update_code", "tag_function", "untag_function"]


def second(world) -> None:
    world.code("two")
    world.declare(world.release(function={"memory_size": 512}, tags={"Cost": "7"}))


def stop_at(world, step: str, kind: str = "step_started") -> None:
    def listen(event) -> None:
        if (event.type, event.step) == (kind, step):
            world.stop.set()

    world.events.clear()
    original = world.writing

    def writing():
        return replace(original(), listener=listen)

    world.writing = writing


@pytest.mark.parametrize("kind", ["step_started", "step_done"])
@pytest.mark.parametrize("step", STEPS)
def test_an_interrupted_apply_says_so_and_the_next_one_ends_it(world, step, kind) -> None:
    world.declare(world.release())
    world.apply()
    second(world)
    stop_at(world, step, kind)
    result = world.apply()
    assert result.status == "interrupted"
    assert world.state.head().status == "interrupted"
    assert world.record().status == "interrupted"
    assert world.drift().findings == ()
    assert world.state.open_runs() == ()
    world.stop = Stop()
    assert world.apply().status == "applied"
    found = world.aws("GetFunction")
    assert found["Configuration"]["MemorySize"] == 512
    assert set(found["Tags"]) == {"Cost", "lamform:project"}
    assert world.plan().is_empty
    assert world.drift().findings == ()


def test_a_creation_that_was_interrupted_is_known_to_state(world) -> None:
    world.declare(world.release())
    stop_at(world, "create_function")
    assert world.apply().status == "interrupted"
    assert world.record().function is not None
    world.stop = Stop()
    plan = world.plan()
    assert not {"create_function"} & {step.kind for one in plan.releases for step in one.steps}
    assert world.apply(plan).status == "applied"
    assert world.plan().is_empty
    assert len(world.save().functions[world.name("checkout")].versions) == 1


def test_stopped_before_the_first_step_nothing_is_recorded(world) -> None:
    world.declare(world.release())
    world.stop.set()
    result = world.apply()
    assert result.status == "interrupted"
    assert result.revision is None
    assert world.save().functions == {}
    assert world.state.open_runs() == ()
    world.stop = Stop()
    assert world.apply().status == "applied"


def test_a_lease_that_cannot_be_renewed_stops_further_steps(world, monkeypatch) -> None:
    world.declare(world.release())
    monkeypatch.setattr(leases.HeldLease, "is_fresh", property(lambda _: False))
    result = world.apply()
    assert result.status == "failed"
    assert "lease" in result.failures[0].summary
    assert world.save().functions == {}


def test_a_run_whose_lease_was_taken_away_writes_nothing_more(world) -> None:
    """``state unlock``: the fence holds, AWS and state can be brought together again."""
    world.declare(world.release())
    world.apply()
    second(world)
    plan = world.plan()

    def unlock(event) -> None:
        if (event.type, event.step) == ("step_done", "update_configuration"):
            world.state.unlock(event.run)

    with suppress(LamformError), pytest.raises(Exception, match=r"(?i)lease"):
        apply_plan(plan, replace(world.writing(), listener=unlock))
    assert world.state.head().number == 1
    assert world.aws("GetFunctionConfiguration")["MemorySize"] == 512
    assert world.plan().recovers
    assert world.apply().status == "applied"
    assert world.plan().is_empty
    assert world.drift().findings == ()


def test_an_exclusive_infrastructure_is_worked_on_by_one_run_at_a_time(world) -> None:
    plans = []
    world.state.create()
    for short in ("one", "two"):
        world.declare(world.release(short, exclusive=True))
        plans.append(world.plan())
    with (
        world.writing().lease(
            "other", frozenset({"release.three"}), exclusive=frozenset({"infrastructure.dev"})
        ),
        pytest.raises(LeaseHeldError, match=r"holds infrastructure\.dev"),
    ):
        world.apply(plans[0])
    assert [world.apply(plan).status for plan in plans] == ["applied", "applied"]
    world.declare()
    assert all(release.exclusive for release in world.plan().releases), "deletions as well"


def test_outputs_of_runs_side_by_side_are_right_in_the_end(world) -> None:
    world.declare(*both(world))
    world.outputs = {
        "versions": PlannedOutput(
            unknown=True,
            residual='"${release.one.function.version} ${release.two.function.version}"',
        )
    }
    world.apply()
    plans = []
    for short in ("one", "two"):
        one, two = both(world)
        changed, other = (one, two) if short == "one" else (two, one)
        world.declare(replace(changed, function={**changed.function, "memory_size": 512}), other)
        plans.append(world.plan())
    ends = run_together(world, plans)
    assert [end.status for end in ends] == ["applied", "applied"]
    assert recorded_outputs(world.state.head())["versions"]["value"] == "2 2"


def test_a_dead_run_elsewhere_that_somebody_recovers_is_not_waited_for(world) -> None:
    one, two = both(world)
    world.declare(two)
    leave_open(world, world.plan())
    world.declare(one)
    with world.writing().lease("other", frozenset({two.address})):
        assert world.apply(world.plan(only=(one.address,))).status == "applied"
        assert len(world.state.open_runs()) == 1
        with pytest.raises(LeaseHeldError):
            recover(world.writing())
    assert recover(world.writing()).status == "recovered"
    assert world.state.open_runs() == ()


def leave_open(world, plan) -> None:
    """Begin a run as a process that is gone before it does anything."""
    state = world.state
    state.create()
    [name] = state.put([plan.to_bytes()])
    with world.writing().lease("dead", frozenset({"release.two"})) as lease:
        state.begin_run(
            RunRecord(
                run="dead",
                started_at="2026-01-01T00:00:00Z",
                command="lamform apply",
                plan=name,
                addresses=("release.two",),
            ),
            token=lease.token,
        )


def test_a_signal_ends_the_repeating_of_a_call(world) -> None:
    world.declare(world.release())
    world.apply()
    world.declare(world.release(function={"memory_size": 512}))
    plan = world.plan()
    world.clients = AwsCloud(pacing=Pacing(sleep=world.stop.sleep))
    world.fail(
        "UpdateFunctionConfiguration",
        code="ResourceConflictException",
        message="The operation cannot be performed at this time. An update is in progress",
        status=409,
        times=10_000,
    )

    def stop_while_it_is_refused(event) -> None:
        if event.type == "step_started":
            world.stop.set()

    result = apply_plan(plan, replace(world.writing(), listener=stop_while_it_is_refused))
    assert result.status == "interrupted"
    assert result.revision.status == "interrupted"
    world.sandbox.simulator.faults.clear()
    assert world.record().function.attributes["memory_size"] == 256


def test_a_run_that_dies_while_it_is_waited_for_is_recovered_first(world) -> None:
    one, two = both(world)
    world.declare(one, two)
    world.apply()
    world.declare(*both(world, sizes=512))
    dying = world.plan()
    world.declare(replace(one, function={**one.function, "memory_size": 1024}), two)
    waiting = world.plan()
    assert [release.address for release in waiting.releases] == [one.address]
    leave_open_alive(world, dying)

    def die(holder) -> None:
        world.state.unlock(holder.run)

    with pytest.raises(StalePlanError):  # the recovered record is another one
        apply_plan(waiting, replace(world.writing(), lock_timeout=30, waiting=die))
    assert world.state.open_runs() == ()
    assert world.state.head().status == "recovered"
    assert world.apply().status == "applied"
    assert recover(world.writing()) is None
    assert world.record("one").desired.function["memory_size"] == 1024


def leave_open_alive(world, plan) -> None:
    """Begin a run that holds its lease and does nothing yet, somewhere else."""
    addresses = tuple(release.address for release in plan.releases)
    lease = world.state.acquire(
        LeaseRequest(
            run="dying",
            who="x",
            host="elsewhere",
            pid=1,
            boot_id="",
            command="lamform apply",
            addresses=frozenset(addresses),
        )
    )
    [name] = world.state.put([plan.to_bytes()])
    begun = RunRecord(
        run="dying",
        started_at="2026-01-01T00:00:00Z",
        command="lamform apply",
        plan=name,
        addresses=addresses,
    )
    world.state.begin_run(begun, token=lease.token)


def test_a_signal_ends_waiting_for_another_run(world) -> None:
    world.declare(*both(world))
    world.apply()
    world.declare(*both(world, sizes=512))
    leave_open_alive(world, world.plan())
    head = world.state.head()

    def stop(_) -> None:
        world.stop.set()

    with pytest.raises(InterruptedRunError):
        apply_plan(world.plan(), replace(world.writing(), lock_timeout=3600, waiting=stop))
    assert world.state.head() == head


def test_a_dead_run_elsewhere_that_cannot_be_read_is_in_nobodys_way(world) -> None:
    one, two = both(world)
    world.declare(two)
    world.apply()
    world.declare(replace(two, function={**two.function, "memory_size": 512}))
    leave_open(world, world.plan())
    world.declare(one)
    plan = world.plan(only=(one.address,))
    world.sandbox.simulator.conditions.deny("lambda:GetFunction", function=world.name("two"))
    try:
        assert world.apply(plan).status == "applied"
        with pytest.raises(RemoteError):
            recover(world.writing())
    finally:
        world.sandbox.simulator.conditions.clear()
    assert len(world.state.open_runs()) == 1
    assert recover(world.writing()).status == "recovered"
