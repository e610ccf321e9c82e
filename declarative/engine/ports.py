"""What the engine needs from the world: small protocols, named for their use.

Readers and writers are different types: planning, drift and inspection are handed a
`FunctionReader` and cannot write. ``cli.wiring`` alone puts the real ones in.
State is reached through ``backends.base`` in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from declarative.engine.setting_ports import SettingsReader, SettingsWriter, Unreadable

if TYPE_CHECKING:
    from pydantic import JsonValue

    from declarative.errors import Diagnostic, RemoteError
    from declarative.language.world import SecretSource, SecretText
    from declarative.model.artifacts import Artifact, ArtifactIdentity
    from declarative.model.bound import Connector
    from declarative.model.fields import Attributes
    from declarative.model.staging import StagedObject


@dataclass(frozen=True, slots=True)
class ObservedFunction:
    """A function or one version of it, as ``GetFunction`` answers it.

    Attributes:
        attributes: The configuration in normal form (``model.fields.from_api``); environment
            values are plain text here and are masked before anything is kept.
        version: ``$LATEST`` or the number of a published version.
        tags: The function's tags; None where AWS withheld them.
        unreadable: Names of what AWS withheld (``tags``, ``environment``, ``code``), with why.
        state: ``Pending``, ``Active``, ``Inactive``, ``Failed``; None on emulators without it.
        last_update_status: ``InProgress``, ``Successful``, ``Failed``; None likewise.
        reason: The reason AWS gives for a state or update that is not good, with its code.
        code_location: Where the package can be downloaded for ten minutes, if AWS said.
        image_uri: The image by its digest, where the function has one.
        reserved_concurrent_executions: What ``GetFunction`` says is reserved; None: nothing is.
        config_sha256: AWS's own digest of the configuration, where it gives one.
    """

    name: str
    arn: str
    version: str
    attributes: Attributes = field(repr=False)
    code_sha256: str = ""
    code_size: int = 0
    revision_id: str | None = None
    tags: Mapping[str, str] | None = None
    unreadable: Mapping[str, str] = field(default_factory=dict)
    state: str | None = None
    last_update_status: str | None = None
    reason: str | None = None
    code_location: str | None = field(default=None, repr=False)
    reserved_concurrent_executions: int | None = None
    config_sha256: str | None = None
    image_uri: str | None = None

    @property
    def has_failed(self) -> bool:
        """Whether its creation or its last update came to nothing, or it cannot run any more."""
        return "Failed" in (self.state, self.last_update_status)


@dataclass(frozen=True, slots=True)
class ObservedAlias:
    """An alias as ``ListAliases`` answers it; ``routing`` are fractions by version."""

    name: str
    arn: str
    function_version: str
    description: str = ""
    routing: Mapping[str, float] = field(default_factory=dict)
    revision_id: str | None = None


@dataclass(frozen=True, slots=True)
class ZipCode:
    """A package sent with the call."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class S3Code:
    """A package Lambda fetches from a bucket in the function's region."""

    bucket: str
    key: str
    version_id: str | None


@dataclass(frozen=True, slots=True)
class ImageCode:
    """A container image; ``uri`` names it by its digest."""

    uri: str


Code = ZipCode | S3Code | ImageCode


@dataclass(frozen=True, slots=True)
class Runner:
    """Who runs this process, and where: what a lease tells others.

    Attributes:
        boot_id: Tells one boot of ``host`` from another; empty where it is not known.
        command: The command line as typed, for the person who finds the lease.
    """

    who: str
    host: str
    pid: int
    boot_id: str
    command: str


class FunctionReader(SettingsReader, Protocol):
    """Reads the functions of one account and region, and what surrounds them."""

    def function(self, name: str, qualifier: str | None = None) -> ObservedFunction | None:
        """Return the function (or the version or alias target), or None where there is none.

        Raises:
            RemoteError: AWS refused or could not be reached.
        """
        ...

    def aliases(self, name: str) -> tuple[ObservedAlias, ...]:
        """Return all aliases by name; none where there is no such function."""
        ...

    def functions(self) -> tuple[ObservedFunction, ...] | Unreadable:
        """Return all functions of the region, 50 with each call.

        They come without tags, state and reserved concurrency (all None), which the list lacks.
        """
        ...

    def tags_of_functions(
        self, wanted: Mapping[str, str] | None = None
    ) -> Mapping[str, Mapping[str, str]] | Unreadable:
        """Return the tags of all functions by ARN, 100 with each call.

        ``wanted`` selects those that have these tags. A function that never had a tag is
        not among them.
        """
        ...

    def download(self, function: ObservedFunction) -> bytes:
        """Return the package of a function or version.

        Raises:
            RemoteError: the location is missing or cannot be fetched.
        """
        ...


