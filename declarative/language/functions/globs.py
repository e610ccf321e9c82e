"""``fileset``: the files below a directory whose paths match a pattern."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from declarative.language.calls import CallContext, Function, FunctionError, refuse
from declarative.language.functions.results import string, text, text_of
from declarative.language.types import set_of
from declarative.language.values import STRING, Kind, Type, Value

_SET_OF_STRING: Final = Type(Kind.SET, element=STRING)
_ALTERNATIVES: Final = {"{": "(?:", ",": "|", "}": ")"}
_NESTING: Final = {"{": 1, ",": 0, "}": -1}
_MAGIC: Final = frozenset("*?[{\\")


def _fileset(context: CallContext, given: Sequence[Value]) -> Value:
    directory, pattern = text_of(given[0]), text_of(given[1])
    if not pattern:
        return set_of((), _SET_OF_STRING)
    joined = posixpath.normpath(posixpath.join(directory, pattern))
    steps = joined.split("/")
    fixed = next((i for i, step in enumerate(steps) if not _MAGIC.isdisjoint(step)), len(steps))
    prefix = "/".join(steps[: min(fixed, len(steps) - 1)])
    base = context.root / (prefix + "/" if joined.startswith("/") else prefix)
    wanted = re.compile(_expression(steps[len(prefix.split("/")) if prefix else 0 :]), re.DOTALL)
    start = context.root / directory
    found = [
        posixpath.relpath(path.as_posix(), start.as_posix())
        for path in _files(base)
        if wanted.fullmatch(path.relative_to(base).as_posix())
    ]
    return set_of([string(path) for path in found], _SET_OF_STRING)


def _files(base: Path) -> Iterator[Path]:
    """Yield the files below ``base``, into linked directories too but never in a circle."""
    seen: set[Path] = set()
    for directory, inner, names in os.walk(base, followlinks=True):
        real = Path(directory).resolve()
        if real in seen:
            inner.clear()
            continue
        seen.add(real)
        yield from (path for name in names if _is_file(path := Path(directory, name)))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False  # what may not even be looked at is no file of the project


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
    try:
        re.compile(f"[{ranges}]")
    except re.error as error:
        raise _invalid(step) from error
    return f"[{'^/' if negated else ''}{ranges}]", end + 1


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
