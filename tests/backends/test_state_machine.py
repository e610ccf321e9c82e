"""Every backend does what the memory backend does, whatever two actors do to it in any order."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from backends.base import (
    EVERYTHING,
    BackendError,
    Lease,
    LeaseRequest,
    ObjectMissingError,
    Origin,
    Revision,
    StateUnavailableError,
    commit_disjoint,
    object_id,
)
from backends.memory import MemoryBackend, MemoryStore
from backends.sqlite import SqliteBackend
from backends.testing.bucket import Bucket
from backends.testing.case import a_draft, a_record, a_run
from backends.testing.life import essence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backends.base import StateBackend

PROJECT = "shop"
CONTENTS = (b"one", b"two", b"three")
OBJECTS = [object_id(data) for data in CONTENTS]

ORIGIN = Origin(key=b"k" * 32, number=3, id="f" * 64, resources={"a": OBJECTS[0]})

actors = st.integers(0, 1)
addresses = st.sampled_from("abc")
runs = st.sampled_from(["run-1", "run-2", "run-3"])
changes = st.dictionaries(addresses, st.none() | st.sampled_from(OBJECTS), max_size=2)


class TwoActors(RuleBasedStateMachine):
    """Two handles on a memory store beside two elsewhere; each step is taken on both."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_900_000_000.0
        self.place = Path(tempfile.mkdtemp())
        store = MemoryStore()
        self.memory = [MemoryBackend(store, PROJECT, clock=self.clock) for _ in range(2)]
        self.others = [self.opened(), self.opened()]
        self.granted: list[Lease] = []
        self.seen: dict[str, Revision] = {}
        self.coming: tuple[object, ...] = ()

    def teardown(self) -> None:
        for handle in self.others:
            handle.close()
        shutil.rmtree(self.place)

    def clock(self) -> float:
        return self.now

    def opened(self) -> StateBackend:
        return SqliteBackend(self.place / "state.db", PROJECT, clock=self.clock)

    def both(self, actor: int, act: Callable[[StateBackend], object]) -> Any:
        """Take one step on both sides, compare the outcomes, return what came of it.

        What fails for trouble has happened or it has not, as a third handle sees, and nothing
        in between; then it can be repeated.
        """
        if act is everything or not self.coming:
            return self.compared(actor, act)
        with self.trouble(actor):
            found = outcome(self.others[actor], act)
        if found[0] is not StateUnavailableError:
            expected = outcome(self.memory[actor], act)
            assert found == expected
            return expected[1]
        third = self.opened()
        if essence(third) == essence(self.memory[actor]):
            third.close()
            return self.compared(actor, act)
        expected = outcome(self.memory[actor], act)
        assert essence(third) == essence(self.memory[actor])
        third.close()
        # What it was to remove may still be there; that it is said again removes it.
        token = next((one.token for one in self.memory[0].leases()), 0)
        self.compared(actor, lambda backend: [backend.forget(0, token=token)].clear())
        return expected[1]

    def compared(self, actor: int, act: Callable[[StateBackend], object]) -> Any:
        expected, found = outcome(self.memory[actor], act), outcome(self.others[actor], act)
        assert found == expected
        return expected[1]

    @contextmanager
    def trouble(self, actor: int) -> Iterator[None]:
        """Let the disk be full for one step."""
        file = self.others[actor]._file
        with file.reading() as db:
            (pages,) = db.execute("PRAGMA page_count").fetchone()
            db.execute(f"PRAGMA max_page_count = {max(pages, 1)}")
        self.coming = ()
        try:
            yield
        finally:
            with file.reading() as db:
                db.execute("PRAGMA max_page_count = 1000000")

    def some_token(self, data: st.DataObject) -> int:
        """Draw a token: mostly one that is held, sometimes a lost one, or none at all."""
        held = [lease.token for lease in self.memory[0].leases()]
        lost = [lease.token for lease in self.granted[:3]]
        return data.draw(st.sampled_from([*held * 5, *lost, 99]))

    @initialize(ready=st.integers(0, 9), origin=st.sampled_from([None, None, ORIGIN]))
    def begin(self, ready: int, origin: Origin | None) -> None:
        """Start, mostly, where something can happen; sometimes with no state at all."""
        if ready:
            self.both(0, lambda backend: backend.create(origin))
            self.both(0, lambda backend: backend.put(CONTENTS[:2]))
            self.acquire_for(0, "run-1", frozenset("a"), frozenset(), 1000.0)
            self.both(0, lambda backend: backend.begin_run(a_run("run-1"), token=1))

    @rule(actor=actors)
    def create(self, actor: int) -> None:
        self.both(actor, lambda backend: backend.create())

    @rule(actor=actors)
    def reopen(self, actor: int) -> None:
        self.others[actor].close()
        self.others[actor] = self.opened()

    @rule(seconds=st.sampled_from([1, 10, 100]))
    def pass_time(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def trouble_comes(self) -> None:
        self.coming = (True,)

    @rule(actor=actors, contents=st.lists(st.sampled_from(CONTENTS), max_size=3))
    def put(self, actor: int, contents: list[bytes]) -> None:
        self.both(actor, lambda backend: backend.put(contents))

    @rule(
        actor=actors,
        run=runs,
        wanted=st.frozensets(addresses),
        exclusive=st.frozensets(st.sampled_from(["P", "Q", "P", "Q", EVERYTHING])),
        term=st.sampled_from([0.0, 10.0, 1000.0]),
    )
    def acquire(
        self,
        actor: int,
        run: str,
        wanted: frozenset[str],
        exclusive: frozenset[str],
        term: float,
    ) -> None:
        self.acquire_for(actor, run, wanted, exclusive, term)

    def acquire_for(
        self,
        actor: int,
        run: str,
        wanted: frozenset[str],
        exclusive: frozenset[str],
        term: float,
    ) -> None:
        request = LeaseRequest(
            run=run,
            who="tester",
            host=f"host-{actor}",
            pid=1,
            boot_id="",
            command="apply",
            addresses=wanted,
            exclusive=exclusive,
            term=term,
        )
        lease = self.both(actor, lambda backend: backend.acquire(request))
        if isinstance(lease, Lease):
            self.granted.append(lease)

    @precondition(lambda self: self.granted)
    @rule(actor=actors, data=st.data(), term=st.sampled_from([0.0, 50.0]))
    def renew(self, actor: int, data: st.DataObject, term: float) -> None:
        lease = data.draw(st.sampled_from(self.granted))
        self.both(actor, lambda backend: backend.renew(replace(lease, term=term)))

    @precondition(lambda self: self.granted)
    @rule(actor=actors, data=st.data())
    def release(self, actor: int, data: st.DataObject) -> None:
        lease = data.draw(st.sampled_from(self.granted))
        self.both(actor, lambda backend: backend.release(lease))

    @rule(actor=actors, run=runs)
    def unlock(self, actor: int, run: str) -> None:
        self.both(actor, lambda backend: backend.unlock(run))

    @rule(
        actor=actors,
        data=st.data(),
        changed=changes,
        closes=st.none() | runs,
        expects=st.sampled_from(["head", "head", "nothing"]),
    )
    def commit(
        self,
        actor: int,
        data: st.DataObject,
        changed: dict[str, str | None],
        closes: str | None,
        expects: str,
    ) -> None:
        token = self.some_token(data)
        head = self.memory[actor].head()
        expected = head.id if head and expects == "head" else None
        self.both(
            actor,
            lambda backend: backend.commit(
                a_draft(changed), expected=expected, token=token, closes=closes
            ),
        )

    @rule(actor=actors, changed=changes, data=st.data())
    def commit_disjoint(
        self, actor: int, changed: dict[str, str | None], data: st.DataObject
    ) -> None:
        token = self.some_token(data)
        base = data.draw(st.sampled_from([None, *self.seen.values()]))
        self.both(
            actor,
            lambda backend: commit_disjoint(backend, a_draft(changed), base=base, token=token),
        )

    @rule(actor=actors, data=st.data(), run=runs, plan=st.none() | st.sampled_from(OBJECTS))
    def begin_run(self, actor: int, data: st.DataObject, run: str, plan: str | None) -> None:
        token = self.some_token(data)
        self.both(actor, lambda backend: backend.begin_run(a_run(run, plan), token=token))

    @rule(actor=actors, data=st.data(), run=runs, numbers=st.lists(st.integers(1, 9), max_size=2))
    def append(self, actor: int, data: st.DataObject, run: str, numbers: list[int]) -> None:
        token = self.some_token(data)
        records = [a_record(number) for number in sorted(numbers)]
        self.both(actor, lambda backend: backend.append(run, records, token=token))

    @rule(actor=actors, data=st.data(), run=runs)
    def close_run(self, actor: int, data: st.DataObject, run: str) -> None:
        token = self.some_token(data)
        self.both(actor, lambda backend: backend.close_run(run, token=token))

    @rule(actor=actors, data=st.data(), number=st.integers(0, 9))
    def forget(self, actor: int, data: st.DataObject, number: int) -> None:
        token = self.some_token(data)
        self.both(actor, lambda backend: self.counted(backend.forget(number, token=token)))

    def counted(self, removed: int) -> int | None:
        return removed

    @invariant()
    def both_read_the_same(self) -> None:
        for actor in (0, 1):
            self.both(actor, everything)
        self.seen.update({one.id: one for one in self.memory[0].revisions()})

    @invariant()
    def head_follows_from_history(self) -> None:
        backend = self.others[0]
        if head := backend.head():
            assert backend.resources() == backend.resources(at=head.number)

    @invariant()
    def leases_never_overlap(self) -> None:
        for one, other in combinations(self.others[1].leases(), 2):
            assert not one.addresses & other.addresses
            assert not one.exclusive & other.exclusive
            assert EVERYTHING not in one.exclusive | other.exclusive


def outcome(backend: StateBackend, act: Callable[[StateBackend], object]) -> tuple[object, object]:
    """Return the kind of outcome and its value; of an error, the facts that are not the place."""
    try:
        value = act(backend)
    except BackendError as error:
        facts = {key: fact for key, fact in vars(error).items() if key != "location"}
        facts.pop("detail")
        return type(error), facts
    return getattr(value, "took_over", None), value


def everything(backend: StateBackend) -> object:
    """Return all that can be read."""
    history = list(backend.revisions())
    origin = backend.origin()
    return (
        backend.exists(),
        origin and (origin.number, origin.id, origin.resources),
        [name for name in OBJECTS if is_stored(backend, name)],
        backend.head(),
        history,
        [backend.resources(at=revision.number) for revision in history],
        [list(backend.resource_history(address)) for address in "abc"],
        backend.resources(),
        backend.leases(),
        backend.open_runs(),
        [backend.journal(run) for run in ("run-1", "run-2", "run-3")],
    )


def is_stored(backend: StateBackend, name: str) -> bool:
    try:
        return bool(backend.objects([name]))
    except ObjectMissingError:
        return False


WRITE_FAULTS = [
    None,
    "lost",
    "retried",
    "timeout",
    "ConditionalRequestConflict",
    "InternalError",
    "SlowDown",
]
READ_FAULTS = [None, None, "timeout", "InternalError", "SlowDown"]


class TwoActorsOnS3(TwoActors):
    """The same with two handles on a bucket that has a bad day."""

    def __init__(self) -> None:
        self.bucket = Bucket()
        super().__init__()

    def opened(self) -> StateBackend:
        return self.bucket.backend(PROJECT, clock=self.clock)

    def counted(self, removed: int) -> None:
        """Not compared: revisions and maps are objects there as well."""

    @rule(
        writes=st.lists(st.sampled_from(WRITE_FAULTS), max_size=4),
        reads=st.lists(st.sampled_from(READ_FAULTS), max_size=3),
    )
    def misbehave(self, writes: list[str | None], reads: list[str | None]) -> None:
        self.coming = (writes, reads)

    def trouble_comes(self) -> None:
        """See `misbehave`."""

    @contextmanager
    def trouble(self, actor: int) -> Iterator[None]:
        self.bucket.faults, self.bucket.read_faults = self.coming
        self.coming = ()
        yield
        self.bucket.faults, self.bucket.read_faults = [], []


pytestmark = pytest.mark.timeout(900)  # with the many examples of CI, on a busy machine
TestTwoActors = TwoActors.TestCase
TestTwoActors.settings = settings(stateful_step_count=40)
TestTwoActorsOnS3 = TwoActorsOnS3.TestCase
TestTwoActorsOnS3.settings = settings(stateful_step_count=40)
