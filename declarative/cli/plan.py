"""``lamform plan`` and ``lamform show``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from declarative.cli import options, plans
from declarative.cli.loading import inputs_of, warn
from declarative.cli.session import Session
from declarative.cli.wiring import open_project

_CHANGES = 2


def plan(
    context: typer.Context,
    *,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Save the plan for apply.")
    ] = None,
    style: options.FormatOption = None,
    detailed_exitcode: Annotated[
        bool,
        typer.Option("--detailed-exitcode", help="Exit 2 when apply would write something."),
    ] = False,
    only: options.Only = None,
    exclude: options.Exclude = None,
    environment: options.Environments = None,
    destroy: options.Destroy = False,
    refresh: options.RefreshOption = options.Refresh.FULL,
    roll_forward: options.RollForward = False,
    no_adopt: options.NoAdopt = False,
    take_over: options.TakeOver = False,
    adopt_removes_env: options.AdoptRemovesEnv = False,
    leave_triggers: options.LeaveTriggers = False,
    parallelism: options.Parallelism = 10,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Show what apply would do, and change nothing."""
    session: Session = context.obj
    session.use(style)
    plans.expect_place(out)
    consent = options.consent(no_adopt, take_over, adopt_removes_env, leave_triggers)
    selected = plans.Selected(
        tuple(only or ()),
        tuple(exclude or ()),
        tuple(environment or ()),
        destroy,
        refresh,
        roll_forward,
        consent,
    )
    with open_project(inputs_of(session, var, var_file)) as opened:
        made = plans.make(opened, selected, parallelism=parallelism).plan
        warn(session, opened.project)
    plans.present(session, made)
    if out is not None:
        plans.save(session, made, out)
    if detailed_exitcode and not made.is_empty:
        raise typer.Exit(_CHANGES)


def show(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A plan saved by plan --out.")],
    style: options.FormatOption = None,
) -> None:
    """Show a saved plan again."""
    session: Session = context.obj
    session.use(style)
    plans.show(session, plans.read(file))
