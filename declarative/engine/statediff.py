"""What two revisions record differently, part by part; renamed releases are followed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from declarative.engine.diff import attribute_changes
from declarative.engine.moves import forward, moves_since, names_after
from declarative.engine.snapshot import fingerprinter_of, read_snapshot
from declarative.model.address import Address, select
from declarative.model.plan import Action, Change

if TYPE_CHECKING:
    from pydantic import JsonValue

    from backends.base import StateReader
    from declarative.model.fields import Attributes
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
    older, newer = sorted(numbers)
    pairs = _pairs(state, older, newer)
    chosen = _chosen({one.address for pair in pairs for one in pair if one is not None}, only)
    fingerprinter = fingerprinter_of(state)
    found = [
        _release(pair if numbers[0] <= numbers[1] else pair[::-1], parts_of, fingerprinter)
        for pair in pairs
        if chosen is None or any(one is not None and one.address in chosen for one in pair)
    ]
    return tuple(sorted((one for one in found if one is not None), key=_rank))


@dataclass(frozen=True, slots=True)
class _Side:
    """A release in one revision: its name there, and its record in the newer one's names."""

    address: str
    record: ReleaseRecord


_Pair = tuple[_Side | None, _Side | None]


def _pairs(state: StateReader, older: int, newer: int) -> list[_Pair]:
    """Return each release as both revisions have it, whatever it is called in them."""
    before, after = (read_snapshot(state, at=number).releases for number in (older, newer))
    moves = moves_since(state, older, until=newer)
    names = names_after(before, moves)
    left = {address: _Side(address, one.record) for address, one in after.items()}
    pairs: list[_Pair] = []
    for address, one in before.items():
        name = names[address]
        side = _Side(address, one.record if name is None else forward(one.record, moves))
        pairs.append((side, None if name is None else left.pop(name, None)))
    return [*pairs, *((None, side) for side in left.values())]


def _chosen(known: set[str], only: Iterable[str]) -> frozenset[str] | None:
    patterns = tuple(only)
    return select(known, patterns) if patterns else None


def _rank(one: ReleaseDifference) -> tuple[int, str]:
    if one.action is Action.DELETE:
        return (0, one.address)
    moves = any(item.path[0] in _FIRST for change in one.changes for item in change.attributes)
    return (1 if moves and one.action is Action.UPDATE else 2, one.address)


def _release(
    pair: _Pair, parts_of: PartsOf, fingerprinter: Fingerprinter
) -> ReleaseDifference | None:
    before, after = pair
    shown = after or before
    if shown is None:
        return None
    moved = before is not None and after is not None and before.address != after.address
    if before and after and before.record == after.record and not moved:
        return None
    desired = shown.record.desired
    return ReleaseDifference(
        address=shown.address,
        action=_action(before, after),
        changes=_changes(
            _parts(before, shown.address, parts_of),
            _parts(after, shown.address, parts_of),
            fingerprinter,
        ),
        place=f"{desired.function_name} in account {desired.account_id}, {desired.region}",
        moved_from=before.address if before and moved else None,
    )


def _parts(side: _Side | None, address: str, parts_of: PartsOf) -> dict[str, Attributes]:
    """Return the parts of a record, under the name that the release is shown by."""
    if side is None:
        return {}
    release = Address.parse(address)
    found: dict[str, Attributes] = {}
    for name, attributes in parts_of(side.record).items():
        part = Address.parse(name)
        found[str(release.at(part.within))] = dict(attributes)
    return found


def _action(one: object, other: object) -> Action:
    if one is None:
        return Action.CREATE
    return Action.DELETE if other is None else Action.UPDATE


def _changes(
    before: Mapping[str, Attributes],
    after: Mapping[str, Attributes],
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
