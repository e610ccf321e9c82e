"""What plan, apply, revert and show have in common: making, showing and judging a plan."""

from __future__ import annotations

import difflib
import json
import logging
import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from declarative.cli.files import write_whole
from declarative.engine.planner import make_plan
from declarative.errors import (
    ConfigurationError,
    Diagnostic,
    LamformError,
    RefusedError,
    StalePlanError,
)
from declarative.language.world import UnknownWorld
from declarative.model.address import select
from declarative.model.plan import PLAN_FORMAT, Consent, Plan, Selection
from declarative.render.diagnostics import diagnostics_text
from declarative.render.documents import document
from declarative.render.text import plan_text
from declarative.render.view import plan_view

if TYPE_CHECKING:
    from collections.abc import Iterable

    from declarative.cli.options import Refresh
    from declarative.cli.session import Session
    from declarative.cli.wiring import OpenProject, World
    from declarative.engine.secrets import Secrets
    from declarative.model.bound import BoundRelease

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Selected:
    """What the command line says about which releases to plan, and how."""

    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    destroy: bool = False
    refresh: Refresh | None = None
    roll_forward: bool = False
    consent: Consent = field(default_factory=Consent)

    def addresses(self, opened: OpenProject) -> frozenset[str] | None:
        """Return the selected releases of the files, or None for all of them.

        Raises:
            LamformError: a pattern or an environment is not there.
        """
        if not (self.only or self.exclude or self.environments):
            return None
        declared = opened.project.releases()
        chosen = select(declared, self.only) if self.only else frozenset(declared)
        if self.exclude:
            chosen -= select(declared, self.exclude)
        if self.environments:
            chosen &= _in_environments(opened, self.environments)
        return chosen

    def selection(self, opened: OpenProject) -> Selection:
        """Return the selection as plans hold it: in addresses, however they were spelled."""
        declared = opened.project.releases()
        return Selection(
            only=tuple(sorted(select(declared, self.only))) if self.only else (),
            exclude=tuple(sorted(select(declared, self.exclude))) if self.exclude else (),
            environments=tuple(sorted(self.environments)),
            destroy=self.destroy,
            refresh=self.refresh.value if self.refresh else "full",
            roll_forward=self.roll_forward,
            consent=self.consent,
        )


def _in_environments(opened: OpenProject, wanted: Iterable[str]) -> frozenset[str]:
    # Bound without asking anybody: the others' accounts are never touched. What cannot be
    # bound like that is bound with the world.
    bound = {release.address: release for release in opened.project.bind(UnknownWorld())}
    missing = frozenset(opened.project.releases()) - bound.keys()
    everything = [*bound.values(), *(opened.bind(missing, secrets=False) if missing else ())]
    check_environments(wanted, {release.environment for release in everything})
    return frozenset(one.address for one in everything if one.environment in set(wanted))


def check_environments(wanted: Iterable[str], known: Iterable[str]) -> None:
    """Refuse the name of an environment that no release is bound to.

    Raises:
        LamformError: naming it, with near names.
    """
    names = sorted(set(known))
    for name in wanted:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            there = f"There are: {', '.join(names)}." if names else "There is no release."
            hint = f"Did you mean {near[0]}?" if near else there
            raise LamformError.of(
                "No such environment", f'No release is bound to an environment "{name}". {hint}'
            )


def recorded_in(
    opened: OpenProject, environments: Iterable[str], *, at: int | None = None
) -> frozenset[str]:
    """Return the releases that are recorded in one of the environments, now or at a revision.

    Raises:
        LamformError: no release is recorded in one of them.
    """
    wanted = frozenset(environments)
    snapshots = [opened.snapshot(), *([] if at is None else [opened.snapshot(at=at)])]
    releases = {
        (address, recorded.record.desired.environment)
        for snapshot in snapshots
        for address, recorded in snapshot.releases.items()
    }
    check_environments(wanted, {name for _, name in releases})
    return frozenset(address for address, name in releases if name in wanted)


@dataclass(frozen=True, slots=True)
class Made:
    """A plan made in this process, and the secrets that apply needs for it."""

    plan: Plan
    secrets: Secrets


def make(opened: OpenProject, selected: Selected, *, parallelism: int = 10) -> Made:
    """Return the plan of the selected releases.

    Raises:
        ConfigurationError: the files ask for what this version cannot do yet.
    """
    if opened.project.unsupported:
        raise ConfigurationError(opened.project.unsupported)
    addresses = selected.addresses(opened)
    releases: tuple[BoundRelease, ...] = opened.bind(addresses, secrets=not selected.destroy)
    secrets = opened.secrets(releases, unasked=opened.project.releases())
    request = opened.request(releases, selected.selection(opened))
    plan = make_plan(request, opened.world.reading(secrets, parallelism))
    log_calls(opened.world)
    return Made(plan, secrets)


