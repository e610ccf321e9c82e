"""The world outside the files, as far as their meaning depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from declarative.model.bound import Connector


class World(Protocol):
    """What binding may ask of the world outside the files."""

    def account_id(self, connector: Connector) -> str | None:
        """Return the account a connector belongs to; None where nobody knows."""
        ...

    def release_attribute(self, address: str, path: tuple[str, ...]) -> object | None:
        """Return what an apply has made of a release, as JSON; None: not known yet.

        ``path`` is ``("function", "version")``, ``("alias", "live", "version")``, ….
        """
        ...


@dataclass(frozen=True, slots=True)
class UnknownWorld:
    """A world nobody has asked: for judging files without network."""

    def account_id(self, connector: Connector) -> str | None:
        """Return nothing."""
        del connector
        return None

    def release_attribute(self, address: str, path: tuple[str, ...]) -> object | None:
        """Return nothing."""
        del address, path
        return None
