"""Buckets that packages go through on their way to Lambda, and when they do."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from declarative.errors import ConfigurationError, Diagnostic
from declarative.model.artifacts import LocalArtifact
from declarative.model.base import Frozen

if TYPE_CHECKING:
    from declarative.errors import SourceRange
    from declarative.model.artifacts import ArtifactIdentity

DIRECT_LIMIT: Final = 50 * 1024 * 1024
"""Bytes of the largest package that Lambda takes with the call itself."""

UNZIPPED_LIMIT: Final = 250 * 1024 * 1024
"""Bytes that a package may have once Lambda has unzipped it, its layers included."""


class StagedObject(Frozen):
    """A package in a bucket, under a name that its content gives.

    Attributes:
        code_sha256: The package's SHA-256 in base64.
        keep: Whether it stays when the apply is over.
    """

    bucket: str
    key: str
    code_sha256: str
    keep: bool = False

    @property
    def url(self) -> str:
        """Where it is, for messages."""
        return f"s3://{self.bucket}/{self.key}"


class Staging(Frozen):
    """Where an infrastructure's packages go; see `StagedObject`."""

    bucket: str
    prefix: str = ""
    keep: bool = False

    def holding(self, code_sha256: str) -> StagedObject:
        """Return where the package with a ``CodeSha256`` is, or goes."""
        name = f"{base64.b64decode(code_sha256).hex()}.zip"
        prefix = self.prefix.strip("/")
        key = f"{prefix}/{name}" if prefix else name
        return StagedObject(bucket=self.bucket, key=key, code_sha256=code_sha256, keep=self.keep)


def staging_of(
    artifact: ArtifactIdentity,
    staging: Staging | None,
    *,
    address: str,
    place: SourceRange | None,
) -> Staging | None:
    """Return where a package is staged: a large one, and each one that is to be kept.

    Raises:
        ConfigurationError: it is too large for the call, and there is no staging.
    """
    source, size = artifact.source, artifact.size or 0
    if not isinstance(source, LocalArtifact):
        return None
    if staging is not None:
        return staging if staging.keep or size > DIRECT_LIMIT else None
    if size <= DIRECT_LIMIT:
        return None
    raise ConfigurationError(
        (
            Diagnostic(
                "Artifact is too large",
                f"{source.path} makes a package of {size / 1024**2:.1f} MB, and Lambda takes at "
                f"most {DIRECT_LIMIT // 1024**2} MB with a call. Let it go through a bucket: write "
                'staging { bucket = "…" } in the infrastructure. Or leave files out with '
                ".lamformignore, or let the build make a compressed .zip.",
                address=address,
                range=place,
            ),
        )
    )
