"""``fileset``: the files below a directory whose paths match a pattern."""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from declarative.language.calls import CallContext, Function, FunctionError, refuse
from declarative.language.functions.results import string, text, text_of
from declarative.language.types import set_of
from declarative.language.values import STRING, Kind, Type, Value

_SET_OF_STRING: Final = Type(Kind.SET, element=STRING)
_ALTERNATIVES: Final = {"{": "(?:", ",": "|", "}": ")"}
_NESTING: Final = {"{": 1, ",": 0, "}": -1}
_MAGIC: Final = frozenset("*?[{\\")
_NOTHING: Final = r"[^\s\S]"
_MOST_VISITED: Final = 100_000
_Identity: TypeAlias = tuple[int, int]


def _fileset(context: CallContext, given: Sequence[Value]) -> Value:
    directory, pattern = text_of(given[0]), text_of(given[1])
    if not pattern:
        return set_of((), _SET_OF_STRING)
    # Joined as text: a pattern that begins with a slash stays below the directory.
    joined = posixpath.normpath(f"{directory or '.'}/{pattern}")
    steps = joined.split("/")
    fixed = next((i for i, step in enumerate(steps) if not _MAGIC.isdisjoint(step)), len(steps))
    prefix = "/".join(steps[: min(fixed, len(steps) - 1)])
    base = context.root / (prefix + "/" if joined.startswith("/") else prefix)
    below = steps[len(prefix.split("/")) if prefix else 0 :]
    wanted = re.compile(_expression(below), re.DOTALL)
    start = context.root / directory
    found = [
        (path, posixpath.relpath(path.as_posix(), start.as_posix()))
        for path in _files(base, None if "**" in below else len(below))
        if wanted.fullmatch(path.relative_to(base).as_posix())
    ]
    # As in Terraform, only "**" at the end passes over what cannot be read.
    strict = below[-1] != "**"
    names = [string(shown) for path, shown in found if _is_file(path, shown, strict=strict)]
    return set_of(names, _SET_OF_STRING)


def _files(base: Path, levels: int | None) -> Iterator[Path]:
    """Yield what is no directory below ``base``, into linked directories but in no circle.

    ``levels`` is how deep to look, counted from 1 for the entries of ``base`` itself.
    """
    visited = 0
    waiting: list[tuple[Path, frozenset[_Identity]]] = [(base, frozenset())]
    while waiting:
        directory, above = waiting.pop()
        identity = _identity(directory)
        if identity is None or identity in above:
            continue
        deeper = levels is None or len(above) + 1 < levels
        for entry in _entries(directory):
            visited += 1
            if visited > _MOST_VISITED:
                raise refuse(
                    f"there are more than {_MOST_VISITED} files and directories to look at; "
                    "begin the pattern with the directory that is meant",
                    1,
                )
            if not _is_directory(entry):
                yield Path(entry)
            elif deeper:
                waiting.append((Path(entry), above | {identity}))


def _identity(directory: Path) -> _Identity | None:
    try:
        found = directory.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def _entries(directory: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except OSError:
        return []  # no directory, or closed to us: as in Terraform, there is nothing below it


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_file(path: Path, shown: str, *, strict: bool) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        if not strict:
            return False
        raise refuse(f'"{shown}" matches, but cannot be read: {error.strerror}', 1) from error


def _expression(steps: Sequence[str]) -> str:
    parts: list[str] = []
    for place, step in enumerate(steps):
        last = place == len(steps) - 1
        if step == "**":
            parts.append(".*" if last else "(?:[^/]+/)*")
        else:
            parts.append(_step(step) + ("" if last else "/"))
    return "".join(parts)


def _step(step: str) -> str:
    """Return the regular expression of a pattern without slashes."""
    output: list[str] = []
    depth = place = 0
    while place < len(step):
        character = step[place]
        place += 1
        match character:
            case "*":
                output.append("[^/]*")
            case "?":
                output.append("[^/]")
            case "[":
                made, place = _class(step, place)
                output.append(made)
            case "{" | "}" | "," if depth or character == "{":
                depth += _NESTING[character]
                output.append(_ALTERNATIVES[character])
            case _:
                escaped = character == "\\" and place < len(step)
                output.append(re.escape(step[place] if escaped else character))
                place += escaped
    if depth:
        raise _invalid(step)
    return "".join(output)


def _class(step: str, start: int) -> tuple[str, int]:
    end = step.find("]", start)
    if end <= start:
        raise _invalid(step)
    content = step[start:end]
    negated = content.startswith("^")
    ranges = re.sub(r"([\\\[\]^&~|])", r"\\\1", content[negated:])
    made = f"[{'^/' if negated else ''}{ranges}]"
    try:
        re.compile(made)
    except re.error:
        made = _NOTHING  # a range that runs backwards has no characters
    return made, end + 1


def _invalid(step: str) -> FunctionError:
    return refuse(f'"{step}" is not a valid pattern; a bracket or brace does not end', 1)


FUNCTIONS: Final = (
    Function(
        "fileset",
        (text("path"), text("pattern")),
        None,
        _fileset,
        _SET_OF_STRING,
        reads_outside=True,
    ),
)
