"""Going back: a plan whose desired releases are those of an earlier revision.

The steps come out of the same planning as any other: a recorded version that still exists
already has the content, so the alias moves to it first, and ``$LATEST`` follows. Code and
secrets of ``$LATEST`` come from that version itself, since state holds neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from declarative.engine.compare import Restore, content_digest
from declarative.engine.intents import Intent, target_of
from declarative.engine.planner import PlanRequest, plan_intents
from declarative.engine.reading import Reading
from declarative.engine.recovery import recovered_view
from declarative.engine.snapshot import Recorded, Snapshot, read_snapshot
from declarative.errors import LamformError, RefusedError
from declarative.model.plan import PlannedDiagnostic
from declarative.model.revision import NOTHING, ReleaseRecord

if TYPE_CHECKING:
    from backends.base import Revision, StateReader
    from declarative.model.plan import Plan


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a release goes back to: a recorded release, and the revision that holds it."""

    revision: int
    record: ReleaseRecord


def plan_revert(
    target: str,
    request: PlanRequest,
    reading: Reading,
    *,
    only: frozenset[str] | None = None,
    allow_failed: bool = False,
) -> Plan:
    """Return the plan that goes back to a revision.

    ``target`` is a revision's number (every release that differs from it goes back to it),
    or ``previous`` (the releases that head changed go back to their newest applied state
    before head; where head is a revert, before the revision it reverts to, so that
    repeating it walks back and never toggles). ``only`` limits it to some releases.

    Raises:
        LamformError: there is no such revision, or nothing to go back to.
        RefusedError: a release was not applied in that revision, without ``allow_failed``.
    """
    snapshot = recovered_view(reading, refresh=True)
    number, goals, notes = _goals(target, reading.state, snapshot)
    chosen = {address: goal for address, goal in goals.items() if only is None or address in only}
    _refuse_failed(chosen, allow_failed=allow_failed)
    problems = list(notes)
    intents = []
    for address, goal in chosen.items():
        version = _existing_version(goal, snapshot, reading)
        missing = _missing_package(goal, reading)
        if version is None and missing is not None:
            problems.append(_unavailable(goal, missing))
            continue
        intents.append(
            _intent(goal, snapshot.releases.get(address), version, packaged=missing is None)
        )
    return plan_intents(
        intents, request, reading, snapshot, problems=tuple(problems), reverts=number
    )


def _existing_version(goal: Goal, snapshot: Snapshot, reading: Reading) -> str | None:
    """Return a version with the content to go back to; None where none is left that serves."""
    desired = goal.record.desired
    reader = reading.reader(desired)
    content = _content(goal.record, snapshot)
    for version in _candidates(goal.record, snapshot):
        function = reader.function(desired.function_name, version)
        if function is None or function.state == "Failed":
            continue
        held = content_digest(function.attributes, function.code_sha256, snapshot.fingerprinter)
        if held == content:  # emulators give a number again once the function was deleted
            return version
    return None


def _content(record: ReleaseRecord, snapshot: Snapshot) -> str | None:
    function = record.function
    if function is None:
        return None
    return content_digest(function.attributes, function.code_sha256, snapshot.fingerprinter)


def _candidates(record: ReleaseRecord, snapshot: Snapshot) -> tuple[str, ...]:
    """Return the recorded version, then others that are known today to have its content.

    What a failed apply left has no version until a later apply publishes its checkpoint.
    """
    own = () if record.version is None else (record.version,)
    present = snapshot.record(record.address)
    if (
        record.function is None
        or present is None
        or target_of(present).function_key != target_of(record).function_key
    ):
        return own
    content = _content(record, snapshot)
    same = (one.version for one in reversed(present.versions) if one.content == content)
    return tuple(dict.fromkeys((*own, *same)))


def _missing_package(goal: Goal, reading: Reading) -> str | None:
    """Return why the recorded package cannot be had from its artifact; None where it can."""
    desired, function = goal.record.desired, goal.record.function
    if function and desired.artifact.code_sha256 not in (None, function.code_sha256):
        return "that apply ended before its own code was there"
    try:
        found = reading.artifacts.identify(
            desired.artifact.source, reading.secrets.connector(desired.connector), desired.region
        )
    except LamformError as error:
        return str(error)
    same = found.identity == desired.artifact.identity
    return None if same else "the artifact holds other code now"


