"""Waiting for AWS to finish what it accepted, in the quota made for polling.

``GetFunction`` has 100 calls a second of its own per account and region; waits for functions
use nothing else, back off, and end at once when AWS says the work failed. Provisioned
concurrency can only be read in the shared quota.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from declarative.engine.setting_ports import Unreadable
from declarative.errors import InterruptedRunError, RemoteError
from declarative.model.reasons import advice_for

if TYPE_CHECKING:
    from declarative.engine.ports import FunctionReader, ObservedFunction
    from declarative.engine.setting_ports import ObservedConcurrency, SettingsReader
    from declarative.engine.stopping import Stop

_T = TypeVar("_T")

TIMEOUT: Final = 600.0
"""Seconds a wait may take where nobody says otherwise."""

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 3.0
_GROWTH = 1.6


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, and what ends a wait early.

    Attributes:
        stop: Set when the run is to end; a wait ends at once.
        seconds: The longest wait: the release's timeout.
        monotonic: Tells the time, in seconds.
        jitter: Returns a number in [0, 1), different on every runner.
        pause: Waits for some seconds and says whether the run is to end; None: as ``stop`` does.
    """

    stop: Stop
    seconds: float = TIMEOUT
    monotonic: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random
    pause: Callable[[float], bool] | None = None

    def wait(self, seconds: float) -> bool:
        """Wait, and say whether the run is to end."""
        return (self.pause or self.stop.wait)(seconds)


def wait_until_ready(
    reader: FunctionReader, name: str, qualifier: str | None, patience: Patience
) -> ObservedFunction:
    """Return the function (or version) once it is active and its last update is done.

    Raises:
        RemoteError: it failed, vanished, or took longer than ``patience.seconds``.
        InterruptedRunError: the run was told to stop.
    """

    def look() -> ObservedFunction | str:
        function = _present(reader, name, qualifier)
        if function.state != "Pending" and function.last_update_status != "InProgress":
            return function
        return f"{function.state} with its last update {function.last_update_status}"

    return _until(look, _called(name, qualifier), patience)


def wait_until_awake(
    reader: FunctionReader, name: str, version: str, patience: Patience
) -> ObservedFunction:
    """Return a version that was invoked while ``Inactive``, once it is active again.

    Raises:
        RemoteError: AWS could not restore it, it vanished, or it took too long.
        InterruptedRunError: the run was told to stop.
    """
    begun = False

    def look() -> ObservedFunction | str:
        nonlocal begun
        function = _present(reader, name, version)
        begun = begun or function.state == "Pending"
        if function.state == "Inactive" and begun:  # AWS has tried and given up
            raise _failure(function, name, version)
        return str(function.state) if function.state in ("Inactive", "Pending") else function

    return _until(look, _called(name, version), patience)


def wait_until_warm(
    reader: SettingsReader, name: str, qualifier: str, patience: Patience
) -> ObservedConcurrency:
    """Return the provisioned concurrency of an alias once all of it is there.

    Raises:
        RemoteError: AWS could not provide it, it vanished, or it took too long.
        InterruptedRunError: the run was told to stop.
    """
    called = f"provisioned concurrency of {name}:{qualifier}"

    def look() -> ObservedConcurrency | str:
        found = reader.provisioned_concurrency(name, qualifier)
        if found is None:
            raise RemoteError.of(
                "Provisioned concurrency is gone",
                f"The {called} was deleted while lamform waited for it. Plan again.",
            )
        if isinstance(found, Unreadable):
            raise RemoteError.of(
                "Provisioned concurrency cannot be read",
                f"The {called} was asked for, but {found.permission} is missing to see it come.",
            )
        if found.status == "FAILED":
            raise RemoteError.of(
                "AWS could not provide the concurrency",
                f"The {called}: {found.reason or 'AWS gives no reason'}. Ask for fewer "
                "environments, or raise the account's quota of concurrent executions.",
            )
        return found if found.status == "READY" else f"{found.available} of {found.requested}"

    return _until(look, f"the {called}", patience)


def _until(look: Callable[[], _T | str], called: str, patience: Patience) -> _T:
    """Return what ``look`` finds once that is no longer a description of what is not done."""
    deadline = patience.monotonic() + patience.seconds
    pause = _FIRST_PAUSE
    while True:
        found = look()
        if not isinstance(found, str):
            return found
        left = deadline - patience.monotonic()
        if left <= 0:
            raise RemoteError.of(
                "AWS did not finish in time",
                f"{called} is still {found} after {patience.seconds:.0f} s. Apply again, or "
                "raise the release's timeout.",
            )
        # The last look is at the deadline, not up to a pause before it.
        spread = min(pause * (0.8 + 0.4 * patience.jitter()), left)
        if patience.wait(spread):
            raise InterruptedRunError.of("Interrupted", f"The wait for {called} was cut short.")
        pause = min(pause * _GROWTH, _LONGEST_PAUSE)


def _present(reader: FunctionReader, name: str, qualifier: str | None) -> ObservedFunction:
    """Return a function or version that is there and has not failed."""
    function = reader.function(name, qualifier)
    if function is None or function.state == "Deleting":
        raise RemoteError.of(
            "The function is gone",
            f"{_called(name, qualifier)} was deleted while lamform waited for it. Plan again.",
        )
    if function.has_failed:
        raise _failure(function, name, qualifier)
    return function


def _called(name: str, qualifier: str | None) -> str:
    return name if qualifier is None else f"version {qualifier} of {name}"


def _failure(function: ObservedFunction, name: str, qualifier: str | None) -> RemoteError:
    reason = function.reason or "AWS gives no reason."
    return RemoteError.of(
        "AWS could not complete the change",
        f"{_called(name, qualifier)}: {reason} {advice_for(reason)}".strip(),
    )
