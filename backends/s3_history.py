"""Revisions and address maps in a bucket, as a ledger names them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from backends.documents import Origin, Revision
from backends.errors import RevisionNotFoundError
from backends.s3_ledger import PAGE, Ledger
from backends.stored import readable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backends.s3_objects import S3Objects
    from backends.s3_store import S3Store


class S3History:
    """Reads history for whoever has read the ledger."""

    def __init__(self, store: S3Store, objects: S3Objects) -> None:
        """Name the place and its objects."""
        self._store = store
        self._objects = objects
        self._revisions: dict[str, Revision] = {}

    def origin(self, ledger: Ledger) -> Origin:
        """Return what the state starts from."""
        return Origin(
            key=ledger.key,
            number=ledger.forgotten,
            id=ledger.forgotten_id,
            resources=self._map(ledger.bases[0][1]) if ledger.forgotten else {},
        )

    def head(self, ledger: Ledger) -> Revision | None:
        """Return the newest revision."""
        if ledger.newest == ledger.forgotten:
            return None
        return self.revision(ledger, ledger.newest)

    def revision(self, ledger: Ledger, number: int) -> Revision:
        """Return one revision.

        Raises:
            RevisionNotFoundError: It does not exist, or is no longer kept.
        """
        (name,) = self.ids(ledger, number, number)
        return self._read(name)

    def revisions(self, ledger: Ledger, first: int, last: int) -> list[Revision]:
        """Return revisions, oldest first, read many at a time; none where ``last`` is earlier.

        Raises:
            RevisionNotFoundError: One of them does not exist, or is no longer kept.
        """
        names = self.ids(ledger, first, last) if first <= last else []
        return self._store.each(self._read, names)

    def ids(self, ledger: Ledger, first: int, last: int) -> list[str]:
        """Return the ids of the revisions from ``first`` to ``last``.

        Raises:
            RevisionNotFoundError: One of them does not exist, or is no longer kept.
        """
        if not ledger.forgotten < first <= last <= ledger.newest:
            head = ledger.newest if ledger.newest > ledger.forgotten else None
            raise RevisionNotFoundError(
                first if first <= ledger.forgotten else last, head, ledger.forgotten
            )
        begin, end = first - ledger.start - 1, last - ledger.start
        wanted = range(begin // PAGE, (end - 1) // PAGE + 1)
        full = [ledger.pages[number] for number in wanted if number < len(ledger.pages)]
        found = [name for page in self._store.each(self._page, full) for name in page]
        if wanted[-1] >= len(ledger.pages):
            found += ledger.page
        before = wanted[0] * PAGE
        return found[begin - before : end - before]

    def resources(self, ledger: Ledger, at: int | None = None) -> dict[str, str]:
        """Return address to object id: a map that was written out, and what changed since.

        Raises:
            RevisionNotFoundError: ``at`` does not exist, or is no longer kept.
        """
        changes: list[Mapping[str, str | None]] = [ledger.delta]
        bases = ledger.bases
        if at is not None and at != ledger.newest:
            self.ids(ledger, at, at)
            bases = tuple(base for base in bases if base[0] <= at)
            since = bases[-1][0] + 1 if bases else 1
            changes = [one.changes for one in self.revisions(ledger, since, at)]
        found: dict[str, str | None] = dict(self._map(bases[-1][1])) if bases else {}
        for change in changes:
            found.update(change)
        return {name: value for name, value in sorted(found.items()) if value is not None}

    def write(self, revision: Revision) -> None:
        """Store a revision, before a ledger names it."""
        self._objects.write([revision.to_bytes()])
        self._revisions[revision.id] = revision

    def tidied(self, ledger: Ledger) -> Ledger:
        """Return the ledger with what has grown too long moved out into objects."""
        if len(ledger.page) == PAGE:
            name = self._objects.write_json(ledger.page)
            ledger = replace(ledger, pages=(*ledger.pages, name), page=())
        if not ledger.is_unwieldy:
            return ledger
        kept = self.resources(ledger)
        bases = (*ledger.bases, (ledger.newest, self._objects.write_json(kept)))
        return replace(ledger, bases=bases, base_size=len(kept), delta={})

    def from_origin(self, origin: Origin) -> Ledger:
        """Return the ledger that a state begins with, its address map stored."""
        ledger = Ledger(key=origin.key)
        return self._starting(ledger, origin) if origin.number else ledger

    def without(self, ledger: Ledger, number: int) -> Ledger:
        """Return the ledger that starts from revision ``number``, its address map stored."""
        (name,) = self.ids(ledger, number, number)
        origin = Origin(
            key=ledger.key, number=number, id=name, resources=self.resources(ledger, number)
        )
        return self._starting(ledger, origin)

    def named(self, ledger: Ledger) -> set[str]:
        """Return the ids of all objects that a ledger and its history need."""
        first, last = ledger.forgotten + 1, ledger.newest
        named = {*ledger.pages, *(name for _, name in ledger.bases)}
        named.update(self.origin(ledger).resources.values())
        named.update(run.plan for run in ledger.runs.values() if run.plan is not None)
        for revision in self.revisions(ledger, first, last):
            named.add(revision.id)
            named.update(name for name in revision.changes.values() if name is not None)
        return named

    def _starting(self, ledger: Ledger, origin: Origin) -> Ledger:
        base = (origin.number, self._objects.write_json(origin.resources))
        later = tuple(one for one in ledger.bases if one[0] > origin.number)
        return replace(
            ledger.starting(origin.number, origin.id),
            bases=(base, *later),
            base_size=ledger.base_size if later else len(origin.resources),
        )

    def _page(self, name: str) -> list[str]:
        with readable(f"the list of revisions {name}"):
            found: list[str] = json.loads(self._objects.read([name])[name])
            return found

    def _map(self, name: str) -> Mapping[str, str]:
        with readable(f"the address map {name}"):
            found: dict[str, str] = json.loads(self._objects.read([name])[name])
            return found

    def _read(self, name: str) -> Revision:
        known = self._revisions.get(name)
        if known is None:
            data = self._objects.read([name])[name]
            with readable(f"revision {name}"):
                known = self._revisions[name] = Revision.from_bytes(data)
        return known
