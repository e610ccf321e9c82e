"""Canonical JSON: one byte sequence for one value, so that ids can be compared anywhere."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import JsonValue

_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def canonical_json(value: JsonValue) -> bytes:
    """Return ``value`` as UTF-8 JSON with sorted keys and no insignificant white space."""
    return _ENCODER.encode(value).encode()


def members(parts: Mapping[str, bytes]) -> bytes:
    """Return the canonical JSON of an object whose values are canonical JSON already.

    What is large is made piece by piece: the values of all of it at once are many times its text.
    """
    return b"{%b}" % b",".join([_name(name) + parts[name] for name in sorted(parts)])


@lru_cache(maxsize=256)
def _name(name: str) -> bytes:
    return canonical_json(name) + b":"


def elements(parts: Iterable[bytes]) -> bytes:
    """Return the canonical JSON of an array whose values are canonical JSON already."""
    return b"[%b]" % b",".join(parts)


def digest(value: JsonValue) -> str:
    """Return the SHA-256 of the canonical JSON, in lower-case hexadecimal."""
    return digest_of(canonical_json(value))


def digest_of(canonical: bytes) -> str:
    """Return the SHA-256 of what is canonical JSON already, in lower-case hexadecimal."""
    return hashlib.sha256(canonical).hexdigest()
