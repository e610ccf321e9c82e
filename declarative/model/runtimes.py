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
    "dotnet10",
    "java17",
    "java21",
    "nodejs22.x",
    "nodejs24.x",
    "provided.al2023",
    "python3.11",
    "python3.12",
    "python3.13",
    "ruby3.3",
    "ruby3.4",
)

_PYTHON: Final = "python3.13"
_NODE: Final = "nodejs24.x"
_DOTNET: Final = "dotnet10"
_RUBY: Final = "ruby3.4"
_OWN: Final = "provided.al2023"

DEPRECATED: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("python2.7", "python3.6", "python3.7", "python3.8", "python3.9", "python3.10"), _PYTHON
    ),
    **dict.fromkeys(
        ("nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x"), _NODE
    ),
    **dict.fromkeys(("nodejs12.x", "nodejs14.x", "nodejs16.x", "nodejs18.x", "nodejs20.x"), _NODE),
    **dict.fromkeys(("dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1"), _DOTNET),
    **dict.fromkeys(("dotnet6", "dotnet8"), _DOTNET),
    **dict.fromkeys(("ruby2.5", "ruby2.7", "ruby3.2"), _RUBY),
    **dict.fromkeys(("go1.x", "provided"), _OWN),
    "java8": "java21",
}
"""Runtimes that AWS has deprecated, and one to move to."""

KNOWN: Final = frozenset(
    {
        *DEPRECATED,
        *("nodejs22.x", "nodejs24.x", "nodejs26.x"),
        *("python3.11", "python3.12", "python3.13", "python3.14", "python3.15"),
        *("java8.al2", "java8.al2023", "java11", "java11.al2023", "java17", "java17.al2023"),
        *("java21", "java25", "dotnet10", "ruby3.3", "ruby3.4", "ruby4.0"),
        *("provided.al2", "provided.al2023", "custom"),
    }
)
"""All runtimes of the Lambda API; a test fails, naming it, when the SDK knows another."""


def _runtime(value: object) -> str:
    found = text(value)
    if _FORM.fullmatch(found):
        return found
    near = difflib.get_close_matches(found.lower(), _COMMON, n=1, cutoff=0.5)
    raise refuse(f"must be a runtime of Lambda, such as {near[0] if near else 'python3.13'}")


Runtime = Annotated[str | Sensitive | Pending, By(_runtime, marked=True)]
"""A runtime's name; one that Lambda gets tomorrow is as good as any."""
