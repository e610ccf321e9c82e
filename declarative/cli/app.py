"""All commands of the command line, with their help.

A command's module, and all that it needs, is imported when the command is.
"""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from declarative import __version__
from declarative.cli.arguments import command_of
from declarative.cli.session import Session
from declarative.errors import LamformError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_PLAIN: dict[str, Any] = {"rich_markup_mode": None, "no_args_is_help": False}
_CONTEXT = {"help_option_names": ["-h", "--help"]}


class LogLevel(StrEnum):
    """How much is logged to stderr."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def command_line(arguments: Sequence[str] = ()) -> Any:
    """Return the parser of the command that ``arguments`` name, or of all where they name none."""
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings=_CONTEXT,
        help="Plan and apply for AWS Lambda releases; every apply is a revision to go back to.",
        epilog="Example: lamform plan --out change.plan && lamform apply change.plan",
        **_PLAIN,
    )
    app.callback(invoke_without_command=True)(_globals)
    named = _COMMANDS.get(command_of(arguments) or "")
    for add in (named,) if named else _COMMANDS.values():
        add(app)
    return typer.main.get_command(app)


def _add(app: typer.Typer, function: Any, example: str, **settings: Any) -> None:
    app.command(epilog=f"Example: {example}", **settings)(function)


def _init(app: typer.Typer) -> None:
    from declarative.cli.init import init

    _add(app, init, "lamform init", short_help="Write a first project into this directory.")


def _validate(app: typer.Typer) -> None:
    from declarative.cli.validate import validate

    _add(app, validate, "lamform validate --json")


def _fmt(app: typer.Typer) -> None:
    from declarative.cli.fmt import fmt

    _add(
        app,
        fmt,
        "lamform fmt --check --diff",
        short_help="Rewrite files in the canonical layout.",
    )


def _plan(app: typer.Typer) -> None:
    from declarative.cli.plan import plan

    _add(app, plan, "lamform plan --environment prod --out change.plan")


def _show(app: typer.Typer) -> None:
    from declarative.cli.plan import show

    _add(app, show, "lamform show change.plan")


def _apply(app: typer.Typer) -> None:
    from declarative.cli.apply import apply

    _add(
        app,
        apply,
        "lamform apply --only 'checkout[dev]' --message 'more memory'",
        short_help="Apply a saved plan, or plan, ask and apply.",
    )


def _revert(app: typer.Typer) -> None:
    from declarative.cli.revert import revert

    _add(
        app,
        revert,
        "lamform revert previous --only checkout",
        short_help="Go back to an earlier revision.",
    )


def _rollback(app: typer.Typer) -> None:
    from declarative.cli.revert import revert

    _add(app, revert, "lamform rollback 4", name="rollback", help="The same as revert.")


def _drift(app: typer.Typer) -> None:
    from declarative.cli.drift import drift

    _add(
        app,
        drift,
        "lamform drift --environment prod",
        short_help="Show where AWS differs from what is recorded.",
    )


def _adopt(app: typer.Typer) -> None:
    from declarative.cli.adopt import adopt

    _add(
        app,
        adopt,
        "lamform adopt checkout --function checkout-prod",
        short_help="Write the files for functions that exist.",
    )


def _history(app: typer.Typer) -> None:
    from declarative.cli.history import history

    _add(app, history, "lamform history --limit 5 --release checkout")


def _state(app: typer.Typer) -> None:
    from declarative.cli import editing, inspecting, moving, state, upkeep

    group = typer.Typer(help="Look at what is recorded, and look after it.", **_PLAIN)
    _add(group, state.list_, "lamform state list --revision 3", name="list")
    _add(group, state.show, "lamform state show 'checkout[dev].alias.live'", name="show")
    _add(group, inspecting.diff, "lamform state diff 3 5 --only checkout", name="diff")
    _add(group, inspecting.pull, "lamform state pull > state.json", name="pull")
    _add(group, editing.accept, "lamform state accept 'checkout[dev]'", name="accept")
    _add(group, editing.rm, "lamform state rm 'checkout[dev].alias.live'", name="rm")
    _add(group, editing.mv, "lamform state mv checkout 'checkout[eu]'", name="mv")
    _add(group, editing.undo, "lamform state undo 7", name="undo")
    _add(group, upkeep.verify, "lamform state verify", name="verify")
    _add(group, upkeep.unlock, "lamform state unlock 2eb6cde1a371", name="unlock")
    _add(
        group,
        upkeep.recover,
        "lamform state recover lamform-recovery-2eb6cde1a371.json",
        name="recover",
        short_help="Record what runs did that died or lost their state.",
    )
    _add(group, moving.gc, "lamform state gc --keep 50", name="gc")
    _add(
        group,
        moving.migrate,
        "lamform state migrate --to s3 --setting bucket=states --setting region=eu-west-1",
        name="migrate",
    )
    app.add_typer(group, name="state")


def _output(app: typer.Typer) -> None:
    from declarative.cli.state import output

    _add(app, output, "lamform output live_arns", short_help="Show the recorded outputs.")


def _console(app: typer.Typer) -> None:
    from declarative.cli.console import console

    _add(
        app,
        console,
        "echo 'upper(var.stage)' | lamform console",
        short_help="Evaluate expressions from stdin.",
    )


def _explain(app: typer.Typer) -> None:
    from declarative.cli.explain import explain

    _add(
        app,
        explain,
        "lamform explain 'checkout[prod-eu]' --definition",
        short_help="Show which value won, where it was set, and what it overrode.",
    )


def _schema(app: typer.Typer) -> None:
    from declarative.cli.schema import schema

    _add(app, schema, "lamform schema plan")


def _sandbox(app: typer.Typer) -> None:
    from declarative.cli.sandbox import run

    group = typer.Typer(help="Try everything with an emulated AWS.", **_PLAIN)
    own = {"allow_interspersed_args": False}  # what follows the command's name belongs to it
    _add(group, run, "lamform sandbox run -- lamform plan", context_settings=own)
    app.add_typer(group, name="sandbox")


_COMMANDS: Final[Mapping[str, Callable[[typer.Typer], None]]] = {
    "init": _init,
    "validate": _validate,
    "fmt": _fmt,
    "plan": _plan,
    "show": _show,
    "apply": _apply,
    "revert": _revert,
    "rollback": _rollback,
    "drift": _drift,
    "adopt": _adopt,
    "history": _history,
    "state": _state,
    "output": _output,
    "console": _console,
    "explain": _explain,
    "schema": _schema,
    "sandbox": _sandbox,
}


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
