"""Applying a plan: exactly its steps, in three phases, with a journal around each.

    apply_plan
      hold                  the run's lease on the releases of the plan
      recovery.recover      what dead runs did becomes a revision
      binding.check_recorded, binding.verify      the plan still describes the world
      _resolve_values       secrets, from memory or from residual expressions
      begin_run             the intent is durable before the first change
      Run.walk_phase        prepare, switch, finish: each a dependency graph of releases
        Run.take_steps      journal begin, ``execute.perform``, journal end
      _commit               records of what AWS answered, one revision, by compare-and-swap

A release that fails drops out with those that depend on it; the others go on. What was
done is recorded whatever the end; a process that is killed leaves an open run, which
``recovery`` settles.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backends.base import RevisionDraft, RunRecord, StateBackend, commit_disjoint
from declarative.engine import binding, recovery
from declarative.engine.desired import refingerprint
from declarative.engine.events import Event
from declarative.engine.journal import Journal
from declarative.engine.leases import HeldLease, hold
from declarative.engine.observe import Observation, hidden_leaf, observe
from declarative.engine.records import (
    Outcome,
    Snapshot,
    attribute_of,
    read_snapshot,
    record_of,
)
from declarative.engine.references import recorded_output
from declarative.engine.run import Run, RunWorld
from declarative.engine.writing import Writing
from declarative.errors import (
    Diagnostic,
    RefusedError,
    RemoteError,
    StalePlanError,
)
from declarative.model import fields
from declarative.model.plan import CreateFunction, Phase, PlannedOutput, UpdateConfiguration
from declarative.model.values import without_fingerprints

if TYPE_CHECKING:
    from pydantic import JsonValue

    from backends.base import JournalRecord, Revision
    from declarative.model.fields import Path
    from declarative.model.plan import Plan, PlannedRelease
    from declarative.model.revision import ReleaseRecord, ReleaseStatus


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """How an apply ended.

    Attributes:
        revision: What was recorded; None where nothing was touched.
        status: ``applied``, ``partial``, ``failed`` or ``interrupted``.
        failures: Why releases failed.
        outputs: The outputs after the apply, secrets left out.
    """

    revision: Revision | None
    status: str
    failures: tuple[Diagnostic, ...] = ()
    calls: Mapping[str, int] = field(default_factory=dict)
    outputs: Mapping[str, JsonValue] = field(default_factory=dict)


def apply_plan(plan: Plan, writing: Writing) -> ApplyResult:
    """Apply a plan and record what came of it as a revision.

    Raises:
        RefusedError: the plan is blocked.
        LeaseHeldError: another run is working on one of its releases.
        StalePlanError: the plan was applied already, or the world has moved since.
        RemoteError: AWS cannot be reached; nothing was written.
        BackendError: state cannot be written; what was done stays in the open run.
    """
    if plan.blocked_by:
        raise RefusedError(
            tuple(Diagnostic("The plan is blocked", reason) for reason in plan.blocked_by)
        )
    if plan.is_empty:
        return ApplyResult(None, "applied", calls=writing.cloud.calls())
    writing.state.create()
    run = uuid.uuid4().hex[:12]
    planned = frozenset(release.address for release in plan.releases)
    dead = recovery.dead_runs(writing.state, writing.runner)
    addresses = planned.union(*(run.open for run in dead))
    with hold(
        writing.state,
        writing.runner,
        run,
        addresses,
        timeout=writing.lock_timeout,
        waiting=writing.waiting,
    ) as lease:
        recover(writing, lease)
        snapshot = read_snapshot(writing.state)
        binding.check_recorded(plan, snapshot)
        binding.check_outputs(plan, snapshot)
        _check_accounts(plan, writing)
        observed = binding.verify(
            plan,
            snapshot,
            lambda release: writing.reader(plan, release),
            parallelism=writing.parallelism,
        )
        return _run(plan, writing, lease, snapshot, (run, observed))


def recover(writing: Writing, lease: HeldLease) -> Revision | None:
    """Record what dead runs did as a revision ``recovered``; None where there are none.

    Raises:
        RemoteError: a release that such a run left open cannot be read.
    """
    dead = recovery.dead_runs(writing.state, writing.runner)
    if not dead:
        return None
    snapshot = read_snapshot(writing.state)
    found = recovery.look_at(dead, snapshot, writing.cloud, writing.secrets)
    for error in found.unreachable.values():
        raise error
    changes = _put(writing.state, found.records, snapshot)
    draft = RevisionDraft(
        status="recovered",
        author=writing.runner.who,
        created_at=writing.now(),
        message=f"recovered run {', '.join(run.run.run for run in dead)}",
        reverts=dead[-1].plan.reverts,
        changes=changes,
        details={
            "releases": [{"address": address, "status": "recovered"} for address in changes],
            "outputs": dict(_recorded_outputs(snapshot)),
        },
    )
    first, *others = dead
    revision = commit_disjoint(
        writing.state,
        draft,
        base=snapshot.revision,
        token=lease.token,
        closes=first.run.run,
    )
    for run in others:  # after their outcome is durable: until then they must stay open
        writing.state.close_run(run.run.run, token=lease.token)
    return revision


def _check_accounts(plan: Plan, writing: Writing) -> None:
    """Refuse to act in another account than the one that was planned for."""
    for release in plan.releases:
        connector = writing.secrets.connector(plan.connectors[release.bound.connector])
        if not release.steps:
            continue
        account = writing.cloud.account_id(connector)
        if account != release.account_id:
            raise StalePlanError.of(
                "The credentials belong to another account",
                f"The plan is for account {release.account_id}, and {connector.address} now "
                f"reaches account {account}.",
                address=release.address,
            )


def _run(
    plan: Plan,
    writing: Writing,
    lease: HeldLease,
    snapshot: Snapshot,
    begun: tuple[str, Mapping[str, Observation]],
) -> ApplyResult:
    run_id, observed = begun
    values = {
        release.address: _resolve_values(release, writing, snapshot) for release in plan.releases
    }
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
    writing.listener(Event("run_started", run_id, writing.now(), data={"plan_id": plan.plan_id}))

    def write(records: list[JournalRecord]) -> None:
        writing.state.append(run_id, records, token=lease.token)

    with Journal(write, writing.now) as journal:
        world = RunWorld(run_id, plan, writing, lease, journal, snapshot)
        run = Run(world, values, observed)
        for phase in Phase:
            run.walk_phase(phase)
        return _finish(run, world)


def _finish(run: Run, world: RunWorld) -> ApplyResult:
    """Record every release that was touched, and end the run."""
    plan, writing, snapshot = world.plan, world.writing, world.snapshot
    records: dict[str, ReleaseRecord | None] = {}
    unknown: list[str] = []
    for release in plan.releases:
        ended = run.status(release.address)
        if ended is None:
            continue
        try:
            records[release.address] = _record(run, world, release, ended)
        except RemoteError as error:
            unknown.append(release.address)
            run.fail(release.address, error)
    status = run.overall_status(unfinished=bool(unknown))
    revision = None
    if records or (plan.output_changes and not run.failures and not plan.releases):
        draft = _draft(run, world, records, status)
        revision = commit_disjoint(
            writing.state,
            draft,
            base=snapshot.revision,
            token=world.lease.token,
            closes=None if unknown else world.run,
        )
        if unknown:
            for address in records:
                world.journal.record(recovery.END, address, "record")
    elif not unknown:
        writing.state.close_run(world.run, token=world.lease.token)
    outputs = revision.details.get("outputs", {}) if revision else {}
    data: dict[str, JsonValue] = {
        "revision": revision.number if revision else None,
        "status": status,
        "calls": dict(writing.cloud.calls()),
    }
    writing.listener(Event("run_done", world.run, writing.now(), data=data))
    return ApplyResult(
        revision=revision,
        status=status,
        failures=run.failures,
        calls=writing.cloud.calls(),
        outputs=outputs,  # type: ignore[arg-type] # JSON from state
    )


def _record(
    run: Run, world: RunWorld, release: PlannedRelease, status: ReleaseStatus
) -> ReleaseRecord | None:
    """Return the record of a release; None where it is gone."""
    previous = world.snapshot.record(release.address)
    progress = run.progress(release.address)
    if status != "applied" or (not release.steps and progress.function is None):
        reader = world.writing.reader(world.plan, release)
        observed = observe(reader, release.function_name)
    else:
        observed = Observation(progress.function, dict(progress.aliases))
    desired = release.desired
    left = tuple(target for target in release.replaces if target not in progress.deleted)
    if desired is None:
        return previous if (observed.function is not None or left) and release.steps else None
    if observed.function is None and left:
        return previous  # the release has not moved yet
    fingerprinter = world.snapshot.fingerprinter
    published = dict(progress.published)
    if status == "applied" and release.version is not None and observed.function is not None:
        published.setdefault(release.version, observed.function)  # chosen since they are equal
    return record_of(
        Outcome(
            desired=refingerprint(desired, run.values(release.address), fingerprinter),
            observed=observed,
            status=status,
            plan_id=world.plan.plan_id,
            published=published,
            held=release.held,
            leftovers=recovery.leftovers(world.plan, left),
        ),
        previous,
        fingerprinter,
    )


def _draft(
    run: Run, world: RunWorld, records: Mapping[str, ReleaseRecord | None], status: str
) -> RevisionDraft:
    plan, writing = world.plan, world.writing
    return RevisionDraft(
        status=status,
        author=writing.runner.who,
        created_at=writing.now(),
        message=writing.message,
        plan_id=plan.plan_id,
        git_commit=writing.git_commit,
        reverts=plan.reverts,
        changes=_put(writing.state, records, world.snapshot),
        details={
            "releases": [_summary(run, world, address, records[address]) for address in records],
            "outputs": _outputs(world, records),
        },
    )


def _put(
    state: StateBackend, records: Mapping[str, ReleaseRecord | None], snapshot: Snapshot
) -> dict[str, str | None]:
    """Store the records and return what changes by address."""
    present = {address: record for address, record in records.items() if record is not None}
    ids = state.put(record.to_bytes() for record in present.values())
    changes: dict[str, str | None] = dict(zip(present, ids, strict=True))
    for address, record in records.items():
        if record is None and address in snapshot.releases:
            changes[address] = None
    return changes


def _summary(
    run: Run, world: RunWorld, address: str, record: ReleaseRecord | None
) -> dict[str, JsonValue]:
    """Return what history says of one release."""
    previous = world.snapshot.record(address)
    before = previous.aliases if previous else {}
    after = record.aliases if record else {}
    moved: dict[str, JsonValue] = {}
    for name in sorted({*before, *after}):
        origin = before[name].function_version if name in before else None
        to = after[name].function_version if name in after else None
        if origin != to:
            moved[name] = {"from": origin, "to": to}
    return {
        "address": address,
        "status": run.status(address),
        "action": run.action(address),
        "versions": {
            "from": previous.version if previous else None,
            "to": record.version if record else None,
        },
        "aliases": moved,
    }


def _recorded_outputs(snapshot: Snapshot) -> Mapping[str, JsonValue]:
    found = snapshot.revision.details.get("outputs") if snapshot.revision else None
    return found if isinstance(found, Mapping) else {}  # type: ignore[return-value] # JSON


def _outputs(world: RunWorld, records: Mapping[str, ReleaseRecord | None]) -> dict[str, JsonValue]:
    """Return the outputs as the revision records them: what changes, over what is there.

    Each is evaluated from what was recorded, not from what the plan foresaw: a release
    that failed has not become what it was to be.
    """
    lookup = _lookup(world, records)
    outputs = dict(_recorded_outputs(world.snapshot))
    for name in world.plan.output_changes:
        output = world.plan.outputs.get(name)
        if output is None:
            outputs.pop(name, None)
            continue
        if output.residual is not None and not output.sensitive:
            known = world.writing.secrets.known(output.residual, lookup)
            output = PlannedOutput(value=known)
        outputs[name] = recorded_output(output)
    return outputs


def _lookup(
    world: RunWorld, records: Mapping[str, ReleaseRecord | None]
) -> Callable[[str, tuple[str, ...]], JsonValue]:
    def lookup(address: str, path: tuple[str, ...]) -> JsonValue:
        record = records.get(address) or world.snapshot.record(address)
        return attribute_of(record, path) if record else None

    return lookup


def _resolve_values(
    release: PlannedRelease, writing: Writing, snapshot: Snapshot
) -> dict[Path, JsonValue]:
    """Return the secrets a release's steps need, checked against the plan's fingerprints.

    Raises:
        StalePlanError: a secret has another value than when the plan was made.
    """
    desired = release.desired
    if desired is None or not _needs_values(release.steps):
        return {}
    values: dict[Path, JsonValue] = {}
    for residual in desired.residuals:
        if not residual.sensitive:
            continue
        value = writing.secrets.value(release.address, residual, lambda *_: None)
        planned = fields.get(desired.function, residual.path)
        present = hidden_leaf(residual.path, value, snapshot.fingerprinter)
        # A plan made before the project had a key holds no fingerprints to compare.
        if planned not in (present, without_fingerprints(present)):
            raise StalePlanError.of(
                "A secret has another value than when the plan was made",
                f"{'.'.join(residual.path)} ({residual.expression}) differs. Give the same value, "
                "or make a new plan.",
                address=release.address,
            )
        values[residual.path] = value
    return values


def _needs_values(steps: Iterable[object]) -> bool:
    return any(
        isinstance(step, CreateFunction)
        or (isinstance(step, UpdateConfiguration) and step.secrets_from is None)
        for step in steps
    )
