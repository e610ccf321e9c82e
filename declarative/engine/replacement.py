"""Replacing a function under its own name: no call changes some fields, so it is made anew.

All of it belongs to *finish*: the function is deleted with its versions and aliases and
created again, and whoever calls it in between fails. A release that names another function
is replaced without that, see ``intents``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from declarative.engine.compare import compare
from declarative.engine.observe import Observation
from declarative.engine.sequence import Sequence, lower
from declarative.engine.versions import VersionChoice, choose_version
from declarative.model import fields
from declarative.model.plan import Action, Change
from declarative.model.steps import DeleteFunction, Phase, StagePackage, Target

if TYPE_CHECKING:
    from declarative.engine.compare import Comparison, Worlds
    from declarative.model.fields import Path

_REASON: Final = (
    "no call changes {fields}: the function is deleted and created anew, with its versions "
    "and aliases; callers fail meanwhile, and what the files do not declare goes back to AWS's "
    "defaults"
)


@dataclass(frozen=True, slots=True)
class Renewal:
    """How a function is made anew: what the plan shows of it, and its steps."""

    choice: VersionChoice
    sequence: Sequence
    changes: tuple[Change, ...]


def fixed_fields(comparison: Comparison) -> tuple[Path, ...]:
    """Return the fields that differ and that no call changes."""
    if comparison.before is None:
        return ()
    return fields.replacing(comparison.before, comparison.after)


def renew(worlds: Worlds, comparison: Comparison, fixed: tuple[Path, ...]) -> Renewal:
    """Return what makes a release anew under the name it has."""
    gone = replace(worlds, recorded=None, observed=Observation(None))
    creation = compare(gone)
    choice = choose_version(gone, creation, others={}, exists=lambda _: False)
    made = lower(gone, creation, choice)
    delete = DeleteFunction(
        release=worlds.desired.address, phase=Phase.FINISH, target=target(worlds)
    )
    steps = [step.model_copy(update={"phase": Phase.FINISH}) for step in made.steps]
    # What can fail without harm comes before the function is gone.
    first = [step for step in steps if isinstance(step, StagePackage)]
    then = [step for step in steps if not isinstance(step, StagePackage)]
    moves = {
        name: move.model_copy(update={"origin": observed.function_version, "expected": None})
        for name, move in made.aliases.items()
        if (observed := worlds.observed.aliases.get(name))
    }
    return Renewal(
        choice=replace(choice, expected=None),
        sequence=replace(made, steps=(*first, delete, *then), aliases={**made.aliases, **moves}),
        changes=_changes(worlds, comparison, fixed, made),
    )


def target(worlds: Worlds) -> Target:
    """Return the function that is made anew."""
    desired = worlds.desired
    return Target(
        connector=desired.connector.address,
        account_id=desired.account_id,
        region=desired.region,
        function_name=desired.function_name,
    )


def _changes(
    worlds: Worlds, comparison: Comparison, fixed: tuple[Path, ...], made: Sequence
) -> tuple[Change, ...]:
    names = ", ".join(".".join(path) for path in fixed)
    address = worlds.address
    function = Change(
        address=str(address.part("function")),
        kind="function",
        action=Action.REPLACE,
        reason=_REASON.format(fields=names),
        attributes=comparison.function,
    )
    there = {str(address.part("alias", name)) for name in worlds.observed.aliases}
    if worlds.recorded is not None:
        there.update(f"{worlds.desired.address}.{part}" for part in worlds.recorded.settings)
    lost = _lost(worlds)
    return (
        function,
        *(
            one.model_copy(update={"action": Action.REPLACE}) if one.address in there else one
            for one in (*made.alias_changes, *made.setting_changes)
        ),
        *lost,
    )


def _lost(worlds: Worlds) -> tuple[Change, ...]:
    """Return the recorded aliases that nothing declares any more: they go with the function."""
    earlier = worlds.recorded.aliases if worlds.recorded else {}
    return tuple(
        Change(
            address=str(worlds.address.part("alias", name)),
            kind="alias",
            action=Action.DELETE,
            reason="no longer declared",
        )
        for name in sorted(earlier)
        if name not in worlds.desired.aliases and name in worlds.observed.aliases
    )
