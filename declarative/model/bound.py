"""A release as the files declare it, bound to one infrastructure: the language's result.

Everything is evaluated. Leaves may still be `Sensitive` or `Pending` (see
``model.values``); nothing is normalised, defaulted or merged with tags yet: that is
``engine.desired``'s work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from declarative.errors import ConfigurationError, Diagnostic, SourceRange
from declarative.model.address import Address
from declarative.model.artifact_config import ArtifactConfig
from declarative.model.artifacts import EcrArtifact, LocalArtifact, S3Artifact
from declarative.model.parts import declared_parts
from declarative.model.release_config import (
    AliasConfig,
    IgnoreConfig,
    MetricConfig,
    RollbackConfig,
    ServiceSettings,
    VerifyConfig,
)
from declarative.model.retry import QUOTA_SHARE, Retry
from declarative.model.staging import Staging
from declarative.model.traffic import Strategy


@dataclass(frozen=True, slots=True)
class Connector:
    """Credentials and address of an AWS account.

    Attributes:
        address: ``connector.aws.main`` or ``connector.aws.main["dev"]``.
        credentials: ``{"kind": "default"}`` or ``{"kind": "static", "access_key_id": …}``;
            leaves may be `Sensitive`. ``secret_access_key`` and ``session_token`` always are.
        assume_role: ``role_arn``, ``external_id``, ``session_name``, ``session_tags``,
            ``duration`` in seconds, or empty.
        quota_share: How much of AWS's rate its calls may use, above 0 and at most 1.
    """

    address: str
    region: str | None = None
    endpoint_url: str | None = None
    credentials: Mapping[str, object] = field(default_factory=lambda: {"kind": "default"})
    assume_role: Mapping[str, object] = field(default_factory=dict)
    default_tags: Mapping[str, str] = field(default_factory=dict)
    allowed_account_ids: tuple[str, ...] = ()
    quota_share: float = QUOTA_SHARE
    retry: Retry = field(default_factory=Retry)


@dataclass(frozen=True, slots=True)
class OtherArtifact:
    """An artifact that no plan can take code from yet.

    Attributes:
        connector: The address of the connector it names, if it names one.
    """

    kind: str
    config: ArtifactConfig
    connector: str | None = None


@dataclass(frozen=True, slots=True)
class BoundAlias:
    """An alias a release declares.

    Attributes:
        config: What is written; without ``function_version`` it is the version with the
            desired code.
        strategy: How it moves; None: as the release says.
    """

    config: AliasConfig = field(default_factory=AliasConfig)
    strategy: Strategy | None = None


@dataclass(frozen=True, slots=True)
class Verify:
    """A test of a new version; ``condition`` is HCL in which ``result`` is the answer."""

    config: VerifyConfig
    condition: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a release is delivered.

    Attributes:
        bake: Seconds to watch after all traffic has moved.
        timeout: Seconds for each wait before traffic moves.
    """

    strategy: Strategy | None = None
    verify: tuple[Verify, ...] = ()
    metrics: tuple[MetricConfig, ...] = ()
    rollback: RollbackConfig | None = None
    alarms: tuple[str, ...] = ()
    bake: float | None = None
    timeout: float = 600.0
    keep_versions: int | None = None

    @property
    def gates(self) -> tuple[str, ...]:
        """What a version must pass, by the names of attributes and blocks."""
        given = {
            "verify": self.verify,
            "metric": self.metrics,
            "alarms": self.alarms,
            "bake": self.bake,
        }
        return tuple(name for name, value in given.items() if value)


@dataclass(frozen=True, slots=True)
class Relocation:
    """What became of a release that was declared before: ``moved``, or ``removed``.

    Attributes:
        source: Its former address; without a key, all instances of that name are meant.
        target: Where it is declared now; None: no longer.
        destroy: Whether a removed one is deleted in AWS.
    """

    source: Address
    target: Address | None = None
    destroy: bool = True


@dataclass(frozen=True, slots=True)
class BoundRelease:
    """One release with everything the files say about it.

    Attributes:
        address: Canonical, such as ``release.checkout["eu"]``.
        service: The service's name; ``environment`` likewise.
        infrastructure: The infrastructure's canonical address.
        exclusive: Whether one run at a time may work on that infrastructure.
        staging: Where its packages go that are too large for a call, or are kept.
        function: The declared fields of the ``function`` block in our spelling, nested
            structures as mappings; without ``function_name`` and ``tags``.
        tags: The declared tags, or None where the files do not manage tags.
        default_tags: Project's and connector's default tags, merged.
        settings: What surrounds the function.
        ignore: Differences that neither plan nor drift shall see.
        refusals: The preconditions that do not hold.
        depends_on: Addresses of releases that come first (explicit and by reference).
        must_exist: Whether the files name the function by its ARN.
        ranges: Where things stand in the files, by dotted name (``""`` the release block,
            ``function``, ``function.memory_size``, ``alias.live``, ``artifact``).
    """

    address: str
    service: str
    infrastructure: str
    environment: str
    environment_type: str
    connector: Connector
    region: str
    function_name: str
    function: Mapping[str, object]
    artifact: LocalArtifact | S3Artifact | EcrArtifact | OtherArtifact
    tags: Mapping[str, object] | None
    default_tags: Mapping[str, str]
    aliases: Mapping[str, BoundAlias]
    settings: ServiceSettings = field(default_factory=ServiceSettings)
    delivery: Delivery = field(default_factory=Delivery)
    ignore: tuple[IgnoreConfig, ...] = ()
    refusals: tuple[Diagnostic, ...] = ()
    prevent_destroy: bool = False
    ownership_tag: bool = True
    exclusive: bool = False
    staging: Staging | None = None
    depends_on: tuple[str, ...] = ()
    must_exist: bool = False
    ranges: Mapping[str, SourceRange] = field(default_factory=dict)

    @property
    def surroundings(self) -> dict[str, dict[str, object]]:
        """The settings around function and aliases as they are written, by part."""
        found = declared_parts(self.settings)
        for name, alias in self.aliases.items():
            found.update(declared_parts(alias.config, name))
        return dict(sorted(found.items()))

    @property
    def source(self) -> LocalArtifact | S3Artifact | EcrArtifact:
        """Where the code comes from, as far as a plan can take it from there.

        Raises:
            ConfigurationError: not yet from there.
        """
        if isinstance(self.artifact, OtherArtifact):
            raise ConfigurationError.of(
                "Not supported yet",
                f'artifact "{self.artifact.kind}" is understood, but this version of lamform '
                "cannot take code from it.",
                address=self.address,
                range=self.ranges.get("artifact"),
            )
        return self.artifact
