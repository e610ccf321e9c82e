"""What refusals of S3 and ECR have in common, whatever was asked for."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

NETWORK: Final = "Check the credentials, the region, the endpoint and the network."
"""What to try where a call got no answer."""

_MOVED: Final = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.TEMPORARY_REDIRECT})


def status_of(error: ClientError) -> int:
    """Return the HTTP status of a refusal; 0 where it has none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def elsewhere(error: ClientError, region: str) -> str | None:
    """Return where a bucket is, in a few words, if it is refused for not being in ``region``."""
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    home = headers.get("x-amz-bucket-region")
    if status_of(error) in _MOVED or home not in {None, region}:
        return f"the bucket is in {home or 'another region'}"
    return None
