"""Deployment packages: the places they come from and the store they are kept in."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from declarative.sandbox.errors import ServiceError, invalid

MAX_DIRECT_BYTES = 52_428_800
MAX_UNZIPPED_BYTES = 262_144_000


@dataclass(frozen=True, slots=True)
class ObjectPlace:
    """An S3 object, and the account and region of the Lambda call that asks for it."""

    account: str
    region: str
    bucket: str
    key: str
    version: str | None


@dataclass(frozen=True, slots=True)
class StoredObject:
    """The bytes of an S3 object and its version; None: its bucket has no versions."""

    data: bytes
    version: str | None = None


class Sources(Protocol):
    """The places outside Lambda that packages come from."""

    def read_object(self, place: ObjectPlace) -> StoredObject:
        """Return an S3 object, the newest version unless ``place`` names one.

        Raises:
            ServiceError: As Lambda answers when it cannot read the object.
        """
        ...

    def image_digest(self, uri: str) -> str:
        """Return the hex SHA-256 of the image that an address names by tag or digest.

        Raises:
            ServiceError: As Lambda answers when there is no such image.
        """
        ...


class NoSources:
    """For a simulator that stands alone: no buckets exist, and every image does."""

    def read_object(self, _: ObjectPlace) -> StoredObject:
        """Refuse, as for a bucket that does not exist."""
        raise object_missing("NoSuchBucket", "The specified bucket does not exist")

    def image_digest(self, uri: str) -> str:
        """Return the digest in the address, or one made of it: another tag is another image."""
        _, _, digest = uri.partition("@sha256:")
        return digest or hashlib.sha256(uri.encode()).hexdigest()


def object_missing(code: str, message: str) -> ServiceError:
    """Return Lambda's answer for an S3 object that it could not read."""
    return invalid(
        f"Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {message}"
    )


class PackageStore:
    """Zip files by the hex SHA-256 of their bytes, in memory or in a directory."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._memory: dict[str, bytes] = {}
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes) -> str:
        """Keep ``data`` and return its digest; keeping the same bytes again is free."""
        digest = hashlib.sha256(data).hexdigest()
        if self._directory is None:
            self._memory[digest] = data
        elif not (path := self._directory / digest).exists():
            write_atomically(path, data)
        return digest

    def get(self, digest: str) -> bytes | None:
        """Return the bytes of ``digest``, or None when there are none."""
        if self._directory is None:
            return self._memory.get(digest)
        path = self._directory / digest
        return path.read_bytes() if digest.isalnum() and path.exists() else None


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees all of it or none of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    Path(name).replace(path)
