"""What the evaluated content of ``artifact`` must be, kind by kind."""

from __future__ import annotations

from typing import Annotated, Final

from declarative.model.checks import (
    Filled,
    MarkedValues,
    Plain,
    PlainList,
    RelativePath,
    matching,
    one_of,
)
from declarative.model.config import Config
from declarative.model.durations import duration
from declarative.model.regions import Region

Digest = Annotated[
    str, matching(r"sha256:[0-9a-f]{64}", 'must be a digest: "sha256:" and 64 hex digits')
]
Checksum = Annotated[str, matching(r"[0-9a-f]{64}", "must be a SHA-256: 64 hex digits")]
Repository = Annotated[
    str,
    matching(
        r"(?!\d{12}\.dkr\.)([a-z0-9]+([._-][a-z0-9]+)*/)*[a-z0-9]+([._-][a-z0-9]+)*",
        "must be a repository's name, such as \"team/app\": without the registry's address, and "
        "with the tag or digest in an attribute of its own",
    ),
]
Tag = Annotated[
    str,
    matching(
        r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}",
        'must be a tag: at most 128 letters, digits, ".", "_" and "-"',
    ),
]
AccountId = Annotated[str, matching(r"\d{12}", "must be an account id: twelve digits in quotes")]


class ArtifactConfig(Config):
    """``artifact``, apart from its connector."""


class LocalArtifactConfig(ArtifactConfig):
    """``artifact "local"``."""

    path: RelativePath
    exclude: PlainList = ()


class S3ArtifactConfig(ArtifactConfig):
    """``artifact "s3"``."""

    bucket: Filled
    key: Filled | None = None
    key_regex: Filled | None = None
    version_id: Filled | None = None
    region: Region | None = None
    storage: Annotated[str, one_of("copy", "reference")] = "copy"


class EcrArtifactConfig(ArtifactConfig):
    """``artifact "ecr"``."""

    repository: Repository
    tag: Tag | None = None
    tag_regex: Filled | None = None
    digest: Digest | None = None
    registry_id: AccountId | None = None
    region: Region | None = None


class NexusArtifactConfig(ArtifactConfig):
    """``artifact "nexus"``."""

    repository: Filled
    format: Annotated[str, one_of("maven", "npm", "nuget", "raw")]
    group: Filled | None = None
    artifact: Filled | None = None
    package: Filled | None = None
    classifier: Filled | None = None
    extension: Filled | None = None
    version: Filled | None = None
    version_regex: Filled | None = None


class ArtifactoryArtifactConfig(ArtifactConfig):
    """``artifact "artifactory"``."""

    repository: Filled
    path: Filled | None = None
    path_regex: Filled | None = None


class JenkinsArtifactConfig(ArtifactConfig):
    """``artifact "jenkins"``."""

    job: Filled
    build: Filled = "lastSuccessfulBuild"
    path: Filled


class CustomArtifactConfig(ArtifactConfig):
    """``artifact "custom"``: a script says which versions there are."""

    script: Filled
    versions_path: Plain | None = None
    version_path: Plain | None = None
    attributes: MarkedValues | None = None
    inputs: MarkedValues | None = None
    version: Filled | None = None
    version_regex: Filled | None = None
    timeout: Annotated[float, duration("1s", "1h")] | None = None


class HttpArtifactConfig(ArtifactConfig):
    """``artifact "http"``."""

    url: Annotated[str, matching(r"https?://\S+", "must be a URL of http or https")]
    sha256: Checksum | None = None


ARTIFACTS: Final[dict[str, type[ArtifactConfig]]] = {
    "local": LocalArtifactConfig,
    "s3": S3ArtifactConfig,
    "ecr": EcrArtifactConfig,
    "nexus": NexusArtifactConfig,
    "artifactory": ArtifactoryArtifactConfig,
    "jenkins": JenkinsArtifactConfig,
    "custom": CustomArtifactConfig,
    "http": HttpArtifactConfig,
}
"""The kinds of artifacts."""

ALTERNATIVES: Final[dict[str, tuple[str, ...]]] = {
    "s3": ("key", "key_regex"),
    "ecr": ("tag", "tag_regex", "digest"),
    "nexus": ("version", "version_regex"),
    "artifactory": ("path", "path_regex"),
    "custom": ("version", "version_regex"),
}
"""Attributes of which exactly one must be written, by kind."""
