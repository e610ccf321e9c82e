"""A run goes on to its end, and is recorded, whether or not anybody can be told of it."""

from __future__ import annotations

import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import pytest

from backends import open_backend
from declarative.cli import runs
from tests.cli.conftest import LAMFORM

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

APPLY = ("apply", "--auto-approve", "--new-state", "--parallelism", "1")
FULL = Path("/dev/full")


def statuses(shell: Shell) -> list[str]:
    """Return the status of each revision, newest first; no run may be open."""
    state = open_backend("sqlite", {"path": ".lamform/state.db"}, shell.name)
    assert state.open_runs() == ()
    state.close()
    return [one["status"] for one in shell("history", "--json").json["revisions"]]


def left_alone(shell: Shell, *arguments: str, until: str, number: int | None = None) -> int:
    """Apply for a reader of all output who leaves at a line; return the exit code."""
    process = subprocess.Popen(
        [LAMFORM, *APPLY, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if until in line:
            break
    process.stdout.close()
    if number is not None:
        process.send_signal(number)
    return process.wait(60)


@pytest.mark.parametrize(
    ("arguments", "until"), [(["--json"], "run_started"), ([], "CreateFunction …")]
)
def test_a_reader_who_leaves_does_not_end_the_run(shell: Shell, arguments, until) -> None:
    assert left_alone(shell, *arguments, until=until) == 1
    assert statuses(shell) == ["applied"]
    assert shell("plan", "--detailed-exitcode").code == 0


def test_a_signal_reaches_a_run_that_nobody_reads(shell: Shell) -> None:
    code = left_alone(shell, until="CreateFunction …", number=signal.SIGINT)
    assert code == 130
    assert statuses(shell) == ["interrupted"]


def test_a_failed_run_that_nobody_reads_has_its_own_exit_code(shell: Shell) -> None:
    shell.fail("CreateFunction", 2)
    assert left_alone(shell, "--json", until="run_started") == 3
    assert statuses(shell) == ["partial"]


@pytest.fixture
def full() -> Iterator[TextIO]:
    """A stream to a disk that has no space left."""
    if not FULL.exists():
        pytest.skip("there is no device that is always full")
    with FULL.open("w") as stream:
        yield stream


def test_a_full_disk_behind_the_progress_does_not_end_the_run(shell: Shell, full: TextIO) -> None:
    answer = shell.against(*APPLY, stderr=full)
    assert answer.returncode == 1
    assert "Apply complete! Revision 1" in answer.stdout
    assert statuses(shell) == ["applied"]


def test_a_full_disk_behind_the_events_does_not_end_the_run(shell: Shell, full: TextIO) -> None:
    answer = shell.against(*APPLY, "--json", stdout=full)
    assert answer.returncode == 1
    assert "No space left on device" in answer.stderr
    assert "revision 1 records it" in answer.stderr
    assert statuses(shell) == ["applied"]


def test_what_has_failed_is_told_where_events_cannot_be_written(shell: Shell, full: TextIO) -> None:
    shell.fail("CreateFunction", 2)
    answer = shell.against(*APPLY, "--json", stdout=full)
    assert answer.returncode == 3
    assert "in release.hello[" in answer.stderr
    assert statuses(shell) == ["partial"]


def test_a_plan_that_cannot_be_shown_is_not_applied(shell: Shell, full: TextIO) -> None:
    answer = shell.against(*APPLY, stdout=full)
    assert answer.returncode == 1
    assert "No space left on device" in answer.stderr
    assert statuses(shell) == []


@pytest.mark.parametrize("arguments", [["plan"], ["validate"], ["validate", "--json"]])
def test_a_full_disk_behind_a_result_is_told(shell: Shell, full: TextIO, arguments) -> None:
    answer = shell.against(*arguments, stdout=full)
    assert answer.returncode == 1
    assert "No space left on device" in answer.stderr
    assert "Exception ignored" not in answer.stderr


def test_what_cannot_be_put_into_words_does_not_end_the_run(shell: Shell, monkeypatch) -> None:
    def speechless(*_: object) -> str:
        msg = "no words"
        raise ZeroDivisionError(msg)

    monkeypatch.setattr("tempfile.tempdir", str(shell.root))
    monkeypatch.setattr(runs, "event_text", speechless)
    answer = shell(*APPLY)
    assert answer.code == 1
    assert "Internal error" in answer.err
    assert statuses(shell) == ["applied"]


def test_an_output_without_a_value_is_told_after_the_end(shell: Shell) -> None:
    with Path("lamform.hcl").open("a") as file:
        file.write('output "bad" { value = regex("zzz", release.hello["dev"].function.version) }\n')
    answer = shell("apply", "--auto-approve", "--new-state", "--json")
    assert answer.code == 1
    last = answer.events[-1]
    assert (last["type"], last["status"], last["revision"]) == ("run_done", "applied", 1)
    assert [one["address"] for one in last["diagnostics"]] == ["output.bad"]
    assert statuses(shell) == ["applied"]
    assert "bad" not in shell("output", "--json").json["outputs"]
    Path("src/app.py").write_text("def handler(event, context):\n    return 2\n")
    answer = shell("apply", "--auto-approve")
    assert answer.code == 1
    assert "Apply complete! Revision 2" in answer.out
    assert "in output.bad" in answer.err
    assert shell("plan").code == 1


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_lead_nowhere(shell: Shell, closed: str) -> None:
    command = shlex.join([str(LAMFORM), *APPLY])
    answer = subprocess.run(
        ["bash", "-c", f"{command} {closed}"], check=False, capture_output=True, text=True
    )
    assert answer.returncode == 0
    assert "Traceback" not in answer.stderr
    assert ("Apply complete!" in answer.stdout) == (closed == "2>&-")
    assert statuses(shell) == ["applied"]
    assert shell("state", "verify").code == 0


def test_the_version_can_be_told_to_nobody() -> None:
    command = ["bash", "-c", f"{shlex.quote(str(LAMFORM))} --version >&-"]
    answer = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (answer.returncode, answer.stderr) == (0, "")
