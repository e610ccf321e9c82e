"""State in a backend that another package provides, as a user of that package meets it."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backends import ENTRY_POINTS
from declarative.language.installed import BACKENDS

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

MODULE = """
from pathlib import Path

from backends.errors import BackendSettingsError
from backends.sqlite import SqliteBackend


def open_shelf(settings, project):
    if not settings.keys() <= {"file", "options"}:
        raise BackendSettingsError("The shelf is not described", "It takes file and options.")
    wait = settings.get("options", {}).get("wait", 5.0)
    return SqliteBackend(Path(settings["file"]), project, busy_timeout=wait)
"""

BLOCK = """
  backend "shelf" {{
    file    = "${{local.place}}/{file}"
    options = {{ wait = 2.5 }}
  }}
"""


@pytest.fixture(autouse=True)
def package(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with a backend, and one that does not work."""
    site = tmp_path_factory.mktemp("site")
    (site / "shelf.py").write_text(MODULE)
    about = site / "shelf-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        f"[{ENTRY_POINTS}]\nshelf = shelf:open_shelf\nbroken = shelf:missing\n"
    )
    monkeypatch.syspath_prepend(site)
    monkeypatch.delenv("LAMFORM_STATE_DIR", raising=False)
    importlib.invalidate_caches()
    return site


def declare(shell: Shell, block: str, *, project: bool = True) -> None:
    path = next(shell.root.glob("*.hcl"))
    name = f'  project = "{shell.name}"\n' if project else ""
    old = f'lamform {{\n  project = "{shell.name}"\n}}\n'
    text = path.read_text()
    assert old in text
    path.write_text(
        text.replace(old, f'lamform {{\n{name}{block}}}\nlocals {{ place = "kept" }}\n')
    )


def test_both_packages_name_one_group() -> None:
    assert BACKENDS == ENTRY_POINTS


def test_state_is_kept_in_it_and_saved_plans_name_it(shell: Shell) -> None:
    (shell.root / "kept").mkdir()
    declare(shell, BLOCK.format(file="state"))
    assert shell("plan", "--out", "change.plan").code == 0
    settings = json.loads(Path("change.plan").read_bytes())["backend"]
    assert settings == {
        "kind": "shelf",
        "settings": {"file": "kept/state", "options": {"wait": 2.5}},
    }
    answer = shell("apply", "change.plan", "--new-state")
    assert answer.code == 0, answer.err
    assert (shell.root / "kept" / "state").exists()
    assert not (shell.root / ".lamform" / "state.db").exists()
    assert shell("plan", "--detailed-exitcode").code == 0
    assert shell("state", "verify").out.startswith("The state is sound: 1 revision")


def test_state_moves_there(shell: Shell) -> None:
    shell.applied()
    answer = shell("state", "migrate", "--to", "self", "--setting", "file=there")
    assert "sqlite or s3 or broken or shelf" in answer.err
    answer = shell("state", "migrate", "--to", "shelf", "--setting", "file=there")
    assert answer.code == 0, answer.err
    assert f'project = "{shell.name}"' in answer.out
    assert 'backend "shelf" {' in answer.out
    declare(shell, '  backend "shelf" {\n    file = "there"\n  }\n')
    assert shell("state", "verify").out.startswith("The state is sound: 1 revision")
    assert shell("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    ("block", "said"),
    [
        (
            '  backend "shelv" {}\n',
            'known: "sqlite", "memory", "s3", "broken", "shelf". Did you mean "shelf"?',
        ),
        ('  backend "broken" {}\n', "The backend 'broken' cannot be opened"),
        ('  backend "shelf" {\n    file = local.nothing\n  }\n', "nothing"),
        ('  backend "shelf" {\n    file = sensitive("x")\n  }\n', "cannot be secret"),
        ('  backend "shelf" {\n    file = "x"\n    more {}\n  }\n', "write more = { … }"),
        ('  backend "shelf" {\n    other = "x"\n  }\n', "It takes file and options."),
        ('  backend "shelf" {}\n', "failed: KeyError: 'file'. Look at its settings"),
    ],
)
def test_what_is_wrong_is_said(shell: Shell, block: str, said: str) -> None:
    declare(shell, block)
    answer = shell("plan")
    assert answer.code == 1
    assert said in " ".join(answer.err.replace("│", " ").split())
    assert "bug in lamform" not in answer.err


def test_a_shared_place_needs_the_name_of_the_project(shell: Shell) -> None:
    declare(shell, BLOCK.format(file="state"), project=False)
    answer = shell("validate")
    assert answer.code == 1
    assert '"project"' in answer.err
