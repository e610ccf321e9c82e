"""``lamform fmt``: files in their canonical layout."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from declarative.cli.session import Session
from declarative.errors import ConfigurationError, Diagnostic, LamformError
from declarative.language.format import format_source
from declarative.render.diagnostics import FORMAT_VERSION, diagnostic_json
from declarative.render.difference import difference
from declarative.render.look import printable

if TYPE_CHECKING:
    from pydantic import JsonValue

_STDIN: Final = "-"
_STDIN_NAME: Final = "<stdin>"
_PATTERNS: Final = ("lamform.hcl", "*.lamform.hcl", "*.lamformvars")


@dataclass(frozen=True, slots=True)
class _Formatted:
    """A file that parses, as it is and as it should be."""

    name: str
    old: bytes
    new: bytes

    @property
    def changed(self) -> bool:
        return self.old != self.new

    def difference(self, session: Session) -> str:
        return difference(self.name, self.old.decode(), self.new.decode(), session.look)


def fmt(
    context: typer.Context,
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH...]",
            help="Files, directories, or - for stdin to stdout; by default this directory.",
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if something would change.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what changes.")] = False,
    recursive: Annotated[
        bool, typer.Option("--recursive", help="Files in subdirectories as well.")
    ] = False,
) -> None:
    """Write files in the canonical layout, which is Terraform's, and name those that changed."""
    session: Session = context.obj
    problems: list[Diagnostic] = []
    if _STDIN in (paths or ()):
        found = _stdin(paths or (), problems)
    else:
        found = _files(_named(paths or ["."], recursive=recursive), problems, write=not check)
    if session.json:
        session.document(_document(found, problems, session if diff else None))
    else:
        for one in found:
            _show(session, one, check=check, diff=diff)
        if problems:
            raise ConfigurationError(tuple(problems))
    if problems or (check and any(one.changed for one in found)):
        raise typer.Exit(1)


def _stdin(paths: Sequence[str], problems: list[Diagnostic]) -> list[_Formatted]:
    if len(paths) > 1:
        raise LamformError.of(
            "Wrong usage",
            "- is stdin, and goes with no other path. Name the files, or give - only.",
        )
    source = sys.stdin.buffer.read() if sys.stdin else b""
    return list(_formatted(_STDIN_NAME, source, problems))


def _files(paths: Sequence[Path], problems: list[Diagnostic], *, write: bool) -> list[_Formatted]:
    """Format files, and write those that change; one that does not parse stays as it is."""
    found: list[_Formatted] = []
    for path in paths:
        for one in _formatted(str(path), path.read_bytes(), problems):
            if write and one.changed:
                _replace(path, one.new)
            found.append(one)
    return found


def _formatted(name: str, source: bytes, problems: list[Diagnostic]) -> Iterator[_Formatted]:
    try:
        yield _Formatted(name, source, format_source(source, name))
    except ConfigurationError as error:
        problems.extend(error.diagnostics)


def _named(names: Sequence[str], *, recursive: bool) -> list[Path]:
    """Return the files that the command line names, each once."""
    found: dict[Path, Path] = {}
    for path in map(Path, names):
        if not path.exists():
            raise LamformError.of(
                "No such file",
                f"{path} does not exist. Name files or directories to format, or - for stdin.",
            )
        for file in _inside(path, recursive=recursive) if path.is_dir() else (path,):
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _inside(directory: Path, *, recursive: bool) -> Iterator[Path]:
    matches = {path for pattern in _PATTERNS for path in directory.glob(pattern)}
    yield from sorted(path for path in matches if path.is_file())
    if not recursive:
        return
    for child in sorted(directory.iterdir()):
        # What is hidden belongs to tools; a link may lead out of the project, or in circles.
        if child.is_dir() and not child.is_symlink() and not child.name.startswith("."):
            yield from _inside(child, recursive=True)


def _replace(path: Path, content: bytes) -> None:
    """Put ``content`` in the place of a file, whole or not at all; it keeps its mode."""
    target = path.resolve()  # a link stays one
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        temporary.chmod(target.stat().st_mode & 0o7777)
        temporary.replace(target)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def _show(session: Session, one: _Formatted, *, check: bool, diff: bool) -> None:
    """Name a file that changed, and show how; text of stdin goes to stdout as bytes."""
    if one.name != _STDIN_NAME:
        session.show(f"{printable(one.name)}\n" if one.changed else "")
    elif not check and not diff:
        session.write(one.new)
    if diff:
        session.show(one.difference(session))


def _document(
    found: Sequence[_Formatted], problems: Sequence[Diagnostic], with_diff: Session | None
) -> dict[str, JsonValue]:
    files: list[JsonValue] = []
    for one in found:
        entry: dict[str, JsonValue] = {"file": one.name, "changed": one.changed}
        if with_diff is not None:
            entry["diff"] = one.difference(with_diff)
        if one.name == _STDIN_NAME:
            entry["formatted"] = one.new.decode()
        files.append(entry)
    diagnostics: list[JsonValue] = [diagnostic_json(one) for one in problems]
    return {"format_version": FORMAT_VERSION, "files": files, "diagnostics": diagnostics}
