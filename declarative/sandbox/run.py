"""``lamform sandbox run``: one command with the sandbox as its AWS."""

from __future__ import annotations

import configparser
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from declarative.errors import RemoteError
from declarative.sandbox.others import require_moto
from declarative.sandbox.server import Sandbox
from declarative.sandbox.world import DEFAULT_ACCOUNT

STATE_DIRECTORY = "LAMFORM_STATE_DIR"

# Of the user's environment, what could lead the SDK past the sandbox.
_LEADING_AWAY = (
    "AWS_CA_BUNDLE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)


_ACCOUNT_KEYS = ("sso_account_id", "role_arn", "login_session")
_ACCOUNT = re.compile(r"\b\d{12}\b")


def run_command(command: Sequence[str], keep: Path | None = None) -> int:
    """Run ``command`` with a fresh sandbox as its AWS and return its exit code.

    The command's default state goes to ``LAMFORM_STATE_DIR``, beside the emulated world: in
    ``keep``, or in a temporary directory that is removed. Buckets and everything else that is
    not Lambda end with the sandbox, also with ``keep``.

    Raises:
        RemoteError: The sandbox extra is not installed, the directory cannot be used, or the
            command cannot be started.
    """
    require_moto()
    kept = keep.resolve() if keep else None
    with tempfile.TemporaryDirectory(prefix="lamform-run-") as scratch, Sandbox(kept) as sandbox:
        state = (kept or Path(scratch)) / "state"
        state.mkdir(exist_ok=True)
        sandbox.add_profiles(profiles(os.environ))
        pointed = {**sandbox.environment(), STATE_DIRECTORY: str(state)}
        return _run(command, {**clean(os.environ), **pointed})


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """Return ``environment`` without what could lead the SDK past the sandbox.

    Proxies are told to leave loopback alone.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if name not in _LEADING_AWAY and not name.startswith("AWS_ENDPOINT_URL")
    }
    direct = ",".join(filter(None, (kept.get("NO_PROXY") or kept.get("no_proxy"), "127.0.0.1")))
    return {**kept, "NO_PROXY": direct, "no_proxy": direct}


def profiles(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the names of the user's own AWS profiles and the account each leads to.

    Names and account numbers are all that is read. A profile whose account is not in the
    file gets the default one.
    """
    found: dict[str, str] = {}
    for variable, file in (
        ("AWS_CONFIG_FILE", "config"),
        ("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
    ):
        parser = configparser.RawConfigParser(strict=False)
        with contextlib.suppress(configparser.Error, UnicodeDecodeError):
            parser.read(environment.get(variable) or Path.home() / ".aws" / file, "utf-8")
        for section in parser.sections():
            if section.startswith(("sso-session ", "services ")):
                continue
            name = section.removeprefix("profile ").strip()
            facts = " ".join(parser.get(section, key, fallback="") for key in _ACCOUNT_KEYS)
            account = _ACCOUNT.search(facts)
            if account or name not in found:
                found[name] = account[0] if account else DEFAULT_ACCOUNT
    return found


def _run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    with _deferred_signals() as early:
        try:
            process = subprocess.Popen(command, env=dict(environment))  # noqa: S603 - its purpose
        except OSError as error:
            raise RemoteError.of(
                "The command cannot be started",
                f"{command[0] if command else 'No command'}: {error.strerror}. "
                "Give a program and its arguments after --, such as: "
                "lamform sandbox run -- lamform plan",
            ) from error
        early.forward_to(process)
        code = process.wait()
    return code if code >= 0 else 128 - code


class _Forwarder:
    """Passes signals on to a process, also those that came before it was started."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []

    def receive(self, number: int, _: object) -> None:
        if self._process is None:
            self._early.append(number)
        elif number != signal.SIGINT or not sys.stdin.isatty():
            # A terminal gives its interrupt to the whole group: the command has it already,
            # and a second one would tell it to hurry.
            self._process.send_signal(number)

    def forward_to(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        for number in self._early:
            process.send_signal(number)


@contextmanager
def _deferred_signals() -> Iterator[_Forwarder]:
    forwarder = _Forwarder()
    if threading.current_thread() is not threading.main_thread():
        yield forwarder
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, forwarder.receive) for number in numbers}
    try:
        yield forwarder
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
