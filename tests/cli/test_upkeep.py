"""``lamform state verify``, ``unlock`` and ``recover`` as a user meets them."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import jsonschema
import pytest

from backends.base import EVERYTHING, RunRecord
from backends.sqlite import SqliteBackend
from tests.cli.conftest import PROD, from_elsewhere

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Shell


@pytest.fixture(autouse=True)
def _own_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAMFORM_STATE_DIR", raising=False)


def database(shell: Shell) -> Path:
    return shell.root / ".lamform" / "state.db"


def hold(shell: Shell, term: float = 3600, exclusive: frozenset[str] = frozenset()) -> None:
    backend = SqliteBackend(database(shell), shell.name)
    backend.acquire(from_elsewhere("gone", "kim", exclusive=exclusive, term=term))
    backend.close()


def begin(shell: Shell, plan: bytes) -> None:
    """Let the run that holds a lease begin with a plan."""
    backend = SqliteBackend(database(shell), shell.name)
    (lease,) = backend.leases()
    (name,) = backend.put([plan])
    record = RunRecord(
        run=lease.run,
        started_at="2026-03-04T10:00:00Z",
        command="lamform apply",
        plan=name,
        addresses=tuple(lease.addresses),
    )
    backend.begin_run(record, token=lease.token)
    backend.close()


@pytest.fixture
def planned(shell: Shell) -> bytes:
    """A plan that changes both releases of an applied project."""
    shell.applied()
    assert shell("plan", "--var", "memory=256", "--out", "later.plan").code == 0
    return shell.root.joinpath("later.plan").read_bytes()


def test_an_open_run_with_a_live_lease_is_named_and_waited_for(
    shell: Shell, planned: bytes
) -> None:
    assert shell("state", "recover").out == "Nothing to recover: no run was cut off.\n"
    hold(shell)
    begin(shell, planned)
    answer = shell("state", "recover")
    assert (answer.code, answer.out) == (4, "")
    said = " ".join(answer.err.split())
    assert "Run gone of kim on elsewhere (pid 7) is open since 2026-03-04T10:00:00Z" in said
    assert "holds its lease until 2" in said
    assert "lamform state unlock gone" in said
    waited = shell("state", "recover", "--lock-timeout", "0.6")
    assert waited.code == 4
    assert "Waiting for run gone of kim on elsewhere" in waited.err
    assert shell("state", "unlock", "gone", "--auto-approve").code == 0
    done = shell("state", "recover")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Revision 2 records what was done to")


def test_a_dead_run_is_recovered_and_one_at_work_is_named(shell: Shell, planned: bytes) -> None:
    hold(shell, term=0)
    begin(shell, planned)
    backend = SqliteBackend(database(shell), shell.name)
    lease = backend.acquire(from_elsewhere("busy", "ada", PROD, pid=8))
    (name,) = backend.put([planned])
    record = RunRecord(
        run="busy",
        started_at="2026-03-04T11:00:00Z",
        command="lamform apply",
        plan=name,
        addresses=('release.hello["prod"]',),
    )
    backend.begin_run(record, token=lease.token)
    backend.close()
    answer = shell("state", "recover")
    assert answer.code == 0
    assert answer.out == 'Revision 2 records what was done to release.hello["dev"].\n'
    assert "Run busy of ada on elsewhere (pid 8) is open since" in answer.err


def test_a_sound_state(shell: Shell) -> None:
    missing = shell("state", "verify")
    assert missing.code == 1
    assert "There is no state yet" in missing.err
    shell.applied()
    answer = shell("state", "verify")
    assert (answer.code, answer.out) == (0, "The state is sound: 1 revision, 2 objects.\n")
    found = shell("state", "verify", "--json").json
    jsonschema.validate(found, shell("schema", "state-verify").json)
    assert found["sound"] is True


def test_damage_is_named_and_fails(shell: Shell) -> None:
    shell.applied()
    with sqlite3.connect(database(shell)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("UPDATE revisions SET message = 'never'")
    answer = shell("state", "verify")
    assert answer.code == 1
    assert "cannot be read" in answer.out
    assert "Restore it from a backup" in answer.err
    found = shell("state", "verify", "--json")
    assert found.code == 1
    assert found.json["sound"] is False


def test_a_lease_is_taken_away(shell: Shell) -> None:
    shell.applied()
    hold(shell)
    shell.root.joinpath("src", "app.py").write_text("def handler(event, context):\n    return 2\n")
    assert shell("apply", "--auto-approve").code == 4
    asked = shell("state", "unlock", "gone")
    assert asked.code == 1
    assert "by kim on elsewhere" in asked.err
    assert "holds 1 release since" in asked.err
    assert "--auto-approve" in asked.err
    done = shell("state", "unlock", "gone", "--auto-approve", "--json")
    assert done.json["unlocked"]["who"] == "kim"
    jsonschema.validate(done.json, shell("schema", "state-unlock").json)
    assert shell("apply", "--auto-approve").code == 0


def test_a_lease_on_everything_is_called_that(shell: Shell) -> None:
    shell.applied()
    hold(shell, exclusive=frozenset({EVERYTHING}))
    asked = shell("state", "unlock", "gone")
    assert "holds the whole state since" in asked.err


def test_a_lease_that_nobody_holds(shell: Shell) -> None:
    shell.applied()
    hold(shell)
    answer = shell("state", "unlock", "gnoe", "--auto-approve")
    assert answer.code == 1
    assert "Leases are held by: gone." in answer.err


def test_taking_over_an_expired_lease_is_said_aloud(shell: Shell) -> None:
    shell.applied()
    code = shell.root.joinpath("src", "app.py")
    code.write_text("def handler(event, context):\n    return 2\n")
    hold(shell, term=0)
    answer = shell.applied()
    assert answer.err.count("Took over the lease of run gone by kim on elsewhere") == 1
    code.write_text("def handler(event, context):\n    return 3\n")
    hold(shell, term=0)
    events = shell.applied("--json").events
    (started,) = [one for one in events if one["type"] == "run_started"]
    assert [one["run"] for one in started["took_over"]] == ["gone"]