def log_calls(world: World) -> None:
    """Log how often AWS was asked what so far."""
    calls = world.cloud.calls()
    _LOG.info("%d AWS calls: %s", sum(calls.values()), dict(sorted(calls.items())))


def show(session: Session, plan: Plan) -> None:
    """Write a plan to stdout, its warnings to stderr."""
    if session.json:
        session.document(document(plan))
        return
    warnings = [one for one in _diagnostics(plan) if one.severity == "warning"]
    if warnings:
        session.say(diagnostics_text(warnings, session.err_look) + "\n")
    session.show(plan_text(plan_view(plan), session.look))


def judge(plan: Plan) -> None:
    """Refuse a plan that must not be saved or applied.

    Raises:
        LamformError: part of the project could not be planned.
        RefusedError: a guard refuses it.
    """
    errors = tuple(one for one in _diagnostics(plan) if one.severity == "error")
    if errors:
        raise LamformError(errors)
    if plan.blocked_by:
        raise RefusedError(
            tuple(Diagnostic("The plan is refused", reason) for reason in plan.blocked_by)
        )


def present(session: Session, plan: Plan) -> None:
    """Show a plan, then refuse it if it must not be applied; JSON shows only one of both."""
    if session.json:
        judge(plan)
    show(session, plan)
    judge(plan)


def _diagnostics(plan: Plan) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(one.summary, one.detail, one.severity, one.address) for one in plan.diagnostics
    )


def expect_place(path: Path | None) -> None:
    """Refuse a place where a plan cannot be saved, before the work of making one.

    Raises:
        LamformError: naming the path and why.
    """
    if path is None:
        return
    if path.is_dir():
        raise _not_saved(path, "this is a directory")
    if not path.parent.is_dir():
        raise _not_saved(path, "its directory does not exist")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise _not_saved(path, "you may not write into its directory")


def _not_saved(path: Path, reason: str) -> LamformError:
    return LamformError.of(
        "The plan cannot be saved",
        f"{path}: {reason}. Name a file in a directory that you may write to.",
    )


def save(session: Session, plan: Plan, path: Path) -> None:
    """Write a plan to a file, whole or not at all, and say how to go on.

    Raises:
        LamformError: it cannot be written.
    """
    try:
        write_whole(path, plan.to_bytes())
    except OSError as error:
        raise _not_saved(path, error.strerror or str(error)) from error
    shown = shlex.quote(str(path))
    session.say(f"Saved to {shown}. Apply exactly this with: lamform apply {shown}")


def read(path: Path) -> Plan:
    """Return a saved plan, proven to be as it was saved.

    Raises:
        LamformError: the file is no plan, or a plan of another version.
        StalePlanError: its content is not what its id stands for.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LamformError.of(
            "The plan cannot be read",
            f"{path}: {error.strerror}. Make a plan with: lamform plan --out FILE",
        ) from error
    try:
        version = json.loads(data).get("format_version")
    except (ValueError, AttributeError) as error:
        raise LamformError.of(
            "Not a plan", f"{path} is no saved plan. Make one with: lamform plan --out FILE"
        ) from error
    if not isinstance(version, str) or version.partition(".")[0] != PLAN_FORMAT.partition(".")[0]:
        raise LamformError.of(
            "A plan of another version",
            f"{path} has the format {version}, this lamform reads {PLAN_FORMAT}. Plan again.",
        )
    try:
        plan = Plan.model_validate_json(data)
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(step) for step in problem["loc"])
        raise LamformError.of(
            "Not a plan", f"{path}: {place}: {problem['msg']}. Make it again with lamform plan."
        ) from error
    if plan.plan_id != plan.identify():
        raise StalePlanError.of(
            "The plan was changed after it was saved",
            f"The content of {path} does not have the id that stands in it. Plan again.",
        )
    return plan


def expect_id(plan: Plan, wanted: str | None) -> None:
    """Refuse a plan that is not the one that was reviewed.

    Raises:
        StalePlanError: its id is not ``wanted``.
    """
    if wanted is not None and wanted != plan.plan_id:
        raise StalePlanError.of(
            "This is not the plan that was reviewed",
            f"Its id is {plan.plan_id}, asked for was {wanted}. The files, AWS or state have "
            "changed in between. Review the new plan.",
        )
