"""Recording reality: what AWS has of a release becomes the recorded side; AWS stays as it is.

What the files want is not touched, so that the next plan goes on offering it. Only what
differs by the rules of ``drift`` is taken over; what AWS withholds never is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from declarative.engine.around import managed, masked_setting, sides_of
from declarative.engine.compare import content_digest
from declarative.engine.drift import find_in_release
from declarative.engine.editing import (
    Edit,
    Edited,
    by_release,
    carry_out,
    command,
    part_name,
    record_in,
    summary,
)
from declarative.engine.observe import Observation, masked, observe_all, visible_beside
from declarative.engine.records import recorded_alias, recorded_setting
from declarative.engine.setting_calls import Setting
from declarative.errors import Diagnostic, LamformError, RemoteError
from declarative.model.address import Address, PartKey
from declarative.model.parts import KINDS
from declarative.model.revision import EDITED, RecordedFunction, RecordedSetting, ReleaseRecord

if TYPE_CHECKING:
    from declarative.engine.ports import ObservedFunction
    from declarative.engine.snapshot import Snapshot
    from declarative.engine.writing import Writing
    from declarative.model.plan import DriftFinding
    from declarative.model.values import Fingerprinter


@dataclass(frozen=True, slots=True)
class _Accepted:
    """What accepting one release gives; ``record`` is None where the function is gone."""

    record: ReleaseRecord | None
    parts: tuple[Address, ...]


def accept(targets: Iterable[str], writing: Writing) -> Edited:
    """Make what AWS has of the given releases or parts what state records of them.

    Nothing is recorded where nothing differs. A release whose function was deleted is
    recorded no longer.

    Raises:
        LamformError: one is not recorded, or a part is named of a function that is gone.
        RemoteError: AWS cannot be asked, or withholds what was to be recorded.
    """
    grouped = by_release(targets)

    def make(snapshot: Snapshot) -> Edit:
        records = {release: record_in(snapshot, release) for release in grouped}
        for release, parts in grouped.items():
            _refuse_unrecorded(records[release], parts)
        accepted: dict[str, _Accepted] = {}
        observed = _observe(records, writing)
        _refuse_withheld(records, observed, grouped, snapshot.fingerprinter)
        for release, record in records.items():
            found = _accept(record, observed[release], grouped[release], snapshot.fingerprinter)
            if found is not None:
                accepted[release] = found
        return Edit(
            records={release: one.record for release, one in accepted.items()},
            releases=tuple(
                summary(
                    release,
                    "accept",
                    records[release],
                    one.record,
                    parts=[part_name(part) for part in one.parts],
                )
                for release, one in accepted.items()
            ),
            command=command("state accept", _named(accepted, grouped)),
            notes=tuple(
                f"The function of {release} is gone from AWS, so the release is recorded no longer"
                for release, one in accepted.items()
                if one.record is None
            ),
        )

    return carry_out(writing, frozenset(grouped), make)


def _named(
    accepted: Mapping[str, _Accepted], grouped: Mapping[str, frozenset[Address]]
) -> Iterator[str]:
    """Yield what was accepted, as it was named: releases, or parts of them."""
    for release, one in accepted.items():
        if grouped[release] and one.record is not None:
            yield from map(str, one.parts)
        else:
            yield release


def _observe(records: Mapping[str, ReleaseRecord], writing: Writing) -> Mapping[str, Observation]:
    seen = observe_all(
        lambda desired: writing.cloud.reader(
            writing.secrets.connector(desired.connector), desired.region
        ),
        {release: record.desired for release, record in records.items()},
        parts={release: managed(record) for release, record in records.items()},
        parallelism=writing.parallelism,
    )
    errors = [one for one in seen.values() if isinstance(one, RemoteError)]
    if errors:
        raise RemoteError(tuple(one for error in errors for one in error.diagnostics))
    return {release: one for release, one in seen.items() if not isinstance(one, RemoteError)}


def _refuse_unrecorded(record: ReleaseRecord, parts: frozenset[Address]) -> None:
    if record.function is None:
        raise LamformError.of(
            "Nothing of the release is recorded that could differ",
            f"No function of {record.address} was ever deployed. Apply it, or forget it with "
            "lamform state rm.",
            address=record.address,
        )
    for part in sorted(parts):
        match part.kind:
            case "function":
                known = True
            case "tags":
                known = record.tags is not None
            case "alias":
                known = part.label in record.aliases
            case _:
                known = str(part.within) in record.settings
        if not known:
            raise LamformError.of(
                "No such part", f"{part} is not recorded at head.", address=str(part)
            )


def _refuse_withheld(
    records: Mapping[str, ReleaseRecord],
    observed: Mapping[str, Observation],
    grouped: Mapping[str, frozenset[Address]],
    fingerprinter: Fingerprinter,
) -> None:
    """Refuse to record what AWS does not show: it would look as if there were nothing.

    Raises:
        RemoteError: naming everything that is withheld, with AWS's reason.
    """
    problems = [
        Diagnostic(
            "AWS withholds what was to be recorded",
            f"{'.'.join(one.path) or one.kind}: {one.observed}. Allow "
            f"{_permission(one, observed[release].function)} to the connector's role, or accept "
            "other parts of the release by their addresses.",
            address=one.address,
        )
        for release, record in records.items()
        for one in find_in_release(record, observed[release], fingerprinter)
        if one.finding == "unreadable" and _is_meant(one, grouped[release])
    ]
    if problems:
        raise RemoteError(tuple(problems))


def _permission(finding: DriftFinding, function: ObservedFunction | None) -> str:
    """Return the permission that is missing, as far as the name of what is withheld tells."""
    arn = f" on {function.arn}" if function else ""
    if finding.kind == "tags":
        return f"lambda:ListTags{arn}"
    if finding.kind in KINDS:
        return f"lambda:{KINDS[finding.kind].setting.reads[0]}{arn}"
    if finding.path == ("environment",):
        return "kms:Decrypt on the function's key"
    return f"lambda:GetFunction{arn}"


def _is_meant(finding: DriftFinding, parts: frozenset[Address]) -> bool:
    return not parts or Address.parse(finding.address) in parts


def _accept(
    record: ReleaseRecord,
    observed: Observation,
    parts: frozenset[Address],
    fingerprinter: Fingerprinter,
) -> _Accepted | None:
    """Return the record with reality in it; None where nothing that is meant differs."""
    release = Address.parse(record.address)
    function = observed.function
    if function is None:
        if parts and not any(part.kind == "function" for part in parts):
            raise LamformError.of(
                "The function is gone",
                f"{record.desired.function_name} does not exist in AWS any more, and so nothing of "
                f"its parts. Accept that of the release: lamform state accept '{release}'",
                address=record.address,
            )
        return _Accepted(None, ())
    findings = [
        one for one in find_in_release(record, observed, fingerprinter) if _is_meant(one, parts)
    ]
    differing = tuple(sorted({Address.parse(one.address) for one in findings}))
    if not differing:
        return None
    update: dict[str, object] = {"status": EDITED}
    for part in differing:
        update.update(_update(part, record, observed, fingerprinter))
    if "aliases" in update:
        update["aliases"] = _aliases(record, observed, differing)
    update["settings"] = _settings(record, observed, differing, fingerprinter)
    return _Accepted(record.model_copy(update=update), differing)


def _update(
    part: Address, record: ReleaseRecord, observed: Observation, fingerprinter: Fingerprinter
) -> dict[str, object]:
    """Return the fields of the record that a part's acceptance replaces."""
    function = observed.function
    if function is None or record.function is None:
        return {}
    match part.kind:
        case "function":
            return {
                "function": _function(record, record.function, function, fingerprinter),
                "version": _version(record, function, fingerprinter),
            }
        case "tags":
            present = function.tags or {}
            earlier = record.tags or {}
            return {"tags": {name: present[name] for name in earlier if name in present}}
        case "alias":
            return {"aliases": None}
        case _:
            return {}  # `_settings` sees to them all at once


