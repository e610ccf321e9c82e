"""What commands do with values from outside: git's commit, and secrets they may not read."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from declarative.aws.session import AwsCloud
from declarative.cli.git import Head, read_git
from declarative.engine.ports import Withheld
from declarative.errors import EvaluationError, RemoteError

if TYPE_CHECKING:
    from pathlib import Path

SECRET = 'secretsmanager("key")'


def git(directory: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=directory, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_commit_is_asked_for_once_and_only_when_wanted(tmp_path) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    head = Head(tmp_path)
    assert not head.asked
    first = head()
    assert first == git(tmp_path, "rev-parse", "HEAD")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "second")
    assert head() == first
    assert head.asked
    assert read_git(tmp_path).commit != first


def test_a_directory_outside_git_says_what_to_do(tmp_path) -> None:
    with pytest.raises(EvaluationError, match=r"in no git work tree.*pass the commit in"):
        Head(tmp_path)()
    assert read_git(tmp_path) is None


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (FileNotFoundError("git"), "git is not installed"),
        (subprocess.TimeoutExpired("git", 10), "did not answer within 10 seconds"),
        (PermissionError("git"), "in no git work tree"),
    ],
)
def test_without_git_it_says_so(tmp_path, monkeypatch, raised, reason) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(subprocess, "run", refuse)
    with pytest.raises(EvaluationError, match=reason):
        Head(tmp_path)()
    assert read_git(tmp_path) is None


def withhold(monkeypatch: pytest.MonkeyPatch, obstacle: str) -> None:
    error = RemoteError.of("secretsmanager:GetSecretValue was refused", "Grant it.")
    monkeypatch.setattr(AwsCloud, "secret", lambda *_: Withheld(obstacle, error))


@pytest.fixture
def guarded(shell, monkeypatch):
    """A project whose KEY is a secret that this identity may not read."""
    text = (shell.root / "lamform.hcl").read_text()
    text = text.replace("{ KEY = var.key }", f"{{ KEY = {SECRET} }}")
    place = '{ connector = connector.aws.main, region = "us-east-1" }'
    text = text.replace("  value     = var.key", f"  value     = {SECRET[:-1]}, {place})")
    (shell.root / "lamform.hcl").write_text(text)
    withhold(monkeypatch, "denied")
    return shell


def test_a_plan_without_the_permission_says_that_it_sees_no_change(guarded) -> None:
    answer = guarded("plan", "--out", "it.plan")
    assert answer.code == 0
    assert 'Change detection is off for secretsmanager("key")' in answer.err
    assert answer.err.count("Change detection is off") == 1
    assert "Grant it." in answer.err
    saved = json.loads((guarded.root / "it.plan").read_text())
    assert [one["severity"] for one in saved["diagnostics"]] == ["warning"]
    assert guarded("apply", "it.plan", "--new-state").code == 1  # it may not read either
    assert guarded("plan", "--detailed-exitcode").code == 2


def test_a_store_that_fails_stops_its_releases(guarded, monkeypatch) -> None:
    withhold(monkeypatch, "failed")
    answer = guarded("plan", "--out", "it.plan")
    assert answer.code == 1
    assert "GetSecretValue was refused" in answer.err
    assert not (guarded.root / "it.plan").exists()


def test_what_must_be_known_says_why_it_is_not(guarded) -> None:
    text = (guarded.root / "lamform.hcl").read_text()
    name = f"nonsensitive({SECRET})"
    text = text.replace('environment.name}"', f'environment.name}}-${{{name}}}"')
    (guarded.root / "lamform.hcl").write_text(text)
    answer = guarded("plan")
    assert answer.code == 1
    assert "must be known when the plan is made" in answer.err
    assert "GetSecretValue was refused" in answer.err


@pytest.mark.parametrize("command", [["validate"], ["explain", "hello"]])
def test_judging_the_files_reads_nothing(guarded, monkeypatch, command) -> None:
    monkeypatch.setattr(AwsCloud, "secret", None)
    answer = guarded(*command)
    assert answer.code == 0, answer.err
