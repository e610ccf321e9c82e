"""Editing and inspecting state as a user meets it."""

from __future__ import annotations

import io
import json
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from backends.base import RunRecord
from backends.sqlite import SqliteBackend
from tests.cli.conftest import DEV, PROD, from_elsewhere

if TYPE_CHECKING:
    from tests.cli.conftest import Shell


@pytest.fixture(autouse=True)
def _own_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAMFORM_STATE_DIR", raising=False)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch):
    """Take AWS away: nobody listens where it was."""

    def cut() -> None:
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL_STS"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    return cut


def backend(shell: Shell) -> SqliteBackend:
    return SqliteBackend(shell.root / ".lamform" / "state.db", shell.name)


def hold(shell: Shell, address: str = DEV) -> None:
    state = backend(shell)
    state.acquire(from_elsewhere("busy", "kim", address, term=3600))
    state.close()


def edit_files(shell: Shell, old: str, new: str) -> None:
    files = shell.root / "lamform.hcl"
    text = files.read_text()
    assert old in text
    files.write_text(text.replace(old, new))


def listed(shell: Shell) -> list[str]:
    return shell("state", "list").out.splitlines()


def validated(shell: Shell, name: str, *arguments: str) -> dict:
    answer = shell(*arguments, "--json")
    assert answer.code == 0, answer.out
    jsonschema.validate(answer.json, shell("schema", name).json)
    return answer.json


def test_forgetting_asks_and_needs_somebody_to_ask(shell: Shell) -> None:
    shell.applied()
    answer = shell("state", "rm", "hello[dev]")
    assert answer.code == 1
    assert f"lamform will forget this; AWS stays as it is:\n\n  {DEV}\n\n" in answer.err
    assert f"The files declare {DEV}: the next apply adopts it again." in answer.err
    assert "--auto-approve" in answer.err
    assert len(listed(shell)) == 6


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "code"), [("yes\n", 0), ("y\n", 1), ("", 1)])
def test_only_a_yes_is_a_yes(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    shell.applied()
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert shell("state", "rm", "hello[dev].tags", "hello[dev].alias.live").code == code
    assert len(listed(shell)) == (4 if code == 0 else 6)


def test_forgotten_undone_and_told(shell: Shell, offline) -> None:
    shell.applied()
    offline()
    gone = shell("state", "rm", "hello", "--auto-approve", "--message", "moved to another team")
    assert gone.code == 0, gone.err
    assert gone.out == (
        f"Forgotten; AWS is as it was:\n\n  {DEV}\n  {PROD}\n\n"
        "Revision 2. Take it back with: lamform state undo 2\n"
    )
    assert listed(shell) == []
    outputs = shell("output", "--json").json["outputs"]
    assert set(outputs) == {"arns", "key"}
    back = validated(shell, "state-edit", "state", "undo")
    assert (back["revision"], back["undoes"]) == (3, 2)
    assert [one["action"] for one in back["releases"]] == ["undo", "undo"]
    assert len(listed(shell)) == 6
    history = shell("history").out
    assert 'undoes 2: hello["dev"] undo; hello["prod"] undo' in history
    assert "moved to another team" in history
    assert 'hello["dev"] forget' in history
    shell_history = validated(shell, "history", "history")
    assert [one["undoes"] for one in shell_history["revisions"]] == [2, None, None]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rm", "helo"), f"Did you mean {DEV}, {PROD}?"),
        (("rm", "hello[dev].alias.lvie"), "Did you mean"),
        (("rm", "hello[dev].function"), f"lamform state rm '{DEV}'"),
        (("accept", "helo"), f"Did you mean {DEV}, {PROD}?"),
        (("mv", "helo", "other"), f"Did you mean {DEV}, {PROD}?"),
        (("mv", "hello[dev]", "hello[prod]"), f"{PROD} is recorded already"),
        (("mv", "hello[dev]", "hello.dev.x.y"), '"hello.dev.x.y" cannot name a release'),
        (("undo", "7"), "There is no revision 7"),
        (("diff", "7"), "There is no revision 7"),
        (("diff", "1", "--only", "helo"), f"Did you mean {DEV}, {PROD}?"),
        (("diff", "0"), "greater than or equal to 1"),
        (("pull", "--revision", "7"), "There is no revision 7"),
    ],
)
def test_mistakes_are_named_and_change_nothing(
    shell: Shell, arguments: tuple[str, ...], said: str
) -> None:
    shell.applied()
    extra = ("--auto-approve",) if arguments[0] == "rm" else ()
    answer = shell("state", *arguments, *extra)
    assert answer.code == 1
    assert said in answer.err
    assert answer.out == ""
    assert len(validated(shell, "history", "history")["revisions"]) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("rm", "hello", "--auto-approve"),
        ("mv", "hello", "other"),
        ("accept", "hello"),
        ("undo",),
        ("diff", "1"),
        ("pull",),
    ],
)
def test_without_state_there_is_nothing_to_do_and_none_is_made(
    shell: Shell, arguments: tuple[str, ...]
) -> None:
    answer = shell("state", *arguments)
    assert answer.code == 1
    assert answer.out == ""
    assert not (shell.root / ".lamform" / "state.db").exists()


