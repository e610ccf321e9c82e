"""Runs one Python handler for one event, as Lambda's Python runtime would.

A script of its own: it is started with a clean interpreter, gets its job as JSON on standard
input and writes the outcome to the file the job names. It uses the standard library only.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
import traceback
from pathlib import Path
from typing import Any


class Context:
    """The second argument of a handler."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.function_name: str = facts["function_name"]
        self.function_version: str = facts["function_version"]
        self.invoked_function_arn: str = facts["invoked_function_arn"]
        self.memory_limit_in_mb: str = facts["memory_limit_in_mb"]
        self.aws_request_id: str = facts["aws_request_id"]
        self.log_group_name: str = facts["log_group_name"]
        self.log_stream_name: str = facts["log_stream_name"]
        self.identity = None
        self.client_context = None
        self._deadline = time.monotonic() + facts["timeout"]

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left before the timeout."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def main() -> None:
    """Read the job, run the handler, write payload and whether it is an error."""
    job = json.load(sys.stdin)
    sys.path.insert(0, job["code"])
    try:
        handler = _load(job["handler"])
        result = json.dumps(handler(job["event"], Context(job["context"])), ensure_ascii=False)
        outcome = {"payload": result, "error": False}
    except _LoadError as error:
        outcome = {"payload": json.dumps(error.facts), "error": True}
    except Exception as error:  # noqa: BLE001 - whatever a handler raises is its answer
        outcome = {"payload": json.dumps(_describe(error, job)), "error": True}
    Path(job["outcome"]).write_text(json.dumps(outcome), encoding="utf-8")


class _LoadError(Exception):
    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.facts = {"errorMessage": message, "errorType": kind, "stackTrace": []}


def _load(named: str) -> Any:
    module_name, _, attribute = named.rpartition(".")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise _LoadError(
            "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}"
        ) from error
    handler = getattr(module, attribute, None)
    if handler is None:
        raise _LoadError(
            "Runtime.HandlerNotFound", f"Handler '{attribute}' missing on module '{module_name}'"
        )
    return handler


def _describe(error: Exception, job: dict[str, Any]) -> dict[str, Any]:
    traceback.print_exc()
    frames = traceback.extract_tb(error.__traceback__)[1:]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": job["context"]["aws_request_id"],
        "stackTrace": traceback.format_list(frames),
    }


if __name__ == "__main__":
    main()
