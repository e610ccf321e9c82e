"""Functions of Terraform that a plan cannot have: their result differs from run to run.

They are entries, not absences, so that the message can say why and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from declarative.language.calls import Function, Parameter, refuse
from declarative.language.functions.results import function
from declarative.language.values import STRING, Value

_INSTEAD: Final = {
    "timestamp": "pass the time in as a variable",
    "plantimestamp": "pass the time in as a variable",
    "uuid": "pass the identifier in as a variable, or derive one with sha256()",
    "bcrypt": "compute the hash outside, and pass it in as a sensitive variable",
}
_ANYTHING: Final = Parameter("args", allow_null=True, allow_unknown=True)


def _refused(name: str, instead: str) -> Function:
    def call(_: Sequence[Value]) -> Value:
        raise refuse(
            "the result would be another one each time, but what an apply does must be "
            f"what its plan showed: plans must be reproducible; {instead}"
        )

    return function(name, [], call, variadic=_ANYTHING, returns=STRING)


FUNCTIONS: Final = tuple(_refused(name, instead) for name, instead in _INSTEAD.items())
