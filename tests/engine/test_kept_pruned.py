"""A state with a pruned history and an edit, as this form of the files and of buckets has it."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import pytest

from backends.base import StateBackend
from backends.sqlite import SqliteBackend
from backends.testing.bucket import Bucket
from declarative.engine.snapshot import read_snapshot
from declarative.engine.verification import verify

KEPT = Path(__file__).parents[1] / "data" / "pruned-0.1.0"


def in_a_file(directory: Path) -> StateBackend:
    shutil.copy(KEPT / "state.db", directory / "state.db")
    return SqliteBackend(directory / "state.db", "kept")


def in_a_bucket(_: Path) -> StateBackend:
    found = json.loads((KEPT / "bucket.json").read_text())
    bucket = Bucket()
    for number, (key, content) in enumerate(found.items()):
        bucket.contents[key] = (base64.b64decode(content), f'"{number}"')
    return bucket.backend("kept")


@pytest.mark.parametrize("opened", [in_a_file, in_a_bucket])
def test_it_opens_and_is_whole(opened, tmp_path) -> None:
    state = opened(tmp_path)
    assert [(one.number, one.status) for one in state.revisions()] == [
        (4, "edited"),
        (3, "applied"),
    ]
    assert state.origin().number == 2
    found = verify(state)
    assert (found.revisions, found.damage) == (2, ())
    for number, parts in ((3, 6), (4, 5)):
        snapshot = read_snapshot(state, at=number)
        record = snapshot.record("release.checkout")
        assert record.aliases["live"].function_version == "2"
        assert len(record.settings) == parts
    state.close()


def test_both_hold_the_same(tmp_path) -> None:
    one, other = in_a_file(tmp_path), in_a_bucket(tmp_path)
    assert list(one.revisions()) == list(other.revisions())
    assert one.resources() == other.resources()
    assert one.key() == other.key()
    one.close()
