from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from declarative.errors import RemoteError
from declarative.sandbox.run import clean, run_command
from declarative.sandbox.server import Sandbox

CREATE = """
import boto3, io, os, zipfile
buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w") as archive:
    archive.writestr("app.py", "x = 1")
boto3.client("lambda").create_function(
    FunctionName="one", Role="arn:aws:iam::123456789012:role/r", Runtime="python3.12",
    Handler="app.handler", Code={"ZipFile": buffer.getvalue()})
"""
LIST = """
import boto3
print([item["FunctionName"] for item in boto3.client("lambda").list_functions()["Functions"]])
"""


def test_the_command_has_the_sandbox_as_its_aws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.example.com")
    out = tmp_path / "environment.json"
    script = f"import json, os; json.dump(dict(os.environ), open({str(out)!r}, 'w'))"
    assert run_command([sys.executable, "-c", script]) == 0
    seen = json.loads(out.read_text())
    assert seen["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"} & seen.keys()
    assert "127.0.0.1" in seen["NO_PROXY"]
    state = Path(seen["LAMFORM_STATE_DIR"])
    assert state.name == "state"
    assert not state.exists()
    assert not Path(seen["AWS_CONFIG_FILE"]).exists()


def test_what_is_kept_is_there_the_next_time(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    keep = tmp_path / "kept"
    assert run_command([sys.executable, "-c", CREATE], keep) == 0
    assert run_command([sys.executable, "-c", LIST], keep) == 0
    assert run_command([sys.executable, "-c", LIST]) == 0
    assert capfd.readouterr().out.splitlines() == ["['one']", "[]"]
    assert (keep / "state").is_dir()


@pytest.mark.parametrize(
    ("script", "code"),
    [("raise SystemExit(5)", 5), ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 137)],
)
def test_the_exit_code_is_the_commands(script: str, code: int) -> None:
    assert run_command([sys.executable, "-c", script]) == code


def test_a_command_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(RemoteError, match="no-such-command"):
        run_command([str(tmp_path / "no-such-command")])


def test_without_the_extra_the_way_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RemoteError, match=r"pip install 'lamform\[sandbox\]'"):
        run_command(["true"])


def test_a_signal_reaches_the_command_and_its_answer_counts(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    child = f"""
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(42))
pathlib.Path({str(ready)!r}).touch()
time.sleep(60)
"""
    parent = f"""
import sys
from declarative.sandbox.server import Sandbox
from declarative.sandbox.run import run_command
sys.exit(run_command([sys.executable, "-c", {child!r}]))
"""
    process = subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not ready.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(timeout=30) == 42


def test_an_exempted_host_stays_exempted() -> None:
    assert clean({"no_proxy": "example.com"})["NO_PROXY"] == "example.com,127.0.0.1"


def test_the_users_profiles_lead_to_accounts_of_the_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile dev]\nrole_arn = arn:aws:iam::222222222222:role/deploy\nsource_profile = x\n"
        "[profile plain]\nregion = eu-west-1\nendpoint_url = https://example.com\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    script = """
import boto3
for name in ("dev", "plain"):
    print(boto3.Session(profile_name=name).client("sts").get_caller_identity()["Account"])
"""
    assert run_command([sys.executable, "-c", script]) == 0
    assert capfd.readouterr().out.split() == ["222222222222", "123456789012"]


def test_a_kept_directory_serves_one_sandbox_at_a_time(tmp_path: Path) -> None:
    with Sandbox(tmp_path), pytest.raises(RemoteError, match="in use"):
        run_command(["true"], tmp_path)
    assert run_command(["true"], tmp_path) == 0


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RemoteError, match="Name a directory"):
        run_command(["true"], tmp_path / "file" / "below")
