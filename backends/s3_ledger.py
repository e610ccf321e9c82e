"""The one document of a project in a bucket that moves: everything else is immutable.

It says which revisions there are, what head's address map is, which runs are open and who
holds leases. One document, moved by compare-and-swap, makes each change of them a
transaction: a revision becomes head and its run ends at once, and no write with the token of
a lease that is gone gets through, however long it was held up on its way.

What would grow with history is moved out into objects: ids of revisions in pages of a
hundred, the address map as a base with the changes since.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from backends.documents import Lease, RunRecord, canonical_json
from backends.errors import RunNotOpenError, SchemaTooNewError
from backends.leases import LeaseBook
from backends.stored import readable

if TYPE_CHECKING:
    from backends.documents import Revision

FORMAT: Final = 2
"""The form of the document.  In the first no history had been pruned."""
PAGE: Final = 100
"""Revisions on a page."""
_FEWEST: Final = 64
_SHARE: Final = 8
_REMEMBERED: Final = 64


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is true of a project now.

    Attributes:
        key: The project's random key.
        nonces: Of the last changes: by them a writer knows that a change is its own although
            the answer was lost.
        start: The number of the revision before the first that ``pages`` and ``page`` list.
        pages: The ids of objects that list a hundred revision ids each.
        page: The ids of the revisions after those.
        forgotten: The last revision that is no longer kept; 0 where all are. Of those after
            ``start`` the ids stay listed until their page is full of them.
        forgotten_id: Its id.
        bases: Revision number and object id of each address map that was written out; where
            revisions are forgotten, the first is that of the last of them.
        base_size: How many addresses the last of them has.
        delta: What has changed since: address to object id, or None where it is gone.
        swept: How often objects were removed: whoever knows that one is there, knew it then.
    """

    key: bytes
    nonces: tuple[str, ...] = ()
    start: int = 0
    pages: tuple[str, ...] = ()
    page: tuple[str, ...] = ()
    forgotten: int = 0
    forgotten_id: str | None = None
    bases: tuple[tuple[int, str], ...] = ()
    base_size: int = 0
    delta: Mapping[str, str | None] = field(default_factory=dict)
    runs: Mapping[str, RunRecord] = field(default_factory=dict)
    book: LeaseBook = field(default_factory=LeaseBook)
    swept: int = 0

    @property
    def newest(self) -> int:
        """The number of head; that of the last forgotten revision where none is kept."""
        return self.start + len(self.pages) * PAGE + len(self.page)

    @property
    def is_unwieldy(self) -> bool:
        """Whether the changes since the base are so many that a new base costs less."""
        return len(self.delta) > max(_FEWEST, self.base_size // _SHARE)

    def run(self, run: str) -> RunRecord:
        """Return an open run.

        Raises:
            RunNotOpenError: It is not open.
        """
        found = self.runs.get(run)
        if found is None:
            raise RunNotOpenError(run)
        return found

    def with_run(self, record: RunRecord) -> Ledger:
        """Return the ledger with one more open run."""
        return replace(self, runs={**self.runs, record.run: record})

    def without_run(self, run: str) -> Ledger:
        """Return the ledger with a run closed."""
        return replace(self, runs={name: one for name, one in self.runs.items() if name != run})

    def after(self, revision: Revision) -> Ledger:
        """Return the ledger with a new head; a page that is full now is still in it."""
        return replace(
            self, page=(*self.page, revision.id), delta={**self.delta, **revision.changes}
        )

    def starting(self, number: int, revision_id: str | None) -> Ledger:
        """Return the ledger with the revisions up to ``number`` forgotten.

        Args:
            number: Up to head, or anything where there is no history yet.
            revision_id: Its id.
        """
        kept = replace(self, forgotten=number, forgotten_id=revision_id)
        if not self.newest:
            return replace(kept, start=number)
        full = min((number - self.start) // PAGE, len(self.pages))
        return replace(kept, start=self.start + full * PAGE, pages=self.pages[full:])

    def signed(self, nonce: str) -> Ledger:
        """Return the ledger with the mark of one change."""
        return replace(self, nonces=(*self.nonces, nonce)[-_REMEMBERED:])

    def to_bytes(self) -> bytes:
        """Return the document."""
        return canonical_json(
            {
                "format": FORMAT,
                "key": self.key.hex(),
                "nonces": self.nonces,
                "start": self.start,
                "pages": self.pages,
                "page": self.page,
                "forgotten": self.forgotten,
                "forgotten_id": self.forgotten_id,
                "bases": self.bases,
                "base_size": self.base_size,
                "delta": self.delta,
                "swept": self.swept,
                "runs": {name: run_document(one) for name, one in self.runs.items()},
                "counter": self.book.counter,
                "leases": [_lease_document(one) for one in self.book.leases],
            }
        ).encode()

    @classmethod
    def of(cls, data: bytes, place: str) -> Ledger:
        """Return the ledger in a document.

        Raises:
            SchemaTooNewError: It is of a later format.
            CorruptStateError: It is none.
        """
        with readable(place):
            found = json.loads(data)
            if found["format"] > FORMAT:
                raise SchemaTooNewError(place, [f"format {found['format']}"])
            return cls(
                key=bytes.fromhex(found["key"]),
                nonces=tuple(found["nonces"]),
                start=found.get("start", 0),
                pages=tuple(found["pages"]),
                page=tuple(found["page"]),
                forgotten=found.get("forgotten", 0),
                forgotten_id=found.get("forgotten_id"),
                bases=tuple((number, name) for number, name in found["bases"]),
                base_size=found["base_size"],
                delta=found["delta"],
                swept=found.get("swept", 0),
                runs={name: run_of(one) for name, one in found["runs"].items()},
                book=LeaseBook(found["counter"], tuple(map(_lease_of, found["leases"]))),
            )


def run_document(record: RunRecord) -> dict[str, Any]:
    """Return a run as JSON."""
    return asdict(record)


def run_of(document: Mapping[str, Any]) -> RunRecord:
    """Return the run in a document."""
    return RunRecord(**{**document, "addresses": tuple(document["addresses"])})


def _lease_document(lease: Lease) -> dict[str, Any]:
    values = asdict(replace(lease, took_over=()))
    del values["took_over"]
    sets = {name: sorted(values[name]) for name in ("addresses", "exclusive")}
    return {**values, **sets}


def _lease_of(document: Mapping[str, Any]) -> Lease:
    sets = {name: frozenset(document[name]) for name in ("addresses", "exclusive")}
    return Lease(**{**document, **sets})