def _unavailable(goal: Goal, reason: str) -> PlannedDiagnostic:
    """Say that neither the version nor the recorded package can be had any more."""
    desired = goal.record.desired
    version = goal.record.version
    gone = f"Version {version} of {desired.function_name} is gone"
    if version is None:
        gone = f"No version of {desired.function_name} holds it"
    return PlannedDiagnostic(
        severity="error",
        summary="The code to go back to cannot be had",
        detail=f"{gone}, and {reason}. "
        "Put the code of that time back (its commit is in lamform history), or go back to "
        "another revision.",
        address=desired.address,
    )


def _goals(
    target: str, state: StateReader, snapshot: Snapshot
) -> tuple[int, dict[str, Goal], tuple[PlannedDiagnostic, ...]]:
    head = snapshot.revision
    if head is None:
        raise LamformError.of(
            "There is nothing to go back to", "The state has no revision yet. Apply first."
        )
    if target == "previous":
        return (*_previous(head, state), ())
    if not target.isdigit():
        raise LamformError.of(
            "No such revision",
            f'"{target}" is neither the number of a revision nor "previous". '
            "lamform history lists them.",
        )
    number = int(target)
    past = read_snapshot(state, at=number)
    differing = [
        address
        for address in past.releases
        if past.releases.object(address) != snapshot.releases.object(address)
    ]
    past.releases.load(differing)
    snapshot.releases.load(differing)
    goals = {address: Goal(number, past.releases[address].record) for address in differing}
    newer = sorted(snapshot.releases.keys() - past.releases.keys())
    return number, goals, _kept(newer, number)


def _kept(newer: list[str], number: int) -> tuple[PlannedDiagnostic, ...]:
    """Say which releases are newer than the revision and therefore stay as they are."""
    if not newer:
        return ()
    summary = f"{', '.join(newer)} did not exist in revision {number} and is left as it is"
    return (PlannedDiagnostic(severity="warning", summary=summary),)


def _previous(head: Revision, state: StateReader) -> tuple[int, dict[str, Goal]]:
    before = head.number
    if head.reverts is not None:
        before = head.reverts if head.status == "applied" else head.reverts + 1
    goals: dict[str, Goal] = {}
    for address in head.changes:
        goal = _newest_applied(address, state, before)
        if goal is not None:
            goals[address] = goal
    if not goals:
        raise LamformError.of(
            "There is nothing to go back to",
            f"No release that revision {head.number} changed was applied in a revision before "
            f"{before}. lamform history lists them.",
        )
    return max(goal.revision for goal in goals.values()), goals


def _newest_applied(address: str, state: StateReader, before: int) -> Goal | None:
    for number, object_id in state.resource_history(address):
        if number >= before or object_id is None:
            continue
        record = ReleaseRecord.from_bytes(state.objects([object_id])[object_id])
        if record.status == "applied":
            return Goal(number, record)
    return None


def _refuse_failed(goals: dict[str, Goal], *, allow_failed: bool) -> None:
    failed = [
        address
        for address, goal in goals.items()
        if goal.record.status not in ("applied", "recovered")
    ]
    if failed and not allow_failed:
        raise RefusedError.of(
            "That revision was not applied whole",
            f"{', '.join(sorted(failed))} failed in it, so what it recorded is not what was "
            "wanted. Choose another revision, leave these out with --only, or give "
            "--allow-failed.",
        )


def _intent(
    goal: Goal, recorded: Recorded | None, version: str | None, *, packaged: bool
) -> Intent:
    function, wanted = goal.record.function, goal.record.desired
    held = recorded.record.held if recorded else ()
    # A release that was deleted since: the files, which do not declare it, are held too.
    left = (recorded.record.desired.digest if recorded else NOTHING,)
    restore = None
    if function is not None:
        restore = Restore(version, packaged, function.attributes, function.code_sha256)
    return Intent(
        address=wanted.address,
        desired=wanted,
        recorded=recorded,
        restore=restore,
        held=tuple(one for one in dict.fromkeys((*held, *left)) if one != wanted.digest),
        ignore_hold=True,
    )
