"""A release as the files declare it, bound to one infrastructure: the language's result.

Everything is evaluated. Leaves may still be `Sensitive` or `Pending` (see
``model.values``); nothing is normalised, defaulted or merged with tags yet: that is
``engine.desired``'s work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from declarative.errors import SourceRange
from declarative.model.artifacts import LocalArtifact, S3Artifact


@dataclass(frozen=True, slots=True)
class Connector:
    """Credentials and address of an AWS account.

    Attributes:
        address: ``connector.aws.main`` or ``connector.aws.main["dev"]``.
        credentials: ``{"kind": "default"}`` or ``{"kind": "static", "access_key_id": …}``;
            leaves may be `Sensitive`. ``secret_access_key`` and ``session_token`` always are.
        assume_role: ``role_arn``, ``external_id``, ``session_name``, ``session_tags``,
            ``duration`` in seconds, or empty.
    """

    address: str
    region: str | None = None
    endpoint_url: str | None = None
    credentials: Mapping[str, object] = field(default_factory=lambda: {"kind": "default"})
    assume_role: Mapping[str, object] = field(default_factory=dict)
    default_tags: Mapping[str, str] = field(default_factory=dict)
    allowed_account_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BoundAlias:
    """An alias a release declares.

    Attributes:
        function_version: A pinned version, or None: the version with the desired code.
        routing: Fractions of the traffic by version, besides the alias' own version.
    """

    description: str = ""
    function_version: str | None = None
    routing: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BoundRelease:
    """One release with everything the files say about it.

    Attributes:
        address: Canonical, such as ``release.checkout["eu"]``.
        service: The service's name; ``environment`` likewise.
        infrastructure: The infrastructure's canonical address.
        function: The declared fields of the ``function`` block in our spelling, nested
            structures as mappings; without ``function_name`` and ``tags``.
        tags: The declared tags, or None where the files do not manage tags.
        default_tags: Project's and connector's default tags, merged.
        depends_on: Addresses of releases that come first (explicit and by reference).
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
    artifact: LocalArtifact | S3Artifact
    tags: Mapping[str, object] | None
    default_tags: Mapping[str, str]
    aliases: Mapping[str, BoundAlias]
    prevent_destroy: bool = False
    ownership_tag: bool = True
    depends_on: tuple[str, ...] = ()
    ranges: Mapping[str, SourceRange] = field(default_factory=dict)
