"""YAML as Terraform reads it: the core schema, with 1.1's names of booleans and its dates."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Final

import yaml

from declarative.language.calls import FunctionError, refuse
from declarative.language.functions.json_text import parse_number
from declarative.language.functions.results import (
    boolean,
    number,
    string,
)
from declarative.language.values import DYNAMIC, Kind, Value, object_of, tuple_of

_TAG: Final = "tag:yaml.org,2002:"
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS: Final = {
    spelling: truth
    for truth, words in ((True, "y yes on true"), (False, "n no off false"))
    for word in words.split()
    for spelling in (word, word.capitalize(), word.upper())
}
_DECIMAL: Final = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_BASED: Final = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_INFINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MOMENT: Final = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"
    r"(?:(?:[Tt]|[ \t]+)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
    r"(?:\.[0-9]*)?[ \t]*(?P<zone>Z|[-+][0-9]{1,2}(?::[0-9]{2})?)?)?"
)
_PARTS: Final = ("year", "month", "day", "hour", "minute", "second")
_MOST_NODES: Final = 1_000_000
_KINDS: Final[dict[type[yaml.Node], str]] = {yaml.SequenceNode: "seq", yaml.MappingNode: "map"}
_UNTAGGED: Final = "?"  # YAML's own name for a plain scalar whose tag is still to be found
# The kinds of value that a plain scalar with the tag may turn out to be.
_FITTING: Final = {
    _UNTAGGED: frozenset({Kind.STRING, Kind.NUMBER, Kind.BOOL, Kind.DYNAMIC}),
    "str": frozenset({Kind.STRING}),
    "int": frozenset({Kind.NUMBER}),
    "float": frozenset({Kind.NUMBER}),
    "bool": frozenset({Kind.BOOL}),
    "null": frozenset({Kind.DYNAMIC}),
    "timestamp": frozenset({Kind.STRING}),
}


class _Loader(yaml.BaseLoader):
    """PyYAML's composer, told not to guess but to say which scalars are plain."""

    def resolve(self, kind: type[yaml.Node], _value: str | None, implicit: object) -> str:
        """Return the tag of a node that has none of its own."""
        if kind is yaml.ScalarNode and isinstance(implicit, tuple) and implicit[0]:
            return _UNTAGGED
        return _TAG + _KINDS.get(kind, "str")


@dataclass(slots=True)
class _Reader:
    """One walk from nodes to values; it ends even where aliases nest or multiply."""

    open: set[int] = field(default_factory=set)
    count: int = 0

    def value(self, node: yaml.Node) -> Value:
        self.count += 1
        if id(node) in self.open:
            raise _wrong("an alias refers to the collection it stands in", node)
        if self.count > _MOST_NODES:
            raise _wrong(f"the aliases multiply to more than {_MOST_NODES} values", node)
        self.open.add(id(node))
        try:
            match node:
                case yaml.SequenceNode():
                    _check_tag(node, "seq")
                    return tuple_of(self.value(item) for item in node.value)
                case yaml.MappingNode():
                    _check_tag(node, "map")
                    return object_of(self.members(node))
                case yaml.ScalarNode():
                    return _scalar(node)
                case _:
                    raise _wrong("this is not a value", node)
        finally:
            self.open.discard(id(node))

    def members(self, node: yaml.MappingNode) -> dict[str, Value]:
        members: dict[str, Value] = {}
        for key, item in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == "<<":
                if not isinstance(item, yaml.MappingNode):
                    raise _wrong("only a mapping can be merged with <<", item)
                members.update(self.members(item))
            else:
                members[_key(key)] = self.value(item)
        return members


def decode(text: str) -> Value:
    """Return the value of a text that is exactly one YAML document.

    Raises:
        FunctionError: it is not, or it holds what the language has no values for.
    """
    try:
        node = yaml.compose(text, Loader=_Loader)
        if node is None:
            raise refuse("the text holds no YAML document", 0)
        return _Reader().value(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise refuse(f"not valid YAML{place}: {error.problem}", 0) from error
    except yaml.YAMLError as error:
        raise refuse(f"not valid YAML: {error}", 0) from error
    except RecursionError as error:
        raise refuse("the YAML is nested too deeply", 0) from error


def _wrong(message: str, node: yaml.Node) -> FunctionError:
    mark = node.start_mark
    return refuse(f"{message} (line {mark.line + 1}, column {mark.column + 1})", 0)


def _check_tag(node: yaml.Node, name: str) -> None:
    if node.tag not in {_TAG + name, f"!{name}"}:
        raise _wrong(f"the tag {node.tag} is not supported", node)


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _wrong("a key must be a scalar", node)
    if _is_plain(node) and node.value in _NULLS:
        raise _wrong("a key must not be null", node)
    return str(node.value)


def _is_plain(node: yaml.ScalarNode) -> bool:
    return node.tag == _UNTAGGED


def _scalar(node: yaml.ScalarNode) -> Value:
    text: str = node.value
    name = node.tag.removeprefix(_TAG)
    if name == "binary":
        try:
            base64.b64decode("".join(text.split()), validate=True)
        except binascii.Error as error:
            raise _wrong("this is not base64", node) from error
        return string(text)
    if name not in _FITTING:
        raise _wrong(f"the tag {node.tag} is not supported", node)
    if name == "str" or node.style is not None:
        return string(text)
    value = _implicit(text, node)
    if value.type.kind not in _FITTING[name]:
        raise _wrong(f'"{text}" does not fit its tag', node)
    return value


def _implicit(text: str, node: yaml.Node) -> Value:
    """Return what an unquoted scalar without a tag stands for."""
    if text in _NULLS:
        return Value(DYNAMIC, None)
    if text in _BOOLS:
        return boolean(_BOOLS[text])
    if _DECIMAL.fullmatch(text):
        return number(parse_number(text))
    if _BASED.fullmatch(text):
        return number(int(text, 0))
    if _INFINITE.fullmatch(text):
        raise _wrong(f"{text} is not a number of the language", node)
    if moment := _MOMENT.fullmatch(text):
        return string(_rfc3339(moment))
    return string(text)


def _rfc3339(moment: re.Match[str]) -> str:
    part = {name: int(moment[name] or 0) for name in _PARTS}
    zone = moment["zone"] or "Z"
    if zone != "Z":
        hours, _, minutes = zone[1:].partition(":")
        zone = f"{zone[0]}{hours:0>2}:{minutes or '00'}"
        zone = "Z" if zone[1:] == "00:00" else zone
    return (
        f"{part['year']:04}-{part['month']:02}-{part['day']:02}"
        f"T{part['hour']:02}:{part['minute']:02}:{part['second']:02}{zone}"
    )