def _function(
    record: ReleaseRecord,
    recorded: RecordedFunction,
    function: ObservedFunction,
    fingerprinter: Fingerprinter,
) -> RecordedFunction:
    accepted = recorded.code_accepted
    if function.code_sha256 != recorded.code_sha256:
        accepted = function.code_sha256 != record.desired.artifact.code_sha256
    return RecordedFunction(
        arn=function.arn,
        attributes=masked(function.attributes, fingerprinter, visible_beside(None, record)),
        declared=recorded.declared,
        code_sha256=function.code_sha256,
        code_size=function.code_size,
        revision_id=function.revision_id,
        code_accepted=accepted,
    )


def _version(
    record: ReleaseRecord, function: ObservedFunction, fingerprinter: Fingerprinter
) -> str | None:
    """Return the newest known version that holds what the function has now."""
    content = content_digest(function.attributes, function.code_sha256, fingerprinter)
    holding = [one.version for one in record.versions if one.content == content]
    return holding[-1] if holding else None


def _aliases(
    record: ReleaseRecord, observed: Observation, differing: tuple[Address, ...]
) -> dict[str, object]:
    accepted = {part.label for part in differing if part.kind == "alias"}
    aliases: dict[str, object] = {}
    for name, alias in record.aliases.items():
        if name not in accepted:
            aliases[name] = alias
        elif name in observed.aliases:
            aliases[name] = recorded_alias(observed.aliases[name])
    return aliases


def _settings(
    record: ReleaseRecord,
    observed: Observation,
    differing: tuple[Address, ...],
    fingerprinter: Fingerprinter,
) -> dict[str, RecordedSetting]:
    """Return the settings as they are recorded then; those of an alias that is gone go with it."""
    gone = {
        part.label
        for part in differing
        if part.kind == "alias" and part.label not in observed.aliases
    }
    accepted = {str(part.within) for part in differing}
    found: dict[str, RecordedSetting] = {}
    for part, recorded in record.settings.items():
        seen = observed.settings.get(part)
        if PartKey.parse(part).alias in gone:
            continue
        if part not in accepted:
            found[part] = recorded
        elif isinstance(seen, Setting):
            sides, known = sides_of(part, None, record)
            shown = masked_setting(part, seen.attributes, fingerprinter, sides, known=known)
            found[part] = recorded_setting(seen, shown)
    return found
