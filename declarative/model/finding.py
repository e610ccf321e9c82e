"""What a plan-time rule finds, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from declarative.model.values import Pending, Sensitive

if TYPE_CHECKING:
    from declarative.errors import Severity
    from declarative.model.bound import BoundRelease


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that AWS would refuse.

    Attributes:
        path: Where it is written: ``("function", "memory_size")``, ``("alias", "live")``.
        detail: What is wrong, and what to try.
    """

    path: tuple[str, ...]
    summary: str
    detail: str
    severity: Severity = "error"


@dataclass(frozen=True, slots=True)
class Subject:
    """A release as rules look at it; secrets are seen, what is not known yet is None.

    Attributes:
        account_id: Gives the account that the release is deployed to, if anybody knows.
    """

    release: BoundRelease
    account_id: Callable[[], str | None] = lambda: None

    @property
    def artifact_kind(self) -> str:
        """The kind of artifact: ``ecr`` is an image, everything else a package."""
        return self.release.artifact.kind

    def has(self, name: str) -> bool:
        """Whether a field of the function is written."""
        return name in self.release.function

    def get(self, *path: str) -> object:
        """Return the value of a field, or None where it is not written or not known yet."""
        value: object = self.release.function
        for name in path:
            value = known(value)
            value = value.get(name) if isinstance(value, Mapping) else None
        return known(value)

    def shown(self, value: str, *path: str) -> str:
        """Return a value of a field for a message; a secret is not shown."""
        marked: object = self.release.function
        for name in path:
            if hidden(marked) or not isinstance(marked, Mapping):
                break
            marked = marked.get(name)
        items = marked if isinstance(marked, list | tuple) else ()
        return "a sensitive value" if any(map(hidden, (marked, *items))) else f'"{value}"'

    def text(self, *path: str) -> str | None:
        """Return a field that is a string."""
        value = self.get(*path)
        return value if isinstance(value, str) else None

    def number(self, *path: str) -> int | None:
        """Return a field that is a whole number."""
        value = self.get(*path)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def texts(self, *path: str) -> tuple[str, ...]:
        """Return the strings in a list; none where it is not written or not known yet."""
        value = self.get(*path)
        items = value if isinstance(value, list | tuple) else ()
        return tuple(item for item in map(known, items) if isinstance(item, str))


def known(value: object) -> object:
    """Return a value without its mark; None where it is not known yet."""
    if isinstance(value, Pending):
        return None
    return value.value if isinstance(value, Sensitive) else value


def hidden(value: object) -> bool:
    """Whether a value may be in no message."""
    return isinstance(value, Sensitive | Pending)
