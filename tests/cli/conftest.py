"""The command line in this process, against one sandbox a session."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import TextIO

import pytest

from backends.base import LeaseRequest
from declarative.cli.main import run
from declarative.sandbox.server import Sandbox

LAMFORM = Path(sys.executable).with_name("lamform")
DEV, PROD = 'release.hello["dev"]', 'release.hello["prod"]'
_numbers = itertools.count(1)

PROJECT = """
lamform {{
  project = "{name}"
}}
variable "memory" {{
  type    = number
  default = 128
}}
variable "key" {{
  type      = string
  sensitive = true
}}
connector "aws" "main" {{ region = "us-east-1" }}
environment "dev" {{ type = "PreProduction" }}
environment "prod" {{ type = "Production" }}
infrastructure "main" {{
  for_each    = {{ dev = environment.dev, prod = environment.prod }}
  environment = each.value
  connector   = connector.aws.main
  region      = "us-east-1"
}}
service "hello" {{
  function {{
    function_name = "{name}-${{self.environment.name}}"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/hello"
    memory_size   = var.memory
    environment   = {{ variables = {{ KEY = var.key }} }}
  }}
  artifact "local" {{ path = "src" }}
  alias "live" {{}}
}}
release "hello" {{
  for_each       = infrastructure.main
  service        = service.hello
  infrastructure = each.value
}}
output "arns" {{ value = {{ for key, one in release.hello : key => one.alias.live.arn }} }}
output "key" {{
  value     = var.key
  sensitive = true
}}
"""


def from_elsewhere(
    run: str, who: str, address: str = DEV, *, pid: int = 7, **more: object
) -> LeaseRequest:
    """Return what a run on another machine asks for."""
    return LeaseRequest(
        run=run,
        who=who,
        host="elsewhere",
        pid=pid,
        boot_id="",
        command="lamform apply",
        addresses=frozenset({address}),
        **more,
    )


@dataclass(frozen=True)
class Answer:
    """What one invocation said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        return json.loads(self.out)

    @property
    def events(self) -> list[dict]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Shell:
    """A project's directory to run lamform in."""

    root: Path
    name: str
    sandbox: Sandbox
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Answer:
        self.capsys.readouterr()
        code = run(arguments)
        captured = self.capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [LAMFORM, *arguments],
            cwd=self.root,
            env=dict(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def against(
        self, *arguments: str, stdout: TextIO | int = PIPE, stderr: TextIO | int = PIPE
    ) -> subprocess.CompletedProcess[str]:
        """Run in a process of its own that writes to the given streams."""
        return subprocess.run(
            [LAMFORM, *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            text=True,
        )

    def applied(self, *arguments: str) -> Answer:
        answer = self("apply", "--auto-approve", "--new-state", *arguments)
        assert answer.code == 0, answer.err
        return answer

    def aws(self, operation: str, environment: str = "dev", **asked: object) -> dict:
        name = f"{self.name}-{environment}"
        return self.sandbox.simulator.call(operation, FunctionName=name, **asked)

    def fail(self, operation: str, nth: int = 1) -> None:
        self.sandbox.simulator.faults.add(operation, nth, "error-before")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pending_seconds=0.02, update_seconds=0.02) as running:
        yield running


@pytest.fixture
def empty(
    tmp_path: Path,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Shell]:
    """A directory without files; nobody at the terminal."""
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    # Inside the source tree or not, git must not find a repository above.
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    with Path(os.devnull).open(encoding="utf-8") as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        yield Shell(root, f"cli{next(_numbers)}", sandbox, capsys)
    sandbox.simulator.faults.clear()


@pytest.fixture
def shell(empty: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A project of one service in two environments."""
    monkeypatch.setenv("LAMFORM_VAR_key", "s3cr3t-1")
    (empty.root / "src").mkdir()
    (empty.root / "src" / "app.py").write_text("def handler(event, context):\n    return 1\n")
    (empty.root / "lamform.hcl").write_text(PROJECT.format(name=empty.name))
    return empty
