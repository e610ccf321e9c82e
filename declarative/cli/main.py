"""The entry point, and the one place where an error becomes text and an exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from declarative import __version__
from declarative.cli import garbage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from declarative.cli.session import Session


def main() -> None:
    """Run lamform with the arguments of this process and exit."""
    garbage.put_off()
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run lamform with the given arguments and return its exit code."""
    # Asked by scripts: nothing is imported for it, unless stdout is closed.
    if list(arguments) == ["--version"] and sys.stdout is not None:
        sys.stdout.write(f"lamform {__version__}\n")
        return 0
    from declarative.cli.boundary import guarded
    from declarative.cli.session import open_session

    session = open_session(arguments)
    return guarded(session, lambda: _dispatch(session, arguments))


def _dispatch(session: Session, arguments: Sequence[str]) -> int:
    from declarative.cli.app import command_line
    from declarative.cli.arguments import globals_first, value_options, variables_in_order

    command = command_line(arguments)
    options = value_options(command)
    ordered = globals_first(arguments, options)
    session.variables = variables_in_order(ordered, options)
    code = command.main(ordered, prog_name="lamform", standalone_mode=False, obj=session)
    return code if isinstance(code, int) else 0
