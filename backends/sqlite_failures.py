"""What SQLite and the system say when a state file cannot be used, in our words."""

from __future__ import annotations

import errno
import os
import sqlite3
from typing import TYPE_CHECKING

from backends.errors import (
    BackendError,
    CorruptStateError,
    StateUnavailableError,
    UnavailableReason,
)

if TYPE_CHECKING:
    from pathlib import Path

_REASONS: dict[int, UnavailableReason] = {
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_PERM: "read_only",
    sqlite3.SQLITE_NOTADB: "not_a_state",
    sqlite3.SQLITE_CANTOPEN: "cannot_open",
}

_ERRNOS: dict[int, UnavailableReason] = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EACCES: "read_only",
    errno.EPERM: "read_only",
    errno.EROFS: "read_only",
}

_SENTENCES: dict[UnavailableReason, tuple[str, str]] = {
    "locked": (
        "The state is locked",
        (
            "Another process held {path} too long. Wait for it to end; if it hangs, find it "
            "(for example with `fuser {path}`) and end it"
        ),
    ),
    "full": (
        "There is no space left for the state",
        "{path} could not grow. Nothing of this write was recorded. Free some space, then repeat",
    ),
    "read_only": (
        "The state cannot be written",
        (
            "{path}, or the directory it is in, may not be written by this user. Reading does "
            "without, unless a write-ahead log lies beside the file. Change the permissions, or "
            "copy the state (all files whose names begin with that name) elsewhere"
        ),
    ),
    "not_a_state": (
        "The state file is something else",
        (
            "{path} exists and does not hold a state. Check the path in the backend's settings; "
            "nothing was written to it"
        ),
    ),
    "cannot_open": (
        "The state cannot be opened",
        "{path} could not be opened. Check that it is a file, in a directory that exists",
    ),
    "failed": (
        "The state could not be used",
        (
            "SQLite refused to work with {path}. Check the disk and the file system (a network "
            "file system may not offer the locks that SQLite needs)"
        ),
    ),
}


def of_sqlite(error: sqlite3.Error, path: Path) -> BackendError:
    """Return our error for one of SQLite's."""
    code = result_code(error)
    if code == sqlite3.SQLITE_CORRUPT:
        return CorruptStateError(str(path), str(error))
    reason = _REASONS.get(code, "failed")
    if reason == "cannot_open" and path.is_file() and is_protected(path):
        reason = "read_only"
    return unavailable(reason, path, str(error))


def not_shrunk(error: sqlite3.Error, path: Path) -> BackendError:
    """Return the error for a file that could not be made smaller after its rows were deleted."""
    found = of_sqlite(error, path)
    if not isinstance(found, StateUnavailableError):
        return found
    return StateUnavailableError(
        str(path),
        found.reason,
        "The state file could not be made smaller",
        f"What was old is gone from {path}, and its space will be used again by what is recorded "
        "next. To give it back SQLite needs as much free space as the file has, and no other "
        f"process that uses it ({error}). Free some, then forget again.",
    )


def of_system(error: OSError, path: Path) -> BackendError:
    """Return our error for one of the system's."""
    return unavailable(_ERRNOS.get(error.errno or 0, "cannot_open"), path, str(error))


def unavailable(reason: UnavailableReason, path: Path, cause: str = "") -> StateUnavailableError:
    """Return the error for a reason; ``cause`` is what was said by whoever refused."""
    summary, detail = _SENTENCES[reason]
    ending = f" ({cause})." if cause else "."
    return StateUnavailableError(str(path), reason, summary, detail.format(path=path) + ending)


def result_code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code; 0 for an error of Python's module itself."""
    extended: int = getattr(error, "sqlite_errorcode", 0)
    return extended & 0xFF


def is_protected(path: Path) -> bool:
    """Say whether there is a file that this process can neither write nor add a log to."""
    effective = os.access in os.supports_effective_ids
    return path.exists() and not all(
        os.access(item, os.W_OK, effective_ids=effective) for item in (path, path.parent)
    )
