"""``lamform state gc`` and ``lamform state migrate`` as a user meets them."""

from __future__ import annotations

import io
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import boto3
import jsonschema
import pytest
from moto.server import ThreadedMotoServer

from backends.sqlite import SqliteBackend
from backends.testing.case import a_request, a_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Shell


@pytest.fixture(autouse=True)
def _own_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAMFORM_STATE_DIR", raising=False)


def code(shell: Shell, answer: int) -> None:
    text = f"def handler(event, context):\n    return {answer}\n"
    (shell.root / "src" / "app.py").write_text(text)


@pytest.fixture
def three(shell: Shell) -> Shell:
    """A project with three revisions."""
    for number in (1, 2, 3):
        code(shell, number)
        shell.applied()
    return shell


def history(shell: Shell) -> list[int]:
    return [one["revision"] for one in shell("history", "--json").json["revisions"]]


# gc


def test_old_revisions_go_and_the_rest_works(three: Shell) -> None:
    answer = three("state", "gc", "--keep", "2", "--auto-approve")
    assert answer.code == 0, answer.err
    assert answer.out.startswith("Forgot 1 revision and ")
    assert answer.out.endswith("The oldest that is kept is 2.\n")
    assert history(three) == [3, 2]
    assert three("state", "verify").out.startswith("The state is sound: 2 revisions")
    gone = three("state", "show", "hello[dev]", "--revision", "1")
    assert gone.code == 1
    assert "Revision 1 is no longer kept" in gone.err
    assert "Revisions up to 1 are no longer kept." in three("history").err
    assert "no longer kept" not in three("history", "--limit", "2").err
    assert three("history", "--json").json["forgotten"] == 1

    assert "revision 2 is the oldest" in gone.err
    assert three("revert", "1", "--auto-approve").code == 1
    assert three("revert", "previous", "--auto-approve").code == 0
    assert history(three) == [4, 3, 2]


def test_going_back_further_than_is_kept_says_so(three: Shell) -> None:
    assert three("state", "gc", "--keep", "1", "--auto-approve").code == 0
    answer = three("revert", "previous", "--auto-approve")
    assert answer.code == 1
    assert "Revisions up to 2 are no longer kept" in answer.err


