"""The world as planning, drift and inspection may see it; an apply is handed ``writing``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backends.base import StateReader
    from declarative.engine.ports import Artifacts, Cloud, FunctionReader, Runner
    from declarative.engine.secrets import Secrets
    from declarative.model.desired import DesiredRelease


@dataclass(frozen=True, slots=True)
class Reading:
    """State, AWS and artifacts of one project, for reading: nothing in here can write."""

    state: StateReader
    cloud: Cloud
    artifacts: Artifacts
    secrets: Secrets
    runner: Runner
    parallelism: int = 10

    def reader(self, release: DesiredRelease) -> FunctionReader:
        """Return the reader of a release's account and region."""
        return self.cloud.reader(self.secrets.connector(release.connector), release.region)
