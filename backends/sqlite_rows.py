"""Rows of the state file as documents, and back.

What a person may have edited by hand is checked on the way in: a row that is no document is
a `CorruptStateError`, as is a revision whose id is not its hash.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeAlias

from backends.documents import (
    JournalRecord,
    Lease,
    LeaseRequest,
    Origin,
    Revision,
    RunRecord,
    canonical_json,
    object_id,
)
from backends.errors import CorruptStateError
from backends.stored import readable

if TYPE_CHECKING:
    from collections.abc import Mapping

Row: TypeAlias = dict[str, Any]
"""A row by column name; what SQLite holds has no static type."""

_REVISION_COLUMNS = (
    "number",
    "id",
    "parent",
    "status",
    "author",
    "created_at",
    "message",
    "plan_id",
    "git_commit",
    "reverts",
)
JOURNAL_COLUMNS = ("sequence", "kind", "address", "step", "at")
_LEASE_SETS = ("addresses", "exclusive")
_LEASE_COLUMNS = (
    *(item.name for item in fields(LeaseRequest) if item.name not in _LEASE_SETS),
    "token",
    "since",
    "expires",
)


def origin_of(row: Row, resources: Mapping[str, str]) -> Origin:
    """Return what a project starts from, of its row and its rows of ``origin_resources``."""
    with readable(f"the beginning of project {row['name']}"):
        return Origin(
            key=bytes(row["key"]),
            number=row["origin_number"],
            id=row["origin_id"],
            resources=resources,
        )


def revision_row(project: str, revision: Revision) -> Row:
    """Return the row of ``revisions``; the changes are rows of their own."""
    values = {name: getattr(revision, name) for name in _REVISION_COLUMNS}
    return {"project": project, **values, "details": canonical_json(revision.details)}


def revision_of(row: Row, changes: Mapping[str, str | None]) -> Revision:
    """Return the revision of a row, verified against its id."""
    what = f"revision {row['number']}"
    with readable(what):
        revision = Revision(
            **{name: row[name] for name in _REVISION_COLUMNS},
            changes=changes,
            details=json.loads(row["details"]),
        )
        intact = revision.is_intact()
    if not intact:
        raise CorruptStateError(what, "its contents have another hash than its id says")
    return revision


def object_of(row: Row) -> bytes:
    """Return the bytes of an object's row, verified against its id."""
    data = row["data"]
    if not isinstance(data, bytes) or object_id(data) != row["id"]:
        raise CorruptStateError(f"object {row['id']}", "its bytes have another hash")
    return data


def lease_row(project: str, lease: Lease) -> Row:
    """Return the row of ``leases``."""
    values = {name: getattr(lease, name) for name in _LEASE_COLUMNS}
    sets = {name: canonical_json(sorted(getattr(lease, name))) for name in _LEASE_SETS}
    return {"project": project, **values, **sets}


def lease_of(row: Row) -> Lease:
    """Return the lease of a row."""
    with readable(f"the lease of run {row['run']}"):
        values = {name: row[name] for name in _LEASE_COLUMNS}
        return Lease(
            **values,
            addresses=frozenset(json.loads(row["addresses"])),
            exclusive=frozenset(json.loads(row["exclusive"])),
        )


def run_row(project: str, record: RunRecord) -> Row:
    """Return the row of ``runs`` of a run that begins."""
    return {
        "project": project,
        "run": record.run,
        "started_at": record.started_at,
        "command": record.command,
        "plan": record.plan,
        "addresses": canonical_json(record.addresses),
        "details": canonical_json(record.details),
        "ended_at": None,
    }


def run_of(row: Row) -> RunRecord:
    """Return the run of a row."""
    with readable(f"run {row['run']}"):
        return RunRecord(
            run=row["run"],
            started_at=row["started_at"],
            command=row["command"],
            plan=row["plan"],
            addresses=tuple(json.loads(row["addresses"])),
            details=json.loads(row["details"]),
        )


def journal_row(project: str, run: str, record: JournalRecord) -> Row:
    """Return the row of ``journal``."""
    values = {name: getattr(record, name) for name in JOURNAL_COLUMNS}
    return {"project": project, "run": run, **values, "data": canonical_json(record.data)}


def journal_record_of(row: Row) -> JournalRecord:
    """Return the journal record of a row."""
    with readable(f"journal record {row['sequence']} of run {row['run']}"):
        values = {name: row[name] for name in JOURNAL_COLUMNS}
        return JournalRecord(**values, data=json.loads(row["data"]))
