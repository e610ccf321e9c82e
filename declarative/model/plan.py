"""The plan: a value that says everything an apply will do, saved as JSON, applied exactly.

Changes are what a person reviews, one per part. Steps (`model.steps`) are what apply
performs. Nothing here may hold a secret.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

from pydantic import Field

from declarative.model.base import Frozen, Json
from declarative.model.canonical import canonical_json, digest_of, elements, members
from declarative.model.desired import ConnectorSettings, DesiredRelease
from declarative.model.steps import Step, Target
from declarative.model.traffic import Pause

PLAN_FORMAT = "1.0"


class Action(StrEnum):
    """What a part needs; a closed set."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    ADOPT = "adopt"
    HELD = "held"
    DEFERRED = "deferred"
    NO_OP = "no-op"


class AttributeChange(Frozen):
    """One differing attribute; secrets appear as fingerprints only."""

    path: tuple[str, ...]
    before: Json = None
    after: Json = None
    sensitive: bool = False
    unknown: bool = False
    residual: str | None = None
    before_fingerprint: str | None = None
    after_fingerprint: str | None = None


class Change(Frozen):
    """What one part needs, and why."""

    address: str
    kind: str
    action: Action
    reason: str = ""
    attributes: tuple[AttributeChange, ...] = ()


class AliasMove(Frozen):
    """Where an alias points before and after.

    Attributes:
        to: The version afterwards; None when this apply publishes it.
        expected: The number AWS will most likely give it. Only a forecast: a version that
            somebody else publishes in between takes that number.
        schedule: Weights over time; empty when the alias moves at once.
    """

    origin: str | None = Field(default=None, alias="from")
    to: str | None = None
    expected: str | None = None
    schedule: tuple[Pause, ...] = ()

    model_config = {"populate_by_name": True, "serialize_by_alias": True}


class BoundPart(Frozen):
    """An observed part the plan was made from; equal values make it applicable."""

    observed: Json
    revision_id: str | None = None


class Bound(Frozen):
    """What of the world a planned release rests on.

    Attributes:
        object: Id of the release's record in state; None where there was none.
        parts: Observed parts by address, masked; empty where the plan did not look.
        refreshed: Whether AWS was asked for them; otherwise they are as state recorded them.
    """

    object: str | None
    connector: str
    refreshed: bool
    parts: dict[str, BoundPart] = {}


class Calls(Frozen):
    """AWS calls an apply will make, by throttle quota; polls are not counted.

    Attributes:
        elsewhere: Those that draw from none: invocations.
    """

    get_function: int = 0
    get_policy: int = 0
    other: int = 0
    elsewhere: int = 0


class PlannedRelease(Frozen):
    """One release of a plan: the forecast for reviewers and the steps for apply.

    Attributes:
        desired: What shall be recorded as desired; None when the release is deleted.
        version: The published version that already holds the desired content, if any.
        version_reason: Why a version is published or reused, in a few words.
        held: The digests to record as held.
        replaces: The functions that go away, when the release moves to another one.
        kept: Secrets that the plan could not read: the apply leaves them as AWS has them.
        exclusive: Whether its infrastructure is worked on by one run at a time.
    """

    address: str
    service: str
    infrastructure: str
    environment: str
    account_id: str
    region: str
    function_name: str
    artifact: dict[str, Json]
    publishes: bool = False
    version: str | None = None
    version_reason: str = ""
    aliases: dict[str, AliasMove] = {}
    steps: tuple[Step, ...] = ()
    bound: Bound
    calls: Calls = Calls()
    desired: DesiredRelease | None = None
    depends_on: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    replaces: tuple[Target, ...] = ()
    kept: tuple[tuple[str, ...], ...] = ()
    exclusive: bool = False

    @property
    def target(self) -> Target:
        """The function the steps act on."""
        return Target(
            connector=self.bound.connector,
            account_id=self.account_id,
            region=self.region,
            function_name=self.function_name,
        )

    def content(self) -> bytes:
        """Return its part of `Plan.content`."""
        dumped = self.model_dump(exclude={"calls"})
        for part in dumped["bound"]["parts"].values():
            del part["revision_id"]
        return canonical_json(dumped)


Finding = Literal["modified", "deleted", "unmanaged", "code", "weights", "unreadable"]


class DriftFinding(Frozen):
    """One difference between observed and recorded."""

    address: str
    kind: str
    finding: Finding
    path: tuple[str, ...] = ()
    recorded: Json = None
    observed: Json = None
    sensitive: bool = False
    who: str | None = None


class Git(Frozen):
    """Where the files came from."""

    commit: str | None = None
    branch: str | None = None
    dirty: bool = False


class Base(Frozen):
    """The revision a plan was made on."""

    revision: int
    id: str | None


class Consent(Frozen):
    """What a person allows one plan, or forbids it, beyond what any plan may do.

    Attributes:
        no_adopt: No function may be adopted.
        take_over: A function may be adopted that another project or a stack owns.
        adopt_removes_env: Adopting may remove environment variables that no file declares.
        leave_triggers: A function may be deleted that event source mappings invoke.
    """

    no_adopt: bool = False
    take_over: bool = False
    adopt_removes_env: bool = False
    leave_triggers: bool = False

    @property
    def options(self) -> tuple[str, ...]:
        """What of it was given, as it is written on the command line."""
        given = self.model_dump()
        return tuple(f"--{name.replace('_', '-')}" for name in given if given[name])


