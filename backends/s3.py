"""State in a bucket: immutable objects, and one ledger moved by compare-and-swap.

Below the prefix of a project lie::

    ledger.json               what is true now; see `backends.s3_ledger`
    objects/SHA256            revisions, pages, address maps and what the engine stores
    runs/RUN.json             that a run of that id began, for ever
    journal/RUN/SEQUENCE      one group of journal records each
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from backends.documents import (
    JournalRecord,
    Revision,
    RunRecord,
    canonical_json,
    json_copy,
    object_id,
)
from backends.errors import (
    CorruptStateError,
    HeadMovedError,
    ObjectMissingError,
    RevisionNotFoundError,
    RunExistsError,
    StateMissingError,
    StateUnavailableError,
)
from backends.journal import require_increasing
from backends.s3_ledger import PAGE, Ledger
from backends.stored import readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from backends.documents import Lease, LeaseRequest, RevisionDraft
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
        self._known: set[str] = set()
        self._sequences: dict[str, int] = {}
        self._revisions: dict[str, Revision] = {}

    def exists(self) -> bool:
        """Say whether there is a ledger."""
        return self._read() is not None

    def create(self) -> None:
        """Write the first ledger, unless there is one; try first that the store is safe."""
        if self.exists():
            return
        self._store.probe()
        first = Ledger(key=secrets.token_bytes(32))
        self._store.create(_LEDGER, first.to_bytes())

    def close(self) -> None:
        """End the threads that read."""
        self._store.close()

    # Reading

    def key(self) -> bytes | None:
        """Return the project's random key."""
        found = self._read()
        return found[0].key if found else None

    def head(self) -> Revision | None:
        """Return the newest revision."""
        return self._head(self._ledger())

    def revision(self, number: int) -> Revision:
        """Return one revision."""
        ledger = self._ledger()
        (name,) = self._ids(ledger, number, number)
        return self._revision(name)

    def revisions(self, *, limit: int | None = None) -> Iterator[Revision]:
        """Yield revisions, newest first, as they were when the first was asked for."""
        ledger = self._ledger()
        newest = ledger.newest
        oldest = max(1, newest + 1 - (sys.maxsize if limit is None else limit))
        for last in range(newest, oldest - 1, -_BATCH):
            names = self._ids(ledger, max(oldest, last + 1 - _BATCH), last)
            yield from reversed(self._store.each(self._revision, names))

    def resources(self, *, at: int | None = None) -> Mapping[str, str]:
        """Return address to object id: a map that was written out, and what changed since."""
        ledger = self._ledger()
        changes: list[Mapping[str, str | None]] = [ledger.delta]
        bases = ledger.bases
        if at is not None:
            self._ids(ledger, at, at)
            bases = tuple(base for base in bases if base[0] <= at)
            since = bases[-1][0] + 1 if bases else 1
            names = self._ids(ledger, since, at) if since <= at else []
            changes = [one.changes for one in self._store.each(self._revision, names)]
        found: dict[str, str | None] = dict(self._map(bases[-1][1])) if bases else {}
        for change in changes:
            found.update(change)
        return {name: value for name, value in sorted(found.items()) if value is not None}

    def resource_history(self, address: str) -> Iterator[tuple[int, str | None]]:
        """Yield where ``address`` changed, newest first."""
        for revision in self.revisions():
            if address in revision.changes:
                yield revision.number, revision.changes[address]

    def objects(self, ids: Iterable[str]) -> Mapping[str, bytes]:
        """Return objects, verified, many at a time."""
        wanted = sorted(set(ids))
        found = self._store.each(lambda name: self._store.read(f"objects/{name}"), wanted)
        missing = [name for name, one in zip(wanted, found, strict=True) if one is None]
        if missing:
            raise ObjectMissingError(missing)
        contents = {name: one[0] for name, one in zip(wanted, found, strict=True) if one}
        for name, data in contents.items():
            if object_id(data) != name:
                raise CorruptStateError(f"object {name}", "its bytes have another hash")
        self._known.update(contents)
        return contents

    def leases(self) -> tuple[Lease, ...]:
        """Return the leases, by token."""
        return self._ledger().book.leases

    def open_runs(self) -> tuple[RunRecord, ...]:
        """Return the runs that were not closed."""
        records = self._ledger().runs.values()
        return tuple(sorted(records, key=lambda record: (record.started_at, record.run)))

    def journal(self, run: str) -> tuple[JournalRecord, ...]:
        """Return a run's journal, its groups read many at a time."""
        keys = self._store.keys(f"journal/{quote(run, safe='')}/")
        groups = self._store.each(self._group, keys)
        return tuple(record for group in groups for record in group)

    # Writing

    def put(self, objects: Iterable[bytes]) -> tuple[str, ...]:
        """Store objects, many at a time; those that are known to be there are not sent."""
        named = [(object_id(data), data) for data in objects]
        self._written()
        contents = dict(named)
        new = [name for name in contents if name not in self._known]
        self._store.each(lambda name: self._store.create(f"objects/{name}", contents[name]), new)
        self._known.update(new)
        return tuple(name for name, _ in named)

    def commit(
        self, draft: RevisionDraft, *, expected: str | None, token: int, closes: str | None = None
    ) -> Revision:
        """Make ``draft`` the new head."""

        def alter(ledger: Ledger) -> tuple[Ledger, Revision]:
            ledger.book.require(token)
            head = self._head(ledger)
            if (head.id if head else None) != expected:
                raise HeadMovedError(expected, head)
            if closes is not None:
                ledger.run(closes)
                ledger = ledger.without_run(closes)
            self._require_objects(draft.changes.values())
            revision = Revision.of(draft, after=head)
            self.put([revision.to_bytes()])
            self._revisions[revision.id] = revision
            return self._tidied(ledger.after(revision)), revision

        return self._change(alter)

    def acquire(self, request: LeaseRequest) -> Lease:
        """Grant a lease."""

        def alter(ledger: Ledger) -> tuple[Ledger, Lease]:
            book, lease = ledger.book.acquire(request, now=self._clock())
            return replace(ledger, book=book), lease

        return self._change(alter)

    def renew(self, lease: Lease) -> Lease:
        """Count the lease's term from now."""

        def alter(ledger: Ledger) -> tuple[Ledger, Lease]:
            book, renewed = ledger.book.renew(lease, now=self._clock())
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
        key = f"runs/{quote(record.run, safe='')}.json"
        if record.run in ledger.runs or self._store.has(key):
            raise RunExistsError(record.run)
        self._require_objects([record.plan])
        stored = replace(record, details=json_copy(record.details))
        if not self._created(key, {"run": record.run}):
            raise RunExistsError(record.run)

        def alter(ledger: Ledger) -> tuple[Ledger, None]:
            ledger.book.require(token)
            return ledger.with_run(stored), None

        self._change(alter)
        self._sequences[record.run] = 0

    def append(self, run: str, records: Sequence[JournalRecord], *, token: int) -> None:
        """Add records to a run's journal, as one object.

        Looked at again afterwards, the ledger still has the run and the lease: whoever took
        the lease over in between has not read a journal without these records.
        """
        self._require_open(run, token)
        last = self._sequences[run] if run in self._sequences else self._last_sequence(run)
        require_increasing(run, last or None, records)
        if not records:
            return
        key = f"journal/{quote(run, safe='')}/{records[0].sequence:012d}"
        if not self._created(key, {"records": [asdict(record) for record in records]}):
            last = self._last_sequence(run)
            require_increasing(run, last, records)
        self._require_open(run, token)
        self._sequences[run] = records[-1].sequence

    def close_run(self, run: str, *, token: int) -> None:
        """End a run without a revision."""

        def alter(ledger: Ledger) -> tuple[Ledger, None]:
            ledger.book.require(token)
            ledger.run(run)
            return ledger.without_run(run), None

        self._change(alter)

    # The ledger

    def _read(self) -> tuple[Ledger, str] | None:
        found = self._store.read(_LEDGER)
        if found is None:
            return None
        data, tag = found
        return Ledger.of(data, self._store.place.named(_LEDGER)), tag

    def _ledger(self) -> Ledger:
        found = self._read()
        return found[0] if found else Ledger(key=b"")

    def _written(self) -> Ledger:
        found = self._read()
        if found is None:
            raise StateMissingError(self._store.place.named(""))
        return found[0]

    def _change(self, alter: Callable[[Ledger], tuple[Ledger, T]]) -> T:
        """Move the ledger by compare-and-swap; ``alter`` may be asked several times.

        Raises:
            StateMissingError: There is no ledger.
            StateUnavailableError: It cannot be reached, or others are quicker every time.
        """
        tried: dict[str, T] = {}
        for _ in range(_ATTEMPTS):
            found = self._read()
            if found is None:
                raise StateMissingError(self._store.place.named(""))
            ledger, tag = found
            for nonce in ledger.nonces:
                if nonce in tried:  # it was written, only the answer got lost
                    return tried[nonce]
            changed, result = alter(ledger)
            nonce = secrets.token_hex(8)
            tried[nonce] = result
            if self._swap(changed.signed(nonce), tag, nonce):
                return result
            time.sleep(secrets.randbelow(1000) / 1000 * 0.05)
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

    def _tidied(self, ledger: Ledger) -> Ledger:
        """Return the ledger with what has grown too long moved out into objects."""
        if len(ledger.page) == PAGE:
            (name,) = self.put([canonical_json(ledger.page).encode()])
            ledger = replace(ledger, pages=(*ledger.pages, name), page=())
        if not ledger.is_unwieldy:
            return ledger
        base = dict(self._map(ledger.bases[-1][1])) if ledger.bases else {}
        whole = {**base, **ledger.delta}
        kept = {name: value for name, value in sorted(whole.items()) if value is not None}
        (name,) = self.put([canonical_json(kept).encode()])
        bases = (*ledger.bases, (ledger.newest, name))
        return replace(ledger, bases=bases, base_size=len(kept), delta={})

    # Objects

    def _head(self, ledger: Ledger) -> Revision | None:
        if not ledger.newest:
            return None
        (name,) = self._ids(ledger, ledger.newest, ledger.newest)
        return self._revision(name)

    def _ids(self, ledger: Ledger, first: int, last: int) -> list[str]:
        """Return the ids of the revisions from ``first`` to ``last``.

        Raises:
            RevisionNotFoundError: One of them does not exist.
        """
        if not 1 <= first <= last <= ledger.newest:
            raise RevisionNotFoundError(last, ledger.newest or None)
        wanted = range((first - 1) // PAGE, (last - 1) // PAGE + 1)
        full = [ledger.pages[number] for number in wanted if number < len(ledger.pages)]
        ids = [name for page in self._store.each(self._page, full) for name in page]
        if wanted[-1] >= len(ledger.pages):
            ids += ledger.page
        start = wanted[0] * PAGE
        return ids[first - 1 - start : last - start]

    def _page(self, name: str) -> list[str]:
        with readable(f"the list of revisions {name}"):
            found: list[str] = json.loads(self.objects([name])[name])
            return found

    def _map(self, name: str) -> Mapping[str, str]:
        with readable(f"the address map {name}"):
            found: dict[str, str] = json.loads(self.objects([name])[name])
            return found

    def _revision(self, name: str) -> Revision:
        known = self._revisions.get(name)
        if known is None:
            data = self.objects([name])[name]
            with readable(f"revision {name}"):
                known = self._revisions[name] = Revision.from_bytes(data)
        return known

    def _require_objects(self, ids: Iterable[str | None]) -> None:
        unknown = sorted({name for name in ids if name is not None} - self._known)
        found = self._store.each(lambda name: self._store.has(f"objects/{name}"), unknown)
        missing = [name for name, there in zip(unknown, found, strict=True) if not there]
        if missing:
            raise ObjectMissingError(missing)
        self._known.update(unknown)

    # Runs and journals

    def _require_open(self, run: str, token: int) -> None:
        ledger = self._written()
        ledger.book.require(token)
        ledger.run(run)

    def _created(self, key: str, document: Mapping[str, object]) -> bool:
        """Create a document; one that is there already is ours if it has our nonce."""
        nonce = secrets.token_hex(8)
        data = canonical_json({**document, "nonce": nonce}).encode()  # type: ignore[dict-item]
        if self._store.create(key, data):
            return True
        found = self._store.read(key)
        return found is not None and found[0] == data

    def _last_sequence(self, run: str) -> int | None:
        keys = self._store.keys(f"journal/{quote(run, safe='')}/")
        return self._group(keys[-1])[-1].sequence if keys else None

    def _group(self, key: str) -> list[JournalRecord]:
        found = self._store.read(key)
        with readable(self._store.place.named(key)):
            if found is None:
                raise ValueError("it is gone")
            return [JournalRecord(**one) for one in json.loads(found[0])["records"]]
