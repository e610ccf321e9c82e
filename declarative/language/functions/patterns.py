"""``regex``, ``regexall`` and ``replace``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from declarative.language.calls import refuse
from declarative.language.functions.re2 import Match, Pattern, compile_pattern
from declarative.language.functions.results import (
    function,
    list_of,
    string,
    text,
    text_of,
)
from declarative.language.limits import check_text
from declarative.language.values import STRING, Kind, Type, Value, object_of, tuple_of

_SHORTEST_PATTERN: Final = 2  # the two slashes
_REFERENCE: Final = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")


def _captured(text_: str | None) -> Value:
    return Value(STRING, None) if text_ is None else string(text_)


def _capture(pattern: Pattern, match: Match) -> Value:
    """Return the whole match, a tuple of its groups, or an object of its named groups."""
    if not pattern.names:
        return string(match.whole)
    groups = [_captured(group) for group in match.groups()]
    named = [name for name in pattern.names if name is not None]
    if not named:
        return tuple_of(groups)
    return object_of(dict(zip(named, groups, strict=True)))


def _capture_type(pattern: Pattern) -> Type:
    if not pattern.names:
        return STRING
    named = sorted({name for name in pattern.names if name is not None})
    if not named:
        return Type(Kind.TUPLE, elements=(STRING,) * len(pattern.names))
    return Type(Kind.OBJECT, attributes=tuple((name, STRING) for name in named))


def _pattern(given: Value) -> Pattern:
    pattern = compile_pattern(text_of(given))
    if any(pattern.names) and None in pattern.names:
        raise refuse(
            "the pattern mixes named and unnamed groups; name all of them, or make the others "
            "(?:…)",
            0,
        )
    return pattern


def _regex(given: Sequence[Value]) -> Value:
    pattern = _pattern(given[0])
    match = pattern.search(text_of(given[1]))
    if match is None:
        raise refuse(f"the pattern /{text_of(given[0])}/ matches nothing in the string", 1)
    return _capture(pattern, match)


def _regexall(given: Sequence[Value]) -> Value:
    pattern = _pattern(given[0])
    matches = pattern.matches(text_of(given[1]))
    return list_of(_capture_type(pattern), (_capture(pattern, match) for match in matches))


def _replace(given: Sequence[Value]) -> Value:
    subject, wanted, replacement = (text_of(item) for item in given)
    if len(wanted) < _SHORTEST_PATTERN or not (wanted.startswith("/") and wanted.endswith("/")):
        times = subject.count(wanted)
        check_text(len(subject) + times * (len(replacement) - len(wanted)))
        return string(subject.replace(wanted, replacement))
    pattern = compile_pattern(wanted[1:-1])
    output: list[str] = []
    end = size = 0
    for match in pattern.matches(subject):
        output += [subject[end : match.span()[0]], _expand(replacement, pattern, match)]
        size += len(output[-1]) + len(output[-2])
        check_text(size)
        end = match.span()[1]
    return string("".join([*output, subject[end:]]))


def _expand(template: str, pattern: Pattern, match: Match) -> str:
    """Replace ``$1``, ``${1}`` and ``${name}`` by groups; an unknown group is empty."""

    def group(reference: re.Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        if name.isdecimal():
            return (match[int(name)] or "") if int(name) <= len(pattern.names) else ""
        if name in pattern.names:
            return match[pattern.names.index(name) + 1] or ""
        return ""

    return _REFERENCE.sub(group, template)


FUNCTIONS: Final = (
    function("regex", [text("pattern"), text("string")], _regex),
    function("regexall", [text("pattern"), text("string")], _regexall),
    function("replace", [text("str"), text("substr"), text("replace")], _replace, returns=STRING),
)
