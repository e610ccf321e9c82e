"""The runtimes of Lambda: what their names look like, so that a typo is no runtime."""

from __future__ import annotations

import difflib
import re
from typing import Annotated, Final

from declarative.model.checks import By, refuse, text
from declarative.model.values import Pending, Sensitive

_FORM: Final = re.compile(
    r"python\d+\.\d+|nodejs(\d+\.(x|\d+(-edge)?))?|java\d+(\.al\d+)?"
    r"|dotnet(core)?\d+(\.\d+)?|ruby\d+\.\d+|go1\.x|provided(\.al\d+)?|custom"
)
_COMMON: Final = (
    "dotnet8",
    "java17",
    "java21",
    "nodejs20.x",
    "nodejs22.x",
    "provided.al2023",
    "python3.11",
    "python3.12",
    "python3.13",
    "ruby3.3",
    "ruby3.4",
)


def _runtime(value: object) -> str:
    found = text(value)
    if _FORM.fullmatch(found):
        return found
    near = difflib.get_close_matches(found.lower(), _COMMON, n=1, cutoff=0.5)
    raise refuse(f"must be a runtime of Lambda, such as {near[0] if near else 'python3.13'}")


Runtime = Annotated[str | Sensitive | Pending, By(_runtime, marked=True)]
"""A runtime's name; one that Lambda gets tomorrow is as good as any."""
