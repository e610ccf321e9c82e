"""``lamform revert``, also called ``rollback``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backends.base import Revision
from declarative.cli import options, plans, runs
from declarative.cli.session import Session
from declarative.cli.wiring import ApplySettings, OpenProject, open_project, runner
from declarative.engine.recovery import dead_runs
from declarative.engine.revert import plan_revert
from declarative.model.address import select
from declarative.model.plan import Selection

_HEALTHY = ("applied", "edited")


def revert(
    context: typer.Context,
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="The number of a revision, or previous.")
    ],
    *,
    only: options.Only = None,
    if_failed: Annotated[
        bool,
        typer.Option("--if-failed", help="Do nothing unless the newest revision ended badly."),
    ] = False,
    allow_failed: Annotated[
        bool,
        typer.Option("--allow-failed", help="Go back even to a release that failed then."),
    ] = False,
    auto_approve: options.AutoApprove = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Save the plan, apply nothing.")
    ] = None,
    message: options.Message = "",
    parallelism: options.Parallelism = 10,
    lock_timeout: options.LockTimeout = 0.0,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Go back to an earlier revision, as a new revision.

    A number means every release that differs from that revision; previous means the releases
    that the newest revision changed.
    """
    session: Session = context.obj
    with open_project(plans.inputs_of(var, var_file)) as opened:
        head = opened.world.state.head()
        if if_failed and _is_healthy(opened, head):
            runs.tell_nothing(session, "Nothing has failed: nothing to go back from.")
            return
        made = _make(opened, target, tuple(only or ()), allow_failed=allow_failed)
        if session.json and out is None:
            plans.judge(made.plan)
        else:
            plans.present(session, made.plan)
        if out is not None:
            plans.save(made.plan, out)
            session.say(f"\nSaved to {out}. Apply exactly this with: lamform apply {out}")
            return
        if made.plan.is_empty:
            runs.tell_nothing(session)
            return
        consent = runs.Consent(auto_approve)
        runs.ask(session, opened.world, consent, "Do you want to go back to this?")
        settings = ApplySettings(message, parallelism, lock_timeout)
        raise typer.Exit(runs.run(session, opened.world, made.plan, made.secrets, settings))


def _is_healthy(opened: OpenProject, head: Revision | None) -> bool:
    """Whether the last run ended well; one that was cut off has recorded nothing yet."""
    if dead_runs(opened.world.state, runner()):
        return False
    return head is None or head.status in _HEALTHY


def _make(
    opened: OpenProject, target: str, only: tuple[str, ...], *, allow_failed: bool
) -> plans.Made:
    snapshot = opened.snapshot()
    # A release may be deleted by now, or not have existed then: both can be named.
    known = {*snapshot.releases, *opened.project.releases()}
    chosen = select(known, only) if only else None
    secrets = opened.secrets()
    selection = Selection(only=tuple(sorted(chosen or ())))
    plan = plan_revert(
        target,
        opened.request((), selection),
        opened.world.reading(secrets),
        only=chosen,
        allow_failed=allow_failed,
    )
    return plans.Made(plan, secrets)
