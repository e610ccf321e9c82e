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
    absent,
    charsets,
    collection,
    dates,
    encoding,
    filesystem,
    formatting,
    globs,
    hashing,
    mapping,
    network,
    numeric,
    patterns,
    sets,
    sources,
    string,
    templating,
    typing,
    unrepeatable,
)

__all__ = ["BUILTINS"]

BUILTINS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        function.name: function
        for module in (
            absent,
            charsets,
            collection,
            dates,
            encoding,
            filesystem,
            formatting,
            globs,
            hashing,
            mapping,
            network,
            numeric,
            patterns,
            sets,
            sources,
            string,
            typing,
            unrepeatable,
        )
        for function in module.FUNCTIONS
    }
    | {function.name: function for function in templating.functions(lambda: BUILTINS)}
)
