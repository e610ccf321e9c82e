"""How much code an account stores in a region: every version counts, and every layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from declarative.sandbox.records import Code
    from declarative.sandbox.world import Region


def stored_size(code: Code) -> int:
    """Return the bytes that one copy takes: none for an object that is used in place."""
    return code.size if code.reference is None else 0


def stored_bytes(region: Region) -> int:
    """Return the bytes of all functions, versions and layers; objects used in place are free."""
    functions = sum(
        stored_size(item.code)
        for function in region.functions.values()
        for item in function.configurations()
    )
    layers = (version for versions in region.around.layers.values() for version in versions)
    return functions + sum(int(version["CodeSize"]) for version in layers)
