"""A gate that opens once and stays open."""

from __future__ import annotations

import threading


class Gate:
    """Closed at first; those who wait pass one after another once it is open.

    `threading.Event` would wake all of them at once, only for each to wait for the interpreter.
    And its lock could be held by the very thread that a signal handler interrupts: to open a
    gate takes no lock.
    """

    def __init__(self) -> None:
        """Begin closed."""
        self._closed = threading.Lock()
        self._closed.acquire()

    def open(self) -> None:
        """Let pass who waits, and who comes later; to be called once."""
        self._closed.release()

    def wait(self, seconds: float = -1) -> None:
        """Return once it is open, or when so many seconds are over; without them, wait for ever."""
        if self._closed.acquire(timeout=seconds):
            self._closed.release()
