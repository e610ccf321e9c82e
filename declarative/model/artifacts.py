"""Where a function's code comes from, and how one state of it is told from another."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from declarative.model.base import Frozen


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


Artifact = Annotated[LocalArtifact | S3Artifact, Field(discriminator="kind")]


class ArtifactIdentity(Frozen):
    """One state of an artifact, found without deploying it.

    Attributes:
        source: The artifact, with everything pinned that can be (an object's version).
        identity: Equal for equal code: the zip's SHA-256 in base64, or version id and ETag.
        code_sha256: What Lambda will answer as ``CodeSha256``, when that is known beforehand.
        size: Bytes of the package, when known.
    """

    source: Artifact
    identity: str
    code_sha256: str | None = None
    size: int | None = None
