"""What a change costs in state: as much as it changes, however much there is."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from backends.base import LeaseRequest, RevisionDraft, StateBackend
from backends.sqlite import SqliteBackend
from backends.testing.bucket import Bucket

SIZES = [200, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]


def crowd(state: StateBackend, count: int) -> None:
    """Record many more releases like the one that is there."""
    [(address, known)] = state.resources().items()
    data = state.objects([known])[known]
    names = [f"release.other{number}" for number in range(count)]
    ids = state.put(data.replace(address.encode(), name.encode()) for name in names)
    lease = state.acquire(
        LeaseRequest(
            run=uuid.uuid4().hex,
            who="tester",
            host="here",
            pid=1,
            boot_id="",
            command="",
            addresses=frozenset(names),
            term=60,
        )
    )
    draft = RevisionDraft(
        status="applied",
        author="tester",
        created_at="2026-01-01T00:00:00Z",
        changes=dict(zip(names, ids, strict=True)),
    )
    head = state.head()
    state.commit(draft, expected=head.id if head else None, token=lease.token)
    state.release(lease)


def written_in_sqlite(world) -> tuple[StateBackend, Callable[[], int]]:
    state = SqliteBackend(world.root / "state.db", world.project)
    return state, lambda: state._file._db.conn.total_changes


def written_in_a_bucket(world) -> tuple[StateBackend, Callable[[], int]]:
    bucket = Bucket()
    return bucket.backend(world.project), lambda: bucket.calls["put"]


def counted(state: StateBackend, written: Callable[[], int], *names: str) -> list[int]:
    """Return a list that gets what each call of the methods writes."""
    costs: list[int] = []

    def count(method):
        def call(*args, **kwargs):
            before = written()
            result = method(*args, **kwargs)
            costs.append(written() - before)
            return result

        return call

    for name in names:
        setattr(state, name, count(getattr(state, name)))
    return costs


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("place", [written_in_sqlite, written_in_a_bucket])
def test_a_change_of_one_among_many(world, place, count) -> None:
    state, written = place(world)
    world.state = state
    world.declare(world.release())
    world.apply()
    crowd(state, count)
    world.code("two")
    plan = world.plan(only=("release.checkout",))
    before, recording = written(), counted(state, written, "put", "commit")
    assert world.apply(plan).status == "applied"
    assert sum(recording) < 10  # the plan, the record, the revision
    # With the lease, the run, and a begin and an end in the journal for each of two steps.
    assert written() - before <= 16
    assert len(state.resources()) == count + 1
    state.close()
