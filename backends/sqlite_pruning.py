"""Dropping what is old from the tables of one project, in the transaction of the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.documents import last_to_forget

if TYPE_CHECKING:
    from backends.sqlite_tables import Tables

_NAMED = """
    SELECT object FROM changes WHERE {which} AND object IS NOT NULL
    UNION SELECT object FROM origin_resources WHERE {which}
    UNION SELECT plan FROM runs WHERE {which} AND plan IS NOT NULL
"""
_OF_PROJECT = _NAMED.format(which="project = :project")
_OF_ALL = _NAMED.format(which="true")


def prune(tables: Tables, number: int) -> int:
    """Drop revisions up to ``number`` and what only they named; return how many objects.

    An object that another project of the file has stored as well is counted, and stays.
    """
    head, origin = tables.head(), tables.origin_number()
    newest = head.number if head else origin
    _drop_revisions(tables, last_to_forget(number, forgotten=origin, newest=newest))
    _execute(
        tables,
        """
        DELETE FROM journal WHERE project = :project AND run IN (
            SELECT run FROM runs WHERE project = :project AND ended_at IS NOT NULL)
        """,
        "DELETE FROM runs WHERE project = :project AND ended_at IS NOT NULL",
    )
    removed = tables.db.execute(
        f"DELETE FROM project_objects WHERE project = :project AND object NOT IN ({_OF_PROJECT})",  # noqa: S608 - the query is above
        {"project": tables.project},
    ).rowcount
    _execute(
        tables,
        f"""
        DELETE FROM objects WHERE id NOT IN (SELECT object FROM project_objects)
        AND id NOT IN ({_OF_ALL})
        """,  # noqa: S608 - as above
    )
    return removed


def _drop_revisions(tables: Tables, last: int) -> None:
    if last == tables.origin_number():
        return
    starts_from = tables.revision(last)
    tables.write_origin(starts_from.number, starts_from.id, tables.resources_at(last))
    _execute(
        tables,
        "DELETE FROM changes WHERE project = :project AND revision <= :last",
        "DELETE FROM revisions WHERE project = :project AND number <= :last",
        last=last,
    )


def _execute(tables: Tables, *statements: str, last: int = 0) -> None:
    for statement in statements:
        tables.db.execute(statement, {"project": tables.project, "last": last})
