"""The world outside the files, as far as their meaning depends on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from declarative.model.bound import Connector

SecretService: TypeAlias = Literal["secretsmanager", "ssm"]
SECRETS: Final[frozenset[str]] = frozenset({"secretsmanager", "ssm"})
"""The functions that read secrets, named like the services that keep them."""


@dataclass(frozen=True, slots=True)
class SecretSource:
    """One secret, or one version of it.

    Attributes:
        service: Who keeps it: the name of the function that reads it.
        name: Its id, name or ARN there.
        connector: The address of the connector that may read it.
        version: The version to read; None: the present one.
    """

    service: SecretService
    name: str
    connector: str
    region: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class SecretText:
    """What was read of a secret, and the version that it is."""

    text: str = field(repr=False)
    version: str


class Home(NamedTuple):
    """Where secrets are read unless the files say otherwise.

    Attributes:
        connector: A connector's address.
    """

    connector: str
    region: str


class Sources(Protocol):
    """Where an expression's secrets come from; each scope has its own."""

    def home(self) -> Home | None:
        """Return what the infrastructure around the expression says; None: there is none."""
        ...

    def secret(self, source: SecretSource) -> SecretText | None:
        """Return a secret, or None where it is not read: its value is unknown.

        Raises:
            LamformError: there is no such secret, or no such connector.
        """
        ...


@dataclass(frozen=True, slots=True)
class Unread:
    """Sources that nobody looks into, with the home of others."""

    of: Sources | None = None

    def home(self) -> Home | None:
        """Return the other sources' home."""
        return self.of.home() if self.of else None

    def secret(self, source: SecretSource) -> SecretText | None:
        """Return nothing."""
        del source
        return None


NO_SOURCES: Final = Unread()


@dataclass(frozen=True, slots=True)
class WorldSources:
    """Sources in a world.

    Attributes:
        connector: Gives a connector by its address.
        place: Gives the home; None outside releases.
    """

    world: World
    connector: Callable[[str], Connector]
    place: Callable[[], Home] | None = None

    def home(self) -> Home | None:
        """Return the release's home."""
        return self.place() if self.place else None

    def secret(self, source: SecretSource) -> SecretText | None:
        """Ask the world, with the connector's credentials."""
        return self.world.secret(source, self.connector(source.connector))


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

    def secret(self, source: SecretSource, connector: Connector) -> SecretText | None:
        """Return a secret; None where it is not read, or must not be.

        Raises:
            EvaluationError: there is no such secret.
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

    def secret(self, source: SecretSource, connector: Connector) -> SecretText | None:
        """Return nothing."""
        del source, connector
        return None
