"""Forgetting old revisions, but none that a version in use needs.

What an alias serves is not always what head recorded last: a failed apply or a revert leaves
an alias on an older version. What is known of such a version is in the newest revision that
published it, so that revision is kept, and all after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backends.base import EVERYTHING
from declarative.engine.leases import hold, new_run, request_of
from declarative.engine.snapshot import read_snapshot
from declarative.errors import LamformError
from declarative.model.revision import ReleaseRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from backends.base import Lease, StateBackend, StateReader
    from declarative.engine.ports import Runner


@dataclass(frozen=True, slots=True)
class Need:
    """A revision that must be kept, and why.

    Attributes:
        alias: The alias of the release that serves the version, wholly or in part.
        version: The version, which is not the one that head recorded for the release.
        revision: The newest revision whose record of the release has that version.
    """

    address: str
    alias: str
    version: str
    revision: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Where history is to be cut.

    Attributes:
        begins: The oldest revision there is now; 0 where there is none.
        last: The last revision to forget; less than ``begins`` where none is.
        needs: Why more are kept than was asked for, oldest first.
    """

    begins: int
    last: int
    needs: tuple[Need, ...] = ()

    @property
    def revisions(self) -> int:
        """How many revisions go."""
        return max(0, self.last + 1 - self.begins)

    @property
    def oldest(self) -> int | None:
        """The oldest revision that is kept; None where there is none at all."""
        return max(self.begins, self.last + 1) or None


@dataclass(frozen=True, slots=True)
class Pruning:
    """What was forgotten: the cut, and how many objects went."""

    cut: Cut
    objects: int


def find_cut(state: StateReader, keep: int) -> Cut:
    """Return where to cut so that at least the last ``keep`` revisions are kept."""
    head, origin = state.head(), state.origin()
    if head is None:
        return Cut(begins=0, last=-1)
    begins = (origin.number if origin else 0) + 1
    last = head.number - keep
    if last < begins:
        return Cut(begins, begins - 1)
    needs = tuple(need for need in _needs(state) if need.revision <= last)
    return Cut(begins, min((last, *(need.revision - 1 for need in needs))), needs)


def prune(
    state: StateBackend,
    runner: Runner,
    keep: int,
    *,
    agreed: Cut,
    timeout: float = 0.0,
    waiting: Callable[[Lease], None] | None = None,
) -> Pruning:
    """Forget old revisions for good, and everything that nothing names any more.

    Args:
        state: Where.
        runner: Who does it.
        keep: How many of the last revisions are kept at least.
        agreed: What was asked for; no more than that goes, whatever happened since.
        timeout: Seconds to wait for runs at work.
        waiting: Told once who is at work.

    Raises:
        LamformError: A run was cut off and is not recovered.
        LeaseHeldError: A run is at work.
    """
    asked = request_of(runner, new_run(), exclusive=frozenset({EVERYTHING}))
    with hold(state, asked, timeout=timeout, waiting=waiting) as lease:
        refuse_open_runs(state, "Forgetting")
        found = find_cut(state, keep)
        cut = found if found.last <= agreed.last else agreed
        return Pruning(cut, state.forget(cut.last, token=lease.token))


def refuse_open_runs(state: StateReader, doing: str) -> None:
    """Refuse while the outcome of a run is unknown, for who holds the lease on everything.

    Raises:
        LamformError: A run began, was not closed, and cannot be at work.
    """
    runs = state.open_runs()
    if runs:
        first = runs[0]
        raise LamformError.of(
            "A run was cut off",
            f"Run {first.run} (`{first.command}`, begun {first.started_at}) did not end, and what "
            f"it did is not recorded yet. {doing} has to wait until it is: lamform state recover.",
        )


def _needs(state: StateReader) -> tuple[Need, ...]:
    """Return what versions in use need, oldest first."""
    open_: dict[tuple[str, str], str] = {}
    for address, recorded in read_snapshot(state).releases.items():
        for alias, version in _served(recorded.record):
            open_.setdefault((address, version), alias)
    found = []
    for revision in state.revisions():
        if not open_:
            break
        addresses = {address for address, _ in open_} & revision.changes.keys()
        versions = _versions(state, {name: revision.changes[name] for name in addresses})
        for address, version in versions.items():
            alias = open_.pop((address, version), "")
            if alias:
                found.append(Need(address, alias, version, revision.number))
    return tuple(reversed(found))


def _served(record: ReleaseRecord) -> Iterable[tuple[str, str]]:
    """Yield alias and version of what serves and is not what the record says is published."""
    for name, alias in record.aliases.items():
        for version in (alias.function_version, *alias.routing):
            if version != record.version:
                yield name, version


def _versions(state: StateReader, objects: Mapping[str, str | None]) -> dict[str, str]:
    wanted = {name for name in objects.values() if name is not None}
    found = state.objects(wanted)
    versions = {}
    for address, name in objects.items():
        version = ReleaseRecord.from_bytes(found[name]).version if name is not None else None
        if version is not None:
            versions[address] = version
    return versions
