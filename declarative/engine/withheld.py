"""Secrets read while the files are evaluated, and what becomes of those that cannot be.

A plan that may not read a secret goes on without it (``kept`` says how), and says that it
cannot see changes of it. Where reading failed, the release cannot be planned.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from declarative.engine.secrets import marked_leaves_of
from declarative.errors import EvaluationError, RemoteError
from declarative.language.pins import sources_in
from declarative.language.world import SecretText
from declarative.model.plan import PlannedDiagnostic
from declarative.model.values import Pending

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from declarative.engine.ports import SecretStore, Withheld
    from declarative.language.world import SecretSource
    from declarative.model.bound import BoundRelease, Connector

_KEEPERS: Final = {"secretsmanager": "Secrets Manager", "ssm": "The Parameter Store"}


@dataclass(frozen=True, slots=True)
class SecretReads:
    """What evaluating the files has read of secrets so far.

    Attributes:
        connectors: The connectors that were read with, by address.
        withheld: What could not be read, without its version.
    """

    store: SecretStore
    connectors: dict[str, Connector] = field(default_factory=dict)
    withheld: dict[SecretSource, Withheld] = field(default_factory=dict)

    def read(self, source: SecretSource, connector: Connector) -> SecretText | None:
        """Return a secret; None where it cannot be read.

        Raises:
            EvaluationError: there is none of that name.
        """
        self.connectors[source.connector] = connector
        found = self.store.secret(source, connector)
        if isinstance(found, SecretText):
            return found
        if found.obstacle == "missing":
            raise EvaluationError.of("There is no such secret", _missing(source))
        self.withheld[replace(source, version=None)] = found
        return None

    def refuse_unreadable(self, release: BoundRelease) -> None:
        """Refuse to plan a release that needs to read what could not be read.

        Raises:
            RemoteError: with AWS's answers.
        """
        problems = tuple(
            problem
            for leaf, withheld in self._behind(release)
            if withheld.obstacle != "denied" or not leaf.sensitive
            for problem in withheld.error.diagnostics
        )
        if problems:
            raise RemoteError(tuple(dict.fromkeys(problems)))

    def warnings(self, releases: Iterable[BoundRelease]) -> tuple[PlannedDiagnostic, ...]:
        """Return what to say about secrets that the plan may not read, each once."""
        found: dict[SecretSource, PlannedDiagnostic] = {}
        for release in releases:
            for leaf, source, withheld in self._sources(release):
                if withheld.obstacle == "denied" and leaf.sensitive and source not in found:
                    found[source] = _warning(source, withheld, release.address)
        return tuple(found.values())

    def _behind(self, release: BoundRelease) -> Iterator[tuple[Pending, Withheld]]:
        for leaf, _, withheld in self._sources(release):
            yield leaf, withheld

    def _sources(self, release: BoundRelease) -> Iterator[tuple[Pending, SecretSource, Withheld]]:
        if not self.withheld:
            return
        for _, leaf in marked_leaves_of(release):
            if isinstance(leaf, Pending):
                for source in sources_in(leaf.residual):
                    if source in self.withheld:
                        yield leaf, source, self.withheld[source]


def _missing(source: SecretSource) -> str:
    return (
        f'{_KEEPERS[source.service]} of {source.region} has no "{source.name}" for '
        f"{source.connector}. Check the name, the region and the account, or create it."
    )


def _warning(source: SecretSource, withheld: Withheld, address: str) -> PlannedDiagnostic:
    said = " ".join(problem.detail for problem in withheld.error.diagnostics)
    return PlannedDiagnostic(
        severity="warning",
        summary=f'Change detection is off for {source.service}("{source.name}")',
        detail=f"{said} Until then a value applied from there stays as it is, whatever it is "
        "there now, and a new one is read by the apply.",
        address=address,
    )
