"""State in a bucket: immutable objects, and one ledger moved by compare-and-swap.

Below the prefix of a project lie::

    ledger.json               what is true now; see `backends.s3_ledger`
    objects/SHA256            revisions, pages, address maps and what the engine stores
    runs/RUN.json             that a run of that id has ended
    journal/RUN/SEQUENCE      one group of journal records each
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from backends.documents import (
    JournalRecord,
    Origin,
    Revision,
    RunRecord,
    canonical_json,
    json_copy,
    last_to_forget,
)
from backends.errors import (
    HeadMovedError,
    JournalOrderError,
    ObjectMissingError,
    RunExistsError,
    StateMissingError,
    StateUnavailableError,
)
from backends.journal import require_increasing
from backends.s3_history import S3History
from backends.s3_ledger import Ledger
from backends.s3_objects import S3Objects
from backends.s3_sweeping import sweep
from backends.stored import readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from backends.documents import JsonValue, Lease, LeaseRequest, RevisionDraft
    from backends.s3_store import S3Store

T = TypeVar("T")

_LEDGER = "ledger.json"
_ATTEMPTS = 200
_BATCH = 16


class S3Backend:
    """A handle on one project's state in a bucket; the contract is `StateBackend`."""

    def __init__(self, store: S3Store, *, clock: Callable[[], float] = time.time) -> None:
        """Name the place, which is this project's alone; nothing is asked or created."""
        self._store = store
        self._clock = clock
        self._objects = S3Objects(store)
        self._history = S3History(store, self._objects)
        self._written_to: dict[str, tuple[str, int]] = {}
        self._last: tuple[Ledger, str] | None = None

    def exists(self) -> bool:
        """Say whether there is a ledger."""
        return self._read() is not None

    def create(self, origin: Origin | None = None) -> None:
        """Write the first ledger, unless there is one; try first that the store is safe."""
        if self.exists():
            return
        self._store.probe()
        first = self._history.from_origin(origin or Origin.new())
        try:
            self._store.create(_LEDGER, first.to_bytes())
        except StateUnavailableError:
            if not self.exists():  # or another process was quicker
                raise

    def close(self) -> None:
        """End the threads that read."""
        self._store.close()

    # Reading

    def key(self) -> bytes | None:
        """Return the project's random key."""
        found = self._read()
        return found[0].key if found else None

    def now(self) -> float:
        """Return the time by the store's clock, as its last answer told it."""
        if self._last is None:
            self._read()
        return self._now()

    def findings(self) -> tuple[str, ...]:
        """Return nothing: all there is can be read."""
        return ()

    def origin(self) -> Origin | None:
        """Return what the state starts from."""
        return self._reading(self._history.origin) if self.exists() else None

    def head(self) -> Revision | None:
        """Return the newest revision."""
        return self._reading(self._history.head)

    def revision(self, number: int) -> Revision:
        """Return one revision."""
        return self._reading(lambda ledger: self._history.revision(ledger, number))

    def revisions(self, *, limit: int | None = None) -> Iterator[Revision]:
        """Yield revisions, newest first, as they were when the first was asked for.

        Those that are forgotten meanwhile are left out.
        """
        newest = self._ledger().newest
        oldest = max(0, newest - (sys.maxsize if limit is None else limit))

        def batch(ledger: Ledger, last: int) -> list[Revision]:
            first = max(oldest, ledger.forgotten, last - _BATCH) + 1
            return self._history.revisions(ledger, first, last)

        for last in range(newest, oldest, -_BATCH):
            found = self._reading(partial(batch, last=last))
            yield from reversed(found)
            if not found:
                return

    def resources(self, *, at: int | None = None) -> Mapping[str, str]:
        """Return address to object id."""
        return self._reading(lambda ledger: self._history.resources(ledger, at))

    def mapped(self) -> tuple[int, ...]:
        """Return the revisions whose map was written out."""
        ledger = self._ledger()
        return tuple(number for number, _ in ledger.bases if number > ledger.forgotten)

    def resource_history(self, address: str) -> Iterator[tuple[int, str | None]]:
        """Yield where ``address`` changed, newest first."""
        for revision in self.revisions():
            if address in revision.changes:
                yield revision.number, revision.changes[address]

    def objects(self, ids: Iterable[str]) -> Mapping[str, bytes]:
        """Return objects, verified, many at a time."""
        return self._objects.read(ids)

    def leases(self) -> tuple[Lease, ...]:
        """Return the leases, by token."""
        return self._ledger().book.leases

    def open_runs(self) -> tuple[RunRecord, ...]:
        """Return the runs that were not closed."""
        records = self._ledger().runs.values()
        return tuple(sorted(records, key=lambda record: (record.started_at, record.run)))

    def journal(self, run: str) -> tuple[JournalRecord, ...]:
        """Return a run's journal, its groups read many at a time."""
        groups = self._store.each(self._group, self._store.keys(_journal(run)))
        return tuple(record for group in groups for record in group)

    # Writing

    def put(self, objects: Iterable[bytes]) -> tuple[str, ...]:
        """Store objects, many at a time; those that are known to be there are not sent."""
        contents = list(objects)
        self._written()
        return self._objects.write(contents)

    def commit(
        self, draft: RevisionDraft, *, expected: str | None, token: int, closes: str | None = None
    ) -> Revision:
        """Make ``draft`` the new head."""

        def alter(ledger: Ledger) -> tuple[Ledger, Revision]:
            ledger.book.require(token)
            head = self._history.head(ledger)
            if (head.id if head else None) != expected:
                raise HeadMovedError(expected, head)
            if closes is not None:
                ledger.run(closes)
            self._objects.require(draft.changes.values())
            revision = Revision.of(draft, after=head or self._history.origin(ledger))
            self._history.write(revision)
            if closes is not None:
                ledger = self._ended(ledger, closes)
            return self._history.tidied(ledger.after(revision)), revision

        def has(ledger: Ledger, revision: Revision) -> bool:
            number = revision.number
            known = ledger.forgotten < number <= ledger.newest
            return known and self._history.ids(ledger, number, number) == [revision.id]

        return self._change(alter, has)

    def acquire(self, request: LeaseRequest) -> Lease:
        """Grant a lease."""

        def alter(ledger: Ledger) -> tuple[Ledger, Lease]:
            book, lease = ledger.book.acquire(request, now=self._now())
            return replace(ledger, book=book), lease

        return self._change(alter)

    def renew(self, lease: Lease) -> Lease:
        """Count the lease's term from now."""

        def alter(ledger: Ledger) -> tuple[Ledger, Lease]:
            book, renewed = ledger.book.renew(lease, now=self._now())
            return replace(ledger, book=book), renewed

        return self._change(alter)

    def release(self, lease: Lease) -> None:
        """Give the lease back."""
        if not any(held.token == lease.token for held in self.leases()):
            return
        self._change(lambda found: (replace(found, book=found.book.without(lease.token)), None))

    def unlock(self, run: str) -> Lease | None:
        """Take a run's lease away."""

        def alter(ledger: Ledger) -> tuple[Ledger, Lease | None]:
            lease = ledger.book.of_run(run)
            book = ledger.book.without(lease.token) if lease else ledger.book
            return replace(ledger, book=book), lease

        return self._change(alter) if self._ledger().book.of_run(run) else None

    def begin_run(self, record: RunRecord, *, token: int) -> None:
        """Record that a run begins."""
        ledger = self._written()
        ledger.book.require(token)
        if record.run in ledger.runs or self._store.has(_ending(record.run)):
            raise RunExistsError(record.run)
        self._objects.require([record.plan])
        stored = replace(record, details=json_copy(record.details))

        def alter(ledger: Ledger) -> tuple[Ledger, None]:
            ledger.book.require(token)
            if record.run in ledger.runs:
                raise RunExistsError(record.run)
            return ledger.with_run(stored), None

        self._change(alter, lambda ledger, _: ledger.runs.get(record.run) == stored)

    def append(self, run: str, records: Sequence[JournalRecord], *, token: int) -> None:
        """Add records to a run's journal, as one object.

        Looked at again afterwards, the ledger still has the run and the lease: whoever took
        the lease over in between has not read a journal without these records.
        """
        written, last = self._written_to.get(run, ("", None))
        # At once, since each is a request.
        look: list[Callable[[], object]] = [lambda: self._require_open(run, token)]
        newer: list[str] = []
        look.append(lambda: newer.extend(self._store.keys(_journal(run), after=written)))
        self._store.each(lambda act: act(), look)
        if newer:
            last = self._group(newer[-1])[-1].sequence
        require_increasing(run, last, records)
        if not records:
            return
        key = f"{_journal(run)}{records[0].sequence:012d}"
        group: list[JsonValue] = [asdict(record) for record in records]
        data = canonical_json({"records": group, "nonce": _nonce()}).encode()
        if not self._store.create_own(key, data):
            raise JournalOrderError(run, records[0].sequence, records[0].sequence)
        self._require_open(run, token)
        self._written_to[run] = (key, records[-1].sequence)

    def close_run(self, run: str, *, token: int) -> None:
        """End a run without a revision."""

        def alter(ledger: Ledger) -> tuple[Ledger, None]:
            ledger.book.require(token)
            ledger.run(run)
            return self._ended(ledger, run), None

        self._change(alter, lambda ledger, _: run not in ledger.runs)

    def forget(self, number: int, *, token: int) -> int:
        """Drop old revisions from the ledger, then delete what nothing names any more."""

        def alter(ledger: Ledger) -> tuple[Ledger, Ledger]:
            ledger.book.require(token)
            last = last_to_forget(number, forgotten=ledger.forgotten, newest=ledger.newest)
            if last > ledger.forgotten:
                ledger = self._history.without(ledger, last)
            changed = replace(ledger, swept=ledger.swept + 1)
            return changed, changed

        def still_held() -> None:
            self._written().book.require(token)

        ledger = self._change(alter)
        named = self._history.named(ledger)
        return sweep(self._store, named=named, runs=ledger.runs, still_held=still_held)

    # The ledger

    def _now(self) -> float:
        """Return the time by the store's clock, which is the same for all machines."""
        return self._clock() + self._store.ahead

    def _read(self) -> tuple[Ledger, str] | None:
        found = self._store.read(_LEDGER)
        if found is None:
            return None
        data, tag = found
        known = self._last
        if known is None or known[1] != tag:  # most of the time nobody has changed it
            known = self._last = (Ledger.of(data, self._store.place.named(_LEDGER)), tag)
        self._objects.look_again(known[0].swept)
        return known

    def _ledger(self) -> Ledger:
        found = self._read()
        return found[0] if found else Ledger(key=b"")

    def _written(self) -> Ledger:
        found = self._read()
        if found is None:
            raise StateMissingError(self._store.place.named(""))
        return found[0]

    def _reading(self, read: Callable[[Ledger], T]) -> T:
        """Return what is read by a ledger, by a newer one where objects went meanwhile."""
        ledger = self._ledger()
        while True:
            try:
                return read(ledger)
            except ObjectMissingError:
                newer = self._ledger()
                if newer.swept == ledger.swept:
                    raise
                ledger = newer

    def _change(
        self,
        alter: Callable[[Ledger], tuple[Ledger, T]],
        has: Callable[[Ledger, T], bool] = lambda _, __: False,
    ) -> T:
        """Move the ledger by compare-and-swap; ``alter`` may be asked several times.

        A change whose answer was lost is known by its nonce. Where so many others followed
        that the ledger no longer has that, ``has`` says whether it has the result of a try.

        Raises:
            StateMissingError: There is no ledger.
            StateUnavailableError: It cannot be reached, or others are quicker every time.
        """
        tried: dict[str, T] = {}
        for attempt in range(_ATTEMPTS):
            found = self._read()
            if found is None:
                raise StateMissingError(self._store.place.named(""))
            ledger, tag = found
            for nonce, result in tried.items():
                if nonce in ledger.nonces or has(ledger, result):
                    return result
            changed, result = alter(ledger)
            nonce = _nonce()
            tried[nonce] = result
            if self._swap(changed.signed(nonce), tag, nonce):
                return result
            self._store.pause(attempt)
        raise StateUnavailableError(
            self._store.place.named(_LEDGER),
            "locked",
            "The state is too busy",
            f"Others changed {self._store.place.named(_LEDGER)} {_ATTEMPTS} times in a row while "
            "this run tried to. Nothing was recorded. Repeat it, with fewer runs at a time.",
        )

    def _swap(self, ledger: Ledger, tag: str, nonce: str) -> bool:
        try:
            return self._store.replace(_LEDGER, ledger.to_bytes(), tag)
        except StateUnavailableError:
            # The request may have got through although no answer did.
            found = self._read()
            if found is not None and nonce in found[0].nonces:
                return True
            raise

    # Runs and journals

    def _require_open(self, run: str, token: int) -> None:
        # Before and after each group of records: while nobody has changed the ledger, its tag
        # says so, and the addresses of all open runs need not travel.
        known = self._last
        unmoved = False
        if known is not None:
            # A refusal to tell the tag has no words: reading tells why.
            with suppress(StateUnavailableError):
                unmoved = self._store.tag(_LEDGER) == known[1]
        ledger = known[0] if known is not None and unmoved else self._written()
        ledger.book.require(token)
        ledger.run(run)

    def _ended(self, ledger: Ledger, run: str) -> Ledger:
        """Return the ledger without a run, having noted for ever that its id is used up.

        The run is in the ledger, or its note is there: no id is ever free in between.
        """
        self._store.create(_ending(run), canonical_json({"run": run}).encode())
        return ledger.without_run(run)

    def _group(self, key: str) -> list[JournalRecord]:
        found = self._store.read(key)
        with readable(self._store.place.named(key)):
            if found is None:
                raise ValueError("it is gone")
            return [JournalRecord(**one) for one in json.loads(found[0])["records"]]


def _nonce() -> str:
    return secrets.token_hex(8)


def _journal(run: str) -> str:
    return f"journal/{quote(run, safe='')}/"


def _ending(run: str) -> str:
    return f"runs/{quote(run, safe='')}.json"
