"""The error boundary: every error becomes diagnostics and the exit code of its type."""

from __future__ import annotations

import difflib
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from declarative import __version__
from declarative.cli.arguments import GLOBAL_OPTIONS
from declarative.cli.session import silence
from declarative.errors import Diagnostic, InterruptedRunError, LamformError
from declarative.render.diagnostics import (
    diagnostic_json,
    diagnostics_document,
    diagnostics_text,
)

if TYPE_CHECKING:
    from pydantic import JsonValue

    from declarative.cli.session import Session

_INTERRUPTED: Final = 130
_UNWRITTEN: Final = 1


def guarded(session: Session, command: Callable[[], int]) -> int:
    """Run ``command`` and return its exit code; whatever it raises is reported.

    Where nobody reads the output, or it cannot be written, that is an error of its own only
    if there is no other.
    """
    code = _outcome(session, command)
    for stream in (session.out, session.err):
        try:
            stream.flush()
        except OSError:
            silence(stream)
            code = code or _UNWRITTEN
    return code


def _outcome(session: Session, command: Callable[[], int]) -> int:
    code = 0
    try:
        code = command()
        session.flush()
    except BrokenPipeError:  # who reads our output has read enough
        return code or _UNWRITTEN
    except KeyboardInterrupt:
        return _report(session, (Diagnostic("Interrupted"),), _INTERRUPTED)
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 1
    except Exception as error:  # noqa: BLE001 - the boundary: nothing passes it
        diagnostics, failed = explained(error)
        return _report(session, diagnostics, code or failed)
    return code


def explained(error: Exception) -> tuple[tuple[Diagnostic, ...], int]:
    """Return what to tell of an error, and the exit code."""
    if isinstance(error, LamformError):
        return error.diagnostics, error.exit_code
    of_state = _state_error(error)
    if of_state is not None:
        return of_state
    if isinstance(error, OSError):
        return (_system(error),), 1
    usage = _usage(error)
    return ((usage,), 1) if usage else ((_internal(error),), 1)


def _state_error(error: Exception) -> tuple[tuple[Diagnostic, ...], int] | None:
    from backends import base

    if not isinstance(error, base.BackendError):
        return None
    codes = {
        base.LeaseHeldError: 4,
        base.ConflictError: 5,
        base.FencedError: 5,
        base.HeadMovedError: 5,
    }
    code = next((code for kind, code in codes.items() if isinstance(error, kind)), 1)
    return (Diagnostic(error.summary, error.detail),), code


def _report(session: Session, diagnostics: tuple[Diagnostic, ...], code: int) -> int:
    session.lasting = True  # one stream may be what cannot be written; if both are, the code tells
    if not session.json:
        session.say(diagnostics_text(diagnostics, session.err_look))
    elif session.events:
        status = "interrupted" if code == InterruptedRunError.exit_code else "failed"
        shown: list[JsonValue] = [diagnostic_json(one) for one in diagnostics]
        session.document({"type": "run_done", "status": status, "diagnostics": shown})
    else:
        session.document(diagnostics_document(diagnostics))
    if session.json and session.lost is not None:
        session.say(diagnostics_text(diagnostics, session.err_look))
    return code


def _system(error: OSError) -> Diagnostic:
    place = f"{error.filename}: " if error.filename else ""
    reason = error.strerror or str(error)
    return Diagnostic(
        "The system refused an operation",
        f"{place}{reason}. Check that the path exists, that you may use it, and that the disk "
        "is not full.",
    )


def _usage(error: Any) -> Diagnostic | None:
    """Return what to tell of a wrong command line; the parser's own exception types vary."""
    message = getattr(error, "format_message", None)
    if message is None:
        return None
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "lamform"
    said = message().replace("Value error, ", "")
    said += "" if said.endswith((".", "?")) else "."
    return Diagnostic("Wrong usage", f"{said}{_alternatives(error, context)} See {path} --help.")


def _alternatives(error: Any, context: Any) -> str:
    """Return what might have been meant, where the parser does not say so itself."""
    option = getattr(error, "option_name", None)
    if option:
        own = getattr(error, "possibilities", None)
        near = () if own else difflib.get_close_matches(option, GLOBAL_OPTIONS, n=1)
        return f" Did you mean {near[0]}?" if near else ""
    commands = getattr(getattr(context, "command", None), "commands", None)
    if not commands or getattr(error, "param", None) or "Did you mean" in error.format_message():
        return ""
    return f" There are: {', '.join(commands)}."


def _internal(error: Exception) -> Diagnostic:
    """Write a report of an error that should not exist, and return what to tell of it."""
    advice = "This is a bug in lamform; what it did before is recorded as always."
    report = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="lamform-error-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(f"lamform {__version__}, Python {sys.version}\n\n{report}")
    except OSError:
        return Diagnostic("Internal error", f"{type(error).__name__}: {error}. {advice}")
    return Diagnostic(
        "Internal error",
        f"{type(error).__name__}: {error}. {advice} Please report it with the file "
        f"{file.name}; look through it first, since it may quote values of your project.",
    )
