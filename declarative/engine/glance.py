"""Looking at regions as a whole: which functions have not moved since they were recorded.

``ListFunctions`` shows 50 functions with a call and the tagging API the tags of 100. A
function whose ``RevisionId`` and code are those that were recorded, and whose managed tags
are, is taken from state. What neither call shows (aliases with their weights, states and
reasons, what surrounds a function) is not seen then; whatever moved is looked at closely.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from declarative.engine.setting_ports import Unreadable
from declarative.errors import RemoteError
from declarative.model.plan import PlannedDiagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from declarative.engine.intents import Intent
    from declarative.engine.ports import FunctionReader, ObservedFunction
    from declarative.engine.reading import Reading
    from declarative.model.desired import DesiredRelease
    from declarative.model.revision import ReleaseRecord

_REGION = tuple[str, str, str]
"""A connector, an account and a region."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What looking at whole regions showed.

    Attributes:
        unmoved: The releases that are as they were recorded, as far as that shows it.
        notes: What a reader of the plan should know.
    """

    unmoved: frozenset[str]
    notes: tuple[PlannedDiagnostic, ...] = ()


def glance(intents: Iterable[Intent], reading: Reading) -> Glance:
    """Return which of the releases need no closer look."""
    regions: dict[_REGION, dict[str, ReleaseRecord]] = {}
    for intent in intents:
        record = intent.record
        if record is not None and _comparable(record, intent.desired):
            desired = record.desired
            where = (desired.connector.address, desired.account_id, desired.region)
            regions.setdefault(where, {})[intent.address] = record
    unmoved: set[str] = set()
    notes: list[PlannedDiagnostic] = []
    for (_, _, region), records in sorted(regions.items()):
        reader = reading.reader(next(iter(records.values())).desired)
        try:
            found = _in_region(reader, records)
        except RemoteError as error:
            notes.extend(_note(region, f"{one.summary}: {one.detail}") for one in error.diagnostics)
            continue
        if isinstance(found, Unreadable):
            notes.append(_note(region, f"{found.reason} Allow {found.permission}."))
            continue
        unmoved.update(found)
    if unmoved:
        notes.append(_unseen(len(unmoved)))
    return Glance(frozenset(unmoved), tuple(notes))


def _comparable(record: ReleaseRecord, desired: DesiredRelease | None) -> bool:
    """Whether what was recorded is all that an apply left, of the function that is wanted."""
    if record.status != "applied" or record.function is None or record.leftovers:
        return False
    return desired is None or desired.function_key == record.desired.function_key


def _in_region(
    reader: FunctionReader, records: Mapping[str, ReleaseRecord]
) -> frozenset[str] | Unreadable:
    listed = reader.functions()
    if isinstance(listed, Unreadable):
        return listed
    functions = {function.name: function for function in listed}
    managed = any(record.tags for record in records.values())
    tags = reader.tags_of_functions() if managed else {}
    if isinstance(tags, Unreadable):
        return tags
    return frozenset(
        address
        for address, record in records.items()
        if _is_unmoved(record, functions.get(record.desired.function_name), tags)
    )


def _is_unmoved(
    record: ReleaseRecord,
    listed: ObservedFunction | None,
    tags: Mapping[str, Mapping[str, str]],
) -> bool:
    function = record.function
    if function is None or listed is None or listed.revision_id is None:
        return False
    same = (listed.revision_id, listed.code_sha256) == (function.revision_id, function.code_sha256)
    shown = tags.get(function.arn, {})
    return same and all(shown.get(name) == value for name, value in (record.tags or {}).items())


def _note(region: str, why: str) -> PlannedDiagnostic:
    return PlannedDiagnostic(
        severity="warning",
        summary=f"The functions of {region} are looked at one by one",
        detail=why,
    )


def _unseen(count: int) -> PlannedDiagnostic:
    releases = "1 release is" if count == 1 else f"{count} releases are"
    return PlannedDiagnostic(
        severity="warning",
        summary=f"{releases} taken from state",
        detail="--refresh fast has seen that their functions, code and tags are as recorded. It "
        "does not see aliases and their weights, states of functions, nor what surrounds them.",
    )
