"""Giving releases another name in state: their records, and whatever mentions them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from declarative.engine.editing import Edit, Edited, carry_out, record_in, summary
from declarative.engine.moves import Move, forward, forward_desired, trace
from declarative.engine.reading import Reading
from declarative.engine.recovery import recovered_view
from declarative.engine.snapshot import Snapshot
from declarative.errors import LamformError
from declarative.language.renames import renamed
from declarative.model.address import Address, select
from declarative.model.revision import NOTHING, ReleaseRecord

if TYPE_CHECKING:
    from pydantic import JsonValue

    from backends.base import StateReader
    from declarative.engine.commit import Outputs
    from declarative.engine.writing import Writing


def moves_for(source: str, destination: str, known: Iterable[str]) -> tuple[Move, ...]:
    """Return the moves that a person means by ``source`` and ``destination``.

    ``source`` may be written as for `select`. A name without a key means all instances of
    it, which keep their keys under the new name; otherwise one release moves.

    Raises:
        LamformError: there is no such release, the source means several that do not go
            together, the destination is no address of a release, or it is taken.
    """
    releases = frozenset(known)
    target = _release_address(destination)
    origins = _origins(source, releases)
    by_key = len(origins) > 1 or ("[" not in source and origins[0].key is not None)
    moves: tuple[Move, ...]
    if not by_key:
        moves = (Move(str(origins[0]), str(target)),)
    elif len({one.name for one in origins}) == 1 and "[" not in source and target.key is None:
        moves = tuple(Move(str(one), str(Address(target.name, one.key))) for one in origins)
    else:
        raise LamformError.of(
            "Several releases cannot become one",
            f"{source} means {', '.join(map(str, origins))}, and {target} is one release. Move "
            "them one by one, or all instances at once to a name without a key.",
        )
    _refuse_taken(moves, releases)
    return moves


def _release_address(text: str) -> Address:
    """Return the release address that somebody typed, ``release.`` and quotes left out or not."""
    typed = text if text.startswith("release.") else f"release.{text}"
    name, bracket, key = typed.partition("[")
    bare = key.removesuffix("]")
    if bracket and key.endswith("]") and not bare.startswith('"'):
        address = str(Address("x", bare)).removeprefix("release.x")
        typed = name + address
    try:
        found = Address.parse(typed)
    except LamformError:
        found = None
    if found is None or found.kind:
        raise LamformError.of(
            "The destination is no address of a release",
            f'"{text}" cannot name a release. Write release.NAME or release.NAME["KEY"].',
        )
    return found


def _origins(source: str, releases: frozenset[str]) -> tuple[Address, ...]:
    exact = source if source.startswith("release.") else f"release.{source}"
    if exact in releases:
        return (Address.parse(exact),)
    try:
        chosen = select(releases, [source])
    except LamformError:
        _refuse_part(exact, releases)
        raise
    return tuple(sorted(map(Address.parse, chosen)))


def _refuse_part(text: str, releases: frozenset[str]) -> None:
    """Say so where a part was named: it cannot leave its release."""
    loose = {one.replace('"', ""): one for one in releases}
    for name, release in loose.items():
        if text.replace('"', "").startswith(f"{name}."):
            raise LamformError.of(
                "Only whole releases can be moved",
                f"{text} is a part of {release}. A part belongs to its release; to let go "
                f"of it use lamform state rm.",
                address=release,
            )


def _refuse_taken(moves: tuple[Move, ...], releases: frozenset[str]) -> None:
    for move in moves:
        if move.origin == move.destination:
            raise LamformError.of(
                "Source and destination are the same", f"{move.origin} has that name already."
            )
        if move.destination in releases:
            raise LamformError.of(
                "The destination is taken",
                f"{move.destination} is recorded already. Forget it first (lamform state rm), or "
                "choose another name.",
                address=move.destination,
            )


def move(moves: tuple[Move, ...], writing: Writing) -> Edited:
    """Rename releases in state; the files are to say the same afterwards.

    Their records, what others depend on and read of them, sensitive outputs and the holds of
    reverts follow. A hold whose wish is in no revision any more is given up, and said.

    Raises:
        LamformError: a source is not recorded, or a destination is.
    """

    def make(snapshot: Snapshot) -> Edit:
        for one in moves:
            record_in(snapshot, one.origin)
        _refuse_taken(moves, frozenset(snapshot.releases))
        return renaming_edit(moves, snapshot, writing.state)

    reading = Reading(
        writing.state, writing.cloud, writing.artifacts, writing.secrets, writing.runner
    )
    touched = make(recovered_view(reading, refresh=True)).records
    return carry_out(writing, frozenset(touched), make)


def renaming_edit(moves: tuple[Move, ...], snapshot: Snapshot, state: StateReader) -> Edit:
    """Return what renaming makes of state: the records themselves, and all that mention them."""
    before = {address: one.record for address, one in snapshot.releases.items()}
    after = {address: forward(record, moves) for address, record in before.items()}
    changed = {address: one for address, one in after.items() if one is not before[address]}
    kept, lost = _with_holds(changed, before, moves, state)
    origins = {one.destination: one.origin for one in moves}
    records: dict[str, ReleaseRecord | None] = {one.origin: None for one in moves}
    records.update((record.address, record) for record in kept.values())
    return Edit(
        records=records,
        releases=tuple(
            summary(
                record.address,
                "move" if record.address in origins else "relink",
                record,
                record,
                origin=origins.get(record.address),
            )
            for record in sorted(kept.values(), key=lambda one: one.address not in origins)
        ),
        command=_command(moves),
        moves=moves,
        outputs=partial(_outputs, moves),
        notes=tuple(
            f"The hold of a revert on {address} is over: what it held against is in no revision "
            "any more"
            for address in sorted(lost)
        ),
    )


def _command(moves: tuple[Move, ...]) -> str:
    first = moves[0]
    if len(moves) == 1:
        return f"state mv {first.origin} {first.destination}"
    names = (Address(Address.parse(one).name) for one in (first.origin, first.destination))
    return f"state mv {' '.join(map(str, names))}"


def _outputs(moves: tuple[Move, ...], present: Outputs) -> Outputs:
    """Return outputs in which secret ones name the releases as they are called now."""
    outputs: dict[str, Mapping[str, JsonValue]] = {}
    for name, output in present.items():
        residual = output.get("residual")
        for one in moves if isinstance(residual, str) else ():
            residual = renamed(
                str(residual), Address.parse(one.origin), Address.parse(one.destination)
            )
        outputs[name] = {**output, "residual": residual} if residual else output
    return outputs


def _with_holds(
    changed: Mapping[str, ReleaseRecord],
    before: Mapping[str, ReleaseRecord],
    moves: tuple[Move, ...],
    state: StateReader,
) -> tuple[dict[str, ReleaseRecord], set[str]]:
    """Return the changed records with their holds under the new names, and whose are lost.

    A hold is the digest of what the files wanted, its names included, when somebody went
    back from it. That was applied once, so a revision has it.
    """
    records = dict(changed)
    open_ = {
        address: {one for one in before[address].held if one != NOTHING} for address in changed
    }
    open_ = {address: digests for address, digests in open_.items() if digests}
    if not open_:
        return records, set()
    again: dict[str, dict[str, str]] = {address: {} for address in open_}
    wanted = set(open_)
    for address, _, past in trace(wanted, state):
        held = past.desired.digest
        if address in wanted and held in open_[address]:
            desired = past.desired
            for one in moves:
                desired = forward_desired(desired, one)
            again[address][held] = desired.digest
            if again[address].keys() == open_[address]:
                wanted.discard(address)
    lost: set[str] = set()
    for address, found in again.items():
        moved = changed[address].address != address
        # Of a release that keeps its name the digest may still be right.
        if moved and found.keys() != open_[address]:
            lost.add(address)
        held_now = tuple(
            found.get(one, one)
            for one in before[address].held
            if one == NOTHING or one in found or not moved
        )
        records[address] = changed[address].model_copy(update={"held": held_now})
    return records, {changed[address].address for address in lost}
