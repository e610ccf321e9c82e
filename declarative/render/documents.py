"""The JSON documents besides the plan, as models: what is printed is what the schema says.

Fields may be added, never renamed. ``lamform schema NAME`` prints a document's JSON Schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import Field, JsonValue

from declarative.model.base import Frozen
from declarative.model.plan import DriftFinding, Plan

if TYPE_CHECKING:
    from pydantic import BaseModel

FORMAT_VERSION: Final = "1.0"


class DriftDocument(Frozen):
    """What ``drift`` found.

    Attributes:
        notes: What a reader should know, such as a run in progress.
        releases: How many releases were looked at.
    """

    format_version: str = FORMAT_VERSION
    findings: tuple[DriftFinding, ...]
    notes: tuple[str, ...] = ()
    releases: int = 0


class HistoryRelease(Frozen):
    """What one revision did to one release; ``versions`` and ``aliases`` are from → to."""

    address: str
    status: str | None = None
    action: str | None = None
    versions: dict[str, str | None] = Field(default_factory=dict)
    aliases: dict[str, dict[str, str | None]] = Field(default_factory=dict)


class HistoryRevision(Frozen):
    """One revision."""

    revision: int
    id: str
    parent: str | None
    status: str
    created_at: str
    author: str
    message: str
    plan_id: str | None
    git_commit: str | None
    reverts: int | None
    releases: tuple[HistoryRelease, ...]


class HistoryDocument(Frozen):
    """Revisions, newest first."""

    format_version: str = FORMAT_VERSION
    revisions: tuple[HistoryRevision, ...]


class StatePart(Frozen):
    """One part as state records it; secrets are fingerprints, or null.

    Attributes:
        revision: The revision that recorded the release as it is shown.
    """

    address: str
    kind: str
    revision: int | None
    attributes: dict[str, JsonValue]


class StateListDocument(Frozen):
    """Addresses of all recorded parts."""

    format_version: str = FORMAT_VERSION
    revision: int | None
    addresses: tuple[str, ...]
    notes: tuple[str, ...] = ()


class StateDocument(Frozen):
    """The recorded parts of one release, or one of them."""

    format_version: str = FORMAT_VERSION
    parts: tuple[StatePart, ...]
    notes: tuple[str, ...] = ()


class Place(Frozen):
    """A place in the project's files; lines and columns count from 1."""

    filename: str
    line: int
    column: int


class ExplainedOrigin(Frozen):
    """One place that sets something; a sensitive or unknown value is null."""

    layer: str
    place: Place | None
    value: JsonValue = None
    sensitive: bool = False
    unknown: bool = False


class ExplainedItem(ExplainedOrigin):
    """One thing a release says; ``overridden`` has what it won over, nearest first."""

    kind: str
    path: tuple[str | int, ...]
    overridden: tuple[ExplainedOrigin, ...] = ()


class AwsRequest(Frozen):
    """One request to AWS, in its spelling; secrets and the package are placeholders."""

    operation: str
    parameters: dict[str, JsonValue]


class ExplainedRelease(Frozen):
    """One release; either ``items`` or, with ``--definition``, ``requests`` is filled."""

    address: str
    service: str
    environment: str
    infrastructure: str
    items: tuple[ExplainedItem, ...] = ()
    requests: tuple[AwsRequest, ...] = ()


class ExplainDocument(Frozen):
    """Where everything that releases say comes from."""

    format_version: str = FORMAT_VERSION
    releases: tuple[ExplainedRelease, ...]


class StateVerifyDocument(Frozen):
    """What reading all of a state found; ``damage`` is a sentence each."""

    format_version: str = FORMAT_VERSION
    sound: bool
    revisions: int
    objects: int
    damage: tuple[str, ...] = ()


class UnlockedLease(Frozen):
    """A lease that was taken away from its run."""

    run: str
    who: str
    host: str
    pid: int
    command: str
    since: str
    expires: str
    addresses: tuple[str, ...]


class StateUnlockDocument(Frozen):
    """What `lamform state unlock` did."""

    format_version: str = FORMAT_VERSION
    unlocked: UnlockedLease


class NeededRevision(Frozen):
    """A revision that is kept because an alias serves a version that it published."""

    revision: int
    release: str
    alias: str
    version: str


class StateGcDocument(Frozen):
    """What `lamform state gc` did.

    Attributes:
        revisions: How many revisions were forgotten.
        objects: How many objects were removed.
        oldest: The oldest revision that is kept; null where there is none at all.
        needed: Why more revisions are kept than was asked for.
    """

    format_version: str = FORMAT_VERSION
    revisions: int
    objects: int
    oldest: int | None
    needed: tuple[NeededRevision, ...] = ()


class StateMigrateDocument(Frozen):
    """What `lamform state migrate` did.

    Attributes:
        revision: Head, in both places.
        copied: How many revisions were copied this time.
        objects: How many objects the destination was verified to have.
        backend: The block that belongs into the files now.
    """

    format_version: str = FORMAT_VERSION
    revision: int | None
    copied: int
    objects: int
    backend: str


SCHEMAS: Final[dict[str, type[BaseModel]]] = {
    "drift": DriftDocument,
    "explain": ExplainDocument,
    "history": HistoryDocument,
    "plan": Plan,
    "state": StateDocument,
    "state-gc": StateGcDocument,
    "state-list": StateListDocument,
    "state-migrate": StateMigrateDocument,
    "state-unlock": StateUnlockDocument,
    "state-verify": StateVerifyDocument,
}
"""Which document each name of ``lamform schema NAME`` stands for."""


def document(model: BaseModel) -> dict[str, JsonValue]:
    """Return the JSON form of a document."""
    content: dict[str, JsonValue] = model.model_dump(mode="json")
    return content
