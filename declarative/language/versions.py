"""``required_version``: which versions of lamform may read a project."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Final

from declarative import __version__
from declarative.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from declarative.errors import SourceRange

Release = tuple[int, ...]

_CONSTRAINT: Final = re.compile(r"\s*(=|!=|>=|<=|>|<|~>)?\s*v?(\d+(?:\.\d+){0,2})\s*\Z")
_COMPARE: Final[dict[str, Callable[[Release, Release], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def satisfies(constraints: str, place: SourceRange, version: str = __version__) -> None:
    """Return if ``version`` meets all of the comma-separated constraints.

    Raises:
        EvaluationError: it does not, or one is no constraint.
    """
    running = _release(version)
    for text in constraints.split(","):
        match = _CONSTRAINT.match(text)
        if match is None:
            raise EvaluationError.of(
                "Invalid version constraint",
                f'"{text.strip()}" is no constraint. Write one such as ">= 0.1" or "~> 0.2".',
                range=place,
            )
        if not _holds(match[1] or "=", match[2], running):
            raise EvaluationError.of(
                "Unsuitable version of lamform",
                f"This project needs lamform {constraints}; this is {version}. Install a "
                "version that fits.",
                range=place,
            )


def _release(text: str) -> Release:
    numbers = [int(part) for part in re.findall(r"\d+", text)[:3]]
    return (*numbers, *([0] * (3 - len(numbers))))


def _holds(sign: str, wanted: str, running: Release) -> bool:
    if sign != "~>":
        return _COMPARE[sign](running, _release(wanted))
    fixed = max(1, wanted.count("."))
    lowest = _release(wanted)
    return running >= lowest and running[:fixed] == lowest[:fixed]
