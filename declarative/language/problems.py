"""Gathers every problem of a project, so that a person sees all of them at once."""

from __future__ import annotations

import difflib
import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeVar

from declarative.errors import ConfigurationError, Diagnostic, LamformError, SourceRange
from declarative.language.showing import ordered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from declarative.errors import Severity

T = TypeVar("T")


_NEAR: Final = 0.6
NOT_KNOWN: Final = "Value not known yet"
"""The summary of the diagnostic about a value that only an apply makes known."""


@dataclass(slots=True)
class _Entry:
    """A problem, and the addresses beside its own that have it, in their order."""

    first: Diagnostic
    also: dict[str, None] = field(default_factory=dict)

    def takes(self, item: Diagnostic) -> bool:
        """Take ``item`` in if it is the same problem, met again perhaps at another address."""
        known = item.address == self.first.address or item.address in self.also
        if item.detail != self.first.detail and (
            known or not item.address or _skeleton(item) != _skeleton(self.first)
        ):
            return False
        if not known and item.address and self.first.address:
            self.also[item.address] = None
        return True


_CHANGING: Final = re.compile(r'"[^"]*"|\(is [^)]*\)|\b(release|infrastructure)\.\S+|\d+')


def _skeleton(item: Diagnostic) -> str:
    """Return the detail without what differs between the releases of one service."""
    return _CHANGING.sub("", item.detail)


@dataclass(slots=True)
class Problems:
    """Diagnostics in the order they were found, each once.

    One mistake in a service is met again in each of its releases; it is still one mistake,
    reported for the first of them, which names how many others there are.

    Attributes:
        lenient: Values that are not known yet are no problem: nothing is planned, or files
            with syntax errors are missing something.
    """

    lenient: bool = False
    _found: dict[tuple[str, SourceRange | None], list[_Entry]] = field(default_factory=dict)

    def add(
        self,
        summary: str,
        detail: str,
        place: SourceRange | None,
        severity: Severity = "error",
    ) -> None:
        """Add one problem."""
        self.take((Diagnostic(summary, detail, severity, range=place),))

    def take(self, diagnostics: Iterable[Diagnostic], address: str | None = None) -> None:
        """Add diagnostics, as those of the block at ``address`` where they name none."""
        for item in diagnostics:
            if self.lenient and item.summary == NOT_KNOWN:
                continue
            named = item if item.address else replace(item, address=address)
            entries = self._found.setdefault((item.summary, item.range), [])
            if not any(entry.takes(named) for entry in entries):
                entries.append(_Entry(named))

    @contextmanager
    def gathering(self, address: str | None = None) -> Iterator[None]:
        """Add the diagnostics of an error raised inside, and go on behind the block."""
        try:
            yield
        except (LamformError, RecursionError) as error:
            self._caught(error, address)

    def _caught(self, error: LamformError | RecursionError, address: str | None) -> None:
        if isinstance(error, LamformError):
            self.take(error.diagnostics, address)
        else:
            self.add(
                "Expressions are nested too deeply",
                "Following the references took too many steps. Shorten the chain of locals "
                "and variables that build on each other.",
                None,
            )

    def attempt(self, compute: Callable[[], T]) -> T | None:
        """Return what ``compute`` returns, or None when it raises, adding its diagnostics."""
        try:
            return compute()
        except (LamformError, RecursionError) as error:
            self._caught(error, None)
            return None

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """All errors, in the order they were found."""
        return tuple(item for item in self._everything() if item.severity == "error")

    def _everything(self) -> Iterator[Diagnostic]:
        for entries in self._found.values():
            for entry in entries:
                also = (*entry.first.also, *entry.also)
                yield replace(entry.first, also=also) if entry.also else entry.first

    def raise_any(self, sources: Mapping[str, str] | None = None) -> None:
        """Raise all diagnostics if one of them is an error.

        Raises:
            ConfigurationError: with the diagnostics by file and position; those with a
                place in ``sources`` show the lines they are about.
        """
        if self.errors:
            raise ConfigurationError(ordered(self._everything(), sources or {}))

    def warnings(self, sources: Mapping[str, str]) -> tuple[Diagnostic, ...]:
        """Return what is no error, in the order a person reads it."""
        rest = (item for item in self._everything() if item.severity == "warning")
        return ordered(rest, sources)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that ``name`` was probably meant to be."""
    alike = {_folded(one): one for one in sorted(known, reverse=True)}
    near = difflib.get_close_matches(_folded(name), alike, n=1, cutoff=_NEAR)
    return alike[near[0]] if near else None


def _folded(name: str) -> str:
    """Return a name without what people get wrong first: capitals and what joins words."""
    return name.casefold().replace("-", "_")


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean "…"?`` or, where nothing is near, an empty string."""
    near = nearest(name, known)
    return f' Did you mean "{near}"?' if near else ""