def test_it_is_asked_first(three: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = three("state", "gc", "--keep", "1")
    assert nobody.code == 1
    assert "Revisions 1 to 2 are forgotten" in nobody.err
    assert "Give --auto-approve." in nobody.err
    assert history(three) == [3, 2, 1]

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for word, left in (("no\n", [3, 2, 1]), ("yes\n", [3])):
        monkeypatch.setattr(sys, "stdin", Terminal(word))
        asked = three("state", "gc", "--keep", "1")
        assert "Do you want to forget that for good?" in asked.err
        assert history(three) == left


def test_what_it_did_as_json(three: Shell) -> None:
    found = three("state", "gc", "--keep", "1", "--auto-approve", "--json").json
    jsonschema.validate(found, three("schema", "state-gc").json)
    assert (found["revisions"], found["oldest"], found["needed"]) == (2, 3, [])
    again = three("state", "gc", "--keep", "1", "--auto-approve").out
    assert again.startswith("Forgot 0 revisions and 0 objects.")


def test_why_more_is_kept_is_said(three: Shell) -> None:
    code(three, 4)
    three.fail("UpdateAlias")
    assert three("apply", "--auto-approve").code == 3
    answer = three("state", "gc", "--keep", "1", "--auto-approve")
    assert answer.code == 0, answer.err
    assert "Revision 3 is kept, and all after it: release.hello[" in answer.out
    assert "serves version 3, which it published, by alias live." in answer.out
    assert history(three) == [4, 3]


@pytest.mark.parametrize("arguments", [(), ("--keep", "0"), ("--keep", "all")])
def test_how_many_has_to_be_said(three: Shell, arguments: tuple[str, ...]) -> None:
    answer = three("state", "gc", "--auto-approve", *arguments)
    assert answer.code == 1
    assert "--keep" in answer.err
    assert history(three) == [3, 2, 1]


def test_nothing_is_recorded_yet(shell: Shell) -> None:
    answer = shell("state", "gc", "--keep", "1", "--auto-approve")
    assert (answer.code, "Nothing was ever recorded" in answer.err) == (1, True)
    assert not (shell.root / ".lamform" / "state.db").exists()


def test_other_runs_and_dead_ones_are_in_the_way(three: Shell) -> None:
    backend = SqliteBackend(three.root / ".lamform" / "state.db", three.name)
    lease = backend.acquire(a_request("live", "x"))
    held = three("state", "gc", "--keep", "1", "--auto-approve")
    assert held.code == 4
    assert "Run live by tester" in held.err
    backend.begin_run(a_run("live"), token=lease.token)
    backend.release(lease)
    dead = three("state", "gc", "--keep", "1", "--auto-approve")
    assert dead.code == 1
    assert "lamform state recover" in dead.err
    backend.close()
    assert history(three) == [3, 2, 1]


# migrate


def test_to_another_file_and_on_from_there(three: Shell) -> None:
    answer = three("state", "migrate", "--to", "sqlite", "--setting", "path=kept/state.db")
    assert answer.code == 0, answer.err
    assert answer.out.startswith("Copied 3 revisions. The state there is sound: 3 revisions, ")
    block = answer.out.partition("lamform {\n")[2].partition("\n}\n")[0]
    assert block == '  backend "sqlite" {\n    path = "kept/state.db"\n  }'
    before = three("history", "--json").json
    (three.root / ".lamform" / "state.db").unlink()
    files = three.root / "lamform.hcl"
    files.write_text(files.read_text().replace("lamform {", f"lamform {{\n{block}", 1))
    assert three("history", "--json").json == before
    assert "No changes" in three("plan").out
    code(three, 9)
    three.applied()
    assert history(three) == [4, 3, 2, 1]
    assert three("state", "verify").code == 0


def test_to_a_bucket_as_json(three: Shell, server: str) -> None:
    boto3.client("s3", region_name="us-east-1", endpoint_url=server).create_bucket(Bucket="states")
    settings = {
        "bucket": "states",
        "region": "us-east-1",
        "prefix": "a/${b}",
        "endpoint_url": server,
        "use_path_style": "true",
    }
    given = [part for name in settings for part in ("--setting", f"{name}={settings[name]}")]
    found = three("state", "migrate", "--to", "s3", *given, "--json")
    assert found.code == 0, found.out
    jsonschema.validate(found.json, three("schema", "state-migrate").json)
    assert (found.json["revision"], found.json["copied"]) == (3, 3)
    assert "  use_path_style = true\n" in found.json["backend"]
    assert '  prefix = "a/$${b}"\n' in found.json["backend"]
    before = three("history", "--json").json
    files = three.root / "lamform.hcl"
    text = files.read_text().replace("lamform {", f"lamform {{\n{found.json['backend']}", 1)
    files.write_text(text)
    (three.root / ".lamform" / "state.db").unlink()
    assert three("history", "--json").json == before


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "y")):
        monkeypatch.setenv(f"AWS_{name}", value)
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "memory"), "sqlite or s3"),
        (("--to", "s3"), "bucket"),
        (("--to", "s3", "--setting", "bucket=b", "--setting", "buckets=b"), "buckets"),
        (("--to", "s3", "--setting", "bucket"), "NAME=VALUE"),
        (("--to", "s3", "--setting", "a b=c"), "NAME=VALUE"),
        (
            ("--to", "s3", "--setting", "bucket=b", "--setting", "assume_role.role_arn=x"),
            "role_arn",
        ),
        (("--to", "sqlite", "--setting", "path="), "path"),
        (("--to", "sqlite"), "there already"),
        ((), "--to"),
    ],
)
def test_wrong_settings_are_named(three: Shell, arguments: tuple[str, ...], said: str) -> None:
    answer = three("state", "migrate", *arguments)
    assert answer.code == 1
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_a_place_that_is_taken(three: Shell) -> None:
    other = SqliteBackend(three.root / "other.db", three.name)
    other.create()
    other.close()
    answer = three("state", "migrate", "--to", "sqlite", "--setting", "path=other.db")
    assert answer.code == 1
    assert "The destination holds another state" in answer.err
    with closing(sqlite3.connect(three.root / "other.db")) as db:
        assert db.execute("SELECT count(*) FROM revisions").fetchone() == (0,)
