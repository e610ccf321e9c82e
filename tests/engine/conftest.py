"""An engine on a real simulator: one sandbox a session, one project and function names a test."""

from __future__ import annotations

import copy
import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from backends.memory import MemoryBackend, MemoryStore
from declarative.artifacts.sources import ArtifactSources
from declarative.aws.session import AwsCloud
from declarative.engine.apply import ApplyResult, Writing, apply_plan
from declarative.engine.events import Event
from declarative.engine.planner import PlanRequest, make_plan
from declarative.engine.ports import Runner
from declarative.engine.reading import Reading
from declarative.engine.revert import plan_revert
from declarative.engine.secrets import Secrets, literals_of
from declarative.engine.stopping import Stop
from declarative.engine.survey import DriftReport, find_drift
from declarative.language.inputs import VariableInputs
from declarative.language.saved import residual_scope
from declarative.model.artifacts import LocalArtifact
from declarative.model.bound import BoundAlias, BoundRelease, Connector
from declarative.model.plan import BackendAddress, Plan, PlannedOutput, Selection
from declarative.model.release_config import AliasConfig
from declarative.model.revision import ReleaseRecord
from declarative.sandbox.server import Sandbox
from declarative.sandbox.world import DEFAULT_ACCOUNT, DEFAULT_REGION

ROLE = "arn:aws:iam::123456789012:role/lambda"
HANDLER = "def handler(event, context):\n    return {answer!r}\n"

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pending_seconds=0.02, update_seconds=0.02) as running:
        yield running


@pytest.fixture(scope="session")
def cloud() -> AwsCloud:
    """Share the SDK's clients, which take longer to make than a whole apply."""
    return AwsCloud()


@dataclass
class Moment:
    """Everything a project is at one time, in state and in AWS, to come back to."""

    state: object
    functions: dict[str, object]


