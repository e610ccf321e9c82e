"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from declarative.errors import LamformError


def create_whole(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file that does not exist yet, readable from the first byte on as ``mode`` says.

    Raises:
        LamformError: it exists, or cannot be written; nothing of it is left.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise LamformError.of(
            "The file cannot be written", f"{path}: {error.strerror or error}."
        ) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise LamformError.of(
            "The file cannot be written", f"{path}: {error.strerror or error}."
        ) from error


def write_whole(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a file in the place of what is there: whoever reads it finds all or the old one.

    Raises:
        OSError: it cannot be written; what was there still is.
    """
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
        temporary = None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
