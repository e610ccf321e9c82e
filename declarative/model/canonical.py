"""Canonical JSON: one byte sequence for one value, so that ids can be compared anywhere."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydantic import JsonValue


_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def canonical_json(value: JsonValue) -> bytes:
    """Return ``value`` as UTF-8 JSON with sorted keys and no insignificant white space."""
    return _ENCODER.encode(value).encode()


def digest(value: JsonValue) -> str:
    """Return the SHA-256 of the canonical JSON, in lower-case hexadecimal."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
