"""The built-in functions, by name: Terraform's, with its results and its refusals.

``try`` and ``can`` are not here: they must see their arguments unevaluated, so the
evaluator has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from declarative.language.calls import Function
from declarative.language.functions import (
    collection,
    encoding,
    filesystem,
    formatting,
    hashing,
    mapping,
    numeric,
    patterns,
    sets,
    string,
    typing,
    unrepeatable,
)

__all__ = ["BUILTINS"]

BUILTINS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        function.name: function
        for module in (
            collection,
            encoding,
            filesystem,
            formatting,
            hashing,
            mapping,
            numeric,
            patterns,
            sets,
            string,
            typing,
            unrepeatable,
        )
        for function in module.FUNCTIONS
    }
)