class Selection(Frozen):
    """Which releases were asked for, how AWS was read, and what was consented to."""

    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    destroy: bool = False
    refresh: Literal["full", "fast", "none"] = "full"
    roll_forward: bool = False
    consent: Consent = Consent()


class PlannedMove(Frozen):
    """A release that the files declare under another address than state has it."""

    model_config = {"populate_by_name": True, "serialize_by_alias": True}

    origin: str = Field(alias="from")
    to: str


class PlannedEdits(Frozen):
    """What ``moved`` and ``removed`` blocks make of state before anything is applied.

    Attributes:
        forgets: Releases that state forgets and AWS keeps.
        touches: The id of each record that changes by all that, in the state that the plan was
            made from; null where there is none yet.
    """

    moves: tuple[PlannedMove, ...] = ()
    forgets: tuple[str, ...] = ()
    touches: dict[str, str | None] = {}

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.moves or self.forgets)


class BackendAddress(Frozen):
    """Where the state is, as the files say it."""

    kind: str
    settings: dict[str, Json] = {}


class PlannedDiagnostic(Frozen):
    """A warning or error that belongs to the plan."""

    severity: Literal["error", "warning"]
    summary: str
    detail: str = ""
    address: str | None = None


class PlannedOutput(Frozen):
    """An output's value after the apply; null with a mark where it is secret or unknown."""

    value: Json = None
    sensitive: bool = False
    unknown: bool = False
    residual: str | None = None


class Summary(Frozen):
    """Counts of parts, as Terraform counts: a replace is one to add and one to destroy."""

    add: int = 0
    change: int = 0
    destroy: int = 0
    adopt: int = 0
    held: int = 0
    deferred: int = 0
    unchanged: int = 0
    releases: int = 0

    @classmethod
    def of(cls, changes: Iterable[Change], *, unchanged: int, releases: int) -> Summary:
        """Return the counts of some changes."""
        actions = Counter(change.action for change in changes)
        replaced = actions[Action.REPLACE]
        return cls(
            add=actions[Action.CREATE] + replaced,
            change=actions[Action.UPDATE],
            destroy=actions[Action.DELETE] + replaced,
            adopt=actions[Action.ADOPT],
            held=actions[Action.HELD],
            deferred=actions[Action.DEFERRED],
            unchanged=unchanged,
            releases=releases,
        )


_UNHASHED = {
    "plan_id", "created_at", "expires_at", "git", "base", "config_digest", "diagnostics",
}  # fmt: skip


class Plan(Frozen):
    """Everything an apply will do, and what that was computed from.

    Attributes:
        plan_id: SHA-256 of the content (`Plan.identify`): equal inputs and an equal world
            give the equal id on any machine.
        output_changes: Names of outputs whose value will differ from the recorded one.
        new_outputs: Those of them that are not recorded yet.
        reverts: The revision this plan goes back to, for a revert.
        recovers: Runs that were cut off; an apply records what they did.
        edits: What changes in state alone, as a revision of its own, before the apply.
    """

    format_version: str = PLAN_FORMAT
    plan_id: str = ""
    created_at: str
    expires_at: str | None = None
    tool_version: str
    project: str
    git: Git | None = None
    base: Base
    config_digest: str
    selection: Selection
    backend: BackendAddress
    connectors: dict[str, ConnectorSettings]
    releases: tuple[PlannedRelease, ...]
    changes: tuple[Change, ...]
    drift: tuple[DriftFinding, ...] = ()
    outputs: dict[str, PlannedOutput] = {}
    output_changes: tuple[str, ...] = ()
    new_outputs: tuple[str, ...] = ()
    blocked_by: tuple[str, ...] = ()
    diagnostics: tuple[PlannedDiagnostic, ...] = ()
    summary: Summary
    reverts: int | None = None
    recovers: tuple[str, ...] = ()
    edits: PlannedEdits = PlannedEdits()

    def content(self) -> bytes:
        """Return what the apply does, as canonical JSON: what the id is made of.

        Left out are times, git, base, the files' digest, diagnostics, ``RevisionId`` values
        and call estimates: none of them changes what the apply does.
        """
        rest = self.model_dump(exclude={*_UNHASHED, "releases", "changes"})
        parts = {name: canonical_json(value) for name, value in rest.items()}
        parts["releases"] = elements(release.content() for release in self.releases)
        parts["changes"] = elements(canonical_json(change.model_dump()) for change in self.changes)
        return members(parts)

    def identify(self) -> str:
        """Return the id of this content."""
        return digest_of(self.content())

    def sealed(self, content: bytes | None = None) -> Plan:
        """Return this plan with its id; ``content`` is its `content`, if it was made already."""
        identity = self.identify() if content is None else digest_of(content)
        return self.model_copy(update={"plan_id": identity})

    @property
    def is_empty(self) -> bool:
        """Whether an apply would write nothing, neither to AWS nor to state."""
        return not (self.releases or self.output_changes or self.recovers or self.edits)

    @property
    def has_errors(self) -> bool:
        """Whether part of the project could not be planned."""
        return any(one.severity == "error" for one in self.diagnostics)

    def to_bytes(self) -> bytes:
        """Return the saved form: JSON in the order of the fields."""
        return self.model_dump_json().encode()
