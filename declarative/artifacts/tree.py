"""The files of a directory that belong into its package.

Left out is what ``DEFAULT_PATTERNS``, then the directory's ``.lamformignore``, then the
artifact's ``exclude`` name, in git's pattern language: a later pattern wins, ``!`` brings
back. Links are followed as long as they stay inside the directory, so that a package never
holds what a reviewer of the directory could not see.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from declarative.errors import ConfigurationError, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pathspec import GitIgnoreSpec

IGNORE_FILE: Final = ".lamformignore"
DEFAULT_PATTERNS: Final = ("__pycache__/", "*.pyc", ".git", ".lamform/", IGNORE_FILE)


@dataclass(frozen=True, slots=True)
class Found:
    """A file to pack: its name in the package and where it really is."""

    name: str
    path: Path
    size: int
    executable: bool


def files_of(directory: Path, shown: str, exclude: Sequence[str]) -> tuple[Found, ...]:
    """Return the files to pack.

    Args:
        directory: The directory itself.
        shown: How the project names it, for messages.
        exclude: More patterns of files to leave out.

    Raises:
        ConfigurationError: a pattern, a link or a file cannot be used.
    """
    walk = _Walk(directory.resolve(), shown, _patterns(directory, shown, exclude))
    try:
        return tuple(walk.files(walk.root, "", (walk.root,)))
    except OSError as error:
        where = f"{shown}: {error.strerror or error}: {error.filename}"
        raise _problem(
            "Artifact cannot be read", where, "Correct its permissions, or exclude it."
        ) from error


@dataclass(frozen=True, slots=True)
class _Walk:
    root: Path
    shown: str
    ignored: GitIgnoreSpec

    def files(self, directory: Path, prefix: str, entered: tuple[Path, ...]) -> Iterator[Found]:
        """Yield the files below ``directory``, reached by way of ``entered``."""
        with os.scandir(directory) as entries:
            for entry in entries:
                name = prefix + entry.name
                path = Path(entry.path)
                # A directory pattern matches links to directories too: the package has
                # no links, so the directory is what counts.
                if self.ignored.match_file(f"{name}/" if path.is_dir() else name):
                    continue
                if entry.is_symlink():
                    path = self._target(path, name)
                yield from self._found(path, name, entered)

    def _found(self, path: Path, name: str, entered: tuple[Path, ...]) -> Iterator[Found]:
        self._check_name(name)
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            if path in entered:
                raise self._refusal(name, "is a link to a directory that contains it")
            yield from self.files(path, f"{name}/", (*entered, path))
        elif stat.S_ISREG(status.st_mode):
            executable = bool(status.st_mode & stat.S_IXUSR)
            yield Found(name, path, status.st_size, executable)
        else:
            raise self._refusal(name, "is neither a file nor a directory")

    def _target(self, link: Path, name: str) -> Path:
        try:
            target = link.resolve(strict=True)
        except (OSError, RuntimeError):  # before Python 3.13 a circle is a RuntimeError
            raise self._refusal(name, "is a link that leads nowhere") from None
        if not target.is_relative_to(self.root):
            raise self._refusal(name, "is a link to something outside of the artifact")
        return target

    def _check_name(self, name: str) -> None:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise self._refusal(ascii(name), "has a name that is not UTF-8") from None

    def _refusal(self, name: str, what: str) -> ConfigurationError:
        return _problem(
            "File cannot be packed",
            f"{self.shown}/{name} {what}",
            f"Replace it by a file, or leave it out with exclude or a line in {IGNORE_FILE}.",
        )


def _patterns(directory: Path, shown: str, exclude: Sequence[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    ignore_file = directory / IGNORE_FILE
    try:
        lines = ignore_file.read_text("utf-8").splitlines() if ignore_file.is_file() else []
        return GitIgnoreSpec.from_lines([*DEFAULT_PATTERNS, *lines, *exclude])
    except ValueError as error:  # bytes that are not UTF-8, or no pattern of git's
        raise _problem(
            "Pattern cannot be read",
            f"{shown}: {error}",
            f"Patterns in {IGNORE_FILE} and exclude are written as in .gitignore.",
        ) from error


def _problem(summary: str, what: str, advice: str) -> ConfigurationError:
    return ConfigurationError((Diagnostic(summary, f"{what}. {advice}"),))
