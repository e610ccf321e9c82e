"""The queries on one project's tables, inside a transaction that the caller holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backends import sqlite_rows as rows
from backends.documents import canonical_json
from backends.errors import ObjectMissingError, RevisionNotFoundError, RunNotOpenError
from backends.leases import LeaseBook

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlite_utils import Database

    from backends.documents import JournalRecord, Lease, Origin, Revision, RunRecord


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a state file as one project sees them."""

    db: Database
    project: str

    def has_project(self) -> bool:
        """Say whether the project is known."""
        return bool(self._select("SELECT name FROM projects WHERE name = :project"))

    def add_project(self, created_at: str, origin: Origin) -> None:
        """Make the project known, starting from an origin."""
        row = {
            "name": self.project,
            "created_at": created_at,
            "last_token": 0,
            "key": origin.key,
            "origin_number": origin.number,
            "origin_id": origin.id,
        }
        self.db.table("projects").insert(row)
        mapped = self._mapped(origin.resources)
        self.db.table("origin_resources").insert_all(mapped)
        self.db.table("head_resources").insert_all([{**row, "revision": None} for row in mapped])

    def key(self) -> bytes | None:
        """Return the project's random key, or None where the project is not known."""
        found = self._select("SELECT key FROM projects WHERE name = :project")
        return bytes(found[0]["key"]) if found else None

    def origin(self) -> Origin | None:
        """Return what the project starts from, or None where it is not known."""
        found = self._select("SELECT * FROM projects WHERE name = :project")
        if not found:
            return None
        mapped = self._select(
            "SELECT address, object FROM origin_resources WHERE project = :project"
        )
        return rows.origin_of(found[0], {row["address"]: row["object"] for row in mapped})

    def origin_number(self) -> int:
        """Return the last revision that is no longer kept; 0 where all are."""
        found = self._select("SELECT origin_number FROM projects WHERE name = :project")
        return int(found[0]["origin_number"]) if found else 0

    def write_origin(self, number: int, revision_id: str, resources: Mapping[str, str]) -> None:
        """Replace what the project starts from; its key stays."""
        self.db.table("projects").update(
            self.project, {"origin_number": number, "origin_id": revision_id}
        )
        table = self.db.table("origin_resources")
        table.delete_where("project = ?", [self.project])
        table.insert_all(self._mapped(resources))

    # History

    def revisions(self, *, newest: int | None, limit: int) -> list[Revision]:
        """Return revisions up to number ``newest`` (None: head), newest first."""
        found = self._select(
            """
            SELECT * FROM revisions WHERE project = :project AND number <= ifnull(:newest, number)
            ORDER BY number DESC LIMIT :limit
            """,
            newest=newest,
            limit=limit,
        )
        if not found:
            return []
        changed = self._select(
            """
            SELECT revision, address, object FROM changes
            WHERE project = :project AND revision BETWEEN :oldest AND :newest
            """,
            oldest=found[-1]["number"],
            newest=found[0]["number"],
        )
        changes: dict[int, dict[str, str | None]] = {row["number"]: {} for row in found}
        for row in changed:
            changes[row["revision"]][row["address"]] = row["object"]
        return [rows.revision_of(row, changes[row["number"]]) for row in found]

    def newest(self) -> int | None:
        """Return the number of the newest revision that is kept."""
        found = self._select("SELECT max(number) AS newest FROM revisions WHERE project = :project")
        newest: int | None = found[0]["newest"]
        return newest

    def head(self) -> Revision | None:
        """Return the newest revision."""
        return next(iter(self.revisions(newest=None, limit=1)), None)

    def revision(self, number: int) -> Revision:
        """Return one revision.

        Raises:
            RevisionNotFoundError: There is none of that number.
        """
        found = self.revisions(newest=number, limit=1)
        if not found or found[0].number != number:
            head = self.head()
            newest = head.number if head else None
            raise RevisionNotFoundError(number, newest, self.origin_number())
        return found[0]

    def add_revision(self, revision: Revision) -> None:
        """Write a new head and what follows from it."""
        number = revision.number
        self.db.table("revisions").insert(rows.revision_row(self.project, revision))
        changed = [
            {"project": self.project, "revision": number, "address": address, "object": name}
            for address, name in revision.changes.items()
        ]
        self.db.table("changes").insert_all(changed)
        # Our own statement: sqlite-utils first makes a table to learn whether SQLite knows this
        # one, and where the disk is full takes another, which leaves out rows without a word.
        self.db.conn.executemany(
            """
            INSERT INTO head_resources (project, address, object, revision)
            VALUES (:project, :address, :object, :revision)
            ON CONFLICT (project, address)
            DO UPDATE SET object = excluded.object, revision = excluded.revision
            """,
            [row for row in changed if row["object"] is not None],
        )
        removed = [row["address"] for row in changed if row["object"] is None]
        self.db.table("head_resources").delete_where(
            "project = ? AND address IN (SELECT value FROM json_each(?))",
            [self.project, canonical_json(removed)],
        )

    # Resources and objects

    def resources(self) -> dict[str, str]:
        """Return the address map of head."""
        found = self._select(
            "SELECT address, object FROM head_resources WHERE project = :project ORDER BY address"
        )
        return {row["address"]: row["object"] for row in found}

    def resources_at(self, number: int) -> dict[str, str]:
        """Return the address map as of a revision: the last change of each address until then."""
        found = self._select(
            """
            SELECT address, object, max(revision) FROM (
                SELECT address, object, revision FROM changes
                WHERE project = :project AND revision <= :number
                UNION ALL
                SELECT address, object, 0 FROM origin_resources WHERE project = :project
            ) GROUP BY address ORDER BY address
            """,
            number=number,
        )
        return {row["address"]: row["object"] for row in found if row["object"] is not None}

    def resource_history(self, address: str) -> list[tuple[int, str | None]]:
        """Return where an address changed, newest first."""
        found = self._select(
            """
            SELECT revision, object FROM changes
            WHERE project = :project AND address = :address ORDER BY revision DESC
            """,
            address=address,
        )
        return [(row["revision"], row["object"]) for row in found]

    def put(self, objects: Iterable[tuple[str, bytes]]) -> None:
        """Store objects under their ids, those that are new, as objects of the project.

        Raises:
            CorruptStateError: One that was stored before is not what it was.
        """
        stored = dict(objects)
        there = {row["id"]: rows.object_of(row) for row in self.objects(stored)}
        # Our own statements: sqlite-utils leaves out rows of a full disk together with known ones.
        self.db.conn.executemany(
            "INSERT INTO objects (id, data) VALUES (?, ?)",
            [(name, data) for name, data in stored.items() if name not in there],
        )
        self.db.conn.executemany(
            "INSERT OR IGNORE INTO project_objects (project, object) VALUES (?, ?)",
            [(self.project, name) for name in stored],
        )

    def objects(self, ids: Iterable[str]) -> list[rows.Row]:
        """Return the rows of those objects that are stored."""
        return self._select(
            "SELECT id, data FROM objects WHERE id IN (SELECT value FROM json_each(:ids))",
            ids=canonical_json(list(ids)),
        )

    def require_objects(self, ids: Iterable[str | None]) -> None:
        """Do nothing if all objects are stored; None stands for no object.

        Raises:
            ObjectMissingError: Some are not.
        """
        wanted = canonical_json([name for name in ids if name is not None])
        missing = self._select(
            """
            SELECT DISTINCT value FROM json_each(:ids)
            WHERE NOT EXISTS (SELECT 1 FROM objects WHERE id = value)
            """,
            ids=wanted,
        )
        if missing:
            raise ObjectMissingError(row["value"] for row in missing)

    # Leases

    def leases(self) -> tuple[Lease, ...]:
        """Return the leases, by token."""
        found = self._select("SELECT * FROM leases WHERE project = :project ORDER BY token")
        return tuple(map(rows.lease_of, found))

    def book(self) -> LeaseBook:
        """Return the lease document."""
        (counter,) = self._select("SELECT last_token FROM projects WHERE name = :project")
        return LeaseBook(counter["last_token"], self.leases())

    def write_book(self, before: LeaseBook, book: LeaseBook) -> None:
        """Replace the lease document ``before``, row by row where they differ."""
        if book.counter != before.counter:
            self.db.table("projects").update(self.project, {"last_token": book.counter})
        leases = self.db.table("leases")
        for lease in before.leases:
            if lease not in book.leases:
                leases.delete_where("project = ? AND token = ?", [self.project, lease.token])
        new = [lease for lease in book.leases if lease not in before.leases]
        leases.insert_all([rows.lease_row(self.project, lease) for lease in new])

    def is_held(self, token: int) -> bool:
        """Say whether a lease of that token is held."""
        query = "SELECT run FROM leases WHERE project = :project AND token = :token"
        return bool(self._select(query, token=token))

    # Runs

    def has_run(self, run: str) -> bool:
        """Say whether a run is recorded, open or closed."""
        query = "SELECT run FROM runs WHERE project = :project AND run = :run"
        return bool(self._select(query, run=run))

    def open_runs(self) -> tuple[RunRecord, ...]:
        """Return the runs that have not ended."""
        found = self._select(
            """
            SELECT * FROM runs WHERE project = :project AND ended_at IS NULL
            ORDER BY started_at, run
            """
        )
        return tuple(map(rows.run_of, found))

    def add_run(self, record: RunRecord) -> None:
        """Record a run that begins."""
        self.db.table("runs").insert(rows.run_row(self.project, record))

    def end_run(self, run: str, ended_at: str) -> None:
        """Mark a run as ended.

        Raises:
            RunNotOpenError: It is not open.
        """
        self.require_open(run)
        self.db.table("runs").update((self.project, run), {"ended_at": ended_at})

    def require_open(self, run: str) -> None:
        """Do nothing if the run began and has not ended.

        Raises:
            RunNotOpenError: It is not open.
        """
        query = "SELECT run FROM runs WHERE project = :project AND run = :run AND ended_at IS NULL"
        if not self._select(query, run=run):
            raise RunNotOpenError(run)

    def journal(self, run: str) -> tuple[JournalRecord, ...]:
        """Return a run's journal in order."""
        query = "SELECT * FROM journal WHERE project = :project AND run = :run ORDER BY sequence"
        return tuple(map(rows.journal_record_of, self._select(query, run=run)))

    def last_sequence(self, run: str) -> int | None:
        """Return the number of an open run's last journal record; None if it has none.

        Raises:
            RunNotOpenError: The run is not open.
        """
        found = self._select(
            """
            SELECT (
                SELECT max(sequence) FROM journal WHERE project = :project AND run = :run
            ) AS last
            FROM runs WHERE project = :project AND run = :run AND ended_at IS NULL
            """,
            run=run,
        )
        if not found:
            raise RunNotOpenError(run)
        last: int | None = found[0]["last"]
        return last

    def add_journal(self, run: str, records: Sequence[JournalRecord]) -> None:
        """Add records to a run's journal."""
        columns = ("project", "run", *rows.JOURNAL_COLUMNS, "data")
        # One statement a record: every step of every apply ends here.
        self.db.conn.executemany(
            f"INSERT INTO journal ({', '.join(columns)}) VALUES (:{', :'.join(columns)})",  # noqa: S608 - our names
            [rows.journal_row(self.project, run, record) for record in records],
        )

    def _mapped(self, resources: Mapping[str, str]) -> list[rows.Row]:
        return [
            {"project": self.project, "address": address, "object": name}
            for address, name in resources.items()
        ]

    def _select(self, query: str, **values: str | int | None) -> list[rows.Row]:
        # Not `Database.query`, which wraps each look in a savepoint: three statements for one.
        found = self.db.execute(query, {"project": self.project, **values})
        names = [column for column, *_ in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
