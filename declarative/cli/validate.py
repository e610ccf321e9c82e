"""``lamform validate``: nothing is asked of AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from declarative.cli import options
from declarative.cli.loading import inputs_of, load, warn
from declarative.cli.session import Session
from declarative.errors import ConfigurationError, Diagnostic
from declarative.language.world import UnknownWorld
from declarative.render.diagnostics import FORMAT_VERSION, diagnostic_json

if TYPE_CHECKING:
    from pydantic import JsonValue


def validate(
    context: typer.Context,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Check the files, without network."""
    session: Session = context.obj
    try:
        project = load(inputs_of(session, var, var_file))
        project.bind(UnknownWorld())
    except ConfigurationError as error:
        if not session.json:
            raise
        session.document(_verdict(error.diagnostics))
        raise typer.Exit(1) from error
    if session.json:
        session.document(_verdict(project.warnings))
        return
    warn(session, project)
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
