"""The installed command in processes of its own, against a sandbox of the test's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from declarative.sandbox.run import clean
from declarative.sandbox.server import Sandbox
from declarative.sandbox.world import DEFAULT_ACCOUNT, DEFAULT_REGION
from tests.e2e.places import PLACE

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


@dataclass(frozen=True)
class Job:
    """One command for `Processes`; see `dying.py` for what ends it early.

    Attributes:
        notes: A file that gets a line for each write of state.
        seconds: The process is killed when so many are over.
    """

    arguments: tuple[str, ...]
    point: str = ""
    when: str = "before"
    notes: Path | None = None
    seconds: float | None = None


class Processes:
    """Runs lamform in real processes, forked from one that has everything imported already."""

    Job = Job

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("dying.py")), "--serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        self._server.communicate()

    def run(
        self, directory: Path, environment: Mapping[str, str], *jobs: Job
    ) -> list[subprocess.CompletedProcess]:
        """Run the jobs at the same time and return how each ended."""
        with tempfile.TemporaryDirectory() as name:
            asked = [
                {
                    "arguments": job.arguments,
                    "point": job.point,
                    "when": job.when,
                    "notes": str(job.notes) if job.notes else None,
                    "seconds": job.seconds,
                    "directory": str(directory),
                    "environment": dict(environment),
                    "stdout": f"{name}/{number}.out",
                    "stderr": f"{name}/{number}.err",
                }
                for number, job in enumerate(jobs)
            ]
            print(json.dumps(asked), file=self._server.stdin, flush=True)
            codes = json.loads(self._server.stdout.readline())
            return [
                subprocess.CompletedProcess(
                    one["arguments"],
                    code,
                    Path(one["stdout"]).read_text(),
                    Path(one["stderr"]).read_text(),
                )
                for one, code in zip(asked, codes, strict=True)
            ]


HEAD = {
    "sqlite": """
lamform {
  project = "many"
}
""",
    "s3": """
lamform {
  project = "many"

  backend "s3" {
    bucket         = "states"
    prefix         = "PREFIX"
    region         = "us-east-1"
    use_path_style = true
  }
}
""",
}

PROJECT = (
    """
variable "memory" {
  type    = number
  default = 128
}

"""
    + PLACE
    + """
service "worker" {
  function {
    function_name = "worker-${self.key}"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/worker"
    memory_size   = var.memory
  }

  artifact "local" {
    path = "src"
  }

  alias "live" {}
}

release "worker" {
  for_each       = toset([for n in range(COUNT) : format("w%02d", n)])
  service        = service.worker
  infrastructure = infrastructure.main
}
"""
)

SHOWN = {
    "arn": "FunctionArn",
    "architectures": "Architectures",
    "code_sha256": "CodeSha256",
    "code_size": "CodeSize",
    "description": "Description",
    "function_name": "FunctionName",
    "handler": "Handler",
    "memory_size": "MemorySize",
    "package_type": "PackageType",
    "role": "Role",
    "runtime": "Runtime",
    "timeout": "Timeout",
}


class Crew:
    """A project of many like releases, its state in a file or a bucket, and what shows the truth.

    Attributes:
        directory: Where the project is.
        prefix: Where in the bucket its state is.
    """

    def __init__(
        self, room: Path, sandbox: Sandbox, processes: Processes, backend: str, count: int
    ) -> None:
        self.room, self.sandbox, self.processes = room, sandbox, processes
        self.backend, self.count = backend, count
        # Sandboxes of one process share their buckets.
        self.directory, self.prefix = room / "project", room.name
        (self.directory / "src").mkdir(parents=True)
        self.environment = {**clean(os.environ), **sandbox.environment(), "HOME": str(room)}
        session = boto3.session.Session(
            aws_access_key_id=DEFAULT_ACCOUNT,
            aws_secret_access_key="sandbox",
            region_name=DEFAULT_REGION,
        )
        self.s3 = session.client("s3", endpoint_url=sandbox.url)
        self.s3.create_bucket(Bucket="states")

    @property
    def functions(self) -> dict[str, Any]:
        """The functions of the simulator themselves."""
        region = self.sandbox.simulator._region(DEFAULT_ACCOUNT, DEFAULT_REGION)
        return region.functions

    def write(self, code: str, more: str = "") -> None:
        """Write the files: the project, with ``more`` at its end, and the code."""
        head = HEAD[self.backend].replace("PREFIX", self.prefix)
        project = PROJECT.replace("COUNT", str(self.count))
        (self.directory / "lamform.hcl").write_text(head + project + more)
        (self.directory / "src" / "app.py").write_text(HANDLER.format(answer=code))

    def together(self, *jobs: Job) -> list[subprocess.CompletedProcess]:
        """Run commands at the same time; none may end in a way that is not meant."""
        others = self.sandbox.connections
        ended = self.processes.run(self.directory, self.environment, *jobs)
        self._settle(others)
        for done in ended:
            assert "Traceback" not in done.stderr, done.stderr
        return ended

    def _settle(self, others: int) -> None:
        """Wait until nothing that processes had sent when they were killed is on its way."""
        quiet, end = 0, time.monotonic() + 30
        while quiet < 3:
            quiet = quiet + 1 if self.sandbox.connections <= others else 0
            assert time.monotonic() < end, "the sandbox does not come to rest"
            time.sleep(0.02)

    def run(self, *arguments: str, **how: Any) -> subprocess.CompletedProcess:
        """Run one command."""
        [done] = self.together(Job(arguments, **how))
        return done

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        return json.loads(done.stdout)

    def observed(self) -> dict[str, Any]:
        """Return what the simulator has, by function."""
        call, found = self.sandbox.simulator.call, {}
        for name in sorted(self.functions):
            seen = call("GetFunction", FunctionName=name)
            aliases = call("ListAliases", FunctionName=name)["Aliases"]
            found[name] = {
                **{key: seen["Configuration"][theirs] for key, theirs in SHOWN.items()},
                "tags": seen["Tags"],
                "aliases": {one["Name"]: one["FunctionVersion"] for one in aliases},
            }
        return found

    def recorded(self) -> dict[str, Any]:
        """Return what lamform says is recorded, by function."""
        done = self.run("state", "show", "worker[*]", "--json")
        document = json.loads(done.stdout)
        if done.returncode:
            [diagnostic] = document["diagnostics"]
            assert diagnostic["summary"] == "No such release", diagnostic
            return {}
        found: dict[str, Any] = {}
        for part in document["parts"]:
            name = f"worker-{part['address'].split(chr(34))[1]}"
            attributes = part["attributes"]
            match part["kind"]:
                case "function":
                    found[name] = {key: attributes[key] for key in SHOWN} | {"aliases": {}}
                case "tags":
                    found[name]["tags"] = attributes
                case "alias":
                    label = part["address"].rpartition(".")[2]
                    found[name]["aliases"][label] = attributes["function_version"]
        return found


@pytest.fixture(scope="module")
def crews(
    tmp_path_factory: pytest.TempPathFactory, processes: Processes
) -> Iterator[Callable[[str, int], Crew]]:
    """Give a crew of a backend and a number of releases, in a sandbox that they share."""
    with ExitStack() as stack:

        def crew(backend: str, count: int) -> Crew:
            sandbox = stack.enter_context(Sandbox(pending_seconds=0.02, update_seconds=0.02))
            room = tmp_path_factory.mktemp(f"{backend}-{count}-")
            return Crew(room, sandbox, processes, backend, count)

        yield crew


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    running = Processes()
    yield running
    running.close()


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
