"""What all parts of the contract share: how to open a handle, and documents to store."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from backends.base import JournalRecord, LeaseRequest, RevisionDraft, RunRecord, object_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backends.base import StateBackend

ABSENT = object_id(b"never stored")


def a_request(run: str = "run-1", *addresses: str, term: float = 3600.0) -> LeaseRequest:
    """Return a request of a process elsewhere, for ``addresses`` (``a`` if none are given)."""
    return LeaseRequest(
        run=run,
        who="tester",
        host="elsewhere.example",
        pid=4711,
        boot_id="",
        command="apply",
        addresses=frozenset(addresses or ("a",)),
        term=term,
    )


def a_draft(
    changes: Mapping[str, str | None] | None = None, status: str = "applied"
) -> RevisionDraft:
    """Return a draft with ``changes`` and a value in every other field."""
    return RevisionDraft(
        status=status,
        author="tester",
        created_at="2030-01-02T03:04:05Z",
        message="why “it” was done",
        plan_id="f" * 64,
        git_commit="0" * 40,
        reverts=None,
        changes=changes or {},
        details={"releases": [{"address": "a", "calls": 3, "share": 0.5, "note": None}]},
    )


def a_run(run: str = "run-1", plan: str | None = None) -> RunRecord:
    """Return a run's intent."""
    return RunRecord(
        run=run,
        started_at="2030-01-02T03:04:05Z",
        command="apply --auto-approve",
        plan=plan,
        addresses=("b", "a"),
        details={"ci": True, "nested": {"list": [1, 2]}},
    )


def a_record(sequence: int, kind: str = "begin") -> JournalRecord:
    """Return a journal record."""
    return JournalRecord(
        sequence=sequence,
        kind=kind,
        address="a",
        step="update_code",
        at="2030-01-02T03:04:05Z",
        data={"request": {"name": "λ", "size": 1}},
    )


class Case(ABC):
    """One part of the contract."""

    @abstractmethod
    def open(self, project: str) -> StateBackend:
        """Return a new handle on the project in this test's storage, without creating it."""

    def created(self, project: str = "shop") -> StateBackend:
        """Return a handle on a project that exists."""
        backend = self.open(project)
        backend.create()
        return backend
