"""``lamform validate``, ``lamform console`` and ``lamform schema``: nothing is asked of AWS."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Annotated

import typer
from pydantic import JsonValue

from declarative.cli import options, plans
from declarative.cli.session import Session
from declarative.cli.wiring import load, open_scope
from declarative.errors import ConfigurationError, Diagnostic, LamformError
from declarative.language.expressions import evaluate
from declarative.language.plain import to_python
from declarative.language.syntax import parse_expression
from declarative.language.types import friendly_name
from declarative.language.values import Value
from declarative.language.world import UnknownWorld
from declarative.model.values import SECRET, UNKNOWN
from declarative.render.diagnostics import (
    FORMAT_VERSION,
    diagnostic_json,
    diagnostics_text,
)
from declarative.render.documents import SCHEMAS
from declarative.render.literals import multiline


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
    session.show(f"Success! The configuration is valid: {releases}.\n")


def _verdict(diagnostics: tuple[Diagnostic, ...]) -> dict[str, JsonValue]:
    severities = [one.severity for one in diagnostics]
    return {
        "format_version": FORMAT_VERSION,
        "valid": "error" not in severities,
        "error_count": severities.count("error"),
        "warning_count": severities.count("warning"),
        "diagnostics": [diagnostic_json(one) for one in diagnostics],
    }


def console(context: typer.Context) -> None:
    """Evaluate expressions from stdin, one a line, and print one answer each.

    What the files define can be read (var, local, references); files are not needed.
    """
    session: Session = context.obj
    scope = open_scope()
    failed = False
    for line in _lines(session):
        if line in ("exit", "quit"):
            break
        try:
            _answer(session, evaluate(parse_expression(line), scope))
        except LamformError as error:
            failed = True
            if session.json:
                session.document({"error": str(error)})
            else:
                session.say(diagnostics_text(error.diagnostics, session.err_look))
    if failed and not session.interactive:
        raise typer.Exit(1)


def _lines(session: Session) -> Iterator[str]:
    while True:
        if session.interactive:
            session.out.flush()
            session.err.write("> ")
            session.err.flush()
        line = sys.stdin.readline()
        if not line:
            if session.interactive:  # the last prompt is still an open line
                session.say("")
            return
        if line.strip():
            yield line.strip()


def _answer(session: Session, value: Value) -> None:
    shown: JsonValue = to_python(value, placeholder=_marker)  # type: ignore[assignment] # JSON
    if session.json:
        session.document({"value": shown, "type": friendly_name(value.type)})
    else:
        session.show(multiline(shown) + "\n")
        session.out.flush()


def _marker(value: Value) -> object:
    return {SECRET: None} if value.sensitive else {UNKNOWN: ""}


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
