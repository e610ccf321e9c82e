"""What a backend stores, as immutable values, and the one JSON form that is hashed.

Nothing here knows where things are kept.  Times are ISO 8601 in UTC, as text.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeAlias

JsonValue: TypeAlias = (
    "Mapping[str, JsonValue] | Sequence[JsonValue] | str | int | float | bool | None"
)

Change: TypeAlias = Mapping[str, str | None]
"""Address to object id, or to None where the address is removed."""

_KEY_BYTES = 32


def object_id(data: bytes) -> str:
    """Return the name of an object: the SHA-256 of its bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def canonical_json(value: JsonValue) -> str:
    """Return the one text of ``value``: keys sorted, no spaces, ASCII only.

    Raises:
        ValueError: A number is not finite.
        TypeError: Something inside is not JSON.
    """
    return _ENCODER.encode(value)


def json_copy(value: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return ``value`` as it reads after being stored: its own copy, of plain dicts and lists."""
    copy: dict[str, JsonValue] = json.loads(canonical_json(value))
    return copy


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain
)


def instant(seconds: float) -> str:
    """Return seconds since the epoch as text; later instants compare greater."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _storable(text: str) -> str:
    # Arguments and names from the system may hold undecodable bytes as lone surrogates,
    # which no store accepts; the record of what was done must not fail on them.
    return text.encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionDraft:
    """A revision before it has a place in history.

    Attributes:
        status: The caller's word for how it went; not interpreted here.
        changes: What differs from the parent, by address.
        details: Anything else the caller wants back; JSON, not interpreted here.
    """

    status: str
    author: str
    created_at: str
    message: str = ""
    plan_id: str | None = None
    git_commit: str | None = None
    reverts: int | None = None
    changes: Change = field(default_factory=dict)
    details: Mapping[str, JsonValue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the texts that come from people storable."""
        object.__setattr__(self, "author", _storable(self.author))
        object.__setattr__(self, "message", _storable(self.message))


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a state starts from: nothing, or what became of revisions that are no longer kept.

    Attributes:
        key: The project's random key of 32 bytes.
        number: The last revision that is no longer kept; 0 where all are.
        id: Its id, which the oldest revision that is kept names as its parent.
        resources: The address map as of it; every object in it is kept.
    """

    key: bytes = field(repr=False)
    number: int = 0
    id: str | None = None
    resources: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no state can start from.

        Raises:
            ValueError: The key is not of 32 bytes, or the other three do not belong together.
        """
        begun = (self.number > 0, self.id is not None)
        if len(self.key) != _KEY_BYTES or begun not in {(True, True), (False, False)}:
            raise ValueError(f"no state starts from revision {self.number} with id {self.id}")
        if self.resources and not self.number:
            raise ValueError("a state that starts from nothing has no resources")
        object.__setattr__(self, "resources", dict(sorted(self.resources.items())))

    @classmethod
    def new(cls) -> Origin:
        """Return the origin of a new project, with a key of its own."""
        return cls(key=secrets.token_bytes(_KEY_BYTES))


def last_to_forget(number: int, *, forgotten: int, newest: int) -> int:
    """Return ``number``, or the revision nearest to it up to which can be forgotten.

    What is forgotten already stays so, and head, which is ``newest``, is always kept.
    """
    return max(forgotten, min(number, newest - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision(RevisionDraft):
    """One step of a project's history; never changed once written.

    Attributes:
        number: Its place, counted from 1 without gaps.
        id: The SHA-256 of everything else, ``parent`` included: the chain vouches for the past.
        parent: The id of the revision before it, kept or not; None for revision 1.
    """

    number: int
    id: str
    parent: str | None

    @classmethod
    def of(cls, draft: RevisionDraft, *, after: Revision | Origin | None) -> Revision:
        """Return ``draft`` as what follows head, or what a state starts from."""
        fields = _draft_fields(draft)
        number, parent = (after.number + 1, after.id) if after else (1, None)
        return cls(
            number=number,
            parent=parent,
            id=_revision_id(fields, number, parent),
            status=draft.status,
            author=draft.author,
            created_at=draft.created_at,
            message=draft.message,
            plan_id=draft.plan_id,
            git_commit=draft.git_commit,
            reverts=draft.reverts,
            changes=dict(sorted(draft.changes.items())),
            details=json_copy(draft.details),
        )

    def to_bytes(self) -> bytes:
        """Return everything but ``id``, which is the SHA-256 of these bytes."""
        return _document(_draft_fields(self), self.number, self.parent)

    @classmethod
    def from_bytes(cls, data: bytes) -> Revision:
        """Return the revision that `to_bytes` made ``data`` of.

        Raises:
            ValueError: It made something else.
            TypeError: Likewise.
        """
        return cls(**json.loads(data), id=object_id(data))

    def is_intact(self) -> bool:
        """Say whether ``id`` is still the hash of everything else."""
        return self.id == _revision_id(_draft_fields(self), self.number, self.parent)


def _draft_fields(draft: RevisionDraft) -> dict[str, JsonValue]:
    return {
        "status": draft.status,
        "author": draft.author,
        "created_at": draft.created_at,
        "message": draft.message,
        "plan_id": draft.plan_id,
        "git_commit": draft.git_commit,
        "reverts": draft.reverts,
        "changes": draft.changes,
        "details": draft.details,
    }


def _revision_id(fields: Mapping[str, JsonValue], number: int, parent: str | None) -> str:
    return object_id(_document(fields, number, parent))


def _document(fields: Mapping[str, JsonValue], number: int, parent: str | None) -> bytes:
    return canonical_json({**fields, "number": number, "parent": parent}).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRequest:
    """What a run asks for before it writes.

    Attributes:
        run: The run's id; a run holds at most one lease.
        boot_id: What tells one boot of ``host`` (and one process table on it) from another;
            empty where that is not known.  See `backends.leases.local_boot_id`.
        addresses: What the run will write.  Two live leases never share one.
        exclusive: Wider names (not interpreted here) of which the same holds; with
            `backends.leases.EVERYTHING` among them no other lease lives beside it.
        term: Seconds from now, or from a renewal, until the lease expires.
    """

    run: str
    who: str
    host: str
    pid: int
    boot_id: str
    command: str
    addresses: frozenset[str]
    exclusive: frozenset[str] = frozenset()
    term: float = 60.0

    def __post_init__(self) -> None:
        """Make the texts that come from the system storable."""
        object.__setattr__(self, "who", _storable(self.who))
        object.__setattr__(self, "host", _storable(self.host))
        object.__setattr__(self, "command", _storable(self.command))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease(LeaseRequest):
    """A granted request.

    Attributes:
        token: The fencing token, greater than every earlier one of the project.
        since: When it was granted.
        expires: From when on another run may take it over; until then nobody may.
        took_over: The expired or dead leases that this one replaced; only in the answer to
            ``acquire``, never stored.
    """

    token: int
    since: str
    expires: str
    took_over: tuple[Lease, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """The intent of a run, durable before it does anything.

    Attributes:
        plan: The id of the object that holds its plan.
        addresses: Everything it may touch.
    """

    run: str
    started_at: str
    command: str
    plan: str | None
    addresses: tuple[str, ...]
    details: Mapping[str, JsonValue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the text that comes from the system storable."""
        object.__setattr__(self, "command", _storable(self.command))


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRecord:
    """One entry of a run's journal.

    Attributes:
        sequence: Its place; greater than that of every earlier record of the run.
        kind: The caller's word (a begin, an end, …); not interpreted here.
    """

    sequence: int
    kind: str
    address: str
    step: str
    at: str
    data: Mapping[str, JsonValue] = field(default_factory=dict)
