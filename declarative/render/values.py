"""Values of the language as Terraform's console prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from declarative.language.numbers import format_number
from declarative.language.types import friendly_name
from declarative.language.values import UNKNOWN, Kind, Reference, Type, Value, solid

if TYPE_CHECKING:
    from collections.abc import Iterable

_SENSITIVE: Final = "(sensitive value)"
_NOT_KNOWN: Final = "(known after apply)"
_PRIMITIVES: Final = frozenset({Kind.STRING, Kind.NUMBER, Kind.BOOL})
_ESCAPES: Final = {
    "\\": "\\\\",
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\v": "\\v",
}
_WRAPPED: Final = {Kind.LIST: "tolist", Kind.SET: "toset", Kind.MAP: "tomap"}
_ASCII: Final = 0x7F


def value_text(value: Value, indent: int = 0) -> str:
    """Return ``value`` as an expression that gives it, over several lines where it is long.

    Blocks are their addresses; what is marked is a placeholder. Nothing in the result
    makes a terminal do anything.
    """
    value = solid(value)
    content = value.content
    if value.sensitive:
        return _SENSITIVE
    if content is UNKNOWN:
        return _NOT_KNOWN
    if isinstance(content, dict | tuple):
        return _wrapped(value.type, _collection(content, indent))
    return _null(value.type) if content is None else _scalar(content, indent)


def _collection(content: dict[str, Value] | tuple[Value, ...], indent: int) -> str:
    pad = " " * (indent + 2)
    if isinstance(content, tuple):
        items = (f"{pad}{value_text(item, indent + 2)}," for item in content)
        return _block("[", items, "]", indent)
    entries = (
        f"{pad}{quoted(name)} = {value_text(item, indent + 2)}"
        for name, item in sorted(content.items())
    )
    return _block("{", entries, "}", indent)


def _scalar(content: object, indent: int) -> str:
    match content:
        case bool():
            return "true" if content else "false"
        case str():
            return _string(content, indent)
        case Reference():
            return content.address
        case _:
            return format_number(content)  # type: ignore[arg-type] # the one kind left


def quoted(text: str) -> str:
    """Return a string on one line as Go quotes it."""
    return '"' + "".join(map(_escaped, text)) + '"'


def type_text(type_: Type, indent: int = 0) -> str:
    """Return a type as the console's ``type`` shows it."""
    pad, end = " " * (indent + 4), " " * indent
    match type_.kind:
        case Kind.DYNAMIC:
            return "dynamic"
        case Kind.LIST | Kind.SET | Kind.MAP if type_.element is not None:
            if type_.element.kind not in {Kind.TUPLE, Kind.OBJECT}:
                return f"{type_.kind.value}({type_text(type_.element, indent)})"
            return f"{type_.kind.value}(\n{pad}{type_text(type_.element, indent + 4)},\n{end})"
        case Kind.TUPLE if type_.elements:
            items = "".join(f"{pad}{type_text(one, indent + 4)},\n" for one in type_.elements)
            return f"tuple([\n{items}{end}])"
        case Kind.OBJECT if type_.attributes:
            items = "".join(
                f"{pad}{name}: {type_text(one, indent + 4)},\n" for name, one in type_.attributes
            )
            return f"object({{\n{items}{end}}})"
        case _:
            return friendly_name(type_)


def _null(type_: Type) -> str:
    if type_.kind in _PRIMITIVES:
        return f"to{type_.kind.value}(null)"
    if type_.element is not None and type_.kind in _WRAPPED:
        element = type_.element
        shown = "dynamic" if element.kind is Kind.DYNAMIC else friendly_name(element)
        return f"{_WRAPPED[type_.kind]}(null) /* of {shown} */"
    return "null"


def _wrapped(type_: Type, text: str) -> str:
    function = _WRAPPED.get(type_.kind)
    return f"{function}({text})" if function else text


def _block(opening: str, lines: Iterable[str], closing: str, indent: int) -> str:
    found = list(lines)
    if not found:
        return opening + closing
    return "\n".join([opening, *found, " " * indent + closing])


def _string(text: str, indent: int) -> str:
    lines = text.split("\n")
    # Only what a heredoc shows as it is may stand in one.
    if len(lines) == 1 or any(not _plain(one) for line in lines for one in line):
        return quoted(text)
    operator = "<<-" if indent else "<<"
    end, pad = "EOT", " " * indent
    while end in lines:
        end += "_"
    return "\n".join([f"{operator}{end}", *(pad + line for line in lines), f"{pad}{end}"])


def _plain(one: str) -> bool:
    return one == "\t" or one.isprintable()


def _escaped(one: str) -> str:
    if one in _ESCAPES:
        return _ESCAPES[one]
    if one.isprintable():
        return one
    code = ord(one)
    if code < _ASCII + 1:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - four digits
