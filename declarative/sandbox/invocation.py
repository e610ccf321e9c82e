"""Invoke: Python handlers run for real, each in a fresh process of this interpreter."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from declarative.sandbox import bootstrap
from declarative.sandbox.errors import ServiceError, conflict, invalid, throttled
from declarative.sandbox.records import LATEST, Configuration, Function
from declarative.sandbox.world import select

if TYPE_CHECKING:
    from declarative.sandbox.packages import PackageStore
    from declarative.sandbox.world import Answer, Asked, Call

_LOG_TAIL = 4096


@dataclass(frozen=True, slots=True)
class Job:
    """One invocation, with all it needs to know of the function."""

    configuration: Configuration
    event: Any
    kind: str
    arn: str
    with_log: bool
    environment: Mapping[str, str]
    request_id: str


def prepare(
    call: Call, asked: Asked, environment: Mapping[str, str], chance: Callable[[], float]
) -> Job:
    """Choose the version to run, by the weights of an alias, and check that it can run.

    Raises:
        ServiceError: No such function, not active, no capacity, or not a Python function.
    """
    function, configuration, qualifier = call.target(asked)
    configuration = _weighted(function, qualifier, chance()) or configuration
    arn = call.region.arn(function.name, qualifier)
    if configuration.state == "Inactive" and asked.get("InvocationType") != "DryRun":
        services = call.services
        configuration.restore(services.ready_at(services.timing.pending), services.new_id)
    _check_runnable(function, configuration)
    variables = configuration.settings.get("Environment", {}).get("Variables", {})
    facts = {
        "AWS_REGION": call.region.name,
        "AWS_DEFAULT_REGION": call.region.name,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": configuration.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration.settings["MemorySize"]),
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{configuration.settings['Runtime']}",
        "_HANDLER": configuration.settings["Handler"],
    }
    return Job(
        replace(configuration),  # a copy: the job runs without the simulator's lock
        _event(asked.get("Payload")),
        asked.get("InvocationType") or "RequestResponse",
        arn,
        asked.get("LogType") == "Tail",
        {**environment, **variables, **facts},
        str(uuid.uuid4()),
    )


def _weighted(function: Function, qualifier: str | None, chance: float) -> Configuration | None:
    alias = function.aliases.get(qualifier or LATEST)
    for version, weight in alias.routing.items() if alias else ():
        if chance < weight:
            return select(function, version)
    return None


def _check_runnable(function: Function, configuration: Configuration) -> None:
    if configuration.state != "Active":
        raise conflict(
            "The operation cannot be performed at this time. "
            f"The function is currently in the following state: {configuration.state}"
        )
    if function.reserved == 0:
        raise throttled("ReservedFunctionConcurrentInvocationLimitExceeded", 1)
    runtime = configuration.settings.get("Runtime")
    if runtime is None or not runtime.startswith("python"):
        raise invalid(
            "The sandbox runs handlers of Python runtimes only, not "
            f"{runtime or 'container images'}. Everything but Invoke works with this function."
        )


def _event(payload: Any) -> Any:
    raw = payload.read() if hasattr(payload, "read") else payload or b"{}"
    try:
        return json.loads(raw)
    except ValueError as error:
        raise ServiceError(
            "InvalidRequestContentException",
            f"Could not parse request body into json: {error}",
            400,
        ) from error


class Invoker:
    """Runs handlers; packages are unzipped once each, into a directory of its own."""

    def __init__(self, packages: PackageStore) -> None:
        self._packages = packages
        self._lock = threading.Lock()
        self._room: tempfile.TemporaryDirectory[str] | None = None
        self._running: set[subprocess.Popen[bytes]] = set()
        self._later: list[threading.Thread] = []

    def run(self, job: Job) -> Answer:
        """Run a job as its invocation type says and return the answer of Invoke."""
        if job.kind == "DryRun":
            return {"StatusCode": 204}
        if job.kind == "Event":
            thread = threading.Thread(target=self._respond, args=(job,), daemon=True)
            self._later.append(thread)
            thread.start()
            return {"StatusCode": 202, "Payload": b""}
        return self._respond(job)

    def close(self) -> None:
        """Kill what still runs and remove the unzipped packages."""
        with self._lock:
            running = list(self._running)
        for process in running:
            _kill(process)
        for thread in self._later:
            thread.join()
        if self._room is not None:
            self._room.cleanup()
            self._room = None

    def _respond(self, job: Job) -> Answer:
        room = self._unzip(job.configuration.code.digest)
        with tempfile.TemporaryDirectory(prefix="lamform-invoke-") as scratch:
            began = time.monotonic()
            payload, failed, log = self._execute(job, room, Path(scratch))
            seconds = time.monotonic() - began
        answer: Answer = {
            "StatusCode": 200,
            "ExecutedVersion": job.configuration.version,
            "Payload": payload.encode(),
        }
        if failed:
            answer["FunctionError"] = "Unhandled"
        if job.with_log:
            lines = _log(job, log.decode(errors="replace"), seconds).encode()
            answer["LogResult"] = base64.b64encode(lines[-_LOG_TAIL:]).decode("ascii")
        return answer

    def _unzip(self, digest: str) -> Path:
        with self._lock:
            if self._room is None:
                self._room = tempfile.TemporaryDirectory(prefix="lamform-code-")
            room = Path(self._room.name) / digest
            if not room.exists():
                with zipfile.ZipFile(io.BytesIO(self._packages.get(digest) or b"")) as archive:
                    archive.extractall(room)
            return room

    def _execute(self, job: Job, room: Path, scratch: Path) -> tuple[str, bool, bytes]:
        """Return the payload, whether it is an error, and what the handler wrote."""
        outcome = scratch / "outcome.json"
        timeout = job.configuration.settings["Timeout"]
        order = {
            "code": str(room),
            "handler": job.configuration.settings["Handler"],
            "event": job.event,
            "outcome": str(outcome),
            "context": _context(job, timeout),
        }
        process = subprocess.Popen(  # noqa: S603 - the user's own handler, at the user's wish
            [sys.executable, "-P", "-B", bootstrap.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=room,
            env={"PATH": os.defpath, "HOME": str(scratch), **job.environment},
            start_new_session=True,
        )
        with self._lock:
            self._running.add(process)
        try:
            log, _ = process.communicate(json.dumps(order).encode(), timeout=timeout)
        except subprocess.TimeoutExpired:
            _kill(process)
            log, _ = process.communicate()
            return (
                _failure(job, "Sandbox.Timedout", f"Task timed out after {timeout}.00 seconds"),
                True,
                log,
            )
        finally:
            with self._lock:
                self._running.discard(process)
        if not outcome.exists():
            reason = f"Runtime exited with error: exit status {process.returncode}"
            return _failure(job, "Runtime.ExitError", reason), True, log
        result = json.loads(outcome.read_text("utf-8"))
        return result["payload"], result["error"], log


def _context(job: Job, timeout: int) -> dict[str, Any]:
    settings = job.configuration.settings
    return {
        "function_name": job.environment["AWS_LAMBDA_FUNCTION_NAME"],
        "function_version": job.configuration.version,
        "invoked_function_arn": job.arn,
        "memory_limit_in_mb": str(settings["MemorySize"]),
        "aws_request_id": job.request_id,
        "log_group_name": settings["LoggingConfig"]["LogGroup"],
        "log_stream_name": f"sandbox/[{job.configuration.version}]{job.request_id}",
        "timeout": timeout,
    }


def _failure(job: Job, kind: str, message: str) -> str:
    text = f"RequestId: {job.request_id} Error: {message}"
    return json.dumps({"errorType": kind, "errorMessage": text})


def _log(job: Job, written: str, seconds: float) -> str:
    spent = f"{seconds * 1000:.2f} ms"
    return (
        f"START RequestId: {job.request_id} Version: {job.configuration.version}\n"
        f"{written}{'' if not written or written.endswith(chr(10)) else chr(10)}"
        f"END RequestId: {job.request_id}\n"
        f"REPORT RequestId: {job.request_id}\tDuration: {spent}\n"
    )


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a handler and all it started; one that has just ended is no error."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
