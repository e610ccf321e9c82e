"""``lamform state rm``, ``mv``, ``accept`` and ``undo``: editing state, and only state."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated

import typer

from declarative.cli import options, runs
from declarative.cli.history import history_revision
from declarative.cli.loading import inputs_of
from declarative.cli.session import Session
from declarative.cli.state import parts
from declarative.cli.wiring import ApplySettings, OpenProject, open_project
from declarative.engine import accepting, editing, renaming, undoing
from declarative.engine.recovery import recovered_view
from declarative.engine.snapshot import Snapshot
from declarative.errors import LamformError
from declarative.model.address import Address, select
from declarative.render.documents import StateEditDocument, document
from declarative.render.look import printable
from declarative.render.reports import edit_text

_Addresses = Annotated[
    list[str],
    typer.Argument(
        metavar="ADDRESS...", help="Releases, or parts of them, as state list has them."
    ),
]


def rm(
    context: typer.Context,
    address: _Addresses,
    *,
    auto_approve: options.AutoApprove = False,
    message: options.Message = "",
    lock_timeout: options.LockTimeout = 0.0,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Forget releases, an alias or tags; AWS keeps them.

    What the files still declare is adopted again by the next apply.
    """
    session: Session = context.obj
    with open_project(inputs_of(session, var, var_file)) as opened:
        targets = _chosen(session, opened, address)
        again = _declared(opened).intersection(targets)
        notes = tuple(
            f"The files declare {one}: the next apply adopts it again" for one in sorted(again)
        )
        if not auto_approve:
            lines = "".join(f"  {printable(one)}\n" for one in sorted(targets))
            session.say(f"lamform will forget this; AWS stays as it is:\n\n{lines}\n")
            for note in notes:
                session.say(f"Note: {printable(note)}.\n\n")
            runs.confirm(session, "Do you want to forget it?", "Forgetting")
        settings = ApplySettings(message, lock_timeout=lock_timeout)
        edited = editing.forget(targets, runs.recording(session, opened, settings))
    _tell(session, edited, "Forgotten; AWS is as it was:", notes if auto_approve else ())


def mv(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The release as it is recorded.")],
    destination: Annotated[str, typer.Argument(metavar="DESTINATION", help="The address it gets.")],
    *,
    message: options.Message = "",
    lock_timeout: options.LockTimeout = 0.0,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Give a release another address, as its block has one in the files.

    A name without a key means all its instances, which keep their keys.
    """
    session: Session = context.obj
    with open_project(inputs_of(session, var, var_file)) as opened:
        known = _seen(session, opened).releases
        moves = renaming.moves_for(source, destination, known)
        settings = ApplySettings(message, lock_timeout=lock_timeout)
        edited = renaming.move(moves, runs.recording(session, opened, settings))
        declared = _declared(opened)
    missing = sorted({one.destination for one in moves} - declared) if declared else []
    note = (
        f"Not in the files: {', '.join(missing)}. Rename the release there as well before the next "
        "apply, which deletes it otherwise"
    )
    _tell(session, edited, "Moved:", (note,) if missing else ())


def accept(
    context: typer.Context,
    address: _Addresses,
    *,
    message: options.Message = "",
    lock_timeout: options.LockTimeout = 0.0,
    parallelism: options.Parallelism = 10,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Record what AWS has now, so that it is drift no longer.

    What the files want stays: the next plan goes on offering it.
    """
    session: Session = context.obj
    settings = ApplySettings(message, parallelism, lock_timeout)
    with open_project(inputs_of(session, var, var_file)) as opened:
        targets = _chosen(session, opened, address)
        edited = accepting.accept(targets, runs.recording(session, opened, settings))
    _tell(session, edited, "Accepted as AWS has it:")


def undo(
    context: typer.Context,
    revision: Annotated[
        int | None,
        typer.Argument(
            min=1,
            max=options.MOST_REVISIONS,
            metavar="REVISION",
            help="The edit; the newest revision if left out.",
        ),
    ] = None,
    *,
    message: options.Message = "",
    lock_timeout: options.LockTimeout = 0.0,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Take back what rm, mv, accept or undo did, as a new revision."""
    session: Session = context.obj
    with open_project(inputs_of(session, var, var_file)) as opened:
        settings = ApplySettings(message, lock_timeout=lock_timeout)
        edited = undoing.undo(revision, runs.recording(session, opened, settings))
    undone = edited.revision.details.get("undoes") if edited.revision else revision
    _tell(session, edited, f"Revision {undone} is undone:")


def _seen(session: Session, opened: OpenProject) -> Snapshot:
    """Return what is recorded, dead runs looked up as in ``state list``."""
    snapshot = recovered_view(opened.world.reading(opened.secrets()), refresh=True)
    if not session.json:
        for warning in snapshot.warnings:
            session.say(f"Warning: {printable(warning)}")
    return snapshot


def _chosen(session: Session, opened: OpenProject, patterns: Iterable[str]) -> frozenset[str]:
    """Return the releases and parts that the patterns name; a release has its parts in it."""
    releases = _seen(session, opened).releases
    if not releases:
        raise LamformError.of(
            "Nothing is recorded", "The state has no release that could be named."
        )
    known = {part.address for one in releases.values() for part in parts(one.record)}
    chosen = frozenset[str]().union(
        # A name alone means releases, and what is near it are releases.
        *(select(releases if _is_whole(one) else {*known, *releases}, [one]) for one in patterns)
    )
    return frozenset(
        one for one in chosen if one in releases or str(Address.parse(one).release) not in chosen
    )


def _is_whole(pattern: str) -> bool:
    return "." not in pattern.removeprefix("release.")


def _declared(opened: OpenProject) -> frozenset[str]:
    """Return the releases that the files declare; none where that cannot be told."""
    with suppress(LamformError):  # it is for a note: the files may lack a variable's value
        return frozenset(opened.project.releases())
    return frozenset()


def _tell(session: Session, edited: editing.Edited, title: str, more: tuple[str, ...] = ()) -> None:
    taken = (
        f"Took over the lease of run {one.run} by {one.who} on {one.host}: its process is gone, "
        f"or it was last renewed for the time until {one.expires}"
        for one in edited.took_over
    )
    notes = (*taken, *edited.notes, *more)
    report = StateEditDocument(revision=None, notes=notes)
    if edited.revision is not None:
        found = history_revision(edited.revision)
        report = StateEditDocument(
            revision=found.revision,
            id=found.id,
            message=found.message,
            undoes=found.undoes,
            releases=found.releases,
            notes=notes,
        )
    if session.json:
        session.document(document(report))
        return
    if edited.revision is None:
        session.show("Nothing differs: AWS is as it was recorded. No revision was made.\n")
    else:
        session.show(edit_text(report, title, session.look))
    for note in notes:
        session.say(f"Note: {printable(note)}.")
