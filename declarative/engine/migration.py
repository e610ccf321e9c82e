"""Moving a state to another backend: the whole history, with the ids it has."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import islice
from typing import TYPE_CHECKING

from backends.base import EVERYTHING, RevisionDraft
from declarative.engine.leases import hold, new_run, request_of
from declarative.engine.pruning import refuse_open_runs
from declarative.engine.verification import Verification, verify
from declarative.errors import LamformError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from backends.base import Lease, Origin, Revision, StateBackend, StateReader
    from declarative.engine.ports import Runner

_REVISIONS = 50
_OBJECTS = 100


@dataclass(frozen=True, slots=True)
class Migration:
    """What was moved.

    Attributes:
        head: The number of head, the same in both; 0 where there is no revision.
        copied: How many revisions this call copied; fewer than there are where it went on
            with what an earlier one had begun.
        found: What reading all of the destination gave, which is no damage.
    """

    head: int
    copied: int
    found: Verification


def migrate(
    source: StateBackend,
    destination: StateBackend,
    runner: Runner,
    *,
    timeout: float = 0.0,
    waiting: Callable[[Lease], None] | None = None,
) -> Migration:
    """Copy all of a state to where there is none, or only a beginning of it, and verify that.

    The source stays as it is. Runs that have ended, and their journals, are not copied.

    Raises:
        LamformError: There is nothing to copy, a run was cut off and is not recovered, the
            destination is the source or holds something else, or the copy is not what was
            written.
        LeaseHeldError: A run is at work in one of them.
    """
    origin = source.origin()
    if origin is None:
        raise LamformError.of(
            "There is no state to migrate",
            "Nothing was ever recorded in the backend of the files. Change the backend block, and "
            "the first apply creates the state there.",
        )
    everything, run = frozenset({EVERYTHING}), new_run()
    asked = request_of(runner, run, exclusive=everything)
    with hold(source, asked, timeout=timeout, waiting=waiting):
        if any(lease.run == run for lease in destination.leases()):
            raise LamformError.of(
                "The state is there already", "Source and destination are one place. Name another."
            )
        refuse_open_runs(source, "Migrating")
        origin = source.origin() or origin
        _check_beginning(source, destination, origin)
        destination.create(origin)
        asked = request_of(runner, new_run(), exclusive=everything)
        with hold(destination, asked) as lease:
            _check_beginning(source, destination, origin)
            refuse_open_runs(destination, "Migrating")
            copied = _copy(source, destination, origin, lease.token)
        return Migration(head=_number(source), copied=copied, found=_verified(source, destination))


def _number(state: StateReader) -> int:
    head = state.head()
    return head.number if head else 0


def _check_beginning(source: StateReader, destination: StateReader, origin: Origin) -> None:
    """Do nothing if the destination is empty, or holds a beginning of the source.

    Raises:
        LamformError: It holds anything else.
    """
    there = destination.origin()
    if there is None:
        return
    head = destination.head()
    if there != origin:
        why = "it is of another project, or starts from another revision"
    elif head is not None and not _has(source, head):
        why = f"its revision {head.number} is not one of this state"
    else:
        return
    raise LamformError.of(
        "The destination holds another state",
        f"What is there is no beginning of this state: {why}. Nothing was written. Choose another "
        "place, or remove what is there if nobody needs it.",
    )


def _has(state: StateReader, revision: Revision) -> bool:
    return revision.number <= _number(state) and state.revision(revision.number) == revision


def _copy(source: StateReader, destination: StateBackend, origin: Origin, token: int) -> int:
    """Copy the revisions that are missing, each after the objects it names."""
    head = destination.head()
    if head is None:
        _copy_objects(source, destination, origin.resources.values())
    first = (head.number if head else origin.number) + 1
    numbers = iter(range(first, _number(source) + 1))
    copied = 0
    while batch := [source.revision(number) for number in islice(numbers, _REVISIONS)]:
        named = [name for one in batch for name in one.changes.values() if name is not None]
        _copy_objects(source, destination, named)
        for revision in batch:
            head = _commit(destination, revision, head, token)
            copied += 1
    return copied


def _copy_objects(source: StateReader, destination: StateBackend, ids: Iterable[str]) -> None:
    names = iter(sorted(set(ids)))
    while batch := list(islice(names, _OBJECTS)):
        destination.put(source.objects(batch).values())


def _commit(
    destination: StateBackend, revision: Revision, head: Revision | None, token: int
) -> Revision:
    draft = RevisionDraft(
        **{one.name: getattr(revision, one.name) for one in fields(RevisionDraft)}
    )
    made = destination.commit(draft, expected=head.id if head else None, token=token)
    if made.id != revision.id:
        raise _not_the_same(f"revision {revision.number} is {made.id}, not {revision.id}")
    return made


def _verified(source: StateReader, destination: StateReader) -> Verification:
    found = verify(destination)
    for problem in (*found.damage, *_differences(source, destination)):
        raise _not_the_same(problem)
    return found


def _differences(source: StateReader, destination: StateReader) -> Iterator[str]:
    if source.head() != destination.head():
        yield "the newest revision is another."
    if source.origin() != destination.origin():
        yield "what history starts from is another."
    if source.resources() != destination.resources():
        yield "the address map is another."


def _not_the_same(problem: str) -> LamformError:
    return LamformError.of(
        "The copy is not what was written",
        f"In the destination {problem.rstrip('.')}. The state where it was is as it was: go on "
        "with that. Check the destination, empty it, and migrate again.",
    )
