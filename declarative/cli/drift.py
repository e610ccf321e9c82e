"""``lamform drift``."""

from __future__ import annotations

import typer

from declarative.cli import options, plans
from declarative.cli.loading import inputs_of
from declarative.cli.session import Session
from declarative.cli.wiring import open_project
from declarative.engine.survey import find_drift
from declarative.render.documents import DriftDocument, document
from declarative.render.look import printable
from declarative.render.reports import drift_text

_FOUND = 2


def drift(
    context: typer.Context,
    style: options.FormatOption = None,
    environment: options.Environments = None,
    parallelism: options.Parallelism = 10,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Show where AWS differs from what was recorded; exit 2 if it does."""
    session: Session = context.obj
    session.use(style)
    with open_project(inputs_of(session, var, var_file)) as opened:
        reading = opened.world.reading(opened.secrets(), parallelism)
        only = plans.recorded_in(opened, environment) if environment else None
        found = find_drift(reading, only=only)
    report = DriftDocument(findings=found.findings, notes=found.notes, releases=found.releases)
    if session.json:
        session.document(document(report))
    else:
        for note in report.notes:
            session.say(f"Note: {printable(note)}")
        session.show(drift_text(report, session.look))
    if report.findings:
        raise typer.Exit(_FOUND)
