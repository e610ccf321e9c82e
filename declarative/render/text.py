"""The plan as text for people: aligned, coloured on a terminal, in the words tools look for."""

from __future__ import annotations

import shlex
import textwrap
from typing import TYPE_CHECKING, Final

from declarative.render.literals import multiline
from declarative.render.look import NARROWEST, Look, Style, columns, padded, printable
from declarative.render.view import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from declarative.render.view import Attribute, Drift, Held, Output, Part, PlanView, Release

_STYLES: Final = {
    Mark.ADD: Style.ADDED,
    Mark.CHANGE: Style.CHANGED,
    Mark.REMOVE: Style.REMOVED,
    Mark.REPLACE: Style.REMOVED,
    Mark.ADOPT: Style.NOTE,
    Mark.DEFER: Style.NOTE,
}
_MARK_WIDTH: Final = 3
_NAMED: Final = 3
"""How many releases a sentence names; the others are counted."""
_OVERVIEW_FROM: Final = 4
"""From how many changing releases on an overview is worth its lines."""


def plan_text(view: PlanView, look: Look) -> str:
    """Return the whole plan, ending in a line break."""
    sections = [
        list(_drift(view.drift, look)),
        list(_actions(view, look)),
        list(_edits(view, look)),
        list(_recorded_only(view, look)),
        list(_held(view.held, look)),
        list(_outputs(view.outputs, look)),
        list(_overview(view.releases, look)),
        list(_blocked(view, look)),
        list(_footer(view, look)),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _drift(drift: Sequence[Drift], look: Look) -> Iterator[str]:
    if not drift:
        return
    yield look.paint("Note: Objects have changed outside of lamform", Style.BOLD)
    yield ""
    yield from drift_lines(drift, look)


def drift_lines(drift: Sequence[Drift], look: Look) -> Iterator[str]:
    """Yield findings under the address they belong to, values aligned."""
    groups: dict[str, list[Drift]] = {}
    for finding in drift:
        groups.setdefault(finding.address, []).append(finding)
    for position, (address, group) in enumerate(groups.items()):
        if position:
            yield ""
        yield "  " + look.paint(f"# {printable(address)} has changed", Style.BOLD)
        yield from _attributes([finding.attribute for finding in group], look, 4)


def _actions(view: PlanView, look: Look) -> Iterator[str]:
    if not view.releases:
        return
    goal = f" to go back to revision {view.reverts}" if view.reverts else ""
    yield f"lamform will perform the following actions{goal}:"
    for release in view.releases:
        yield ""
        yield from release_lines(release, look)


def release_lines(release: Release, look: Look) -> Iterator[str]:
    """Yield one release with its parts, values aligned."""
    yield "  " + look.paint(f"# {printable(release.address)} {release.phrase}", Style.BOLD)
    for note in release.notes:
        yield from look.prose(f"({note})", "  # ").splitlines()
    if release.place:
        mark = look.paint(release.mark.rjust(_MARK_WIDTH), _STYLES[release.mark])
        yield f"{mark} {printable(release.place)}"
    for part in release.parts:
        yield from _part(part, look)


def _part(part: Part, look: Look) -> Iterator[str]:
    mark = look.paint(part.mark.rjust(_MARK_WIDTH), _STYLES[part.mark])
    reason = look.paint(f" # {printable(part.reason)}", Style.FAINT) if part.reason else ""
    yield f"    {mark} {printable(part.title)}{reason}"
    yield from _attributes(part.attributes, look, 10)


def _attributes(attributes: Sequence[Attribute], look: Look, indent: int) -> Iterator[str]:
    longest = max((columns(one.name) for one in attributes), default=0)
    room = None if look.width is None else look.width - indent - 2
    lines = [_line(one, longest) for one in attributes]
    if room is not None and max(map(columns, lines), default=0) > room:
        longest = 0  # what does not fit is not aligned, so that more of it fits
    for one in attributes:
        yield from _attribute(one, longest, look, indent)


def _line(one: Attribute, longest: int) -> str:
    sides = _sides(one)
    return f"{padded(one.name, longest)} = {' -> '.join(sides)}" if sides else one.name


def _attribute(one: Attribute, longest: int, look: Look, indent: int) -> Iterator[str]:
    mark = look.paint(one.mark, _STYLES[one.mark])
    start = " " * indent
    if not one.name:
        yield f"{start}{mark} {printable(one.after or '')}"
        return
    line = _line(one, longest)
    room = None if look.width is None else look.width - indent - 2
    if room is None or columns(line) <= room:
        yield f"{start}{mark} {line}"
        return
    yield f"{start}{mark} {one.name} ="
    hanging = max(room - 4, NARROWEST)
    for position, side in enumerate(_sides(one)):
        arrow = "-> " if position else ""
        for piece in textwrap.wrap(arrow + side, hanging, drop_whitespace=False) or [""]:
            yield f"{start}      {piece}"


def _sides(one: Attribute) -> tuple[str, ...]:
    if one.before is None:
        return () if one.after is None else (one.after,)
    if one.after is None:
        return (one.before, "null")
    return (one.before,) if one.before == one.after else (one.before, one.after)


def _edits(view: PlanView, look: Look) -> Iterator[str]:
    if view.moves or view.forgets:
        yield look.paint("State changes first; AWS stays as it is:", Style.BOLD)
    for origin, to in view.moves:
        yield f"  {printable(origin)} becomes {printable(to)}"
    for address in view.forgets:
        yield f"  {printable(address)} is forgotten, and its function is kept"


def _recorded_only(view: PlanView, look: Look) -> Iterator[str]:
    if view.recorded_only:
        named = [printable(address) for address in view.recorded_only[:_NAMED]]
        more = len(view.recorded_only) - len(named)
        rest = f" and {more} more" if more else ""
        yield from look.prose(
            f"State only: {', '.join(named)}{rest}; AWS stays as it is."
        ).splitlines()


def _held(held: Sequence[Held], look: Look) -> Iterator[str]:
    if not held:
        return
    yield look.paint("Held back by a revert, not applied:", Style.BOLD)
    for one in held:
        yield f"  {printable(one.address)}: {', '.join(printable(part) for part in one.parts)}"
    only = shlex.quote(held[0].address) if len(held) == 1 else "RELEASE"
    yield from look.prose(
        "The hold ends when the files want something else of the release, or with: "
        f"lamform plan --roll-forward --only {printable(only)}"
    ).splitlines()


def _outputs(outputs: Sequence[Output], look: Look) -> Iterator[str]:
    if outputs:
        yield "Changes to Outputs:"
    longest = max((len(one.name) for one in outputs), default=0)
    for one in outputs:
        mark = look.paint(one.mark, _STYLES[one.mark])
        value = "" if one.mark is Mark.REMOVE else f" = {multiline(one.value, 4)}"
        yield f"  {mark} {one.name.ljust(longest) if value else one.name}{value}"


def _overview(releases: Sequence[Release], look: Look) -> Iterator[str]:
    if len(releases) < _OVERVIEW_FROM:
        return
    yield "Releases:"
    longest = max(columns(printable(release.address)) for release in releases)
    for release in releases:
        address = padded(printable(release.address), longest)
        line = look.clip(f"  {release.mark:>3} {address}  {printable(release.summary)}")
        yield line[:2] + look.paint(line[2:5], _STYLES[release.mark]) + line[5:]


def _blocked(view: PlanView, look: Look) -> Iterator[str]:
    if view.blocked_by:
        yield look.paint("This plan is refused:", Style.ERROR)
        for reason in view.blocked_by:
            yield from look.prose(reason, "  - ").splitlines()


def _footer(view: PlanView, look: Look) -> Iterator[str]:
    summary = view.summary
    if view.empty:
        yield look.paint("No changes.", Style.BOLD) + " " + _nothing(view)
    else:
        counts = f"{summary.add} to add, {summary.change} to change, {summary.destroy} to destroy."
        yield look.paint("Plan:", Style.BOLD) + " " + counts
    extra = [
        f"{count} {words}"
        for count, words in (
            (summary.adopt, "to adopt"),
            (summary.held, "held back"),
            (summary.deferred, "deferred"),
        )
        if count
    ]
    if extra and not view.empty:
        yield f"Besides: {', '.join(extra)}."
    if view.consent:
        yield f"Consented to: {', '.join(view.consent)}."
    if not view.empty:
        yield from _calls(view, look)
        yield look.paint(f"Plan id: {printable(view.plan_id)}", Style.FAINT)


def _nothing(view: PlanView) -> str:
    if view.held:
        return "Everything that differs is held back by a revert."
    if view.reverts:
        return f"The functions are as revision {view.reverts} recorded them."
    return "The functions match the configuration."


def _calls(view: PlanView, look: Look) -> Iterator[str]:
    calls = view.calls
    total = calls.get_function + calls.get_policy + calls.other + calls.elsewhere
    if not total:
        yield "Apply will write state only; it makes no AWS call."
        return
    quotas = {"GetFunction": calls.get_function, "GetPolicy": calls.get_policy}
    shares = [f"{count} {name}" for name, count in quotas.items() if count]
    if calls.other:
        shares.append(f"{calls.other} in the shared quota")
    if calls.elsewhere:
        shares.append(_count(calls.elsewhere, "invocation"))
    yield from look.prose(
        f"Apply will make {_count(total, 'AWS call')} ({', '.join(shares)}), polls not counted."
    ).splitlines()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