def test_moved_in_state_and_files_there_is_nothing_to_do(shell: Shell) -> None:
    shell.applied()
    moved = shell("state", "mv", "hello", "greeting")
    assert moved.code == 0, moved.err
    assert f'  {DEV} → release.greeting["dev"]\n' in moved.out
    assert 'Not in the files: release.greeting["dev"], release.greeting["prod"].' in moved.err
    claimed = shell("plan", "--detailed-exitcode")
    assert claimed.code == 1
    assert 'moved { from = release.greeting["dev"], to = release.hello["dev"] }' in claimed.err
    edit_files(shell, 'release "hello"', 'release "greeting"')
    edit_files(shell, "in release.hello", "in release.greeting")
    assert shell("plan", "--detailed-exitcode").code == 0
    assert shell("drift").code == 0
    assert 'greeting["dev"] move from hello["dev"]' in shell("history").out
    assert 'release.greeting["dev"].alias.live' in listed(shell)
    shown = shell("state", "diff", "1").out
    assert f'# release.greeting["dev"] was {DEV}' in shown
    assert "2 releases: 0 appeared, 2 changed, 0 disappeared." in shown
    document = validated(shell, "state-diff", "state", "diff", "2", "1")
    assert document["moves"] == [
        {"from": 'release.greeting["dev"]', "to": DEV},
        {"from": 'release.greeting["prod"]', "to": PROD},
    ]


def test_accepted_is_drift_no_longer_and_the_plan_offers_it_still(shell: Shell) -> None:
    shell.applied()
    assert shell("state", "accept", "hello").out.startswith("Nothing differs")
    shell.aws("UpdateFunctionConfiguration", MemorySize=512)
    assert shell("drift").code == 2
    document = validated(shell, "state-edit", "state", "accept", "hello")
    assert [(one["address"], one["parts"]) for one in document["releases"]] == [(DEV, ["function"])]
    assert document["message"] == f"state accept {DEV}"
    assert shell("drift").code == 0
    assert "memory_size = 512 -> 128" in shell("plan").out
    refused = shell("revert", "previous", "--auto-approve")
    assert refused.code == 6
    assert "lamform state undo 2" in refused.err
    assert shell("revert", "previous", "--if-failed").code == 0


def test_a_function_that_is_gone_is_recorded_no_longer(shell: Shell) -> None:
    shell.applied()
    shell.aws("DeleteFunction")
    answer = shell("state", "accept", "hello")
    assert answer.code == 0, answer.err
    assert f"The function of {DEV} is gone from AWS" in answer.err
    assert all(one.startswith(PROD) for one in listed(shell))


def test_accepting_needs_aws(shell: Shell, offline) -> None:
    shell.applied()
    offline()
    answer = shell("state", "accept", "hello[dev]")
    assert answer.code == 1
    assert "Internal" not in answer.err
    assert len(validated(shell, "history", "history")["revisions"]) == 1


@pytest.mark.parametrize(
    "arguments",
    [("rm", "hello[dev]", "--auto-approve"), ("mv", "hello", "other"), ("accept", "hello")],
)
def test_a_busy_release_is_left_alone(shell: Shell, arguments: tuple[str, ...]) -> None:
    shell.applied()
    hold(shell)
    answer = shell("state", *arguments)
    assert answer.code == 4
    assert "Run busy by kim on elsewhere" in answer.err
    failed = shell("state", *arguments, "--json")
    assert failed.code == 4
    assert failed.json["diagnostics"]


def test_waiting_for_a_busy_release_is_said(shell: Shell) -> None:
    shell.applied()
    hold(shell)

    def finish() -> None:
        state = backend(shell)
        state.unlock("busy")
        state.close()

    ending = threading.Timer(0.8, finish)
    ending.start()
    answer = shell("state", "rm", "hello[dev].tags", "--auto-approve", "--lock-timeout", "60")
    ending.join()
    assert answer.code == 0, answer.err
    assert "Waiting for run busy of kim on elsewhere (`lamform apply`) to end…" in answer.err


