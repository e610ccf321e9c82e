"""``lamform schema``: the form of what is written for programs."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from declarative.cli.session import Session
from declarative.errors import LamformError
from declarative.render.documents import SCHEMAS


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
