"""Where a function's code comes from, and how one state of it is told from another."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from declarative.model.base import Frozen
from declarative.model.regions import domain_of


class LocalArtifact(Frozen):
    """A directory or a zip file beside the project's files.

    Attributes:
        path: Relative to the project's directory, with ``/``.
        exclude: Patterns (as in ``.gitignore``) of files left out, besides the ignore file's.
    """

    kind: Literal["local"] = "local"
    path: str
    exclude: tuple[str, ...] = ()


class S3Artifact(Frozen):
    """An object in a bucket, handed to Lambda by reference.

    Attributes:
        region: The bucket's region; Lambda itself needs it to be the function's.
        version_id: The object version; without one, the newest at plan time.
    """

    kind: Literal["s3"] = "s3"
    bucket: str
    key: str
    version_id: str | None = None
    region: str | None = None


class EcrArtifact(Frozen):
    """A container image in ECR.

    Attributes:
        tag: What names the image at plan time, where ``digest`` does not.
        digest: ``sha256:`` and 64 hex digits.
        registry_id: The account that has the repository; None: the one that deploys.
        region: The repository's region; Lambda itself needs it to be the function's.
    """

    kind: Literal["ecr"] = "ecr"
    repository: str
    tag: str | None = None
    digest: str | None = None
    registry_id: str | None = None
    region: str | None = None

    @property
    def uri(self) -> str:
        """The address that Lambda takes the image from, as far as it is known."""
        region = self.region or "REGION"
        host = f"{self.registry_id or 'ACCOUNT'}.dkr.ecr.{region}.{domain_of(region)}"
        image = f"@{self.digest}" if self.digest else f":{self.tag}"
        return f"{host}/{self.repository}{image}"


Artifact = Annotated[LocalArtifact | S3Artifact | EcrArtifact, Field(discriminator="kind")]


class ArtifactIdentity(Frozen):
    """One state of an artifact, found without deploying it.

    Attributes:
        source: The artifact, with everything pinned that can be (an object's version, an
            image's digest).
        identity: Equal for equal code: the zip's SHA-256 in base64, version id and ETag, or the
            image's digest.
        code_sha256: What Lambda will answer as ``CodeSha256``, when that is known beforehand:
            of a zip in base64, of an image the hex digits of its digest.
        size: Bytes of the package, when known; None for an image.
    """

    source: Artifact
    identity: str
    code_sha256: str | None = None
    size: int | None = None

    @property
    def package_type(self) -> str:
        """The ``PackageType`` of a function that has this code."""
        return "Image" if isinstance(self.source, EcrArtifact) else "Zip"
