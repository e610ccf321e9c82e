"""What stops a plan: releases that cannot be planned, and changes that are refused.

Problems are errors of the project or of the credentials (exit 1). Refusals are guards that
a person can lift (exit 6); the plan is still shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from declarative.engine.compare import Comparison, Worlds, removed_environment
from declarative.engine.desired import OWNERSHIP_TAG
from declarative.engine.setting_ports import Unreadable
from declarative.errors import ConfigurationError, Diagnostic
from declarative.model.address import PartKey
from declarative.model.plan import Action, PlannedDiagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from declarative.model.desired import DesiredRelease
    from declarative.model.plan import Consent, Plan, PlannedRelease
    from declarative.model.revision import ReleaseRecord

_SHOWN = 3
"""How many of a long list are named."""

_STACK_TAG: Final = "aws:cloudformation:stack-name"

_NEEDED: Final = {"Zip": ("role", "runtime", "handler"), "Image": ("role",)}
"""What AWS needs to create a function, by its package type."""


def problems_of(worlds: Worlds) -> tuple[PlannedDiagnostic, ...]:
    """Return what makes a release impossible to plan."""
    desired, function = worlds.desired, worlds.observed.function
    found = list(_unwarmed(desired)) if worlds.restore is None else []
    if function is None:
        return (*found, *incomplete(worlds, "does not exist yet"))
    found.extend(_dropped(worlds))
    if desired.tags is not None and function.tags is None:
        found.append(
            PlannedDiagnostic(
                severity="error",
                summary="The tags cannot be read",
                detail="AWS withheld the function's tags, so changing them could overwrite some. "
                "Give the credentials lambda:ListTags. " + function.unreadable.get("tags", ""),
                address=desired.address,
            )
        )
    found.extend(
        PlannedDiagnostic(
            severity="error",
            summary=f"The function's {name} cannot be read",
            detail=f"AWS withheld it, so a plan could overwrite it unseen: {reason}",
            address=desired.address,
        )
        for name, reason in sorted(function.unreadable.items())
        if name != "tags"
    )
    found.extend(_withheld(worlds))
    return tuple(found)


def incomplete(worlds: Worlds, why: str) -> tuple[PlannedDiagnostic, ...]:
    """Return what lacks to create the function, which is done since it ``why``."""
    desired = worlds.desired
    given = worlds.restore.attributes if worlds.restore else desired.function
    return tuple(
        PlannedDiagnostic(
            severity="error",
            summary=f"{name} is needed to create the function",
            detail=f"{desired.function_name} {why}, and AWS creates no function without {name}. "
            f"Set {name} in the function block of {desired.service}.",
            address=desired.address,
        )
        for name in _NEEDED[desired.artifact.package_type]
        if given.get(name) is None
    )


def _dropped(worlds: Worlds) -> Iterator[PlannedDiagnostic]:
    """Yield what was declared, is no longer, and has no default to go back to."""
    desired, recorded = worlds.desired, worlds.recorded
    earlier = recorded.function.declared if recorded and recorded.function else ()
    needed = _NEEDED[desired.artifact.package_type]
    for name in needed if worlds.restore is None else ():
        if (name,) in earlier and (name,) not in desired.declared:
            yield PlannedDiagnostic(
                severity="error",
                summary=f"{name} cannot be taken away",
                detail=f"{desired.service} no longer declares {name}, and AWS has no default for "
                f"it to go back to. Set {name} in the function block again.",
                address=desired.address,
            )


def _withheld(worlds: Worlds) -> Iterator[PlannedDiagnostic]:
    """Yield the settings that a plan would overwrite unseen."""
    for part, seen in worlds.observed.settings.items():
        if isinstance(seen, Unreadable):
            address = str(worlds.address.at(PartKey.parse(part)))
            yield PlannedDiagnostic(
                severity="error",
                summary="A setting cannot be read",
                detail=f"AWS withheld {address}, so a plan could overwrite it unseen. Give the "
                f"credentials {seen.permission}. {seen.reason}",
                address=address,
            )


def _unwarmed(desired: DesiredRelease) -> Iterator[PlannedDiagnostic]:
    """Yield the aliases with weights beside provisioned concurrency, which AWS refuses."""
    for name, alias in desired.aliases.items():
        if str(PartKey(name, "provisioned_concurrency")) not in desired.settings:
            continue
        if alias.routing or alias.strategy.schedule:
            what = "routing" if alias.routing else "a strategy that moves traffic in steps"
            cure = "Remove one of the two" if alias.routing else 'Let its strategy be "all_at_once"'
            yield PlannedDiagnostic(
                severity="error",
                summary="An alias with provisioned concurrency cannot have weights",
                detail=f"Alias {name} has provisioned_concurrent_executions and {what}. AWS "
                f"refuses weights on such an alias. {cure}.",
                address=desired.address,
            )


@dataclass(frozen=True, slots=True)
class Owner:
    """Who else claims a function, by its tags.

    Attributes:
        claim: The claim as a predicate: ``belongs to the CloudFormation stack shop``.
        advice: What to do about it, besides ``--take-over``.
    """

    claim: str
    advice: str


def owners_of(tags: Mapping[str, str], project: str) -> tuple[Owner, ...]:
    """Return who besides ``project`` owns a function with these tags."""
    owners: list[Owner] = []
    owner = tags.get(OWNERSHIP_TAG)
    if owner is not None and owner != project:
        owners.append(
            Owner(
                f"belongs to the lamform project {owner}",
                f"Remove its tag {OWNERSHIP_TAG} if that project has given it up",
            )
        )
    stack = tags.get(_STACK_TAG)
    if stack is not None:
        owners.append(
            Owner(
                f"belongs to the CloudFormation stack {stack}, which would undo every change",
                "Use another function_name, or take it out of the stack",
            )
        )
    return tuple(owners)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be said of an adoption: why it is refused, and what was consented to."""

    refusals: tuple[str, ...] = ()
    warnings: tuple[PlannedDiagnostic, ...] = ()


