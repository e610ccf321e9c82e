"""Whether a state is whole: its chain, its objects, its address map."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from backends.base import BackendError, CorruptStateError, ObjectMissingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from backends.base import Origin, Revision, StateReader

_BATCH = 200


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found of a state.

    Attributes:
        revisions: How many were read.
        objects: How many different objects were read: those that they, the address map they
            start from and the open runs name.
        damage: What is wrong, a sentence each; nothing where the state is whole.
    """

    revisions: int
    objects: int
    damage: tuple[str, ...]


def verify(state: StateReader) -> Verification:
    """Read everything that a state holds and say what of it is not what was written.

    Raises:
        StateUnavailableError: It cannot be read at all.
    """
    # What the place itself finds says nothing of the maps, which are looked at all the same.
    findings = _findings(state)
    damage: list[str] = []
    origin = _origin(state, damage)
    history = list(_history(state, origin, damage))
    damage.extend(_chain(history, origin))
    wanted = {value for one in history for value in one.changes.values() if value is not None}
    wanted.update(origin.resources.values() if origin else ())
    wanted.update(run.plan for run in state.open_runs() if run.plan is not None)
    found = 0
    names = iter(sorted(wanted))
    while batch := list(islice(names, _BATCH)):
        found += _read(state, batch, damage)
    if not damage:
        damage.extend(_maps(state, history, origin))
    return Verification(len(history), found, (*findings, *damage))


def _findings(state: StateReader) -> tuple[str, ...]:
    try:
        return state.findings()
    except CorruptStateError as error:
        return (f"The state cannot be looked through. {error.detail}",)


def _origin(state: StateReader, damage: list[str]) -> Origin | None:
    """Return what the state starts from; None where that cannot be read, or there is no state."""
    try:
        return state.origin()
    except BackendError as error:
        damage.append(f"What the history starts from cannot be read. {error.detail}")
        return None


def _history(state: StateReader, origin: Origin | None, damage: list[str]) -> Iterator[Revision]:
    """Yield the revisions that are kept and can be read, newest first."""
    try:
        head = state.head()
    except BackendError as error:
        damage.append(f"Head cannot be read. {error.detail}")
        return
    forgotten = origin.number if origin else 0
    for number in range(head.number if head else 0, forgotten, -1):
        try:
            yield state.revision(number)
        except BackendError as error:
            damage.append(f"Revision {number} cannot be read. {error.detail}")


def _chain(history: list[Revision], origin: Origin | None) -> Iterator[str]:
    by_number = {one.number: one for one in history}
    for one in history:
        if not one.is_intact():
            yield f"Revision {one.number} has another hash than its id {one.id} says."
        before = by_number.get(one.number - 1)
        if one.number == 1 and one.parent is not None:
            yield f"Revision 1 names a parent, {one.parent}, which no first revision has."
        elif origin and one.number == origin.number + 1 and one.parent != origin.id:
            yield (
                f"Revision {one.number}, the oldest that is kept, names {one.parent} as its "
                f"parent; history starts from revision {origin.number}, which is {origin.id}."
            )
        if before is not None and one.parent != before.id:
            yield (
                f"Revision {one.number} names {one.parent} as its parent; revision "
                f"{before.number} is {before.id}."
            )


def _read(state: StateReader, names: list[str], damage: list[str]) -> int:
    """Return how many of the objects are there and whole."""
    try:
        return len(state.objects(names))
    except ObjectMissingError as error:
        damage.extend(f"Object {name} is missing." for name in error.ids)
        return _read(state, [name for name in names if name not in error.ids], damage)
    except BackendError as error:
        if len(names) == 1:
            damage.append(f"Object {names[0]} is damaged. {error.detail}")
            return 0
    middle = len(names) // 2
    return _read(state, names[:middle], damage) + _read(state, names[middle:], damage)


def _maps(state: StateReader, history: Iterable[Revision], origin: Origin | None) -> Iterator[str]:
    """Yield where the stored address maps are not what the revisions say: head's, and others."""
    expected = dict(origin.resources) if origin else {}
    stored = frozenset(state.mapped())
    for one in sorted(history, key=lambda one: one.number):
        for address, value in one.changes.items():
            expected.pop(address, None)
            if value is not None:
                expected[address] = value
        if one.number in stored:
            yield from _map(state, expected, one.number)
    yield from _map(state, expected, None)


def _map(state: StateReader, expected: Mapping[str, str], number: int | None) -> Iterator[str]:
    name = "The address map" if number is None else f"The address map of revision {number}"
    try:
        found = dict(state.resources(at=number))
    except BackendError as error:
        yield f"{name} cannot be read. {error.detail}"
        return
    for address in sorted({*expected, *found}):
        if expected.get(address) != found.get(address):
            yield (
                f"{name} has {found.get(address, 'nothing')} at {address}; history says "
                f"{expected.get(address, 'nothing')}."
            )
