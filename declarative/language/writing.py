"""Syntax trees back to HCL text, on one line, for residuals and messages."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final, assert_never

from declarative.language.nodes import (
    Binary,
    Call,
    Conditional,
    ForDirective,
    ForObject,
    ForTuple,
    GetAttribute,
    IfDirective,
    Index,
    Interpolation,
    Literal,
    ObjectConstructor,
    Parentheses,
    Splat,
    SplatItem,
    Template,
    Text,
    TupleConstructor,
    Unary,
    Variable,
)
from declarative.language.numbers import format_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from declarative.language.nodes import Expression, TemplatePart

_LEVELS: Final = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"))
_PRECEDENCE: Final = {op: level for level, ops in enumerate(_LEVELS, 1) for op in ops}
_CONDITIONAL, _MULTIPLY, _UNARY, _POSTFIX = 0, 6, 7, 8
_IDENTIFIER: Final = re.compile(r"[^\W\d][\w-]*")
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL: Final = re.compile(r'["\\\x00-\x1f\x7f\x85\u2028\u2029]|[$%](?=\{)')


def unparse(expression: Expression) -> str:
    """Return HCL text that parses to ``expression`` again.

    Parentheses are added where a tree made by the program needs them.
    """
    return _write(expression)


def quote(text: str) -> str:
    """Return ``text`` as a quoted HCL string."""
    return f'"{_escape(text)}"'


def _escape(text: str) -> str:
    def escaped(match: re.Match[str]) -> str:
        found = match.group()
        if found in "$%":
            return found * 2
        return _ESCAPES.get(found) or f"\\u{ord(found):04x}"

    return _SPECIAL.sub(escaped, text)


def _write(node: Expression) -> str:  # noqa: C901, PLR0911, PLR0912 - one line a node
    match node:
        case Literal():
            return _literal(node.value)
        case Template():
            return f'"{_parts(node.parts)}"'
        case TupleConstructor():
            return "[" + _list(node.items) + "]"
        case ObjectConstructor():
            pairs = ", ".join(f"{_key(key)} = {_write(value)}" for key, value in node.items)
            return f"{{ {pairs} }}" if pairs else "{}"
        case Variable():
            return node.name
        case GetAttribute():
            return f"{_inner(node.source, _POSTFIX)}.{node.name}"
        case Index():
            return f"{_inner(node.source, _POSTFIX)}[{_write(node.key)}]"
        case SplatItem():
            return ""
        case Splat():
            return (
                _inner(node.source, _POSTFIX) + ("[*]" if node.full else ".*") + _write(node.each)
            )
        case Unary():
            return node.op + _inner(node.operand, _UNARY)
        case Binary():
            level = _level(node)
            return f"{_inner(node.left, level)} {node.op} {_inner(node.right, level + 1)}"
        case Conditional():
            test = _inner(node.condition, _CONDITIONAL + 1)
            return f"{test} ? {_write(node.then)} : {_write(node.otherwise)}"
        case ForTuple() | ForObject():
            return _for(node)
        case Call():
            return f"{node.name}({_list(node.arguments)}{'...' if node.expand else ''})"
        case Parentheses():
            return f"({_write(node.inner)})"
        case _:
            assert_never(node)


def _inner(node: Expression, level: int) -> str:
    text = _write(node)
    return text if _level(node) >= level else f"({text})"


def _level(node: Expression) -> int:
    """Return how tightly the node's own text binds."""
    match node:
        case Conditional():
            return _CONDITIONAL
        case Binary():
            return _PRECEDENCE.get(node.op, _MULTIPLY)
        case Unary():
            return _UNARY
        case Literal(value=int() | Decimal() as value) if not isinstance(value, bool) and value < 0:
            return _UNARY
        case Splat():
            return _POSTFIX - 1  # what follows a splat would become part of it
        case _:
            return _POSTFIX


def _literal(value: str | int | Decimal | bool | None) -> str:  # noqa: FBT001 - a bool literal
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return quote(value)
        case _:
            return format_number(value)


def _key(key: Expression) -> str:
    if isinstance(key, Literal):
        plain = (
            isinstance(key.value, str) and key.value != "for" and _IDENTIFIER.fullmatch(key.value)
        )
        return str(key.value) if plain else _literal(key.value)
    if isinstance(key, Template | Parentheses):
        return _write(key)
    return f"({_write(key)})"


def _list(items: Iterable[Expression]) -> str:
    return ", ".join(map(_write, items))


def _for(node: ForTuple | ForObject) -> str:
    condition = f" if {_write(node.condition)}" if node.condition is not None else ""
    head = f"for {_names(node)} in {_write(node.collection)} :"
    if isinstance(node, ForTuple):
        return f"[{head} {_write(node.body)}{condition}]"
    grouping = "..." if node.grouping else ""
    return f"{{{head} {_write(node.key)} => {_write(node.value)}{grouping}{condition}}}"


def _names(node: ForTuple | ForObject | ForDirective) -> str:
    return f"{node.key_name}, {node.value_name}" if node.key_name else node.value_name


def _parts(parts: Iterable[TemplatePart]) -> str:
    written = ""
    for part in parts:
        if written.endswith(("$", "%")) and not isinstance(part, Text):
            written = f"{written[:-1]}\\u{ord(written[-1]):04x}"  # or "$" would escape the "${"
        written += _part(part)
    return written


def _part(part: TemplatePart) -> str:
    match part:
        case Text():
            return _escape(part.text)
        case Interpolation():
            return f"${{{_write(part.expression)}}}"
        case IfDirective():
            otherwise = "%{ else }" + _parts(part.otherwise) if part.otherwise else ""
            head = f"%{{ if {_write(part.condition)} }}"
            return f"{head}{_parts(part.then)}{otherwise}%{{ endif }}"
        case ForDirective():
            head = f"%{{ for {_names(part)} in {_write(part.collection)} }}"
            return f"{head}{_parts(part.body)}%{{ endfor }}"
        case _:
            assert_never(part)
