"""Sets and products of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import product
from typing import Final, TypeAlias

from declarative.language.calls import Function, Parameter, refuse
from declarative.language.functions.results import (
    SEQUENCES,
    element_type,
    function,
    items_of,
    list_of,
    plain,
    require,
)
from declarative.language.limits import check_elements
from declarative.language.ordering import identity
from declarative.language.types import convert, set_of, unify
from declarative.language.values import DYNAMIC, Kind, Type, Value, tuple_of

_Items: TypeAlias = Sequence[Value]

_SET_OF_ANY: Final = Type(Kind.SET, element=DYNAMIC)
_A_SET: Final = "a set, list or tuple"
_FEWEST_FACTORS: Final = 2


def _common(types: Sequence[Type]) -> Type:
    """Return the one type for all; the element type of an empty collection has no say."""
    known = [type_ for type_ in types if type_ != DYNAMIC]
    if not known:
        return DYNAMIC
    common = unify(known)
    if common is None:
        raise refuse("the elements of all arguments must have one type")
    return common


def _operation(
    name: str, combine: Callable[[_Items, _Items], _Items], parameters: Sequence[str]
) -> Function:
    def call(given: Sequence[Value]) -> Value:
        sets = [
            convert(require(argument, SEQUENCES, _A_SET, position), _SET_OF_ANY)
            for position, argument in enumerate(given)
        ]
        element = _common([element_type(item.type) for item in sets])
        operands = [items_of(convert(operand, Type(Kind.SET, element))) for operand in sets]
        return set_of(reduce(combine, operands), Type(Kind.SET, element))

    if parameters:
        return function(name, [plain(parameter) for parameter in parameters], call)
    return function(name, [plain("first_set")], call, variadic=plain("other_sets"))


def _factor(argument: Value) -> tuple[Type, _Items]:
    """Return the common type of the elements, and the elements converted to it."""
    items = items_of(argument)
    if argument.type.kind is not Kind.TUPLE:
        return element_type(argument.type), items
    element = _common([item.type for item in items])
    return element, tuple(convert(item, element) for item in items)


def _setproduct(given: Sequence[Value]) -> Value:
    if len(given) < _FEWEST_FACTORS:
        raise refuse("at least two arguments are required")
    factors = [
        _factor(require(argument, SEQUENCES, _A_SET, position))
        for position, argument in enumerate(given)
    ]
    check_elements(math.prod(len(items) for _, items in factors))
    element = Type(Kind.TUPLE, elements=tuple(type_ for type_, _ in factors))
    combinations = [
        Value(element, tuple_of(items).content)
        for items in product(*(items for _, items in factors))
    ]
    if any(argument.type.kind is Kind.SET for argument in given):
        return set_of(combinations, Type(Kind.SET, element))
    return list_of(element, combinations)


def _shared(left: _Items, right: _Items) -> _Items:
    others = set(map(identity, right))
    return [item for item in left if identity(item) in others]


def _left_over(left: _Items, right: _Items) -> _Items:
    others = set(map(identity, right))
    return [item for item in left if identity(item) not in others]


FUNCTIONS: Final = (
    _operation("setunion", lambda a, b: (*a, *_left_over(b, a)), ()),
    _operation("setintersection", _shared, ()),
    _operation("setsubtract", _left_over, ("a", "b")),
    function("setproduct", [], _setproduct, variadic=Parameter("sets")),
)
