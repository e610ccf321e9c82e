"""A state goes from any backend to any other, whole, although it is cut off on its way."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from backends.base import EVERYTHING, LeaseHeldError, StateBackend
from backends.memory import MemoryBackend, MemoryStore
from backends.sqlite import SqliteBackend
from backends.testing.bucket import Bucket
from backends.testing.case import a_draft, a_request, a_run
from backends.testing.life import STEPS
from declarative.engine.migration import migrate
from declarative.engine.ports import Runner
from declarative.engine.verification import verify
from declarative.errors import LamformError

RUNNER = Runner("tester", "here", 1, "", "lamform state migrate")
KINDS = ("memory", "sqlite", "s3")

Open = Callable[[], StateBackend]


@pytest.fixture
def places(tmp_path: Path) -> Callable[[str], Open]:
    """How handles on one new place of a kind are opened."""

    numbers = itertools.count()

    def place(kind: str) -> Open:
        store, bucket, number = MemoryStore(), Bucket(), next(numbers)
        made: dict[str, Open] = {
            "memory": lambda: MemoryBackend(store, "shop"),
            "sqlite": lambda: SqliteBackend(tmp_path / f"{number}.db", "shop"),
            "s3": lambda: bucket.backend("shop"),
        }
        return made[kind]

    return place


def fill(state: StateBackend, count: int = 120) -> None:
    """Make a history of more revisions than are copied at once."""
    state.create()
    token = state.acquire(a_request()).token
    head = None
    for number in range(count):
        (name,) = state.put([f"object {number}".encode()])
        draft = a_draft({f"a{number % 11}": name if number % 5 else None})
        draft = replace(draft, message=f"the {number}th", details={"n": number, "λ": [None]})
        head = state.commit(draft, expected=head.id if head else None, token=token)
    state.unlock("run-1")


def whole(state: StateBackend) -> object:
    history = list(state.revisions())
    return (
        state.origin(),
        history,
        [state.resources(at=one.number) for one in history[::17]],
        state.resources(),
    )


@pytest.mark.parametrize("start", KINDS)
@pytest.mark.parametrize("end", KINDS)
def test_everything_arrives(places: Callable[[str], Open], start: str, end: str) -> None:
    source, destination = places(start)(), places(end)
    fill(source)
    done = migrate(source, destination(), RUNNER)
    assert (done.head, done.copied, done.found.revisions) == (120, 120, 120)
    assert whole(destination()) == whole(source)
    assert source.leases() == destination().leases() == ()
    assert migrate(source, destination(), RUNNER).copied == 0


@pytest.mark.parametrize("end", KINDS)
def test_a_pruned_state_arrives_as_it_is(places: Callable[[str], Open], end: str) -> None:
    source, destination = places("sqlite")(), places(end)
    for step in STEPS:
        step(source)
    for run in source.open_runs():
        token = source.acquire(a_request(run.run)).token
        source.close_run(run.run, token=token)
        source.unlock(run.run)
    migrate(source, destination(), RUNNER)
    assert whole(destination()) == whole(source)
    origin = destination().origin()
    assert origin is not None
    assert origin.number == 9


def test_a_state_without_revisions_arrives(places: Callable[[str], Open]) -> None:
    source, destination = places("memory")(), places("sqlite")
    source.create()
    assert migrate(source, destination(), RUNNER).head == 0
    assert destination().key() == source.key()


class KilledError(BaseException):
    """The end of the process."""


@pytest.mark.parametrize("nth", [3, 12, 30, 60, 99, 140])
def test_what_was_cut_off_is_gone_on_with(places: Callable[[str], Open], nth: int) -> None:
    source = places("memory")()
    fill(source, 60)
    bucket, asked = Bucket(), 0

    def count(moment: str, operation: str, key: str) -> None:
        nonlocal asked
        asked += (moment, operation) == ("before", "put")
        if asked >= nth:
            raise KilledError

    bucket.watch = count
    with pytest.raises(KilledError):
        migrate(source, bucket.backend(clock=lambda: 0), RUNNER)
    bucket.watch = Bucket.watch
    for run in [lease.run for lease in source.leases()]:
        source.unlock(run)
    copied = len(list(bucket.backend().revisions()))
    done = migrate(source, bucket.backend(), RUNNER)
    assert done.copied == 60 - copied
    assert whole(bucket.backend()) == whole(source)


def test_another_state_is_left_alone(places: Callable[[str], Open]) -> None:
    source, other = places("memory")(), places("memory")()
    fill(source, 3)
    fill(other, 2)
    before = whole(other)
    with pytest.raises(LamformError, match="of another project"):
        migrate(source, other, RUNNER)
    assert whole(other) == before


def test_a_history_that_went_its_own_way_is_left_alone(places: Callable[[str], Open]) -> None:
    source, copy = places("memory")(), places("sqlite")()
    fill(source, 3)
    migrate(source, copy, RUNNER)
    head = copy.head()
    assert head is not None
    lease = copy.acquire(a_request())
    copy.commit(a_draft(), expected=head.id, token=lease.token)
    copy.release(lease)
    with pytest.raises(LamformError, match="its revision 4 is not one of this state"):
        migrate(source, copy, RUNNER)


@pytest.mark.parametrize("kind", KINDS)
def test_one_place_is_not_migrated_to_itself(places: Callable[[str], Open], kind: str) -> None:
    place = places(kind)
    fill(place(), 3)
    with pytest.raises(LamformError, match="one place"):
        migrate(place(), place(), RUNNER)
    assert place().leases() == ()


def test_nothing_to_migrate(places: Callable[[str], Open]) -> None:
    destination = places("sqlite")()
    with pytest.raises(LamformError, match="no state to migrate"):
        migrate(places("memory")(), destination, RUNNER)
    assert not destination.exists()


def test_runs_are_waited_for_and_recovered_first(places: Callable[[str], Open]) -> None:
    source, destination = places("memory")(), places("memory")()
    fill(source, 3)
    lease = source.acquire(a_request("live", "a"))
    with pytest.raises(LeaseHeldError):
        migrate(source, destination, RUNNER)
    source.begin_run(a_run("live"), token=lease.token)
    source.release(lease)
    with pytest.raises(LamformError, match="lamform state recover"):
        migrate(source, destination, RUNNER)
    assert not destination.exists()


def test_nobody_writes_meanwhile(
    places: Callable[[str], Open], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, destination = places("memory")(), places("memory")()
    fill(source, 3)
    held = []
    put = destination.put

    def look(objects: object) -> object:
        held.extend(lease.exclusive for lease in (*source.leases(), *destination.leases()))
        return put(objects)

    monkeypatch.setattr(destination, "put", look)
    migrate(source, destination, RUNNER)
    assert set(held) == {frozenset({EVERYTHING})}


def test_a_copy_that_is_damaged_is_not_praised(
    places: Callable[[str], Open], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, store = places("memory")(), MemoryStore()
    destination = MemoryBackend(store, "shop")
    fill(source, 3)
    commit = destination.commit

    def spoil(draft: object, **said: object) -> object:
        made = commit(draft, **said)
        for name in store.projects["shop"].objects:
            store.projects["shop"].objects[name] = b"spoilt"
        return made

    monkeypatch.setattr(destination, "commit", spoil)
    with pytest.raises(LamformError, match="The copy is not what was written"):
        migrate(source, destination, RUNNER)
    assert verify(source).damage == ()
