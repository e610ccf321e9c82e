"""``lamform apply``: a saved plan, or one made now."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from declarative.cli import options, plans, runs
from declarative.cli.loading import inputs_of, warn
from declarative.cli.session import Session
from declarative.cli.wiring import ApplySettings, World, open_project, open_world
from declarative.engine.guards import refuse_schedules
from declarative.engine.secrets import Secrets
from declarative.engine.shards import Shard, shard_of
from declarative.errors import LamformError, OvertakenError, RefusedError
from declarative.model.plan import Plan
from declarative.render.reports import counted

if TYPE_CHECKING:
    from declarative.language.inputs import VariableInputs

_DIGITS = 9
_QUESTION = "Do you want to perform these actions?"


def apply(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A plan saved by plan --out.")
    ] = None,
    *,
    auto_approve: options.AutoApprove = False,
    plan_id: options.PlanId = None,
    new_state: options.NewState = False,
    message: options.Message = "",
    parallelism: options.Parallelism = 10,
    lock_timeout: options.LockTimeout = 0.0,
    shard: options.ShardOption = None,
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
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Apply a saved plan without asking; without FILE, plan, ask and apply.

    With --plan-id the id is the yes: nothing is asked, and any other plan is refused.
    """
    session: Session = context.obj
    part = _part(shard, file)
    told = message or (f"shard {part}" if part else "")
    settings = ApplySettings(told, parallelism, lock_timeout)
    agreed = runs.Consent(auto_approve or plan_id is not None or file is not None, new_state)
    inputs = inputs_of(session, var, var_file)
    chosen = (tuple(only or ()), tuple(exclude or ()), tuple(environment or ()))
    consent = options.consent(no_adopt, take_over, adopt_removes_env, leave_triggers)
    selected = plans.Selected(*chosen, destroy, refresh, roll_forward, consent)
    if file is not None:
        _refuse_selection(selected)
        made = plans.read(file)
        plans.expect_id(made, plan_id)
        made = _divided(session, made, part)
        with open_world(made.backend, made.project, inputs) as world:
            raise typer.Exit(_carry_out(session, world, made, world.secrets(), (agreed, settings)))
    raise typer.Exit(_plan_and_apply(session, inputs, selected, plan_id, (agreed, settings)))


def _plan_and_apply(
    session: Session,
    inputs: VariableInputs,
    selected: plans.Selected,
    plan_id: str | None,
    asked: tuple[runs.Consent, ApplySettings],
) -> int:
    """Plan and apply; with time to wait for other runs, plan again where one changed something.

    Nobody waits only to be told that the plan is out of date. What was reviewed elsewhere is
    applied as it was reviewed, or not at all.
    """
    consent, settings = asked
    deadline = time.monotonic() + settings.lock_timeout
    while True:
        try:
            with open_project(inputs) as opened:
                fresh = plans.make(opened, selected, parallelism=settings.parallelism)
                warn(session, opened.project)
                plans.expect_id(fresh.plan, plan_id)
                world = opened.world
                return _carry_out(session, world, fresh.plan, fresh.secrets, (consent, settings))
        except OvertakenError:
            left = deadline - time.monotonic()
            if plan_id is not None or left <= 0:
                raise
            session.say("Another run has changed what was planned here. Planning again.\n")
            settings = replace(settings, lock_timeout=left)


def _carry_out(
    session: Session,
    world: World,
    plan: Plan,
    secrets: Secrets,
    asked: tuple[runs.Consent, ApplySettings],
) -> int:
    consent, settings = asked
    if session.json:
        plans.judge(plan)
    else:
        plans.present(session, plan)
    refuse_schedules(plan)
    if plan.is_empty:
        _refuse_held(plan)
        runs.tell_nothing(session)
        return 0
    runs.ask(session, world, consent, _QUESTION)
    return runs.run(session, world, plan, secrets, settings)


def _part(written: str | None, file: Path | None) -> Shard | None:
    """Return which part of a plan is asked for.

    Raises:
        LamformError: it is none, or there is no plan that all parts share.
    """
    if written is None:
        return None
    index, slash, count = written.partition("/")
    numbers = [int(one) for one in (index, count) if one.isdecimal() and len(one) <= _DIGITS]
    if not (slash and len(numbers) == 2 and 1 <= numbers[0] <= numbers[1]):  # noqa: PLR2004 - I and N
        raise LamformError.of(
            "No such shard",
            f'--shard takes I/N, such as 2/4 for the second of four; found "{written}".',
        )
    if file is None:
        raise LamformError.of(
            "Shards share one saved plan",
            "Runs that plan for themselves would divide different plans, and leave out what "
            "falls between. Make one with lamform plan --out FILE and give it to every shard.",
        )
    return Shard(*numbers)


def _divided(session: Session, plan: Plan, part: Shard | None) -> Plan:
    """Return one part of a plan, and say what that means; the whole where none is named."""
    if part is None:
        return plan
    divided = shard_of(plan, part)
    whole = counted(len(plan.releases), "release")
    session.say(
        f"Shard {part}: {len(divided.releases)} of the plan's {whole}. "
        "The phases of an apply hold within a shard: aliases of this one may move while "
        "another is still preparing."
    )
    return divided


def _refuse_selection(selected: plans.Selected) -> None:
    """A saved plan has chosen already: options that choose would be ignored."""
    if selected != plans.Selected(refresh=options.Refresh.FULL):
        raise LamformError.of(
            "A saved plan cannot be selected from",
            "--only, --exclude, --environment, --destroy, --refresh, --roll-forward and what a "
            "plan needs consent for belong to the making of a plan. Give them to lamform plan, "
            "or leave out the file.",
        )


def _refuse_held(plan: Plan) -> None:
    """Say so where nothing is left to apply because a revert holds it."""
    if plan.summary.held:
        raise RefusedError.of(
            "A revert is in force",
            "All that differs is held back since a revert went back from it. Change what the "
            "files want, or end the hold with --roll-forward.",
        )
