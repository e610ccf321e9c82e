"""Changing what state says, and nothing else: every edit is a revision that can be undone.

    forget, accept, move, undo    what changes, made from a snapshot
      carry_out                   under a lease of the releases:
        record_dead_runs          what dead runs did to them becomes a revision first
        commit_disjoint           one revision ``edited``, outputs carried over

The revision's details say what was done to which release, as an apply's do. AWS is never
changed; it is read by `accept`, and where a dead run is in the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backends.base import RevisionDraft, commit_disjoint
from declarative.engine.commit import record_dead_runs
from declarative.engine.leases import new_run
from declarative.engine.moves import moves_of
from declarative.engine.records import recorded_outputs
from declarative.engine.recovery import dead_runs
from declarative.engine.snapshot import Snapshot, read_snapshot
from declarative.errors import LamformError, RefusedError, StalePlanError
from declarative.model.address import Address
from declarative.model.revision import EDITED, ReleaseRecord

if TYPE_CHECKING:
    from pydantic import JsonValue

    from backends.base import Lease, Revision, StateReader
    from declarative.engine.moves import Move
    from declarative.engine.writing import Writing

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Edit:
    """What an edit makes of state.

    Attributes:
        records: The releases that change: what is recorded of each afterwards, or None.
        releases: What history says of them.
        command: What the revision says of itself, where nobody gives it a message.
        objects: The stored objects of records that are put back as they were.
        moves: Which releases got another name.
        outputs: The outputs, where they are not simply carried over.
        undoes: The revision that is taken back.
        notes: What else a person should know.
    """

    records: Mapping[str, ReleaseRecord | None]
    releases: tuple[dict[str, JsonValue], ...]
    command: str
    objects: Mapping[str, str] = field(default_factory=dict)
    moves: tuple[Move, ...] = ()
    outputs: Mapping[str, JsonValue] | None = None
    undoes: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edited:
    """What came of an edit.

    Attributes:
        revision: What was recorded; None where there was nothing to change.
        took_over: The leases of dead or silent runs that gave way.
    """

    revision: Revision | None
    notes: tuple[str, ...] = ()
    took_over: tuple[Lease, ...] = ()


def carry_out(
    writing: Writing, addresses: frozenset[str], make: Callable[[Snapshot], Edit]
) -> Edited:
    """Record the edit that ``make`` makes of head, holding the given releases.

    Raises:
        LamformError: there is no state, or the edit is not possible.
        LeaseHeldError: another run is working on one of the releases.
        StalePlanError: more releases are concerned than when the lease was taken.
        RemoteError: AWS has to be asked and cannot be.
        ConflictError: another run recorded one of the releases meanwhile.
    """
    state = writing.state
    if not state.exists():
        raise LamformError.of("There is no state yet", "Nothing is recorded that could be edited.")
    dead = dead_runs(state, writing.runner)
    concerned = any(addresses.intersection(run.open) for run in dead)
    held = addresses.union(*(run.open for run in dead)) if concerned else addresses
    with writing.lease(new_run(), held) as lease:
        if concerned:
            record_dead_runs(writing, lease)
        snapshot = read_snapshot(state)
        edit = make(snapshot)
        if not edit.records:
            return Edited(None, edit.notes, lease.took_over)
        if not edit.records.keys() <= held:
            raise StalePlanError.of(
                "State has moved",
                "Another run recorded something that this edit is about. Nothing was changed; "
                "do it again.",
            )
        revision = record_edit(edit, writing, snapshot, token=lease.token)
        return Edited(revision, edit.notes, lease.took_over)


def record_edit(edit: Edit, writing: Writing, snapshot: Snapshot, *, token: int) -> Revision:
    """Make an edit of ``snapshot`` the new head, as a revision ``edited``.

    Raises:
        ConflictError: another run recorded one of the releases meanwhile.
    """
    draft = _draft(edit, writing, snapshot)
    return commit_disjoint(writing.state, draft, base=snapshot.revision, token=token)


def _draft(edit: Edit, writing: Writing, snapshot: Snapshot) -> RevisionDraft:
    made = {
        address: record
        for address, record in edit.records.items()
        if record is not None and address not in edit.objects
    }
    ids = writing.state.put(record.to_bytes() for record in made.values())
    stored = {**edit.objects, **dict(zip(made, ids, strict=True))}
    outputs = recorded_outputs(snapshot.revision) if edit.outputs is None else edit.outputs
    details: dict[str, JsonValue] = {"releases": list(edit.releases), "outputs": {**outputs}}
    if edit.moves:
        details["moves"] = [{"from": one.origin, "to": one.destination} for one in edit.moves]
    if edit.undoes is not None:
        details["undoes"] = edit.undoes
    return RevisionDraft(
        status=EDITED,
        author=writing.runner.who,
        created_at=writing.now(),
        message=writing.message or edit.command,
        git_commit=writing.git_commit,
        changes={address: stored.get(address) for address in sorted(edit.records)},
        details=details,
    )


def summary(
    address: str,
    action: str,
    before: ReleaseRecord | None,
    after: ReleaseRecord | None,
    *,
    parts: Iterable[str] = (),
    origin: str | None = None,
) -> dict[str, JsonValue]:
    """Return what history says of one release, in the form of an apply's.

    Where aliases went is said of those on both sides; one that is forgotten went nowhere.
    """
    one = before.aliases if before else {}
    other = after.aliases if after else {}
    facts: dict[str, JsonValue] = {
        "address": address,
        "action": action,
        "versions": {
            "from": before.version if before else None,
            "to": after.version if after else None,
        },
        "aliases": {
            name: {"from": alias.function_version, "to": other[name].function_version}
            for name, alias in sorted(one.items())
            if name in other and alias.function_version != other[name].function_version
        },
    }
    if parts:
        facts["parts"] = list(parts)
    if origin is not None:
        facts["origin"] = origin
    return facts


def by_release(targets: Iterable[str]) -> dict[str, frozenset[Address]]:
    """Return the addresses by release; the set is empty where the whole release is meant."""
    parts: dict[str, set[Address]] = {}
    whole: set[str] = set()
    for target in sorted(targets):
        address = Address.parse(target)
        release = str(address.release)
        parts.setdefault(release, set())
        if address.kind:
            parts[release].add(address)
        else:
            whole.add(release)
    return {
        release: frozenset() if release in whole else frozenset(found)
        for release, found in parts.items()
    }


def command(words: str, addresses: Iterable[str]) -> str:
    """Return a command with its addresses: a few by name, the others by number."""
    named = list(addresses)
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return f"{words} {' '.join(named[:_NAMED])}{more}"


def record_in(snapshot: Snapshot, release: str) -> ReleaseRecord:
    """Return the record of a release.

    Raises:
        LamformError: it is not recorded (any more).
    """
    record = snapshot.record(release)
    if record is None:
        raise LamformError.of(
            "No such release", f"{release} is not recorded at head.", address=release
        )
    return record


def forget(targets: Iterable[str], writing: Writing) -> Edited:
    """Forget releases, or single parts of them; AWS keeps them.

    ``targets`` are canonical addresses. A part is forgotten on the desired side too, so that
    no later plan takes it for one to delete.

    Raises:
        LamformError: one is not recorded, or is a function: that is the release.
    """
    grouped = by_release(targets)
    named = [
        str(address)
        for release, parts in grouped.items()
        for address in (sorted(parts) or [Address.parse(release)])
    ]

    def make(snapshot: Snapshot) -> Edit:
        before = {release: record_in(snapshot, release) for release in grouped}
        after = {release: _without(before[release], parts) for release, parts in grouped.items()}
        return Edit(
            records=after,
            releases=tuple(
                summary(
                    release,
                    "forget",
                    before[release],
                    after[release],
                    parts=[part_name(one) for one in sorted(parts)],
                )
                for release, parts in grouped.items()
            ),
            command=command("state rm", named),
            notes=tuple(
                note
                for release, record in before.items()
                if after[release] is None
                for note in _left_behind(record)
            ),
        )

    return carry_out(writing, frozenset(grouped), make)


def part_name(address: Address) -> str:
    """Return what a part is called beside its release: ``tags``, ``alias live``."""
    return f"{address.kind} {address.label}".rstrip()


def _without(record: ReleaseRecord, parts: frozenset[Address]) -> ReleaseRecord | None:
    if not parts:
        return None
    aliases, wanted = dict(record.aliases), dict(record.desired.aliases)
    tags, wanted_tags = record.tags, record.desired.tags
    for part in parts:
        match part.kind:
            case "function":
                raise LamformError.of(
                    "A release is not recorded without its function",
                    f"To forget {part} is to forget the release: lamform state rm '{part.release}'",
                    address=str(part),
                )
            case "tags" if tags is not None:
                tags = wanted_tags = None
            case "alias" if part.label in aliases:
                del aliases[part.label]
                wanted.pop(part.label, None)
            case _:
                raise LamformError.of(
                    "No such part", f"{part} is not recorded at head.", address=str(part)
                )
    desired = record.desired.model_copy(update={"aliases": wanted, "tags": wanted_tags})
    return record.model_copy(
        update={"status": EDITED, "desired": desired, "aliases": aliases, "tags": tags}
    )


def _left_behind(record: ReleaseRecord) -> tuple[str, ...]:
    """Say which functions were still to be deleted: nothing remembers them any more."""
    return tuple(
        f"{one.target.function_name} in account {one.target.account_id}, {one.target.region}, "
        f"which {record.address} had moved away from, was still to be deleted; now nothing does"
        for one in record.leftovers
    )


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
        return Edit(
            records={address: restored.get(address) for address in revision.changes},
            releases=_undone(revision),
            command=f"state undo {revision.number}",
            objects=objects,
            moves=moves,
            outputs=_outputs_before(revision, snapshot, writing.state),
            undoes=revision.number,
        )

    return carry_out(writing, frozenset(revision.changes), make)


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


def _outputs_before(
    revision: Revision, snapshot: Snapshot, state: StateReader
) -> Mapping[str, JsonValue] | None:
    """Return the outputs without what the edit made of them; None where nothing is to be done."""
    if not moves_of(revision) or revision.number == 1:
        return None
    before = recorded_outputs(state.revision(revision.number - 1))
    made, present = recorded_outputs(revision), recorded_outputs(snapshot.revision)
    return {
        name: {**before[name]} if name in before and made.get(name) == output else {**output}
        for name, output in present.items()
    }
