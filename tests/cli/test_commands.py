"""Commands from end to end against the sandbox: exit codes, streams, documents."""

from __future__ import annotations

import errno
import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backends import open_backend
from backends.base import RevisionDraft
from declarative.cli import runs
from tests.cli.conftest import DEV, from_elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.base import StateBackend
    from declarative.cli.session import Session
    from tests.cli.conftest import Shell

SECRET = "s3cr3t-1"


def test_init_gives_a_project_that_applies(empty: Shell) -> None:
    assert empty("init").code == 0
    assert empty("validate").out == "Success! The configuration is valid: 1 release.\n"
    assert empty.applied().out.count("Apply complete! Revision 1") == 1
    assert empty("plan", "--detailed-exitcode").code == 0


def test_init_overwrites_nothing(empty: Shell) -> None:
    (empty.root / "other.lamform.hcl").write_text("# mine\n")
    answer = empty("init")
    assert answer.code == 1
    assert "other.lamform.hcl" in answer.err
    assert [path.name for path in empty.root.iterdir()] == ["other.lamform.hcl"]


def test_no_project_names_init(empty: Shell) -> None:
    answer = empty("plan")
    assert answer.code == 1
    assert "lamform init" in answer.err


def test_plan_streams_and_exit_codes(shell: Shell) -> None:
    answer = shell("plan", "--detailed-exitcode", "--out", "change.plan")
    assert answer.code == 2
    assert "Plan: 6 to add, 0 to change, 0 to destroy." in answer.out
    assert "Saved to change.plan" in answer.err
    document = shell("plan", "--format", "json").json
    assert document["plan_id"] == json.loads(Path("change.plan").read_bytes())["plan_id"]
    assert shell("show", "change.plan").out == answer.out
    assert not (shell.root / ".lamform").exists()


