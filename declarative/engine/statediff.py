"""What two revisions record differently, part by part; renamed releases are followed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from declarative.engine.diff import attribute_changes
from declarative.engine.moves import Move, forward, moves_since
from declarative.engine.snapshot import read_snapshot
from declarative.model.address import Address, select
from declarative.model.plan import Action, Change

if TYPE_CHECKING:
    from pydantic import JsonValue

    from backends.base import StateReader
    from declarative.model.plan import AttributeChange
    from declarative.model.revision import ReleaseRecord
    from declarative.model.values import Fingerprinter

PartsOf = Callable[["ReleaseRecord"], Mapping[str, Mapping[str, "JsonValue"]]]
"""Gives the parts of a record by address, as they are shown."""

_FIRST = ("version", "function_version", "routing")
"""What serves: it stands before everything else of a part."""


@dataclass(frozen=True, slots=True)
class ReleaseDifference:
    """One release that two revisions record differently.

    Attributes:
        action: ``create`` where only the second has it, ``delete`` where only the first has.
        moved_from: Its name in the first revision, where that is another.
        changes: What differs, part by part; none where it is nothing that is shown, such as
            what the files wanted or a hold.
        place: The function: its name, account and region.
    """

    address: str
    action: Action
    changes: tuple[Change, ...]
    place: str
    moved_from: str | None = None


def difference(
    state: StateReader,
    numbers: tuple[int, int],
    parts_of: PartsOf,
    *,
    only: Iterable[str] = (),
) -> tuple[ReleaseDifference, ...]:
    """Return what the second revision records otherwise than the first, by release.

    Where something serves another version, its release stands first, and so does that among
    its changes. ``only`` chooses releases, as for `select`, by a name of either revision.

    Raises:
        RevisionNotFoundError: there is no such revision.
        LamformError: a pattern matches no release.
    """
    start, end = numbers
    first, second = (read_snapshot(state, at=number) for number in numbers)
    moves = _moves_between(state, start, end)
    before: dict[str, ReleaseRecord] = {}
    names: dict[str, str] = {}
    for address, recorded in first.releases.items():
        record = forward(recorded.record, moves)
        before[record.address] = record
        names[record.address] = address
    after = {address: one.record for address, one in second.releases.items()}
    chosen = _chosen({*names.values(), *after}, only)
    found = [
        _release(
            (before.get(address), after.get(address)),
            names.get(address, address),
            parts_of,
            second.fingerprinter,
        )
        for address in sorted({*before, *after})
        if chosen is None or address in chosen or names.get(address) in chosen
    ]
    return tuple(sorted((one for one in found if one is not None), key=_rank))


def _moves_between(state: StateReader, start: int, end: int) -> tuple[Move, ...]:
    """Return what got another name on the way, backwards where the second is the older."""
    low, high = sorted((start, end))
    later = moves_since(state, high)
    moves = moves_since(state, low)
    moves = moves[: len(moves) - len(later)]
    return moves if start <= end else tuple(move.back for move in reversed(moves))


def _chosen(known: set[str], only: Iterable[str]) -> frozenset[str] | None:
    patterns = tuple(only)
    return select(known, patterns) if patterns else None


def _rank(one: ReleaseDifference) -> tuple[int, str]:
    if one.action is Action.DELETE:
        return (0, one.address)
    moves = any(item.path[0] in _FIRST for change in one.changes for item in change.attributes)
    return (1 if moves and one.action is Action.UPDATE else 2, one.address)


def _release(
    sides: tuple[ReleaseRecord | None, ReleaseRecord | None],
    name_before: str,
    parts_of: PartsOf,
    fingerprinter: Fingerprinter,
) -> ReleaseDifference | None:
    before, after = sides
    shown = after or before
    if shown is None or (before == after and shown.address == name_before):
        return None
    changes = _changes(
        parts_of(before) if before else {}, parts_of(after) if after else {}, fingerprinter
    )
    desired = shown.desired
    return ReleaseDifference(
        address=shown.address,
        action=_action(before, after),
        changes=changes,
        place=f"{desired.function_name} in account {desired.account_id}, {desired.region}",
        moved_from=name_before if before and after and name_before != shown.address else None,
    )


def _action(one: object, other: object) -> Action:
    if one is None:
        return Action.CREATE
    return Action.DELETE if other is None else Action.UPDATE


def _changes(
    before: Mapping[str, Mapping[str, JsonValue]],
    after: Mapping[str, Mapping[str, JsonValue]],
    fingerprinter: Fingerprinter,
) -> tuple[Change, ...]:
    changes: list[Change] = []
    for address in sorted({*before, *after}, key=lambda one: _part_rank(Address.parse(one))):
        one, other = before.get(address), after.get(address)
        found = attribute_changes(one or {}, other or {}, fingerprinter)
        if found or one is None or other is None:
            changes.append(
                Change(
                    address=address,
                    kind=Address.parse(address).kind,
                    action=_action(one, other),
                    attributes=tuple(sorted(found, key=_attribute_rank)),
                )
            )
    return tuple(changes)


def _part_rank(address: Address) -> tuple[bool, Address]:
    return (address.kind != "alias", address)


def _attribute_rank(change: AttributeChange) -> tuple[bool, tuple[str, ...]]:
    return (change.path[0] not in _FIRST, change.path)
