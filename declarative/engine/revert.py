"""Going back: a plan whose desired releases are those of an earlier revision.

The steps come out of the same planning as any other: a recorded version that still exists
already has the content, so the alias moves to it first, and ``$LATEST`` follows. Code and
secrets of ``$LATEST`` come from that version itself, since state holds neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backends.base import object_id
from declarative.engine.compare import Restore, content_digest
from declarative.engine.intents import Intent, target_of
from declarative.engine.moves import forward, moves_since, names_after, trace
from declarative.engine.planner import PlanRequest, plan_intents
from declarative.engine.reading import Reading
from declarative.engine.recovery import recovered_view
from declarative.engine.snapshot import Recorded, Records, Snapshot, read_snapshot
from declarative.errors import LamformError, RefusedError
from declarative.model import staging
from declarative.model.plan import PlannedDiagnostic
from declarative.model.revision import EDITED, NOTHING, ReleaseRecord

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
    repeating it walks back and never toggles). ``only`` limits it to some releases. Releases
    that were renamed in state since are followed.

    Raises:
        LamformError: there is no such revision, or nothing to go back to.
        RefusedError: a release was not applied in that revision, without ``allow_failed``;
            it was edited in it, or head is an edit, which ``state undo`` takes back.
    """
    snapshot = recovered_view(reading, refresh=True)
    number, goals, notes = _goals(target, reading.state, snapshot)
    chosen = {address: goal for address, goal in goals.items() if only is None or address in only}
    _refuse_edited(chosen)
    _refuse_failed(chosen, allow_failed=allow_failed)
    problems = list(notes)
    intents = []
    for address, goal in chosen.items():
        version = _existing_version(goal, snapshot, reading)
        missing = _missing_package(goal, reading)
        if missing is not None and _is_staged(goal, reading):
            missing = None
        if missing is not None and (version is None or _is_image_gone(goal, snapshot)):
            problems.append(_unavailable(goal, version, missing))
            continue
        if missing is not None and _is_too_large(goal, snapshot):
            problems.append(_unsendable(goal, version, missing))
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


def _is_staged(goal: Goal, reading: Reading) -> bool:
    """Whether the recorded package was kept in the bucket that it went through."""
    desired, function = goal.record.desired, goal.record.function
    if desired.staging is None or function is None:
        return False
    connector = reading.secrets.connector(desired.connector)
    staged = desired.staging.holding(function.code_sha256)
    try:
        return reading.artifacts.is_staged(staged, connector, desired.region)
    except LamformError:
        return False


def _is_image_gone(goal: Goal, snapshot: Snapshot) -> bool:
    """Whether ``$LATEST`` has to get an image that only the repository can give."""
    return goal.record.desired.artifact.package_type == "Image" and _sends_code(goal, snapshot)


def _is_too_large(goal: Goal, snapshot: Snapshot) -> bool:
    """Whether ``$LATEST`` has to get a package from the version that no call takes."""
    desired, function = goal.record.desired, goal.record.function
    large = function is not None and function.code_size > staging.DIRECT_LIMIT
    return large and desired.staging is None and _sends_code(goal, snapshot)


def _sends_code(goal: Goal, snapshot: Snapshot) -> bool:
    """Whether ``$LATEST`` has other code, as far as it is recorded."""
    record, present = goal.record, snapshot.record(goal.record.address)
    has = present.function.code_sha256 if present and present.function else None
    return record.function is not None and has != record.function.code_sha256


def _unsendable(goal: Goal, version: str | None, reason: str) -> PlannedDiagnostic:
    """Say that a package is too large to be put back from the version that has it."""
    desired = goal.record.desired
    return PlannedDiagnostic(
        severity="error",
        summary="The code to go back to cannot be sent",
        detail=f"$LATEST of {desired.function_name} would take it from version {version}, whose "
        f"package is larger than Lambda takes with a call, since {reason}. Put the artifact of "
        "that time back, or write staging in the infrastructure, and apply that.",
        address=desired.address,
    )


def _unavailable(goal: Goal, existing: str | None, reason: str) -> PlannedDiagnostic:
    """Say that the recorded package cannot be had any more, nor its version, if that is enough."""
    desired = goal.record.desired
    version = goal.record.version
    gone = f"Version {version} of {desired.function_name} is gone"
    if existing is not None:
        gone = f"$LATEST cannot take the image of version {existing} from the version itself"
    elif version is None:
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
        return _previous(head, state)
    if not target.isdecimal():
        raise LamformError.of(
            "No such revision",
            f'"{target}" is neither the number of a revision nor "previous". '
            "lamform history lists them.",
        )
    number = int(target)
    past, lost = _past(number, state, snapshot)
    differing = [name for name in past if past.object(name) != snapshot.releases.object(name)]
    past.load(differing)
    snapshot.releases.load(differing)
    goals = {address: Goal(number, past[address].record) for address in differing}
    newer = sorted(snapshot.releases.keys() - past.keys())
    return number, goals, (*_kept(newer, number), *_nameless(lost, number))


