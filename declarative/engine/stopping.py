"""Ending a run from outside: a signal sets it, and everything that waits heeds it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from declarative.engine.gates import Gate
from declarative.errors import InterruptedRunError

if TYPE_CHECKING:
    from collections.abc import Callable


class Stop:
    """Set when a run is to end; any number of threads wait for it.

    A signal handler may set it while the thread that it interrupts waits: neither takes a
    lock that the other would have to give back first, as `threading.Event` does.

    Attributes:
        heeded: Whether waiting for AWS ends then. What was done has to be looked at and
            recorded all the same: from then on it is not.
        flush: What makes durable within so many seconds what a run has told so far, for a
            process that is about to end; None while there is nothing to flush.
    """

    flush: Callable[[float], None] | None

    def __init__(self) -> None:
        """Begin unset and heeded."""
        self.heeded = True
        self.flush = None
        self._told = threading.Lock()  # held from when it is set
        self._gate = Gate()

    def set(self) -> None:
        """End all waits, those that are going on and those to come."""
        if self._told.acquire(blocking=False):
            self._gate.open()

    def is_set(self) -> bool:
        """Whether the run is to end."""
        return self._told.locked()

    def wait(self, seconds: float) -> bool:
        """Wait for so many seconds, or until the run is to end, and say whether it is."""
        self._gate.wait(max(seconds, 0))
        return self.is_set()

    def sleep(self, seconds: float) -> None:
        """Wait, for AWS to take a call or for another run to end.

        Raises:
            InterruptedRunError: the run is to end.
        """
        if not self.heeded:
            time.sleep(seconds)
        elif self.wait(seconds):
            raise InterruptedRunError.of("Interrupted", "Nothing is waited for any more.")