def test_what_differs_between_revisions(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.applied()
    assert shell("state", "diff", "1").out == "Revisions 1 and 1 record the same.\n"
    (shell.root / "src" / "app.py").write_text("def handler(event, context):\n    return 2\n")
    monkeypatch.setenv("LAMFORM_VAR_key", "s3cr3t-2")
    shell.applied("--only", "hello[dev]", "--var", "memory=256")
    answer = shell("state", "diff", "1")
    assert answer.code == 0
    lines = [line.strip() for line in answer.out.splitlines()]
    order = [
        lines.index(line)
        for line in (
            "From revision 1 to revision 2:",
            f"# {DEV} changed",
            f"~ {shell.name}-dev in account 123456789012, us-east-1",
            "~ alias live: 1 → 2",
            "~ function",
        )
    ]
    assert order == sorted(order)
    assert lines[order[-1] + 1].split() == ["~", "version", "=", '"1"', "->", '"2"']
    assert "environment.variables.KEY = (sensitive value)" in " ".join(answer.out.split())
    assert "s3cr3t" not in answer.out
    assert PROD not in answer.out
    assert lines[-1] == "1 release: 0 appeared, 1 changed, 0 disappeared."
    document = validated(shell, "state-diff", "state", "diff", "2", "1")
    assert (document["from"], document["to"]) == (2, 1)
    [alias, function] = document["changes"]
    assert alias["address"] == f"{DEV}.alias.live"
    assert (function["action"], function["attributes"][0]["path"]) == ("update", ["version"])
    [secret] = [one for one in function["attributes"] if one["sensitive"]]
    assert secret["before_fingerprint"] != secret["after_fingerprint"]
    assert (secret["before"], secret["after"]) == (None, None)
    assert shell("state", "diff", "1", "2", "--only", "hello[prod]").out.startswith("Revisions 1")


def test_releases_that_appeared_and_disappeared(shell: Shell) -> None:
    shell.applied("--only", "hello[dev]")
    shell.applied()
    shell("state", "rm", "hello[dev]", "--auto-approve")
    out = shell("state", "diff", "1", "3").out
    assert f"# {DEV} is recorded no longer" in out
    assert f"# {PROD} appeared" in out
    assert out.index(DEV) < out.index(PROD)
    assert "null" not in out
    assert "2 releases: 1 appeared, 0 changed, 1 disappeared." in out
    back = validated(shell, "state-diff", "state", "diff", "3", "1", "--only", DEV)
    assert {one["action"] for one in back["changes"]} == {"create"}


def test_what_is_not_shown_is_said_to_differ(shell: Shell) -> None:
    shell.applied()
    edit_files(shell, "infrastructure = each.value\n}", "infrastructure = each.value\n  PROTECT\n}")
    edit_files(shell, "PROTECT", "lifecycle {\n    prevent_destroy = true\n  }")
    shell.applied()
    assert "is not shown" in shell("state", "diff", "1").out
    assert validated(shell, "state-diff", "state", "diff", "1")["unseen"] == [DEV, PROD]


def test_the_whole_state_on_stdout(shell: Shell, offline) -> None:
    shell.applied()
    shell("state", "rm", "hello[prod]", "--auto-approve")
    offline()
    document = validated(shell, "state-pull", "state", "pull")
    assert (document["project"], document["revision"]) == (shell.name, 2)
    assert list(document["releases"]) == [DEV]
    state = backend(shell)
    [stored] = state.objects([state.resources()[DEV]]).values()
    assert document["releases"][DEV] == json.loads(stored)
    assert document["id"] == state.head().id
    state.close()
    earlier = shell("state", "pull", "--revision", "1")
    assert set(json.loads(earlier.out)["releases"]) == {DEV, PROD}
    assert earlier.out.endswith("}\n")
    assert "s3cr3t" not in earlier.out
    assert earlier.err == ""


def test_what_a_dead_run_left_open_is_noted_beside_the_state(shell: Shell, offline) -> None:
    shell.applied()
    state = backend(shell)
    [plan] = state.put([json.dumps(shell("plan", "--json").json).encode()])
    lease = state.acquire(from_elsewhere("dead", "kim", term=0))
    record = RunRecord(
        run="dead",
        started_at="2026-01-01T00:00:00Z",
        command="lamform apply",
        plan=plan,
        addresses=(DEV,),
    )
    state.begin_run(record, token=lease.token)
    state.close()
    offline()
    answer = shell("state", "pull")
    assert answer.code == 0
    assert json.loads(answer.out)["revision"] == 1
    assert f"what it did to {DEV} is in no revision yet" in answer.err


def test_the_git_commit_and_the_author_are_recorded(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.applied()
    monkeypatch.setenv("GITHUB_ACTOR", "ada")
    shell("state", "rm", "hello[dev].tags", "--auto-approve")
    [head, _] = validated(shell, "history", "history")["revisions"]
    assert (head["author"], head["status"]) == ("ada", "edited")
    assert head["message"] == f"state rm {DEV}.tags"
    assert head["releases"][0]["parts"] == ["tags"]
    assert Path(shell.root, ".lamform", "state.db").exists()
