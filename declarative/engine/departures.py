"""What goes away with functions that are deleted, and what stays behind without them.

Event source mappings outlive their function and would invoke nothing any more, so they are
asked for: once for each function that a plan deletes and once for each alias of it, since
AWS lists the mappings of exactly one of them. Where nothing is deleted, nothing is asked.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from declarative.engine.setting_ports import Unreadable
from declarative.errors import RemoteError
from declarative.model import fields
from declarative.model.plan import PlannedDiagnostic
from declarative.model.steps import DeleteFunction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from declarative.engine.intents import Planned
    from declarative.engine.observe import Observation
    from declarative.engine.reading import Reading
    from declarative.engine.setting_ports import EventSourceMapping
    from declarative.engine.snapshot import Snapshot
    from declarative.model.fields import Attributes
    from declarative.model.plan import Change, PlannedRelease, Selection
    from declarative.model.revision import ReleaseRecord
    from declarative.model.steps import Target


@dataclass(frozen=True, slots=True)
class _Departure:
    """One function that a release deletes, with the aliases that it is known to have."""

    record: ReleaseRecord
    target: Target
    aliases: tuple[str, ...]


def with_departures(
    planned: Mapping[str, Planned],
    observed: Mapping[str, Observation | RemoteError],
    snapshot: Snapshot,
    reading: Reading,
    selection: Selection,
) -> dict[str, Planned]:
    """Return the plans of releases with what their deletions leave behind.

    A function that event source mappings invoke is not deleted without consent.
    """
    departing = {
        address: _departures(one.release, observed.get(address), snapshot)
        for address, one in planned.items()
        if one.release is not None
    }
    every = [one for found in departing.values() for one in found]
    if not every:
        return dict(planned)
    triggers = _triggers(every, reading) if selection.refresh != "none" else {}
    told = dict(planned)
    for address, found in departing.items():
        for one in found:
            told[address] = _told(told[address], one, triggers.get(one.target), selection)
    return told


def _departures(
    release: PlannedRelease, observed: object, snapshot: Snapshot
) -> tuple[_Departure, ...]:
    record = snapshot.record(release.address)
    if record is None:
        return ()
    aliases = set(record.aliases)
    if release.desired is None:
        aliases.update(getattr(observed, "aliases", ()))
    return tuple(
        _Departure(record, step.target, tuple(sorted(aliases)))
        for step in release.steps
        if isinstance(step, DeleteFunction)
    )


_Found: TypeAlias = "tuple[EventSourceMapping, ...] | Unreadable | RemoteError"


def _triggers(every: list[_Departure], reading: Reading) -> dict[Target, _Found]:
    def ask(one: _Departure) -> _Found:
        try:
            return _mappings(one, reading)
        except RemoteError as error:
            return error

    with ThreadPoolExecutor(min(reading.parallelism, len(every)), "departures") as pool:
        return dict(zip((one.target for one in every), pool.map(ask, every), strict=True))


def _mappings(one: _Departure, reading: Reading) -> tuple[EventSourceMapping, ...] | Unreadable:
    settings = {
        it.address: it
        for it in (*(left.connector for left in one.record.leftovers), one.record.connector)
    }
    connector = reading.secrets.connector(settings[one.target.connector])
    reader = reading.cloud.reader(connector, one.target.region)
    found: list[EventSourceMapping] = []
    for qualifier in (None, *one.aliases):
        mappings = reader.event_source_mappings(one.target.function_name, qualifier)
        if isinstance(mappings, Unreadable):
            return mappings
        found.extend(mappings)
    return tuple(found)


def _told(
    planned: Planned, one: _Departure, triggers: _Found | None, selection: Selection
) -> Planned:
    """Return the plan of a release that says what one deletion leaves."""
    name, address = one.target.function_name, one.record.address
    planned = replace(planned, changes=_with_remains(planned.changes, one))
    if isinstance(triggers, RemoteError):
        errors = tuple(
            PlannedDiagnostic(
                severity="error",
                summary=error.summary,
                detail=error.detail,
                address=error.address or address,
            )
            for error in triggers.diagnostics
        )
        return replace(planned, release=None, diagnostics=(*planned.diagnostics, *errors))
    problem, advice = _problem(triggers, name)
    if not problem:
        return planned
    if not selection.consent.leave_triggers:
        refusal = f"{address}: {problem}. {advice}, or leave them with --leave-triggers."
        return replace(planned, blocked_by=(*planned.blocked_by, refusal))
    warning = PlannedDiagnostic(
        severity="warning",
        summary="Event source mappings are left behind",
        detail=f"{problem}; --leave-triggers deletes it all the same.",
        address=address,
    )
    return replace(planned, diagnostics=(*planned.diagnostics, warning))


def _problem(
    triggers: tuple[EventSourceMapping, ...] | Unreadable | None, name: str
) -> tuple[str, str]:
    """Return why a function should not be deleted, and what to do; nothing where it may be."""
    if triggers is None:
        return (
            f"whether event source mappings invoke {name} is not known without asking AWS",
            "Plan without --refresh none",
        )
    if isinstance(triggers, Unreadable):
        return (
            f"whether event source mappings invoke {name} cannot be read: {triggers.reason}",
            f"Give the credentials {triggers.permission}",
        )
    if not triggers:
        return "", ""
    named = ", ".join(
        f"{one.source_arn or 'a self-managed source'} ({one.uuid})" for one in triggers
    )
    count = f"{len(triggers)} event source mapping{'s' if len(triggers) > 1 else ''}"
    return f"{count} would be left without {name}: {named}", "Delete them first"


def _with_remains(changes: tuple[Change, ...], one: _Departure) -> tuple[Change, ...]:
    remains = f"of {one.target.function_name} AWS keeps {_remains(one)}"
    return tuple(
        change.model_copy(update={"reason": "; ".join(filter(None, (change.reason, remains)))})
        if change.kind == "function"
        else change
        for change in changes
    )


def _remains(one: _Departure) -> str:
    """Return what AWS keeps of a deleted function, as far as state knows."""
    own = one.record.desired.function_name == one.target.function_name
    attributes: Attributes = dict(one.record.function.attributes) if one.record.function else {}
    group = fields.get(attributes, ("logging_config", "log_group")) if own else None
    layers = fields.get(attributes, ("layers",)) if own else None
    kept = [f"the log group {group or f'/aws/lambda/{one.target.function_name}'}"]
    if isinstance(layers, list) and layers:
        kept.append(f"the layer{'s' if len(layers) > 1 else ''} {', '.join(map(str, layers))}")
    return " and ".join(kept)
