"""A plan as a tree of lines to show: computed once, written by every writer.

Nothing here knows of colour, width or markup: each writer escapes for its own format.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from declarative.model.address import Address
from declarative.model.plan import Action, Calls
from declarative.model.values import SECRET, is_secret, is_unknown, unknown
from declarative.render.literals import SENSITIVE, UNKNOWN, dotted, literal, short_digest
from declarative.render.notes import notes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pydantic import JsonValue

    from declarative.engine.statediff import ReleaseDifference
    from declarative.model.plan import (
        AliasMove,
        AttributeChange,
        Change,
        DriftFinding,
        Plan,
        PlannedRelease,
        Summary,
    )


class Mark(StrEnum):
    """What happens to a thing, as the symbol that stands before it."""

    ADD = "+"
    CHANGE = "~"
    REMOVE = "-"
    REPLACE = "-/+"
    ADOPT = "="
    DEFER = "<="


@dataclass(frozen=True, slots=True)
class Attribute:
    """One line ``name = before -> after``; a side that does not exist is None."""

    mark: Mark
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a release: its title (``function``, ``alias live: 3 → 4``) and attributes."""

    mark: Mark
    title: str
    attributes: tuple[Attribute, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """One release that changes.

    Attributes:
        phrase: What happens, in the words that tools look for: ``will be created``.
        place: The function's name, account and region.
        notes: What a reviewer should know besides the parts.
        summary: Everything in a few words, for the overview.
    """

    address: str
    mark: Mark
    phrase: str
    place: str
    parts: tuple[Part, ...]
    notes: tuple[str, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class Held:
    """A release whose changes a revert holds back."""

    address: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference between AWS and state that no apply of ours made."""

    address: str
    attribute: Attribute
    finding: str


@dataclass(frozen=True, slots=True)
class Output:
    """An output that changes: its value after the apply, with markers for what is not shown."""

    mark: Mark
    name: str
    value: JsonValue


@dataclass(frozen=True, slots=True)
class PlanView:
    """Everything there is to show of a plan, in the order of display.

    Attributes:
        recorded_only: Releases of which only the record in state changes.
        outputs: Outputs whose values change, with their values after the apply.
        moves: Releases that get another name in state, as ``(from, to)``.
        forgets: Releases that state forgets.
        consent: What was consented to, as options.
    """

    plan_id: str
    reverts: int | None
    empty: bool
    releases: tuple[Release, ...]
    recorded_only: tuple[str, ...]
    held: tuple[Held, ...]
    drift: tuple[Drift, ...]
    outputs: tuple[Output, ...]
    blocked_by: tuple[str, ...]
    summary: Summary
    calls: Calls = field(repr=False)
    moves: tuple[tuple[str, str], ...] = ()
    forgets: tuple[str, ...] = ()
    consent: tuple[str, ...] = ()


def plan_view(plan: Plan) -> PlanView:
    """Return what to show of ``plan``: deletions first, then alias moves, then the rest."""
    changes = _by_release(plan.changes)
    planned = {release.address: release for release in plan.releases}
    shown = {
        address: _release(address, group, planned.get(address))
        for address, group in changes.items()
        if any(change.action is not Action.HELD for change in group)
    }
    rank = {address: _rank(changes[address], planned.get(address)) for address in shown}
    return PlanView(
        plan_id=plan.plan_id,
        reverts=plan.reverts,
        empty=plan.is_empty,
        releases=tuple(shown[address] for address in sorted(shown, key=lambda a: (rank[a], a))),
        recorded_only=tuple(sorted(planned.keys() - shown.keys())),
        held=tuple(_held(address, group) for address, group in changes.items() if _is_held(group)),
        drift=tuple(drift_line(finding) for finding in plan.drift),
        outputs=_outputs(plan),
        blocked_by=plan.blocked_by,
        summary=plan.summary,
        calls=_calls(plan.releases),
        moves=tuple((one.origin, one.to) for one in plan.edits.moves),
        forgets=plan.edits.forgets,
        consent=plan.selection.consent.options,
    )


def _by_release(changes: Iterable[Change]) -> dict[str, list[Change]]:
    groups: dict[str, list[Change]] = {}
    for change in changes:
        if change.action is not Action.NO_OP:
            groups.setdefault(str(Address.parse(change.address).release), []).append(change)
    return groups


def _is_held(group: list[Change]) -> bool:
    return any(change.action is Action.HELD for change in group)


def _held(address: str, group: list[Change]) -> Held:
    held = [change for change in group if change.action is Action.HELD]
    return Held(address, tuple(_part_name(change) for change in held))


def _part_name(change: Change) -> str:
    address = Address.parse(change.address)
    own = f"{address.kind} {address.label}" if address.label else address.kind
    return f"{own} of alias {address.alias}" if address.alias else own


def _rank(group: list[Change], planned: PlannedRelease | None) -> int:
    if any(change.action in (Action.DELETE, Action.REPLACE) for change in group):
        return 0
    moves = planned.aliases.values() if planned else ()
    return 1 if any(move.origin is not None for move in moves) else 2


_PHRASES: dict[Action, tuple[Mark, str]] = {
    Action.CREATE: (Mark.ADD, "will be created"),
    Action.DELETE: (Mark.REMOVE, "will be destroyed"),
    Action.REPLACE: (Mark.REPLACE, "must be replaced"),
    Action.DEFERRED: (Mark.DEFER, "will be planned during the apply"),
}
_UPDATE = (Mark.CHANGE, "will be updated in-place")
_ADOPT = (Mark.ADOPT, "will be adopted")


def _release(address: str, group: list[Change], planned: PlannedRelease | None) -> Release:
    function = next((change for change in group if change.kind == "function"), None)
    mark, phrase = _headline(group, function)
    moves = planned.aliases if planned else {}
    parts = tuple(_part(change, moves) for change in group if change.action is not Action.HELD)
    return Release(
        address=address,
        mark=mark,
        phrase=phrase,
        place=_place(planned),
        parts=parts,
        notes=notes_of(function, planned),
        summary="; ".join(_brief(part) for part in parts),
    )


def _headline(group: list[Change], function: Change | None) -> tuple[Mark, str]:
    if function is None:
        return _UPDATE
    if function.action is Action.ADOPT:
        untouched = not function.attributes and len(group) == 1
        return _ADOPT if untouched else _UPDATE
    return _PHRASES.get(function.action, _UPDATE)


def _place(planned: PlannedRelease | None) -> str:
    if planned is None:
        return ""
    return f"{planned.function_name} in account {planned.account_id}, {planned.region}"


_PART_MARKS = {
    Action.CREATE: Mark.ADD,
    Action.DELETE: Mark.REMOVE,
    Action.REPLACE: Mark.REPLACE,
    Action.DEFERRED: Mark.DEFER,
}


def _part(change: Change, moves: Mapping[str, AliasMove]) -> Part:
    title = _part_name(change)
    attributes = [_attribute(leaf) for one in change.attributes for leaf in _leaves(one)]
    if change.kind == "alias":
        label = Address.parse(change.address).label
        move = moves.get(label)
        if move is not None:
            title += _move(move, deleted=change.action is Action.DELETE)
            attributes = [one for one in attributes if one.name != "function_version"]
    mark = _PART_MARKS.get(change.action, Mark.CHANGE)
    if change.action is Action.ADOPT and not change.attributes:
        mark = Mark.ADOPT
    reason = change.reason if change.kind != "function" else ""
    return Part(mark, title, tuple(attributes), reason)


def _move(move: AliasMove, *, deleted: bool) -> str:
    if deleted:
        return f": {move.origin} →"
    target = move.to or (f"{move.expected} (new)" if move.expected else "(new version)")
    if target == move.origin:
        return f": {target}"
    return f": {move.origin} → {target}" if move.origin else f": → {target}"


def _brief(part: Part) -> str:
    if not part.attributes or part.mark in (Mark.ADD, Mark.REMOVE):
        return part.title  # all of it comes or goes: no attribute is worth naming
    names = [attribute.name for attribute in part.attributes]
    most = 3
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{part.title} ({', '.join(names[:most])}{rest})"


def _leaves(change: AttributeChange) -> Iterator[AttributeChange]:
    """Yield a structure that comes or goes as a whole leaf by leaf."""
    whole = change.before if change.after is None else change.after
    one_sided = change.before is None or change.after is None
    if not one_sided or not isinstance(whole, dict) or not whole or _is_marker(whole):
        yield change
        return
    side = "before" if change.after is None else "after"
    for name, item in whole.items():
        leaf = {"path": (*change.path, name), side: item}
        yield from _leaves(change.model_copy(update=leaf))


def _is_marker(value: JsonValue) -> bool:
    return is_secret(value) or is_unknown(value)


def _attribute(change: AttributeChange) -> Attribute:
    had = change.before is not None or change.before_fingerprint is not None
    has = change.after is not None or change.after_fingerprint is not None
    if change.sensitive and not (had or has):
        had = has = True  # without a project key there are no fingerprints to tell
    show = short_digest if change.path[-1:] == ("code_sha256",) else literal
    before = SENSITIVE if change.sensitive and had else show(change.before)
    after = SENSITIVE if change.sensitive else show(change.after)
    if change.unknown:
        has, after = True, UNKNOWN
    name = "code" if change.path == ("code_sha256",) else dotted(change.path)
    mark = Mark.CHANGE if had and has else Mark.ADD if has else Mark.REMOVE
    return Attribute(mark, name, before if had else None, after if has else None)


def drift_line(finding: DriftFinding) -> Drift:
    """Return one finding as a line; what cannot be read has no two sides."""
    if finding.finding in ("deleted", "unreadable"):
        text = "deleted" if finding.finding == "deleted" else f"unreadable: {finding.observed}"
        name = dotted(finding.path)
        return Drift(finding.address, Attribute(Mark.REMOVE, name, None, text), finding.finding)
    show = short_digest if finding.finding == "code" else literal
    recorded, observed = show(finding.recorded), show(finding.observed)
    if finding.sensitive:
        recorded = observed = SENSITIVE
    name = "code" if finding.finding == "code" else dotted(finding.path)
    return Drift(finding.address, Attribute(Mark.CHANGE, name, recorded, observed), finding.finding)


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """What two revisions record differently: releases, and how many came, changed and went."""

    releases: tuple[Release, ...]
    recorded_only: tuple[str, ...]
    appeared: int
    changed: int
    gone: int


_DIFFERENCES: dict[Action, tuple[Mark, str]] = {
    Action.CREATE: (Mark.ADD, "appeared"),
    Action.DELETE: (Mark.REMOVE, "is recorded no longer"),
}


def difference_view(found: Iterable[ReleaseDifference]) -> DifferenceView:
    """Return what to show of the difference of two revisions, in its order."""
    listed = list(found)
    shown = [one for one in listed if one.changes or one.moved_from or _comes_or_goes(one)]
    actions = [one.action for one in shown]
    appeared, gone = actions.count(Action.CREATE), actions.count(Action.DELETE)
    return DifferenceView(
        releases=tuple(map(_difference, shown)),
        recorded_only=tuple(one.address for one in listed if one not in shown),
        appeared=appeared,
        changed=len(shown) - appeared - gone,
        gone=gone,
    )


def _comes_or_goes(one: ReleaseDifference) -> bool:
    return one.action is not Action.UPDATE


def _difference(one: ReleaseDifference) -> Release:
    mark, phrase = _DIFFERENCES.get(one.action, (Mark.CHANGE, "changed"))
    if one.moved_from:
        phrase = f"was {one.moved_from}" + (", and changed" if one.changes else "")
    parts = tuple(_recorded_part(change) for change in one.changes)
    return Release(one.address, mark, phrase, one.place, parts, (), "")


def _recorded_part(change: Change) -> Part:
    title = _part_name(change)
    attributes = change.attributes
    version = next((one for one in attributes if one.path == ("function_version",)), None)
    if version is not None:
        ends = (literal(end) if end is not None else "" for end in (version.before, version.after))
        title += ": " + " → ".join(end.strip('"') for end in ends).strip()
        attributes = tuple(one for one in attributes if one is not version)
    mark = _PART_MARKS.get(change.action, Mark.CHANGE)
    leaves = [leaf for one in attributes for leaf in _leaves(one) if _has_sides(leaf)]
    if mark is Mark.ADD:  # of a whole part what is empty, or stands in its place, says nothing
        leaves = [one for one in leaves if one.after not in _EMPTY and one.path[0] not in _PLACE]
    shown = () if mark is Mark.REMOVE else map(_attribute, leaves)
    return Part(mark, title, tuple(shown))


_EMPTY: tuple[JsonValue, ...] = ("", [], {})
_PLACE = ("function_name", "account_id", "region", "arn", "code_size")


def _has_sides(change: AttributeChange) -> bool:
    return change.sensitive or change.before is not None or change.after is not None


def _outputs(plan: Plan) -> tuple[Output, ...]:
    lines: list[Output] = []
    for name in plan.output_changes:
        output = plan.outputs.get(name)
        mark = Mark.ADD if name in plan.new_outputs else Mark.CHANGE
        if output is None:
            lines.append(Output(Mark.REMOVE, name, None))
        elif output.sensitive:
            lines.append(Output(mark, name, {SECRET: None}))
        else:
            value = unknown(output.residual or "") if output.unknown else output.value
            lines.append(Output(mark, name, value))
    return tuple(lines)


def _calls(releases: Iterable[PlannedRelease]) -> Calls:
    every = [release.calls.model_dump() for release in releases]
    return Calls(**{name: sum(calls[name] for calls in every) for name in Calls.model_fields})
