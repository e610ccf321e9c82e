"""The world as an apply may change it; planning is handed ``reading.Reading``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backends.base import StateBackend, instant
from declarative.engine.leases import HeldLease, hold, request_of
from declarative.engine.stopping import Stop

if TYPE_CHECKING:
    from backends.base import Lease
    from declarative.engine.events import Listener
    from declarative.engine.ports import Artifacts, FunctionReader, Runner, WritableCloud
    from declarative.engine.secrets import Secrets
    from declarative.model.plan import Plan, PlannedRelease


@dataclass(frozen=True, slots=True)
class Writing:
    """The world as an apply may change it.

    Attributes:
        stop: Set it to end the run: no step starts any more, waits end at once.
        clock: Seconds since the epoch.
        keep: Writes a file beside the project, by name, and returns its path for people.
        waiting: Told once who holds a lease this run waits for.
    """

    state: StateBackend
    cloud: WritableCloud
    artifacts: Artifacts
    secrets: Secrets
    runner: Runner
    listener: Listener
    stop: Stop
    clock: Callable[[], float]
    keep: Callable[[str, bytes], str]
    message: str = ""
    git_commit: str | None = None
    parallelism: int = 10
    lock_timeout: float = 0.0
    waiting: Callable[[Lease], None] | None = None

    def now(self) -> str:
        """Return the time in ISO 8601, UTC."""
        return instant(self.clock())

    def lease(
        self,
        run: str,
        addresses: frozenset[str],
        *,
        exclusive: frozenset[str] = frozenset(),
        patient: bool = True,
    ) -> HeldLease:
        """Return the lease of a run on releases and infrastructures.

        Where another run holds one of them it is waited for, as long as the command line
        said, unless this is not ``patient``.

        Raises:
            LeaseHeldError: another run holds one of them.
        """
        return hold(
            self.state,
            request_of(self.runner, run, addresses, exclusive),
            timeout=self.lock_timeout if patient else 0.0,
            waiting=self.waiting,
            stop=self.stop,
        )

    def reader(self, plan: Plan, release: PlannedRelease) -> FunctionReader:
        """Return the reader of a planned release's account and region."""
        settings = plan.connectors[release.bound.connector]
        return self.cloud.reader(self.secrets.connector(settings), release.region)
