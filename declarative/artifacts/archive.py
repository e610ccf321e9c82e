"""A zip whose bytes depend on its files' names, contents and executable bits alone.

Nothing in it comes from the machine: members are sorted by name, dated 1980-01-01, owned by
Unix, and stored. Stored, because compressors differ: the same files deflated by zlib,
zlib-ng or another version of either give other bytes, and the package's SHA-256 is how one
runner's plan recognises another runner's files. ``docs/decisions/0002-deterministic-zip.md``
weighs that.
"""

from __future__ import annotations

import base64
import hashlib
import io
import stat
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the first moment a zip can express
_UNIX: Final = 3
_FILE: Final = stat.S_IFREG | 0o644
_PROGRAM: Final = stat.S_IFREG | 0o755


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a package; ``name`` is relative and has forward slashes."""

    name: str
    data: bytes = field(repr=False)
    executable: bool = False


def archive(members: Iterable[Member]) -> bytes:
    """Return the zip of ``members``, whose names are distinct; their order has no effect."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as target:
        for member in sorted(members, key=lambda member: member.name):
            header = zipfile.ZipInfo(member.name, date_time=_EPOCH)
            header.create_system = _UNIX
            header.external_attr = (_PROGRAM if member.executable else _FILE) << 16
            target.writestr(header, member.data)
    return buffer.getvalue()


def code_sha256(package: bytes) -> str:
    """Return what Lambda answers as ``CodeSha256`` for ``package``."""
    return base64.b64encode(hashlib.sha256(package).digest()).decode()
