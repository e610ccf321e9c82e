"""Packages in buckets: one ``HeadObject`` tells their state, and Lambda fetches them."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias

from declarative.artifacts.refusals import NETWORK, elsewhere, status_of
from declarative.errors import ConfigurationError, Diagnostic, RemoteError
from declarative.model.artifacts import ArtifactIdentity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.exceptions import ClientError
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectRequestTypeDef

    from declarative.model.artifacts import S3Artifact
    from declarative.model.bound import Connector

S3Clients: TypeAlias = "Callable[[Connector, str], S3Client]"
"""Gives the client for a connector and region; it must not follow a bucket elsewhere."""


def identify_object(
    artifact: S3Artifact, connector: Connector, region: str, clients: S3Clients
) -> ArtifactIdentity:
    """Return the object's present state, its version pinned if it has one.

    Args:
        artifact: The object.
        connector: Whose credentials read it.
        region: The function's region.
        clients: Where the client comes from.

    Raises:
        ConfigurationError: the bucket is said to be elsewhere than the function.
        RemoteError: the object does not exist or cannot be read.
    """
    if artifact.region not in {None, region}:
        raise ConfigurationError(
            (
                Diagnostic(
                    "Bucket in another region",
                    f"{_url(artifact)} is in {artifact.region}, the function in {region}: Lambda "
                    "takes packages from its own region only. Use a bucket there (replicate it).",
                    address=connector.address,
                ),
            )
        )
    client = clients(connector, region)
    answer = _head(client, artifact, connector, region)
    # "null" names the object of an unversioned bucket, which can be overwritten.
    version = answer.get("VersionId")
    pinned = None if version == "null" else version
    etag = str(answer.get("ETag", "")).strip('"')
    return ArtifactIdentity(
        source=artifact.model_copy(update={"version_id": pinned}),
        identity=f"{pinned or 'unversioned'}:{etag}",
        code_sha256=_full_checksum(answer),
        size=answer.get("ContentLength"),
    )


def _head(
    client: S3Client, artifact: S3Artifact, connector: Connector, region: str
) -> Mapping[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError

    request: HeadObjectRequestTypeDef = {"Bucket": artifact.bucket, "Key": artifact.key}
    if artifact.version_id is not None:
        request["VersionId"] = artifact.version_id
    summed: HeadObjectRequestTypeDef = {**request, "ChecksumMode": "ENABLED"}
    try:
        try:
            return client.head_object(**summed)
        except ClientError as error:
            if status_of(error) != HTTPStatus.FORBIDDEN:
                raise
            # The checksum of an encrypted object needs kms:Decrypt, the rest does not.
            return client.head_object(**request)
    except ClientError as error:
        what, advice = _explained(error, artifact, region)
    except BotoCoreError as error:
        what = str(error).rstrip(".")
        advice = NETWORK
    detail = f"{_url(artifact)}, {region}, {connector.address}: {what}. {advice}"
    raise RemoteError((Diagnostic("Artifact cannot be read", detail, address=connector.address),))


def _explained(error: ClientError, artifact: S3Artifact, region: str) -> tuple[str, str]:
    status, away = status_of(error), elsewhere(error, region)
    if away is not None:
        return (
            away,
            "Lambda takes packages from its own region only: use a bucket there (replicate it).",
        )
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        if artifact.version_id is None:
            return "there is no such bucket or object", "Upload it first, or correct the key."
        return (
            f"there is no version {artifact.version_id}",
            "It may have been deleted; name one that `aws s3api list-object-versions` shows.",
        )
    if status == HTTPStatus.FORBIDDEN:
        action = "s3:GetObject" if artifact.version_id is None else "s3:GetObjectVersion"
        return (
            "access denied",
            f"Grant {action}, and s3:ListBucket: without it S3 denies what does not exist, too.",
        )
    if status == HTTPStatus.BAD_REQUEST:
        return "S3 answered 400", "Check that the credentials have not expired, and the region."
    said = error.response.get("Error", {})
    return (
        f"S3 answered {said.get('Code', status)}: {said.get('Message', '')}".rstrip(": "),
        "Run the command again.",
    )


def _full_checksum(answer: Mapping[str, Any]) -> str | None:
    """Return the SHA-256 of the whole object; that of an upload in parts is of the parts."""
    checksum = answer.get("ChecksumSHA256")
    whole = answer.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT"
    return checksum if checksum and whole and "-" not in checksum else None


def _url(artifact: S3Artifact) -> str:
    version = f"?versionId={artifact.version_id}" if artifact.version_id else ""
    return f"s3://{artifact.bucket}/{artifact.key}{version}"
