"""The tables of a state file, as numbered migrations; each is recorded where it is applied.

A migration, once released, is never edited: a new form is a new migration.  Names sort in
the order of application.  A file that records a migration unknown here is from the future.

Import this module late: it imports sqlite-utils.
"""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

APPLICATION_ID = 0x6C616D66
"""What marks a SQLite file as a state (``PRAGMA application_id``): "lamf"."""

MIGRATIONS = Migrations("backends")


def known_names() -> set[str]:
    """Return the names of all migrations; of an empty database, all are pending."""
    empty = Database(memory=True, execute_plugins=False)
    try:
        return {migration.name for migration in MIGRATIONS.pending(empty)}
    finally:
        empty.close()


@MIGRATIONS(name="0001_first_form")
def first_form(db: Database) -> None:
    """Create everything; ``resources`` is the view that people look at."""
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    _create_history(db)
    _create_runs(db)
    db.create_view(
        "resources",
        """
        SELECT h.project, h.address, h.object, CAST(o.data AS TEXT) AS data, h.revision
        FROM head_resources AS h JOIN objects AS o ON o.id = h.object
        """,
    )


def _create_history(db: Database) -> None:
    """Create what is kept for good, and the address map of head that follows from it."""
    db.create_table(
        "projects",
        {"name": str, "created_at": str, "last_token": int, "key": bytes},
        pk="name",
        not_null={"created_at", "last_token", "key"},
    )
    db.create_table("objects", {"id": str, "data": bytes}, pk="id", not_null={"data"})
    db.create_table(
        "revisions",
        {
            "project": str,
            "number": int,
            "id": str,
            "parent": str,
            "status": str,
            "author": str,
            "created_at": str,
            "message": str,
            "plan_id": str,
            "git_commit": str,
            "reverts": int,
            "details": str,
        },
        pk=("project", "number"),
        not_null={"id", "status", "author", "created_at", "message", "details"},
        foreign_keys=[("project", "projects", "name")],
    )
    revision_key = (("project", "revision"), "revisions", ("project", "number"))
    db.create_table(
        "changes",
        {"project": str, "revision": int, "address": str, "object": str},
        pk=("project", "revision", "address"),
        foreign_keys=[revision_key, ("object", "objects", "id")],
    )
    db.table("changes").create_index(["project", "address", "revision"])
    db.create_table(
        "head_resources",
        {"project": str, "address": str, "object": str, "revision": int},
        pk=("project", "address"),
        not_null={"object", "revision"},
        foreign_keys=[revision_key, ("object", "objects", "id")],
    )


def _create_runs(db: Database) -> None:
    """Create what belongs to runs: leases, intents and journals."""
    db.create_table(
        "leases",
        {
            "project": str,
            "run": str,
            "token": int,
            "who": str,
            "host": str,
            "pid": int,
            "boot_id": str,
            "command": str,
            "addresses": str,
            "exclusive": str,
            "term": float,
            "since": str,
            "expires": str,
        },
        pk=("project", "run"),
        not_null={"token", "addresses", "exclusive", "since", "expires"},
        foreign_keys=[("project", "projects", "name")],
    )
    db.create_table(
        "runs",
        {
            "project": str,
            "run": str,
            "started_at": str,
            "command": str,
            "plan": str,
            "addresses": str,
            "details": str,
            "ended_at": str,
        },
        pk=("project", "run"),
        not_null={"started_at", "command", "addresses", "details"},
        foreign_keys=[("project", "projects", "name"), ("plan", "objects", "id")],
    )
    db.create_table(
        "journal",
        {
            "project": str,
            "run": str,
            "sequence": int,
            "kind": str,
            "address": str,
            "step": str,
            "at": str,
            "data": str,
        },
        pk=("project", "run", "sequence"),
        not_null={"kind", "address", "step", "at", "data"},
        foreign_keys=[(("project", "run"), "runs", ("project", "run"))],
    )
