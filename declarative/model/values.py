"""Values as the engine sees them: JSON, with a marker where a value is secret or unknown.

A *marker* is a JSON object with a single reserved key, so that parts, plans and state
stay plain JSON and compare by value:

``{"$secret": FINGERPRINT}``     a sensitive value; the fingerprint is a keyed HMAC, or null
                                 while the project has no key or the plan cannot read it
``{"$unknown": EXPRESSION}``     a value that exists only once another release is applied
``{"$residual": EXPRESSION}``    a credential: the expression that gives it again, or null

`Sensitive` and `Pending` are what the language hands over before that: the first still
holds the secret, in memory only, and neither is ever serialised.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from declarative.model.canonical import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterable

SECRET: Final = "$secret"  # noqa: S105 - the name of a marker
UNKNOWN: Final = "$unknown"
RESIDUAL: Final = "$residual"

WITHHELD: Final[JsonValue] = {SECRET: None}
"""The marker of a secret that the plan could not read."""


@dataclass(frozen=True, slots=True)
class Sensitive:
    """A secret in memory: its value, and the expression that gives it again.

    Attributes:
        value: The secret itself; JSON.
        residual: HCL source of the residual expression; None for a secret written
            literally in the files, which no saved plan can carry.
    """

    value: JsonValue = field(repr=False)
    residual: str | None


@dataclass(frozen=True, slots=True)
class Pending:
    """A value that is not known yet, and the expression that will give it.

    Attributes:
        sensitive: Whether it is a secret that is not read here: apply will.
    """

    residual: str
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Fingerprinter:
    """Turns secrets into fingerprints that can be compared but not reversed.

    Attributes:
        key: The project's key, kept in state. Without state there is a random one.
        stable: Whether ``key`` is the project's; fingerprints made with another key are
            good for comparing within one process and are never written anywhere.
    """

    key: bytes = field(repr=False)
    stable: bool

    def fingerprint(self, value: JsonValue) -> str:
        """Return the keyed fingerprint of a JSON value."""
        return _keyed(self.key, canonical_json(value))

    def marker(self, value: JsonValue) -> JsonValue:
        """Return the marker that stands for the secret ``value``."""
        return {SECRET: self.fingerprint(value)}

    def hide(self, value: JsonValue) -> JsonValue:
        """Return ``value`` as a marker; a marker of any kind stays what it is."""
        if value is None or isinstance(value, (str, int)):
            return {SECRET: _keyed_scalar(self.key, type(value).__name__, value)}
        return value if is_secret(value) or is_unknown(value) else self.marker(value)


# Most leaves of most functions hold one of a few default values.
FINGERPRINT = "hmac-sha256:"
"""What every fingerprint begins with."""


@lru_cache(maxsize=4096)
def _keyed_scalar(key: bytes, kind: str, value: str | int | None) -> str:
    del kind  # it tells True from 1, which are equal
    return _keyed(key, canonical_json(value))


@lru_cache(maxsize=4096)
def _keyed(key: bytes, content: bytes) -> str:
    return FINGERPRINT + hmac.digest(key, content, "sha256").hex()


def is_secret(value: JsonValue) -> bool:
    """Whether ``value`` is the marker of a secret."""
    return isinstance(value, dict) and len(value) == 1 and SECRET in value


def is_unknown(value: JsonValue) -> bool:
    """Whether ``value`` is the marker of an unknown value."""
    return isinstance(value, dict) and len(value) == 1 and UNKNOWN in value


def unknown(residual: str) -> JsonValue:
    """Return the marker of a value that ``residual`` will give."""
    return {UNKNOWN: residual}


def has_secret(value: JsonValue) -> bool:
    """Whether a secret stands anywhere inside ``value``."""
    return _holds(value, SECRET)


def has_unknown(value: JsonValue) -> bool:
    """Whether an unknown value stands anywhere inside ``value``."""
    return _holds(value, UNKNOWN)


def _holds(value: JsonValue, marker: str) -> bool:
    if isinstance(value, dict):
        if len(value) == 1 and marker in value:
            return True
        items: Iterable[JsonValue] = value.values()
    elif isinstance(value, list):
        items = value
    else:
        return False
    for item in items:  # noqa: SIM110 - every value passes here many times: no generator
        if isinstance(item, (dict, list)) and _holds(item, marker):
            return True
    return False


def without_fingerprints(value: JsonValue) -> JsonValue:
    """Return ``value`` with every fingerprint taken out of its markers.

    For documents that leave this process although the project has no key yet.
    """
    if isinstance(value, dict):
        if len(value) == 1 and SECRET in value:
            return {SECRET: None}
        return {
            name: without_fingerprints(item) if isinstance(item, dict | list) else item
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [
            without_fingerprints(item) if isinstance(item, dict | list) else item for item in value
        ]
    return value
