"""A new state file appears whole or not at all, and never in the place of another.

It is made beside its place, under a name of its own, and linked into place when all of it is on
the disk.  Whoever dies before that leaves the other name behind; the next creation removes it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sqlite3
import sys
from typing import TYPE_CHECKING

from backends.errors import StateUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""What systems say where a file cannot have a second name."""


def create_whole(path: Path, fill: Callable[[Path], None]) -> None:
    """Create a file for its owner alone, filled by ``fill``; nothing happens where one is.

    Its directory is created too, and git ignores that if it is ours.

    Raises:
        StateUnavailableError: The log of a file that is gone lies there.
        OSError: The system refuses; nothing is at ``path``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.parent.name == ".lamform":
        ignored = path.parent / ".gitignore"
        with contextlib.suppress(FileExistsError), ignored.open("x", encoding="utf-8") as file:
            file.write("*\n")
    made = path.with_name(f"{_prefix(path)}{secrets.token_hex(8)}")
    try:
        os.close(os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        fill(made)
        _refuse_orphaned_log(path)
        _put_in_place(made, path)
    except (OSError, sqlite3.Error):
        if not path.exists():  # otherwise another process was quicker
            raise
    finally:
        _remove(path, made.name)
    _sync_directory(path.parent)


def tidy(path: Path) -> None:
    """Remove what creations left that came to no end, now that there is a file.

    One that is still under way finds the file there, and has nothing to do either.
    """
    _remove(path, _prefix(path))


def _prefix(path: Path) -> str:
    return f"{path.name}.creating-"


def _refuse_orphaned_log(path: Path) -> None:
    """Keep SQLite from writing the log of another file, which is gone, into a new one."""
    for end in ("-wal", "-journal"):
        log = path.with_name(f"{path.name}{end}")
        # In this order: a log that belongs to a file came after it.
        if log.exists() and log.stat().st_size and not path.exists():
            raise StateUnavailableError(
                str(path),
                "cannot_open",
                "The state file is gone, and its log is not",
                f"{log} holds what was written last to {path}, which is not there. Put the file "
                "back beside it, or restore both from a backup. If that state is given up, delete "
                "the log.",
            )


def _put_in_place(made: Path, path: Path) -> None:
    """Give ``made`` its name, durably, unless there is a file of that name."""
    if sys.platform == "win32":
        made.rename(path)  # which replaces nothing there
        return
    try:
        os.link(made, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _copy(made, path)


def _copy(made: Path, path: Path) -> None:
    """Write a copy where files have one name: it may be cut off, but replaces nothing."""
    content = made.read_bytes()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink()
        raise


def _remove(path: Path, prefix: str) -> None:
    with contextlib.suppress(OSError):  # they are in nobody's way
        for item in path.parent.iterdir():
            if item.name.startswith(prefix):
                item.unlink(missing_ok=True)


def _sync_directory(directory: Path) -> None:
    """Make the names in ``directory`` durable, where the system has a way to."""
    if os.name == "posix":
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