def judge_adoption(worlds: Worlds, comparison: Comparison, consent: Consent) -> Judgement:
    """Return why a function that lamform does not know must not be adopted, or what that does."""
    if comparison.action is not Action.ADOPT or worlds.observed.function is None:
        return Judgement()
    address, name = worlds.desired.address, worlds.desired.function_name
    refusals: list[str] = []
    allowed: list[str] = []
    if consent.no_adopt:
        refusals.append(
            f"{address}: {name} exists in AWS and is not in state, and --no-adopt was given. "
            "Leave it out to adopt the function, or use another function_name."
        )
    for owner in owners_of(worlds.observed.function.tags or {}, worlds.project):
        if consent.take_over:
            allowed.append(f"{name} {owner.claim}; --take-over adopts it all the same.")
        else:
            refusals.append(
                f"{address}: {name} {owner.claim}. {owner.advice}, or adopt it all the same with "
                "--take-over."
            )
    lost = removed_environment(comparison)
    if lost and consent.adopt_removes_env:
        allowed.append(f"{name} loses the environment variables {', '.join(lost)}.")
    elif lost:
        refusals.append(
            f"{address}: adopting {name} would remove the environment variables "
            f"{', '.join(lost)}. Declare them, or let them go with --adopt-removes-env."
        )
    return Judgement(
        tuple(refusals),
        tuple(
            PlannedDiagnostic(
                severity="warning", summary="Adopting takes consent", detail=text, address=address
            )
            for text in allowed
        ),
    )


def scheduled(releases: Iterable[PlannedRelease]) -> tuple[PlannedDiagnostic, ...]:
    """Warn of aliases that shall move in steps, which no apply can do yet."""
    moving = [f"{name} of {one.address}" for one in releases for name in stepwise(one)]
    if not moving:
        return ()
    shown = ", ".join(moving[:_SHOWN]) + (
        f" and {len(moving) - _SHOWN} more" if len(moving) > _SHOWN else ""
    )
    return (
        PlannedDiagnostic(
            severity="warning",
            summary="Traffic cannot be moved in steps yet",
            detail=f"Shall move in steps: {shown}. This version of lamform shows such a plan and "
            "does not apply it: it would move all traffic at once. Leave these releases out with "
            '--exclude, or let their strategy be "all_at_once".',
        ),
    )


def stepwise(release: PlannedRelease) -> tuple[str, ...]:
    """Return the aliases of a release that shall move in steps."""
    return tuple(f"alias {name}" for name, move in release.aliases.items() if move.schedule)


def refuse_schedules(plan: Plan) -> None:
    """Refuse to apply a plan whose traffic moves in steps.

    Raises:
        ConfigurationError: naming the releases.
    """
    problems = scheduled(plan.releases)
    if problems:
        raise ConfigurationError(tuple(Diagnostic(one.summary, one.detail) for one in problems))


def protection_of(record: ReleaseRecord | None) -> tuple[str, ...]:
    """Refuse to destroy what its last apply protected."""
    if record is None or not record.desired.prevent_destroy:
        return ()
    reason = (
        f"{record.address} is protected by prevent_destroy. Apply it with "
        "prevent_destroy = false first, or keep its block and its function_name. Where its block "
        f"is gone for good, say so: removed {{ from = {record.address} }}"
    )
    return (reason,)
