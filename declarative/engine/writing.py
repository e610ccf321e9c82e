"""The world as an apply may change it; planning is handed ``reading.Reading``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backends.base import StateBackend, instant

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
        waiting: Told once who holds a lease this run waits for.
    """

    state: StateBackend
    cloud: WritableCloud
    artifacts: Artifacts
    secrets: Secrets
    runner: Runner
    listener: Listener
    stop: threading.Event
    clock: Callable[[], float]
    message: str = ""
    git_commit: str | None = None
    parallelism: int = 10
    lock_timeout: float = 0.0
    waiting: Callable[[Lease], None] | None = None

    def now(self) -> str:
        """Return the time in ISO 8601, UTC."""
        return instant(self.clock())

    def reader(self, plan: Plan, release: PlannedRelease) -> FunctionReader:
        """Return the reader of a planned release's account and region."""
        settings = plan.connectors[release.bound.connector]
        return self.cloud.reader(self.secrets.connector(settings), release.region)
