"""``lamform state diff`` and ``lamform state pull``: what revisions hold, and nothing of AWS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated

import typer
from pydantic import JsonValue

from declarative.cli import options
from declarative.cli.loading import inputs_of
from declarative.cli.session import Session
from declarative.cli.state import parts
from declarative.cli.wiring import open_project, runner
from declarative.engine.records import recorded_outputs
from declarative.engine.recovery import dead_runs
from declarative.engine.statediff import difference
from declarative.errors import LamformError
from declarative.model.plan import Action
from declarative.model.revision import ReleaseRecord
from declarative.render.documents import (
    StateDiffDocument,
    StateMove,
    StatePullDocument,
    document,
)
from declarative.render.reports import difference_text


def diff(
    context: typer.Context,
    start: Annotated[
        int,
        typer.Argument(min=1, max=options.MOST_REVISIONS, metavar="FROM", help="A revision."),
    ],
    end: Annotated[
        int | None,
        typer.Argument(
            min=1,
            max=options.MOST_REVISIONS,
            metavar="TO",
            help="Another; the newest one if left out.",
        ),
    ] = None,
    *,
    only: options.Only = None,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Show what two revisions record differently."""
    session: Session = context.obj
    with open_project(inputs_of(session, var, var_file)) as opened:
        state = opened.world.state
        head = state.head()
        if head is None:
            raise LamformError.of("There is nothing to compare", "No revision is recorded yet.")
        numbers = (start, head.number if end is None else end)
        found = difference(state, numbers, _parts, only=only or ())
    if session.json:
        report = StateDiffDocument(
            origin=numbers[0],
            to=numbers[1],
            changes=tuple(change for one in found for change in one.changes),
            moves=tuple(
                StateMove(origin=one.moved_from, to=one.address) for one in found if one.moved_from
            ),
            unseen=tuple(
                one.address
                for one in found
                if one.action is Action.UPDATE and not (one.changes or one.moved_from)
            ),
        )
        session.document(document(report))
    else:
        session.show(difference_text(found, numbers, session.look))


def _parts(record: ReleaseRecord) -> Mapping[str, Mapping[str, JsonValue]]:
    return {part.address: part.attributes for part in parts(record)}


def pull(
    context: typer.Context,
    revision: options.RevisionOption = None,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Print the whole state as one JSON document; AWS is not asked."""
    session: Session = context.obj
    with open_project(inputs_of(session, var, var_file)) as opened:
        state = opened.world.state
        found = state.head() if revision is None else state.revision(revision)
        if found is None:
            raise LamformError.of(
                "There is no state yet",
                "Nothing was ever recorded here. Check that the backend in the files is the one "
                "you mean.",
            )
        open_ = sorted({one for run in dead_runs(state, runner()) for one in run.open})
        addresses = state.resources(at=found.number)
        objects = state.objects(set(addresses.values()))
        report = StatePullDocument(
            project=opened.project.settings.project,
            revision=found.number,
            id=found.id,
            created_at=found.created_at,
            releases={address: json.loads(objects[it]) for address, it in addresses.items()},
            outputs={**recorded_outputs(found)},
        )
    if session.json:
        session.document(document(report))
    else:
        session.show(json.dumps(document(report), ensure_ascii=False, indent=2) + "\n")
    if open_ and revision is None:
        session.say(
            f"Note: an earlier run was cut off; what it did to {', '.join(open_)} is in no "
            "revision yet. The next apply records it."
        )
