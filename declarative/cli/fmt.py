"""``lamform fmt``: files in their canonical layout."""

from __future__ import annotations

import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from declarative.cli.files import write_whole
from declarative.cli.session import Session
from declarative.errors import ConfigurationError, Diagnostic, LamformError
from declarative.language.format import format_source
from declarative.language.showing import ordered
from declarative.render.diagnostics import FORMAT_VERSION, diagnostic_json, diagnostics_text
from declarative.render.difference import difference
from declarative.render.look import Look, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import JsonValue

_STDIN: Final = "-"
_PATTERNS: Final = ("lamform.hcl", "*.lamform.hcl", "*.lamformvars")
_SKIPPED: Final = frozenset({".git", ".lamform", ".terraform", ".venv", "node_modules"})
"""Directories of tools: what lies in them is not the user's to lay out."""


@dataclass(frozen=True, slots=True)
class _Formatted:
    """A file as it is and as it shall be."""

    name: str
    before: bytes
    after: bytes

    @property
    def changed(self) -> bool:
        return self.before != self.after


def fmt(
    context: typer.Context,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Files or directories; - is stdin."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if anything would change.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what changes.")] = False,
    recursive: Annotated[
        bool, typer.Option("--recursive", help="Files in subdirectories too.")
    ] = False,
) -> None:
    """Rewrite files in the canonical layout, which is Terraform's.

    Without PATH these are the project's files. The names of files that change are printed.
    """
    session: Session = context.obj
    named = paths or ["."]
    if _STDIN in named and len(named) > 1:
        raise LamformError.of(
            "- stands alone", "Give either - for stdin or the names of files and directories."
        )
    problems: list[Diagnostic] = []
    done: list[_Formatted] = []
    if named == [_STDIN]:
        source = sys.stdin.buffer.read() if sys.stdin is not None else b""
        done.extend(_formatted("<stdin>", source, problems))
    # All are found before the first is written: a name that is wrong changes nothing.
    for path in list(_files(named, recursive=recursive)) if named != [_STDIN] else ():
        for one in _formatted(str(path), _read(path), problems):
            done.append(one)
            if one.changed and not check:
                _write(path, one.after)
    _tell(session, done, problems, (check, diff, named == [_STDIN]))
    if problems or (check and any(one.changed for one in done)):
        raise typer.Exit(1)


def _files(named: Iterable[str], *, recursive: bool) -> Iterator[Path]:
    """Yield the files to lay out, each once.

    Raises:
        LamformError: something that was named does not exist.
    """
    seen: set[Path] = set()
    for name in named:
        path = Path(name)
        if not path.exists():
            raise LamformError.of(
                "No such file or directory", f"{printable(name)} does not exist. Name another one."
            )
        for found in _in_directory(path, recursive=recursive) if path.is_dir() else (path,):
            if found.resolve() not in seen:
                seen.add(found.resolve())
                yield found


def _in_directory(directory: Path, *, recursive: bool) -> Iterator[Path]:
    try:
        children = sorted(directory.iterdir())
    except OSError as error:
        raise _unusable("The directory cannot be read", directory, error) from error
    yield from (
        child
        for child in children
        if any(child.match(pattern) for pattern in _PATTERNS) and child.is_file()
    )
    for child in children if recursive else ():
        if child.name not in _SKIPPED and child.is_dir() and not child.is_symlink():
            yield from _in_directory(child, recursive=True)


def _formatted(name: str, source: bytes, problems: list[Diagnostic]) -> Iterator[_Formatted]:
    try:
        yield _Formatted(name, source, format_source(source, name))
    except ConfigurationError as error:
        text = source.decode("utf-8", "replace")
        problems.extend(ordered(error.diagnostics, {name: text}))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unusable("The file cannot be read", path, error) from error


def _write(path: Path, content: bytes) -> None:
    """Write a file where it is: what a link points to changes, the link stays."""
    target = path.resolve()
    try:
        write_whole(target, content, mode=stat.S_IMODE(target.stat().st_mode))
    except OSError as error:
        raise _unusable("The file cannot be written", path, error) from error


def _unusable(summary: str, path: Path, error: OSError) -> LamformError:
    return LamformError.of(summary, f"{printable(str(path))}: {error.strerror or error}.")


def _tell(
    session: Session,
    done: list[_Formatted],
    problems: list[Diagnostic],
    asked: tuple[bool, bool, bool],
) -> None:
    check, diff, piped = asked
    if session.json:
        files: list[JsonValue] = [_document(one, piped=piped, diff=diff) for one in done]
        session.document(
            {
                "format_version": FORMAT_VERSION,
                "files": files,
                "diagnostics": [diagnostic_json(one) for one in problems],
            }
        )
        return
    for one in done:
        if piped and not check and not diff:
            session.write(one.after)
            continue
        if one.changed and not piped:
            session.show(f"{printable(one.name)}\n")
        if one.changed and diff:
            session.show(_diff(one, session.look))
    if problems:
        session.say(diagnostics_text(problems, session.err_look))


def _document(one: _Formatted, *, piped: bool, diff: bool) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {"file": one.name, "changed": one.changed}
    if piped:
        found["content"] = one.after.decode("utf-8")
    if diff:
        found["diff"] = _diff(one, Look())
    return found


def _diff(one: _Formatted, look: Look) -> str:
    return difference(one.name, one.before.decode(), one.after.decode(), look)
