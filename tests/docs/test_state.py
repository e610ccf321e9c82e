"""docs/state.md is true: its commands are run, and their output is the one shown."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from backends.base import JournalRecord, LeaseRequest, RevisionDraft, RunRecord
from backends.sqlite import SqliteBackend
from declarative.model.artifacts import ArtifactIdentity, LocalArtifact
from declarative.model.desired import ConnectorSettings, DesiredAlias, DesiredRelease
from declarative.model.revision import RecordedAlias, RecordedFunction, ReleaseRecord

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "state.md").read_text("utf-8")
BIN = Path(sys.executable).parent
ADDRESS = "release.checkout"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:checkout"
LEASED_AT = 1_772_618_400.0  # 2026-03-04T10:00:00Z


@dataclass(frozen=True)
class Example:
    """Commands of the page, and what it says they print (None: it does not say)."""

    commands: str
    output: str | None
    line: int


def examples() -> list[Example]:
    found = re.finditer(
        r"^```sh\n(?P<sh>.*?)^```\n(?:\n```text\n(?P<out>.*?)^```)?", TEXT, re.MULTILINE | re.DOTALL
    )
    return [
        Example(match["sh"], match["out"], TEXT.count("\n", 0, match.start()) + 1)
        for match in found
    ]


QUERIES = [example for example in examples() if example.output is not None]
OTHERS = [example for example in examples() if example.output is None]


def shell(commands: str, directory: Path) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=directory,
        env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def trimmed(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def record(version: str, memory: int) -> bytes:
    connector = ConnectorSettings(
        address="connector.aws.main", region="eu-west-1", credentials={"kind": "default"}
    )
    desired = DesiredRelease(
        address=ADDRESS,
        service="checkout",
        infrastructure="infrastructure.main",
        environment="prod",
        connector=connector,
        account_id="123456789012",
        region="eu-west-1",
        function_name="checkout",
        function={"memory_size": memory},
        declared=(("memory_size",),),
        tags=None,
        aliases={"live": DesiredAlias()},
        artifact=ArtifactIdentity(source=LocalArtifact(path="src"), identity="x"),
    )
    function = RecordedFunction(
        arn=ARN,
        attributes={"memory_size": memory},
        declared=desired.declared,
        code_sha256="x",
        code_size=1,
    )
    return ReleaseRecord(
        address=ADDRESS,
        status="applied",
        plan_id=None,
        desired=desired,
        connector=connector,
        function=function,
        tags=None,
        aliases={"live": RecordedAlias(arn=f"{ARN}:live", function_version=version)},
        version=version,
    ).to_bytes()


def commit(
    state: SqliteBackend, token: int, draft: RevisionDraft, version: str, memory: int
) -> None:
    head = state.head()
    (name,) = state.put([record(version, memory)])
    action = "create" if head is None else "update"
    summary = {"address": ADDRESS, "action": action, "versions": {"from": None, "to": version}}
    state.commit(
        RevisionDraft(
            status=draft.status,
            author=draft.author,
            created_at=draft.created_at,
            message=draft.message,
            reverts=draft.reverts,
            changes={ADDRESS: name},
            details={"releases": [summary]},
        ),
        expected=head.id if head else None,
        token=token,
    )


def draft(author: str, created_at: str, message: str, reverts: int | None = None) -> RevisionDraft:
    return RevisionDraft(
        status="applied", author=author, created_at=created_at, message=message, reverts=reverts
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with the state of the page: three revisions, and a run that died."""
    directory = tmp_path_factory.mktemp("payments")
    path = directory / ".lamform" / "state.db"
    state = SqliteBackend(path, "payments", clock=lambda: LEASED_AT)
    state.create()
    run = "9f2c41d07ab3"
    request = LeaseRequest(
        run=run,
        who="ci",
        host="runner-17",
        pid=4711,
        boot_id="",
        command="lamform apply",
        addresses=frozenset([ADDRESS]),
    )
    token = state.acquire(request).token
    commit(state, token, draft("ada", "2026-03-01T09:00:00Z", "first release"), "1", 256)
    commit(state, token, draft("ci", "2026-03-02T16:30:00Z", "more memory"), "2", 512)
    last = draft("grace", "2026-03-03T02:10:00Z", "back to the first", reverts=1)
    commit(state, token, last, "1", 256)
    (plan,) = state.put([b"{}"])
    begun = RunRecord(
        run=run,
        started_at="2026-03-04T10:00:00Z",
        command="lamform apply",
        plan=plan,
        addresses=(ADDRESS,),
    )
    state.begin_run(begun, token=token)
    steps = [
        ("begin", "update_configuration", "2026-03-04T10:00:01Z"),
        ("done", "update_configuration", "2026-03-04T10:00:04Z"),
        ("begin", "publish_version", "2026-03-04T10:00:04Z"),
    ]
    entries = [
        JournalRecord(sequence=number, kind=kind, address=ADDRESS, step=step, at=at)
        for number, (kind, step, at) in enumerate(steps, start=1)
    ]
    state.append(run, entries, token=token)
    state.close()
    return directory


@pytest.mark.parametrize("example", QUERIES, ids=lambda example: f"line{example.line}")
def test_queries_print_what_is_shown(project: Path, example: Example) -> None:
    assert trimmed(shell(example.commands, project)) == trimmed(example.output or "")


def test_a_backup_can_be_put_back(project: Path, tmp_path: Path) -> None:
    directory = tmp_path / "payments"
    shutil.copytree(project, directory)
    backup, restore = OTHERS
    shell(backup.commands, directory)
    saved = SqliteBackend(directory / ".lamform" / "state.db", "payments")
    head, key = saved.head(), saved.key()
    lease = saved.acquire(
        LeaseRequest(
            run="r", who="x", host="x", pid=1, boot_id="", command="x", addresses=frozenset("a")
        )
    )
    lost = draft("x", "2026-03-05T00:00:00Z", "after the backup")
    saved.commit(lost, expected=head.id if head else None, token=lease.token)
    saved.close()
    shell(restore.commands, directory)
    restored = SqliteBackend(directory / ".lamform" / "state.db", "payments")
    assert restored.head() == head
    assert restored.key() == key
    restored.put([b"the next write"])
    restored.close()
    database = directory / ".lamform" / "state.db"
    assert (
        shell(f"sqlite-utils query {database} --raw 'PRAGMA journal_mode'", directory).strip()
        == "wal"
    )


def test_queries_find_what_an_apply_records(tmp_path: Path) -> None:
    """The page's state is made by hand; this one is made by lamform."""
    work, kept = tmp_path / "quickstart", tmp_path / "kept"
    shutil.copytree(ROOT / "examples" / "quickstart", work)
    kept.mkdir()
    shell(
        f"lamform sandbox run --keep {shlex.quote(str(kept))} -- "
        "lamform apply --auto-approve --new-state --message first",
        work,
    )
    of_runs = ("FROM leases", "FROM runs")  # the run has ended
    address = 'release.greeter["dev"]'
    for example in QUERIES:
        commands = example.commands.replace(".lamform/state.db", str(kept / "state" / "state.db"))
        commands = commands.replace(f"address {ADDRESS}", f"address {shlex.quote(address)}")
        printed = trimmed(shell(commands, work))
        if not any(word in commands for word in of_runs):
            assert len(printed) == 1 if "--raw" in commands else len(printed) > 2
            assert printed[-1].split()[-1] not in {"None", "null", ""}
