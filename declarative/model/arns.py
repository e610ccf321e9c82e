"""Names of functions, and the parts of ARNs that rules look at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_FULL: Final = re.compile(
    r"arn:[a-z-]+:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:"
    r"(?P<name>[A-Za-z0-9_-]{1,64})(?P<qualifier>:.*)?"
)
_PARTIAL: Final = re.compile(
    r"(?P<account>\d{12}):function:(?P<name>[A-Za-z0-9_-]{1,64})(?P<qualifier>:.*)?"
)
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ARN: Final = re.compile(r"arn:[a-z-]+:[a-z0-9-]+:(?P<region>[a-z0-9-]*):")


@dataclass(frozen=True, slots=True)
class FunctionAddress:
    """What a ``function_name`` addresses; account and region where it is an ARN."""

    name: str
    account_id: str | None = None
    region: str | None = None


def function_address(written: str) -> FunctionAddress | None:
    """Return what a function's name or ARN addresses; None where it is neither.

    An ARN that names a version or an alias is none: a release deploys the whole function.
    """
    if _NAME.fullmatch(written):
        return FunctionAddress(written)
    for form in (_FULL, _PARTIAL):
        found = form.fullmatch(written)
        if found is not None and not found["qualifier"]:
            return FunctionAddress(found["name"], found["account"], found.groupdict().get("region"))
    return None


def plain_function_name(written: str) -> str:
    """Return the name in a function's name or ARN; what is neither is returned as it is."""
    found = function_address(written)
    return written if found is None else found.name


def region_of(arn: str) -> str | None:
    """Return the region in an ARN; None where it has none, or is no ARN."""
    found = _ARN.match(arn)
    return (found["region"] or None) if found else None
