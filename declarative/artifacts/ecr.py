"""Images in ECR: one ``DescribeImages`` tells a tag's digest, and Lambda fetches them by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from declarative.artifacts.refusals import NETWORK
from declarative.errors import ConfigurationError, Diagnostic, RemoteError
from declarative.model.artifacts import ArtifactIdentity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.exceptions import ClientError

    from declarative.model.artifacts import EcrArtifact
    from declarative.model.bound import Connector


class EcrClient(Protocol):
    """What of an SDK client is called here."""

    def describe_images(self, **request: Any) -> Mapping[str, Any]:
        """Return what ECR knows of images."""
        ...


EcrClients: TypeAlias = Callable[["Connector", str], EcrClient]
"""Gives the client for a connector and region."""

IMAGE_LIMIT: Final = 10 * 1024**3
"""Bytes of the largest image that Lambda takes, uncompressed."""

_INDEXES: Final = frozenset(
    {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    }
)
_ITS_REGION: Final = "Lambda takes images from its own region only"


def identify_image(
    artifact: EcrArtifact, connector: Connector, region: str, clients: EcrClients
) -> ArtifactIdentity:
    """Return the image that a tag (or a digest) names at present, its digest pinned.

    Args:
        artifact: The image.
        connector: Whose credentials look.
        region: The function's region.
        clients: Where the client comes from.

    Raises:
        ConfigurationError: the repository is said to be elsewhere than the function, or what
            is named is nothing that Lambda can run.
        RemoteError: there is no such image, or it cannot be looked at.
    """
    if artifact.region not in {None, region}:
        raise ConfigurationError(
            (
                Diagnostic(
                    "Repository in another region",
                    f"{artifact.repository} is in {artifact.region}, the function in {region}: "
                    f"{_ITS_REGION}. Use a repository there (replicate it).",
                    address=connector.address,
                ),
            )
        )
    found = _describe(artifact, connector, region, clients)
    digest = str(found["imageDigest"])
    _check(found, artifact, connector)
    source = artifact.model_copy(
        update={
            "tag": None,
            "digest": digest,
            "registry_id": str(found["registryId"]),
            "region": region,
        }
    )
    return ArtifactIdentity(
        source=source, identity=digest, code_sha256=digest.removeprefix("sha256:")
    )


def _describe(
    artifact: EcrArtifact, connector: Connector, region: str, clients: EcrClients
) -> Mapping[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError

    image = {"imageDigest": artifact.digest} if artifact.digest else {"imageTag": artifact.tag}
    request: dict[str, Any] = {"repositoryName": artifact.repository, "imageIds": [image]}
    if artifact.registry_id is not None:
        request["registryId"] = artifact.registry_id
    client = clients(connector, region)
    try:
        details = client.describe_images(**request).get("imageDetails") or ()
        found: Mapping[str, Any] = next(iter(details), {})
        if "imageDigest" in found and "registryId" in found:
            return found
        what, advice = "the answer names no image", "It may not be from AWS: see the endpoint."
    except ClientError as error:
        what, advice = _explained(error, artifact, region)
    except BotoCoreError as error:
        what = str(error).rstrip(".")
        advice = NETWORK
    detail = f"{_named(artifact)}, {region}, {connector.address}: {what}. {advice}"
    raise RemoteError((Diagnostic("Image cannot be found", detail, address=connector.address),))


def _explained(error: ClientError, artifact: EcrArtifact, region: str) -> tuple[str, str]:
    said = error.response.get("Error", {})
    code, message = str(said.get("Code", "")), str(said.get("Message", "")).rstrip(".")
    whose = f"account {artifact.registry_id}" if artifact.registry_id else "this account"
    match code:
        case "RepositoryNotFoundException":
            advice = "Correct repository, say whose it is with registry_id, or create it there"
            return f"{whose} has no such repository in {region}", f"{advice}: {_ITS_REGION}."
        case "ImageNotFoundException":
            name = "digest" if artifact.digest else "tag"
            advice = "Push it first, or correct it; a lifecycle policy may have deleted it"
            return f"the repository has no image with this {name}", f"{advice}."
        case "AccessDeniedException":
            elsewhere = ", and let the repository's policy do so" if artifact.registry_id else ""
            return f"access denied: {message}", f"Grant ecr:DescribeImages{elsewhere}."
        case _:
            return (
                f"ECR answered {code}: {message}".rstrip(": "),
                "Check that the credentials have not expired, and run the command again.",
            )


def _check(found: Mapping[str, Any], artifact: EcrArtifact, connector: Connector) -> None:
    """Refuse what Lambda would: an image of several platforms, one that is too large."""
    if found.get("imageManifestMediaType") in _INDEXES:
        raise ConfigurationError(
            (
                Diagnostic(
                    "Image for several platforms",
                    f"{_named(artifact)} is an index of images, and Lambda takes a single one. "
                    "Build it for one platform and without attestations, which make an index as "
                    "well: docker buildx build --platform linux/arm64 --provenance=false "
                    "--sbom=false … (linux/amd64 for x86_64).",
                    address=connector.address,
                ),
            )
        )
    size = found.get("imageSizeInBytes") or 0
    if size > IMAGE_LIMIT:
        raise ConfigurationError(
            (
                Diagnostic(
                    "Image is too large",
                    f"{_named(artifact)} has {size / 1024**3:.1f} GB while compressed, and Lambda "
                    "takes at most 10 GB uncompressed. Leave out what the function does not need.",
                    address=connector.address,
                ),
            )
        )


def _named(artifact: EcrArtifact) -> str:
    image = f"@{artifact.digest}" if artifact.digest else f":{artifact.tag}"
    return f"{artifact.repository}{image}"
