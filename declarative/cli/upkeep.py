"""``lamform state verify``, ``lamform state unlock`` and ``lamform state recover``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from backends.base import EVERYTHING, Lease
from declarative.cli import options, runs
from declarative.cli.history import history_revision
from declarative.cli.loading import inputs_of
from declarative.cli.runs import confirm
from declarative.cli.session import Session
from declarative.cli.wiring import ApplySettings, open_project
from declarative.engine.recovery import runs_at_work
from declarative.engine.rescue import recover as recover_runs
from declarative.engine.rescue import replay, still_open
from declarative.engine.verification import verify as verify_state
from declarative.errors import Diagnostic, LamformError
from declarative.model.rescue import RecoveryFile
from declarative.render.diagnostics import diagnostics_text
from declarative.render.documents import (
    StateRecoverDocument,
    StateUnlockDocument,
    StateVerifyDocument,
    UnlockedLease,
    document,
)
from declarative.render.look import printable
from declarative.render.reports import counted


def verify(
    context: typer.Context,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Read all of the state and report what of it is damaged."""
    session: Session = context.obj
    with open_project(inputs_of(session, var, var_file)) as opened:
        if not opened.world.state.exists():
            raise LamformError.of(
                "There is no state yet",
                "Nothing was ever recorded in the backend of the files, so there is nothing to "
                "verify. Check that this is the backend you mean.",
            )
        found = verify_state(opened.world.state)
    if session.json:
        session.document(
            document(
                StateVerifyDocument(
                    sound=not found.damage,
                    revisions=found.revisions,
                    objects=found.objects,
                    damage=found.damage,
                )
            )
        )
    elif found.damage:
        session.show("".join(f"{printable(one)}\n" for one in found.damage))
        session.say(
            f"The state is damaged in {counted(len(found.damage), 'place')}. Restore it from a "
            "backup; docs/state.md says how."
        )
    else:
        session.show(
            f"The state is sound: {counted(found.revisions, 'revision')}, "
            f"{counted(found.objects, 'object')}.\n"
        )
    if found.damage:
        raise typer.Exit(1)


def unlock(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="ID", help="The run that holds the lease.")],
    auto_approve: options.AutoApprove = False,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Take the lease of a run away, when it is gone and nothing else says so.

    The run can write nothing any more. What it did is found out by the next apply.
    """
    session: Session = context.obj
    with open_project(inputs_of(session, var, var_file)) as opened:
        state = opened.world.state
        held = {lease.run: lease for lease in state.leases()}
        lease = held.get(run)
        if lease is None:
            known = ", ".join(sorted(held)) or "there is none"
            raise LamformError.of(
                "No such lease", f'No run "{run}" holds a lease. Leases are held by: {known}.'
            )
        if not auto_approve:
            session.say(
                f"Run {run} by {printable(lease.who)} on {printable(lease.host)} (pid {lease.pid}, "
                f"`{printable(lease.command)}`) holds {_held(lease)} since "
                f"{lease.since}, until {lease.expires} unless it is renewed. If it is still at "
                "work, its next write fails and what it began stays half done."
            )
            confirm(session, "Do you want to take its lease away?", "Unlocking")
        state.unlock(run)
    if session.json:
        session.document(
            document(
                StateUnlockDocument(
                    unlocked=UnlockedLease(
                        run=lease.run,
                        who=lease.who,
                        host=lease.host,
                        pid=lease.pid,
                        command=lease.command,
                        since=lease.since,
                        expires=lease.expires,
                        addresses=tuple(sorted(_releases(lease))),
                    )
                )
            )
        )
    else:
        session.show(f"The lease of run {run} is gone. The next apply finds out what it did.\n")


def recover(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="What an apply kept when state could not be written."),
    ] = None,
    *,
    message: options.Message = "",
    lock_timeout: options.LockTimeout = 0.0,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Record what runs did that died or lost their state; nothing is changed in AWS.

    Without FILE, AWS is asked about the releases that such runs left open.
    """
    session: Session = context.obj
    kept = _read(file) if file is not None else None
    valueless: list[Diagnostic] = []
    with open_project(inputs_of(session, var, var_file)) as opened:
        settings = ApplySettings(message, lock_timeout=lock_timeout)
        writing = runs.recording(session, opened, settings)
        revision = replay(kept, writing, valueless.append) if kept else recover_runs(writing)
        at_work = () if kept else runs_at_work(writing.state, writing.runner)
    if valueless:
        warnings = [replace(one, severity="warning") for one in valueless]
        session.say(diagnostics_text(warnings, session.err_look))
    if session.json:
        report = history_revision(revision) if revision else None
        session.document(document(StateRecoverDocument(revision=report)))
    elif revision is None:
        session.show("Nothing to recover: " + (_SETTLED if kept else _NOTHING_OPEN))
    else:
        names = ", ".join(revision.changes)
        done = f"what was done to {printable(names)}" if names else "that nothing was done"
        session.show(f"Revision {revision.number} records {done}.\n")
    if not session.json:
        for run, lease in at_work:
            session.say(printable(f"{still_open(run, lease)} What it does is not recorded yet."))


_SETTLED = "the run is settled already.\n"
_NOTHING_OPEN = "no run was cut off.\n"


def _read(path: Path) -> RecoveryFile:
    """Return a recovery file, proven to be as it was written.

    Raises:
        LamformError: it cannot be read, or is none.
    """
    try:
        found = RecoveryFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise LamformError.of("The file cannot be read", f"{path}: {error.strerror}.") from error
    except ValidationError as error:
        raise LamformError.of(
            "Not a recovery file",
            f"{path} is not what an apply of this version keeps when state cannot be written. "
            "Without a file, lamform state recover asks AWS what was done.",
        ) from error
    if not found.is_whole:
        raise LamformError.of(
            "The recovery file was changed",
            f"The content of {path} does not have the seal that stands in it. Without a file, "
            "lamform state recover asks AWS what was done.",
        )
    return found


def _held(lease: Lease) -> str:
    if EVERYTHING in lease.exclusive:
        return "the whole state"
    return counted(len(_releases(lease)), "release")


def _releases(lease: Lease) -> list[str]:
    """Return the releases of a lease, which holds names of new functions as well."""
    return [address for address in lease.addresses if address.startswith("release.")]
