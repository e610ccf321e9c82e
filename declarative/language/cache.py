"""Syntax trees kept from one command to the next, by the content of their files.

One file in ``.lamform/cache`` holds the trees of the project's files as `flattening`
writes them. It may lie in a directory that somebody else made, cloned or unpacked, so it
counts only with a seal: a keyed digest over everything, made with a key that lies outside
the project and is this user's alone. Whatever has no such seal, because it is damaged, was
written by someone else, or by another lamform or Python, is overlooked and replaced.
Nothing about the cache is ever an error: without it, files are simply read.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import logging
import marshal
import os
import secrets
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from declarative import __version__
from declarative.language.flattening import UnfitError, Unflattening, flatten
from declarative.language.reading import ParsedFile, parse
from declarative.language.source import SourceText

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from declarative.language.nodes import Body

_LOG: Final = logging.getLogger(__name__)
_NAME: Final = "syntax"
_WORTHWHILE: Final = 16 * 1024
"""Bytes of source below which reading the files takes no longer than finding them here."""
_LARGEST: Final = 64 * 1024 * 1024
_DIGEST: Final = hashlib.sha256
_DIGEST_SIZE: Final = 32
_OPEN_ONLY_FILES: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_ABANDONED: Final = 3600.0


@dataclass(frozen=True, slots=True)
class ParseCache:
    """The kept trees of one project.

    Attributes:
        home: What lamform keeps beside the project: ``.lamform``, or where the user moved it.
        key: Where this user's key is, outside all projects; made when it is first needed.
    """

    home: Path
    key: Path

    def parse(self, sources: Mapping[str, bytes]) -> dict[str, ParsedFile]:
        """Return what each file says, as `reading.parse` does, from here where possible."""
        if sum(map(len, sources.values())) < _WORTHWHILE:
            return {name: parse(source, name) for name, source in sources.items()}
        kept = self._load()
        keep: dict[bytes, bytes] = {}
        found: dict[str, ParsedFile] = {}
        for name, source in sources.items():
            digest = _DIGEST(source).digest()
            form = kept.get(digest)
            if form is None:
                found[name] = parsed = parse(source, name)
                form = None if parsed.diagnostics else _kept_form(parsed.body)
            else:
                found[name] = _parsed(form, SourceText(source, name))
            if form is not None:
                keep[digest] = form
        if keep.keys() != kept.keys():
            self._save(keep)
        return found

    @property
    def _directory(self) -> Path:
        return self.home / "cache"

    def _load(self) -> dict[bytes, bytes]:
        """Return what is kept and sealed; nothing where there is nothing to rely on."""
        try:
            _check_directory(self.home)
            _check_directory(self._directory)
            content = _content(self._directory / _NAME)
            key = _own_key(self.key)
            payload = memoryview(content)[_DIGEST_SIZE:]
            if not hmac.compare_digest(content[:_DIGEST_SIZE], _seal(key, payload)):
                return {}
            kept: dict[bytes, bytes] = marshal.loads(payload)  # noqa: S302 - sealed by this user
        except OSError as error:
            _LOG.debug("No syntax trees are kept: %s", error)
            return {}
        return kept

    def _save(self, keep: Mapping[bytes, bytes]) -> None:
        payload = marshal.dumps(dict(keep))
        if len(payload) > _LARGEST:
            return
        try:
            _create(self.home, ignored=True)
            _create(self._directory)
            seal = _seal(_own_or_new_key(self.key), payload)
            _replace(self._directory / _NAME, seal + payload)
        except OSError as error:
            _LOG.debug("Syntax trees cannot be kept: %s", error)


def _kept_form(body: Body) -> bytes | None:
    try:
        return marshal.dumps(flatten(body))
    except (UnfitError, ValueError):  # ValueError: deeper than marshal goes
        return None


def _parsed(form: bytes, text: SourceText) -> ParsedFile:
    body = Unflattening(text).node(marshal.loads(form))  # noqa: S302 - part of what is sealed
    return ParsedFile(body, (), text.lines)


def _seal(key: bytes, payload: bytes | memoryview) -> bytes:
    """Return the digest that only this user, lamform and Python give ``payload``."""
    made = hmac.new(key, digestmod=_DIGEST)
    made.update(f"{__version__} {sys.version} {marshal.version}\n".encode())
    made.update(_program())
    made.update(payload)
    return made.digest()


def _program() -> bytes:
    """Return a digest of which files the language is made of: a version may be in the making."""
    made = _DIGEST()
    with os.scandir(Path(__file__).parent) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if entry.name.endswith(".py"):
                found = entry.stat()
                made.update(f"{entry.name} {found.st_mtime_ns} {found.st_size}\n".encode())
    return made.digest()


def _own_key(path: Path) -> bytes:
    """Return the key.

    Raises:
        OSError: there is none, or it is not this user's alone.
    """
    with _opened(path) as descriptor:
        found = os.fstat(descriptor)
        key = os.read(descriptor, _DIGEST_SIZE + 1)
    if found.st_uid != os.geteuid() or found.st_mode & 0o077 or len(key) != _DIGEST_SIZE:
        message = f"{path} is not a key of this user alone"
        raise PermissionError(message)
    return key


def _own_or_new_key(path: Path) -> bytes:
    """Return the key, a new one where there is none to rely on.

    Raises:
        OSError: it cannot be written.
    """
    try:
        return _own_key(path)
    except OSError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = secrets.token_bytes(_DIGEST_SIZE)
        _replace(path, key)
        return key


def _content(path: Path) -> bytes:
    """Return the content of a file that is no link, device or pipe, and not too large.

    Raises:
        OSError: there is none.
    """
    with _opened(path) as descriptor, os.fdopen(os.dup(descriptor), "rb") as file:
        return file.read(_LARGEST + _DIGEST_SIZE)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, _OPEN_ONLY_FILES)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            message = f"{path} is no plain file"
            raise OSError(message)
        yield descriptor
    finally:
        os.close(descriptor)


def _create(directory: Path, *, ignored: bool = False) -> None:
    """Create a directory unless it exists; ``ignored`` by git if it is new.

    Raises:
        OSError: it cannot be created, or something else has its name.
    """
    with contextlib.suppress(FileExistsError):
        directory.mkdir()
        if ignored:
            (directory / ".gitignore").write_text("*\n", encoding="utf-8")
    _check_directory(directory)


def _check_directory(path: Path) -> None:
    """Make sure that this is a directory and no link, which might lead out of the project.

    Raises:
        OSError: it is not, or does not exist.
    """
    if not stat.S_ISDIR(path.lstat().st_mode):
        message = f"{path} is no directory of the project"
        raise NotADirectoryError(message)


def _replace(path: Path, content: bytes) -> None:
    """Put ``content`` in the place of a file, whole or not at all, for this user alone."""
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    now = path.stat().st_mtime
    for left in path.parent.glob(f"{path.name}.*"):  # by processes that were killed here
        with contextlib.suppress(OSError):
            if left.stat().st_mtime < now - _ABANDONED:
                left.unlink()
