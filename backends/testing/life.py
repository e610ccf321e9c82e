"""A short life of a state, in steps, to be cut off anywhere and gone on with.

For tests of what a process that dies leaves behind: take the steps one by one, die in one of
them, and a new handle must find the state as it was before that step or as it is after it
(`essence`), take that step again if it looks as before, and go on to the same end::

    ends = []
    for step in STEPS:
        step(backend)
        ends.append(essence(backend))

The steps are the same each time where the backend's clock stands still.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from backends.base import EVERYTHING, Lease, Origin, RevisionDraft, object_id
from backends.testing.case import a_draft, a_record, a_request, a_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.base import StateBackend

    Step = Callable[[StateBackend], object]

CONTENTS: Final = tuple(f"object {number}".encode() for number in range(6))
OBJECTS: Final = tuple(map(object_id, CONTENTS))
ORIGIN: Final = Origin(key=bytes(32), number=7, id="f" * 64, resources={"z": OBJECTS[0]})
_DRAFTS: Final = (
    a_draft({"a": OBJECTS[0], "b": OBJECTS[1]}),
    a_draft({"a": OBJECTS[2]}),
    a_draft({"b": None, "c": OBJECTS[3]}),
)


def _lease(backend: StateBackend) -> Lease:
    (lease,) = backend.leases()
    return lease


def _commit(draft: RevisionDraft, closes: str | None = None) -> Step:
    def commit(backend: StateBackend) -> object:
        head = backend.head()
        expected = head.id if head else None
        return backend.commit(draft, expected=expected, token=_lease(backend).token, closes=closes)

    return commit


def _forget(count: int) -> Step:
    def forget(backend: StateBackend) -> object:
        numbers = [revision.number for revision in backend.revisions()]
        return backend.forget(numbers[-1] + count - 1, token=_lease(backend).token)

    return forget


_WHOLE: Final = replace(a_request("run-1"), exclusive=frozenset({EVERYTHING}))

STEPS: Final[tuple[Step, ...]] = (
    lambda backend: backend.create(ORIGIN),
    lambda backend: backend.put(CONTENTS),
    lambda backend: backend.acquire(_WHOLE),
    lambda backend: backend.begin_run(a_run("run-1", OBJECTS[4]), token=_lease(backend).token),
    lambda backend: backend.append(
        "run-1", [a_record(1), a_record(2, "end")], token=_lease(backend).token
    ),
    lambda backend: backend.append("run-1", [a_record(3)], token=_lease(backend).token),
    _commit(_DRAFTS[0], closes="run-1"),
    lambda backend: backend.begin_run(a_run("run-2"), token=_lease(backend).token),
    lambda backend: backend.append("run-2", [a_record(1)], token=_lease(backend).token),
    lambda backend: backend.renew(replace(_lease(backend), term=60.0)),
    _commit(_DRAFTS[1]),
    lambda backend: backend.close_run("run-2", token=_lease(backend).token),
    _commit(_DRAFTS[2]),
    _forget(2),
    lambda backend: backend.begin_run(a_run("run-3", OBJECTS[3]), token=_lease(backend).token),
    _forget(0),
    lambda backend: backend.release(_lease(backend)),
)
"""Every kind of write; the last `forget` removes whatever an earlier death left behind."""


def essence(backend: StateBackend) -> object:
    """Return what a state says: all but objects that nothing names and runs that have ended."""
    history = list(backend.revisions())
    origin = backend.origin()
    return (
        backend.exists(),
        origin and (origin.number, origin.id, origin.resources),
        backend.head(),
        history,
        [backend.resources(at=revision.number) for revision in history],
        backend.resources(),
        [list(backend.resource_history(address)) for address in "abcz"],
        backend.leases(),
        [(run, backend.journal(run.run)) for run in backend.open_runs()],
    )
