"""State in one SQLite file, which may hold several projects.

The tables are made to be read by people too: ``resources`` shows head, ``revisions`` and
``changes`` the history, ``leases``, ``runs`` and ``journal`` what is going on.  The address map
of head is kept up to date by each commit, so a commit costs what it changes.

Reading verifies the hash of all it reads.  Before the first write of a handle SQLite checks the
whole file (``PRAGMA quick_check``), so that nothing is added to one that is damaged.
"""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING

from backends.documents import Origin, Revision, instant, object_id
from backends.errors import (
    FencedError,
    HeadMovedError,
    ObjectMissingError,
    RunExistsError,
    StateMissingError,
)
from backends.journal import require_increasing
from backends.sqlite_file import SqliteFile
from backends.sqlite_pruning import prune
from backends.sqlite_rows import object_of
from backends.sqlite_tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from backends.documents import JournalRecord, Lease, LeaseRequest, RevisionDraft, RunRecord

_PAGE = 50


class SqliteBackend:
    """A handle on one project's state in a SQLite file; the contract is `StateBackend`."""

    def __init__(
        self,
        path: Path,
        project: str,
        *,
        busy_timeout: float = 10.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Name the file and the project; nothing is opened or created.

        Args:
            path: The state file.
            project: Whose state; files may be shared by several.
            busy_timeout: Seconds to wait for other processes' transactions.
            clock: Gives seconds since the epoch.
        """
        self._file = SqliteFile(path, busy_timeout=busy_timeout)
        self._project = project
        self._clock = clock

    def exists(self) -> bool:
        """Say whether the file exists and knows the project."""
        with self._reading() as tables:
            return tables.has_project()

    def create(self, origin: Origin | None = None) -> None:
        """Create the file, its tables and the project, as far as they are missing."""
        self._file.create()
        with self._file.writing() as db:
            tables = Tables(db, self._project)
            if not tables.has_project():
                tables.add_project(instant(self._clock()), origin or Origin.new())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    # Reading

    def key(self) -> bytes | None:
        """Return the project's random key."""
        with self._reading() as tables:
            return tables.key()

    def now(self) -> float:
        """Return the time by the handle's clock: the file is on a disk of this machine."""
        return self._clock()

    def findings(self) -> tuple[str, ...]:
        """Return what SQLite finds when it looks through the whole file, all projects of it."""
        return self._file.findings()

    def origin(self) -> Origin | None:
        """Return what the state starts from."""
        with self._reading() as tables:
            return tables.origin()

    def head(self) -> Revision | None:
        """Return the newest revision."""
        with self._reading() as tables:
            return tables.head()

    def revision(self, number: int) -> Revision:
        """Return one revision."""
        with self._reading() as tables:
            return tables.revision(number)

    def revisions(self, *, limit: int | None = None) -> Iterator[Revision]:
        """Yield revisions, newest first; history does not change, so page after page."""
        newest: int | None = None
        left = sys.maxsize if limit is None else limit
        while left > 0:
            size = min(_PAGE, left)
            with self._reading() as tables:
                page = tables.revisions(newest=newest, limit=size)
            yield from page
            if len(page) < size:
                return
            newest = page[-1].number - 1
            left -= size

    def resources(self, *, at: int | None = None) -> Mapping[str, str]:
        """Return address to object id: the map of head, or computed from the changes."""
        with self._reading() as tables:
            if at is None or at == tables.newest():
                return tables.resources()
            return tables.resources_at(tables.revision(at).number)

    def mapped(self) -> tuple[int, ...]:
        """Return nothing: each map but head's is made of the changes."""
        return ()

    def resource_history(self, address: str) -> Iterator[tuple[int, str | None]]:
        """Yield where ``address`` changed, newest first."""
        with self._reading() as tables:
            found = tables.resource_history(address)
        yield from found

    def objects(self, ids: Iterable[str]) -> Mapping[str, bytes]:
        """Return objects, verified."""
        wanted = sorted(set(ids))
        with self._reading() as tables:
            found = tables.objects(wanted)
        if missing := set(wanted) - {row["id"] for row in found}:
            raise ObjectMissingError(missing)
        return {row["id"]: object_of(row) for row in found}

    def leases(self) -> tuple[Lease, ...]:
        """Return the leases, by token."""
        with self._reading() as tables:
            return tables.leases()

    def open_runs(self) -> tuple[RunRecord, ...]:
        """Return the runs that were not closed."""
        with self._reading() as tables:
            return tables.open_runs()

    def journal(self, run: str) -> tuple[JournalRecord, ...]:
        """Return a run's journal."""
        with self._reading() as tables:
            return tables.journal(run)

    # Writing

    def put(self, objects: Iterable[bytes]) -> tuple[str, ...]:
        """Store objects in one transaction."""
        named = [(object_id(data), data) for data in objects]
        with self._writing() as tables:
            tables.put(named)
        return tuple(name for name, _ in named)

    def commit(
        self, draft: RevisionDraft, *, expected: str | None, token: int, closes: str | None = None
    ) -> Revision:
        """Make ``draft`` the new head, in one transaction with all that follows from it."""
        with self._writing(token) as tables:
            head = tables.head()
            if (head.id if head else None) != expected:
                raise HeadMovedError(expected, head)
            if closes is not None:
                tables.end_run(closes, instant(self._clock()))
            tables.require_objects(draft.changes.values())
            revision = Revision.of(draft, after=head or tables.origin())
            tables.add_revision(revision)
        return revision

    def acquire(self, request: LeaseRequest) -> Lease:
        """Grant a lease."""
        with self._writing() as tables:
            before = tables.book()
            book, lease = before.acquire(request, now=self._clock())
            tables.write_book(before, book)
        return lease

    def renew(self, lease: Lease) -> Lease:
        """Count the lease's term from now."""
        with self._writing() as tables:
            before = tables.book()
            book, renewed = before.renew(lease, now=self._clock())
            tables.write_book(before, book)
        return renewed

    def release(self, lease: Lease) -> None:
        """Give the lease back."""
        if self.exists():
            with self._writing() as tables:
                book = tables.book()
                tables.write_book(book, book.without(lease.token))

    def unlock(self, run: str) -> Lease | None:
        """Take a run's lease away."""
        if not self.exists():
            return None
        with self._writing() as tables:
            book = tables.book()
            lease = book.of_run(run)
            if lease:
                tables.write_book(book, book.without(lease.token))
        return lease

    def begin_run(self, record: RunRecord, *, token: int) -> None:
        """Record that a run begins."""
        with self._writing(token) as tables:
            if tables.has_run(record.run):
                raise RunExistsError(record.run)
            tables.require_objects([record.plan])
            tables.add_run(record)

    def append(self, run: str, records: Sequence[JournalRecord], *, token: int) -> None:
        """Add records to a run's journal in one transaction."""
        with self._writing(token) as tables:
            require_increasing(run, tables.last_sequence(run), records)
            tables.add_journal(run, records)

    def close_run(self, run: str, *, token: int) -> None:
        """End a run without a revision."""
        with self._writing(token) as tables:
            tables.end_run(run, instant(self._clock()))

    def forget(self, number: int, *, token: int) -> int:
        """Drop old revisions and what only they named, in one transaction, then their space."""
        with self._writing(token) as tables:
            removed = prune(tables, number)
        self._file.shrink()
        return removed

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Tables]:
        with self._file.reading() as db:
            yield Tables(db, self._project)

    @contextlib.contextmanager
    def _writing(self, token: int | None = None) -> Iterator[Tables]:
        with self._file.writing() as db:
            tables = Tables(db, self._project)
            # Asked first, since a lease says that there is a project too.
            if token is None or not tables.is_held(token):
                if not tables.has_project():
                    raise StateMissingError(f"{self._file.path}, project {self._project}")
                if token is not None:
                    raise FencedError(token)
            yield tables
