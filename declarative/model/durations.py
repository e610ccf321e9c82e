"""Durations as people write them: ``"90s"``, ``"10m"``, ``"1h 30m"``."""

from __future__ import annotations

import re
from typing import Annotated, Final

from declarative.model.checks import By, refuse

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|[smhd])", re.ASCII)
_WHOLE: Final = re.compile(rf"{_PART.pattern}(?:\s*{_PART.pattern})*", re.ASCII)
_EXPECTED: Final = 'must be a duration such as "90s", "10m" or "1h 30m"'


def parse_duration(text: str) -> float:
    """Return a duration in seconds.

    Raises:
        ValueError: it is none; the message completes the sentence "NAME …".
    """
    written = text.strip()
    if not _WHOLE.fullmatch(written):
        bare = re.fullmatch(r"\d+(\.\d+)?", written)
        hint = f': write "{written}s" for seconds' if bare else ""
        raise ValueError(_EXPECTED + hint)
    parts = _PART.findall(written)
    units = [unit for _, unit in parts]
    if units != sorted(set(units), key=lambda unit: -_UNITS[unit]):
        raise ValueError(f"{_EXPECTED}: each unit once, the longest first")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def shown_duration(seconds: float) -> str:
    """Return a duration as people write it, the longest unit first."""
    parts: list[str] = []
    left = round(seconds * 1000)
    for unit in ("d", "h", "m", "s", "ms"):
        number, left = divmod(left, round(_UNITS[unit] * 1000))
        if number:
            parts.append(f"{number}{unit}")
    return " ".join(parts) or "0s"


def duration(low: str = "0s", high: str | None = None) -> By:
    """Return the check for a duration from ``low`` to ``high``, both allowed, in seconds."""
    least, most = parse_duration(low), None if high is None else parse_duration(high)
    limits = f"at least {low}" if high is None else f"between {low} and {high}"

    def check(value: object) -> float:
        if not isinstance(value, str):
            raise refuse(_EXPECTED)
        try:
            seconds = parse_duration(value)
        except ValueError as error:
            raise refuse(str(error)) from None
        if seconds < least or (most is not None and seconds > most):
            raise refuse(f"must be {limits}")
        return seconds

    return By(check)


Duration = Annotated[float, duration()]
"""Any duration, in seconds."""
