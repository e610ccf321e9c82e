"""The composition root: the real clock, environment, AWS, files and backends behind the ports.

Nothing else in the program asks the time or opens a backend; `loading` alone reads the environment
besides.
"""

from __future__ import annotations

import getpass
import os
import re
import shlex
import socket
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backends import open_backend
from backends.base import instant
from backends.leases import local_boot_id
from declarative import __version__
from declarative.artifacts.sources import ArtifactSources
from declarative.aws.retries import Pacing
from declarative.aws.session import AwsCloud
from declarative.cli import garbage
from declarative.cli.files import write_whole
from declarative.cli.git import Head, read_git
from declarative.cli.loading import STATE_DIRECTORY, load
from declarative.cli.outputs import planned_output
from declarative.engine.desired import BindingWorld
from declarative.engine.planner import PlanRequest
from declarative.engine.ports import Runner
from declarative.engine.reading import Reading
from declarative.engine.secrets import Secrets, literals_of
from declarative.engine.snapshot import Snapshot, read_snapshot
from declarative.engine.stopping import Stop
from declarative.engine.withheld import SecretReads
from declarative.engine.writing import Writing
from declarative.errors import ConfigurationError
from declarative.language.inputs import VariableInputs
from declarative.language.project import Project
from declarative.language.saved import residual_scope
from declarative.model.canonical import digest
from declarative.model.plan import BackendAddress, PlannedDiagnostic, Selection

if TYPE_CHECKING:
    from pydantic import JsonValue

    from backends.base import StateBackend
    from declarative.engine.events import Event
    from declarative.model.bound import BoundRelease, Connector

