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
    db.create_view("resources", _RESOURCES)


@MIGRATIONS(name="0002_origin")
def origin(db: Database) -> None:
    """Let a project start from a revision that is not kept, and say whose an object is.

    The address map of head may then name what no revision here recorded, and, while a history
    is being copied, objects that are still to come.  Projects of one file share objects;
    ``project_objects`` keeps one project's pruning from what another has just stored.
    """
    projects = db.table("projects")
    projects.add_column("origin_number", int, not_null_default=0)
    projects.add_column("origin_id", str)
    db.create_table(
        "origin_resources",
        {"project": str, "address": str, "object": str},
        pk=("project", "address"),
        not_null={"object"},
        foreign_keys=[("project", "projects", "name")],
    )
    db.execute(
        """
        CREATE TABLE project_objects (
            project TEXT NOT NULL REFERENCES projects(name),
            object TEXT NOT NULL REFERENCES objects(id),
            PRIMARY KEY (project, object)
        ) WITHOUT ROWID
        """
    )
    # Whose they are was not recorded; pruning by each project settles it.
    db.execute("INSERT INTO project_objects SELECT p.name, o.id FROM projects AS p, objects AS o")
    for table, column in (("project_objects", "object"), ("changes", "object"), ("runs", "plan")):
        db.table(table).create_index([column])
    _loosen_head(db)


def _loosen_head(db: Database) -> None:
    """Make the address map of head anew, without its ties to revisions and objects."""
    db.execute("DROP VIEW resources")
    db.execute("ALTER TABLE head_resources RENAME TO earlier")
    db.create_table(
        "head_resources",
        {"project": str, "address": str, "object": str, "revision": int},
        pk=("project", "address"),
        not_null={"object"},
        foreign_keys=[("project", "projects", "name")],
    )
    db.execute(
        "INSERT INTO head_resources (project, address, object, revision) "
        "SELECT project, address, object, revision FROM earlier"
    )
    db.execute("DROP TABLE earlier")
    db.create_view("resources", _RESOURCES)


_RESOURCES = """
    SELECT h.project, h.address, h.object, CAST(o.data AS TEXT) AS data, h.revision
    FROM head_resources AS h JOIN objects AS o ON o.id = h.object
"""


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
