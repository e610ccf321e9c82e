"""Runs that died: what they may have done, seen in AWS and made part of state.

A run says durably what it intends before it acts, and ends each release durably with its
record. Every intended release without such an end is *open*: nobody knows how far it came,
so AWS is asked, through the connector that the run's plan recorded. Reading commands see
the result in memory (`recovered_view`); writing ones record it as a revision (`recover`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from backends.base import JournalRecord, Lease, RunRecord, StateReader, is_live, object_id
from declarative.engine.around import parts_of
from declarative.engine.claims import own, records
from declarative.engine.observe import Observation, observe, refuse_unreadable
from declarative.engine.records import Outcome, record_of
from declarative.engine.snapshot import Recorded, Snapshot, read_snapshot
from declarative.errors import LamformError, RemoteError
from declarative.model.plan import Plan, PlannedRelease
from declarative.model.revision import Leftover
from declarative.model.steps import Target
from declarative.model.stored import read

if TYPE_CHECKING:
    from declarative.engine.ports import Cloud, FunctionReader, ObservedFunction, Runner
    from declarative.engine.reading import Reading
    from declarative.engine.secrets import Secrets
    from declarative.model.revision import ReleaseRecord

_NAMED = 3

END = "end"
"""The kind of journal record that ends one release of a run."""


@dataclass(frozen=True, slots=True)
class DeadRun:
    """A run that began, was not closed, and that no live process holds."""

    run: RunRecord
    plan: Plan
    open: tuple[str, ...]
    journal: tuple[JournalRecord, ...]


@dataclass(frozen=True, slots=True)
class Recovery:
    """What looking at AWS gave for the open releases of dead runs.

    Attributes:
        records: The record of each open release; None where it does not exist.
        unreachable: Open releases that could not be looked at, and why.
    """

    records: dict[str, ReleaseRecord | None] = field(default_factory=dict)
    unreachable: dict[str, RemoteError] = field(default_factory=dict)


def dead_runs(state: StateReader, runner: Runner) -> tuple[DeadRun, ...]:
    """Return the runs that need recovery, oldest first."""
    runs = state.open_runs()
    if not runs:
        return ()
    holders = _holders(state, runner)
    silent = [run for run in runs if run.run not in holders]
    if not silent:
        return ()
    # One that ended between the two reads had no lease any more, and is not open either.
    still = {run.run for run in state.open_runs()}
    return tuple(_dead_run(state, run) for run in silent if run.run in still)


def runs_at_work(state: StateReader, runner: Runner) -> tuple[tuple[RunRecord, Lease], ...]:
    """Return the open runs that a live lease speaks for, oldest first, each with its lease.

    Whether their processes still exist can only be known where they ran.
    """
    holders = _holders(state, runner)
    return tuple((run, holders[run.run]) for run in state.open_runs() if run.run in holders)


def _holders(state: StateReader, runner: Runner) -> dict[str, Lease]:
    """Return the live leases by run."""
    now = state.now()  # before the leases: one that is renewed meanwhile is not taken for over
    return {
        lease.run: lease
        for lease in state.leases()
        if is_live(lease, host=runner.host, boot_id=runner.boot_id, now=now)
    }


def _dead_run(state: StateReader, run: RunRecord) -> DeadRun:
    if run.plan is None:
        raise LamformError.of(
            "A run cannot be recovered", f"Run {run.run} was begun without a plan."
        )
    journal = state.journal(run.run)
    ended = {record.address for record in journal if record.kind == END}
    return DeadRun(
        run=run,
        plan=read(Plan, state.objects([run.plan])[run.plan], f"The plan of run {run.run}"),
        open=tuple(address for address in run.addresses if address not in ended),
        journal=journal,
    )


def look_at(
    dead: Iterable[DeadRun], snapshot: Snapshot, cloud: Cloud, secrets: Secrets
) -> Recovery:
    """Ask AWS for every open release of the dead runs; later runs win."""
    dead = tuple(dead)
    snapshot.releases.load(address for run in dead for address in run.open)
    found = Recovery()
    for run in dead:
        releases = {release.address: release for release in run.plan.releases}
        for address in run.open:
            release = releases[address]
            previous = found.records.get(address, snapshot.record(address))
            try:
                found.records[address] = _record(run, release, previous, (snapshot, cloud, secrets))
                found.unreachable.pop(address, None)
            except RemoteError as error:
                found.unreachable[address] = error
    return found


def _record(
    run: DeadRun,
    release: PlannedRelease,
    previous: ReleaseRecord | None,
    world: tuple[Snapshot, Cloud, Secrets],
) -> ReleaseRecord | None:
    snapshot, cloud, secrets = world
    told = [record for record in run.journal if record.address == release.address]
    recorded = records(previous, release.target.function_key)
    if not (told or recorded):
        return previous  # it was not begun, so that whatever is there by now is another's
    settings = run.plan.connectors[release.bound.connector]
    reader = cloud.reader(secrets.connector(settings), release.region)
    desired = release.desired
    observed = observe(reader, release.function_name, parts_of(desired, previous))
    refuse_unreadable(observed, release.function_name)
    created = any((one.kind, one.step) == ("done", "create_function") for one in told)
    observed = own(release, observed, known=recorded or created)
    left = _left(run, release, world)
    if desired is None:  # a deletion: it happened, or the release is as it was
        return None if observed.function is None and not left else previous
    if observed.function is None and left:
        return previous
    if observed.function is None and previous is None:
        return None
    outcome = Outcome(
        desired=desired,
        observed=observed,
        status="recovered",
        plan_id=run.plan.plan_id,
        published=_published(run, release, observed, reader),
        held=release.held or (previous.held if previous else ()),
        leftovers=leftovers(run.plan, left),
        created=created,
    )
    return record_of(outcome, previous, snapshot.fingerprinter)


def _left(
    run: DeadRun, release: PlannedRelease, world: tuple[Snapshot, Cloud, Secrets]
) -> tuple[Target, ...]:
    """Return the functions that the run was to delete and that still exist."""
    _, cloud, secrets = world

    def exists(target: Target) -> bool:
        connector = secrets.connector(run.plan.connectors[target.connector])
        return cloud.reader(connector, target.region).function(target.function_name) is not None

    return tuple(target for target in release.replaces if exists(target))


def leftovers(plan: Plan, targets: Iterable[Target]) -> tuple[Leftover, ...]:
    """Return how state remembers functions that a plan was to delete and that are still there."""
    return tuple(
        Leftover(target=target, connector=plan.connectors[target.connector]) for target in targets
    )


def _published(
    run: DeadRun, release: PlannedRelease, observed: Observation, reader: FunctionReader
) -> dict[str, ObservedFunction]:
    """Read the versions that the journal or an alias names."""
    numbers = {
        str(record.data["version"])
        for record in run.journal
        if record.address == release.address and record.data.get("version")
    } | {alias.function_version for alias in observed.aliases.values()}
    versions: dict[str, ObservedFunction] = {}
    for number in sorted(one for one in numbers if one.isdigit()):
        function = reader.function(release.function_name, number)
        if function is not None:
            versions[number] = function
    return versions


def recovered_view(reading: Reading, *, refresh: bool) -> Snapshot:
    """Return head as it will be once dead runs are recovered; nothing is written.

    Without ``refresh`` AWS is not asked, and the open releases are only named.
    """
    snapshot = read_snapshot(reading.state)
    dead = dead_runs(reading.state, reading.runner)
    running = _running(reading.state, reading.runner)
    if not dead:
        return replace(snapshot, warnings=(*snapshot.warnings, *running))
    snapshot = replace(snapshot, recovers=tuple(run.run.run for run in dead))
    names = _named(sorted({address for run in dead for address in run.open}))
    if not names:
        warning = "An earlier run was cut off with no release in flight; the next apply ends it"
        return replace(snapshot, warnings=(*snapshot.warnings, *running, warning))
    if not refresh:
        warning = f"An earlier run was cut off; what it did to {names} is not known without AWS"
        return replace(snapshot, warnings=(*snapshot.warnings, *running, warning))
    recovery = look_at(dead, snapshot, reading.cloud, reading.secrets)
    releases = snapshot.releases.but(
        {
            # The id it will have once it is recorded, so that a plan made from it stays good.
            address: Recorded(record, object_id(record.to_bytes())) if record else None
            for address, record in recovery.records.items()
        }
    )
    warning = (
        f"An earlier run was cut off; what AWS has is shown for {names}, "
        "and the next apply records that"
    )
    unreachable = tuple(
        f"{address} was open when a run was cut off and cannot be read: {error}"
        for address, error in recovery.unreachable.items()
    )
    return replace(
        snapshot,
        releases=releases,
        warnings=(*snapshot.warnings, *running, warning, *unreachable),
    )


def _named(addresses: list[str]) -> str:
    """Return the addresses in a sentence: a few by name, the others by number."""
    if len(addresses) <= _NAMED:
        return ", ".join(addresses)
    return f"{', '.join(addresses[:_NAMED])} and {len(addresses) - _NAMED} more"


def _running(state: StateReader, runner: Runner) -> tuple[str, ...]:
    return tuple(
        f"Run {run.run} of {lease.who} is in progress since {run.started_at}"
        for run, lease in runs_at_work(state, runner)
    )
