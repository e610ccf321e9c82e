"""``lamform state verify`` and ``lamform state unlock``."""

from __future__ import annotations

from typing import Annotated

import typer

from backends.base import EVERYTHING, Lease
from declarative.cli import options
from declarative.cli.loading import inputs_of
from declarative.cli.runs import confirm
from declarative.cli.session import Session
from declarative.cli.wiring import open_project
from declarative.engine.verification import verify as verify_state
from declarative.errors import LamformError
from declarative.render.documents import (
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
                        addresses=tuple(sorted(lease.addresses)),
                    )
                )
            )
        )
    else:
        session.show(f"The lease of run {run} is gone. The next apply finds out what it did.\n")


def _held(lease: Lease) -> str:
    if EVERYTHING in lease.exclusive:
        return "the whole state"
    return counted(len(lease.addresses), "release")
