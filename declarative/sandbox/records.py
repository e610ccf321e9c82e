"""What the simulator remembers of a function, and how it changes by itself with time.

A `Configuration` is ``$LATEST`` or one published version. Creating and updating leave it
unsettled until ``ready_at``; `settle` is called before every look at a function, so that
time passes for it although nothing runs in the background. Each such change gives it a new
revision id, as in Lambda.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

LATEST = "$LATEST"

NewId = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Code:
    """A deployment package: the hex digest and size of a zip file, or of an image.

    Attributes:
        unzipped: The bytes of its files; 0 for an image.
        source_key: The KMS key that encrypts it.
        reference: Bucket, key and version of the S3 object that is used in place, not copied.
    """

    digest: str
    size: int
    image_uri: str | None = None
    unzipped: int = field(default=0, compare=False)
    source_key: str | None = None
    reference: tuple[str, str, str] | None = field(default=None, compare=False)

    @property
    def sha256(self) -> str:
        """The ``CodeSha256`` of answers: base64 for a zip file, hex for an image."""
        if self.image_uri is not None:
            return self.digest
        return base64.b64encode(bytes.fromhex(self.digest)).decode("ascii")


@dataclass(slots=True)
class Configuration:
    """``$LATEST`` or a published version.

    Attributes:
        settings: The configurable members, in the shape of answers.
        state: ``Failed`` only after an injected fault.
        update: ``LastUpdateStatus``; None until first active, and AWS then leaves it out.
        ready_at: When what is going on ends (monotonic time); None: nothing is going on.
        failure: Reason code and reason that the end will have instead of success.
        described_as: For a version, the description that ``$LATEST`` had when published.
        restoring: Whether a ``Pending`` function was active before.
        previous: Settings and code to return to when an update fails; None: they stay.
    """

    version: str
    settings: dict[str, Any]
    code: Code
    revision_id: str
    last_modified: str
    state: Literal["Pending", "Active", "Inactive", "Failed"] = "Pending"
    update: Literal["InProgress", "Successful", "Failed"] | None = None
    ready_at: float | None = None
    failure: tuple[str, str] | None = None
    described_as: str | None = None
    restoring: bool = False
    previous: tuple[dict[str, Any], Code] | None = None

    def settle(self, now: float, new_id: NewId) -> bool:
        """End what should have ended by ``now``; return whether anything changed."""
        if self.ready_at is None or now < self.ready_at:
            return False
        self.ready_at = None
        lapsed = self.restoring and self.failure is not None
        self.restoring = False
        self.revision_id = new_id()
        if lapsed:  # what was idle and cannot be restored is idle again
            self.state = "Inactive"
        elif self.state == "Pending":
            self.state = "Failed" if self.failure else "Active"
            self.update = None if self.failure else "Successful"
        else:
            self.update = "Failed" if self.failure else "Successful"
            self.state = "Active" if self.update == "Successful" else self.state
            if self.failure and self.previous:
                self.settings, self.code = self.previous
        self.previous = None
        return True

    def begin_update(self, ready_at: float, new_id: NewId, modified: str) -> None:
        """Start an update that lasts until ``ready_at``."""
        self.update = "InProgress"
        self.ready_at = ready_at
        self.failure = None
        self.revision_id = new_id()
        self.last_modified = modified

    def restore(self, ready_at: float, new_id: NewId) -> None:
        """Start to make an inactive function active again."""
        self.state = "Pending"
        self.restoring = True
        self.failure = None
        self.ready_at = ready_at
        self.revision_id = new_id()


@dataclass(slots=True)
class Alias:
    """A name for one version, and perhaps a share of a second one."""

    name: str
    version: str
    description: str
    routing: dict[str, float]
    revision_id: str


@dataclass(slots=True)
class Function:
    """All that belongs to one function name.

    Attributes:
        published: The highest version number ever given; numbers are never given twice.
        policies: Statements by qualifier (``$LATEST`` for the unqualified function).
        urls: Function URL configurations by qualifier, in the shape of answers.
        invoke_configs: Settings of asynchronous invocation by qualifier.
        provisioned: Provisioned concurrency by qualifier.
        extras: Single settings by name: code signing, recursion, runtime management.
        tagged: Whether it has, or ever had, a tag.
    """

    name: str
    latest: Configuration
    versions: dict[str, Configuration] = field(default_factory=dict)
    published: int = 0
    aliases: dict[str, Alias] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    reserved: int | None = None
    policies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    urls: dict[str, dict[str, Any]] = field(default_factory=dict)
    invoke_configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    provisioned: dict[str, dict[str, Any]] = field(default_factory=dict)
    extras: dict[str, Any] = field(default_factory=dict)
    tagged: bool = False

    def configurations(self) -> list[Configuration]:
        """Return ``$LATEST`` and the versions, oldest first."""
        return [self.latest, *self.versions.values()]

    def settle(self, now: float, new_id: NewId) -> bool:
        """Let time pass for all configurations; return whether anything changed."""
        changed = [item.settle(now, new_id) for item in self.configurations()]
        return any(changed)


@dataclass(slots=True)
class Surroundings:
    """What an account has in a region besides functions, in the shape of answers.

    Attributes:
        layers: Layer versions by the layer's name, in the order of their numbers.
        layers_given: The highest version number ever given, by the layer's name.
        signing: Code signing configurations by ARN.
        mappings: Event source mappings by UUID.
        versions_given: The highest version number of functions that are gone, by name.
    """

    layers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    layers_given: dict[str, int] = field(default_factory=dict)
    signing: dict[str, dict[str, Any]] = field(default_factory=dict)
    mappings: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions_given: dict[str, int] = field(default_factory=dict)
