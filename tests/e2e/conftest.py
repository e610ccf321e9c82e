"""The installed command in processes of its own, against a sandbox of the test's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from declarative.sandbox.run import clean
from declarative.sandbox.server import Sandbox

LAMFORM = Path(sys.executable).with_name("lamform")
HANDLER = "def handler(event, context):\n    return {answer!r}\n"


@dataclass
class User:
    """A person at a terminal, in a directory with a project, pointed at the sandbox."""

    directory: Path
    sandbox: Sandbox
    environment: Mapping[str, str]

    def run(self, *arguments: str, directory: Path | None = None) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(LAMFORM), *arguments],
            cwd=directory or self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen:
        return subprocess.Popen(
            [str(LAMFORM), *arguments],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def json(self, *arguments: str) -> dict:
        done = self.run(*arguments, "--json")
        return json.loads(done.stdout)

    def write(self, name: str, text: str) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def code(self, answer: str) -> None:
        self.write("src/app.py", HANDLER.format(answer=answer))

    @property
    def aws(self):
        session = boto3.session.Session(
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
            region_name="us-east-1",
        )
        return session.client("lambda", endpoint_url=self.sandbox.url)

    def invoke(self, name: str, qualifier: str = "live") -> object:
        answer = self.aws.invoke(FunctionName=name, Qualifier=qualifier)
        return json.loads(answer["Payload"].read())

    def versions(self, name: str) -> list[str]:
        found = self.aws.list_versions_by_function(FunctionName=name)["Versions"]
        return [one["Version"] for one in found]

    def functions(self) -> set[str]:
        pages = self.aws.get_paginator("list_functions").paginate()
        return {one["FunctionName"] for page in pages for one in page["Functions"]}


@pytest.fixture
def update_seconds() -> float:
    """How long AWS takes to update a function; a test may say otherwise."""
    return 0.05


@pytest.fixture
def user(tmp_path: Path, update_seconds: float) -> Iterator[User]:
    directory = tmp_path / "project"
    directory.mkdir()
    with Sandbox(pending_seconds=0.05, update_seconds=update_seconds) as sandbox:
        environment = {**clean(os.environ), **sandbox.environment(), "HOME": str(tmp_path)}
        yield User(directory, sandbox, environment)