class FunctionWriter(FunctionReader, SettingsWriter, Protocol):
    """Changes the functions of one account and region, and what surrounds them.

    No call is repeated when its outcome is unknown: `OutcomeUnknownError` is raised
    and the caller looks. A ``revision_id`` makes the call conditional; when it no longer
    matches, `PreconditionFailedError` is raised. Both are ``RemoteError``.
    """

    def create_function(
        self,
        name: str,
        attributes: Mapping[str, JsonValue],
        code: Code,
        *,
        tags: Mapping[str, str],
        publish: bool,
    ) -> ObservedFunction:
        """Create the function; with ``publish``, version 1 as well."""
        ...

    def update_configuration(
        self, name: str, attributes: Mapping[str, JsonValue], *, revision_id: str | None
    ) -> ObservedFunction:
        """Set the given top-level fields (structures whole) and leave the others."""
        ...

    def update_code(
        self,
        name: str,
        code: Code,
        *,
        publish: bool,
        revision_id: str | None,
        architectures: Sequence[JsonValue] | None = None,
        source_kms_key_arn: str | None = None,
    ) -> ObservedFunction:
        """Replace the code; with ``publish``, answer the version that was published.

        An empty ``source_kms_key_arn`` is AWS's own key; None is not sent, and what AWS
        makes of that is not documented for a function that has one.
        """
        ...

    def publish_version(
        self, name: str, *, code_sha256: str | None, revision_id: str | None
    ) -> ObservedFunction:
        """Publish ``$LATEST`` and answer the version (an existing one when nothing changed)."""
        ...

    def wake(self, name: str, version: str) -> bool:
        """Invoke an inactive version, so that AWS begins to make it active.

        AWS refuses the invocation meanwhile, which is no error. False: it cannot be invoked,
        since no concurrency is reserved for the function; so nobody else can either.
        """
        ...

    def delete_function(self, name: str) -> None:
        """Delete the function with all its versions and aliases; a missing one is no error."""
        ...

    def delete_version(self, name: str, version: str) -> None:
        """Delete one version, at which no alias may point; a missing one is no error."""
        ...

    def create_alias(
        self, name: str, alias: str, *, version: str, description: str, routing: Mapping[str, float]
    ) -> ObservedAlias:
        """Create an alias."""
        ...

    def update_alias(
        self,
        name: str,
        alias: str,
        *,
        version: str,
        description: str,
        routing: Mapping[str, float],
        revision_id: str | None,
    ) -> ObservedAlias:
        """Set all of an alias; an empty routing clears its weights."""
        ...

    def delete_alias(self, name: str, alias: str) -> None:
        """Delete an alias; a missing one is no error."""
        ...

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add or replace tags of a function (its unqualified ARN)."""
        ...

    def untag(self, arn: str, keys: Sequence[str]) -> None:
        """Remove tags of a function; a missing key is no error."""
        ...


Obstacle: TypeAlias = Literal["denied", "missing", "failed"]


@dataclass(frozen=True, slots=True)
class Withheld:
    """Why a secret cannot be had: it may not be read, is not there, or the call failed."""

    obstacle: Obstacle
    error: RemoteError


class SecretStore(Protocol):
    """Reads secrets that are kept outside."""

    def secret(self, source: SecretSource, connector: Connector) -> SecretText | Withheld:
        """Return a secret, or why it cannot be had; each is asked for once."""
        ...


class Cloud(Protocol):
    """All accounts and regions a project reaches, for reading."""

    def account_id(self, connector: Connector) -> str:
        """Return the account a connector's credentials belong to (asked once per connector).

        Raises:
            RemoteError: the credentials are missing, wrong or expired, or the account is
                not one of ``allowed_account_ids``.
        """
        ...

    def reader(self, connector: Connector, region: str) -> FunctionReader:
        """Return the reader for one region; no call is made yet."""
        ...

    def calls(self) -> Mapping[str, int]:
        """Return how many AWS calls were made so far, by operation."""
        ...

    def calls_by_quota(self) -> Mapping[str, int]:
        """Return how many were made so far in each of Lambda's quotas.

        Those are ``get_function``, ``get_policy`` and ``other``; what draws from none of them
        is ``elsewhere``.
        """
        ...


class WritableCloud(Cloud, Protocol):
    """All accounts and regions a project reaches, for an apply."""

    def writer(
        self, connector: Connector, region: str, *, timeout: float | None = None
    ) -> FunctionWriter:
        """Return the writer for one region; no call is made yet.

        ``timeout`` is how many seconds a change may be repeated while AWS says that another
        one is in progress: the release's. None: as long as the adapter does by itself.
        """
        ...


class Artifacts(Protocol):
    """Finds out what an artifact is and hands it over."""

    def identify(self, artifact: Artifact, connector: Connector, region: str) -> ArtifactIdentity:
        """Return the artifact's present state; equal artifacts are looked at once.

        Raises:
            ConfigurationError: a local path does not exist or cannot be packed.
            RemoteError: the object does not exist or cannot be read.
        """
        ...

    def code(self, identity: ArtifactIdentity) -> Code:
        """Return what to hand to Lambda for this state; see `is_still` for where it can differ.

        Raises:
            StalePlanError: the local files are no longer those the identity was taken from.
        """
        ...

    def stage(
        self,
        staged: StagedObject,
        package: Callable[[], bytes],
        connector: Connector,
        region: str,
        *,
        afresh: bool = False,
    ) -> S3Code:
        """Put a package into its bucket, once for all who stage it, and return what is there.

        ``package`` is asked only where it is not there already. With ``afresh`` the bucket
        is looked into again.

        Raises:
            RemoteError: the bucket does not take it.
        """
        ...

    def is_staged(self, staged: StagedObject, connector: Connector, region: str) -> bool:
        """Whether a package is in its bucket.

        Raises:
            RemoteError: S3 cannot be asked.
        """
        ...

    def clear_staged(self) -> tuple[Diagnostic, ...]:
        """Delete what this run staged in passing; return what stays all the same, and why."""
        ...

    def is_still(self, identity: ArtifactIdentity, connector: Connector, region: str) -> bool:
        """Whether an artifact that can be overwritten is still in this state; it is asked anew.

        Raises:
            RemoteError: the object is gone or cannot be read.
        """
        ...
