"""Digests of strings, in hexadecimal, base64 or as a UUID."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Sequence
from typing import Final

from declarative.language.calls import Function, refuse
from declarative.language.functions.results import function, scalar, string, text, text_of
from declarative.language.values import STRING, Value

_NAMESPACES: Final = {
    "dns": uuid.NAMESPACE_DNS,
    "url": uuid.NAMESPACE_URL,
    "oid": uuid.NAMESPACE_OID,
    "x500": uuid.NAMESPACE_X500,
}


def hexadecimal(algorithm: str, data: bytes) -> str:
    """Return the digest of ``data`` in lower-case hexadecimal digits."""
    return hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()


def base64_digest(algorithm: str, data: bytes) -> str:
    """Return the digest of ``data`` in base64, as Lambda names code by its SHA-256."""
    digest = hashlib.new(algorithm, data, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode("ascii")


def _in_hexadecimal(algorithm: str) -> Function:
    return scalar(
        algorithm,
        text("str"),
        lambda given: string(hexadecimal(algorithm, given.encode())),
        STRING,
    )


def _in_base64(algorithm: str) -> Function:
    return scalar(
        f"base64{algorithm}",
        text("str"),
        lambda given: string(base64_digest(algorithm, given.encode())),
        STRING,
    )


def _uuidv5(given: Sequence[Value]) -> Value:
    named = text_of(given[0])
    try:
        namespace = _NAMESPACES.get(named) or uuid.UUID(named)
    except ValueError as error:
        raise refuse(
            f'"{named}" is no namespace; use "dns", "url", "oid", "x500" or a UUID', 0
        ) from error
    return string(str(uuid.uuid5(namespace, text_of(given[1]))))


FUNCTIONS: Final = (
    function("uuidv5", [text("namespace"), text("name")], _uuidv5, returns=STRING),
    *(_in_hexadecimal(algorithm) for algorithm in ("md5", "sha1", "sha256", "sha512")),
    *(_in_base64(algorithm) for algorithm in ("sha256", "sha512")),
)
