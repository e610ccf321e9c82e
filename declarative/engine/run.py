"""One run: the releases of a plan, walked phase by phase by a pool of threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from backends.base import BackendError
from declarative.engine.events import Event, EventType
from declarative.engine.execute import perform
from declarative.engine.graph import in_order, walk
from declarative.engine.records import attribute_of
from declarative.engine.references import still_unknown
from declarative.engine.setting_calls import Setting
from declarative.engine.waiting import TIMEOUT, Patience
from declarative.engine.workplace import Progress, Workplace
from declarative.errors import Diagnostic, InterruptedRunError, LamformError, RemoteError
from declarative.model.address import Address
from declarative.model.parts import call_of
from declarative.model.plan import Action, Plan, PlannedRelease
from declarative.model.steps import (
    AddPermission,
    Phase,
    RemovePermission,
    RemoveSetting,
    SetSetting,
    Step,
    Target,
)

if TYPE_CHECKING:
    from pydantic import JsonValue

    from declarative.engine.journal import Journal
    from declarative.engine.leases import HeldLease
    from declarative.engine.observe import Observation
    from declarative.engine.ports import FunctionWriter, S3Code
    from declarative.engine.snapshot import Snapshot
    from declarative.engine.writing import Writing
    from declarative.model.fields import Path
    from declarative.model.revision import ReleaseStatus
    from declarative.model.staging import StagedObject


@dataclass(frozen=True, slots=True)
class RunWorld:
    """Everything a run works with."""

    run: str
    plan: Plan
    writing: Writing
    lease: HeldLease
    journal: Journal
    snapshot: Snapshot

    def emit(self, kind: EventType, address: str, step: Step, **data: JsonValue) -> None:
        """Tell the listener of something that happened to a step."""
        said = {**data, **_said_of(step)}
        self.writing.listener(Event(kind, self.run, self.writing.now(), address, step.kind, said))


class Run:
    """The releases of one plan on their way; safe to use from the threads of ``walk``."""

    def __init__(
        self,
        world: RunWorld,
        values: Mapping[str, dict[Path, JsonValue]],
        observed: Mapping[str, Observation],
    ) -> None:
        """Start from what the verifying read showed."""
        self._world = world
        self._releases = {release.address: release for release in world.plan.releases}
        self._values = dict(values)
        self._lock = threading.Lock()
        self.state_error: BackendError | None = None
        self._left: dict[str, ReleaseStatus] = {}
        self._failures: dict[str, tuple[Diagnostic, ...]] = {}
        self._actions: dict[str, dict[str, Action]] = {}
        for change in world.plan.changes:
            parts = self._actions.setdefault(str(Address.parse(change.address).release), {})
            parts[change.kind] = change.action
        self._progress = {
            address: _progress(release, observed.get(address))
            for address, release in self._releases.items()
        }

    @property
    def failures(self) -> tuple[Diagnostic, ...]:
        """Why releases failed, in the plan's order."""
        return tuple(one for address in self._releases for one in self._failures.get(address, ()))

    def progress(self, address: str) -> Progress:
        """Return how far a release has come."""
        return self._progress[address]

    def values(self, address: str) -> dict[Path, JsonValue]:
        """Return the values that were filled in for a release."""
        return self._values.get(address, {})

    def status(self, address: str) -> ReleaseStatus | None:
        """Return how a release ended; None where it was never touched."""
        left = self._left.get(address)
        if left is None:
            return "applied"
        return left if self._progress[address].touched else None

    def action(self, address: str) -> str:
        """Return what the release as a whole went through, for history."""
        release = self._releases[address]
        if release.desired is None:
            return Action.DELETE
        parts = self._actions.get(address, {})
        return parts.get("function", Action.UPDATE if parts else Action.NO_OP)

    def overall_status(self, *, unfinished: bool) -> str:
        """Return the status of the revision."""
        statuses = [self.status(address) for address in self._releases]
        if "interrupted" in self._left.values():
            return "interrupted"
        if all(status == "applied" for status in statuses) and not unfinished:
            return "applied"
        return "partial" if "applied" in statuses else "failed"

    def fail(self, address: str, error: LamformError) -> None:
        """Note that a release failed, and why."""
        with self._lock:
            self._left.setdefault(address, "failed")
            self._failures[address] = tuple(
                Diagnostic(one.summary, one.detail, one.severity, address)
                for one in error.diagnostics
            )

    def walk_phase(self, phase: Phase) -> None:
        """Take the steps of one phase, for all releases that are still on their way."""
        depends = {address: release.depends_on for address, release in self._releases.items()}
        for address in in_order(self._releases, depends):
            if address not in self._left and any(one in self._left for one in depends[address]):
                self._drop(address, depends[address])
        waiting = [
            address
            for address, release in self._releases.items()
            if address not in self._left and any(step.phase is phase for step in release.steps)
        ]
        visited: set[str] = set()

        def visit(address: str) -> bool:
            visited.add(address)
            return self.take_steps(self._releases[address], phase)

        walk(waiting, depends, visit, parallelism=self._world.writing.parallelism)
        for address in waiting:
            if address not in visited:
                self._drop(address, depends[address])

    def _drop(self, address: str, depends: tuple[str, ...]) -> None:
        """Leave out a release because one that it depends on failed."""
        failed = [other for other in depends if other in self._left]
        status = self._left.get(failed[0], "failed") if failed else "failed"
        with self._lock:
            self._left[address] = status
            if status == "failed":
                detail = f"It depends on {', '.join(failed)}, which failed. Nothing was changed."
                if self._progress[address].touched:
                    detail = f"It depends on {', '.join(failed)}, which failed in between."
                self._failures[address] = (Diagnostic("Not applied", detail, address=address),)

    def take_steps(self, release: PlannedRelease, phase: Phase) -> bool:
        """Take a release's steps of one phase, in order, and say whether all went well."""
        address = release.address
        try:
            place = self._workplace(release)
            for step in release.steps:
                if step.phase is phase:
                    self._take(step, place)
        except (InterruptedRunError, BackendError) as error:
            with self._lock:
                self._left[address] = "interrupted"
                if isinstance(error, BackendError):
                    self.state_error = self.state_error or error
            return False
        except LamformError as error:
            self.fail(address, error)
            return False
        return True

    def _take(self, step: Step, place: Workplace) -> None:
        world = self._world
        if world.writing.stop.is_set():
            raise InterruptedRunError.of("Interrupted", "No further step was started.")
        self._require_lease()
        world.journal.begin(step.release, step.kind)
        self._require_lease()  # state may have taken its time
        place.progress.touched = True
        world.emit("step_started", step.release, step)
        started = time.monotonic()
        try:
            result = perform(step, place)
        except LamformError as error:
            message = "; ".join(one.summary for one in error.diagnostics)
            world.journal.end("failed", step.release, step.kind, {"message": message})
            world.emit("step_failed", step.release, step, message=message)
            raise
        world.journal.end("done", step.release, step.kind, result)
        seconds = round(time.monotonic() - started, 3)
        world.emit("step_done", step.release, step, seconds=seconds, **result)

    def _require_lease(self) -> None:
        if not self._world.lease.is_fresh:
            raise RemoteError.of(
                "The lease could not be renewed",
                "State has not answered for half a minute, so no further step was started.",
            )

    def _workplace(self, release: PlannedRelease) -> Workplace:
        world = self._world
        self._fill_pending(release)
        return Workplace(
            name=release.function_name,
            desired=release.desired,
            writer=self._writer(release.target, timeout=_timeout(release)),
            artifacts=world.writing.artifacts,
            is_same_artifact=lambda: self._is_same_artifact(release),
            stage=partial(self._stage, release),
            values=self.values(release.address),
            elsewhere=self._writer,
            patience=Patience(world.writing.stop, _timeout(release)),
            progress=self._progress[release.address],
        )

    def _is_same_artifact(self, release: PlannedRelease) -> bool:
        world, desired = self._world, release.desired
        if desired is None:
            return True
        connector = world.writing.secrets.connector(desired.connector)
        return world.writing.artifacts.is_still(desired.artifact, connector, desired.region)

    def _stage(
        self,
        release: PlannedRelease,
        staged: StagedObject,
        package: Callable[[], bytes],
        afresh: bool,  # noqa: FBT001 - the order is `Workplace.stage`'s
    ) -> S3Code:
        writing = self._world.writing
        settings = self._world.plan.connectors[release.bound.connector]
        connector = writing.secrets.connector(settings)
        where = (connector, release.region)
        return writing.artifacts.stage(staged, package, *where, afresh=afresh)

    def _writer(self, target: Target, *, timeout: float | None = None) -> FunctionWriter:
        world = self._world
        connector = world.writing.secrets.connector(world.plan.connectors[target.connector])
        return world.writing.cloud.writer(connector, target.region, timeout=timeout)

    def _fill_pending(self, release: PlannedRelease) -> None:
        """Evaluate what was unknown at plan time; the releases it depends on are prepared."""
        desired = release.desired
        if desired is None:
            return
        for residual in desired.residuals:
            if residual.expression is None or not still_unknown(desired, residual):
                continue
            value = self._world.writing.secrets.known(residual.expression, self._lookup)
            if value is None:
                raise RemoteError.of(
                    "A value is still unknown",
                    f"{'.'.join(residual.path)} is {residual.expression}, which exists only after "
                    "the other release is switched. Use a value that is known once it is "
                    "prepared, such as its function.version.",
                )
            self._values.setdefault(release.address, {})[residual.path] = value

    def _lookup(self, address: str, path: tuple[str, ...]) -> JsonValue:
        progress = self._progress.get(address)
        if progress is None:
            record = self._world.snapshot.record(address)
            return attribute_of(record, path) if record else None
        function = progress.function
        match path:
            case ("function", "version"):
                return progress.version
            case ("function", "qualified_arn") if function and progress.version:
                return f"{function.arn}:{progress.version}"
            case ("function", "code_sha256") if function:
                return function.code_sha256
            case ("alias", name, "version") if name in progress.aliases:
                return self._switched(address, name)
            case ("url", "url"):
                url = progress.settings.get("url")
                return url.url if isinstance(url, Setting) else None
            case _:
                return None

    def _switched(self, address: str, alias: str) -> JsonValue:
        """Return the version an alias serves, or None while it still has to be moved."""
        move = self._releases[address].aliases.get(alias)
        progress = self._progress[address]
        version = progress.aliases[alias].function_version
        moves = move is not None and version != (move.to or progress.version)
        return None if moves else version


def _said_of(step: Step) -> dict[str, JsonValue]:
    """Return what tells a step from others of its kind."""
    match step:
        case SetSetting() | RemoveSetting() | AddPermission() | RemovePermission():
            return {"part": step.part, "call": call_of(step)}
        case _:
            return {}


def _timeout(release: PlannedRelease) -> float:
    return release.desired.timeout if release.desired else TIMEOUT


def _progress(release: PlannedRelease, observed: Observation | None) -> Progress:
    progress = Progress(version=release.version)
    if observed is not None:
        progress.function = observed.function
        progress.aliases = dict(observed.aliases)
        progress.settings = dict(observed.settings)
    return progress
