"""The contract between the engine and any place that state is kept in.

A project's state is a chain of revisions.  A revision names content-addressed objects and
holds only what changed, so writing one costs what changed.  Four rules make it safe:

1.  Head moves only by compare-and-swap (``commit`` with ``expected``).
2.  A lease keeps two runs from starting on the same addresses; it is politeness.  Its token
    fences: a write with a token whose lease is gone is refused, and changes nothing.
3.  What a run intends is durable before it acts (``begin_run``, ``append``), and its journal
    ends in the same transaction as the revision that tells the outcome (``closes``).
4.  Nothing creates a state but ``create``; reading one that does not exist finds it empty.

`backends.testing.BackendContract` is the executable half of this module.  A handle may be used
from several threads, and many handles, in many processes, may be open on one state.

Any method may raise `StateUnavailableError` or `CorruptStateError`.  Every writing method but
``create``, ``release`` and ``unlock`` raises `StateMissingError` before ``create``.  Where several
errors apply, the first of this order is raised: state missing, fenced, head moved, run, objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from backends.documents import (
    Change,
    JournalRecord,
    JsonValue,
    Lease,
    LeaseRequest,
    Origin,
    Revision,
    RevisionDraft,
    RunRecord,
    canonical_json,
    instant,
    object_id,
)
from backends.errors import (
    BackendError,
    BackendSettingsError,
    ConflictError,
    CorruptStateError,
    FencedError,
    HeadMovedError,
    JournalOrderError,
    LeaseHeldError,
    ObjectMissingError,
    RevisionNotFoundError,
    RunExistsError,
    RunNotOpenError,
    SchemaTooNewError,
    StateMissingError,
    StateUnavailableError,
)
from backends.leases import EVERYTHING, is_live

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

__all__ = [
    "EVERYTHING",
    "BackendError",
    "BackendSettingsError",
    "Change",
    "ConflictError",
    "CorruptStateError",
    "FencedError",
    "HeadMovedError",
    "JournalOrderError",
    "JournalRecord",
    "JsonValue",
    "Lease",
    "LeaseHeldError",
    "LeaseRequest",
    "ObjectMissingError",
    "Origin",
    "Revision",
    "RevisionDraft",
    "RevisionNotFoundError",
    "RunExistsError",
    "RunNotOpenError",
    "RunRecord",
    "SchemaTooNewError",
    "StateBackend",
    "StateMissingError",
    "StateReader",
    "StateUnavailableError",
    "canonical_json",
    "commit_disjoint",
    "instant",
    "is_live",
    "object_id",
]


class StateReader(Protocol):
    """What can be known of a project's state; what planning is given."""

    def exists(self) -> bool:
        """Say whether the project's state was ever created here."""
        ...

    def key(self) -> bytes | None:
        """Return the project's random key of 32 bytes, made with the state; None before that.

        It is for fingerprints of secrets, which this package never sees.
        """
        ...

    def now(self) -> float:
        """Return the time by which leases here begin and expire, in seconds since the epoch.

        Where several machines share the place it is the place's own clock, not this machine's:
        a lease is judged by the clock that granted it.
        """
        ...

    def findings(self) -> tuple[str, ...]:
        """Return what the place knows to be wrong with what it keeps, a sentence each.

        This is for damage that reading does not meet, such as an index that lacks an entry. A
        place that keeps nothing beside what the other methods read has none to tell.
        """
        ...

    def origin(self) -> Origin | None:
        """Return what the state starts from; None before it is created."""
        ...

    def head(self) -> Revision | None:
        """Return the newest revision, or None where none is kept."""
        ...

    def revision(self, number: int) -> Revision:
        """Return one revision.

        Raises:
            RevisionNotFoundError: There is none of that number, or it is no longer kept.
        """
        ...

    def revisions(self, *, limit: int | None = None) -> Iterator[Revision]:
        """Yield the revisions that are kept, newest first, at most ``limit``."""
        ...

    def resources(self, *, at: int | None = None) -> Mapping[str, str]:
        """Return address to object id as of revision ``at``, sorted; head by default.

        Raises:
            RevisionNotFoundError: ``at`` is given and there is none of that number, or it is
                no longer kept.
        """
        ...

    def mapped(self) -> tuple[int, ...]:
        """Return the revisions whose address map is stored whole, head's aside, oldest first.

        ``resources(at=…)`` makes those of the others from these. None has to be.
        """
        ...

    def resource_history(self, address: str) -> Iterator[tuple[int, str | None]]:
        """Yield ``(revision, object id or None)`` where ``address`` changed, newest first.

        It ends with the oldest revision that is kept.
        """
        ...

    def objects(self, ids: Iterable[str]) -> Mapping[str, bytes]:
        """Return the objects of those ids, each verified against its id.

        Raises:
            ObjectMissingError: Some are not stored; it names them all.
            CorruptStateError: One does not have the hash it is stored under.
        """
        ...

    def leases(self) -> tuple[Lease, ...]:
        """Return the leases, by token; expired ones too, until they are replaced."""
        ...

    def open_runs(self) -> tuple[RunRecord, ...]:
        """Return the runs that began and were not closed, by start, then id."""
        ...

    def journal(self, run: str) -> tuple[JournalRecord, ...]:
        """Return a run's journal in order; empty for a run that is unknown or forgotten."""
        ...


