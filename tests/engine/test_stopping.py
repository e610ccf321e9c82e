"""Ending a run from outside, whatever the thread that is told of it is just doing."""

from __future__ import annotations

import sys
import threading

import pytest

from declarative.engine.stopping import Stop
from declarative.errors import InterruptedRunError

LONG = 60.0


def told_at_every_line(stop: Stop) -> None:
    """Set ``stop`` in this thread wherever a signal handler could run, and wait for it."""

    def tell(*_: object) -> object:
        sys.settrace(None)
        stop.set()
        sys.settrace(tell)
        return tell

    sys.settrace(tell)
    try:
        while not stop.wait(0.0):
            pass
        stop.wait(LONG)
    finally:
        sys.settrace(None)


def test_a_signal_may_arrive_at_any_point_of_a_wait() -> None:
    stop = Stop()
    waiting = threading.Thread(target=told_at_every_line, args=(stop,), daemon=True)
    waiting.start()
    waiting.join(10)
    assert not waiting.is_alive(), "the handler waits for what it has interrupted"
    assert stop.is_set()


def test_all_that_wait_are_woken() -> None:
    stop, ended = Stop(), []
    waiting = [
        threading.Thread(target=lambda: ended.append(stop.wait(LONG)), daemon=True)
        for _ in range(8)
    ]
    for thread in waiting:
        thread.start()
    stop.set()
    stop.set()
    for thread in waiting:
        thread.join(10)
    assert ended == [True] * 8
    assert stop.wait(LONG)


def test_nothing_ends_a_wait_but_its_time() -> None:
    stop = Stop()
    assert not stop.wait(0.001)
    assert not stop.wait(-1.0)
    assert not stop.is_set()
    stop.sleep(0.001)


def test_a_sleep_ends_with_the_run_as_long_as_that_is_heeded() -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(InterruptedRunError):
        stop.sleep(LONG)
    stop.heeded = False
    stop.sleep(0.001)
