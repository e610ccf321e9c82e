"""Drift: what AWS says against what state recorded, for declared things only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from declarative.engine.diff import attribute_changes
from declarative.engine.observe import masked, visible_beside
from declarative.model import fields
from declarative.model.address import Address
from declarative.model.plan import DriftFinding

if TYPE_CHECKING:
    from declarative.engine.observe import Observation
    from declarative.engine.ports import ObservedAlias, ObservedFunction
    from declarative.model.fields import Attributes, Path
    from declarative.model.revision import RecordedAlias, RecordedFunction, ReleaseRecord
    from declarative.model.values import Fingerprinter


@dataclass(frozen=True, slots=True)
class _Parts:
    """One release's recorded and observed side, with its address."""

    record: ReleaseRecord
    observed: Observation
    fingerprinter: Fingerprinter

    def address(self, kind: str, label: str = "") -> str:
        return str(Address.parse(self.record.address).part(kind, label))


def find_in_release(
    record: ReleaseRecord, observed: Observation, fingerprinter: Fingerprinter
) -> tuple[DriftFinding, ...]:
    """Return the differences of one release, part by part; none where nothing was deployed."""
    if record.function is None:
        return ()
    parts = _Parts(record, observed, fingerprinter)
    function = observed.function
    if function is None:
        address = parts.address("function")
        return (DriftFinding(address=address, kind="function", finding="deleted"),)
    return (
        *_function(parts, record.function, function),
        *_tags(parts, function),
        *_aliases(parts),
    )


def _function(
    parts: _Parts, recorded: RecordedFunction, observed: ObservedFunction
) -> tuple[DriftFinding, ...]:
    address = parts.address("function")
    shown = visible_beside(None, parts.record)
    seen = masked(observed.attributes, parts.fingerprinter, shown)
    findings = [
        DriftFinding(
            address=address,
            kind="function",
            finding="unreadable",
            path=(name,),
            observed=reason,
        )
        for name, reason in sorted(observed.unreadable.items())
        if name != "tags"
    ]
    hidden = {finding.path[0] for finding in findings}
    changes = attribute_changes(
        _declared(recorded.attributes, recorded.declared),
        _declared(seen, recorded.declared),
        parts.fingerprinter,
    )
    findings += [
        DriftFinding(
            address=address,
            kind="function",
            finding="modified",
            path=change.path,
            recorded=change.before,
            observed=change.after,
            sensitive=change.sensitive,
        )
        for change in changes
        if change.path[0] not in hidden
    ]
    if observed.code_sha256 != recorded.code_sha256:
        findings.append(
            DriftFinding(
                address=address,
                kind="function",
                finding="code",
                path=("code_sha256",),
                recorded=recorded.code_sha256,
                observed=observed.code_sha256,
            )
        )
    return tuple(findings)


def _declared(attributes: Attributes, declared: tuple[Path, ...]) -> Attributes:
    result: Attributes = {}
    for path in declared:
        result = fields.put(result, path, fields.get(attributes, path))
    return result


def _tags(parts: _Parts, function: ObservedFunction) -> tuple[DriftFinding, ...]:
    recorded = parts.record.tags
    if recorded is None:
        return ()
    address = parts.address("tags")
    if function.tags is None:
        reason = function.unreadable.get("tags", "")
        finding = DriftFinding(address=address, kind="tags", finding="unreadable", observed=reason)
        return (finding,)
    return tuple(
        DriftFinding(
            address=address,
            kind="tags",
            finding="modified",
            path=(name,),
            recorded=value,
            observed=function.tags.get(name),
        )
        for name, value in recorded.items()
        if function.tags.get(name) != value
    )


def _aliases(parts: _Parts) -> tuple[DriftFinding, ...]:
    findings: list[DriftFinding] = []
    for name, recorded in parts.record.aliases.items():
        address = parts.address("alias", name)
        observed = parts.observed.aliases.get(name)
        if observed is None:
            findings.append(DriftFinding(address=address, kind="alias", finding="deleted"))
        else:
            findings.extend(_alias(address, recorded, observed))
    return tuple(findings)


def _alias(
    address: str, recorded: RecordedAlias, observed: ObservedAlias
) -> tuple[DriftFinding, ...]:
    findings: list[DriftFinding] = []
    if recorded.function_version != observed.function_version:
        findings.append(
            DriftFinding(
                address=address,
                kind="alias",
                finding="modified",
                path=("function_version",),
                recorded=recorded.function_version,
                observed=observed.function_version,
            )
        )
    if recorded.routing != dict(observed.routing):
        findings.append(
            DriftFinding(
                address=address,
                kind="alias",
                finding="weights",
                path=("routing",),
                recorded=dict(recorded.routing),
                observed=dict(observed.routing),
            )
        )
    if recorded.description != observed.description:
        findings.append(
            DriftFinding(
                address=address,
                kind="alias",
                finding="modified",
                path=("description",),
                recorded=recorded.description,
                observed=observed.description,
            )
        )
    return tuple(findings)
