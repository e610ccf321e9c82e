"""Small makers of values and checks of arguments that all functions share."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final, TypeAlias

from declarative.language import limits, numbers
from declarative.language.calls import (
    CallContext,
    Function,
    Implementation,
    Parameter,
    refuse,
)
from declarative.language.marks import is_traced
from declarative.language.nodes import Call
from declarative.language.residuals import residual_of, try_residual
from declarative.language.values import (
    BOOL,
    DYNAMIC,
    NUMBER,
    STRING,
    UNKNOWN,
    Kind,
    Type,
    Value,
)

Number: TypeAlias = int | Decimal
Pure: TypeAlias = Callable[[Sequence[Value]], Value]

LIST_OF_ANY: Final = Type(Kind.LIST, element=DYNAMIC)
LIST_OF_STRING: Final = Type(Kind.LIST, element=STRING)
SEQUENCES: Final = frozenset({Kind.LIST, Kind.SET, Kind.TUPLE})
ORDERED: Final = frozenset({Kind.LIST, Kind.TUPLE})
MAPPINGS: Final = frozenset({Kind.MAP, Kind.OBJECT})


def string(text: str) -> Value:
    """Return a string value; like all strings of the language it is in form NFC.

    Raises:
        EvaluationError: it is too long.
    """
    limits.check_text(len(text))
    return Value(STRING, unicodedata.normalize("NFC", text))


def number(value: Number) -> Value:
    """Return a number value."""
    return Value(NUMBER, numbers.number(value))


def boolean(value: bool) -> Value:  # noqa: FBT001 - the content, not a switch
    """Return a bool value."""
    return Value(BOOL, value)


def list_of(element: Type, items: Iterable[Value]) -> Value:
    """Return a list value; every item must already have the type ``element``."""
    return Value(Type(Kind.LIST, element=element), tuple(items))


def strings(texts: Iterable[str]) -> Value:
    """Return a list of strings."""
    return list_of(STRING, (string(text) for text in texts))


def element_type(type_: Type) -> Type:
    """Return the element type of a list, set or map type."""
    return type_.element or DYNAMIC


def text_of(value: Value) -> str:
    """Return the content of a known string."""
    assert isinstance(value.content, str)  # noqa: S101 - the evaluator converted it
    return value.content


def number_of(value: Value) -> Number:
    """Return the content of a known number."""
    assert isinstance(value.content, int | Decimal)  # noqa: S101 - the evaluator converted it
    return value.content


def items_of(value: Value) -> tuple[Value, ...]:
    """Return the elements of a known list, set or tuple."""
    assert isinstance(value.content, tuple)  # noqa: S101 - the caller has looked at the type
    return value.content


def members_of(value: Value) -> dict[str, Value]:
    """Return the elements of a known map or object by key."""
    assert isinstance(value.content, dict)  # noqa: S101 - the caller has looked at the type
    return value.content


def whole(value: Value, what: str, position: int, *, bits: int = 63) -> int:
    """Return a number that has to be an integer of at most so many bits."""
    content = number_of(value)
    spelled = numbers.exact(content)
    if spelled != spelled.to_integral_value():
        raise refuse(
            f"the {what} must be a whole number, not {numbers.format_number(content)}", position
        )
    made = int(spelled)
    if made.bit_length() > bits:
        raise refuse(f"the {what} is too large", position)
    return made


def require(value: Value, kinds: frozenset[Kind], wanted: str, position: int = 0) -> Value:
    """Return ``value`` if its type is of one of the ``kinds``; refuse it otherwise."""
    if value.type.kind not in kinds:
        raise refuse(f"{wanted} is required here, not a {value.type.kind.value}", position)
    return value


def plain(name: str) -> Parameter:
    """Return a parameter that takes any type, known and without marks."""
    return Parameter(name)


def text(name: str) -> Parameter:
    """Return a string parameter."""
    return Parameter(name, STRING)


def numeric(name: str) -> Parameter:
    """Return a number parameter."""
    return Parameter(name, NUMBER)


def carried(name: str, *, allow_null: bool = False) -> Parameter:
    """Return a parameter whose elements `structural` functions pass on, marks and all."""
    return Parameter(name, allow_null=allow_null, allow_unknown=True, allow_marked=True)


def function(
    name: str,
    parameters: Sequence[Parameter],
    call: Pure,
    *,
    variadic: Parameter | None = None,
    returns: Type | None = None,
) -> Function:
    """Return a function that reads nothing but its arguments."""

    def implementation(_: CallContext, arguments: Sequence[Value]) -> Value:
        return call(arguments)

    return Function(name, tuple(parameters), variadic, implementation, returns)


def impure(
    name: str,
    parameter: Parameter,
    call: Implementation,
    returns: Type,
    *,
    variadic: Parameter | None = None,
) -> Function:
    """Return a function that reads the project's directory or the environment."""
    return Function(name, (parameter,), variadic, call, returns, reads_outside=True)


def structural(
    name: str,
    parameters: Sequence[Parameter],
    call: Pure,
    *,
    variadic: Parameter | None = None,
    returns: Type | None = None,
) -> Function:
    """Return a function that moves elements about without looking into them.

    Elements keep their own marks, so that one secret in a map leaves its neighbours
    readable. A container that is itself unknown or sensitive makes all of the result so,
    and what came out of a traced container can be traced back to it.
    """

    def marked(arguments: Sequence[Value]) -> Value:
        sensitive = any(argument.sensitive for argument in arguments)
        if any(not argument.is_known for argument in arguments):
            return Value(returns or DYNAMIC, UNKNOWN, sensitive)
        result = call([replace(item, sensitive=False, residual=None) for item in arguments])
        if not any(map(is_traced, arguments)):
            return result
        return replace(
            result,
            sensitive=result.sensitive or sensitive,
            residual=try_residual(lambda: Call(name, tuple(map(residual_of, arguments)))),
        )

    return function(name, parameters, marked, variadic=variadic, returns=returns)


def scalar(name: str, parameter: Parameter, call: Callable[[str], Value], type_: Type) -> Function:
    """Return a function of one string."""
    return function(name, [parameter], lambda given: call(text_of(given[0])), returns=type_)
