"""State in memory: the reference that every other backend is compared with.

Nothing survives the process.  A `MemoryStore` is the place, a `MemoryBackend` a handle on one
project in it; several handles on one store stand for several processes.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from backends.documents import (
    JournalRecord,
    Lease,
    LeaseRequest,
    Origin,
    Revision,
    RevisionDraft,
    RunRecord,
    json_copy,
    last_to_forget,
    object_id,
)
from backends.errors import (
    CorruptStateError,
    HeadMovedError,
    ObjectMissingError,
    RevisionNotFoundError,
    RunExistsError,
    RunNotOpenError,
    StateMissingError,
)
from backends.journal import require_increasing
from backends.leases import LeaseBook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence


@dataclass
class _Run:
    record: RunRecord
    open: bool = True
    journal: list[JournalRecord] = field(default_factory=list)


@dataclass
class _Project:
    origin: Origin = field(default_factory=Origin.new)
    revisions: list[Revision] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)
    book: LeaseBook = field(default_factory=LeaseBook)
    runs: dict[str, _Run] = field(default_factory=dict)


@dataclass
class MemoryStore:
    """Where memory backends of several projects and handles keep their state."""

    projects: dict[str, _Project] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)


class MemoryBackend:
    """A handle on one project's state in a `MemoryStore`."""

    def __init__(
        self, store: MemoryStore, project: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        """Open ``project`` in ``store``; ``clock`` gives seconds since the epoch."""
        self._store = store
        self._name = project
        self._clock = clock

    def exists(self) -> bool:
        """Say whether the project was created in the store."""
        with self._store.lock:
            return self._name in self._store.projects

    def create(self, origin: Origin | None = None) -> None:
        """Create the project in the store."""
        with self._store.lock:
            self._store.projects.setdefault(self._name, _Project(origin or Origin.new()))

    def close(self) -> None:
        """Do nothing: the store is not the handle's."""

    # Reading

    def key(self) -> bytes | None:
        """Return the project's random key."""
        with self._store.lock:
            project = self._store.projects.get(self._name)
            return project.origin.key if project else None

    def now(self) -> float:
        """Return the time by the handle's clock."""
        return self._clock()

    def findings(self) -> tuple[str, ...]:
        """Return nothing: all there is can be read."""
        return ()

    def origin(self) -> Origin | None:
        """Return what the state starts from."""
        with self._store.lock:
            project = self._store.projects.get(self._name)
            return project.origin if project else None

    def head(self) -> Revision | None:
        """Return the newest revision."""
        with self._store.lock:
            return _head(self._read())

    def revision(self, number: int) -> Revision:
        """Return one revision."""
        with self._store.lock:
            return _revision(self._read(), number)

    def revisions(self, *, limit: int | None = None) -> Iterator[Revision]:
        """Yield revisions, newest first, as they were when the first was asked for."""
        with self._store.lock:
            history = self._read().revisions[::-1]
        yield from history[:limit]

    def resources(self, *, at: int | None = None) -> Mapping[str, str]:
        """Return address to object id by replaying the changes."""
        with self._store.lock:
            project = self._read()
            if at is not None:
                _revision(project, at)
            return _resources(project, at)

    def mapped(self) -> tuple[int, ...]:
        """Return nothing: each map is made of the changes."""
        return ()

    def resource_history(self, address: str) -> Iterator[tuple[int, str | None]]:
        """Yield where ``address`` changed, newest first."""
        for revision in self.revisions():
            if address in revision.changes:
                yield revision.number, revision.changes[address]

    def objects(self, ids: Iterable[str]) -> Mapping[str, bytes]:
        """Return objects, verified."""
        with self._store.lock:
            stored = self._read().objects
            wanted = set(ids)
            if missing := wanted - stored.keys():
                raise ObjectMissingError(missing)
            found = {name: stored[name] for name in sorted(wanted)}
        for name, data in found.items():
            if object_id(data) != name:
                raise CorruptStateError(f"object {name}", "its bytes have another hash")
        return found

    def leases(self) -> tuple[Lease, ...]:
        """Return the leases, by token."""
        with self._store.lock:
            return self._read().book.leases

    def open_runs(self) -> tuple[RunRecord, ...]:
        """Return the runs that were not closed."""
        with self._store.lock:
            records = [run.record for run in self._read().runs.values() if run.open]
        return tuple(sorted(records, key=lambda record: (record.started_at, record.run)))

    def journal(self, run: str) -> tuple[JournalRecord, ...]:
        """Return a run's journal."""
        with self._store.lock:
            known = self._read().runs.get(run)
            return tuple(known.journal) if known else ()

    # Writing

    def put(self, objects: Iterable[bytes]) -> tuple[str, ...]:
        """Store objects."""
        with self._store.lock:
            project = self._write()
            named = [(object_id(data), data) for data in objects]
            for name, data in named:
                if project.objects.setdefault(name, data) != data:
                    raise CorruptStateError(f"object {name}", "its bytes have another hash")
        return tuple(name for name, _ in named)

    def commit(
        self, draft: RevisionDraft, *, expected: str | None, token: int, closes: str | None = None
    ) -> Revision:
        """Make ``draft`` the new head."""
        with self._store.lock:
            project = self._write()
            project.book.require(token)
            head = _head(project)
            if (head.id if head else None) != expected:
                raise HeadMovedError(expected, head)
            run = _open_run(project, closes) if closes is not None else None
            _require_objects(project, draft.changes.values())
            revision = Revision.of(draft, after=head or project.origin)
            project.revisions.append(revision)
            if run:
                run.open = False
            return revision

    def acquire(self, request: LeaseRequest) -> Lease:
        """Grant a lease."""
        with self._store.lock:
            project = self._write()
            project.book, lease = project.book.acquire(request, now=self._clock())
            return lease

    def renew(self, lease: Lease) -> Lease:
        """Count the lease's term from now."""
        with self._store.lock:
            project = self._write()
            project.book, renewed = project.book.renew(lease, now=self._clock())
            return renewed

    def release(self, lease: Lease) -> None:
        """Give the lease back."""
        with self._store.lock:
            project = self._read()
            project.book = project.book.without(lease.token)

    def unlock(self, run: str) -> Lease | None:
        """Take a run's lease away."""
        with self._store.lock:
            project = self._read()
            lease = project.book.of_run(run)
            if lease:
                project.book = project.book.without(lease.token)
            return lease

    def begin_run(self, record: RunRecord, *, token: int) -> None:
        """Record that a run begins."""
        with self._store.lock:
            project = self._write()
            project.book.require(token)
            if record.run in project.runs:
                raise RunExistsError(record.run)
            _require_objects(project, [record.plan])
            stored = replace(record, details=json_copy(record.details))
            project.runs[record.run] = _Run(stored)

    def append(self, run: str, records: Sequence[JournalRecord], *, token: int) -> None:
        """Add records to a run's journal."""
        with self._store.lock:
            project = self._write()
            project.book.require(token)
            journal = _open_run(project, run).journal
            require_increasing(run, journal[-1].sequence if journal else None, records)
            journal.extend([replace(record, data=json_copy(record.data)) for record in records])

    def close_run(self, run: str, *, token: int) -> None:
        """End a run without a revision."""
        with self._store.lock:
            project = self._write()
            project.book.require(token)
            _open_run(project, run).open = False

    def forget(self, number: int, *, token: int) -> int:
        """Drop old revisions and what only they named."""
        with self._store.lock:
            project = self._write()
            project.book.require(token)
            _cut(project, number)
            project.runs = {name: run for name, run in project.runs.items() if run.open}
            kept = _named_objects(project)
            before = len(project.objects)
            project.objects = {id_: data for id_, data in project.objects.items() if id_ in kept}
            return before - len(project.objects)

    def _read(self) -> _Project:
        return self._store.projects.get(self._name) or _Project()

    def _write(self) -> _Project:
        project = self._store.projects.get(self._name)
        if project is None:
            raise StateMissingError(f"memory, project {self._name}")
        return project


def _head(project: _Project) -> Revision | None:
    return project.revisions[-1] if project.revisions else None


def _revision(project: _Project, number: int) -> Revision:
    head, forgotten = _head(project), project.origin.number
    if head is None or not forgotten < number <= head.number:
        raise RevisionNotFoundError(number, head.number if head else None, forgotten)
    return project.revisions[number - forgotten - 1]


def _resources(project: _Project, at: int | None) -> dict[str, str]:
    found = dict(project.origin.resources)
    for revision in project.revisions:
        if at is not None and revision.number > at:
            break
        for address, value in revision.changes.items():
            if value is None:
                found.pop(address, None)
            else:
                found[address] = value
    return dict(sorted(found.items()))


def _cut(project: _Project, number: int) -> None:
    """Drop the revisions up to ``number``."""
    head, origin = _head(project), project.origin
    newest = head.number if head else origin.number
    last = last_to_forget(number, forgotten=origin.number, newest=newest)
    if last > origin.number:
        project.origin = Origin(
            key=origin.key,
            number=last,
            id=_revision(project, last).id,
            resources=_resources(project, last),
        )
        project.revisions = project.revisions[last - origin.number :]


def _named_objects(project: _Project) -> set[str | None]:
    named: set[str | None] = set(project.origin.resources.values())
    for revision in project.revisions:
        named.update(revision.changes.values())
    named.update(run.record.plan for run in project.runs.values())
    return named


def _open_run(project: _Project, run: str) -> _Run:
    found = project.runs.get(run)
    if found is None or not found.open:
        raise RunNotOpenError(run)
    return found


def _require_objects(project: _Project, ids: Iterable[str | None]) -> None:
    if missing := {name for name in ids if name is not None} - project.objects.keys():
        raise ObjectMissingError(missing)
