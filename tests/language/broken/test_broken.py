"""Projects with the mistakes that newcomers make, and what ``lamform validate`` says of each.

``UPDATE_GOLDEN=1`` rewrites the answers; read them as a newcomer would before they are kept.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from declarative.cli.main import run

HERE = Path(__file__).parent
PROJECTS = sorted(path.name for path in HERE.iterdir() if (path / "lamform.hcl").is_file())
WIDTH = 80
Answer = Callable[..., tuple[int, str, str]]
SCHEMA = json.loads((HERE / "validate.schema.json").read_text(encoding="utf-8"))


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture
def answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answer:
    return lambda project, *options: _answer(project, tmp_path, monkeypatch, *options)


def _answer(
    project: str, directory: Path, monkeypatch: pytest.MonkeyPatch, *options: str
) -> tuple[int, str, str]:
    arguments = HERE / project / "arguments.txt"
    given = arguments.read_text(encoding="utf-8").splitlines() if arguments.exists() else []
    out, err = Terminal(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    copy = shutil.copytree(HERE / project, directory / project)
    monkeypatch.chdir(copy)
    code = run(["validate", *given, *options])
    return code, out.getvalue(), err.getvalue()


def check(path: Path, text: str) -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("project", PROJECTS)
def test_what_a_person_reads(project: str, answer: Answer) -> None:
    code, out, err = answer(project)
    assert (code, out) == (1, "")
    assert "Internal error" not in err
    check(HERE / project / "answer.txt", err)
    assert "Traceback" not in err
    assert "hunter2" not in err.replace('default   = "hunter2', "")


@pytest.mark.parametrize("project", PROJECTS)
def test_what_a_program_reads(project: str, answer: Answer) -> None:
    code, out, err = answer(project, "--json")
    assert (code, err) == (1, "")
    document = json.loads(out)
    jsonschema.validate(document, SCHEMA)
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
