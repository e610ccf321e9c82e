"""Where the simulated time comes from."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Two readings of time and a wait, as the simulator needs them."""

    def monotonic(self) -> float:
        """Return seconds that never go back; only differences mean something."""
        ...

    def wall(self) -> float:
        """Return seconds since the epoch, for the times that answers show."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return when ``seconds`` have passed."""
        ...


class SystemClock:
    """The machine's own time."""

    def monotonic(self) -> float:
        """Return `time.monotonic`."""
        return time.monotonic()

    def wall(self) -> float:
        """Return `time.time`."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Call `time.sleep`."""
        time.sleep(seconds)


# No real sleep is shorter; one that a float cannot add would never end a loop that waits by it.
_SHORTEST = 1e-6


class SimulatedClock:
    """Time that moves only when someone advances it or sleeps; safe for threads.

    A sleep takes no real time: it moves the time of all to its end. It is counted from what
    its own thread last knew of the time, not from how far others have moved it since, so
    that threads which wait for the same moment wait together and not one after the other.
    """

    def __init__(self, start: float = 1_750_000_000.0) -> None:
        self._start = start
        self._now = 0.0  # counted from the start: a date leaves a float too few digits
        self._lock = threading.Lock()
        self._known = threading.local()

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass for everyone."""
        with self._lock:
            self._now += seconds
            self._known.now = self._now

    def sleep(self, seconds: float) -> None:
        """Let time go on to ``seconds`` after this thread's last look at the clock.

        To wait by, for code that reads this clock: ``sleep=clock.sleep``.
        """
        with self._lock:
            wait = max(_SHORTEST, seconds) if seconds > 0 else 0.0
            until = getattr(self._known, "now", self._now) + wait
            self._now = max(self._now, until)
            self._known.now = until

    def monotonic(self) -> float:
        """Return the simulated seconds since the start."""
        with self._lock:
            self._known.now = self._now
            return self._now

    def wall(self) -> float:
        """Return the simulated time."""
        return self._start + self.monotonic()


def lambda_time(seconds: float) -> str:
    """Write a time the way Lambda does in ``LastModified``."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}+0000"
