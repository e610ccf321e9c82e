"""The engine's and the state's work for N releases: ``growth.py sqlite|s3 N REPORT``.

It plans and applies N new releases in a cloud that answers at once, in the current directory,
and writes the seconds that both took together to the file. Starting Python is not in them.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from instant import InstantCloud

from backends.sqlite import SqliteBackend
from backends.testing.bucket import Bucket
from declarative.artifacts.sources import ArtifactSources
from declarative.aws.session import AwsCloud
from declarative.cli import garbage
from declarative.engine.apply import ApplyResult, apply_plan
from declarative.engine.planner import PlanRequest, make_plan
from declarative.engine.ports import Runner
from declarative.engine.reading import Reading
from declarative.engine.secrets import Secrets
from declarative.engine.stopping import Stop
from declarative.engine.writing import Writing
from declarative.language.inputs import VariableInputs
from declarative.language.saved import residual_scope
from declarative.model.artifacts import LocalArtifact
from declarative.model.bound import BoundAlias, BoundRelease, Connector
from declarative.model.plan import BackendAddress, Selection

if TYPE_CHECKING:
    from backends.base import StateBackend
    from declarative.model.plan import Plan

PROJECT = "bench"
CONNECTOR = Connector(address="connector.aws.main", region="us-east-1")


def release(number: int, memory: int = 128) -> BoundRelease:
    """Return one of many like releases."""
    return BoundRelease(
        address=f"release.r{number}",
        service="bench",
        infrastructure="infrastructure.main",
        environment="bench",
        environment_type="PreProduction",
        connector=CONNECTOR,
        region="us-east-1",
        function_name=f"bench-{number}",
        function={
            "role": "arn:aws:iam::123456789012:role/bench",
            "runtime": "python3.13",
            "handler": "app.handler",
            "memory_size": memory,
        },
        artifact=LocalArtifact(path="src"),
        tags=None,
        default_tags={},
        aliases={"live": BoundAlias()},
    )


class Project:
    """One project's engine: real but for the cloud."""

    def __init__(self, root: Path, state: StateBackend) -> None:
        (root / "src").mkdir(exist_ok=True)
        (root / "src" / "app.py").write_text("def handler(event, context): ...\n", "utf-8")
        self._root, self.state, self.cloud = root, state, InstantCloud()
        self._runner = Runner("bench", "here", os.getpid(), "", "lamform apply")

    def plan(self, releases: tuple[BoundRelease, ...]) -> Plan:
        request = PlanRequest(
            project=PROJECT,
            backend=BackendAddress(kind="bench"),
            releases=releases,
            declared=frozenset(one.address for one in releases),
            selection=Selection(),
            config_digest="",
            created_at="2026-01-01T00:00:00Z",
            tool_version="0",
        )
        reading = Reading(self.state, self.cloud, self._artifacts(), self._secrets(), self._runner)
        return make_plan(request, reading)

    def apply(self, plan: Plan) -> ApplyResult:
        writing = Writing(
            state=self.state,
            cloud=self.cloud,
            artifacts=self._artifacts(),
            secrets=self._secrets(),
            runner=self._runner,
            listener=lambda event: None,
            stop=Stop(),
            clock=time.time,
            keep=_not_kept,
        )
        return apply_plan(plan, writing)

    def _artifacts(self) -> ArtifactSources:
        return ArtifactSources(self._root, AwsCloud())  # all packages are local: it is not asked

    def _secrets(self) -> Secrets:
        return Secrets(
            scope=lambda lookup: residual_scope(VariableInputs(), {}, lookup, root=self._root),
            store=self.cloud,
            literals={},
            connectors={CONNECTOR.address: CONNECTOR},
        )


def _not_kept(name: str, content: bytes) -> str:
    raise AssertionError("state does not fail here")


BACKENDS: dict[str, Callable[[Path], StateBackend]] = {
    "sqlite": lambda root: SqliteBackend(root / "state.db", PROJECT),
    "s3": lambda _: Bucket().backend(PROJECT),
}


def main(backend: str, count: int, report: Path) -> None:
    """Plan and apply, and write down how long it took."""
    root = Path.cwd()
    project = Project(root, BACKENDS[backend](root))
    releases = tuple(release(number) for number in range(count))
    garbage.put_off()  # as the command does: here until it plans, below until it applies
    start = time.perf_counter()
    plan = project.plan(releases)
    garbage.begin()
    result = project.apply(plan)
    seconds = time.perf_counter() - start
    if result.status != "applied" or len(project.state.resources()) != count:
        sys.exit(f"the apply ended {result.status}")
    report.write_text(str(seconds), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
