"""Python's search for cyclic garbage, paused where much is made and all of it stays.

A project of a thousand releases is a million objects; looking through them again and
again while they are made costs a third of the time and finds nothing.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause the collector, and let it go on as before behind the block."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
