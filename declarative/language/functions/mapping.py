"""Maps and objects: taking apart and putting together.

Whether a result is a map or an object follows the arguments, as in Terraform.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from declarative.language.calls import Parameter, refuse
from declarative.language.functions.results import (
    LIST_OF_STRING,
    MAPPINGS,
    ORDERED,
    carried,
    element_type,
    function,
    items_of,
    list_of,
    members_of,
    require,
    structural,
    text,
    text_of,
)
from declarative.language.types import convert
from declarative.language.values import STRING, Kind, Type, Value, object_of, tuple_of

_A_LIST: Final = "a list or tuple"
_A_MAP: Final = "a map or object"
_MAP_OF_LISTS: Final = Type(Kind.MAP, element=LIST_OF_STRING)


def _keys(given: Sequence[Value]) -> Value:
    names = [
        Value(STRING, name) for name in sorted(members_of(require(given[0], MAPPINGS, _A_MAP)))
    ]
    return tuple_of(names) if given[0].type.kind is Kind.OBJECT else list_of(STRING, names)


def _values(given: Sequence[Value]) -> Value:
    members = members_of(require(given[0], MAPPINGS, _A_MAP))
    items = [members[name] for name in sorted(members)]
    if given[0].type.kind is Kind.OBJECT:
        return tuple_of(items)
    return list_of(element_type(given[0].type), items)


def _lookup(given: Sequence[Value]) -> Value:
    source, key, *defaults = given
    if len(defaults) > 1:
        raise refuse("a map, a key and at most one default are required")
    members = members_of(require(source, MAPPINGS, _A_MAP))
    is_map = source.type.kind is Kind.MAP
    default = convert(defaults[0], element_type(source.type)) if is_map and defaults else None
    if text_of(key) in members:
        return members[text_of(key)]
    if not defaults:
        raise refuse(f'there is no "{text_of(key)}" in the map, and no default was given', 1)
    return default or defaults[0]


def _merge(given: Sequence[Value]) -> Value:
    merged: dict[str, Value] = {}
    for position, argument in enumerate(given):
        if not argument.is_null:
            merged.update(members_of(require(argument, MAPPINGS, _A_MAP, position)))
    types = {argument.type for argument in given}
    if len(types) == 1 and given[0].type.kind is Kind.MAP and not any(i.is_null for i in given):
        return Value(given[0].type, dict(sorted(merged.items())))
    return object_of(merged)


def _zipmap(given: Sequence[Value]) -> Value:
    items = items_of(require(given[1], ORDERED, _A_LIST, 1))
    keys = items_of(given[0])
    if any(key.is_null for key in keys):
        raise refuse("a null cannot be a key", 0)
    if len(keys) != len(items):
        raise refuse(f"{len(keys)} keys do not go with {len(items)} values", 1)
    members = dict(zip((text_of(key) for key in keys), items, strict=True))
    if given[1].type.kind is Kind.TUPLE:
        return object_of(members)
    return Value(
        Type(Kind.MAP, element=element_type(given[1].type)),
        {name: members[name] for name in sorted(members)},
    )


def _transpose(given: Sequence[Value]) -> Value:
    found: dict[str, list[Value]] = {}
    for name, listed in sorted(members_of(given[0]).items()):
        if listed.is_null:
            raise refuse(f'the list at "{name}" is null', 0)
        for item in items_of(listed):
            if item.is_null:
                raise refuse(f'an element of the list at "{name}" is null', 0)
            found.setdefault(text_of(item), []).append(Value(STRING, name))
    lists = {name: list_of(STRING, found[name]) for name in sorted(found)}
    return Value(_MAP_OF_LISTS, lists)


FUNCTIONS: Final = (
    function("transpose", [Parameter("values", _MAP_OF_LISTS)], _transpose, returns=_MAP_OF_LISTS),
    structural("keys", [carried("inputMap")], _keys),
    structural(
        "lookup",
        [carried("inputMap"), text("key")],
        _lookup,
        variadic=carried("default"),
    ),
    structural("merge", [], _merge, variadic=carried("maps", allow_null=True)),
    structural("values", [carried("mapping")], _values),
    structural("zipmap", [Parameter("keys", LIST_OF_STRING), carried("values")], _zipmap),
)
