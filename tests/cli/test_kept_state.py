"""A state that an earlier version wrote opens in this one, whole."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backends.base import object_id
from backends.sqlite import SqliteBackend
from declarative.engine.snapshot import read_snapshot

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

KEPT = sorted((Path(__file__).parents[1] / "data").glob("state-*"))
RELEASES = ['release.app["eu"]', 'release.app["us"]']


def place(kept: Path, directory: Path) -> Path:
    shutil.copytree(kept, directory, dirs_exist_ok=True)
    state = directory / ".lamform"
    state.mkdir()
    (directory / "state.db").rename(state / "state.db")
    return state / "state.db"


@pytest.mark.parametrize("kept", KEPT, ids=lambda path: path.name)
def test_everything_in_it_can_be_read(kept: Path, tmp_path: Path) -> None:
    backend = SqliteBackend(place(kept, tmp_path), "kept")
    history = list(backend.revisions())
    assert [one.number for one in history] == [3, 2, 1]
    assert all(one.is_intact() for one in history)
    assert [one.parent for one in history] == [history[1].id, history[2].id, None]
    ids = {value for one in history for value in one.changes.values() if value is not None}
    assert {object_id(data) for data in backend.objects(ids).values()} == ids
    assert backend.open_runs() == ()
    for number in (1, 2, 3):
        snapshot = read_snapshot(backend, at=number)
        assert sorted(snapshot.releases) == RELEASES
    backend.close()


@pytest.mark.parametrize("kept", KEPT, ids=lambda path: path.name)
def test_commands_work_on_it(kept: Path, empty: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAMFORM_STATE_DIR", raising=False)
    monkeypatch.setenv("LAMFORM_VAR_key", "hidden")
    place(kept, empty.root)
    history = empty("history", "--json").json["revisions"]
    assert [(one["revision"], one["reverts"]) for one in history] == [(3, 1), (2, None), (1, None)]
    shown = empty("state", "show", "app[us].alias.live").out
    assert 'function_version = "2"' in shown
    assert empty("output", "arns").code == 0
    # Nothing of it is in this sandbox: the plan says so and makes it anew.
    plan = empty("plan", "--json").json
    assert {one["address"] for one in plan["releases"]} == set(RELEASES)
    applied = empty("apply", "--auto-approve")
    assert applied.code == 0, applied.err
    assert empty("history", "--json").json["revisions"][0]["revision"] == 4
