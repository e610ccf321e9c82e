"""``lamform validate`` and ``lamform schema``: nothing is asked of AWS."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from pydantic import JsonValue

from declarative.cli import options, plans
from declarative.cli.session import Session
from declarative.cli.wiring import load
from declarative.errors import ConfigurationError, Diagnostic, LamformError
from declarative.language.world import UnknownWorld
from declarative.render.diagnostics import (
    FORMAT_VERSION,
    diagnostic_json,
)
from declarative.render.documents import SCHEMAS


def validate(
    context: typer.Context,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Check the files, without network."""
    session: Session = context.obj
    try:
        project = load(plans.inputs_of(var, var_file))
        project.bind(UnknownWorld())
    except ConfigurationError as error:
        if not session.json:
            raise
        session.document(_verdict(error.diagnostics))
        raise typer.Exit(1) from error
    if session.json:
        session.document(_verdict(project.warnings))
        return
    plans.warn(session, project)
    count = len(project.releases())
    releases = f"{count} release" if count == 1 else f"{count} releases"
    found = ", with warnings" if project.warnings else ""
    session.show(f"Success! The configuration is valid{found}: {releases}.\n")


def _verdict(diagnostics: tuple[Diagnostic, ...]) -> dict[str, JsonValue]:
    severities = [one.severity for one in diagnostics]
    return {
        "format_version": FORMAT_VERSION,
        "valid": "error" not in severities,
        "error_count": severities.count("error"),
        "warning_count": severities.count("warning"),
        "diagnostics": [diagnostic_json(one) for one in diagnostics],
    }


def schema(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"One of {', '.join(SCHEMAS)}.")],
) -> None:
    """Print the JSON Schema of a document."""
    session: Session = context.obj
    model = SCHEMAS.get(name)
    if model is None:
        raise LamformError.of(
            "No such document", f'There is no document "{name}". There are: {", ".join(SCHEMAS)}.'
        )
    content = model.model_json_schema(mode="serialization")
    if session.json:
        session.document(content)
    else:
        session.show(json.dumps(content, indent=2) + "\n")
