"""Reading a state file where nothing may be written, not even a write-ahead log beside it."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from backends.sqlite_failures import unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def protected(path: Path, timeout: float) -> Iterator[sqlite3.Connection]:
    """Yield a connection that reads ``path`` as it is, and changes nothing.

    Without a log the file is all there is, and SQLite is told that it does not change.  With
    one, SQLite needs the index that the writer keeps beside it.

    Raises:
        StateUnavailableError: Somebody who may write did so meanwhile.
    """
    logged = _has_log(path)
    before = _stamp(path)
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro{'' if logged else '&immutable=1'}",
        uri=True,
        timeout=timeout,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        yield connection
        if not logged and (_has_log(path) or _stamp(path) != before):
            raise unavailable("locked", path, "it was written while it was read")
    finally:
        connection.close()


def _has_log(path: Path) -> bool:
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    except FileNotFoundError:
        return False


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns
