"""Which commit the project's files are at, asked of git once and only for information."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from declarative.model.plan import Git

_TIMEOUT = 10.0


def read_git(directory: Path) -> Git | None:
    """Return commit, branch and whether files differ; None outside a repository or without git."""
    command = ["git", "status", "--porcelain=v2", "--branch", "--", "."]
    try:
        answer = subprocess.run(  # noqa: S603 - constant arguments
            command,
            cwd=directory,
            # A reader must not write the index of a repository it only looks at.
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    lines = answer.stdout.splitlines()
    facts = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# branch."))
    commit, branch = facts.get("branch.oid"), facts.get("branch.head")
    return Git(
        commit=None if commit == "(initial)" else commit,
        branch=None if branch == "(detached)" else branch,
        dirty=any(not line.startswith("#") for line in lines),
    )
