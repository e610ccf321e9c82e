"""Conversions between types, and the sensitive mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from declarative.language.calls import Function, Parameter
from declarative.language.functions.results import LIST_OF_ANY, boolean, carried, function
from declarative.language.types import convert
from declarative.language.values import BOOL, DYNAMIC, NUMBER, STRING, Kind, Type, Value

_MARKED: Final = Parameter("value", allow_null=True, allow_unknown=True, allow_marked=True)


def _conversion(name: str, type_: Type, *, exact: bool) -> Function:
    def call(given: Sequence[Value]) -> Value:
        return convert(given[0], type_)

    return function(name, [Parameter("v", allow_null=True)], call, returns=type_ if exact else None)


def _sensitive(given: Sequence[Value]) -> Value:
    return replace(given[0], sensitive=True)


def _nonsensitive(given: Sequence[Value]) -> Value:
    return replace(given[0], sensitive=False)


def _issensitive(given: Sequence[Value]) -> Value:
    return boolean(given[0].sensitive)


FUNCTIONS: Final = (
    _conversion("tostring", STRING, exact=True),
    _conversion("tonumber", NUMBER, exact=True),
    _conversion("tobool", BOOL, exact=True),
    _conversion("tolist", LIST_OF_ANY, exact=False),
    _conversion("toset", Type(Kind.SET, element=DYNAMIC), exact=False),
    _conversion("tomap", Type(Kind.MAP, element=DYNAMIC), exact=False),
    # No value here is ephemeral: what must not be kept is sensitive, and stays so.
    function("ephemeralasnull", [carried("value", allow_null=True)], lambda given: given[0]),
    function("sensitive", [_MARKED], _sensitive),
    function("nonsensitive", [_MARKED], _nonsensitive),
    function("issensitive", [_MARKED], _issensitive, returns=BOOL),
)
