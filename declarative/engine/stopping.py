"""Ending a run from outside: a signal sets it, and everything that waits heeds it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from declarative.errors import InterruptedRunError

if TYPE_CHECKING:
    from collections.abc import Callable


class Stop(threading.Event):
    """Set when a run is to end.

    Attributes:
        heeded: Whether waiting for AWS ends then. What was done has to be looked at and
            recorded all the same: from then on it is not.
        flush: What makes durable within so many seconds what a run has told so far, for a
            process that is about to end; None while there is nothing to flush.
    """

    flush: Callable[[float], None] | None

    def __init__(self) -> None:
        """Begin unset and heeded."""
        super().__init__()
        self.heeded = True
        self.flush = None

    def sleep(self, seconds: float) -> None:
        """Wait, for AWS to take a call or for another run to end.

        Raises:
            InterruptedRunError: the run is to end.
        """
        if not self.heeded:
            time.sleep(seconds)
        elif self.wait(seconds):
            raise InterruptedRunError.of("Interrupted", "Nothing is waited for any more.")
