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


class Moves:
    """The moves between some revision and a later one, gathered from the later one backwards.

    A move and its undoing are nothing: what mentioned a name that no release had then would
    come out of both with another.
    """

    def __init__(self) -> None:
        """Start at the later revision."""
        self._found: list[tuple[object, tuple[Move, ...]]] = []

    def go_back(self, revision: Revision) -> None:
        """Take in the next older revision."""
        own = moves_of(revision)
        if not own:
            return
        for position, (undone, _) in enumerate(self._found):
            if undone == revision.number:
                del self._found[position]
                return
        self._found.insert(0, (revision.details.get("undoes"), own))

    def in_order(self) -> tuple[Move, ...]:
        """Return the moves, oldest first."""
        return tuple(move for _, moves in self._found for move in moves)


def moves_since(state: StateReader, number: int, *, until: int | None = None) -> tuple[Move, ...]:
    """Return what was renamed after a revision (and up to ``until``), oldest first."""
    moves = Moves()
    for revision in state.revisions():
        if revision.number <= number:
            break
        if until is None or revision.number <= until:
            moves.go_back(revision)
    return moves.in_order()


class Names:
    """What releases are called, move by move, forwards or (with moves turned round) backwards."""

    def __init__(self, addresses: Iterable[str]) -> None:
        """Start where every release is called what it is addressed by."""
        self._names = {address: address for address in addresses}
        self._covered: list[str] = []

    def follow(self, move: Move) -> None:
        """Go on to what everything is called beyond a move."""
        left = [one for one in self._covered if self._names[one] == move.origin]
        for address, name in self._names.items():
            if address not in self._covered:
                if name == move.origin:
                    self._names[address] = move.destination
                elif name == move.destination:
                    self._covered.append(address)
        if left:  # what had the name before has it again, should it come back
            self._covered.remove(left[-1])

    def of(self, address: str) -> str | None:
        """Return a name; None: the release is not there, and its name is another's."""
        return None if address in self._covered else self._names[address]


def names_after(addresses: Iterable[str], moves: Iterable[Move]) -> dict[str, str | None]:
    """Return what releases are called after the moves, by what they were called before.

    None: the release was forgotten or deleted, and another has been moved to its name.
    """
    before = tuple(addresses)
    names = Names(before)
    for move in moves:
        names.follow(move)
    return {address: names.of(address) for address in before}


def trace(
    wanted: set[str], state: StateReader, *, before: int | None = None
) -> Iterator[tuple[str, Revision, ReleaseRecord]]:
    """Yield address, revision and record of releases, newest first, under today's names.

    Ends when ``wanted`` is empty: the caller takes out what it has found. With ``before``,
    only older revisions than that are read.
    """
    names, moves = Names(wanted), Moves()
    for revision in state.revisions():
        changed = {
            address: object_id
            for address in sorted(wanted)
            if (object_id := revision.changes.get(names.of(address) or "")) is not None
        }
        if changed and (before is None or revision.number < before):
            objects = state.objects(set(changed.values()))
            for address, object_id in changed.items():
                record = ReleaseRecord.from_bytes(objects[object_id])
                yield address, revision, forward(record, moves.in_order())
        for move in reversed(moves_of(revision)):
            names.follow(move.back)
        moves.go_back(revision)
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
            "settings": _again({**desired.settings}, origin, destination),
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
        or has_unknown({**desired.settings})
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