_DEFAULT_STATE: Final = ".lamform/state.db"
_VARIABLE: Final = re.compile(r"(?P<name>[^=]*=).*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class World:
    """State, AWS and artifacts of one project, and where its secrets come from.

    Attributes:
        stop: Set it to end what waits for AWS.
    """

    state: StateBackend
    inputs: VariableInputs
    stop: Stop = field(default_factory=Stop)
    cloud: AwsCloud = field(init=False)
    artifacts: ArtifactSources = field(init=False)
    reads: SecretReads = field(init=False)

    def __post_init__(self) -> None:
        """Let artifacts and secrets be read with the credentials of their connector."""
        cloud = AwsCloud(pacing=Pacing(sleep=self.stop.sleep), environ=os.environ)
        object.__setattr__(self, "cloud", cloud)
        object.__setattr__(self, "artifacts", ArtifactSources(Path.cwd(), self.cloud))
        object.__setattr__(self, "reads", SecretReads(self.cloud))

    def secrets(
        self,
        releases: tuple[BoundRelease, ...] = (),
        connectors: Mapping[str, Connector] | None = None,
    ) -> Secrets:
        """Return the secrets known from the files, and the scope for those of a saved plan."""
        bound = {release.connector.address: release.connector for release in releases}
        return Secrets(
            scope=lambda lookup: residual_scope(self.inputs, os.environ, lookup, root=Path.cwd()),
            store=self.cloud,
            literals=literals_of(releases),
            connectors={**self.reads.connectors, **(connectors or {}), **bound},
        )

    def reading(self, secrets: Secrets, parallelism: int = 10) -> Reading:
        """Return what planning, drift and inspection may use."""
        return Reading(
            state=self.state,
            cloud=self.cloud,
            artifacts=self.artifacts,
            secrets=secrets,
            runner=runner(),
            parallelism=parallelism,
        )

    def writing(
        self,
        secrets: Secrets,
        *,
        listener: Callable[[Event], None],
        settings: ApplySettings,
    ) -> Writing:
        """Return what an apply may use."""
        garbage.begin()
        git = read_git(Path.cwd())
        return Writing(
            state=self.state,
            cloud=self.cloud,
            artifacts=self.artifacts,
            secrets=secrets,
            runner=runner(),
            listener=listener,
            stop=self.stop,
            clock=time.time,
            keep=_keep,
            message=settings.message,
            git_commit=git.commit if git else None,
            parallelism=settings.parallelism,
            lock_timeout=settings.lock_timeout,
            waiting=settings.waiting,
        )


@dataclass(frozen=True, slots=True)
class ApplySettings:
    """What the command line says about a run.

    Attributes:
        lock_timeout: Seconds to wait for another run's lease.
        waiting: Told who holds it.
    """

    message: str = ""
    parallelism: int = 10
    lock_timeout: float = 0.0
    waiting: Callable[[object], None] | None = None


@dataclass(frozen=True, slots=True)
class OpenProject:
    """The project of this directory with its world."""

    project: Project
    world: World
    head: Head

    def bind(
        self, only: frozenset[str] | None = None, *, secrets: bool = True
    ) -> tuple[BoundRelease, ...]:
        """Return the releases with everything evaluated, accounts looked up where needed.

        Without ``secrets`` none is read.

        Raises:
            ConfigurationError: with all errors, and why secrets could not be read.
        """
        try:
            return self.project.bind(self._world(secrets=secrets), only)
        except ConfigurationError as error:
            unread = (one.error.diagnostics for one in self.world.reads.withheld.values())
            raise ConfigurationError((*error.diagnostics, *chain.from_iterable(unread))) from None

    def _world(self, *, secrets: bool = True) -> BindingWorld:
        return BindingWorld(self.world.cloud, self.world.reads if secrets else None)

    def request(self, releases: tuple[BoundRelease, ...], selection: Selection) -> PlanRequest:
        """Return the request for a plan of the given releases."""
        # What is kept of a secret output is its expression, which needs no reading.
        outputs = self.project.outputs(self._world(secrets=False))
        git = read_git(Path.cwd())
        return PlanRequest(
            project=self.project.settings.project,
            backend=self.address,
            releases=releases,
            declared=frozenset(self.project.releases()),
            selection=selection,
            config_digest=digest(dict(self.project.sources)),
            created_at=instant(time.time()),
            tool_version=__version__,
            outputs={name: planned_output(output) for name, output in outputs.items()},
            git=git,
            reads=self.world.reads,
            relocations=self.project.relocations(),
            warnings=(_UNCOMMITTED,) if git and git.dirty and self.head.asked else (),
        )

    @property
    def address(self) -> BackendAddress:
        """Where the state is, as the files say it."""
        settings = self.project.settings
        return BackendAddress(kind=settings.backend, settings=dict(settings.backend_settings))

    def snapshot(self, *, at: int | None = None) -> Snapshot:
        """Return what state recorded, at head or at a revision."""
        return read_snapshot(self.world.state, at=at)

    def secrets(
        self, releases: tuple[BoundRelease, ...] = (), *, unasked: Collection[str] = ()
    ) -> Secrets:
        """Return the secrets that planning and inspecting need.

        Recorded releases are reached by the files' connectors, where the files have them.
        Those in ``unasked`` are not going to be, as long as no run left them open.
        """
        state = self.world.state
        left = {address for run in state.open_runs() for address in run.addresses}
        bound = {release.address for release in releases}
        snapshot = read_snapshot(state)
        reached = snapshot.releases.keys() - bound - (set(unasked) - left)
        return self.world.secrets(releases, self._connectors(snapshot, reached))

    def _connectors(self, snapshot: Snapshot, addresses: Collection[str]) -> dict[str, Connector]:
        snapshot.releases.load(addresses)
        recorded = {snapshot.releases[address].record.connector.address for address in addresses}
        world = self._world()
        found = {address: self.project.connector(address, world) for address in sorted(recorded)}
        return {address: one for address, one in found.items() if one is not None}


def _keep(name: str, content: bytes) -> str:
    write_whole(Path.cwd() / name, content)
    return name


_UNCOMMITTED: Final = PlannedDiagnostic(
    severity="warning",
    summary="gitsha() names a commit that does not hold these files",
    detail="Files of the project differ from that commit. Commit them first, so that the commit "
    "says what is deployed.",
)


@contextmanager
def open_project(inputs: VariableInputs | None = None) -> Iterator[OpenProject]:
    """Give the project of this directory with its state open; nothing is created."""
    head = Head(Path.cwd())
    project = load(inputs, head)
    settings = project.settings
    address = BackendAddress(kind=settings.backend, settings=dict(settings.backend_settings))
    with open_world(address, settings.project, inputs) as world:
        yield OpenProject(project, world, head)


@contextmanager
def open_world(
    address: BackendAddress, project: str, inputs: VariableInputs | None = None
) -> Iterator[World]:
    """Give the world of a project known by its backend's address alone."""
    state = open_backend(address.kind, _located(address), project)
    try:
        yield World(state, inputs or VariableInputs())
    finally:
        state.close()


def _located(address: BackendAddress) -> dict[str, JsonValue]:
    """Return a backend's settings, the default state moved where the environment says."""
    settings = dict(address.settings)
    elsewhere = os.environ.get(STATE_DIRECTORY)
    if elsewhere and address.kind == "sqlite" and settings.get("path") == _DEFAULT_STATE:
        settings["path"] = str(Path(elsewhere) / Path(_DEFAULT_STATE).name)
    return settings


def runner() -> Runner:
    """Return who runs this process, for leases and history."""
    return Runner(
        who=_author(),
        host=socket.gethostname(),
        pid=os.getpid(),
        boot_id=local_boot_id(),
        command=shown_command(sys.argv[1:]),
    )


def _author() -> str:
    for name in ("GITHUB_ACTOR", "GITLAB_USER_LOGIN"):  # who started the job, not its container
        if os.environ.get(name):
            return os.environ[name]
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def shown_command(arguments: list[str]) -> str:
    """Return the command line for others to read, the values of variables left out."""
    shown = [
        _without_value(argument, is_variable=previous == "--var")
        for previous, argument in pairwise(["", *arguments])
    ]
    return shlex.join(["lamform", *shown])


def _without_value(argument: str, *, is_variable: bool) -> str:
    if argument.startswith("--var="):
        return "--var=" + _VARIABLE.sub(r"\g<name>…", argument.removeprefix("--var="))
    return _VARIABLE.sub(r"\g<name>…", argument) if is_variable else argument
