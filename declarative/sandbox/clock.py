"""Where the simulated time comes from."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Two readings of time, as the simulator needs them."""

    def monotonic(self) -> float:
        """Return seconds that never go back; only differences mean something."""
        ...

    def wall(self) -> float:
        """Return seconds since the epoch, for the times that answers show."""
        ...


class SystemClock:
    """The machine's own time."""

    def monotonic(self) -> float:
        """Return `time.monotonic`."""
        return time.monotonic()

    def wall(self) -> float:
        """Return `time.time`."""
        return time.time()


class SimulatedClock:
    """Time that moves only when told to."""

    def __init__(self, start: float = 1_750_000_000.0) -> None:
        self._now = start

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self._now += seconds

    def monotonic(self) -> float:
        """Return the simulated time."""
        return self._now

    def wall(self) -> float:
        """Return the simulated time."""
        return self._now


def lambda_time(seconds: float) -> str:
    """Write a time the way Lambda does in ``LastModified``."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}+0000"
