"""Addresses of releases and of their parts.

``release.checkout``, ``release.checkout["eu"]``, ``release.checkout["eu"].alias.live``,
``release.checkout["eu"].alias.live.url``. The string is the identity that state, plans and
output share; the class exists to take it apart, to order it and to match what a person typed
on the command line.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Self

from declarative.errors import LamformError

if TYPE_CHECKING:
    from collections.abc import Iterable

_IDENTIFIER = re.compile(r"[^\W\d][\w-]*\Z")
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_LABEL = rf"(?:\.[^\W\d][\w-]*|\[{_QUOTED}\])"
_PART = rf"""(?:alias(?P<alias>{_LABEL})\.(?!alias\b))?
             (?P<kind>[a-z_]+)(?P<label>{_LABEL})?"""
_PART_ALONE = re.compile(_PART + r"\Z", re.VERBOSE)
_ADDRESS = re.compile(
    rf"""release\.(?P<name>[^\W\d][\w-]*)(?:\[(?P<key>{_QUOTED})\])?(?:\.{_PART})?\Z""",
    re.VERBOSE,
)


def quote(text: str) -> str:
    """Return ``text`` as it stands between brackets in an address."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _label(text: str | None) -> str:
    """Return the label written as ``.plain`` or ``["quoted"]``; empty where there is none."""
    if not text:
        return ""
    return text[1:] if text.startswith(".") else _unquote(text[1:-1])


def _labelled(kind: str, label: str) -> str:
    if not label:
        return kind
    return f"{kind}.{label}" if _IDENTIFIER.match(label) else f"{kind}[{quote(label)}]"


@dataclass(frozen=True, slots=True, order=True)
class PartKey:
    """Which part of a release: what stands in an address after the release.

    Attributes:
        alias: The alias that the part hangs on; empty where it hangs on the function.
        kind: ``function``, ``tags``, ``alias``, ``url``, ``permission``, …
        label: Which of several parts of that kind.
    """

    alias: str
    kind: str
    label: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the part written as ``text``, such as ``alias.live.permission.apigw``.

        Raises:
            LamformError: ``text`` names no part.
        """
        match = _PART_ALONE.match(text)
        if match is None:
            raise LamformError.of("Invalid address", f"{text} names no part of a release.")
        return cls(_label(match["alias"]), match["kind"], _label(match["label"]))

    def __str__(self) -> str:
        """Return the canonical form."""
        own = _labelled(self.kind, self.label)
        return f"{_labelled('alias', self.alias)}.{own}" if self.alias else own


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """A release (``kind`` is empty) or one of its parts.

    Attributes:
        name: The label of the release block.
        key: The ``for_each`` key, or None.
        kind: The kind of the part: ``function``, ``tags``, ``alias``; empty for the release.
        label: Which of several parts of that kind: the alias' name.
        alias: The alias that the part hangs on, for what surrounds an alias.
    """

    name: str
    key: str | None = None
    kind: str = ""
    label: str = ""
    alias: str = ""

    @classmethod
    @lru_cache(maxsize=4096)
    def parse(cls, text: str) -> Self:
        """Return the address written as ``text`` in canonical form.

        Raises:
            LamformError: ``text`` is no address.
        """
        match = _ADDRESS.match(text)
        if match is None:
            raise LamformError.of(
                "Invalid address",
                f"{text} is not the address of a release or of a part of one. "
                'Write release.NAME, release.NAME["KEY"] or release.NAME.alias.NAME.',
            )
        key = match["key"]
        return cls(
            match["name"],
            None if key is None else _unquote(key),
            match["kind"] or "",
            _label(match["label"]),
            _label(match["alias"]),
        )

    @property
    def release(self) -> Address:
        """The release this address belongs to (itself, when it is a release)."""
        return Address(self.name, self.key)

    def part(self, kind: str, label: str = "") -> Address:
        """Return the address of a part of this release."""
        return Address(self.name, self.key, kind, label)

    @property
    def within(self) -> PartKey:
        """Which part of its release it is; only of parts."""
        return PartKey(self.alias, self.kind, self.label)

    def at(self, part: PartKey) -> Address:
        """Return the address of a part of this release, wherever it hangs."""
        return Address(self.name, self.key, part.kind, part.label, part.alias)

    def __str__(self) -> str:
        """Return the canonical form."""
        text = f"release.{self.name}"
        if self.key is not None:
            text += f"[{quote(self.key)}]"
        if self.kind:
            text += f".{self.within}"
        return text


def select(addresses: Iterable[str], patterns: Iterable[str]) -> frozenset[str]:
    """Return the release addresses that at least one pattern names.

    A pattern may leave out the leading ``release.`` and the quotes inside brackets;
    only ``*`` and ``?`` are special; a pattern without a key means all instances.

    Raises:
        LamformError: a pattern matches nothing; near addresses are suggested.
    """
    known = {address: _loose(address) for address in sorted(addresses)}
    chosen: set[str] = set()
    for pattern in patterns:
        wanted = _loose(pattern)
        glob = re.compile(fnmatch.translate(wanted.replace("[", "[[]")))
        hits = {
            address
            for address, loose in known.items()
            if glob.match(loose) or glob.match(loose.partition("[")[0])
        }
        if not hits:
            near = difflib.get_close_matches(wanted, known.values(), n=3, cutoff=0.4)
            shown = [address for address, loose in known.items() if loose in near]
            hint = f" Did you mean {', '.join(shown)}?" if shown else ""
            release = _release_of(pattern)
            if release in known:
                hint = f" It is a part; a release is chosen as a whole: {release}."
            raise LamformError.of(
                "No such release", f'No release matches "{pattern}".{hint}', address=pattern
            )
        chosen |= hits
    return frozenset(chosen)


def _release_of(pattern: str) -> str | None:
    """Return the release of the part that a pattern names; None where it names none."""
    try:
        address = Address.parse(f"release.{pattern.removeprefix('release.')}")
    except LamformError:
        return None
    return str(address.release) if address.kind else None


def _loose(text: str) -> str:
    return text.removeprefix("release.").replace('"', "")
