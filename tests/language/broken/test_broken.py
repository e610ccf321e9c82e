"""Projects with the mistakes that newcomers make, and what ``lamform validate`` says of each.

``UPDATE_GOLDEN=1`` rewrites the answers; read them as a newcomer would before they are kept.
"""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

from declarative.cli.main import run

HERE = Path(__file__).parent
PROJECTS = sorted(path.name for path in HERE.iterdir() if (path / "lamform.hcl").is_file())
WIDTH = 80


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setenv("NO_COLOR", "1")


def answer(project: str, monkeypatch: pytest.MonkeyPatch, *options: str) -> tuple[int, str, str]:
    arguments = HERE / project / "arguments.txt"
    given = arguments.read_text(encoding="utf-8").splitlines() if arguments.exists() else []
    out, err = Terminal(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.chdir(HERE / project)
    code = run(["validate", *given, *options])
    return code, out.getvalue(), err.getvalue()


def check(path: Path, text: str) -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("project", PROJECTS)
def test_what_a_person_reads(project: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = answer(project, monkeypatch)
    assert (code, out) == (1, "")
    assert "Internal error" not in err
    check(HERE / project / "answer.txt", err)
    assert "Traceback" not in err
    assert "hunter2" not in err.replace('default   = "hunter2', "")


@pytest.mark.parametrize("project", PROJECTS)
def test_what_a_program_reads(project: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = answer(project, monkeypatch, "--json")
    assert (code, err) == (1, "")
    document = json.loads(out)
    check(
        HERE / project / "answer.json",
        json.dumps(document, indent=2, ensure_ascii=False) + "\n",
    )
    places = [
        (one["range"]["filename"], one["range"]["start"]["byte"])
        for one in document["diagnostics"]
        if "range" in one
    ]
    assert places == sorted(places)
