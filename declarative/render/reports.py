"""Drift, history and state as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from declarative.render.literals import key, literal, multiline
from declarative.render.look import Look, Style, columns, padded, printable, table
from declarative.render.text import drift_lines, release_lines
from declarative.render.view import difference_view, drift_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pydantic import JsonValue

    from declarative.engine.statediff import ReleaseDifference
    from declarative.render.documents import (
        DriftDocument,
        HistoryDocument,
        HistoryRelease,
        StateDocument,
        StateEditDocument,
    )

_SHOWN_RELEASES: Final = 3
"""How many releases of one revision the history names; the document has all."""


def drift_text(report: DriftDocument, look: Look) -> str:
    """Return findings by part, then how many there are."""
    looked = counted(report.releases, "release")
    if not report.findings and not report.releases:
        return "No drift: no release is recorded yet.\n"
    if not report.findings:
        return f"No drift. {looked} looked at: AWS is as it was recorded.\n"
    lines = [
        look.paint("Note: Objects have changed outside of lamform", Style.BOLD),
        "",
        *drift_lines([drift_line(finding) for finding in report.findings], look),
        "",
        f"{counted(len(report.findings), 'finding')} in {looked}.",
    ]
    return "\n".join(lines) + "\n"


def history_text(history: HistoryDocument, look: Look) -> str:
    """Return a table of revisions, and under each what it did to its releases."""
    if not history.revisions:
        return "No revisions yet.\n"
    rows = [("REVISION", "STATUS", "WHEN", "AUTHOR", "MESSAGE", "WHAT")]
    for one in history.revisions:
        shown = [_release(release) for release in one.releases[:_SHOWN_RELEASES]]
        if len(one.releases) > _SHOWN_RELEASES:
            shown.append(f"and {len(one.releases) - _SHOWN_RELEASES} more")
        what = "; ".join(shown) or "outputs"
        if one.reverts is not None:
            what = f"back to {one.reverts}: {what}"
        if one.undoes is not None:
            what = f"undoes {one.undoes}: {what}"
        when = one.created_at[:19].replace("T", " ") + "Z"
        rows.append((str(one.revision), one.status, when, one.author, one.message, what))
    head, *lines = table(rows)
    if look.width is not None and max(map(columns, lines)) > look.width:
        return "\n".join(_stacked(rows[1:], look)) + "\n"
    return "\n".join([look.paint(head, Style.BOLD), *lines]) + "\n"


def _stacked(rows: Iterable[tuple[str, ...]], look: Look) -> Iterator[str]:
    """Yield each revision over several lines: a table would be cut where it matters."""
    for number, status, when, author, message, what in rows:
        yield look.paint(look.clip(f"{number} {status} {when} {printable(author)}"), Style.BOLD)
        for text in filter(None, (message, what)):
            # A message of several lines is one paragraph here.
            yield from look.prose(" ".join(text.split()), "    ").splitlines()


def _release(release: HistoryRelease) -> str:
    moves = [
        f"{name} {move.get('from') or ''}→{move.get('to') or ''}"
        for name, move in release.aliases.items()
    ]
    parts = [one for one in release.parts if one.removeprefix("alias ") not in release.aliases]
    origin = f"from {_short(release.origin)}" if release.origin else ""
    words = [release.action or "", ", ".join(parts), origin, *moves]
    if release.status not in (None, "applied"):
        words.append(f"({release.status})")
    return " ".join([_short(release.address), *filter(None, words)])


def _short(address: str) -> str:
    return address.removeprefix("release.")


def edit_text(edit: StateEditDocument, title: str, look: Look) -> str:
    """Return what an edit did, release by release, and how it is taken back."""
    lines = [look.paint(title, Style.BOLD), ""]
    lines.extend(f"  {printable(_edited(one))}" for one in edit.releases)
    lines.extend(
        ["", f"Revision {edit.revision}. Take it back with: lamform state undo {edit.revision}"]
    )
    return "\n".join(lines) + "\n"


def _edited(release: HistoryRelease) -> str:
    if release.action == "relink":
        return f"{release.address}: what it says of the others"
    if release.origin:
        return f"{release.origin} → {release.address}"
    moves = (
        f"{name} {move.get('from') or 'none'} → {move.get('to') or 'none'}"
        for name, move in release.aliases.items()
    )
    parts = (one for one in release.parts if one.removeprefix("alias ") not in release.aliases)
    facts = ", ".join([*parts, *moves])
    return f"{release.address}: {facts}" if facts else release.address


def difference_text(
    found: Sequence[ReleaseDifference], numbers: tuple[int, int], look: Look
) -> str:
    """Return what two revisions record differently, in the form of a plan."""
    start, end = numbers
    view = difference_view(found)
    if not view.releases and not view.recorded_only:
        return f"Revisions {start} and {end} record the same.\n"
    lines = [look.paint(f"From revision {start} to revision {end}:", Style.BOLD)]
    for release in view.releases:
        lines.extend(["", *release_lines(release, look)])
    if view.recorded_only:
        addresses = ", ".join(map(printable, view.recorded_only))
        text = (
            f"Besides, of {addresses} something differs that is not shown: what the files "
            "wanted, or a hold."
        )
        lines.extend(["", look.prose(text)])
    counts = f"{view.appeared} appeared, {view.changed} changed, {view.gone} disappeared"
    lines.extend(["", f"{counted(len(view.releases), 'release')}: {counts}."])
    return "\n".join(lines) + "\n"


def state_text(state: StateDocument, look: Look) -> str:
    """Return parts as they would be written, one after another."""
    return "\n".join(
        "\n".join(_part(part.address, part.attributes, look)) + "\n" for part in state.parts
    )


def _part(address: str, attributes: Mapping[str, JsonValue], look: Look) -> Iterator[str]:
    yield look.paint(f"# {printable(address)}", Style.BOLD)
    longest = max((columns(key(name)) for name in attributes), default=0)
    for name, value in attributes.items():
        text = multiline(value) if isinstance(value, dict) else literal(value)
        yield f"{padded(key(name), longest)} = {text}"


def outputs_text(outputs: Mapping[str, JsonValue]) -> str:
    """Return outputs as Terraform prints them; a secret was replaced by its marker."""
    longest = max((len(name) for name in outputs), default=0)
    return "".join(
        f"{name.ljust(longest)} = {multiline(value)}\n" for name, value in outputs.items()
    )


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where there are several."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
