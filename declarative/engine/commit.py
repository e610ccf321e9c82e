"""What a run leaves in state: records of what AWS answered, and the revision around them.

``apply`` decides when; here is what. The same goes for runs that died: their outcome was
looked up by ``recovery`` and becomes a revision like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from backends.base import (
    BackendError,
    JournalRecord,
    Revision,
    RevisionDraft,
    StateBackend,
    commit_disjoint,
)
from declarative.engine import recovery
from declarative.engine.around import parts_of
from declarative.engine.claims import own, records
from declarative.engine.desired import refingerprint
from declarative.engine.observe import Observation, observe, refuse_unreadable
from declarative.engine.records import Outcome, attribute_of, record_of, recorded_outputs
from declarative.engine.references import recorded_output
from declarative.engine.snapshot import Snapshot, read_snapshot
from declarative.errors import Diagnostic, LamformError
from declarative.model import fields
from declarative.model.plan import PlannedOutput
from declarative.model.steps import CreateFunction, UpdateConfiguration
from declarative.model.values import without_fingerprints

if TYPE_CHECKING:
    from pydantic import JsonValue

    from declarative.engine.leases import HeldLease
    from declarative.engine.run import Run, RunWorld
    from declarative.engine.writing import Writing
    from declarative.model.fields import Path
    from declarative.model.plan import Plan, PlannedRelease
    from declarative.model.revision import ReleaseRecord, ReleaseStatus


def record_dead_runs(
    writing: Writing, lease: HeldLease, *, needed: Collection[str], message: str = ""
) -> Revision | None:
    """Record what dead runs did as a revision ``recovered``; None where there are none.

    Only those whose open releases the lease covers, and of those that left none of
    ``needed`` open only the ones that can be read: others are somebody else's to recover.

    Raises:
        RemoteError: a release cannot be read of a run that left one of ``needed`` open.
    """
    dead = tuple(
        run
        for run in recovery.dead_runs(writing.state, writing.runner)
        if lease.addresses.issuperset(run.open)
    )
    if not dead:
        return None
    snapshot = read_snapshot(writing.state)
    found = recovery.look_at(dead, snapshot, writing.cloud, writing.secrets)
    if found.unreachable:
        for run in dead:
            for address in run.open:
                if address in found.unreachable and not set(needed).isdisjoint(run.open):
                    raise found.unreachable[address]
        dead = tuple(run for run in dead if found.unreachable.keys().isdisjoint(run.open))
        if not dead:
            return None
        found = recovery.look_at(dead, snapshot, writing.cloud, writing.secrets)
    changes = put_records(writing.state, found.records, snapshot.releases)
    draft = RevisionDraft(
        status="recovered",
        author=writing.runner.who,
        created_at=writing.now(),
        message=message or f"recovered run {', '.join(run.run.run for run in dead)}",
        reverts=dead[-1].plan.reverts,
        details={
            "releases": [{"address": address, "status": "recovered"} for address in changes],
        },
    )
    first, *others = dead
    revision = commit_disjoint(
        writing.state,
        lambda head: completed(draft, changes, recorded_outputs(head)),
        base=snapshot.revision,
        token=lease.token,
        closes=first.run.run,
    )
    for run in others:  # after their outcome is durable: until then they must stay open
        writing.state.close_run(run.run.run, token=lease.token)
    return revision


def record_release(
    run: Run, world: RunWorld, release: PlannedRelease, status: ReleaseStatus
) -> ReleaseRecord | None:
    """Return the record of a release; None where it is gone.

    Raises:
        RemoteError: it did not end well, and what AWS has of it cannot be read.
    """
    previous = world.snapshot.record(release.address)
    progress = run.progress(release.address)
    if status != "applied" or (not release.steps and progress.function is None):
        reader = world.writing.reader(world.plan, release)
        parts = parts_of(release.desired, previous)
        observed = observe(reader, release.function_name, parts)
        refuse_unreadable(observed, release.function_name)
        recorded = records(previous, release.target.function_key)
        known = progress.created or (recorded and release.target not in progress.deleted)
        observed = own(release, observed, known=known)
    else:
        observed = Observation(progress.function, dict(progress.aliases), dict(progress.settings))
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
            desired=refingerprint(desired, _values(run, release, observed), fingerprinter),
            observed=observed,
            status=status,
            plan_id=world.plan.plan_id,
            published=published,
            held=release.held,
            leftovers=recovery.leftovers(world.plan, left),
            created=progress.created,
        ),
        # Made anew, it has nothing of what was recorded, not even its versions.
        None if release.target in progress.deleted else previous,
        fingerprinter,
    )


def _values(run: Run, release: PlannedRelease, observed: Observation) -> dict[Path, JsonValue]:
    """Return the values of secrets to fingerprint with the project's key.

    Where a plan was made before there was a key, it has no fingerprints; and where it found
    no configuration to change, nobody had to resolve its secrets: AWS has their values.
    """
    values, desired = dict(run.values(release.address)), release.desired
    changed = any(isinstance(one, CreateFunction | UpdateConfiguration) for one in release.steps)
    if desired is None or observed.function is None or changed:
        return values
    for residual in desired.residuals:
        planned = fields.get(desired.function, residual.path)
        present = fields.get(observed.function.attributes, residual.path)
        known = residual.path in values or residual.path in release.kept
        bare = planned == without_fingerprints(planned)
        if residual.sensitive and bare and not known and present is not None:
            values[residual.path] = present
    return values


def draft_of(
    run: Run, world: RunWorld, records: Mapping[str, ReleaseRecord | None], status: str
) -> RevisionDraft:
    """Return what the revision that records a run says, without its changes and outputs."""
    plan, writing = world.plan, world.writing
    return RevisionDraft(
        status=status,
        author=writing.runner.who,
        created_at=writing.now(),
        message=writing.message,
        plan_id=plan.plan_id,
        git_commit=writing.git_commit,
        reverts=plan.reverts,
        details={
            "releases": [_summary(run, world, address, records[address]) for address in records]
        },
    )


Outputs: TypeAlias = Mapping[str, Mapping[str, "JsonValue"]]
"""Recorded outputs by name: value, whether it is secret, and what gives a secret one again."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended: all that state is to be told of it.

    Attributes:
        run: The run's id.
        base: The revision it began on.
        draft: What its revision says, without changes and outputs.
        records: The record of each release it touched; None where the release is gone.
        recorded: Which of them state had a record of before.
        unknown: Releases that could not be looked at afterwards; they leave the run open.
    """

    run: str
    plan: Plan
    base: Revision | None
    draft: RevisionDraft
    records: Mapping[str, ReleaseRecord | None]
    recorded: frozenset[str]
    unknown: tuple[str, ...] = ()


def commit_run(
    ending: Ending,
    writing: Writing,
    *,
    token: int,
    tell: Callable[[Diagnostic], None] = lambda _: None,
) -> Revision:
    """Store the records of a run, make the revision around them the new head, end the run.

    ``tell`` is told of outputs that have no value; they are recorded as they were before.

    Raises:
        ConflictError: another run recorded one of its releases.
        BackendError: state cannot be written.
    """
    state = writing.state
    changes = put_records(state, ending.records, ending.recorded)
    problems: list[Diagnostic] = []

    def draft(head: Revision | None) -> RevisionDraft:
        problems.clear()  # each head gives the outputs anew
        return completed(ending.draft, changes, _outputs(ending, writing, head, problems))

    revision = commit_disjoint(
        state,
        draft,
        base=ending.base,
        token=token,
        closes=None if ending.unknown else ending.run,
    )
    for problem in problems:
        tell(problem)
    return revision


def end_releases(ending: Ending, writing: Writing, *, token: int) -> None:
    """Note in the journal of a run that stays open which of its releases are recorded.

    Where that fails, they are looked at once more when the run is recovered.
    """
    if not ending.unknown:
        return
    journal = writing.state.journal(ending.run)
    ended = [
        JournalRecord(
            sequence=number,
            kind=recovery.END,
            address=address,
            step="record",
            at=writing.now(),
        )
        for number, address in enumerate(ending.records, journal[-1].sequence + 1 if journal else 1)
    ]
    writing.state.append(ending.run, ended, token=token)


def completed(
    draft: RevisionDraft,
    changes: Mapping[str, str | None],
    outputs: Outputs,
) -> RevisionDraft:
    """Return a revision with its changes and outputs."""
    details = {**draft.details, "outputs": dict(outputs)}
    return replace(draft, changes=changes, details=details)


def put_records(
    state: StateBackend,
    records: Mapping[str, ReleaseRecord | None],
    recorded: Collection[str],
) -> dict[str, str | None]:
    """Store records and return what changes by address.

    None stands for a release that is gone; one that was not ``recorded`` before is no change.
    """
    present = {address: record for address, record in records.items() if record is not None}
    ids = state.put(record.to_bytes() for record in present.values())
    changes: dict[str, str | None] = dict(zip(present, ids, strict=True))
    for address, record in records.items():
        if record is None and address in recorded:
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


def _outputs(
    ending: Ending, writing: Writing, head: Revision | None, problems: list[Diagnostic]
) -> Outputs:
    """Return the outputs as the revision after ``head`` records them: what changes, over those.

    Each is evaluated from what was recorded, not from what the plan foresaw: a release
    that failed has not become what it was to be, and another run may have moved others. One
    that has no value stays as it is recorded: ``problems`` gets the reasons.
    """
    plan = ending.plan
    outputs: dict[str, Mapping[str, JsonValue]] = {**recorded_outputs(head)}
    if not plan.output_changes:
        return outputs
    snapshot = read_snapshot(writing.state, at=head.number if head else None)
    lookup = _lookup(snapshot, ending.records)
    for name in plan.output_changes:
        output = plan.outputs.get(name)
        if output is None:
            outputs.pop(name, None)
            continue
        if output.residual is not None and not output.sensitive:
            try:
                known = writing.secrets.known_output(name, output.residual, lookup)
            except BackendError:
                raise
            except Exception as error:  # noqa: BLE001 - no output is worth the record of a run
                problems.extend(_without_value(name, error))
                continue
            output = PlannedOutput(value=known)
        outputs[name] = recorded_output(output)
    return outputs


def _without_value(name: str, error: Exception) -> Iterator[Diagnostic]:
    reasons = (
        error.diagnostics
        if isinstance(error, LamformError)
        else (Diagnostic("Internal error", f"{type(error).__name__}: {error}."),)
    )
    for one in reasons:
        told = f"{one.detail} All else is recorded, and the output as it was before."
        yield Diagnostic(one.summary, told.lstrip(), address=f"output.{name}")


def _lookup(
    snapshot: Snapshot, records: Mapping[str, ReleaseRecord | None]
) -> Callable[[str, tuple[str, ...]], JsonValue]:
    def lookup(address: str, path: tuple[str, ...]) -> JsonValue:
        record = records[address] if address in records else snapshot.record(address)
        return attribute_of(record, path) if record else None

    return lookup
