"""``lamform history``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Annotated

import typer
from pydantic import JsonValue

from backends.base import Revision, StateReader
from declarative.cli import options, plans
from declarative.cli.loading import inputs_of
from declarative.cli.session import Session
from declarative.cli.wiring import open_project
from declarative.model.address import select
from declarative.render.documents import (
    HistoryDocument,
    HistoryRelease,
    HistoryRevision,
    document,
)
from declarative.render.reports import history_text


def history(
    context: typer.Context,
    *,
    limit: Annotated[
        int,
        typer.Option(
            "--limit",
            min=1,
            max=options.MOST_REVISIONS,
            metavar="N",
            help="At most so many revisions.",
        ),
    ] = 20,
    release: Annotated[
        str | None,
        typer.Option("--release", metavar="RELEASE", help="Only revisions that changed it."),
    ] = None,
    environment: options.Environments = None,
    style: options.FormatOption = None,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """List revisions, newest first."""
    session: Session = context.obj
    session.use(style)
    with open_project(inputs_of(session, var, var_file)) as opened:
        state = opened.world.state
        chosen = _chosen(state, release)
        if environment:
            recorded = plans.recorded_in(opened, environment)
            chosen = recorded if chosen is None else recorded & chosen
        found = tuple(islice(_revisions(state, chosen), limit))
        origin = state.origin()
        report = HistoryDocument(revisions=found, forgotten=origin.number if origin else 0)
    if session.json:
        session.document(document(report))
        return
    session.show(history_text(report, session.look))
    if report.forgotten and len(found) < limit:
        session.say(f"Revisions up to {report.forgotten} are no longer kept.")


def _chosen(state: StateReader, pattern: str | None) -> frozenset[str] | None:
    if pattern is None:
        return None
    known = {address for revision in state.revisions() for address in revision.changes}
    return select(known, [pattern])


def _revisions(state: StateReader, chosen: frozenset[str] | None) -> Iterator[HistoryRevision]:
    for revision in state.revisions():
        if chosen is None or chosen & revision.changes.keys():
            yield history_revision(revision)


def history_revision(revision: Revision) -> HistoryRevision:
    """Return a revision as history shows it."""
    details = revision.details.get("releases")
    undoes = revision.details.get("undoes")
    releases = details if isinstance(details, list) else []
    return HistoryRevision(
        revision=revision.number,
        id=revision.id,
        parent=revision.parent,
        status=revision.status,
        created_at=revision.created_at,
        author=revision.author,
        message=revision.message,
        plan_id=revision.plan_id,
        git_commit=revision.git_commit,
        reverts=revision.reverts,
        undoes=undoes if isinstance(undoes, int) else None,
        releases=tuple(_release(one) for one in releases if isinstance(one, Mapping)),
    )


def _release(details: Mapping[str, JsonValue]) -> HistoryRelease:
    """Return what a revision says of a release; fields of later versions are left out."""
    known = {name: details[name] for name in HistoryRelease.model_fields if name in details}
    return HistoryRelease.model_validate(known)
