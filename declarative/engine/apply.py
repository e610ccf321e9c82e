"""Applying a plan: exactly its steps, in three phases, with a journal around each.

    apply_plan
      take                  the run's lease on the releases of the plan
      record_dead_runs      what dead runs did becomes a revision
      binding.check_recorded, binding.verify      the plan still describes the world
      _resolve_values       secrets, from memory or from residual expressions
      record_edits          what ``moved`` and ``removed`` make of state is a revision
      begin_run             the intent is durable before the first change
      Run.walk_phase        prepare, switch, finish: each a dependency graph of releases
        Run.take_steps      journal begin, ``execute.perform``, journal end
      _finish               ``commit``: records of what AWS answered, one revision;
                            ``rescue`` where state cannot be told

A release that fails drops out with those that depend on it; the others go on. What was
done is recorded whatever the end; a process that is killed leaves an open run, which
``recovery`` settles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from backends.base import (
    BackendError,
    ConflictError,
    FencedError,
    HeadMovedError,
    RunRecord,
)
from declarative.engine import binding, claims, rescue
from declarative.engine.commit import (
    Ending,
    commit_run,
    draft_of,
    end_releases,
    record_dead_runs,
    record_release,
)
from declarative.engine.events import Event
from declarative.engine.guards import refuse_schedules
from declarative.engine.journal import Journal
from declarative.engine.leases import HeldLease, new_run
from declarative.engine.observe import Observation, hidden_leaf
from declarative.engine.records import recorded_outputs
from declarative.engine.relocation import pending_edit, record_edits
from declarative.engine.run import Run, RunWorld
from declarative.engine.snapshot import Snapshot, read_snapshot
from declarative.engine.taking import take
from declarative.engine.writing import Writing
from declarative.errors import (
    Diagnostic,
    LamformError,
    RefusedError,
    RemoteError,
    StalePlanError,
)
from declarative.model.desired import SETTINGS
from declarative.model.steps import (
    AddPermission,
    CreateFunction,
    Phase,
    SetSetting,
    Step,
    UpdateCode,
    UpdateConfiguration,
)
from declarative.model.values import WITHHELD, has_secret, without_fingerprints

if TYPE_CHECKING:
    from pydantic import JsonValue

    from backends.base import JournalRecord, Revision
    from declarative.model.fields import Path
    from declarative.model.plan import Plan, PlannedRelease
    from declarative.model.revision import ReleaseRecord


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """How an apply ended.

    Attributes:
        revision: What was recorded; None where nothing was touched.
        status: ``applied``, ``partial``, ``failed`` or ``interrupted``.
        failures: Why releases failed.
        left: What the run could not clear away behind it.
        outputs: The outputs after the apply, secrets left out.
        unevaluated: Why outputs have no new value.
    """

    revision: Revision | None
    status: str
    failures: tuple[Diagnostic, ...] = ()
    calls: Mapping[str, int] = field(default_factory=dict)
    outputs: Mapping[str, JsonValue] = field(default_factory=dict)
    left: tuple[Diagnostic, ...] = ()
    unevaluated: tuple[Diagnostic, ...] = ()


def apply_plan(plan: Plan, writing: Writing) -> ApplyResult:
    """Apply a plan and record what came of it as a revision.

    Raises:
        RefusedError: the plan is blocked.
        ConfigurationError: it moves traffic in steps, which is not possible yet.
        LeaseHeldError: another run is working on one of its releases.
        StalePlanError: the plan was applied already, or the world has moved since.
        RemoteError: AWS cannot be reached; nothing was written.
        StateLostError: state cannot be written any more; a file keeps what was done.
        BackendError: state cannot be written; nothing was done.
    """
    if plan.blocked_by:
        raise RefusedError(
            tuple(Diagnostic("The plan is blocked", reason) for reason in plan.blocked_by)
        )
    refuse_schedules(plan)
    if plan.is_empty:
        return ApplyResult(None, "applied", calls=writing.cloud.calls())
    writing.stop.heeded = True
    writing.state.create()
    writing = replace(writing, secrets=writing.secrets.knowing(plan.connectors))
    run = new_run()
    planned = frozenset((*(release.address for release in plan.releases), *plan.edits.touches))
    exclusive = frozenset(one.infrastructure for one in plan.releases if one.exclusive)
    claimed = claims.claims_of(plan)
    held = planned | claims.leased(claimed)
    with take(writing, run, held, exclusive=exclusive) as lease:
        record_dead_runs(writing, lease, needed=planned)
        present = read_snapshot(writing.state)
        edits = pending_edit(plan, present, writing.state)
        snapshot = edits.after
        binding.check_recorded(plan, snapshot)
        claims.check_claims(claimed, plan, snapshot, writing.state)
        snapshot.releases.load(release.address for release in plan.releases)
        binding.check_outputs(plan, snapshot)
        _check_accounts(plan, writing)
        observed = binding.verify(
            plan,
            snapshot,
            lambda release: writing.reader(plan, release),
            parallelism=writing.parallelism,
        )
        values = {
            release.address: _resolve_values(release, writing, snapshot)
            for release in plan.releases
        }
        edited, snapshot = record_edits(edits, writing, lease, present)
        begun = _Begun(run, observed, values, edited)
        return _run(plan, writing, lease, snapshot, begun)


def _check_accounts(plan: Plan, writing: Writing) -> None:
    """Refuse to act in another account than the one that was planned for."""
    for release in plan.releases:
        if not release.steps:
            continue
        connector = writing.secrets.connector(plan.connectors[release.bound.connector])
        account = writing.cloud.account_id(connector)
        if account != release.account_id:
            raise StalePlanError.of(
                "The credentials belong to another account",
                f"The plan is for account {release.account_id}, and {connector.address} now "
                f"reaches account {account}.",
                address=release.address,
            )


@dataclass(frozen=True, slots=True)
class _Begun:
    """What a run starts from.

    Attributes:
        edited: The revision that the plan's edits of state have made.
    """

    run: str
    observed: Mapping[str, Observation]
    values: Mapping[str, dict[Path, JsonValue]] = field(repr=False)
    edited: Revision | None = None


def _run(
    plan: Plan, writing: Writing, lease: HeldLease, snapshot: Snapshot, begun: _Begun
) -> ApplyResult:
    run_id = begun.run
    [plan_object] = writing.state.put([plan.to_bytes()])
    writing.state.begin_run(
        RunRecord(
            run=run_id,
            started_at=writing.now(),
            command=writing.runner.command,
            plan=plan_object,
            addresses=tuple(release.address for release in plan.releases),
        ),
        token=lease.token,
    )
    started: dict[str, JsonValue] = {"plan_id": plan.plan_id}
    if lease.took_over:
        started["took_over"] = [
            {"run": one.run, "who": one.who, "host": one.host, "expires": one.expires}
            for one in lease.took_over
        ]
    writing.listener(Event("run_started", run_id, writing.now(), data=started))

    def write(records: list[JournalRecord]) -> None:
        writing.state.append(run_id, records, token=lease.token)

    try:
        with Journal(write, writing.now) as journal:
            world = RunWorld(run_id, plan, writing, lease, journal, snapshot)
            run = Run(world, begun.values, begun.observed)
            writing.stop.flush = journal.flush
            try:
                for phase in Phase:
                    run.walk_phase(phase)
            finally:
                writing.stop.flush = None
        writing.stop.heeded = False
        # The journal is complete: a revision may close the run.
        result = _finish(run, world, begun.edited)
    finally:
        left = writing.artifacts.clear_staged()
    return replace(result, left=left)


def _finish(run: Run, world: RunWorld, edited: Revision | None) -> ApplyResult:
    """Record every release that was touched, and end the run.

    Raises:
        StateLostError: state cannot be written; what it was to be told is kept in a file.
    """
    writing, ending = world.writing, _ending(run, world)
    unevaluated: list[Diagnostic] = []
    try:
        revision = _record(ending, world, unevaluated.append) or edited
    except (ConflictError, FencedError, HeadMovedError):
        raise  # another run was here: it, or the next one, asks AWS
    except BackendError as error:
        raise rescue.keep(ending, world, error, run.failures) from error
    with suppress(BackendError):  # otherwise they are looked at once more
        end_releases(ending, writing, token=world.lease.token)
    status = ending.draft.status
    data: dict[str, JsonValue] = {
        "revision": revision.number if revision else None,
        "status": status,
        "calls": dict(writing.cloud.calls()),
    }
    lost = run.state_error
    if lost is not None and status == "interrupted":
        raise rescue.came_back(lost, revision, (*run.failures, *unevaluated))
    writing.listener(Event("run_done", world.run, writing.now(), data=data))
    return ApplyResult(
        revision=revision,
        status=status,
        failures=run.failures,
        calls=writing.cloud.calls(),
        outputs=recorded_outputs(revision),
        unevaluated=tuple(unevaluated),
    )


def _ending(run: Run, world: RunWorld) -> Ending:
    """Return what there is to record, AWS asked about what did not end well."""
    records: dict[str, ReleaseRecord | None] = {}
    unknown: list[str] = []
    for release in world.plan.releases:
        ended = run.status(release.address)
        if ended is None:
            continue
        try:
            records[release.address] = record_release(run, world, release, ended)
        except Exception as error:  # noqa: BLE001 - the others are recorded, whatever it is
            unknown.append(release.address)
            run.fail(release.address, _unseen(error))
    return Ending(
        run=world.run,
        plan=world.plan,
        base=world.snapshot.revision,
        draft=draft_of(run, world, records, run.overall_status(unfinished=bool(unknown))),
        records=records,
        recorded=frozenset(records.keys() & world.snapshot.releases.keys()),
        unknown=tuple(unknown),
    )


def _unseen(error: Exception) -> LamformError:
    """Return why nobody knows what came of a release: whoever is next asks AWS."""
    match error:
        case LamformError():
            return error
        case BackendError():
            return RemoteError.of(error.summary, error.detail)
        case _:
            return RemoteError.of(
                "Internal error",
                f"{type(error).__name__}: {error}. What was done could not be looked at; the next "
                "apply asks AWS. This is a bug in lamform; please report it.",
            )


def _record(ending: Ending, world: RunWorld, tell: Callable[[Diagnostic], None]) -> Revision | None:
    """Make a revision of what a run did; where it did nothing, only the run ends."""
    plan, token = ending.plan, world.lease.token
    only_outputs = plan.output_changes and not plan.releases
    if ending.records or (only_outputs and ending.draft.status == "applied"):
        return commit_run(ending, world.writing, token=token, tell=tell)
    if not ending.unknown:
        world.writing.state.close_run(ending.run, token=token)
    return None


def _resolve_values(
    release: PlannedRelease, writing: Writing, snapshot: Snapshot
) -> dict[Path, JsonValue]:
    """Return the secrets a release's steps need, checked against the plan's fingerprints.

    Those that the plan could not read have none, and those that it keeps are not needed.

    Raises:
        StalePlanError: a secret has another value than when the plan was made.
    """
    desired = release.desired
    if desired is None:
        return {}
    needed = _needing_values(release.steps)
    values: dict[Path, JsonValue] = {}
    for residual in desired.residuals:
        path = residual.path
        part = path[1] if path[0] == SETTINGS else ""
        if not residual.sensitive or path in release.kept or part not in needed:
            continue
        value = writing.secrets.value(release.address, residual, lambda *_: None)
        planned = desired.value_at(path)
        present = hidden_leaf(path, value, snapshot.fingerprinter)
        # A plan made before the project had a key holds no fingerprints to compare.
        if planned not in (present, without_fingerprints(present), WITHHELD):
            raise StalePlanError.of(
                "A secret has another value than when the plan was made",
                f"{'.'.join(path)} ({residual.expression}) differs. Give the same value, "
                "or make a new plan.",
                address=release.address,
            )
        values[path] = value
    return values


def _needing_values(steps: Iterable[Step]) -> set[str]:
    """Return the settings that are set; the empty one stands for the function itself."""
    found: set[str] = set()
    for step in steps:
        if isinstance(step, SetSetting | AddPermission):
            found.add(step.part)
        elif isinstance(step, CreateFunction) or (
            isinstance(step, UpdateConfiguration) and step.secrets_from is None
        ):
            found.add("")
        elif isinstance(step, UpdateCode) and step.secrets_from is None:
            found.update("" for value in step.attributes.values() if has_secret(value))
    return found
