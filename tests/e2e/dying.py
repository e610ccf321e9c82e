"""Run lamform in a process that kills itself at a chosen write of its state.

    python tests/e2e/dying.py POINT before|after -- ARGUMENTS...
    python tests/e2e/dying.py --serve

POINT is ``NAME:N``, the N-th call of that name: a writing method of the backend (``append:3``),
``write`` for any of them, or ``request`` for the single requests by which the S3 backend writes.
The process gets a SIGKILL before the call, or after it has taken effect and before its caller
knows. Where there are fewer calls it ends as lamform does.

With ``--serve`` everything is imported once, and each line of stdin is a list of jobs that are
run at the same time, each in a forked process of its own; the answer is a line with their exit
codes, negative for a signal. Nothing of this is known to the product: its methods are wrapped
from outside.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import pkgutil
import signal
import sys
import threading
import time
from pathlib import Path

METHODS = (
    "create",
    "put",
    "acquire",
    "begin_run",
    "append",
    "commit",
    "renew",
    "release",
    "close_run",
)
REQUESTS = ("create", "replace", "delete")


class Tally:
    """Counts calls, notes each in a file, and ends the process at the chosen one."""

    def __init__(self, point: str, when: str, notes: str | None) -> None:
        self._name, _, number = point.partition(":")
        self._number = int(number or 0)
        self._when = when
        self._seen: dict[str, int] = {}
        self._lock = threading.Lock()
        self._notes = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if notes else None

    def wrap(self, owner: type, method: str, *names: str) -> None:
        """Count the calls of a method under each of the names."""
        original = getattr(owner, method)

        @functools.wraps(original)
        def counted(*args, **kwargs):
            chosen = self._count(names)
            if chosen and self._when == "before":
                self._die()
            result = original(*args, **kwargs)
            if chosen:
                self._die()
            return result

        setattr(owner, method, counted)

    def _count(self, names: tuple[str, ...]) -> bool:
        with self._lock:
            if self._notes is not None:
                os.write(self._notes, (" ".join(names) + "\n").encode())
            for name in names:
                self._seen[name] = self._seen.get(name, 0) + 1
            return self._name in names and self._seen[self._name] == self._number

    def _die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def run(arguments: list[str], point: str = "", when: str = "before", notes: str | None = None):
    """Run the command line of lamform with its writes counted, and exit."""
    from backends.s3 import S3Backend
    from backends.s3_store import S3Store
    from backends.sqlite import SqliteBackend
    from declarative.cli import main

    if point or notes:
        tally = Tally(point, when, notes)
        for backend in (SqliteBackend, S3Backend):
            for method in METHODS:
                tally.wrap(backend, method, method, "write")
        for method in REQUESTS:
            tally.wrap(S3Store, method, "request")
    sys.argv = ["lamform", *arguments]
    main.main()


def start(job: dict) -> int:
    """Fork a process for a job and return its id."""
    process = os.fork()
    if process:
        return process
    try:
        os.chdir(job["directory"])
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(job[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.clear()
        os.environ.update(job["environment"])
        run(job["arguments"], job["point"], job["when"], job["notes"])
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)
    except BaseException:  # noqa: BLE001 - the process ends here, whatever it is
        import traceback

        traceback.print_exc()
    os._exit(70)  # no exit code of lamform


def wait(process: int, seconds: float | None) -> int:
    """Return how a process ended; one that is not over after so many seconds is killed."""
    if seconds is not None:
        deadline = time.monotonic() + seconds
        while os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            if time.monotonic() >= deadline:
                os.kill(process, signal.SIGKILL)
                break
            time.sleep(0.001)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def serve() -> None:
    """Run the jobs of each line of stdin until there are no more."""
    import backends
    import declarative

    for package in (backends, declarative):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".testing" not in module.name and ".sandbox" not in module.name:
                importlib.import_module(module.name)
    import boto3
    import botocore.loaders

    # The SDK's own files do not change either; each process would read them anew.
    botocore.loaders.create_loader = functools.cache(botocore.loaders.create_loader)
    session = boto3.session.Session("id", "secret", region_name="us-east-1")
    for service in ("lambda", "s3", "sts"):
        session.client(service)
    for line in sys.stdin:
        started = [(start(job), job["seconds"]) for job in json.loads(line)]
        print(json.dumps([wait(process, seconds) for process, seconds in started]), flush=True)


def main() -> None:
    """Do what the module's text says."""
    match sys.argv[1:]:
        case ["--serve"]:
            serve()
        case [point, ("before" | "after") as when, "--", *arguments]:
            run(arguments, point, when)
        case _:
            sys.exit(f"usage: {Path(__file__).name} POINT before|after -- ARGUMENTS...")


if __name__ == "__main__":
    main()
