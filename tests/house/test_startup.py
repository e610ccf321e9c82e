"""Commands are quick because what they do not need is not imported for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import declarative

HEAVY = {"boto3", "botocore", "deepdiff", "jinja2", "moto", "rich", "sqlite3", "sqlite_utils"}
PROJECT = 'locals {\n  greeting = upper("hello")\n}\n'


def imported_by(command: str, directory: Path) -> tuple[str, set[str]]:
    """Return the answer to a command, and the names of all modules imported for it."""
    lamform = Path(sys.executable).with_name("lamform")
    answer = subprocess.run(
        [sys.executable, "-X", "importtime", lamform, command],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    # import time: self [us] | cumulative | imported package
    return answer.stdout, {line.rpartition("|")[2].strip() for line in answer.stderr.splitlines()}


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_version_imports_nothing_heavy(tmp_path: Path) -> None:
    said, modules = imported_by("--version", tmp_path)
    assert declarative.__version__ in said
    assert "declarative.cli.main" in modules
    assert not (HEAVY | {"pydantic", "tree_sitter", "typer"}) & packages(modules)


def test_validate_imports_the_language_and_nothing_that_acts(tmp_path: Path) -> None:
    (tmp_path / "lamform.hcl").write_text(PROJECT)
    said, modules = imported_by("validate", tmp_path)
    assert "valid" in said
    assert "declarative.language.project" in modules
    assert not (HEAVY | {"backends", "yaml"}) & packages(modules)
    assert not [
        name for name in modules if name.startswith(("declarative.engine.", "declarative.aws."))
    ]


@pytest.mark.parametrize("command", ["plan", "validate"])
def test_a_command_is_imported_without_the_others(tmp_path: Path, command: str) -> None:
    (tmp_path / "lamform.hcl").write_text(PROJECT)
    _, modules = imported_by(command, tmp_path)
    own = {f"declarative.cli.{command}"}
    all_commands = {
        f"declarative.cli.{name}"
        for name in ("apply", "console", "drift", "history", "plan", "revert", "state", "validate")
    }
    assert modules & all_commands == own
