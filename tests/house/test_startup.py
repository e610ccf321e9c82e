"""Asking for the version is quick because nothing heavy is imported for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import declarative

HEAVY = {"boto3", "botocore", "deepdiff", "jinja2", "moto", "rich", "sqlite_utils"}


def test_version_imports_nothing_heavy() -> None:
    lamform = Path(sys.executable).with_name("lamform")
    command = [sys.executable, "-X", "importtime", lamform, "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    assert declarative.__version__ in answer.stdout
    # import time: self [us] | cumulative | imported package
    imported = {line.rpartition("|")[2].strip() for line in answer.stderr.splitlines()}
    assert "declarative.cli.main" in imported
    assert not HEAVY & {name.partition(".")[0] for name in imported}
