"""``lamform revert``, also called ``rollback``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from backends.base import Revision
from declarative.cli import options, plans, runs
from declarative.cli.loading import inputs_of
from declarative.cli.session import Session
from declarative.cli.wiring import ApplySettings, OpenProject, open_project, runner
from declarative.engine.recovery import dead_runs
from declarative.engine.revert import plan_revert
from declarative.model.address import select
from declarative.model.plan import Selection

_HEALTHY = ("applied", "edited")

_IfFailed: TypeAlias = Annotated[
    bool, typer.Option("--if-failed", help="Do nothing unless the newest revision ended badly.")
]
_Target: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="TARGET",
        help="The number of a revision, or previous.",
        callback=options.revert_target,
    ),
]
_AllowFailed: TypeAlias = Annotated[
    bool, typer.Option("--allow-failed", help="Go back even to a release that failed then.")
]


def revert(
    context: typer.Context,
    target: _Target,
    *,
    only: options.Only = None,
    environment: options.Environments = None,
    if_failed: _IfFailed = False,
    allow_failed: _AllowFailed = False,
    take_over: options.TakeOver = False,
    adopt_removes_env: options.AdoptRemovesEnv = False,
    leave_triggers: options.LeaveTriggers = False,
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
    plans.expect_place(out)
    with open_project(inputs_of(session, var, var_file)) as opened:
        head = opened.world.state.head()
        if if_failed and _is_healthy(opened, head):
            runs.tell_nothing(session, "Nothing has failed: nothing to go back from.")
            return
        chosen = _chosen(opened, only, environment, _earlier(target, head))
        selection = Selection(
            only=tuple(sorted(chosen or ())),
            environments=tuple(sorted(environment or ())),
            consent=options.consent(False, take_over, adopt_removes_env, leave_triggers),
        )
        made = _make(opened, target, chosen, selection, allow_failed=allow_failed)
        if session.json and out is None:
            plans.judge(made.plan)
        else:
            plans.present(session, made.plan)
        if out is not None:
            plans.save(session, made.plan, out)
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


def _earlier(target: str, head: Revision | None) -> int | None:
    """Return the revision in which deleted releases are looked up, if there is one."""
    if head is None:
        return None
    number = int(target) if target.isdecimal() else head.number - 1
    return number if 0 < number < head.number else None


def _chosen(
    opened: OpenProject,
    only: list[str] | None,
    environments: list[str] | None,
    earlier: int | None,
) -> frozenset[str] | None:
    """Return the releases to go back with, or None for all.

    Those that were deleted since ``earlier`` are found in that revision.
    """
    # A release may be deleted by now, or not have existed then: both can be named.
    known = {*opened.snapshot().releases, *opened.project.releases()}
    named = select(known, only) if only else None
    if not environments:
        return named
    recorded = plans.recorded_in(opened, environments, at=earlier)
    return recorded if named is None else recorded & named


def _make(
    opened: OpenProject,
    target: str,
    chosen: frozenset[str] | None,
    selection: Selection,
    *,
    allow_failed: bool,
) -> plans.Made:
    secrets = opened.secrets()
    plan = plan_revert(
        target,
        opened.request((), selection),
        opened.world.reading(secrets),
        only=chosen,
        allow_failed=allow_failed,
    )
    return plans.Made(plan, secrets)