def test_saved_plan_is_applied_once(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell("plan", "--out", "change.plan")
    monkeypatch.delenv("LAMFORM_VAR_key")
    assert SECRET not in Path("change.plan").read_text()
    refused = shell("apply", "change.plan", "--new-state")
    assert refused.code == 1, "the secret is not in the plan"
    assert "--var key=" in refused.err
    first = shell("apply", "change.plan", "--new-state", "--var", f"key={SECRET}")
    assert first.code == 0, first.err
    assert "Apply complete! Revision 1 (6 added, 0 changed, 0 destroyed)." in first.out
    again = shell("apply", "change.plan", "--var", f"key={SECRET}")
    assert again.code == 5
    assert SECRET not in first.out + first.err + again.out + again.err


def test_looking_back_needs_no_variables(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.applied()
    monkeypatch.delenv("LAMFORM_VAR_key")
    for command in (["history"], ["state", "list"], ["output"], ["drift"]):
        assert shell(*command).code == 0


def test_a_saved_plan_takes_no_selection(shell: Shell) -> None:
    shell("plan", "--out", "change.plan")
    answer = shell("apply", "change.plan", "--only", "hello[dev]")
    assert (answer.code, "--only" in answer.err) == (1, True)


@pytest.mark.parametrize(
    ("content", "code"), [(b"{}", 1), (b"nonsense", 1), (b'{"format_version": "9.0"}', 1)]
)
def test_files_that_are_no_plans(shell: Shell, content: bytes, code: int) -> None:
    Path("x.plan").write_bytes(content)
    answer = shell("show", "x.plan")
    assert answer.code == code
    assert "x.plan" in answer.err


def test_changed_plan_is_refused(shell: Shell) -> None:
    shell("plan", "--out", "x.plan")
    path = Path("x.plan")
    path.write_bytes(path.read_bytes().replace(b'"memory_size":128', b'"memory_size":256'))
    assert shell("apply", "x.plan", "--new-state").code == 5


def test_plan_id_is_the_yes(shell: Shell) -> None:
    plan_id = shell("plan", "--json").json["plan_id"]
    other = shell("apply", "--plan-id", plan_id, "--new-state", "--var", "memory=256")
    assert other.code == 5
    assert shell("apply", "--plan-id", plan_id, "--new-state").code == 0


def test_new_state_must_be_meant(shell: Shell) -> None:
    answer = shell("apply", "--auto-approve")
    assert answer.code == 6
    assert "--new-state" in answer.err


def test_nobody_to_ask(shell: Shell) -> None:
    answer = shell("apply", "--new-state")
    assert answer.code == 1
    assert "--auto-approve" in answer.err


@pytest.mark.parametrize(("answered", "code"), [("yes\n", 0), ("y\n", 1), ("", 1)])
def test_only_yes_is_accepted(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, answered: str, code: int
) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return answered

    monkeypatch.setattr("sys.stdin", Terminal())
    answer = shell("apply")
    assert answer.code == code
    assert "Only 'yes' will be accepted" in answer.err


def test_events_end_with_run_done(shell: Shell) -> None:
    events = shell.applied("--json").events
    assert events[0]["type"] == "run_started"
    assert events[-1]["type"] == "run_done"
    assert (events[-1]["revision"], events[-1]["status"]) == (1, "applied")
    assert {event["address"] for event in events[1:-1]} == {
        'release.hello["dev"]',
        'release.hello["prod"]',
    }


def test_failed_apply_is_exit_3(shell: Shell) -> None:
    shell.fail("CreateAlias")
    answer = shell("apply", "--auto-approve", "--new-state")
    assert answer.code == 3
    assert "Apply partial: revision 1 records it" in answer.err
    shell.fail("CreateAlias")
    [*_, last] = shell("apply", "--auto-approve", "--json").events
    assert (last["type"], last["status"]) == ("run_done", "failed")
    assert last["diagnostics"][0]["severity"] == "error"
    assert shell("revert", "previous", "--if-failed", "--auto-approve").code != 0
    assert shell("apply", "--auto-approve").code == 0
    assert "Nothing has failed" in shell("revert", "previous", "--if-failed").out


def test_lease_of_another_is_exit_4(shell: Shell) -> None:
    shell.applied()
    state = open_backend("sqlite", {"path": ".lamform/state.db"}, shell.name)
    state.acquire(from_elsewhere("other", "ada"))
    answer = shell("apply", "--auto-approve", "--var", "memory=256")
    assert answer.code == 4
    assert "ada" in answer.err
    waited = shell("apply", "--auto-approve", "--var", "memory=256", "--lock-timeout", "0.6")
    assert waited.code == 4
    assert "Waiting for run other of ada" in waited.err
    state.close()


@pytest.fixture
def overtaken(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Iterator[StateBackend]:
    """Another run holds the lease; it changes the release and ends once it is waited for."""
    shell.applied()
    assert shell("apply", "--auto-approve", "--var", "memory=192").code == 0
    state = open_backend("sqlite", {"path": ".lamform/state.db"}, shell.name)
    lease, told = state.acquire(from_elsewhere("other", "ada")), runs.tell_waiting

    def land(session: Session, holder: object) -> None:
        name = state.resources()[DEV]
        record = json.loads(state.objects([name])[name])
        [other] = state.put([json.dumps({**record, "plan_id": "0" * 64}).encode()])
        state.commit(
            RevisionDraft(
                status="applied",
                author="ada",
                created_at="2026-01-01T00:00:00Z",
                changes={DEV: other},
            ),
            expected=state.head().id,
            token=lease.token,
        )
        state.release(lease)
        told(session, holder)

    monkeypatch.setattr(runs, "tell_waiting", land)
    yield state
    state.close()


def test_an_apply_that_waited_for_another_plans_again(shell: Shell, overtaken) -> None:
    answer = shell("apply", "--auto-approve", "--var", "memory=256", "--lock-timeout", "60")
    assert answer.code == 0, answer.err
    assert "Waiting for run other of ada" in answer.err
    assert answer.err.count("Planning again") == 1
    assert answer.out.count("lamform will perform the following actions") == 2
    assert overtaken.head().number == 4


@pytest.mark.parametrize("way", ["file", "id", "revert"])
def test_what_was_reviewed_is_not_planned_again(shell: Shell, overtaken, way: str) -> None:
    change = ("--var", "memory=256")
    made = shell("plan", *change, "--out", "change.plan", "--json").json
    arguments = {
        "file": ("apply", "change.plan"),
        "id": ("apply", *change, "--plan-id", made["plan_id"]),
        "revert": ("revert", "previous", "--auto-approve"),
    }
    answer = shell(*arguments[way], "--lock-timeout", "60")
    assert answer.code == 5
    assert "The plan is out of date" in answer.err
    assert overtaken.head().number == 3


def test_selection(shell: Shell) -> None:
    only = shell("plan", "--only", "hello[dev]", "--json").json
    assert [release["address"] for release in only["releases"]] == ['release.hello["dev"]']
    assert shell("plan", "--environment", "dev", "--json").json["releases"] == only["releases"]
    rest = shell("plan", "--exclude", "hello[prod]", "--json").json
    assert rest["releases"] == only["releases"]
    near = shell("plan", "--environment", "prd")
    assert (near.code, "Did you mean prod?" in near.err) == (1, True)


def test_all_errors_at_once_as_json(shell: Shell) -> None:
    (shell.root / "bad.lamform.hcl").write_text('locals { a = nope.x }\nbogus "x" {}\n')
    answer = shell("validate", "--json")
    assert answer.code == 1
    assert answer.json["valid"] is False
    assert answer.json["error_count"] == len(answer.json["diagnostics"]) >= 1
    assert all("range" in one for one in answer.json["diagnostics"])
    assert shell("plan", "--json").json["diagnostics"] == answer.json["diagnostics"]


def test_drift_is_exit_2(shell: Shell) -> None:
    shell.applied()
    assert shell("drift").code == 0
    shell.aws("UpdateFunctionConfiguration", "prod", MemorySize=1024)
    answer = shell("drift")
    assert answer.code == 2
    assert "memory_size = 128 -> 1024" in answer.out
    report = shell("drift", "--format", "json")
    assert report.json["findings"][0]["path"] == ["memory_size"]
    assert shell("drift", "--environment", "dev").code == 0
    assert shell("drift", "--environment", "test").code == 1


def test_revert_holds_until_rolled_forward(shell: Shell) -> None:
    shell.applied()
    shell.applied("--var", "memory=256", "--message", "more memory")
    planned = shell("revert", "1", "--out", "back.plan")
    assert planned.code == 0
    assert "alias live: 2 → 1" in planned.out
    assert shell("rollback", "1", "--auto-approve").code == 0
    held = shell("plan", "--var", "memory=256", "--detailed-exitcode")
    assert held.code == 0
    assert "held back by a revert" in held.out
    assert shell("apply", "--auto-approve", "--var", "memory=256").code == 6
    forward = shell("plan", "--var", "memory=256", "--roll-forward", "--detailed-exitcode")
    assert forward.code == 2
    history = shell("history", "--json").json["revisions"]
    assert [one["revision"] for one in history] == [3, 2, 1]
    assert [one["reverts"] for one in history] == [1, None, None]
    assert history[1]["message"] == "more memory"
    assert history[0]["releases"][0]["aliases"] == {"live": {"from": "2", "to": "1"}}
    assert len(shell("history", "--limit", "1").out.splitlines()) == 2
    assert shell("history", "--release", "hello[dev]").out.count("hello") >= 3
    assert shell("history", "--release", "hallo").code == 1


def test_destroy(shell: Shell) -> None:
    shell.applied()
    answer = shell("apply", "--destroy", "--auto-approve")
    assert "(0 added, 0 changed, 6 destroyed)" in answer.out
    assert shell("state", "list").out == ""


def test_refused_plan_is_shown_and_not_saved(shell: Shell) -> None:
    path = shell.root / "lamform.hcl"
    protected = "service        = service.hello\n  lifecycle { prevent_destroy = true }"
    path.write_text(path.read_text().replace("service        = service.hello", protected))
    shell.applied()
    answer = shell("plan", "--destroy", "--out", "x.plan")
    assert answer.code == 6
    assert "This plan is refused:" in answer.out
    assert "prevent_destroy" in answer.err
    assert not Path("x.plan").exists()
    as_json = shell("apply", "--destroy", "--auto-approve", "--json")
    assert (as_json.code, set(as_json.json)) == (6, {"format_version", "diagnostics"})


def test_state_and_outputs(shell: Shell) -> None:
    shell.applied()
    listed = shell("state", "list").out.splitlines()
    assert 'release.hello["dev"].alias.live' in listed
    part = shell("state", "show", "hello[dev].function", "--json").json["parts"][0]
    assert (part["kind"], part["revision"]) == ("function", 1)
    assert part["attributes"]["memory_size"] == 128
    shown = shell("state", "show", "hello[dev]").out
    assert "(sensitive value)" in shown
    assert SECRET not in shown
    assert shell("state", "list", "--revision", "7").code == 1
    outputs = shell("output", "--json").json["outputs"]
    assert outputs["key"] == {"value": None, "sensitive": True}
    assert outputs["arns"]["value"]["dev"].endswith(f"{shell.name}-dev:live")
    assert "(sensitive value)" in shell("output").out
    assert shell("output", "arn").code == 1


def test_state_directory_of_the_environment(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMFORM_STATE_DIR", str(tmp_path / "elsewhere"))
    shell.applied()
    assert (tmp_path / "elsewhere" / "state.db").exists()
    assert not (shell.root / ".lamform").exists()


def test_reading_commands_create_no_state(shell: Shell) -> None:
    for command in (["history"], ["state", "list"], ["output"], ["drift"], ["plan"]):
        assert shell(*command).code == 0
    assert not (shell.root / ".lamform").exists()


def test_console(shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    lines.write_text('upper("x")\n\n1 +\nvar.key\n{ a = var.memory }\n')
    with lines.open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        answer = shell("console")
    assert answer.code == 1
    assert answer.out == '"X"\n(sensitive value)\n{\n  "a" = 128\n}\n'
    assert "Error: " in answer.err
    with lines.open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        first, second, *_ = shell("console", "--json").events
    assert first == {"value": "X", "type": "string"}
    assert set(second) == {"error"}


def test_console_without_files(empty: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("lines").write_text("1 + 1\nexit\n2\n")
    with Path("lines").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        assert empty("console").out == "2\n"


def test_schema_describes_what_is_printed(shell: Shell) -> None:
    schema = shell("schema", "plan").json
    document = shell("plan", "--json").json
    assert document.keys() <= schema["properties"].keys()
    assert "drift" in shell("schema", "nothing").err


def test_interrupted_apply_is_exit_130_and_can_go_on(shell: Shell) -> None:
    shell.sandbox.simulator.faults.clear()
    process = shell.start("apply", "--auto-approve", "--new-state", "--parallelism", "1", "--json")
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["type"] == "step_started":
            process.send_signal(signal.SIGINT)
            break
    rest, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    last = json.loads(rest.splitlines()[-1])
    assert (last["type"], last["status"]) == ("run_done", "interrupted")
    assert "SIGINT" in err
    assert shell("history", "--json").json["revisions"][0]["status"] == "interrupted"
    assert shell("apply", "--auto-approve").code == 0
    assert shell("plan", "--detailed-exitcode").code == 0


def test_a_second_signal_ends_at_once_and_leaves_the_journal_whole(shell: Shell) -> None:
    faults = shell.sandbox.simulator.faults
    faults.add("CreateFunction", 2, "hang")
    process = shell.start("apply", "--auto-approve", "--new-state", "--json")
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["type"] == "step_done":
            process.send_signal(signal.SIGINT)
            break
    assert process.stderr is not None
    assert "SIGINT" in process.stderr.readline() + process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    faults.clear()
    done = 1 + [json.loads(line)["type"] for line in rest.splitlines()].count("step_done")
    state = open_backend("sqlite", {"path": ".lamform/state.db"}, shell.name)
    (run,) = state.open_runs()
    kinds = [record.kind for record in state.journal(run.run)]
    state.close()
    assert kinds.count("done") >= done  # nobody waited for that, but for what ends the process
    assert kinds.count("begin") > kinds.count("done")
    shell.applied()
    assert shell("plan", "--detailed-exitcode").code == 0


def test_directory_option(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shell.root.parent)
    assert shell("validate", "-C", str(shell.root)).code == 0
    assert shell("-C", "missing", "validate").code == 1


def test_log_tells_of_aws_calls_and_of_no_secret(shell: Shell) -> None:
    answer = shell("apply", "--auto-approve", "--new-state", "--log-level", "debug")
    assert "AWS calls" in answer.err
    assert SECRET not in answer.err


def test_a_place_that_takes_no_plan_is_refused_before_planning(shell: Shell) -> None:
    shell.applied()
    for command in (("plan",), ("revert", "1")):
        for place, reason in (("src", "directory"), ("missing/change.plan", "does not exist")):
            answer = shell(*command, "--out", place)
            assert answer.code == 1
            assert answer.out == ""
            assert f"{place}: " in answer.err
            assert reason in answer.err
    assert {path.name for path in shell.root.iterdir()} == {".lamform", "lamform.hcl", "src"}


def test_a_plan_that_cannot_be_written_leaves_nothing_behind(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    answer = shell("plan", "--out", "change.plan")
    assert answer.code == 1
    assert "change.plan: No space left on device" in answer.err
    assert {path.name for path in shell.root.iterdir()} == {"lamform.hcl", "src"}


def test_a_plan_file_that_is_not_there(shell: Shell) -> None:
    answer = shell("show", "none.plan")
    assert answer.code == 1
    assert "none.plan: No such file" in answer.err
    assert "lamform plan --out" in answer.err


def test_nothing_recorded_is_said(shell: Shell) -> None:
    assert shell("state", "list").err == "Nothing is recorded yet.\n"
    assert shell("state", "show", "hello").code == 1
    assert shell("drift").out == "No drift: no release is recorded yet.\n"


def test_looking_back_at_one_environment(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.applied()
    monkeypatch.setenv("LAMFORM_VAR_memory", "256")
    shell.applied("--only", "hello[prod]")
    shell.applied("--only", "hello[dev]", "--destroy")
    revisions = shell("history", "--environment", "prod", "--json").json["revisions"]
    assert [one["revision"] for one in revisions] == [2, 1]
    plan = shell("revert", "1", "--environment", "dev", "--out", "back.plan", "--json").json
    assert [one["address"] for one in plan["releases"]] == ['release.hello["dev"]']
    plan = shell("revert", "1", "--environment", "prod", "--out", "back.plan", "--json").json
    assert [one["address"] for one in plan["releases"]] == ['release.hello["prod"]']
    answer = shell("history", "--environment", "prd")
    assert answer.code == 1
    assert "Did you mean prod?" in answer.err


def test_only_the_record_changes(shell: Shell) -> None:
    shell.applied()
    files = shell.root / "lamform.hcl"
    files.write_text(
        files.read_text().replace('"aws" "main"', '"aws" "a"').replace("aws.main", "aws.a")
    )
    plan = shell("plan").out
    assert 'State only: release.hello["dev"], release.hello["prod"]; AWS stays as it is.' in plan
    assert "Plan: 0 to add, 0 to change, 0 to destroy." in plan
    assert "makes no AWS call" in plan
    shell.applied()
    [newest, _] = shell("history", "--json").json["revisions"]
    assert [one["action"] for one in newest["releases"]] == ["no-op", "no-op"]
    assert shell("plan", "--detailed-exitcode").code == 0


def test_a_failure_stands_apart_from_the_result(shell: Shell) -> None:
    answer = shell("apply", "--new-state")
    assert answer.out
    assert answer.err.startswith("\nError: Nobody can be asked")
    assert shell("plan", "--only", "nothing").err.startswith("Error: ")


def test_an_output_is_added_once_and_changed_after_that(shell: Shell) -> None:
    assert "  + arns" in shell("plan").out
    shell.applied()
    path = shell.root / "lamform.hcl"
    path.write_text(path.read_text("utf-8").replace("=> one.alias.live.arn", "=> key"), "utf-8")
    assert "  ~ arns" in shell("plan").out
