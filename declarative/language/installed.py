"""What installed packages add to the language: kinds of blocks, by their entry points."""

from __future__ import annotations

from typing import Final

BACKENDS: Final = "lamform.backends"
"""The group of entry points whose names are kinds of ``backend`` besides those built in."""


def kinds(group: str) -> frozenset[str]:
    """Return the names that installed packages give in a group of entry points."""
    import importlib.metadata  # only here: it is slow to import, and most kinds are built in

    return frozenset(point.name for point in importlib.metadata.entry_points(group=group))
