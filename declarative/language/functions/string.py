"""Strings: cutting, joining, case, and searching for fixed text."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import Final

from declarative.language.calls import Function, Parameter, refuse
from declarative.language.functions.graphemes import clusters
from declarative.language.functions.results import (
    LIST_OF_STRING,
    boolean,
    function,
    items_of,
    numeric,
    scalar,
    string,
    strings,
    text,
    text_of,
    whole,
)
from declarative.language.limits import check_text
from declarative.language.values import BOOL, STRING, Value

_WIDEST: Final = 100_000
# White space as Go knows it; Python's also has the four information separators.
_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def _upper(character: str) -> str:
    """Return the simple upper case; Python's own may be several characters (ß, ŉ)."""
    for form in (character.upper(), character.title()):
        if len(form) == 1:
            return form
    return character


def _title_letter(character: str) -> str:
    form = character.title()
    return form if len(form) == 1 else character


def _lower(character: str) -> str:
    return character.lower()[:1]  # one character but for İ, whose simple form is the first


def _title(given: str) -> Value:
    result = []
    separated = True
    for character in given:
        result.append(_title_letter(character) if separated else character)
        separated = _separates(character)
    return string("".join(result))


def _separates(character: str) -> bool:
    if character.isascii():
        return not (character.isalnum() or character == "_")
    if unicodedata.category(character)[0] == "L" or character.isdecimal():
        return False
    return character in _SPACE


def _indent(given: Sequence[Value]) -> Value:
    spaces = whole(given[0], "number of spaces", 0)
    if spaces < 0:
        raise refuse("the number of spaces must not be negative", 0)
    if spaces > _WIDEST:
        raise refuse(f"at most {_WIDEST} spaces can be put in front of a line", 0)
    source = text_of(given[1])
    check_text(len(source) + source.count("\n") * spaces)
    return string(source.replace("\n", "\n" + " " * spaces))


def _join(given: Sequence[Value]) -> Value:
    if len(given) == 1:
        raise refuse("at least one list is required after the separator")
    parts: list[str] = []
    for position, argument in enumerate(given[1:], start=1):
        for index, item in enumerate(items_of(argument)):
            if item.is_null:
                raise refuse(f"element {index} is null and cannot be joined", position)
            parts.append(text_of(item))
    separator = text_of(given[0])
    check_text(sum(map(len, parts)) + len(separator) * max(0, len(parts) - 1))
    return string(separator.join(parts))


def _split(given: Sequence[Value]) -> Value:
    separator, whole_text = text_of(given[0]), text_of(given[1])
    return strings(whole_text.split(separator) if separator else whole_text)


def _trim(given: Sequence[Value]) -> Value:
    cut = text_of(given[1])
    return string(text_of(given[0]).strip(cut) if cut else text_of(given[0]))


def _substr(given: Sequence[Value]) -> Value:
    characters = clusters(text_of(given[0]))
    offset, length = whole(given[1], "offset", 1), whole(given[2], "length", 2)
    if offset < 0:
        offset = max(0, offset + len(characters))
        if length == 0:
            # Terraform counts characters off a zero length here and never arrives at none.
            length = -1
    end = offset + length if length >= 0 else len(characters)
    return string("".join(characters[offset:end]))


def _pair(name: str, second: str, call: Callable[[str, str], Value]) -> Function:
    returns = STRING if name.startswith("trim") else BOOL
    return function(
        name,
        [text("str"), text(second)],
        lambda given: call(text_of(given[0]), text_of(given[1])),
        returns=returns,
    )


FUNCTIONS: Final = (
    scalar("chomp", text("str"), lambda given: string(given.rstrip("\r\n")), STRING),
    scalar("lower", text("str"), lambda given: string("".join(map(_lower, given))), STRING),
    scalar("upper", text("str"), lambda given: string("".join(map(_upper, given))), STRING),
    scalar("title", text("str"), _title, STRING),
    scalar("trimspace", text("str"), lambda given: string(given.strip(_SPACE)), STRING),
    scalar("strrev", text("str"), lambda given: string("".join(clusters(given)[::-1])), STRING),
    function("indent", [numeric("spaces"), text("str")], _indent, returns=STRING),
    function(
        "join",
        [text("separator")],
        _join,
        variadic=Parameter("lists", LIST_OF_STRING),
        returns=STRING,
    ),
    function("split", [text("separator"), text("str")], _split, returns=LIST_OF_STRING),
    function("trim", [text("str"), text("cutset")], _trim, returns=STRING),
    function(
        "substr", [text("str"), numeric("offset"), numeric("length")], _substr, returns=STRING
    ),
    _pair("trimprefix", "prefix", lambda given, part: string(given.removeprefix(part))),
    _pair("trimsuffix", "suffix", lambda given, part: string(given.removesuffix(part))),
    _pair("startswith", "prefix", lambda given, part: boolean(given.startswith(part))),
    _pair("endswith", "suffix", lambda given, part: boolean(given.endswith(part))),
    _pair("strcontains", "substr", lambda given, part: boolean(part in given)),
)
