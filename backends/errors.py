"""Every error of the backends: facts as attributes, and what to tell a person.

BackendError
 +- StateMissingError         a write to a state that was never created
 +- StateUnavailableError     locked, full, read-only, unreachable, not a state at all
 |   +- SchemaTooNewError     written by a newer version
 +- CorruptStateError         what is stored is not what was written
 +- ObjectMissingError        an object that was never put
 +- RevisionNotFoundError     a revision that does not exist, or is no longer kept
 +- HeadMovedError            the compare-and-swap of head failed
 +- ConflictError             another revision changed the same addresses
 +- LeaseHeldError            a live lease overlaps
 +- FencedError               the lease that a write relied on is gone
 +- RunExistsError            a run began twice
 +- RunNotOpenError           a run that never began, or has ended
 +- JournalOrderError         a journal record out of order
 +- BackendSettingsError      an unknown kind of backend, or wrong settings
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backends.documents import Lease, Revision

UnavailableReason: TypeAlias = Literal[
    "locked",
    "full",
    "read_only",
    "denied",
    "not_a_state",
    "cannot_open",
    "failed",
    "schema_too_new",
]


class BackendError(Exception):
    """Root of all errors of a backend.

    Attributes:
        summary: The problem in a few words, with no final stop.
        detail: Whole sentences: what was found and what to try.
    """

    def __init__(self, summary: str, detail: str) -> None:
        """Keep both sentences."""
        super().__init__(f"{summary}: {detail}")
        self.summary = summary
        self.detail = detail


class StateMissingError(BackendError):
    """Something was to be written to a state that was never created."""

    def __init__(self, location: str) -> None:
        """Name where the state was expected."""
        super().__init__(
            "There is no state yet",
            f"Nothing was ever recorded in {location}. Check that this is the backend you mean; "
            "if it is, create the state first.",
        )
        self.location = location


class StateUnavailableError(BackendError):
    """The state is there, or should be, and cannot be used now.

    Attributes:
        location: Where the state is.
        reason: What is in the way, as one word.
    """

    def __init__(self, location: str, reason: UnavailableReason, summary: str, detail: str) -> None:
        """Keep the facts beside the sentences."""
        super().__init__(summary, detail)
        self.location = location
        self.reason: UnavailableReason = reason


class SchemaTooNewError(StateUnavailableError):
    """The state was written by a newer version, in a form that this one does not know.

    Attributes:
        unknown: The names of the changes of form that this version does not know.
    """

    def __init__(self, location: str, unknown: Iterable[str]) -> None:
        """Name the changes of form that are unknown here."""
        self.unknown = tuple(unknown)
        super().__init__(
            location,
            "schema_too_new",
            "The state was written by a newer version",
            f"{location} has had changes of form that this version does not know "
            f"({', '.join(self.unknown)}). Use a version at least as new as the one that wrote it.",
        )


class CorruptStateError(BackendError):
    """What is stored does not have the hash it is stored under, or cannot be read."""

    def __init__(self, what: str, found: str) -> None:
        """Name the damaged thing and what was found in its place."""
        super().__init__(
            "The state is damaged",
            f"{what}: {found}. Restore the state from a backup; nothing was changed.",
        )
        self.what = what
        self.found = found


class ObjectMissingError(BackendError):
    """An object was asked for, or referred to, that is not stored."""

    def __init__(self, ids: Iterable[str]) -> None:
        """Name the missing objects."""
        self.ids = tuple(sorted(ids))
        super().__init__(
            "An object is missing from the state",
            f"Not stored: {', '.join(self.ids)}. If the state was copied or restored, parts of it "
            "were left behind; restore all of it.",
        )


class RevisionNotFoundError(BackendError):
    """There is no revision of that number, or it is no longer kept.

    Attributes:
        number: What was asked for.
        newest: The newest that exists; None where there is none.
        forgotten: The last one that is no longer kept; 0 where all are.
    """

    def __init__(self, number: int, newest: int | None, forgotten: int = 0) -> None:
        """Name the number asked for and which exist."""
        known = "There are no revisions yet" if newest is None else f"The newest is {newest}"
        summary = f"There is no revision {number}"
        if 0 < number <= forgotten:
            summary = f"Revision {number} is no longer kept"
            known = f"The state was pruned; revision {forgotten + 1} is the oldest that is kept"
        super().__init__(summary, f"{known}. List the history to see which exist.")
        self.number = number
        self.newest = newest
        self.forgotten = forgotten


class HeadMovedError(BackendError):
    """Head is not the revision that the caller expected.

    Attributes:
        expected: The id the caller expected; None for an empty history.
        found: Head as it is.
    """

    def __init__(self, expected: str | None, found: Revision | None) -> None:
        """Name both revisions."""
        place = f"revision {found.number} by {found.author}" if found else "an empty history"
        super().__init__(
            "The state has moved",
            f"Head is {place}, not {expected or 'an empty history'}. "
            "Read the state again and repeat.",
        )
        self.expected = expected
        self.found = found


class ConflictError(BackendError):
    """Another revision changed what this one was about to change.

    Attributes:
        base: The revision the changes were made from; None for an empty history.
        found: The newest revision since then that changed one of ``addresses``.
        addresses: What both change, sorted.
    """

    def __init__(self, base: Revision | None, found: Revision, addresses: Iterable[str]) -> None:
        """Name both revisions and what they share."""
        self.base = base
        self.found = found
        self.addresses = tuple(sorted(addresses))
        start = f"revision {base.number}" if base else "an empty history"
        super().__init__(
            "Another run recorded changes to the same addresses",
            f"The changes were made from {start}; since then revision {found.number} by "
            f"{found.author} changed {', '.join(self.addresses)}. Nothing was recorded. "
            "Plan again from the new state.",
        )


def _named(holder: Lease, names: tuple[str, ...]) -> str:
    shown = 3
    everything = "*"  # `backends.leases.EVERYTHING`, which imports this module
    if everything in holder.exclusive:
        return "the whole state"
    if names == (everything,):
        return "a lease on no release, and this one needs the whole state,"
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


class LeaseHeldError(BackendError):
    """A live lease overlaps with the one asked for."""

    def __init__(self, holder: Lease, overlap: Iterable[str]) -> None:
        """Name the holder and what it holds."""
        self.holder = holder
        self.overlap = tuple(sorted(overlap))
        super().__init__(
            "Another run holds a lease that this one needs",
            f"Run {holder.run} by {holder.who} on {holder.host} (pid {holder.pid}, "
            f"`{holder.command}`) holds {_named(holder, self.overlap)} since {holder.since}, until "
            f"{holder.expires} unless renewed. Wait for it to end (--lock-timeout does); if it is "
            "dead, its lease is taken over once it has expired.",
        )


class FencedError(BackendError):
    """The lease behind a write was taken over, released or unlocked."""

    def __init__(self, token: int) -> None:
        """Name the token that is no longer valid."""
        super().__init__(
            "The lease of this run is gone",
            f"Fencing token {token} is no longer valid: the lease was taken over after it expired, "
            "or was unlocked. Nothing was recorded by this write. Check what the other run did, "
            "then start again.",
        )
        self.token = token


class RunExistsError(BackendError):
    """A run was begun under an id that is already in use."""

    def __init__(self, run: str) -> None:
        """Name the run."""
        super().__init__("The run has already begun", f"Run {run} is recorded. Use a new run id.")
        self.run = run


class RunNotOpenError(BackendError):
    """A journal was written, or a run closed, that never began or has ended."""

    def __init__(self, run: str) -> None:
        """Name the run."""
        super().__init__(
            "The run is not open",
            f"Run {run} never began or has ended, possibly because another run recovered it. "
            "Check the history before repeating anything.",
        )
        self.run = run


class JournalOrderError(BackendError):
    """A journal record does not come after those already recorded."""

    def __init__(self, run: str, sequence: int, last: int) -> None:
        """Name the record and the one it had to follow."""
        super().__init__(
            "A journal record is out of order",
            f"Record {sequence} of run {run} does not come after record {last}. Two writers of "
            "one journal are a bug; please report it.",
        )
        self.run = run
        self.sequence = sequence
        self.last = last


class BackendSettingsError(BackendError):
    """The kind of backend is unknown, or its settings are wrong."""
