"""Immutable objects in a bucket, each under the hash of its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.documents import canonical_json, object_id
from backends.errors import CorruptStateError, ObjectMissingError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backends.documents import JsonValue
    from backends.s3_store import S3Store

PREFIX = "objects/"


class S3Objects:
    """The objects of one project.

    What was read or written is known to be there and is neither asked after nor sent again,
    until `look_again` says that somebody may have removed it.
    """

    def __init__(self, store: S3Store) -> None:
        """Name the place."""
        self._store = store
        self._known: set[str] = set()
        self._swept = 0

    def look_again(self, swept: int) -> None:
        """Know nothing any more where objects were removed another number of times."""
        if swept != self._swept:
            self._known.clear()
            self._swept = swept

    def read(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Return objects, verified, many at a time.

        Raises:
            ObjectMissingError: Some are not there.
            CorruptStateError: One has another hash.
        """
        wanted = sorted(set(ids))
        found = self._store.each(lambda name: self._store.read(f"{PREFIX}{name}"), wanted)
        missing = [name for name, one in zip(wanted, found, strict=True) if one is None]
        if missing:
            raise ObjectMissingError(missing)
        contents = {name: one[0] for name, one in zip(wanted, found, strict=True) if one}
        for name, data in contents.items():
            if object_id(data) != name:
                raise CorruptStateError(f"object {name}", "its bytes have another hash")
        self._known.update(contents)
        return contents

    def write(self, objects: Iterable[bytes]) -> tuple[str, ...]:
        """Store objects, many at a time, and return their ids.

        Raises:
            CorruptStateError: One that is there already is not what it was.
        """
        named = [(object_id(data), data) for data in objects]
        contents = dict(named)
        new = [name for name in contents if name not in self._known]
        self._store.each(lambda name: self._write(name, contents[name]), new)
        self._known.update(new)
        return tuple(name for name, _ in named)

    def _write(self, name: str, data: bytes) -> None:
        key = f"{PREFIX}{name}"
        if self._store.create(key, data):
            return
        found = self._store.read(key)
        if found is None and self._store.create_own(key, data):  # it was removed meanwhile
            return
        if found is None or found[0] != data:
            raise CorruptStateError(f"object {name}", "its bytes have another hash")

    def write_json(self, value: JsonValue) -> str:
        """Store a document of our own and return its id."""
        (name,) = self.write([canonical_json(value).encode()])
        return name

    def require(self, ids: Iterable[str | None]) -> None:
        """Do nothing if all objects are stored; None stands for no object.

        Raises:
            ObjectMissingError: Some are not.
        """
        unknown = sorted({name for name in ids if name is not None} - self._known)
        found = self._store.each(lambda name: self._store.has(f"{PREFIX}{name}"), unknown)
        missing = [name for name, there in zip(unknown, found, strict=True) if not there]
        if missing:
            raise ObjectMissingError(missing)
        self._known.update(unknown)
