"""Which commit the project's files are at: asked of git, which may not be there."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from declarative.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from declarative.model.plan import Git

_TIMEOUT: Final = 10.0
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def read_git(directory: Path) -> Git | None:
    """Return commit, branch and whether files differ; None outside a repository or without git."""
    try:
        answer = _git(directory, ("status", "--porcelain=v2", "--branch", "--", "."))
    except (OSError, subprocess.SubprocessError):
        return None
    lines = answer.splitlines()
    facts = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# branch."))
    commit, branch = facts.get("branch.oid"), facts.get("branch.head")
    from declarative.model.plan import Git

    return Git(
        commit=None if commit == "(initial)" else commit,
        branch=None if branch == "(detached)" else branch,
        dirty=any(not line.startswith("#") for line in lines),
    )


@dataclass(slots=True)
class Head:
    """The commit that ``gitsha()`` gives; git is asked once, when an expression wants it.

    Attributes:
        asked: Whether an expression has wanted it.
    """

    directory: Path
    asked: bool = False
    _commit: str | None = field(default=None, repr=False)

    def __call__(self) -> str:
        """Return the commit.

        Raises:
            EvaluationError: this is no git work tree, it has no commit, or there is no git.
        """
        self.asked = True
        if self._commit is None:
            self._commit = self._read()
        return self._commit

    def _read(self) -> str:
        advice = "Run lamform in a git work tree, or pass the commit in as a variable."
        try:
            answer = _git(self.directory, ("rev-parse", "--verify", "--quiet", "HEAD")).strip()
        except FileNotFoundError:
            reason = "git is not installed here"
        except subprocess.TimeoutExpired:
            reason = f"git did not answer within {_TIMEOUT:.0f} seconds"
        except (OSError, subprocess.SubprocessError):
            reason = "this directory is in no git work tree, or its repository has no commit yet"
        else:
            if _COMMIT.fullmatch(answer):
                return answer
            reason = "git named no commit"
        raise EvaluationError.of(
            "The commit is not known", f"gitsha() cannot tell it: {reason}. {advice}"
        )


def _git(directory: Path, arguments: Sequence[str]) -> str:
    answer = subprocess.run(  # noqa: S603 - constant arguments
        ["git", *arguments],  # noqa: S607 - the user's own git
        cwd=directory,
        # A reader must not write the index of a repository it only looks at.
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_TIMEOUT,
        check=True,
    )
    return answer.stdout
