"""Evaluates each named thing of a project once, when it is first asked for.

Asking for something that is being evaluated already is a cycle. While a thing is
evaluated, the memo also notes which releases it read, so that a release depends on
what its locals and variables read, however often they were evaluated before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from declarative.errors import EvaluationError, LamformError, SourceRange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Outcome:
    value: Any
    error: LamformError | None
    reads: frozenset[str]


_NOTHING: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class _Active:
    """What is being evaluated: where, to what its errors belong, which releases it has read."""

    place: SourceRange | None
    owner: str | None
    reads: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Memo:
    """Results by name; the names are shown to people when they form a cycle."""

    _done: dict[str, _Outcome] = field(default_factory=dict)
    _active: dict[str, _Active] = field(default_factory=dict)

    def get(
        self,
        name: str,
        compute: Callable[[], T],
        place: SourceRange | None = None,
        owner: str | None = None,
    ) -> T:
        """Return what ``compute`` returns or raise what it raises, calling it once.

        Args:
            name: What is evaluated.
            compute: Evaluates it.
            place: Where it is written.
            owner: The address that its errors belong to.

        Raises:
            EvaluationError: the thing needs itself.
        """
        outcome = self._done.get(name)
        if outcome is None:
            if name in self._active:
                raise self._cycle(name)
            outcome = self._done[name] = self._run(name, compute, place, owner)
        if outcome.reads:
            self._note(outcome.reads)
        if outcome.error is not None:
            raise outcome.error
        return outcome.value  # type: ignore[no-any-return] # what compute returned, a T

    def read(self, address: str) -> None:
        """Note that what is being evaluated reads the release at ``address``."""
        self._note(frozenset((address,)))

    def reads(self, name: str) -> frozenset[str]:
        """Return the releases that an evaluated thing read, directly or through others."""
        outcome = self._done.get(name)
        return outcome.reads if outcome else frozenset()

    def apart(self, name: str, compute: Callable[[], T], place: SourceRange | None = None) -> T:
        """Do as `get` does, keeping what ``compute`` reads from whoever asks."""
        frame = next(reversed(self._active.values()), None)
        before = set(frame.reads) if frame is not None else None
        try:
            return self.get(name, compute, place)
        finally:
            if frame is not None and before is not None:
                frame.reads.intersection_update(before)

    def _run(
        self,
        name: str,
        compute: Callable[[], object],
        place: SourceRange | None,
        owner: str | None,
    ) -> _Outcome:
        self._active[name] = active = _Active(place, owner)
        reads = active.reads
        try:
            value = compute()
        except LamformError as error:
            if owner is not None:
                error.belong(owner)
            return _Outcome(None, error, frozenset(reads))
        finally:
            del self._active[name]
        return _Outcome(value, None, frozenset(reads) if reads else _NOTHING)

    def _note(self, addresses: frozenset[str]) -> None:
        if addresses and self._active:
            next(reversed(self._active.values())).reads.update(addresses)

    def _cycle(self, name: str) -> EvaluationError:
        names = list(self._active)
        path = [(step, self._active[step].place) for step in names[names.index(name) :]]
        place = next((place for _, place in path if place), None)
        owner = self._active[name].owner
        return EvaluationError.of("Cycle", circle(path), address=owner, range=place)


def circle(path: Iterable[tuple[str, SourceRange | None]]) -> str:
    """Return what to tell of things each of which needs the next, and the last the first."""
    steps = [(name.removesuffix(" content"), place) for name, place in path]
    names = [name for name, _ in steps]
    said = f"{names[0]} needs itself: {' -> '.join((*names, names[0]))}."
    known = [f"  {name} at {place}" for name, place in steps if place]
    if not known:
        return f"{said} Break the circle at one of these."
    return "\n".join((f"{said} Break the circle at one of these places:", *known))
