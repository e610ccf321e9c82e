"""Lowering a comparison to steps: the shortest sequence that is right, in its phases.

Configuration goes before code, so that the one version published with the code holds
both. A release with aliases changes ``$LATEST`` in *prepare*, where nobody calls it; one
without serves ``$LATEST``, so all of it belongs to *switch*. Where a version that exists
already has the desired content, aliases move first and ``$LATEST`` follows, unpublished.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from declarative.engine.around import reads
from declarative.engine.setting_calls import Setting
from declarative.engine.surroundings import Surroundings, differences, surround
from declarative.model.address import Address, PartKey
from declarative.model.artifacts import S3Artifact
from declarative.model.plan import Action, AliasMove, AttributeChange, Calls, Change
from declarative.model.steps import (
    AddPermission,
    CreateAlias,
    CreateFunction,
    DeleteAlias,
    Phase,
    PublishCheckpoint,
    PublishVersion,
    RemovePermission,
    RemoveSetting,
    SetSetting,
    StagePackage,
    Step,
    TagFunction,
    UntagFunction,
    UpdateAlias,
    UpdateCode,
    UpdateConfiguration,
    WakeVersion,
)
from declarative.model.values import has_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from declarative.engine.compare import Comparison, Worlds
    from declarative.engine.observe import Observation
    from declarative.engine.ports import ObservedAlias
    from declarative.engine.versions import VersionChoice
    from declarative.model.desired import DesiredAlias
    from declarative.model.traffic import Pause


@dataclass(frozen=True, slots=True)
class Sequence:
    """The steps of one release, and what they do to its aliases."""

    steps: tuple[Step, ...]
    aliases: dict[str, AliasMove]
    alias_changes: tuple[Change, ...]
    setting_changes: tuple[Change, ...]


def lower(worlds: Worlds, comparison: Comparison, choice: VersionChoice) -> Sequence:
    """Return the steps that turn the observed release into the desired one."""
    follows = choice.version is not None  # aliases move before $LATEST is touched
    prepared = bool(worlds.desired.aliases) and not follows
    phase = Phase.PREPARE if prepared else Phase.SWITCH
    found = differences(worlds)
    around = surround(worlds, found)
    alias_steps, moves, changes = _aliases(worlds, choice, around)
    if comparison.action is Action.CREATE:
        function = [*_creation(worlds, comparison), *around.guards]
    else:
        function = [*around.guards, *_latest(worlds, comparison, choice, phase)]
    function += [*_tags(worlds, comparison, phase), *around.added]
    ordered = [*alias_steps, *function] if follows else [*function, *alias_steps]
    ordered += [*around.settled, *around.removed]
    steps = tuple(sorted(ordered, key=lambda step: list(Phase).index(step.phase)))
    return Sequence(steps, moves, changes, tuple(one.change for one in found))


def _creation(worlds: Worlds, comparison: Comparison) -> list[Step]:
    return [
        *_staging(worlds, Phase.PREPARE, None),
        CreateFunction(
            release=worlds.desired.address,
            phase=Phase.PREPARE,
            attributes=comparison.after,
            tags=worlds.desired.tags or {},
        ),
    ]


def _staging(worlds: Worlds, phase: Phase, from_version: str | None) -> list[Step]:
    """Return the step that comes before all that changes the function, if the code is staged."""
    desired, code_sha256 = worlds.desired, worlds.code_sha256
    if desired.staging is None or code_sha256 is None:
        return []
    own = code_sha256 == desired.artifact.code_sha256
    return [
        StagePackage(
            release=desired.address,
            phase=phase,
            staged=desired.staging.holding(code_sha256),
            from_version=from_version,
            size=desired.artifact.size if own else None,
        )
    ]


def _latest(
    worlds: Worlds,
    comparison: Comparison,
    choice: VersionChoice,
    phase: Phase,
) -> list[Step]:
    release, steps = worlds.desired.address, list[Step]()
    restored = worlds.restore.version if worlds.restore else None
    packaged = None if worlds.restore and worlds.restore.packaged else restored
    if comparison.code:
        steps += _staging(worlds, phase, packaged)
    if choice.checkpoint:
        steps.append(PublishCheckpoint(release=release, phase=phase))
    if comparison.configuration:
        steps.append(
            UpdateConfiguration(
                release=release,
                phase=phase,
                attributes={name: comparison.after[name] for name in comparison.configuration},
                secrets_from=restored,
            )
        )
    with_code = choice.publishes and _publishes_with_code(worlds)
    if comparison.code:
        steps.append(
            UpdateCode(
                release=release,
                phase=phase,
                publish=with_code,
                from_version=packaged,
                architectures=comparison.with_code.get("architectures"),
                source_kms_key_arn=comparison.with_code.get("source_kms_key_arn"),
                secrets_from=restored,
            )
        )
    if choice.publishes and not (comparison.code and with_code):
        steps.append(PublishVersion(release=release, phase=phase))
    return steps


def _publishes_with_code(worlds: Worlds) -> bool:
    """Whether the call that sends the code may publish at once.

    An object without a version could change between plan and call: it is updated,
    compared, then published.
    """
    source = worlds.desired.artifact.source
    return not (isinstance(source, S3Artifact) and source.version_id is None)


def _tags(worlds: Worlds, comparison: Comparison, phase: Phase) -> list[Step]:
    if comparison.action is Action.CREATE:
        return []  # the creating call carries them
    release, steps = worlds.desired.address, list[Step]()
    if comparison.set_tags:
        steps.append(TagFunction(release=release, phase=phase, tags=dict(comparison.set_tags)))
    if comparison.removed_tags:
        steps.append(UntagFunction(release=release, phase=phase, keys=comparison.removed_tags))
    return steps


def _aliases(
    worlds: Worlds, choice: VersionChoice, around: Surroundings
) -> tuple[list[Step], dict[str, AliasMove], tuple[Change, ...]]:
    steps: list[Step] = [*around.first]
    moves: dict[str, AliasMove] = {}
    changes: list[Change] = []
    for name, alias in worlds.desired.aliases.items():
        observed = worlds.observed.aliases.get(name)
        version = alias.function_version or choice.version
        if observed is not None and _same(alias, observed, version):
            continue
        steps.append(_alias_step(worlds, name, alias, version, observed))
        steps.extend(around.hung.get(name, ()))
        moves[name] = AliasMove(
            origin=observed.function_version if observed else None,
            to=version,
            expected=choice.expected if version is None else None,
            schedule=_schedule(worlds, alias, version, observed),
        )
        changes.append(_alias_change(worlds, name, alias, version, observed))
    for name in _unwanted(worlds):
        steps.extend(around.fallen.get(name, ()))
        steps.append(DeleteAlias(release=worlds.desired.address, phase=Phase.FINISH, alias=name))
        moves[name] = AliasMove(origin=worlds.observed.aliases[name].function_version)
        changes.append(
            Change(
                address=str(worlds.address.part("alias", name)),
                kind="alias",
                action=Action.DELETE,
                reason="no longer declared",
            )
        )
    return steps, moves, tuple(changes)


def _schedule(
    worlds: Worlds, alias: DesiredAlias, version: str | None, observed: ObservedAlias | None
) -> tuple[Pause, ...]:
    """Return how traffic moves; at once where none moves, or back to where it was."""
    moves = observed is not None and observed.function_version != version
    return alias.strategy.schedule if moves and worlds.restore is None else ()


def _unwanted(worlds: Worlds) -> list[str]:
    """Return aliases that lamform made and nothing declares any more."""
    earlier = worlds.recorded.aliases if worlds.recorded else {}
    return sorted(
        name
        for name in earlier
        if name not in worlds.desired.aliases and name in worlds.observed.aliases
    )


def _same(alias: DesiredAlias, observed: ObservedAlias, version: str | None) -> bool:
    return (
        version == observed.function_version
        and alias.description == observed.description
        and alias.routing == dict(observed.routing)
    )


def _alias_step(
    worlds: Worlds,
    name: str,
    alias: DesiredAlias,
    version: str | None,
    observed: ObservedAlias | None,
) -> Step:
    if observed is None:
        return CreateAlias(
            release=worlds.desired.address,
            phase=Phase.PREPARE,
            alias=name,
            function_version=version,
            description=alias.description,
            routing=alias.routing,
        )
    return UpdateAlias(
        release=worlds.desired.address,
        phase=Phase.SWITCH,
        alias=name,
        function_version=version,
        description=alias.description,
        routing=alias.routing,
        warms=_warms(worlds, name, version, observed),
    )


def _warms(worlds: Worlds, name: str, version: str | None, observed: ObservedAlias | None) -> bool:
    """Whether provisioned concurrency hangs on an alias that moves, and stays with it."""
    part = str(PartKey(name, "provisioned_concurrency"))
    kept = isinstance(worlds.observed.settings.get(part), Setting)
    moves = observed is not None and observed.function_version != version
    return moves and kept and part in worlds.desired.settings


def _alias_change(
    worlds: Worlds,
    name: str,
    alias: DesiredAlias,
    version: str | None,
    observed: ObservedAlias | None,
) -> Change:
    attributes = [
        AttributeChange(
            path=("function_version",),
            before=observed.function_version if observed else None,
            after=version,
            unknown=version is None,
        )
        if observed is None or observed.function_version != version
        else None,
        AttributeChange(
            path=("description",),
            before=observed.description if observed else None,
            after=alias.description,
        )
        if alias.description != (observed.description if observed else "")
        else None,
        AttributeChange(
            path=("routing",),
            before=dict(observed.routing) if observed else None,
            after=dict(alias.routing),
        )
        if alias.routing != (dict(observed.routing) if observed else {})
        else None,
    ]
    return Change(
        address=str(Address.parse(worlds.desired.address).part("alias", name)),
        kind="alias",
        action=Action.CREATE if observed is None else Action.UPDATE,
        reason="its warm capacity is allocated again, for the other version"
        if _warms(worlds, name, version, observed)
        else "",
        attributes=tuple(change for change in attributes if change is not None),
    )


def awaken(
    sequence: Sequence,
    worlds: Worlds,
    state_of: Callable[[str], str | None],
    *,
    looked: bool,
) -> Sequence:
    """Return the sequence with what wakes versions before aliases point at them.

    Args:
        sequence: What is done to the release.
        worlds: The release.
        state_of: Returns the state of a version; None where that is not known.
        looked: Whether AWS may be asked; otherwise apply looks.
    """
    release = worlds.desired.address
    waking = [
        WakeVersion(release=release, phase=Phase.PREPARE, version=version, asleep=looked)
        for version in _served_anew(sequence.steps, worlds)
        if not looked or state_of(version) == "Inactive"
    ]
    return replace(sequence, steps=(*waking, *sequence.steps)) if waking else sequence


def _served_anew(steps: Iterable[Step], worlds: Worlds) -> list[str]:
    """Return the existing versions to which aliases come that did not point at them."""
    found: set[str] = set()
    for step in steps:
        if isinstance(step, CreateAlias | UpdateAlias):
            before = worlds.observed.aliases.get(step.alias)
            served = {before.function_version, *before.routing} if before else set()
            found |= {step.function_version or "", *step.routing} - served
    return sorted((one for one in found if one.isdigit()), key=int)


def estimate(steps: tuple[Step, ...], observed: Observation) -> Calls:
    """Return the AWS calls that the steps make, polls left out.

    The verifying read before the first step is one ``GetFunction``, one ``ListAliases`` and
    what reading the settings takes that the plan has read. A permission changes by two
    calls: the policy is read before, for its ``RevisionId``. A version is looked at before it
    is invoked.
    """
    if not steps:
        return Calls()
    woken = [step for step in steps if isinstance(step, WakeVersion)]
    steps = tuple(step for step in steps if not isinstance(step, StagePackage))
    restored = {step.from_version for step in steps if isinstance(step, UpdateCode)} | {
        step.secrets_from
        for step in steps
        if isinstance(step, UpdateConfiguration)
        or (isinstance(step, UpdateCode) and has_secret(step.attributes))
    }
    policies, settings = 0, 0
    if observed.function is not None:
        policies, settings = reads(observed.settings, aliases=observed.aliases)
    changed = sum(isinstance(step, AddPermission | RemovePermission) for step in steps)
    return Calls(
        get_function=1 + len(restored - {None}) + len(woken),
        get_policy=policies + changed,
        other=1 + settings + len(steps) - len(woken) + _read_again(steps),
        elsewhere=sum(step.asleep for step in woken),
    )


def _read_again(steps: tuple[Step, ...]) -> int:
    """Return how many aliases are read again, since what hangs on them changes before they move."""
    touched: set[str] = set()
    again: set[str] = set()
    for step in steps:
        if isinstance(step, SetSetting | RemoveSetting | AddPermission | RemovePermission):
            touched.add(PartKey.parse(step.part).alias)
        elif isinstance(step, UpdateAlias) and step.alias in touched:
            again.add(step.alias)
    return len(again)
