"""Packages from the project's own files: a directory, or a zip that a build has made."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from declarative.artifacts.archive import Member, archive
from declarative.artifacts.tree import files_of
from declarative.errors import ConfigurationError, Diagnostic
from declarative.model.staging import UNZIPPED_LIMIT

if TYPE_CHECKING:
    from pathlib import Path

    from declarative.model.artifacts import LocalArtifact


def pack(root: Path, artifact: LocalArtifact) -> bytes:
    """Return the package of a local artifact.

    A directory gives the same bytes on every machine; a zip file is taken as it is.

    Args:
        root: The project's directory.
        artifact: What to pack; its path is relative to ``root``.

    Raises:
        ConfigurationError: there is nothing at the path, or it cannot be packed.
    """
    path = root / artifact.path
    if path.is_dir():
        return _packed(path, artifact)
    if not path.exists():
        raise _problem("Artifact not found", artifact, "does not exist", "Build it, or correct it.")
    return _as_it_is(path, artifact)


def _packed(path: Path, artifact: LocalArtifact) -> bytes:
    files = files_of(path, artifact.path, artifact.exclude)
    if not files:
        raise _problem(
            "Artifact is empty",
            artifact,
            "has no file to pack",
            "Build it first, or see what exclude and .lamformignore leave out.",
        )
    _check_size(sum(file.size for file in files), artifact)
    try:
        members = [Member(file.name, file.path.read_bytes(), file.executable) for file in files]
    except OSError as error:
        raise _unreadable(artifact, error) from error
    return archive(members)


def _as_it_is(path: Path, artifact: LocalArtifact) -> bytes:
    try:
        _check_size(path.stat().st_size, artifact)  # what is larger packed is larger unpacked
        package = path.read_bytes()
    except OSError as error:
        raise _unreadable(artifact, error) from error
    if path.suffix != ".zip" or not zipfile.is_zipfile(io.BytesIO(package)):
        raise _problem(
            "Artifact is no package",
            artifact,
            "is neither a directory nor a .zip file",
            "Name the directory that holds the code, or a zip of it.",
        )
    _check_unzipped(package, artifact)
    return package


def _check_unzipped(package: bytes, artifact: LocalArtifact) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as archived:
            size = sum(member.file_size for member in archived.infolist())
    except (zipfile.BadZipFile, ValueError) as error:
        advice = "Build it again."
        raise _problem(
            "Artifact is no package", artifact, f"is damaged: {error}", advice
        ) from error
    _check_size(size, artifact)


def _check_size(size: int, artifact: LocalArtifact) -> None:
    if size > UNZIPPED_LIMIT:
        raise _problem(
            "Artifact is too large",
            artifact,
            f"has {size / 1024**2:.1f} MB once it is unzipped, and Lambda takes at most 250 MB, "
            "layers included",
            "Leave out what the function does not need, or use a container image.",
        )


def _unreadable(artifact: LocalArtifact, error: OSError) -> ConfigurationError:
    what = f"cannot be read: {error.strerror or error}: {error.filename}"
    return _problem("Artifact cannot be read", artifact, what, "Correct its permissions.")


def _problem(summary: str, artifact: LocalArtifact, what: str, advice: str) -> ConfigurationError:
    return ConfigurationError((Diagnostic(summary, f"{artifact.path} {what}. {advice}"),))
