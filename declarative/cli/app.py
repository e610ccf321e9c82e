"""All commands of the command line, with their help."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from declarative import __version__
from declarative.cli import (
    apply,
    console,
    drift,
    explain,
    history,
    init,
    inspect,
    plan,
    revert,
    sandbox,
    state,
)
from declarative.cli.session import Session
from declarative.errors import LamformError

_PLAIN: dict[str, Any] = {"rich_markup_mode": None, "no_args_is_help": False}
_CONTEXT = {"help_option_names": ["-h", "--help"]}


class LogLevel(StrEnum):
    """How much is logged to stderr."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def command_line() -> Any:
    """Return the parser of the whole command line."""
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings=_CONTEXT,
        help="Plan and apply for AWS Lambda releases; every apply is a revision to go back to.",
        epilog="Example: lamform plan --out change.plan && lamform apply change.plan",
        **_PLAIN,
    )
    app.callback(invoke_without_command=True)(_globals)
    _add(app, init.init, "lamform init", short_help="Write a first project into this directory.")
    _add(app, inspect.validate, "lamform validate --json")
    _add(app, plan.plan, "lamform plan --environment prod --out change.plan")
    _add(app, plan.show, "lamform show change.plan")
    _add(
        app,
        apply.apply,
        "lamform apply --only 'checkout[dev]' --message 'more memory'",
        short_help="Apply a saved plan, or plan, ask and apply.",
    )
    _add(
        app,
        revert.revert,
        "lamform revert previous --only checkout",
        short_help="Go back to an earlier revision.",
    )
    _add(app, revert.revert, "lamform rollback 4", name="rollback", help="The same as revert.")
    _add(
        app,
        drift.drift,
        "lamform drift --environment prod",
        short_help="Show where AWS differs from what is recorded.",
    )
    _add(app, history.history, "lamform history --limit 5 --release checkout")
    app.add_typer(_state(), name="state")
    _add(app, state.output, "lamform output live_arns", short_help="Show the recorded outputs.")
    _add(
        app,
        console.console,
        "echo 'upper(var.stage)' | lamform console",
        short_help="Evaluate expressions from stdin.",
    )
    _add(
        app,
        explain.explain,
        "lamform explain 'checkout[prod-eu]' --definition",
        short_help="Show which value won, where it was set, and what it overrode.",
    )
    _add(app, inspect.schema, "lamform schema plan")
    app.add_typer(_sandbox(), name="sandbox")
    return typer.main.get_command(app)


def _add(app: typer.Typer, function: Any, example: str, **settings: Any) -> None:
    app.command(epilog=f"Example: {example}", **settings)(function)


def _state() -> typer.Typer:
    group = typer.Typer(help="Look at what is recorded.", **_PLAIN)
    _add(group, state.list_, "lamform state list --revision 3", name="list")
    _add(group, state.show, "lamform state show 'checkout[dev].alias.live'", name="show")
    return group


def _sandbox() -> typer.Typer:
    group = typer.Typer(help="Try everything with an emulated AWS.", **_PLAIN)
    own = {"allow_interspersed_args": False}  # what follows the command's name belongs to it
    _add(group, sandbox.run, "lamform sandbox run -- lamform plan", context_settings=own)
    return group


def _globals(
    context: typer.Context,
    directory: Annotated[
        Path | None, typer.Option("-C", metavar="DIR", help="Work in this directory.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Never use colour.")] = False,
    log_level: Annotated[
        LogLevel, typer.Option("--log-level", help="What is logged to stderr.")
    ] = LogLevel.WARNING,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    session: Session = context.obj
    session.json = session.json or as_json
    session.colour = not no_color
    session.log(log_level.value)
    if version:
        if session.json:
            session.document({"format_version": "1.0", "version": __version__})
        else:
            session.show(f"lamform {__version__}\n")
        raise typer.Exit
    if directory is not None:
        _enter(directory)
    if context.invoked_subcommand is None:
        session.show(context.get_help() + "\n")
        raise typer.Exit(1)


def _enter(directory: Path) -> None:
    try:
        os.chdir(directory)
    except OSError as error:
        raise LamformError.of(
            "The directory of -C cannot be used", f"{directory}: {error.strerror}."
        ) from error
