"""The JSON documents besides the plan, as models: what is printed is what the schema says.

Fields may be added, never renamed. ``lamform schema NAME`` prints a document's JSON Schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import ConfigDict, Field, JsonValue

from declarative.model.base import Frozen
from declarative.model.plan import Change, DriftFinding, Plan

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
    """What one revision did to one release; ``versions`` and ``aliases`` are from → to.

    Attributes:
        parts: The parts that an edit was about; none where it was the whole release.
        origin: Its name before a move.
    """

    address: str
    status: str | None = None
    action: str | None = None
    versions: dict[str, str | None] = Field(default_factory=dict)
    aliases: dict[str, dict[str, str | None]] = Field(default_factory=dict)
    parts: tuple[str, ...] = ()
    origin: str | None = None


class HistoryRevision(Frozen):
    """One revision; ``reverts`` and ``undoes`` are the numbers of others."""

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
    undoes: int | None = None
    releases: tuple[HistoryRelease, ...]


class HistoryDocument(Frozen):
    """Revisions, newest first.

    Attributes:
        forgotten: Up to which revision history is no longer kept; 0: all of it is.
    """

    format_version: str = FORMAT_VERSION
    revisions: tuple[HistoryRevision, ...]
    forgotten: int = 0


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


class StateRecoverDocument(Frozen):
    """What `lamform state recover` recorded; null where there was nothing to recover."""

    format_version: str = FORMAT_VERSION
    revision: HistoryRevision | None


class StateEditDocument(Frozen):
    """What an edit of state did; ``revision`` is null where there was nothing to change."""

    format_version: str = FORMAT_VERSION
    revision: int | None
    id: str | None = None
    message: str = ""
    undoes: int | None = None
    releases: tuple[HistoryRelease, ...] = ()
    notes: tuple[str, ...] = ()


class StateMove(Frozen):
    """A release that has another name in the second revision."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    origin: str = Field(alias="from")
    to: str


class StateDiffDocument(Frozen):
    """What two revisions record differently.

    Attributes:
        changes: Part by part, as in a plan: what the second has otherwise than the first.
        moves: Releases with another name.
        unseen: Releases of which only what is not shown differs: what the files wanted, holds.
    """

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    format_version: str = FORMAT_VERSION
    origin: int = Field(alias="from")
    to: int
    changes: tuple[Change, ...]
    moves: tuple[StateMove, ...] = ()
    unseen: tuple[str, ...] = ()


class StatePullDocument(Frozen):
    """All that is recorded as of one revision.

    Attributes:
        releases: By address, the record of each release as it is stored.
        outputs: As that revision recorded them: value, whether it is sensitive, and what
            gives a sensitive one again.
    """

    format_version: str = FORMAT_VERSION
    project: str
    revision: int
    id: str
    created_at: str
    releases: dict[str, JsonValue]
    outputs: dict[str, JsonValue] = Field(default_factory=dict)


class AdoptedFunction(Frozen):
    """A function that the project now has a release for.

    Attributes:
        package: Where its package was written, relative to the project; null for an image.
        variable: The sensitive variable of its environment; null where it has none.
    """

    address: str
    function_name: str
    package: str | None
    variable: str | None = None


class SkippedFunction(Frozen):
    """A function that was left out, and why."""

    function_name: str
    reason: str


class AdoptDocument(Frozen):
    """What ``adopt`` wrote, and the plan that follows from it.

    Attributes:
        file: The new file of the project; null where ``content`` has its text instead.
        values_file: Where the values of environment variables are, which may be secrets.
        exact: Whether the plan does nothing but adopt and set the ownership tag.
        besides: What else it does.
    """

    format_version: str = FORMAT_VERSION
    file: str | None = None
    values_file: str | None = None
    content: str | None = None
    functions: tuple[AdoptedFunction, ...]
    skipped: tuple[SkippedFunction, ...] = ()
    exact: bool = False
    besides: tuple[str, ...] = ()
    plan: Plan | None = None


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
    "adopt": AdoptDocument,
    "drift": DriftDocument,
    "explain": ExplainDocument,
    "history": HistoryDocument,
    "plan": Plan,
    "state": StateDocument,
    "state-diff": StateDiffDocument,
    "state-edit": StateEditDocument,
    "state-gc": StateGcDocument,
    "state-list": StateListDocument,
    "state-migrate": StateMigrateDocument,
    "state-pull": StatePullDocument,
    "state-recover": StateRecoverDocument,
    "state-unlock": StateUnlockDocument,
    "state-verify": StateVerifyDocument,
}
"""Which document each name of ``lamform schema NAME`` stands for."""


def document(model: BaseModel) -> dict[str, JsonValue]:
    """Return the JSON form of a document."""
    content: dict[str, JsonValue] = model.model_dump(mode="json")
    return content
