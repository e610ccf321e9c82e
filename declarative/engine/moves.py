"""Releases that were renamed in state: their earlier records, as they would read today.

A revision ``edited`` by ``state mv`` says in its details what got which name. Whoever
looks further back than that has to follow: the record of then is brought *forward*, with
its own address and its mentions of others under the names of now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from declarative.language.renames import renamed
from declarative.model.address import Address
from declarative.model.revision import ReleaseRecord
from declarative.model.values import UNKNOWN, has_unknown, is_unknown, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import JsonValue

    from backends.base import Revision, StateReader
    from declarative.model.desired import DesiredRelease, Residual


@dataclass(frozen=True, slots=True)
class Move:
    """One release that got another name."""

    origin: str
    destination: str

    @property
    def back(self) -> Move:
        """The move that takes this one back."""
        return Move(self.destination, self.origin)


def moves_of(revision: Revision) -> tuple[Move, ...]:
    """Return which releases a revision renamed."""
    found = revision.details.get("moves")
    return tuple(
        Move(str(one["from"]), str(one["to"]))
        for one in (found if isinstance(found, list) else ())
        if isinstance(one, Mapping)
    )


def moves_since(state: StateReader, number: int) -> tuple[Move, ...]:
    """Return what was renamed after a revision, oldest first."""
    moves: tuple[Move, ...] = ()
    for revision in state.revisions():
        if revision.number <= number:
            break
        moves = (*moves_of(revision), *moves)
    return moves


def trace(
    wanted: set[str], state: StateReader, *, before: int | None = None
) -> Iterator[tuple[str, Revision, ReleaseRecord]]:
    """Yield address, revision and record of releases, newest first, under today's names.

    Ends when ``wanted`` is empty: the caller takes out what it has found. With ``before``,
    only older revisions than that are read.
    """
    names = {address: address for address in wanted}
    moves: tuple[Move, ...] = ()
    for revision in state.revisions():
        changed = {
            address: object_id
            for address in sorted(wanted)
            if (object_id := revision.changes.get(names[address])) is not None
        }
        if changed and (before is None or revision.number < before):
            objects = state.objects(set(changed.values()))
            for address, object_id in changed.items():
                record = ReleaseRecord.from_bytes(objects[object_id])
                yield address, revision, forward(record, moves)
        own = moves_of(revision)
        for move in reversed(own):
            for address, name in names.items():
                if name == move.destination:
                    names[address] = move.origin
        moves = (*own, *moves)
        if not wanted:
            return


def forward(record: ReleaseRecord, moves: Iterable[Move]) -> ReleaseRecord:
    """Return a record as it reads after the moves, its holds left as they are."""
    for move in moves:
        desired = forward_desired(record.desired, move)
        address = move.destination if record.address == move.origin else record.address
        if desired is not record.desired or address != record.address:
            record = record.model_copy(update={"address": address, "desired": desired})
    return record


def forward_desired(desired: DesiredRelease, move: Move) -> DesiredRelease:
    """Return what was wanted of a release, in the names after a move."""
    origin, destination = Address.parse(move.origin), Address.parse(move.destination)
    if not _names(desired, move.origin, f"release.{origin.name}"):
        return desired

    def again(expression: str | None) -> str | None:
        return None if expression is None else renamed(expression, origin, destination)

    def residual(one: Residual) -> Residual:
        return one.model_copy(
            update={"expression": again(one.expression), "source": again(one.source)}
        )

    others = {move.destination if one == move.origin else one for one in desired.depends_on}
    moved = desired.model_copy(
        update={
            "address": move.destination if desired.address == move.origin else desired.address,
            "depends_on": tuple(sorted(others)),
            "residuals": tuple(map(residual, desired.residuals)),
            "function": _again(desired.function, origin, destination),
        }
    )
    return desired if moved == desired else moved


def _names(desired: DesiredRelease, address: str, text: str) -> bool:
    """Whether a name may stand anywhere: most releases do not have it, and are done."""
    return (
        desired.address == address
        or address in desired.depends_on
        or any(text in (one.expression or "") for one in desired.residuals)
        or has_unknown(desired.function)
    )


def _again(value: JsonValue, origin: Address, destination: Address) -> JsonValue:
    """Return a value with the expressions of what is not known yet renamed."""
    if isinstance(value, dict):
        if is_unknown(value):
            return unknown(renamed(str(value[UNKNOWN]), origin, destination))
        return {name: _again(item, origin, destination) for name, item in value.items()}
    if isinstance(value, list):
        return [_again(item, origin, destination) for item in value]
    return value
