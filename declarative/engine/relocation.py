"""``moved`` and ``removed``: what the files say of releases that state has elsewhere.

    relocate            whose record gets another name, whose is forgotten; the snapshot as it
                        is afterwards, from which everything else is planned
    pending_edit        the same edit once more, under the lease of an apply
    record_edits        the revision ``edited`` that holds it, before the run begins

AWS is never touched by it: a renamed release keeps its function, and so does a forgotten one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from backends.base import object_id
from declarative.engine.editing import Edit, record_edit, record_in, summary
from declarative.engine.moves import Move
from declarative.engine.renaming import renaming_edit
from declarative.engine.snapshot import Recorded, Snapshot, read_snapshot
from declarative.errors import ConfigurationError, OvertakenError
from declarative.model.address import Address
from declarative.model.plan import PlannedDiagnostic, PlannedEdits, PlannedMove

if TYPE_CHECKING:
    from backends.base import Revision, StateReader
    from declarative.engine.leases import HeldLease
    from declarative.engine.writing import Writing
    from declarative.model.bound import Relocation
    from declarative.model.plan import Plan


@dataclass(frozen=True, slots=True)
class Relocated:
    """Where releases are once the files have their way.

    Attributes:
        snapshot: State after the edits.
        waits: Recorded releases that move, but not by this plan: it does not select them.
        released: Recorded releases that are deleted although their last apply protects them.
        notes: What a reader should know.
    """

    snapshot: Snapshot
    edits: PlannedEdits = field(default_factory=PlannedEdits)
    waits: frozenset[str] = frozenset()
    released: frozenset[str] = frozenset()
    notes: tuple[PlannedDiagnostic, ...] = ()


@dataclass(slots=True)
class _Fates:
    moves: dict[str, str] = field(default_factory=dict)
    forgets: list[str] = field(default_factory=list)
    released: set[str] = field(default_factory=set)


def relocate(
    relocations: Iterable[Relocation],
    snapshot: Snapshot,
    state: StateReader,
    *,
    selected: Collection[str] | None,
) -> Relocated:
    """Return what ``moved`` and ``removed`` blocks make of state.

    Args:
        relocations: What the files say.
        snapshot: What is recorded.
        state: Where earlier revisions are.
        selected: The releases that are planned; None: the whole project is, so that releases
            nobody declares go as well.

    Raises:
        ConfigurationError: two records would have one address.
    """
    told = tuple(relocations)
    if not told:
        return Relocated(snapshot)
    fates = _fates(told, snapshot.releases.keys())
    wanted = {
        origin: to for origin, to in fates.moves.items() if selected is None or to in selected
    }
    _refuse_taken(wanted, snapshot.releases.keys())
    moves = _in_order(wanted)
    forgets = tuple(sorted(fates.forgets)) if selected is None else ()
    waits = frozenset(fates.moves.keys() - wanted.keys()) | (
        frozenset(fates.forgets) - frozenset(forgets)
    )
    released = frozenset(fates.released)
    if not (moves or forgets):
        return Relocated(snapshot, waits=waits, released=released)
    edit = _edit(moves, forgets, snapshot, state)
    return Relocated(
        _after(edit, snapshot),
        PlannedEdits(
            moves=tuple(PlannedMove(origin=one.origin, to=one.destination) for one in moves),
            forgets=forgets,
            touches={address: snapshot.releases.object(address) for address in edit.records},
        ),
        waits,
        released,
        tuple(PlannedDiagnostic(severity="warning", summary=note) for note in edit.notes),
    )


def _fates(told: tuple[Relocation, ...], recorded: Collection[str]) -> _Fates:
    fates = _Fates()
    for text in sorted(recorded):
        address, last = Address.parse(text), None
        while (one := _said_of(address, told)) is not None:
            last = one
            if one.target is None:
                break
            address = _moved(address, one)
            if str(address) in recorded:  # that one goes elsewhere itself, and makes room
                break
        if last is None:
            continue
        if last.target is not None:
            fates.moves[text] = str(address)
        elif last.destroy:
            fates.released.add(text)
        else:
            fates.forgets.append(text)
    return fates


def _said_of(address: Address, told: tuple[Relocation, ...]) -> Relocation | None:
    """Return what is said of exactly this release, or else of all of its name."""
    exact = next((one for one in told if one.source == address), None)
    if exact is not None or address.key is None:
        return exact
    return next((one for one in told if one.source == Address(address.name)), None)


def _moved(address: Address, told: Relocation) -> Address:
    target = told.target
    if target is None or told.source == address:
        return target or address
    if target.key is not None:
        raise ConfigurationError.of(
            "Several releases cannot become one",
            f"{address} is recorded with a key, so {told.source} means all of its instances, and "
            f"{target} is one release. Write a moved block for each of them.",
            address=str(address),
        )
    return Address(target.name, address.key)


def _in_order(wanted: Mapping[str, str]) -> tuple[Move, ...]:
    """Return the moves, each after the one that makes room for it."""
    left = dict(sorted(wanted.items()))
    ordered: list[Move] = []
    while left:
        free = [origin for origin, to in left.items() if to not in left]
        ordered.extend(Move(origin, left.pop(origin)) for origin in free)
    return tuple(ordered)


def _refuse_taken(moves: Mapping[str, str], recorded: Collection[str]) -> None:
    stay = set(recorded) - moves.keys()
    for origin, to in moves.items():
        if to in stay:
            raise ConfigurationError.of(
                "Moved to where another release is",
                f"{origin} is moved to {to}, and state has both. Forget the one that is no "
                f"longer wanted (lamform state rm), or remove the moved block.",
                address=origin,
            )


def _edit(
    moves: tuple[Move, ...], forgets: tuple[str, ...], snapshot: Snapshot, state: StateReader
) -> Edit:
    made = renaming_edit(moves, snapshot, state) if moves else Edit({}, (), "")
    before = {address: record_in(snapshot, address) for address in forgets}
    said = [f"moved {one.origin} {one.destination}" for one in moves]
    said.extend(f"removed {address}" for address in forgets)
    more = f" and {len(said) - 1} more" if len(said) > 1 else ""
    return replace(
        made,
        records={**made.records, **dict.fromkeys(forgets)},
        releases=(
            *made.releases,
            *(summary(address, "forget", record, None) for address, record in before.items()),
        ),
        command=said[0] + more,
    )


def _after(edit: Edit, snapshot: Snapshot) -> Snapshot:
    records = {
        address: Recorded(record, object_id(record.to_bytes())) if record else None
        for address, record in edit.records.items()
    }
    return replace(snapshot, releases=snapshot.releases.but(records))


@dataclass(frozen=True, slots=True)
class PendingEdit:
    """The edits of a plan that are still to be made, and state as it is after them."""

    edit: Edit | None
    after: Snapshot


def pending_edit(plan: Plan, snapshot: Snapshot, state: StateReader) -> PendingEdit:
    """Return what is left to do of a plan's edits: all of them, or nothing.

    Raises:
        OvertakenError: a release that they touch has moved in state, or they were made already
            and the plan is about nothing else.
    """
    edits, releases = plan.edits, snapshot.releases
    if not edits:
        return PendingEdit(None, snapshot)
    origins = {*(one.origin for one in edits.moves), *edits.forgets}
    if not origins.intersection(releases):
        if plan.releases or plan.output_changes:
            return PendingEdit(None, snapshot)
        raise OvertakenError.of(
            "The plan was applied already",
            "State has what it was to change. Make a new one with lamform plan.",
        )
    moved = sorted(
        one for one, object_id in edits.touches.items() if releases.object(one) != object_id
    )
    if moved:
        raise OvertakenError.of(
            "The plan is out of date",
            f"State has another record of {', '.join(moved)} than when the plan was made. Make a "
            "new plan.",
        )
    moves = tuple(Move(one.origin, one.to) for one in edits.moves)
    edit = _edit(moves, edits.forgets, snapshot, state)
    return PendingEdit(edit, _after(edit, snapshot))


def record_edits(
    pending: PendingEdit, writing: Writing, lease: HeldLease, snapshot: Snapshot
) -> tuple[Revision | None, Snapshot]:
    """Record what is pending as a revision; return it with state as it is then.

    Raises:
        ConflictError: another run recorded one of the releases meanwhile.
    """
    if pending.edit is None:
        return None, snapshot
    revision = record_edit(pending.edit, writing, snapshot, token=lease.token)
    return revision, read_snapshot(writing.state)
