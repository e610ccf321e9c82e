"""Waiting for AWS to finish what it accepted, in the quota made for polling.

``GetFunction`` has 100 calls a second of its own per account and region; the waits here
use nothing else (but for provisioned concurrency, of which it says nothing), back off, and
end at once when AWS says the work failed.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from declarative.engine.setting_calls import CALLS, Setting
from declarative.errors import InterruptedRunError, RemoteError

if TYPE_CHECKING:
    from declarative.engine.ports import FunctionReader, ObservedFunction

TIMEOUT: Final = 600.0
"""Seconds a wait may take where nobody says otherwise."""

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 3.0
_GROWTH = 1.6
_LONGEST_WARMING = 10.0

# State reason codes of the Lambda API and what a person can do about each.
_ADVICE = {
    "EniLimitExceeded": "Raise the account's quota of network interfaces, or use fewer subnets.",
    "InsufficientRolePermissions": "Give the function's role the permissions its settings need "
    "(for a VPC: ec2:CreateNetworkInterface and its companions).",
    "InvalidConfiguration": "Check the settings that AWS names in the reason.",
    "InvalidSubnet": "Check that every subnet exists, in the function's account and region.",
    "InvalidSecurityGroup": "Check that every security group exists, in the subnets' VPC.",
    "SubnetOutOfIPAddresses": "Use subnets with free addresses.",
    "ImageAccessDenied": "Let the function's role and Lambda read the image repository.",
    "KMSKeyAccessDenied": "Let the function's role use the KMS key.",
    "KMSKeyNotFound": "Check the KMS key's ARN and region.",
    "DisabledKMSKey": "Enable the KMS key.",
    "InternalError": "AWS failed; apply again.",
}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, and what ends a wait early.

    Attributes:
        stop: Set when the run is to end; a wait ends at once.
        seconds: The longest wait.
    """

    stop: threading.Event
    seconds: float = TIMEOUT


def wait_until_ready(
    reader: FunctionReader, name: str, qualifier: str | None, patience: Patience
) -> ObservedFunction:
    """Return the function (or version) once it is active and its last update is done.

    Raises:
        RemoteError: it failed, vanished, or took longer than ``patience.seconds``.
        InterruptedRunError: the run was told to stop.
    """
    deadline = time.monotonic() + patience.seconds
    pause = _FIRST_PAUSE
    while True:
        function = reader.function(name, qualifier)
        if function is None:
            raise RemoteError.of(
                "The function is gone",
                f"{_called(name, qualifier)} was deleted while lamform waited for it.",
            )
        if _failed(function):
            raise _failure(function, name, qualifier)
        if function.state != "Pending" and function.last_update_status != "InProgress":
            return function
        if time.monotonic() + pause > deadline:
            raise RemoteError.of(
                "AWS did not finish in time",
                f"{_called(name, qualifier)} is still {function.state} with its last update "
                f"{function.last_update_status} after {patience.seconds:.0f} s.",
            )
        if patience.stop.wait(pause * random.uniform(0.8, 1.2)):  # noqa: S311 - jitter
            raise InterruptedRunError.of(
                "Interrupted", f"The wait for {_called(name, qualifier)} was cut short."
            )
        pause = min(pause * _GROWTH, _LONGEST_PAUSE)


def wait_until_warm(reader: FunctionReader, name: str, alias: str, patience: Patience) -> Setting:
    """Return the provisioned concurrency of an alias once all of it is allocated.

    It is asked for in the quota that everything else shares, hence with longer pauses.

    Raises:
        RemoteError: it could not be allocated, vanished, or took longer than may be.
        InterruptedRunError: the run was told to stop.
    """
    called = f"Provisioned concurrency of alias {alias} of {name}"
    deadline = time.monotonic() + patience.seconds
    pause = _FIRST_PAUSE
    while True:
        found = CALLS["provisioned_concurrency"].read(reader, name, alias)  # type: ignore[misc] # it has a call
        if not isinstance(found, Setting):
            said = "is gone" if found is None else f"cannot be read: {found.reason}"
            raise RemoteError.of("Provisioned concurrency cannot be seen", f"{called} {said}.")
        if found.status == "FAILED":
            raise RemoteError.of(
                "Provisioned concurrency could not be allocated",
                f"{called}: {found.reason or 'AWS gives no reason.'} Ask for less, or raise the "
                "account's limit of concurrent executions.",
            )
        if found.status == "READY":
            return found
        if time.monotonic() + pause > deadline:
            raise RemoteError.of(
                "AWS did not finish in time",
                f"{called} is still {found.status} after {patience.seconds:.0f} s.",
            )
        if patience.stop.wait(pause * random.uniform(0.8, 1.2)):  # noqa: S311 - jitter
            raise InterruptedRunError.of("Interrupted", f"The wait for {called} was cut short.")
        pause = min(pause * _GROWTH, _LONGEST_WARMING)


def _called(name: str, qualifier: str | None) -> str:
    return name if qualifier is None else f"version {qualifier} of {name}"


def _failed(function: ObservedFunction) -> bool:
    return "Failed" in (function.state, function.last_update_status)


def _failure(function: ObservedFunction, name: str, qualifier: str | None) -> RemoteError:
    reason = function.reason or "AWS gives no reason."
    advice = next((text for code, text in _ADVICE.items() if code in reason), "")
    return RemoteError.of(
        "AWS could not complete the change",
        f"{_called(name, qualifier)}: {reason} {advice}".strip(),
    )
