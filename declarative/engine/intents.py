"""Planning one release: from what is intended to forecast, changes and steps.

An intent says what a release shall become: what the files want, what an earlier revision
held (a revert), or nothing (a deletion). `plan_release` is the same for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from declarative.engine import drift
from declarative.engine.compare import (
    Comparison,
    Restore,
    Worlds,
    compare,
    content_digest,
    tags_change,
)
from declarative.engine.guards import incomplete, judge_adoption, problems_of, protection_of
from declarative.engine.observe import Observation
from declarative.engine.parts import bound_parts
from declarative.engine.replacement import renew, why_anew
from declarative.engine.sequence import Sequence, awaken, estimate, lower
from declarative.engine.versions import VersionChoice, choose_version
from declarative.model.address import Address, PartKey
from declarative.model.plan import (
    Action,
    Bound,
    Change,
    Consent,
    DriftFinding,
    PlannedDiagnostic,
    PlannedRelease,
)
from declarative.model.revision import NOTHING
from declarative.model.steps import DeleteFunction, Phase, Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import JsonValue

    from declarative.engine.ports import ObservedFunction
    from declarative.engine.snapshot import Recorded
    from declarative.model.desired import DesiredRelease
    from declarative.model.revision import ReleaseRecord
    from declarative.model.steps import Step
    from declarative.model.values import Fingerprinter


@dataclass(frozen=True, slots=True)
class Intent:
    """What one release shall become.

    Attributes:
        desired: What it shall be; None: it shall be deleted.
        recorded: Its record in state, if it was ever applied.
        restore: What a revert brings back.
        held: The digests of desired releases that a revert holds against.
        ignore_hold: Whether a hold is ended by this plan.
        kept: Secrets that could not be read and stay as AWS has them.
        released: Whether the files say that it goes, whatever its last apply protected.
    """

    address: str
    desired: DesiredRelease | None
    recorded: Recorded | None
    restore: Restore | None = None
    held: tuple[str, ...] = ()
    ignore_hold: bool = False
    kept: tuple[tuple[str, ...], ...] = ()
    released: bool = False

    @property
    def left(self) -> DesiredRelease | None:
        """What the recorded release was to be, or None."""
        return self.recorded.record.desired if self.recorded else None

    @property
    def record(self) -> ReleaseRecord | None:
        """The recorded release, or None."""
        return self.recorded.record if self.recorded else None


@dataclass(frozen=True, slots=True)
class Look:
    """What planning one release may ask of AWS besides its observation.

    Attributes:
        version: Reads a published version of the release's function.
        refreshed: Whether observations come from AWS (otherwise from state).
        project: Whose functions these are.
        consent: What may be done to functions that need it.
    """

    version: Callable[[str], ObservedFunction | None]
    refreshed: bool
    project: str
    consent: Consent = field(default_factory=Consent)


@dataclass(frozen=True, slots=True)
class Planned:
    """What planning one release gave; ``release`` is None where there is nothing to do."""

    release: PlannedRelease | None = None
    changes: tuple[Change, ...] = ()
    drift: tuple[DriftFinding, ...] = ()
    unchanged: int = 0
    blocked_by: tuple[str, ...] = ()
    diagnostics: tuple[PlannedDiagnostic, ...] = ()


def plan_release(
    intent: Intent, observed: Observation, fingerprinter: Fingerprinter, look: Look
) -> Planned:
    """Return the plan of one release; nothing is changed and nothing but AWS is read."""
    found = (
        drift.find_in_release(intent.record, observed, fingerprinter)
        if intent.record and look.refreshed and not _has_moved(intent)
        else ()
    )
    if intent.desired is None:
        return _deletion(intent, observed, fingerprinter, look, found)
    worlds = Worlds(
        desired=intent.desired,
        recorded=None if _has_moved(intent) else intent.record,
        observed=observed,
        fingerprinter=fingerprinter,
        restore=intent.restore,
        project=look.project,
    )
    problems = problems_of(worlds)
    if problems:
        return Planned(drift=found, diagnostics=problems)
    return _desired(worlds, intent, look, found)


def _desired(
    worlds: Worlds, intent: Intent, look: Look, found: tuple[DriftFinding, ...]
) -> Planned:
    comparison = compare(worlds)
    anew = why_anew(worlds, comparison)
    replaced = _replaced(intent)
    if anew:
        problems = incomplete(worlds, "is deleted and created anew")
        if problems:
            return Planned(drift=found, diagnostics=problems)
        renewal = renew(worlds, comparison, anew)
        choice, sequence, changes = renewal.choice, renewal.sequence, renewal.changes
    else:
        choice = choose_version(
            worlds,
            comparison,
            others=_adopted_versions(worlds, look) if worlds.recorded is None else {},
            exists=lambda version: _serves(worlds, look, version),
        )
        sequence = lower(worlds, comparison, choice)
        sequence = awaken(
            sequence, worlds, lambda version: _state(look, version), looked=look.refreshed
        )
        changes = _changes(worlds, comparison, sequence, replaced)
    parts = 2 + len(worlds.desired.aliases) + len(worlds.desired.settings)
    unchanged = parts - len(changes)
    if _is_held(worlds, intent) and changes:
        held = tuple(change.model_copy(update={"action": Action.HELD}) for change in changes)
        return Planned(changes=held, unchanged=unchanged, drift=found)
    if not (sequence.steps or replaced or changes or _state_differs(worlds)):
        return Planned(unchanged=unchanged, drift=found)
    release = _planned(worlds, intent, look, choice, sequence)
    judgement = judge_adoption(worlds, comparison, look.consent)
    refusals = judgement.refusals
    if anew:
        refusals = (*_renewing(worlds, intent), *refusals)
    if replaced:
        steps = (*release.steps, *_deletions(intent.address, replaced))
        update = {"steps": steps, "replaces": replaced, "calls": estimate(steps, worlds.observed)}
        release = release.model_copy(update=update)
        refusals = (*protection_of(intent.record), *refusals)
    return Planned(
        release=release,
        changes=changes,
        drift=found,
        unchanged=max(unchanged, 0),
        blocked_by=refusals,
        diagnostics=judgement.warnings,
    )


def _renewing(worlds: Worlds, intent: Intent) -> tuple[str, ...]:
    """Refuse to delete what is protected, or not even ours, to make it anew."""
    if worlds.recorded is not None:
        return protection_of(intent.record)
    reason = (
        f"{worlds.desired.function_name} exists and is not in state, and {intent.address} wants "
        "what no call changes: adopting it would delete it. Make the files say what it has, or "
        "delete it yourself"
    )
    return (reason,)


def _has_moved(intent: Intent) -> bool:
    """Whether the release names another function than the recorded one."""
    record, desired = intent.record, intent.desired
    if record is None or record.function is None or desired is None:
        return False
    return target_of(record).function_key != desired.function_key


def _replaced(intent: Intent) -> tuple[Target, ...]:
    """Return the functions that go away because the release names another one."""
    record, desired = intent.record, intent.desired
    if record is None or desired is None:
        return ()
    own = (target_of(record),) if record.function is not None else ()
    left = (*own, *(leftover.target for leftover in record.leftovers))
    return tuple(target for target in left if target.function_key != desired.function_key)


def _deletions(address: str, targets: tuple[Target, ...]) -> tuple[Step, ...]:
    return tuple(
        DeleteFunction(release=address, phase=Phase.FINISH, target=target) for target in targets
    )


def target_of(record: ReleaseRecord) -> Target:
    """Return the function that a record is about."""
    return Target(
        connector=record.connector.address,
        account_id=record.desired.account_id,
        region=record.desired.region,
        function_name=record.desired.function_name,
    )


def _changes(
    worlds: Worlds, comparison: Comparison, sequence: Sequence, replaced: tuple[Target, ...]
) -> tuple[Change, ...]:
    function = Change(
        address=str(worlds.address.part("function")),
        kind="function",
        action=Action.REPLACE if replaced else comparison.action,
        reason=_function_reason(comparison, replaced),
        attributes=comparison.function,
    )
    tags = tags_change(worlds, comparison)
    shown = [] if function.action is Action.NO_OP else [function]
    return (*shown, *([tags] if tags else []), *sequence.alias_changes, *sequence.setting_changes)


def _function_reason(comparison: Comparison, replaced: tuple[Target, ...]) -> str:
    if replaced:
        names = ", ".join(
            f"{one.function_name} in {one.region} of account {one.account_id}" for one in replaced
        )
        return f"{names} is deleted once the new function serves"
    if comparison.action is Action.ADOPT:
        return "exists in AWS and is not in state"
    if comparison.again:
        return f"the last update failed ({comparison.again}): its code is sent again"
    return ""


def _planned(
    worlds: Worlds, intent: Intent, look: Look, choice: VersionChoice, sequence: Sequence
) -> PlannedRelease:
    desired = worlds.desired
    artifact: dict[str, JsonValue] = desired.artifact.model_dump(mode="json")
    return PlannedRelease(
        address=desired.address,
        service=desired.service,
        infrastructure=desired.infrastructure,
        environment=desired.environment,
        account_id=desired.account_id,
        region=desired.region,
        function_name=desired.function_name,
        artifact={"kind": desired.artifact.source.kind, **artifact},
        publishes=choice.publishes,
        version=choice.version,
        version_reason=choice.reason,
        aliases=sequence.aliases,
        steps=sequence.steps,
        bound=Bound(
            object=intent.recorded.object if intent.recorded else None,
            connector=desired.connector.address,
            refreshed=look.refreshed,
            parts=bound_parts(desired, worlds.recorded, worlds.observed, worlds.fingerprinter),
        ),
        calls=estimate(sequence.steps, worlds.observed),
        desired=desired,
        depends_on=desired.depends_on,
        held=intent.held,
        kept=intent.kept,
        exclusive=desired.exclusive,
    )


def _deletion(
    intent: Intent,
    observed: Observation,
    fingerprinter: Fingerprinter,
    look: Look,
    found: tuple[DriftFinding, ...],
) -> Planned:
    record = intent.record
    if record is None:
        return Planned()
    desired = record.desired
    address = Address.parse(intent.address)
    exists = observed.function is not None
    left = tuple(leftover.target for leftover in record.leftovers)
    steps = _deletions(intent.address, (*left, target_of(record)) if exists else left)
    parts = [
        PartKey("", "function"),
        PartKey("", "tags"),
        *(PartKey("", "alias", name) for name in record.aliases),
        *map(PartKey.parse, record.settings),
    ]
    release = PlannedRelease(
        address=intent.address,
        service=desired.service,
        infrastructure=desired.infrastructure,
        environment=desired.environment,
        account_id=desired.account_id,
        region=desired.region,
        function_name=desired.function_name,
        artifact={},
        steps=steps,
        replaces=left,
        bound=Bound(
            object=intent.recorded.object if intent.recorded else None,
            connector=record.connector.address,
            refreshed=look.refreshed,
            parts=bound_parts(None, record, observed, fingerprinter),
        ),
        calls=estimate(steps, observed),
        depends_on=(),
        exclusive=desired.exclusive,
    )
    held = NOTHING in record.held and not intent.ignore_hold
    changes = tuple(
        Change(
            address=str(address.at(part)),
            kind=part.kind,
            action=Action.HELD if held else Action.DELETE,
            reason="" if exists else "gone from AWS already; only state forgets it",
        )
        for part in parts
    )
    if held:
        return Planned(changes=changes, drift=found)
    return Planned(
        release=release,
        changes=changes,
        drift=found,
        blocked_by=() if intent.released else protection_of(intent.record),
    )


def _is_held(worlds: Worlds, intent: Intent) -> bool:
    record = worlds.recorded
    return not intent.ignore_hold and record is not None and worlds.desired.digest in record.held


def _state_differs(worlds: Worlds) -> bool:
    """Whether state would record something else although AWS stays as it is."""
    record = worlds.recorded
    # Declared again: what a revert held against is over.
    if record is not None and NOTHING in record.held and worlds.restore is None:
        return True
    return record is None or record.status != "applied" or record.desired != worlds.desired


def _adopted_versions(worlds: Worlds, look: Look) -> dict[str, str]:
    """Return the contents of the versions that an adopted function's aliases point at."""
    if not look.refreshed:
        return {}
    pointed = {
        worlds.observed.aliases[name].function_version
        for name, alias in worlds.desired.aliases.items()
        if name in worlds.observed.aliases and alias.function_version is None
    }
    contents: dict[str, str] = {}
    for version in sorted(one for one in pointed if one.isdigit()):
        function = look.version(version)
        if function is not None:
            content = content_digest(
                function.attributes, function.code_sha256, worlds.fingerprinter
            )
            if content is not None:
                contents[version] = content
    return contents


def _state(look: Look, version: str) -> str | None:
    function = look.version(version)
    return function.state if function else None


def _serves(worlds: Worlds, look: Look, version: str) -> bool:
    """Whether a version exists and can serve; one that serves already is not asked for."""
    if not look.refreshed:
        return True
    present = {name: one.function_version for name, one in worlds.observed.aliases.items()}
    following = [
        present.get(name)
        for name, alias in worlds.desired.aliases.items()
        if alias.function_version is None
    ]
    if version in present.values() and {*following} <= {version}:
        return True
    function = look.version(version)
    return function is not None and function.state != "Failed"
