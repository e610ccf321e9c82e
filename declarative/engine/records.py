"""Release records: made of what AWS answered, and what other releases may read on one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from declarative.engine.around import masked_setting, sides_of
from declarative.engine.compare import observed_digest
from declarative.engine.observe import Observation, masked, visible_before, visible_beside
from declarative.engine.ports import ObservedAlias, ObservedFunction
from declarative.engine.setting_calls import Setting
from declarative.model.revision import (
    KEPT_VERSIONS,
    Leftover,
    RecordedAlias,
    RecordedFunction,
    RecordedSetting,
    RecordedVersion,
    ReleaseRecord,
    ReleaseStatus,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import JsonValue

    from backends.base import Revision
    from declarative.model.desired import DesiredRelease
    from declarative.model.fields import Attributes, Path
    from declarative.model.values import Fingerprinter


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one release: the material of its record.

    Attributes:
        observed: The release as AWS answered last.
        published: Versions that are known to hold some content, by number: content and
            code, as ``GetFunction`` answered them.
        created: Whether the function was created by what is recorded.
    """

    desired: DesiredRelease
    observed: Observation
    status: ReleaseStatus
    plan_id: str | None
    published: Mapping[str, ObservedFunction] = field(default_factory=dict)
    held: tuple[str, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    created: bool = False


class _Contents:
    """Digests of content; functions that are alike share one, as one just published mostly is."""

    def __init__(self, fingerprinter: Fingerprinter) -> None:
        self._fingerprinter = fingerprinter
        self._known: list[tuple[ObservedFunction, str]] = []

    def __call__(self, function: ObservedFunction) -> str:
        for other, content in self._known:
            if (other.code_sha256, other.attributes) == (function.code_sha256, function.attributes):
                return content
        content = observed_digest(function.attributes, function.code_sha256, self._fingerprinter)
        self._known.append((function, content))
        return content


def record_of(
    outcome: Outcome, previous: ReleaseRecord | None, fingerprinter: Fingerprinter
) -> ReleaseRecord:
    """Return the record of what AWS answered; secrets in it are fingerprints.

    What lamform managed before and was to take away may still be there after an apply that
    did not end well; such a record goes on managing it, so that the next apply takes it away.
    """
    desired, function = outcome.desired, outcome.observed.function
    previous = previous if previous and _same_function(previous, outcome) else None
    unfinished = previous if outcome.status != "applied" else None
    recorded: RecordedFunction | None = None
    version: str | None = None
    identify = _Contents(fingerprinter)
    versions = _versions(outcome, previous, identify)
    if function is not None:
        # What is not applied still has the values of before.
        look = visible_beside if outcome.status == "applied" else visible_before
        shown = look(desired.function, unfinished)
        recorded = RecordedFunction(
            arn=function.arn,
            attributes=masked(function.attributes, fingerprinter, shown),
            declared=_managed_paths(desired, unfinished),
            code_sha256=function.code_sha256,
            code_size=function.code_size,
            revision_id=function.revision_id,
        )
        content = identify(function)
        holding = [one.version for one in versions if one.content == content]
        version = holding[-1] if holding else None
    return ReleaseRecord(
        address=desired.address,
        status=outcome.status,
        plan_id=outcome.plan_id,
        desired=desired,
        connector=desired.connector,
        function=recorded,
        tags=_managed_tags(desired, function, unfinished),
        aliases={
            name: recorded_alias(alias)
            for name, alias in sorted(outcome.observed.aliases.items())
            if name in desired.aliases or (unfinished and name in unfinished.aliases)
        },
        version=version,
        versions=versions,
        held=outcome.held,
        leftovers=outcome.leftovers,
        settings=_settings(outcome, unfinished, fingerprinter),
        created=outcome.created or (previous is not None and previous.created),
    )


def _settings(
    outcome: Outcome, unfinished: ReleaseRecord | None, fingerprinter: Fingerprinter
) -> dict[str, RecordedSetting]:
    """Return what is there of the settings that lamform manages; all of it could be read."""
    desired = outcome.desired
    found: dict[str, RecordedSetting] = {}
    for part in sorted({*desired.settings, *(unfinished.parts if unfinished else ())}):
        seen = outcome.observed.settings.get(part)
        if isinstance(seen, Setting):
            sides, known = sides_of(part, desired, unfinished)
            shown = known or outcome.status == "applied"
            attributes = masked_setting(part, seen.attributes, fingerprinter, sides, known=shown)
            found[part] = recorded_setting(seen, attributes)
    return found


def recorded_setting(seen: Setting, attributes: Attributes) -> RecordedSetting:
    """Return an observed setting as state records it, its attributes as they may be shown."""
    return RecordedSetting(attributes=attributes, statement_id=seen.statement_id, url=seen.url)


def _same_function(previous: ReleaseRecord, outcome: Outcome) -> bool:
    before, after = previous.desired, outcome.desired
    return (before.account_id, before.region, before.function_name) == (
        after.account_id,
        after.region,
        after.function_name,
    )


def _versions(
    outcome: Outcome, previous: ReleaseRecord | None, identify: _Contents
) -> tuple[RecordedVersion, ...]:
    known = {one.version: one for one in previous.versions} if previous else {}
    for number, function in outcome.published.items():
        known[number] = RecordedVersion(
            version=number, content=identify(function), code_sha256=function.code_sha256
        )
    newest = sorted(known, key=int)[-KEPT_VERSIONS:]
    return tuple(known[number] for number in newest)


def _managed_paths(desired: DesiredRelease, unfinished: ReleaseRecord | None) -> tuple[Path, ...]:
    earlier = unfinished.function.declared if unfinished and unfinished.function else ()
    return (*desired.declared, *(path for path in earlier if path not in desired.declared))


def _managed_tags(
    desired: DesiredRelease, function: ObservedFunction | None, unfinished: ReleaseRecord | None
) -> dict[str, str] | None:
    earlier = unfinished.tags if unfinished else None
    if desired.tags is None and earlier is None:
        return None
    if function is None or function.tags is None:
        return None
    managed = {*(desired.tags or {}), *(earlier or {})}
    return {name: value for name, value in function.tags.items() if name in managed}


def recorded_alias(alias: ObservedAlias) -> RecordedAlias:
    """Return an observed alias as state records it."""
    return RecordedAlias(
        arn=alias.arn,
        function_version=alias.function_version,
        description=alias.description,
        routing=dict(alias.routing),
        revision_id=alias.revision_id,
    )


def recorded_observation(record: ReleaseRecord | None, parts: Iterable[str] = ()) -> Observation:
    """Return what state recorded in the form of an observation (for plans that do not look).

    ``parts`` are the settings that are asked for.
    Environment values are fingerprints in it, which compare like the values themselves.
    """
    if record is None or record.function is None:
        return Observation(None, settings=dict.fromkeys(parts))
    function = record.function
    return Observation(
        ObservedFunction(
            name=record.desired.function_name,
            arn=function.arn,
            version="$LATEST",
            attributes=function.attributes,
            code_sha256=function.code_sha256,
            code_size=function.code_size,
            revision_id=function.revision_id,
            tags=record.tags or {},
        ),
        {
            name: ObservedAlias(
                name=name,
                arn=alias.arn,
                function_version=alias.function_version,
                description=alias.description,
                routing=alias.routing,
                revision_id=alias.revision_id,
            )
            for name, alias in record.aliases.items()
        },
        {part: _recorded_setting(record.settings.get(part)) for part in parts},
    )


def _recorded_setting(recorded: RecordedSetting | None) -> Setting | None:
    if recorded is None:
        return None
    return Setting(recorded.attributes, url=recorded.url, statement_id=recorded.statement_id)


def recorded_outputs(revision: Revision | None) -> dict[str, dict[str, JsonValue]]:
    """Return the outputs that a revision recorded: value, and whether it is secret."""
    found = revision.details.get("outputs") if revision else None
    if not isinstance(found, Mapping):
        return {}
    return {name: dict(item) for name, item in found.items() if isinstance(item, Mapping)}  # type: ignore[arg-type] # JSON from state


def attribute_of(record: ReleaseRecord, path: tuple[str, ...]) -> JsonValue:
    """Return what ``release.X.PATH`` stands for once ``record`` is applied; None if nothing.

    Readable are ``function.version``, ``function.qualified_arn``, ``function.code_sha256``,
    ``alias.NAME.version`` and ``url.url``; names and ARNs without a version are known before.
    """
    match path:
        case ("function", "version"):
            return record.version
        case ("function", "qualified_arn") if record.function and record.version:
            return f"{record.function.arn}:{record.version}"
        case ("function", "code_sha256") if record.function:
            return record.function.code_sha256
        case ("alias", name, "version") if name in record.aliases:
            return record.aliases[name].function_version
        case ("url", "url") if "url" in record.settings:
            return record.settings["url"].url
        case _:
            return None
