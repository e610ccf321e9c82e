"""Every error has its exit code and a form that can be read."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from backends.base import BackendError, FencedError, HeadMovedError
from declarative import errors
from declarative.cli.boundary import guarded
from declarative.cli.main import run
from declarative.cli.session import Session

LAMFORM = Path(sys.executable).with_name("lamform")


def session(*, as_json: bool = False) -> Session:
    return Session(io.StringIO(), io.StringIO(), json=as_json)


def failing(error: BaseException):
    def command() -> int:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.LamformError.of("x"), 1),
        (errors.ConfigurationError.of("x"), 1),
        (errors.RemoteError.of("x"), 1),
        (errors.ApplyFailedError.of("x"), 3),
        (errors.LeaseHeldError.of("x"), 4),
        (errors.StalePlanError.of("x"), 5),
        (errors.RefusedError.of("x"), 6),
        (errors.InterruptedRunError.of("x"), 130),
        (BackendError("x", "y"), 1),
        (FencedError(3), 5),
        (HeadMovedError("a", None), 5),
        (KeyboardInterrupt(), 130),
        (PermissionError(13, "Permission denied", "state.db"), 1),
        (OSError(28, "No space left on device"), 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_exit_code_by_type(error: BaseException, code: int) -> None:
    people, programs = session(), session(as_json=True)
    assert guarded(people, failing(error)) == code
    assert people.err.getvalue().startswith("Error: ")
    assert people.out.getvalue() == ""
    assert guarded(programs, failing(error)) == code
    assert programs.err.getvalue() == ""
    [document] = map(json.loads, programs.out.getvalue().splitlines())
    assert document["diagnostics"][0]["severity"] == "error"


def test_failure_after_events_is_the_last_event() -> None:
    running = session(as_json=True)
    running.events = True
    assert guarded(running, failing(errors.RemoteError.of("gone"))) == 1
    event = json.loads(running.out.getvalue())
    assert (event["type"], event["status"]) == ("run_done", "failed")
    assert event["diagnostics"][0]["summary"] == "gone"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "begin"),
    [
        (Terminal, {}, "\x1b[1;31mError:"),
        (io.StringIO, {}, "Error:"),
        (Terminal, {"NO_COLOR": "1"}, "Error:"),
        (Terminal, {"NO_COLOR": ""}, "\x1b[1;31mError:"),
        (Terminal, {"TERM": "dumb"}, "Error:"),
    ],
)
def test_colour_is_for_terminals_that_want_it(
    stream: type[io.StringIO],
    environ: dict[str, str],
    begin: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    people = Session(io.StringIO(), stream())
    guarded(people, failing(errors.LamformError.of("gone")))
    assert people.err.getvalue().startswith(begin)


def test_unexpected_error_is_reported_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    people = session()
    assert guarded(people, failing(ZeroDivisionError("oops"))) == 1
    said = people.err.getvalue()
    assert "Internal error" in said
    assert "Traceback" not in said
    [report] = tmp_path.iterdir()
    assert str(report) in said
    assert "ZeroDivisionError: oops" in report.read_text()


def test_mistyped_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plna"]) == 1
    assert "Did you mean 'plan'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["plan", "--onyl", "x"], "--only"),
        (["plan", "--jsno"], "--json"),
        (["plan", "--refresh", "half"], "full"),
        (["history", "--limit", "0"], "1"),
        (["show"], "FILE"),
        (["state", "lst"], "list"),
    ],
)
def test_wrong_usage_is_exit_1_with_a_hint(
    arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 1
    said = capsys.readouterr().err
    assert hint in said
    assert "--help" in said


def test_wrong_usage_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--nope", "--json"]) == 1
    captured = capsys.readouterr()
    assert captured.err == ""
    assert json.loads(captured.out)["diagnostics"][0]["summary"] == "Wrong usage"


def test_reader_that_leaves_early_is_no_error() -> None:
    script = f"'{LAMFORM}' schema plan | head -c 10"
    answer = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert answer.stdout == '{\n  "$defs'
    assert answer.stderr == ""


def test_version_in_every_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    plain = capsys.readouterr().out
    assert run(["plan", "--version"]) == 0
    assert capsys.readouterr().out == plain
    assert run(["--version", "--json"]) == 0
    assert plain == f"lamform {json.loads(capsys.readouterr().out)['version']}\n"


def test_no_command_shows_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 1
    assert "Commands:" in capsys.readouterr().out


def test_a_group_names_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["state"]) == 1
    there = "list, show, diff, pull, accept, rm, mv, undo, verify, unlock, recover, gc, migrate"
    assert f"There are: {there}." in capsys.readouterr().err
    assert run(["--log-level", "loud"]) == 1
    assert "There are" not in capsys.readouterr().err


def test_a_directory_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["-C", str(tmp_path / "none"), "plan"]) == 1
    assert "none: No such file or directory" in capsys.readouterr().err
