"""``lamform sandbox run``: one command with an emulated AWS."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from declarative.cli import garbage


def run(
    command: Annotated[
        list[str], typer.Argument(metavar="COMMAND", help="What to run, with its arguments.")
    ],
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="DIR", help="Keep the emulated world and state there."),
    ] = None,
) -> None:
    """Run a command with an emulated AWS on this machine; no account is needed.

    The emulated functions and the command's state live in a temporary directory and are thrown
    away together; the project's own .lamform is not touched.
    """
    from declarative.sandbox.run import run_command

    garbage.begin()
    raise typer.Exit(run_command(command, keep))
