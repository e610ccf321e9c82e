"""Replacing a function under its own name: no call changes some fields, so it is made anew.

All of it belongs to *finish*: the function is deleted with its versions and aliases and
created again, and whoever calls it in between fails. A release that names another function
is replaced without that, see ``intents``. Nobody calls a function whose creation failed: it
is made anew in *prepare*, as it was to be.
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

_REASON: Final = (
    "no call changes {fields}: the function is deleted and created anew, with its versions "
    "and aliases; callers fail meanwhile, and what the files do not declare goes back to AWS's "
    "defaults"
)
_FAILED: Final = (
    "its creation failed ({reason}) and it never had a version: it is deleted and created anew"
)


@dataclass(frozen=True, slots=True)
class Renewal:
    """How a function is made anew: what the plan shows of it, and its steps."""

    choice: VersionChoice
    sequence: Sequence
    changes: tuple[Change, ...]


def why_anew(worlds: Worlds, comparison: Comparison) -> str:
    """Return why the function has to be made anew under its name; nothing where it has not."""
    if comparison.before is None:
        return ""
    fixed = fields.replacing(comparison.before, comparison.after)
    if fixed:
        return _REASON.format(fields=", ".join(".".join(path) for path in fixed))
    function = worlds.observed.function
    if function is not None and _never_worked(worlds):
        return _FAILED.format(reason=function.reason or "AWS does not say why")
    return ""


def _never_worked(worlds: Worlds) -> bool:
    """Whether all there is of a function is that its creation failed, by lamform's hand.

    Such a function cannot be repaired. One that worked before, or was adopted, can be
    ``Failed`` as well (its key or its network is gone), and has what must not be lost.
    """
    function, recorded = worlds.observed.function, worlds.recorded
    if function is None or recorded is None or worlds.restore is not None:
        return False
    known = not recorded.created or recorded.versions or recorded.status in ("applied", "edited")
    return function.state == "Failed" and not (known or worlds.observed.aliases)


def renew(worlds: Worlds, comparison: Comparison, why: str) -> Renewal:
    """Return what makes a release anew under the name it has."""
    gone = replace(worlds, recorded=None, observed=Observation(None))
    creation = compare(gone)
    choice = choose_version(gone, creation, others={}, exists=lambda _: False)
    made = lower(gone, creation, choice)
    called = not _never_worked(worlds)
    delete = DeleteFunction(
        release=worlds.desired.address,
        phase=Phase.FINISH if called else Phase.PREPARE,
        target=target(worlds),
    )
    steps = [
        step.model_copy(update={"phase": Phase.FINISH}) if called else step for step in made.steps
    ]
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
        changes=_changes(worlds, comparison, why, made),
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
    worlds: Worlds, comparison: Comparison, why: str, made: Sequence
) -> tuple[Change, ...]:
    address = worlds.address
    function = Change(
        address=str(address.part("function")),
        kind="function",
        action=Action.REPLACE,
        reason=why,
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
