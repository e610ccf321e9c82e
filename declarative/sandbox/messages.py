"""HTTP requests and responses as values, between the server and the services."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_CREDENTIAL = re.compile(
    r"Credential=(?P<key>[^/,\s]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request"
)
_PRESIGNED = re.compile(
    r"X-Amz-Credential=(?P<key>[^%/&]+)%2F\d+%2F(?P<region>[^%]+)%2F(?P<service>[^%]+)%2Faws4"
)


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names in lower case, ``target`` still percent-encoded."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def signer(self) -> tuple[str, str, str] | None:
        """Return access key, region and service of the signature, if there is one."""
        match = _CREDENTIAL.search(self.headers.get("authorization", "")) or _PRESIGNED.search(
            self.target
        )
        return (match["key"], match["region"], match["service"]) if match else None


@dataclass(frozen=True, slots=True)
class Response:
    """One response, its length left to the server.

    Attributes:
        lost: Hang up without an answer.
        after: Seconds to let pass first, unless the client gives up before.
    """

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    lost: bool = False
    after: float = 0.0
