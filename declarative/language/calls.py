"""What a function of the language is, and what the evaluator does around it.

Before `Function.call` the evaluator checks the number of arguments, converts each to
its parameter's type, refuses null, answers unknown when any part of an argument is
unknown, and takes sensitive marks off; afterwards it marks the result. A function
therefore sees only what its parameters ask for and stays a few pure lines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from declarative.errors import EvaluationError
from declarative.language.values import Type, Value
from declarative.language.world import NO_SOURCES, Sources

if TYPE_CHECKING:
    from pathlib import Path

    from declarative.language.limits import Work


def no_head() -> str:
    """Refuse: nobody knows of a commit here.

    Raises:
        FunctionError: always.
    """
    raise refuse("there is no git work tree here to read the commit of")


@dataclass(frozen=True, slots=True)
class CallContext:
    """What impure functions may read.

    Attributes:
        root: The project's directory.
        environ: The environment.
        sources: Where secrets come from.
        head: Returns the commit that the project's files are at.
        work: What is done already by the loop or template that this is inside of.
    """

    root: Path
    environ: Mapping[str, str]
    sources: Sources = NO_SOURCES
    head: Callable[[], str] = no_head
    work: Work | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function.

    Attributes:
        name: As messages show it.
        type: What arguments are converted to; None (or a type that contains `DYNAMIC`)
            takes them as they are.
        allow_null: Null is handed to the function instead of being refused.
        allow_unknown: Unknown (wholly or in part) is handed over; otherwise the result
            is unknown.
        allow_marked: Sensitive marks stay on the argument, and the function answers for
            the marks of its result as far as this argument goes.
    """

    name: str
    type: Type | None = None
    allow_null: bool = False
    allow_unknown: bool = False
    allow_marked: bool = False


Implementation: TypeAlias = Callable[[CallContext, Sequence[Value]], Value]


@dataclass(frozen=True, slots=True)
class Function:
    """A built-in function; ``variadic`` takes all arguments beyond ``parameters``.

    ``call`` returns a value without residual (the evaluator attaches it) and raises
    `FunctionError` for anything wrong with the arguments' content. ``returns`` is the
    type of the result as far as it never varies; an unknown result has it. With
    ``reads_outside`` the result keeps the call that made it, so that a plan saves
    ``sensitive(getenv("KEY"))`` and not what it found there.
    """

    name: str
    parameters: tuple[Parameter, ...]
    variadic: Parameter | None
    call: Implementation
    returns: Type | None = None
    reads_outside: bool = False

    def parameter(self, position: int) -> Parameter | None:
        """Return the parameter that takes the argument at ``position``, counted from 0."""
        if position < len(self.parameters):
            return self.parameters[position]
        return self.variadic


@dataclass(eq=False)
class FunctionError(EvaluationError):
    """A function refused its arguments; the evaluator adds the function and the range.

    Attributes:
        message: What is wrong, as a sentence without a final stop and without the name
            of the function: ``a negative number has no logarithm``.
        argument: The position (from 0) of the argument to blame, if it is one.
    """

    message: str = ""
    argument: int | None = None


def refuse(message: str, argument: int | None = None) -> FunctionError:
    """Return the error to raise when the content of an argument is no good."""
    return FunctionError(message=message, argument=argument)
