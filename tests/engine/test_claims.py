"""Whose a function is: what others create meanwhile is theirs, and no two releases share one."""

from __future__ import annotations

import io
import threading
import zipfile
from dataclasses import replace

import pytest

from backends.base import JournalRecord, LeaseHeldError, RunRecord
from declarative.engine.apply import apply_plan
from declarative.engine.rescue import recover
from declarative.errors import ConfigurationError, OvertakenError

ROLE = "arn:aws:iam::123456789012:role/theirs"
THEIRS = {"lamform:project": "another"}


def others(world, short: str = "checkout", **settings: object) -> None:
    """Create a function as somebody else does."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr("app.py", "def handler(event, context): ...\n")
    world.sandbox.simulator.call(
        "CreateFunction",
        FunctionName=world.name(short),
        Role=ROLE,
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": buffer.getvalue()},
        **settings,
    )


def when_started(world, step: str, act) -> None:
    """Do something once a step has begun."""
    writing = world.writing

    def listen(event) -> None:
        world.events.append(event)
        if (event.type, event.step) == ("step_started", step):
            act()

    world.writing = lambda: replace(writing(), listener=listen)


def died(world, *begun: str) -> None:
    """Leave a run of the present plan open that began some steps and ended none."""
    world.state.create()
    [plan] = world.state.put([world.plan().to_bytes()])
    with world.writing().lease("dead", frozenset({"release.checkout"})) as lease:
        record = RunRecord(
            run="dead",
            started_at="2026-01-01T00:00:00Z",
            command="lamform apply",
            plan=plan,
            addresses=("release.checkout",),
        )
        world.state.begin_run(record, token=lease.token)
        journal = [
            JournalRecord(
                sequence=number,
                kind="begin",
                address="release.checkout",
                step=step,
                at="2026-01-01T00:00:01Z",
            )
            for number, step in enumerate(begun, 1)
        ]
        world.state.append("dead", journal, token=lease.token)


FOREIGN = {
    "of another project": ({}, {"Tags": THEIRS}),
    "without tags": ({}, {}),
    "where nobody tags": ({"ownership_tag": False, "tags": None}, {"MemorySize": 1024}),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_what_others_created_while_an_apply_ran_stays_theirs(world, case) -> None:
    ours, theirs = FOREIGN[case]
    world.declare(world.release(**ours))
    when_started(world, "create_function", lambda: others(world, **theirs))
    result = world.apply()
    assert result.status == "failed"
    assert world.record().function is None
    assert [one.action for one in world.plan().changes if one.kind == "function"] == ["adopt"]
    if theirs.get("Tags"):
        assert "another" in " ".join(world.plan().blocked_by)


@pytest.mark.parametrize("begun", [(), ("create_function",)], ids=["nothing", "creating"])
@pytest.mark.parametrize("case", FOREIGN)
def test_what_others_created_after_a_run_died_stays_theirs(world, case, begun) -> None:
    ours, theirs = FOREIGN[case]
    world.declare(world.release(**ours))
    died(world, *begun)
    others(world, **theirs)
    assert recover(world.writing()).status == "recovered"
    assert world.state.resources() == {}
    assert world.state.open_runs() == ()


@pytest.mark.parametrize("tagged", [True, False])
def test_what_a_dead_run_created_is_found_again(world, tagged) -> None:
    world.declare(world.release(ownership_tag=tagged))
    died(world, "create_function")
    ended = world.save()
    world.state = type(world.state)(type(world.state._store)(), world.project)
    world.apply()  # the same call, as the dead run made it
    made = world.save()
    world.restore(replace(ended, functions=made.functions))
    assert recover(world.writing()).status == "recovered"
    assert world.record().function.arn == world.aws("GetFunction")["Configuration"]["FunctionArn"]


def claiming(world, address: str):
    world.declare(world.release("other"), replace(world.release(), address=address))
    return world.plan()


def test_two_plans_cannot_adopt_one_function_under_two_addresses(world) -> None:
    world.declare(world.release("other"))
    world.apply()
    others(world)
    first, second = (claiming(world, f"release.{one}") for one in ("first", "second"))
    assert world.apply(first).status == "applied"
    with pytest.raises(OvertakenError, match=r"was recorded as release\.first"):
        world.apply(second)
    with pytest.raises(ConfigurationError, match=r"claims .* which state has as release\.first"):
        claiming(world, "release.second")
    assert "release.second" not in world.state.resources()


def test_two_runs_do_not_work_on_one_new_function_at_the_same_time(world) -> None:
    first, second = (claiming(world, f"release.{one}") for one in ("first", "second"))
    refused = []

    def meanwhile(event) -> None:
        if event.type == "run_started":
            with pytest.raises(LeaseHeldError) as caught:
                apply_plan(second, world.writing())
            refused.append(str(caught.value))

    assert apply_plan(first, replace(world.writing(), listener=meanwhile)).status == "applied"
    [error] = refused
    assert f"function {world.name('checkout')} in us-east-1 of account 123456789012" in error


def test_claims_are_looked_for_only_in_what_was_recorded_since(world, monkeypatch) -> None:
    world.declare(*(world.release(f"r{number}") for number in range(5)))
    world.apply()
    world.declare(*world.releases, world.release("new"))
    plan, read, lock = world.plan(), [], threading.Lock()
    objects = type(world.state).objects

    def counted(self, ids):
        ids = list(ids)
        with lock:
            read.extend(ids)
        return objects(self, ids)

    monkeypatch.setattr(type(world.state), "objects", counted)
    assert world.apply(plan).status == "applied"
    assert set(read) <= {world.state.resources()["release.new"]}
