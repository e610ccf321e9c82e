"""What may stand in ``function_name``: a name, or the ARN of a function that exists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ARN: Final = re.compile(
    r"arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:"
    r"(?P<name>[A-Za-z0-9_-]{1,64})"
)


@dataclass(frozen=True, slots=True)
class FunctionName:
    """A function's name, and where its ARN says that it is.

    Attributes:
        account: The account of the ARN; None where only a name was written. ``region`` likewise.
    """

    name: str
    account: str | None = None
    region: str | None = None

    @classmethod
    def parse(cls, text: str) -> FunctionName | None:
        """Return what ``text`` names; None where it is neither a name nor an unqualified ARN."""
        if _NAME.fullmatch(text):
            return cls(text)
        found = _ARN.fullmatch(text)
        return cls(found["name"], found["account"], found["region"]) if found else None
