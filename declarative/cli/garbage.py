"""Python's search for cyclic garbage: off in commands that read and end, on where one may last.

Reading a project of a thousand releases makes a million objects, nearly all of which stay
until the end: looking through them, and once more when the process ends, is a fifth of the
time of ``validate``, and finds nothing.
"""

from __future__ import annotations

import gc
from typing import Final

_YOUNG: Final = 50_000
"""Objects made since the last search that make for a new one; Python's own 700 come with
every release, of whose objects nearly none is garbage."""


def put_off() -> None:
    """Search for nothing until `begin` says so."""
    gc.disable()


def begin() -> None:
    """Search from now on, but not in what is there already."""
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(_YOUNG)
        gc.enable()