class StateBackend(StateReader, Protocol):
    """Where a project's state is kept, to read and to write."""

    def create(self, origin: Origin | None = None) -> None:
        """Create the project's state; nothing happens where it exists.

        With an ``origin`` the state has its key, its address map, and the numbers and the
        chain of its revisions go on from there.  The objects of the map are put afterwards.
        """
        ...

    def put(self, objects: Iterable[bytes]) -> tuple[str, ...]:
        """Store objects and return their ids, in order.  Storing one twice is nothing.

        Raises:
            CorruptStateError: One that is stored already does not have the hash it is stored
                under.
        """
        ...

    def commit(
        self, draft: RevisionDraft, *, expected: str | None, token: int, closes: str | None = None
    ) -> Revision:
        """Make ``draft`` the new head, all or nothing, durable on return.

        Args:
            draft: What to record.  Removing an address that is not there is allowed.
            expected: The id that head must have; None where no revision is kept.
            token: The fencing token of a lease of the caller.
            closes: A run that ends with this revision.

        Raises:
            FencedError: The token's lease is gone.
            HeadMovedError: Head is another revision.
            RunNotOpenError: ``closes`` is not an open run.
            ObjectMissingError: ``draft`` refers to objects that were never put.
        """
        ...

    def acquire(self, request: LeaseRequest) -> Lease:
        """Grant a lease with a new, greater token.

        Overlapping leases that have expired, or whose process on this host is gone, are
        replaced and named in ``took_over``.  A run that holds a lease already gets its
        new one in place of that.

        Raises:
            LeaseHeldError: A live lease of another run overlaps.
        """
        ...

    def renew(self, lease: Lease) -> Lease:
        """Return the lease with its term counted from now, even if it had expired.

        The term may be another than before; what the lease covers stays as granted.

        Raises:
            FencedError: It was replaced, released or unlocked.
        """
        ...

    def release(self, lease: Lease) -> None:
        """Give the lease back; nothing happens where it is no longer held."""
        ...

    def unlock(self, run: str) -> Lease | None:
        """Take a run's lease away and return it; None where it holds none."""
        ...

    def begin_run(self, record: RunRecord, *, token: int) -> None:
        """Record that a run begins, durable on return.

        Raises:
            FencedError: The token's lease is gone.
            RunExistsError: A run of that id, open or closed, is recorded.
            ObjectMissingError: Its plan was never put.
        """
        ...

    def append(self, run: str, records: Sequence[JournalRecord], *, token: int) -> None:
        """Add records to a run's journal as one group: all or none, durable on return.

        Raises:
            FencedError: The token's lease is gone.
            RunNotOpenError: The run never began or was closed.
            JournalOrderError: Sequence numbers do not increase.
        """
        ...

    def close_run(self, run: str, *, token: int) -> None:
        """End a run without a revision.  Its journal stays readable until it is forgotten.

        Raises:
            FencedError: The token's lease is gone.
            RunNotOpenError: The run never began or was closed.
        """
        ...

    def forget(self, number: int, *, token: int) -> int:
        """Drop what is old, for good, and return how many objects that removed.

        Gone are the revisions up to and including ``number`` (head is always kept), all runs
        that have ended, with their journals, and every object that is not named by a revision
        that is kept, by the address map that those start from, or as the plan of an open run.
        The objects that a backend makes for itself may be among those it counts.

        To be called under a lease on `EVERYTHING`: an object that a live run has put for the
        revision it is about to commit is named by nothing yet.

        A process that dies in here leaves a valid state, the old or the new one, and at worst
        things that nothing names, which the next call removes, with any ``number``.

        Raises:
            FencedError: The token's lease is gone.  Nothing is removed from then on.
            StateUnavailableError: Something is left that nothing names.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections; the handle is not used afterwards."""
        ...


def commit_disjoint(
    backend: StateBackend,
    draft: RevisionDraft | Callable[[Revision | None], RevisionDraft],
    *,
    base: Revision | None,
    token: int,
    closes: str | None = None,
) -> Revision:
    """Commit changes made from ``base`` on top of head, if head moved elsewhere only.

    Args:
        backend: Where to.
        draft: The revision, or what returns it as the successor of a given one: its changes
            are always the same, what it says besides may depend on what others recorded.
        base: What the changes were made from.
        token: The fencing token of a lease of the caller.
        closes: A run that ends with this revision.

    Raises:
        ConflictError: A revision since ``base`` changed an address that ``draft`` changes, or
            ``base`` is not part of this history.  Nothing was recorded.
    """
    seen = base
    while True:
        made = draft(seen) if callable(draft) else draft
        try:
            return backend.commit(
                made, expected=seen.id if seen else None, token=token, closes=closes
            )
        except HeadMovedError as error:
            if error.found is None:
                raise
            seen = _disjoint_head(backend, made, base, seen)


def _disjoint_head(
    backend: StateReader, draft: RevisionDraft, base: Revision | None, seen: Revision | None
) -> Revision | None:
    """Return head, having checked that no revision after ``seen`` overlaps with ``draft``."""
    head: Revision | None = None
    revision: Revision | None = None
    for revision in backend.revisions():
        head = head or revision
        if seen is not None and revision.number <= seen.number:
            if revision.id != seen.id:
                raise ConflictError(base, revision, draft.changes)
            return head
        if overlap := revision.changes.keys() & draft.changes.keys():
            raise ConflictError(base, revision, overlap)
    # What the revisions that are no longer kept changed since ``seen``, nobody can tell.
    origin = backend.origin()
    if revision and origin and origin.id != (seen.id if seen else None):
        raise ConflictError(base, revision, draft.changes)
    return head
