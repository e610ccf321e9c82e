"""When state dies during an apply: what it was to be told goes to a file, and back from there.

The steps in flight are finished and no other starts (`Journal.begin`). The run stays open in
state, so whoever comes first settles it: the file, which knows what AWS answered (`replay`),
or the next apply, which asks AWS (`commit.record_dead_runs`).
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from backends.base import BackendError, RevisionDraft, RevisionNotFoundError
from declarative.engine.commit import Ending, commit_run, end_releases, record_dead_runs
from declarative.engine.leases import new_run
from declarative.engine.recovery import dead_runs, runs_at_work
from declarative.engine.snapshot import fingerprinter_of
from declarative.engine.taking import take
from declarative.errors import Diagnostic, LamformError, LeaseHeldError, StateLostError
from declarative.model.plan import Base, Plan
from declarative.model.rescue import RecoveryFile, RescuedRevision
from declarative.model.stored import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.base import Lease, Revision, RunRecord, StateReader
    from declarative.engine.recovery import DeadRun
    from declarative.engine.run import RunWorld
    from declarative.engine.writing import Writing
    from declarative.model.values import Fingerprinter

_SAID = tuple(name for name in RescuedRevision.model_fields if name != "details")
_MARK = "state"
_PAUSE = 0.5


def keep(
    ending: Ending, world: RunWorld, error: BackendError, failures: tuple[Diagnostic, ...]
) -> StateLostError:
    """Write the recovery file of a run and return the error that tells of it."""
    if ending.records:
        told = "The steps in flight were finished and no other was started. " + _kept(ending, world)
    elif ending.unknown:
        told = f"What was done to {', '.join(ending.unknown)} could not be looked at. {_ASKS}"
    else:
        told = "Nothing was changed in AWS."
    return StateLostError((*failures, Diagnostic(error.summary, f"{error.detail} {told}")))


def came_back(
    error: BackendError, revision: Revision | None, failures: tuple[Diagnostic, ...]
) -> StateLostError:
    """Return the error of a run that state failed in the middle, and answered in the end."""
    recorded = f"Revision {revision.number} records what was done" if revision else "Nothing was"
    told = (
        "Because of that no further step was started; those in flight were finished, and state "
        f"has answered since. {recorded}. See what is left with lamform plan."
    )
    return StateLostError((*failures, Diagnostic(error.summary, f"{error.detail} {told}")))


_ASKS = "Once state can be written again, lamform state recover asks AWS what the run did."


def _kept(ending: Ending, world: RunWorld) -> str:
    """Write the file and say where it is and what it is for."""
    name = f"lamform-recovery-{ending.run}.json"
    content = _document(ending, world.snapshot.fingerprinter).to_bytes()
    try:
        place = world.writing.keep(name, content)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        return f"{name} could not be written either ({reason}); nothing is lost. {_ASKS}"
    return (
        f"{place} keeps what was done. Once state can be written again, record it: "
        f"lamform state recover {place}"
    )


def _document(ending: Ending, fingerprinter: Fingerprinter) -> RecoveryFile:
    draft, base = ending.draft, ending.base
    return RecoveryFile(
        project=ending.plan.project,
        state=fingerprinter.fingerprint(_MARK),
        backend=ending.plan.backend,
        run=ending.run,
        base=Base(revision=base.number if base else 0, id=base.id if base else None),
        revision=RescuedRevision.model_validate(
            {**{name: getattr(draft, name) for name in _SAID}, "details": dict(draft.details)}
        ),
        records=dict(ending.records),
        unknown=ending.unknown,
    ).sealed()


def recover(writing: Writing) -> Revision | None:
    """Record what dead runs did as a revision; None where no run is open.

    Where all that are open hold leases, they are waited for as long as the command line said:
    a machine that has just died cannot be told from one that is at work.

    Raises:
        LeaseHeldError: open runs still hold leases, or another is at work on one of the releases.
        RemoteError: a release that such a run left open cannot be read.
    """
    dead = _dead_at_last(writing)
    if not dead:
        return None
    addresses = frozenset(address for run in dead for address in run.open)
    with take(writing, new_run(), addresses) as lease:
        return record_dead_runs(writing, lease, needed=lease.addresses, message=writing.message)


def _dead_at_last(writing: Writing) -> tuple[DeadRun, ...]:
    """Return the dead runs; where there are none, wait for those that are open to die or end."""
    deadline = time.monotonic() + writing.lock_timeout
    told: str | None = None
    while True:
        dead = dead_runs(writing.state, writing.runner)
        at_work = () if dead else runs_at_work(writing.state, writing.runner)
        if not at_work:
            return dead
        if time.monotonic() + _PAUSE > deadline:
            raise _not_known(at_work)
        _, lease = at_work[0]
        if writing.waiting is not None and told != lease.run:
            writing.waiting(lease)
            told = lease.run
        writing.stop.sleep(_PAUSE)


def _not_known(at_work: tuple[tuple[RunRecord, Lease], ...]) -> LeaseHeldError:
    first, _ = at_work[0]
    return LeaseHeldError.of(
        "Whether there is something to recover is not known yet",
        " ".join(still_open(run, lease) for run, lease in at_work)
        + " One that is at work needs no recovery. If it is dead, repeat this once its lease is "
        "over (--lock-timeout SECONDS waits for that), or take the lease away: "
        f"lamform state unlock {first.run}",
    )


def still_open(run: RunRecord, lease: Lease) -> str:
    """Return the sentence that says of an open run who holds its lease, and until when."""
    return (
        f"Run {run.run} of {lease.who} on {lease.host} (pid {lease.pid}) is open since "
        f"{run.started_at} and holds its lease until {lease.expires}, unless it renews it."
    )


def replay(
    found: RecoveryFile, writing: Writing, tell: Callable[[Diagnostic], None] = lambda _: None
) -> Revision | None:
    """Record what a recovery file keeps; None where its run was settled already.

    ``tell`` is told of outputs that have no value; they are recorded as they were before.

    Raises:
        LamformError: the file belongs to another state.
        LeaseHeldError: another run is at work on one of its releases.
        ConflictError: another run recorded one of its releases since.
    """
    state = writing.state
    if not state.exists() or fingerprinter_of(state).fingerprint(_MARK) != found.state:
        raise LamformError.of(
            "The file belongs to another state",
            f"It keeps what run {found.run} did to project {found.project}, whose state was in "
            f"{found.backend.kind} {dict(found.backend.settings)}. The files name another one.",
        )
    run = _open_run(state, found.run)
    if run is None:
        return None
    # Under the run's own id: it has ended, and whatever lease it left is replaced.
    with writing.lease(found.run, frozenset(run.addresses)) as lease:
        if _open_run(state, found.run) is None:
            return None
        ending = _ending(found, run, state)
        if writing.message:
            ending = replace(ending, draft=replace(ending.draft, message=writing.message))
        revision = commit_run(ending, writing, token=lease.token, tell=tell)
        with suppress(BackendError):  # otherwise they are looked at once more
            end_releases(ending, writing, token=lease.token)
        return revision


def _open_run(state: StateReader, name: str) -> RunRecord | None:
    return next((run for run in state.open_runs() if run.run == name), None)


def _ending(found: RecoveryFile, run: RunRecord, state: StateReader) -> Ending:
    if run.plan is None:
        raise LamformError.of(
            "A run cannot be recovered", f"Run {run.run} was begun without a plan."
        )
    said = found.revision
    return Ending(
        run=found.run,
        plan=read(Plan, state.objects([run.plan])[run.plan], f"The plan of run {run.run}"),
        base=_base(found, state),
        draft=RevisionDraft(**{name: getattr(said, name) for name in _SAID}, details=said.details),
        records=found.records,
        recorded=frozenset(found.records.keys() & state.resources().keys()),
        unknown=found.unknown,
    )


def _base(found: RecoveryFile, state: StateReader) -> Revision | None:
    if found.base.id is None:
        return None
    try:
        base = state.revision(found.base.revision)
    except RevisionNotFoundError:
        base = None
    if base is None or base.id != found.base.id:
        head = state.head()
        raise LamformError.of(
            "The history is another one",
            f"Run {found.run} began on revision {found.base.revision} with the id "
            f"{found.base.id}, which this state does not have (head is "
            f"{head.number if head else 0}); it may have been restored from a backup. "
            "lamform state recover without a file asks AWS what the run did.",
        )
    return base
