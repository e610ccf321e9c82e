"""Gathers every problem of a project, so that a person sees all of them at once."""

from __future__ import annotations

import difflib
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeVar

from declarative.errors import ConfigurationError, Diagnostic, LamformError, SourceRange
from declarative.language.source import snippet_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from declarative.errors import Severity

T = TypeVar("T")


NOT_KNOWN: Final = "Value not known yet"
"""The summary of the diagnostic about a value that only an apply makes known."""


@dataclass(slots=True)
class Problems:
    """Diagnostics in the order they were found, each once.

    One mistake in a service is met again in each of its releases; it is still one mistake,
    reported for the first of them.

    Attributes:
        lenient: Values that are not known yet are no problem: nothing is planned, or files
            with syntax errors are missing something.
    """

    lenient: bool = False
    _found: dict[tuple[str, str, SourceRange | None], Diagnostic] = field(default_factory=dict)

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
            self._found.setdefault((item.summary, item.detail, item.range), named)

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
        return tuple(item for item in self._found.values() if item.severity == "error")

    def raise_any(self, sources: Mapping[str, str] | None = None) -> None:
        """Raise all diagnostics if one of them is an error.

        Raises:
            ConfigurationError: with the diagnostics by file and position; those with a
                place in ``sources`` show the lines they are about.
        """
        if self.errors:
            raise ConfigurationError(ordered(self._found.values(), sources or {}))

    def warnings(self, sources: Mapping[str, str]) -> tuple[Diagnostic, ...]:
        """Return what is no error, in the order a person reads it."""
        rest = (item for item in self._found.values() if item.severity == "warning")
        return ordered(rest, sources)


def ordered(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]
) -> tuple[Diagnostic, ...]:
    """Return diagnostics by file and position with their source; those without a place last."""
    everything = sorted(diagnostics, key=_position)
    return tuple(_shown(item, sources) for item in everything)


def _position(item: Diagnostic) -> tuple[bool, str, int, int]:
    place = item.range
    if place is None:
        return (True, "", 0, 0)
    return (False, place.filename, place.start.line, place.start.column)


def _shown(item: Diagnostic, sources: Mapping[str, str]) -> Diagnostic:
    if item.snippet or item.range is None or item.range.filename not in sources:
        return item
    lines = sources[item.range.filename].splitlines()
    return replace(item, snippet=snippet_for(lines, item.range))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that ``name`` was probably meant to be."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return near[0] if near else None


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean "…"?`` or, where nothing is near, an empty string."""
    near = nearest(name, known)
    return f' Did you mean "{near}"?' if near else ""
