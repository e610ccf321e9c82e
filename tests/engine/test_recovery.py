"""Which open runs are dead is judged by the clock that granted their leases."""

from __future__ import annotations

import pytest

from backends.testing.bucket import Bucket
from backends.testing.case import a_request, a_run
from declarative.engine.ports import Runner
from declarative.engine.recovery import dead_runs, runs_at_work

NOW = 1_900_000_000.0
HERE = Runner("ops", "here", 1, "boot", "lamform plan")


@pytest.mark.parametrize("fast", [120.0, -120.0])
@pytest.mark.parametrize("is_over", [False, True])
def test_a_wrong_clock_takes_no_run_in_a_bucket_for_dead_nor_for_alive(
    world, fast: float, *, is_over: bool
) -> None:
    world.declare(world.release())
    bucket = Bucket()
    holder = bucket.backend(clock=lambda: NOW)
    holder.create()
    (plan,) = holder.put([world.plan().to_bytes()])
    lease = holder.acquire(a_request("run-1", term=60.0))
    holder.begin_run(a_run("run-1", plan), token=lease.token)

    later = NOW + (61 if is_over else 59)
    other = bucket.backend(clock=lambda: later + fast)
    other._store.ahead = -fast  # as each answer of the store tells
    dead = [one.run.run for one in dead_runs(other, HERE)]
    at_work = [(run.run, held.expires) for run, held in runs_at_work(other, HERE)]
    assert dead == (["run-1"] if is_over else [])
    assert at_work == ([] if is_over else [("run-1", lease.expires)])