def _past(number: int, state: StateReader, present: Snapshot) -> tuple[Records, list[str]]:
    """Return the records of a revision, under the names that their releases have today.

    Those whose name belongs to another release today are named besides.
    """
    past = read_snapshot(state, at=number).releases
    moves = moves_since(state, number)
    if not moves:
        return past, []
    names = names_after(past, moves)
    found = {
        name: _under_new_name(past[address], forward(past[address].record, moves), present)
        for address, name in names.items()
        if name is not None
    }
    lost = sorted(address for address, name in names.items() if name is None)
    return past.but({**dict.fromkeys(past), **found}), lost


def _nameless(lost: list[str], number: int) -> tuple[PlannedDiagnostic, ...]:
    return tuple(
        PlannedDiagnostic(
            severity="warning",
            summary=f"{address} of revision {number} is left out",
            detail="Another release was moved to its name since (lamform history says when). Move "
            "that away to go back to it.",
            address=address,
        )
        for address in lost
    )


def _under_new_name(past: Recorded, record: ReleaseRecord, snapshot: Snapshot) -> Recorded:
    if record is past.record:
        return past
    # A move carried the holds over to the new name; the record of then has them as they were.
    present = snapshot.releases.get(record.address)
    held = present.record.held if present else ()
    if present and record.model_copy(update={"held": held}) == present.record:
        return present
    return Recorded(record, object_id(record.to_bytes()))


def _kept(newer: list[str], number: int) -> tuple[PlannedDiagnostic, ...]:
    """Say which releases are newer than the revision and therefore stay as they are."""
    if not newer:
        return ()
    summary = f"{', '.join(newer)} did not exist in revision {number} and is left as it is"
    return (PlannedDiagnostic(severity="warning", summary=summary),)


def _forgotten(state: StateReader) -> str:
    """Say up to where history was forgotten, if it was."""
    origin = state.origin()
    if origin is None or not origin.number:
        return ""
    return f" Revisions up to {origin.number} are no longer kept (lamform state gc)."


def _previous(
    head: Revision, state: StateReader
) -> tuple[int, dict[str, Goal], tuple[PlannedDiagnostic, ...]]:
    if head.status == EDITED:
        raise RefusedError.of(
            "The newest revision is an edit of state",
            f"Revision {head.number} ({head.message}) changed nothing in AWS. Take it back with "
            f"lamform state undo {head.number}, or go back to a revision by its number.",
        )
    before = head.number
    if head.reverts is not None:
        before = head.reverts if head.status == "applied" else head.reverts + 1
    goals: dict[str, Goal] = {}
    passed: dict[str, int] = {}
    wanted = set(head.changes)
    for address, revision, record in trace(wanted, state, before=before):
        if revision.status == EDITED:  # what it has was applied before, or is no apply's
            if record.status == EDITED:
                passed.setdefault(address, revision.number)
        elif record.status == "applied":
            goals[address] = Goal(revision.number, record)
            wanted.discard(address)
    if not goals:
        raise LamformError.of(
            "There is nothing to go back to",
            f"No release that revision {head.number} changed was applied in a revision before "
            f"{before}. lamform history lists them.{_forgotten(state)}",
        )
    notes = tuple(
        _passed(address, passed[address], goal.revision)
        for address, goal in sorted(goals.items())
        if address in passed
    )
    return max(goal.revision for goal in goals.values()), goals, notes


def _passed(address: str, edit: int, goal: int) -> PlannedDiagnostic:
    return PlannedDiagnostic(
        severity="warning",
        summary=f"{address} goes back to revision {goal}, past revision {edit}",
        detail=f"Revision {edit} edited what is recorded of it and applied nothing.",
        address=address,
    )


def _refuse_edited(goals: dict[str, Goal]) -> None:
    """Refuse what no apply has made: whether it ever served like that is not known."""
    edited = sorted(address for address, goal in goals.items() if goal.record.status == EDITED)
    if edited:
        number = goals[edited[0]].revision
        raise RefusedError.of(
            "That revision holds what was edited, not what was applied",
            f"What revision {number} records of {', '.join(edited)} was accepted from AWS or "
            "partly forgotten (lamform history says by which revision). Choose a revision that "
            "an apply made, or leave these out with --only. To take the edit itself back, use "
            "lamform state undo with its number.",
        )


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