@dataclass(repr=False)
class World:
    """One project: its files' releases, its state and its functions in the sandbox."""

    root: Path
    sandbox: Sandbox
    project: str
    state: MemoryBackend
    clients: AwsCloud
    parallelism: int = 10
    runner: Runner = field(
        default_factory=lambda: Runner("tester", "here", os.getpid(), "boot", "lamform apply")
    )
    releases: list[BoundRelease] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    stop: Stop = field(default_factory=Stop)
    outputs: dict[str, PlannedOutput] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)

    def name(self, short: str) -> str:
        return f"{self.project}-{short}"

    def code(self, answer: str, directory: str = "src") -> LocalArtifact:
        (self.root / directory).mkdir(exist_ok=True)
        (self.root / directory / "app.py").write_text(HANDLER.format(answer=answer))
        return LocalArtifact(path=directory)

    def release(self, short: str = "checkout", **changes: object) -> BoundRelease:
        function = {
            "role": ROLE,
            "runtime": "python3.13",
            "handler": "app.handler",
            "memory_size": 256,
            **changes.pop("function", {}),
        }
        release = BoundRelease(
            address=f"release.{short}",
            service=short,
            infrastructure="infrastructure.dev",
            environment="dev",
            environment_type="PreProduction",
            connector=Connector(address="connector.aws.main", region="us-east-1"),
            region="us-east-1",
            function_name=self.name(short),
            function=function,
            artifact=LocalArtifact(path="src"),
            tags={"Team": "payments"},
            default_tags={},
            aliases={"live": BoundAlias(AliasConfig(description="production traffic"))},
        )
        return replace(release, **changes)

    def declare(self, *releases: BoundRelease) -> None:
        self.releases = list(releases)

    def secrets(self) -> Secrets:
        return Secrets(
            scope=lambda lookup: residual_scope(VariableInputs(), {}, lookup, root=self.root),
            store=self.clients,
            literals=literals_of(tuple(self.releases)),
            connectors={one.connector.address: one.connector for one in self.releases},
        )

    def cloud(self) -> AwsCloud:
        return self.clients

    def reading(self) -> Reading:
        cloud = self.cloud()
        return Reading(
            state=self.state,
            cloud=cloud,
            artifacts=ArtifactSources(self.root, cloud),
            secrets=self.secrets(),
            runner=self.runner,
        )

    def request(self, **selection: object) -> PlanRequest:
        return PlanRequest(
            project=self.project,
            backend=BackendAddress(kind="memory"),
            releases=tuple(self.releases),
            declared=frozenset(one.address for one in self.releases),
            selection=Selection(**selection),
            config_digest="",
            created_at="2026-01-01T00:00:00Z",
            tool_version="0",
            outputs=self.outputs,
        )

    def plan(self, **selection: object) -> Plan:
        plan = make_plan(self.request(**selection), self.reading())
        # Models take JSON as it comes: what is none would be another value once it is read.
        assert Plan.model_validate_json(plan.to_bytes()) == plan
        return plan

    def writing(self) -> Writing:
        cloud = self.cloud()
        return Writing(
            state=self.state,
            cloud=cloud,
            artifacts=ArtifactSources(self.root, cloud),
            secrets=self.secrets(),
            runner=self.runner,
            listener=self.events.append,
            stop=self.stop,
            clock=time.time,
            keep=self._keep,
            parallelism=self.parallelism,
        )

    def _keep(self, name: str, content: bytes) -> str:
        (self.root / name).write_bytes(content)
        return name

    def apply(self, plan: Plan | None = None) -> ApplyResult:
        return apply_plan(plan or self.plan(), self.writing())

    def revert(self, target: str, **options: object) -> Plan:
        return plan_revert(target, self.request(), self.reading(), **options)

    def drift(self) -> DriftReport:
        return find_drift(self.reading())

    def fail(
        self, operation: str, nth: int = 1, kind: str = "error-before", **said: object
    ) -> None:
        self.sandbox.simulator.faults.add(operation, nth, kind, **said)

    def aws(self, operation: str, short: str = "checkout", **asked: object) -> dict[str, object]:
        """Ask AWS about a function, or change it behind lamform's back."""
        return self.sandbox.simulator.call(operation, FunctionName=self.name(short), **asked)

    def record(self, short: str = "checkout") -> ReleaseRecord:
        object_id = self.state.resources()[f"release.{short}"]
        data = self.state.objects([object_id])[object_id]
        record = ReleaseRecord.from_bytes(data)
        assert record.to_bytes() == data
        return record

    def save(self) -> Moment:
        functions = self.sandbox.simulator._region(DEFAULT_ACCOUNT, DEFAULT_REGION).functions
        mine = {name: it for name, it in functions.items() if name.startswith(f"{self.project}-")}
        return Moment(copy.deepcopy(self.state._store.projects), copy.deepcopy(mine))

    def restore(self, moment: Moment) -> None:
        functions = self.sandbox.simulator._region(DEFAULT_ACCOUNT, DEFAULT_REGION).functions
        for name in [name for name in functions if name.startswith(f"{self.project}-")]:
            del functions[name]
        functions.update(copy.deepcopy(moment.functions))
        self.state._store.projects = copy.deepcopy(moment.state)

    def clear(self) -> None:
        """Begin again with no state and no function."""
        self.sandbox.simulator.faults.clear()
        self.events.clear()
        self.restore(Moment({}, {}))

    def _repr_pretty_(self, printer, cycle) -> None:
        """Hypothesis shows what it made, and the world in a word."""
        printer.text(self.project)

    def lambda_client(self) -> object:
        import boto3

        # A session of its own: the default one keeps the endpoint it saw first.
        return boto3.session.Session().client("lambda", region_name="us-east-1")


@pytest.fixture
def world(
    tmp_path: Path,
    sandbox: Sandbox,
    cloud: AwsCloud,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    project = f"p{next(_numbers)}"
    world = World(tmp_path, sandbox, project, MemoryBackend(MemoryStore(), project), cloud)
    world.code("one")
    yield world
    sandbox.simulator.faults.clear()
