"""A run that ends at any write of state, as a process does that dies or loses its backend.

What it had done in AWS by then is seen by the next plan and recorded by the next apply,
which reaches the end that the dead run was on its way to.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from backends.base import BackendError, LeaseHeldError, StateUnavailableError
from backends.memory import MemoryBackend
from declarative.engine.ports import Runner
from declarative.errors import StateLostError
from declarative.model.bound import BoundAlias
from declarative.model.plan import PlannedOutput


class Killed(BaseException):
    """The process is gone: nothing below it runs any more."""


class Mortal(MemoryBackend):
    """A backend that stops at its ``last`` write, before or after it takes effect.

    ``error`` makes what it raises then and at everything after: the end of the process, or
    of the connection.
    """

    writes = 0
    last = -1
    done = False
    over = False

    def _count(self, name, *args, **kwargs):
        if self.over:
            raise self.error()
        self.writes += 1
        if self.writes == self.last:
            self.over = True
            if self.done:
                getattr(MemoryBackend, name)(self, *args, **kwargs)
            raise self.error()
        return getattr(MemoryBackend, name)(self, *args, **kwargs)

    def create(self):
        return self._count("create")

    def acquire(self, request):
        return self._count("acquire", request)

    def put(self, objects):
        return self._count("put", list(objects))

    def begin_run(self, record, *, token):
        return self._count("begin_run", record, token=token)

    def append(self, run, records, *, token):
        return self._count("append", run, records, token=token)

    def commit(self, draft, *, expected, token, closes=None):
        return self._count("commit", draft, expected=expected, token=token, closes=closes)

    def close_run(self, run, *, token):
        return self._count("close_run", run, token=token)

    def release(self, lease):
        return self._count("release", lease)


def lost_connection() -> StateUnavailableError:
    return StateUnavailableError("memory", "unreachable", "State is gone", "Pulled the plug.")


@pytest.fixture(scope="module")
def dead_pid() -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def first(world) -> None:
    world.code("one")
    world.declare(world.release("one"), world.release("two"))


def second(world) -> None:
    first(world)
    world.code("two")
    world.declare(
        *(
            replace(
                one,
                function={**one.function, "memory_size": 512},
                tags={"Cost": "7"},
                aliases={"live": BoundAlias(), "extra": BoundAlias()},
            )
            for one in world.releases
        )
    )


def renamed(world) -> None:
    first(world)
    one, _ = world.releases
    world.declare(replace(one, function_name=world.name("renamed")))  # and "two" is deleted


def nothing(world) -> None:
    world.declare()


CHANGES = {
    "create": ((), first),
    "update": ((first,), second),
    "replace": ((first,), renamed),
    "delete": ((first,), nothing),
}
ENDS = {
    "connection-lost": (lost_connection, False),
    "answer-lost": (lost_connection, True),
    "killed": (Killed, False),
    "killed-after": (Killed, True),
}


def mortal_apply(world, plan, runner: Runner, **how: object) -> int:
    """Apply as a process that ends at a write; return how many writes there were."""
    living, state = (world.state, world.runner), Mortal(world.state._store, world.project)
    for name, value in how.items():
        setattr(state, name, value)
    world.state, world.runner = state, runner
    try:
        with suppress(BackendError, StateLostError, Killed):
            world.apply(plan)
    finally:
        world.state, world.runner = living
    return state.writes


def shape(world) -> dict[str, object]:
    found = {}
    for name, function in sorted(world.save().functions.items()):
        contents = {one.version: (one.code, one.settings) for one in function.configurations()}
        aliases = {one.name: contents[one.version] for one in function.aliases.values()}
        found[name] = (contents["$LATEST"], aliases, function.tags)
    return found


QUICK = {"create": ENDS.keys(), "update": {"killed"}, "replace": {"killed-after"}, "delete": ENDS}
CASES = [
    pytest.param(change, end, marks=[] if end in QUICK[change] else [pytest.mark.slow])
    for change in CHANGES
    for end in ENDS
]


@pytest.mark.parametrize(("change", "end"), CASES)
def test_wherever_a_run_ends_the_next_one_finds_out_and_gets_there(
    world, change, end, dead_pid
) -> None:
    world.parallelism = 1
    before, declare = CHANGES[change]
    for earlier in before:
        earlier(world)
        world.apply()
    declare(world)
    plan = world.plan()
    start = world.save()
    runner = Runner("mortal", "here", dead_pid, "boot", "lamform apply")
    error, done = ENDS[end]
    writes = mortal_apply(world, plan, runner)
    wanted = shape(world)
    assert writes > 5
    for last in range(1, writes + 1):
        world.restore(start)
        mortal_apply(world, plan, runner, last=last, done=done, error=error)
        where = f"write {last} of {writes}"

        begun = world.state.open_runs()
        again = world.plan()
        assert not again.has_errors, where
        assert bool(begun) == any("cut off" in one.summary for one in again.diagnostics), where
        assert world.drift().findings == (), where
        head = world.state.head()
        if not again.is_empty:
            assert world.apply(again).status == "applied", where
        if begun:
            recovered = world.state.revision((head.number if head else 0) + 1)
            assert recovered.status == "recovered", where

        assert shape(world) == wanted, where
        assert world.drift().findings == (), where
        assert world.plan().is_empty, where
        assert world.state.open_runs() == (), where


def test_a_run_of_outputs_alone_names_no_release(world, dead_pid) -> None:
    world.declare(world.release())
    world.apply()
    world.outputs = {"answer": PlannedOutput(value="42")}
    plan = world.plan()
    start, last = world.save(), 0
    runner = Runner("mortal", "here", dead_pid, "boot", "lamform apply")
    while not world.state.open_runs():
        world.restore(start)
        last += 1
        mortal_apply(world, plan, runner, last=last, done=True, error=Killed)
    for refresh in ("full", "none"):
        [warning] = world.plan(refresh=refresh).diagnostics
        assert warning.summary == (
            "An earlier run was cut off with no release in flight; the next apply ends it"
        )
    assert world.apply().status == "applied"
    assert world.state.open_runs() == ()


def test_a_live_run_is_neither_recovered_nor_disturbed(world) -> None:
    world.declare(world.release())
    plan = world.plan()
    mortal_apply(world, plan, world.runner, last=6, error=Killed)
    assert world.state.open_runs() != ()
    [warning] = world.plan().diagnostics
    assert "in progress" in warning.summary
    with pytest.raises(LeaseHeldError):
        world.apply()


def test_giving_back_the_lease_in_vain_does_not_spoil_the_result(world) -> None:
    class Sticky(MemoryBackend):
        def release(self, lease):
            raise lost_connection()

    world.declare(world.release())
    world.state = Sticky(world.state._store, world.project)
    assert world.apply().status == "applied"
