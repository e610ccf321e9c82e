"""Taking an edit of state back: the records of before are what is recorded again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from declarative.engine.editing import Edit, Edited, carry_out, summary
from declarative.engine.moves import forward, moves_of
from declarative.engine.records import recorded_outputs
from declarative.engine.snapshot import Snapshot, read_snapshot
from declarative.errors import LamformError, RefusedError
from declarative.model.revision import EDITED, ReleaseRecord

if TYPE_CHECKING:
    from pydantic import JsonValue

    from backends.base import Revision, StateReader
    from declarative.engine.commit import Outputs
    from declarative.engine.moves import Move
    from declarative.engine.writing import Writing


def undo(number: int | None, writing: Writing) -> Edited:
    """Take an edit back: what was recorded of its releases before it is recorded again.

    Without ``number`` it is the newest revision.

    Raises:
        LamformError: there is no revision yet.
        RevisionNotFoundError: there is none of that number.
        RefusedError: it is no edit, or a later revision changed one of its releases.
    """
    head = writing.state.head()
    if head is None:
        raise LamformError.of("There is nothing to undo", "No revision is recorded yet.")
    revision = head if number is None else writing.state.revision(number)
    if revision.status != EDITED:
        raise _no_edit(revision, writing.state, is_head=revision.number == head.number)

    def make(snapshot: Snapshot) -> Edit:
        _refuse_changed_since(revision, writing.state)
        earlier = writing.state.resources(at=revision.number - 1) if revision.number > 1 else {}
        objects = {address: earlier[address] for address in revision.changes if address in earlier}
        stored = writing.state.objects(set(objects.values()))
        restored = {
            address: ReleaseRecord.from_bytes(stored[object_id])
            for address, object_id in objects.items()
        }
        _refuse_second_claim(restored, revision, snapshot)
        moves = tuple(move.back for move in reversed(moves_of(revision)))
        relinked = _relinked(revision, moves, snapshot, writing.state)
        records = {address: restored.get(address) for address in revision.changes}
        return Edit(
            records={**records, **relinked},
            releases=(
                *_undone(revision),
                *(summary(one, "relink", record, record) for one, record in relinked.items()),
            ),
            command=f"state undo {revision.number}",
            objects=objects,
            moves=moves,
            outputs=_without_edit(revision, writing.state),
            undoes=revision.number,
        )

    touched = frozenset(revision.changes)
    if moves_of(revision):
        touched |= make(read_snapshot(writing.state)).records.keys()
    return carry_out(writing, touched, make)


def _relinked(
    revision: Revision, moves: tuple[Move, ...], snapshot: Snapshot, state: StateReader
) -> dict[str, ReleaseRecord]:
    """Return the releases that were recorded since the moves, in the names after their undoing."""
    if not moves:
        return {}
    then = state.resources(at=revision.number)
    return {
        address: record
        for address, one in snapshot.releases.items()
        if address not in revision.changes and then.get(address) != one.object
        for record in (forward(one.record, moves),)
        if record is not one.record
    }


def _no_edit(revision: Revision, state: StateReader, *, is_head: bool) -> RefusedError:
    newest = next((one.number for one in state.revisions() if one.status == EDITED), None)
    edits = "there is none" if newest is None else f"the newest is revision {newest}"
    back = "previous" if is_head else "NUMBER"
    return RefusedError.of(
        f"Revision {revision.number} is no edit of state",
        f"Its status is {revision.status}, and only revisions that are edited are undone "
        f"({edits}). What was applied is gone back from with lamform revert {back}.",
    )


def _refuse_changed_since(revision: Revision, state: StateReader) -> None:
    """Refuse where head has something else than the edit left; what was put back is the same."""
    left, present = state.resources(at=revision.number), state.resources()
    differing = {one for one in revision.changes if left.get(one) != present.get(one)}
    if not differing:
        return
    later = next(one for one in state.revisions() if differing & one.changes.keys())
    undone = later.details.get("undoes")
    summary = f"Revision {revision.number} cannot be undone any more"
    advice = ""
    if undone == revision.number:
        summary = f"Revision {revision.number} is undone already"
    elif later.status == EDITED and undone is None:
        advice = f" Undo that first: lamform state undo {later.number}"
    names = ", ".join(sorted(differing & later.changes.keys()))
    raise RefusedError.of(
        summary, f"Revision {later.number} ({later.message}) changed {names} since.{advice}"
    )


def _refuse_second_claim(
    restored: Mapping[str, ReleaseRecord], revision: Revision, snapshot: Snapshot
) -> None:
    """Refuse to record a function twice: another release may have adopted it since."""
    claimed = {
        _function(recorded.record): address
        for address, recorded in snapshot.releases.items()
        if address not in revision.changes
    }
    for address, record in restored.items():
        other = claimed.get(_function(record))
        if other is not None:
            raise RefusedError.of(
                f"Revision {revision.number} cannot be undone any more",
                f"{record.desired.function_name} belongs to {other} by now, and a function "
                f"belongs to one release. Forget that first: lamform state rm '{other}'",
                address=address,
            )


def _function(record: ReleaseRecord) -> tuple[str, str, str]:
    desired = record.desired
    return (desired.account_id, desired.region, desired.function_name)


def _undone(revision: Revision) -> tuple[dict[str, JsonValue], ...]:
    """Return what the revision says of its releases, the other way round."""
    found = revision.details.get("releases")
    return tuple(
        _turned(one) for one in (found if isinstance(found, list) else ()) if isinstance(one, dict)
    )


def _turned(facts: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    versions, aliases = facts.get("versions"), facts.get("aliases")
    turned: dict[str, JsonValue] = {**facts, "action": "undo"}
    if isinstance(versions, Mapping):
        turned["versions"] = {"from": versions.get("to"), "to": versions.get("from")}
    if isinstance(aliases, Mapping):
        turned["aliases"] = {
            name: {"from": move.get("to"), "to": move.get("from")}
            for name, move in aliases.items()
            if isinstance(move, Mapping)
        }
    if "origin" in facts:
        turned["address"], turned["origin"] = facts["origin"], facts["address"]
    return turned


def _without_edit(revision: Revision, state: StateReader) -> Callable[[Outputs], Outputs]:
    """Return what makes outputs be without what the edit made of them."""
    if not moves_of(revision) or revision.number == 1:
        return lambda outputs: outputs
    before = recorded_outputs(state.revision(revision.number - 1))
    made = recorded_outputs(revision)
    return lambda outputs: {
        name: before[name] if name in before and made.get(name) == output else output
        for name, output in outputs.items()
    }
