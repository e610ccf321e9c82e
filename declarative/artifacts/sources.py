"""All kinds of artifacts behind one door."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Protocol, assert_never

from declarative.artifacts.archive import code_sha256
from declarative.artifacts.ecr import identify_image
from declarative.artifacts.local import pack
from declarative.artifacts.once import Once
from declarative.artifacts.s3 import identify_object
from declarative.artifacts.staging import StagingArea
from declarative.engine.ports import ImageCode, S3Code, ZipCode
from declarative.errors import ConfigurationError, Diagnostic, StalePlanError
from declarative.model.artifacts import ArtifactIdentity, EcrArtifact, LocalArtifact, S3Artifact

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

    from declarative.artifacts.ecr import EcrClient
    from declarative.engine.ports import Code
    from declarative.model.artifacts import Artifact
    from declarative.model.bound import Connector
    from declarative.model.staging import StagedObject

_HELD: Final = 256 * 1024 * 1024


class Clients(Protocol):
    """Gives the SDK's clients by connector and region."""

    def s3(self, connector: Connector, region: str) -> S3Client:
        """Return one for buckets; it must not follow a bucket to another region."""
        ...

    def ecr(self, connector: Connector, region: str) -> EcrClient:
        """Return one for image repositories."""
        ...


class ArtifactSources:
    """Artifacts; the port is `declarative.engine.ports.Artifacts`. Safe for many threads.

    One object serves one run: what it has looked at once it does not look at again, so all
    releases of the run see the same files, and apply sends the bytes that were planned.

    Args:
        root: The project's directory.
        clients: Gives the clients that artifacts are looked at with.
        held: How many bytes of packages are kept between plan and apply; what does not
            fit is packed again.
    """

    def __init__(self, root: Path, clients: Clients, *, held: int = _HELD) -> None:
        self._root = root
        self._clients = clients
        self._staging = StagingArea(clients.s3)
        self._identities: Once[ArtifactIdentity] = Once()
        self._packages: dict[str, bytes] = {}
        self._room = held
        self._lock = threading.Lock()

    def identify(self, artifact: Artifact, connector: Connector, region: str) -> ArtifactIdentity:
        """Return the artifact's present state; equal artifacts are looked at once."""
        match artifact:
            case LocalArtifact():
                return self._identities(artifact, lambda: self._identify_local(artifact))
            case S3Artifact():
                return self._identities(
                    (artifact, connector.address, region),
                    lambda: identify_object(artifact, connector, region, self._clients.s3),
                )
            case EcrArtifact():
                return self._identities(
                    (artifact, connector.address, region),
                    lambda: identify_image(artifact, connector, region, self._clients.ecr),
                )
            case _:
                assert_never(artifact)

    def code(self, identity: ArtifactIdentity) -> Code:
        """Return what to hand to Lambda for exactly this state.

        An object without a version is handed over as it is by then: only who compares
        the ``CodeSha256`` that Lambda answers knows whether it is still the same.
        """
        match identity.source:
            case LocalArtifact() as artifact:
                return ZipCode(self._same_package(artifact, identity))
            case S3Artifact(bucket=bucket, key=key, version_id=version_id):
                return S3Code(bucket, key, version_id)
            case EcrArtifact(uri=uri):
                return ImageCode(uri)
            case _:
                assert_never(identity.source)

    def is_still(self, identity: ArtifactIdentity, connector: Connector, region: str) -> bool:
        """Whether an object without a version is the one that was identified."""
        source = identity.source
        if not isinstance(source, S3Artifact) or source.version_id is not None:
            return True  # what is pinned never changes; local packages are compared when read
        found = identify_object(source, connector, region, self._clients.s3)
        return found.identity == identity.identity

    def stage(
        self,
        staged: StagedObject,
        package: Callable[[], bytes],
        connector: Connector,
        region: str,
        *,
        afresh: bool = False,
    ) -> S3Code:
        """Put a package into its bucket, once for all who stage it, and return it."""
        put = self._staging.put_again if afresh else self._staging.put
        return put(staged, package, connector, region)

    def is_staged(self, staged: StagedObject, connector: Connector, region: str) -> bool:
        """Whether a package is in its bucket."""
        return self._staging.holds(staged, connector, region)

    def clear_staged(self) -> tuple[Diagnostic, ...]:
        """Delete what was staged in passing; say what stays all the same."""
        return self._staging.clear()

    def _identify_local(self, artifact: LocalArtifact) -> ArtifactIdentity:
        package = pack(self._root, artifact)
        digest = code_sha256(package)
        self._hold(digest, package)
        return ArtifactIdentity(
            source=artifact, identity=digest, code_sha256=digest, size=len(package)
        )

    def _same_package(self, artifact: LocalArtifact, identity: ArtifactIdentity) -> bytes:
        held = self._packages.get(identity.identity)
        if held is not None:
            return held
        try:
            self._identities(artifact, lambda: self._identify_local(artifact))
            package = self._packages.get(identity.identity) or pack(self._root, artifact)
        except ConfigurationError as error:
            raise StalePlanError(error.diagnostics) from error
        digest = code_sha256(package)
        if digest != identity.identity:
            raise StalePlanError(
                (
                    Diagnostic(
                        "Artifact has changed since it was planned",
                        f"{artifact.path} has the SHA-256 {digest}, the plan was made for "
                        f"{identity.identity}. Plan again, or bring back the files that were "
                        "planned.",
                    ),
                )
            )
        return package

    def _hold(self, digest: str, package: bytes) -> None:
        with self._lock:
            if digest not in self._packages and len(package) <= self._room:
                self._packages[digest] = package
                self._room -= len(package)
