"""Digests of strings, in hexadecimal or base64."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from declarative.language.calls import Function
from declarative.language.functions.results import scalar, string, text
from declarative.language.values import STRING


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


FUNCTIONS: Final = (
    *(_in_hexadecimal(algorithm) for algorithm in ("md5", "sha1", "sha256", "sha512")),
    *(_in_base64(algorithm) for algorithm in ("sha256", "sha512")),
)
