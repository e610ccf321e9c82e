"""Changing what state says, and nothing else: every edit is a revision that can be undone.

    forget, accept, move, undo    what changes, made from a snapshot
      carry_out                   under a lease of the releases:
        record_dead_runs          what dead runs did to them becomes a revision first
        commit_disjoint           one revision ``edited``, outputs carried over

The revision's details say what was done to which release, as an apply's do. AWS is never
changed; it is read by `accept`, and where a dead run is in the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backends.base import RevisionDraft, commit_disjoint
from declarative.engine.commit import Outputs, completed, record_dead_runs
from declarative.engine.leases import new_run
from declarative.engine.records import recorded_outputs
from declarative.engine.snapshot import Snapshot, read_snapshot
from declarative.engine.taking import take
from declarative.errors import LamformError, StalePlanError
from declarative.model.address import Address, PartKey
from declarative.model.desired import SETTINGS
from declarative.model.revision import EDITED, ReleaseRecord

if TYPE_CHECKING:
    from pydantic import JsonValue

    from backends.base import Lease, Revision
    from declarative.engine.moves import Move
    from declarative.engine.writing import Writing

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Edit:
    """What an edit makes of state.

    Attributes:
        records: The releases that change: what is recorded of each afterwards, or None.
        releases: What history says of them.
        command: What the revision says of itself, where nobody gives it a message.
        objects: The stored objects of records that are put back as they were.
        moves: Which releases got another name.
        outputs: Makes the outputs of those of head, where they are not simply carried over.
        undoes: The revision that is taken back.
        notes: What else a person should know.
    """

    records: Mapping[str, ReleaseRecord | None]
    releases: tuple[dict[str, JsonValue], ...]
    command: str
    objects: Mapping[str, str] = field(default_factory=dict)
    moves: tuple[Move, ...] = ()
    outputs: Callable[[Outputs], Outputs] = lambda outputs: outputs
    undoes: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edited:
    """What came of an edit.

    Attributes:
        revision: What was recorded; None where there was nothing to change.
        took_over: The leases of dead or silent runs that gave way.
    """

    revision: Revision | None
    notes: tuple[str, ...] = ()
    took_over: tuple[Lease, ...] = ()


def carry_out(
    writing: Writing, addresses: frozenset[str], make: Callable[[Snapshot], Edit]
) -> Edited:
    """Record the edit that ``make`` makes of head, holding the given releases.

    Raises:
        LamformError: there is no state, or the edit is not possible.
        LeaseHeldError: another run is working on one of the releases.
        StalePlanError: more releases are concerned than when the lease was taken.
        RemoteError: AWS has to be asked and cannot be.
        ConflictError: another run recorded one of the releases meanwhile.
    """
    state = writing.state
    if not state.exists():
        raise LamformError.of("There is no state yet", "Nothing is recorded that could be edited.")
    with take(writing, new_run(), addresses, others=False) as lease:
        record_dead_runs(writing, lease, needed=addresses)
        snapshot = read_snapshot(state)
        edit = make(snapshot)
        if not edit.records:
            return Edited(None, edit.notes, lease.took_over)
        if not edit.records.keys() <= lease.addresses:
            raise StalePlanError.of(
                "State has moved",
                "Another run recorded something that this edit is about. Nothing was changed; "
                "do it again.",
            )
        revision = record_edit(edit, writing, snapshot, token=lease.token)
        return Edited(revision, edit.notes, lease.took_over)


def record_edit(edit: Edit, writing: Writing, snapshot: Snapshot, *, token: int) -> Revision:
    """Make an edit of ``snapshot`` the new head, as a revision ``edited``.

    Raises:
        ConflictError: another run recorded one of the releases meanwhile.
    """
    drafts = _drafts(edit, writing)
    return commit_disjoint(writing.state, drafts, base=snapshot.revision, token=token)


def _drafts(edit: Edit, writing: Writing) -> Callable[[Revision | None], RevisionDraft]:
    """Store what the edit records, and return what makes its revision as the successor of one."""
    made = {
        address: record
        for address, record in edit.records.items()
        if record is not None and address not in edit.objects
    }
    ids = writing.state.put(record.to_bytes() for record in made.values())
    stored = {**edit.objects, **dict(zip(made, ids, strict=True))}
    details: dict[str, JsonValue] = {"releases": list(edit.releases)}
    if edit.moves:
        details["moves"] = [{"from": one.origin, "to": one.destination} for one in edit.moves]
    if edit.undoes is not None:
        details["undoes"] = edit.undoes
    draft = RevisionDraft(
        status=EDITED,
        author=writing.runner.who,
        created_at=writing.now(),
        message=writing.message or edit.command,
        git_commit=writing.git_commit,
        details=details,
    )
    changes = {address: stored.get(address) for address in sorted(edit.records)}
    return lambda head: completed(draft, changes, edit.outputs(recorded_outputs(head)))


def summary(
    address: str,
    action: str,
    before: ReleaseRecord | None,
    after: ReleaseRecord | None,
    *,
    parts: Iterable[str] = (),
    origin: str | None = None,
) -> dict[str, JsonValue]:
    """Return what history says of one release, in the form of an apply's.

    Where aliases went is said of those on both sides; one that is forgotten went nowhere.
    """
    one = before.aliases if before else {}
    other = after.aliases if after else {}
    facts: dict[str, JsonValue] = {
        "address": address,
        "action": action,
        "versions": {
            "from": before.version if before else None,
            "to": after.version if after else None,
        },
        "aliases": {
            name: {"from": alias.function_version, "to": other[name].function_version}
            for name, alias in sorted(one.items())
            if name in other and alias.function_version != other[name].function_version
        },
    }
    if parts:
        facts["parts"] = list(parts)
    if origin is not None:
        facts["origin"] = origin
    return facts


def by_release(targets: Iterable[str]) -> dict[str, frozenset[Address]]:
    """Return the addresses by release; the set is empty where the whole release is meant."""
    parts: dict[str, set[Address]] = {}
    whole: set[str] = set()
    for target in sorted(targets):
        address = Address.parse(target)
        release = str(address.release)
        parts.setdefault(release, set())
        if address.kind:
            parts[release].add(address)
        else:
            whole.add(release)
    return {
        release: frozenset() if release in whole else frozenset(found)
        for release, found in parts.items()
    }


def command(words: str, addresses: Iterable[str]) -> str:
    """Return a command with its addresses: a few by name, the others by number."""
    named = list(addresses)
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return f"{words} {' '.join(named[:_NAMED])}{more}"


def record_in(snapshot: Snapshot, release: str) -> ReleaseRecord:
    """Return the record of a release.

    Raises:
        LamformError: it is not recorded (any more).
    """
    record = snapshot.record(release)
    if record is None:
        raise LamformError.of(
            "No such release", f"{release} is not recorded at head.", address=release
        )
    return record


def forget(targets: Iterable[str], writing: Writing) -> Edited:
    """Forget releases, or single parts of them; AWS keeps them.

    ``targets`` are canonical addresses. A part is forgotten on the desired side too, so that
    no later plan takes it for one to delete.

    Raises:
        LamformError: one is not recorded, or is a function: that is the release.
    """
    grouped = by_release(targets)
    named = [
        str(address)
        for release, parts in grouped.items()
        for address in (sorted(parts) or [Address.parse(release)])
    ]

    def make(snapshot: Snapshot) -> Edit:
        before = {release: record_in(snapshot, release) for release in grouped}
        after = {release: _without(before[release], parts) for release, parts in grouped.items()}
        return Edit(
            records=after,
            releases=tuple(
                summary(
                    release,
                    "forget",
                    before[release],
                    after[release],
                    parts=[part_name(one) for one in sorted(parts)],
                )
                for release, parts in grouped.items()
            ),
            command=command("state rm", named),
            notes=tuple(
                note
                for release, record in before.items()
                if after[release] is None
                for note in _left_behind(record)
            ),
        )

    return carry_out(writing, frozenset(grouped), make)


def part_name(address: Address) -> str:
    """Return what a part is called beside its release: ``tags``, ``alias live``."""
    own = f"{address.kind} {address.label}".rstrip()
    return f"{own} of alias {address.alias}" if address.alias else own


def _without(record: ReleaseRecord, parts: frozenset[Address]) -> ReleaseRecord | None:
    if not parts:
        return None
    aliases, wanted = dict(record.aliases), dict(record.desired.aliases)
    tags, wanted_tags = record.tags, record.desired.tags
    settings, wanted_settings = dict(record.settings), dict(record.desired.settings)
    for part in parts:
        match part.kind:
            case "function":
                raise LamformError.of(
                    "A release is not recorded without its function",
                    f"To forget {part} is to forget the release: lamform state rm '{part.release}'",
                    address=str(part),
                )
            case "tags" if tags is not None:
                tags = wanted_tags = None
            case "alias" if part.label in aliases:
                del aliases[part.label]
                wanted.pop(part.label, None)
                for hung in [one for one in settings if PartKey.parse(one).alias == part.label]:
                    del settings[hung]
                    wanted_settings.pop(hung, None)
            case _ if str(part.within) in record.settings:
                settings.pop(str(part.within), None)
                wanted_settings.pop(str(part.within), None)
            case _:
                raise LamformError.of(
                    "No such part", f"{part} is not recorded at head.", address=str(part)
                )
    desired = record.desired.model_copy(
        update={
            "aliases": wanted,
            "tags": wanted_tags,
            "settings": wanted_settings,
            "residuals": tuple(
                one
                for one in record.desired.residuals
                if one.path[0] != SETTINGS or one.path[1] in wanted_settings
            ),
        }
    )
    return record.model_copy(
        update={
            "status": EDITED,
            "desired": desired,
            "aliases": aliases,
            "tags": tags,
            "settings": settings,
        }
    )


def _left_behind(record: ReleaseRecord) -> tuple[str, ...]:
    """Say which functions were still to be deleted: nothing remembers them any more."""
    return tuple(
        f"{one.target.function_name} in account {one.target.account_id}, {one.target.region}, "
        f"which {record.address} had moved away from, was still to be deleted; now nothing does"
        for one in record.leftovers
    )
