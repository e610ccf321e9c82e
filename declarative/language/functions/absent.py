"""Functions that Terraform names and nobody can call here, each with what to write instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from declarative.language.calls import Function, Parameter, refuse
from declarative.language.functions.results import function
from declarative.language.values import Value

_INSTEAD: Final = {
    "list": "it is gone since Terraform 0.12; write tolist([…])",
    "map": "it is gone since Terraform 0.12; write tomap({…})",
    "rsadecrypt": (
        "a private key does not belong where plans are made; keep the secret in a parameter or "
        "secret store, or pass it in as a sensitive variable"
    ),
}
_ANYTHING: Final = Parameter("args", allow_null=True, allow_unknown=True)


def _advising(name: str, instead: str) -> Function:
    def call(_: Sequence[Value]) -> Value:
        raise refuse(instead)

    return function(name, [], call, variadic=_ANYTHING)


FUNCTIONS: Final = tuple(_advising(name, instead) for name, instead in _INSTEAD.items())
