"""What state says at one revision: the records of releases, read when they are looked at."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from declarative.model.revision import ReleaseRecord
from declarative.model.values import Fingerprinter

if TYPE_CHECKING:
    from collections.abc import ItemsView, ValuesView

    from backends.base import Revision, StateReader


@dataclass(frozen=True, slots=True)
class Recorded:
    """A release record and the id of the object that holds it."""

    record: ReleaseRecord
    object: str


class Records(Mapping[str, Recorded]):
    """Records by release address, in the order of addresses.

    Which there are is known from the address map; a record is read from state when it is
    first asked for. Say beforehand which will be (`load`), and they are read at once. It may
    be used from several threads: at worst a record is read twice.
    """

    def __init__(
        self,
        state: StateReader,
        ids: Mapping[str, str],
        known: Mapping[str, Recorded] | None = None,
    ) -> None:
        """Take where records are read from, and their object ids by address.

        Args:
            state: Where the objects are.
            ids: Address to object id.
            known: Records that need not be read, which state may not even have yet.
        """
        self._state = state
        self._ids = ids
        self._known = dict(known or {})

    def __getitem__(self, address: str) -> Recorded:
        """Return a record, read now if it was not before.

        Raises:
            KeyError: nothing is recorded of the release.
        """
        if address not in self._known:
            if address not in self._ids:
                raise KeyError(address)
            self.load([address])
        return self._known[address]

    def __contains__(self, address: object) -> bool:
        """Say whether anything is recorded of a release; nothing is read for that."""
        return address in self._ids

    def __iter__(self) -> Iterator[str]:
        """Yield the addresses, sorted."""
        return iter(self._ids)

    def __len__(self) -> int:
        """Return how many releases are recorded."""
        return len(self._ids)

    def items(self) -> ItemsView[str, Recorded]:
        """Return all of them, read at once."""
        self.load(self._ids)
        return super().items()

    def values(self) -> ValuesView[Recorded]:
        """Return all of them, read at once."""
        self.load(self._ids)
        return super().values()

    def load(self, addresses: Iterable[str]) -> None:
        """Read the records of those addresses that there are, all at once."""
        wanted = {
            address: self._ids[address]
            for address in addresses
            if address in self._ids and address not in self._known
        }
        if not wanted:
            return
        objects = self._state.objects(set(wanted.values()))
        for address, name in wanted.items():
            self._known[address] = Recorded(ReleaseRecord.from_bytes(objects[name]), name)

    def object(self, address: str) -> str | None:
        """Return the id of the object that holds a record, without reading it."""
        return self._ids.get(address)

    def but(self, changed: Mapping[str, Recorded | None]) -> Records:
        """Return these records with some replaced, and those that are None gone."""
        known = {address: one for address, one in changed.items() if one is not None}
        ids = {**self._ids, **{address: one.object for address, one in known.items()}}
        kept = {address: ids[address] for address in sorted(ids.keys() - (changed.keys() - known))}
        return Records(self._state, kept, {**self._known, **known})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What state says at one revision; empty where there is no state.

    Attributes:
        releases: Records by release address.
        warnings: What a reader should know, such as an interrupted run.
        recovers: Runs that were cut off and that the next apply recovers.
    """

    revision: Revision | None
    releases: Records
    fingerprinter: Fingerprinter
    warnings: tuple[str, ...] = field(default=())
    recovers: tuple[str, ...] = ()

    def record(self, address: str) -> ReleaseRecord | None:
        """Return the record of a release, or None where there is none."""
        return self.releases[address].record if address in self.releases else None


def read_snapshot(state: StateReader, *, at: int | None = None) -> Snapshot:
    """Return what state says at head or at a revision; no record is read yet."""
    revision = state.revision(at) if at is not None else state.head()
    # Of that very revision, whatever lands in between.
    ids = state.resources(at=revision.number) if revision else {}
    return Snapshot(revision, Records(state, ids), fingerprinter_of(state))


def fingerprinter_of(state: StateReader) -> Fingerprinter:
    """Return the project's fingerprinter, or one for this process where there is no state."""
    key = state.key()
    if key is None:
        return Fingerprinter(secrets.token_bytes(32), stable=False)
    return Fingerprinter(key, stable=True)
