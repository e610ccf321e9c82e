"""Drift: what AWS says against what state recorded, for declared things only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from declarative.engine.around import masked_setting, sides_of
from declarative.engine.compare import AWS_TAGS
from declarative.engine.diff import attribute_changes
from declarative.engine.observe import masked, visible_beside
from declarative.engine.setting_ports import Unreadable
from declarative.model import fields
from declarative.model.address import Address, PartKey
from declarative.model.plan import DriftFinding, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import JsonValue

    from declarative.engine.observe import Observation
    from declarative.engine.ports import ObservedAlias, ObservedFunction
    from declarative.model.fields import Attributes, Path
    from declarative.model.revision import RecordedAlias, RecordedFunction, ReleaseRecord
    from declarative.model.values import Fingerprinter


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of a release, of which findings are made."""

    release: str
    kind: str
    label: str = ""
    alias: str = ""

    def finding(self, finding: Finding, path: Path = (), **facts: Any) -> DriftFinding:
        """Return a finding on this part; ``facts`` are the model's own fields."""
        key = PartKey(self.alias, self.kind, self.label)
        address = Address.parse(self.release).at(key)
        return DriftFinding(
            address=str(address), kind=self.kind, finding=finding, path=path, **facts
        )


def find_in_release(
    record: ReleaseRecord, observed: Observation, fingerprinter: Fingerprinter
) -> tuple[DriftFinding, ...]:
    """Return the differences of one release, part by part; none where nothing was deployed."""
    if record.function is None:
        return ()
    part, function = _Part(record.address, "function"), observed.function
    if function is None:
        return (part.finding("deleted"),)
    seen = masked(function.attributes, fingerprinter, visible_beside(None, record))
    return (
        *_unreadable(part, function),
        *_configuration(part, record.function, seen, function, fingerprinter),
        *_code(part, record.function, function),
        *_tags(record, function),
        *(
            found
            for name, alias in record.aliases.items()
            for found in _alias(
                _Part(record.address, "alias", name), alias, observed.aliases.get(name)
            )
        ),
        *_settings(record, observed, fingerprinter),
    )


def _withheld(observed: ObservedFunction) -> dict[str, str]:
    return {name: why for name, why in sorted(observed.unreadable.items()) if name != "tags"}


def _unreadable(part: _Part, observed: ObservedFunction) -> Iterator[DriftFinding]:
    for name, reason in _withheld(observed).items():
        yield part.finding("unreadable", (name,), observed=reason)


def _configuration(
    part: _Part,
    recorded: RecordedFunction,
    seen: Attributes,
    observed: ObservedFunction,
    fingerprinter: Fingerprinter,
) -> Iterator[DriftFinding]:
    """Yield what differs among the declared leaves, but for what AWS withheld."""
    withheld = _withheld(observed)
    for change in attribute_changes(
        _declared(recorded.attributes, recorded.declared),
        _declared(seen, recorded.declared),
        fingerprinter,
    ):
        if change.path[0] not in withheld:
            yield part.finding(
                "modified",
                change.path,
                recorded=change.before,
                observed=change.after,
                sensitive=change.sensitive,
            )


def _declared(attributes: Attributes, declared: tuple[Path, ...]) -> Attributes:
    result: Attributes = {}
    for path in declared:
        result = fields.put(result, path, fields.get(attributes, path))
    return result


def _code(
    part: _Part, recorded: RecordedFunction, observed: ObservedFunction
) -> Iterator[DriftFinding]:
    one, other = recorded.code_sha256, observed.code_sha256
    if one != other:
        yield part.finding("code", ("code_sha256",), recorded=one, observed=other)


def _tags(record: ReleaseRecord, function: ObservedFunction) -> Iterator[DriftFinding]:
    part = _Part(record.address, "tags")
    if record.tags is None:
        return
    if function.tags is None:
        yield part.finding("unreadable", observed=function.unreadable.get("tags", ""))
        return
    for name, value in record.tags.items():
        found = function.tags.get(name)
        if found != value:
            yield part.finding("modified", (name,), recorded=value, observed=found)
    for name, value in function.tags.items() if record.desired.tags_exclusive else ():
        if name not in record.tags and not name.startswith(AWS_TAGS):
            yield part.finding("unmanaged", (name,), observed=value)


def _settings(
    record: ReleaseRecord, observed: Observation, fingerprinter: Fingerprinter
) -> Iterator[DriftFinding]:
    """Yield what differs around function and aliases, as far as it was looked at."""
    for text, recorded in record.settings.items():
        key = PartKey.parse(text)
        if text not in observed.settings or (key.alias and key.alias not in observed.aliases):
            continue
        part, seen = _Part(record.address, key.kind, key.label, key.alias), observed.settings[text]
        if seen is None:
            yield part.finding("deleted")
        elif isinstance(seen, Unreadable):
            yield part.finding(
                "unreadable", observed=f"{seen.permission} is missing: {seen.reason}"
            )
        else:
            sides, known = sides_of(text, None, record)
            shown = masked_setting(text, seen.attributes, fingerprinter, sides, known=known)
            for change in attribute_changes(recorded.attributes, shown, fingerprinter):
                yield part.finding(
                    "modified",
                    change.path,
                    recorded=change.before,
                    observed=change.after,
                    sensitive=change.sensitive,
                )


def _alias(
    part: _Part, recorded: RecordedAlias, observed: ObservedAlias | None
) -> Iterator[DriftFinding]:
    if observed is None:
        yield part.finding("deleted")
        return
    sides: tuple[tuple[Finding, str, JsonValue, JsonValue], ...] = (
        ("modified", "function_version", recorded.function_version, observed.function_version),
        ("weights", "routing", dict(recorded.routing), dict(observed.routing)),
        ("modified", "description", recorded.description, observed.description),
    )
    for finding, name, one, other in sides:
        if one != other:
            yield part.finding(finding, (name,), recorded=one, observed=other)
