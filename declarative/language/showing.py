"""Diagnostics made ready to be shown: in order, with their source and what was known."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from declarative.errors import Evidence, LamformError
from declarative.language.source import lines_of, snippet_for
from declarative.language.structure import segments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from declarative.errors import Diagnostic

_HEADER: Final = re.compile(r'\s*(?P<header>[^\W\d][\w-]*(?:[ \t]+(?:"[^"\n]*"|[\w-]+))*)[ \t]*\{')


def ordered(
    diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]
) -> tuple[Diagnostic, ...]:
    """Return diagnostics by file and position with their source; those without a place last.

    Nothing is left to find out about them afterwards.
    """
    texts = {name: _Text(source) for name, source in sources.items()}
    return tuple(_shown(item, texts) for item in sorted(diagnostics, key=_position))


def _position(item: Diagnostic) -> tuple[bool, str, int, int]:
    place = item.range
    if place is None:
        return (True, "", 0, 0)
    return (False, place.filename, place.start.line, place.start.column)


class _Text:
    """One file, taken apart when a message quotes it."""

    def __init__(self, source: str) -> None:
        self._source = source

    @cached_property
    def lines(self) -> list[str]:
        """Its lines, without what ends them."""
        return [line.rstrip("\r") for line in self._source.split("\n")]

    @cached_property
    def headers(self) -> list[tuple[int, str | None]]:
        """Where each top-level statement ends, and its header where it is a block."""
        source = self._source.encode()
        found = []
        for segment in segments(source):
            header = _HEADER.match(source[segment.start : segment.end].decode("utf-8", "replace"))
            found.append((segment.end, header["header"] if header else None))
        return found

    def context(self, byte: int) -> str | None:
        """Return the header of the outermost block around an offset."""
        at = bisect_right(self.headers, byte, key=itemgetter(0))
        return self.headers[at][1] if at < len(self.headers) else None


def _shown(item: Diagnostic, texts: Mapping[str, _Text]) -> Diagnostic:
    snippet, place = item.snippet, item.range
    text = texts.get(place.filename) if place is not None else None
    if text is not None and place is not None:
        snippet = snippet or snippet_for(text.lines, place)
        if snippet is not None and snippet.context is None:
            snippet = replace(snippet, context=text.context(place.start.byte))
    elif snippet is None and place is not None:
        lines = lines_of(place)
        snippet = snippet_for(lines, place) if lines is not None else None
    if snippet is not None and item.witness is not None:
        snippet = replace(snippet, evidence=_evidence(item.witness))
    return replace(item, snippet=snippet, witness=None)


def _evidence(witness: Callable[[], Evidence]) -> Evidence:
    try:
        return witness()
    except (LamformError, RecursionError):
        return Evidence()  # a value that cannot be had is no second problem
