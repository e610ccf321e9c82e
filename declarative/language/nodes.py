"""The syntax tree: what an HCL file says, with nothing left of how it was spelled.

Strings are unescaped, heredocs stripped of their indent and trim markers applied, so
that evaluation sees only content. Every node knows its ``range``; two nodes are equal
when they say the same, wherever they stand. Nodes made by the program (residuals)
stand `NOWHERE`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias
from typing import Literal as OneOf

from declarative.errors import Position, SourceRange

if TYPE_CHECKING:
    from decimal import Decimal

NOWHERE: Final = SourceRange("", Position(1, 1, 0), Position(1, 1, 0))


UnaryOperator = OneOf["-", "!"]
BinaryOperator = OneOf["*", "/", "%", "+", "-", "<", "<=", ">", ">=", "==", "!=", "&&", "||"]


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, bool, null, or a string without interpolation (also a plain object key)."""

    value: str | int | Decimal | bool | None
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Text:
    """A stretch of a template that stands for itself."""

    text: str
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Interpolation:
    """``${expression}`` in a template."""

    expression: Expression
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class IfDirective:
    """``%{if condition}…%{else}…%{endif}`` in a template."""

    condition: Expression
    then: tuple[TemplatePart, ...]
    otherwise: tuple[TemplatePart, ...] = ()
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ForDirective:
    """``%{for key, value in collection}…%{endfor}`` in a template."""

    key_name: str | None
    value_name: str
    collection: Expression
    body: tuple[TemplatePart, ...]
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


TemplatePart: TypeAlias = Text | Interpolation | IfDirective | ForDirective


@dataclass(frozen=True, slots=True)
class Template:
    """A quoted string or heredoc with at least one interpolation or directive.

    A template of one interpolation and nothing else keeps the type of its value.
    """

    parts: tuple[TemplatePart, ...]
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TupleConstructor:
    """``[a, b]``."""

    items: tuple[Expression, ...]
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ObjectConstructor:
    """``{ key = value }``; a bare identifier as key is a string `Literal`."""

    items: tuple[tuple[Expression, Expression], ...]
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Variable:
    """The root of a traversal: ``var`` in ``var.regions``."""

    name: str
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class GetAttribute:
    """``source.name``."""

    source: Expression
    name: str
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Index:
    """``source[key]``; also the old ``source.0``."""

    source: Expression
    key: Expression
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SplatItem:
    """The element that a splat is at, inside `Splat.each`."""

    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Splat:
    """``source[*]…`` (``full``) or ``source.*…``: ``each`` for all elements of ``source``."""

    source: Expression
    each: Expression
    full: bool
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """``-operand`` or ``!operand``."""

    op: UnaryOperator
    operand: Expression
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """``left op right``."""

    op: BinaryOperator
    left: Expression
    right: Expression
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Conditional:
    """``condition ? then : otherwise``."""

    condition: Expression
    then: Expression
    otherwise: Expression
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ForTuple:
    """``[for key, value in collection : body if condition]``."""

    key_name: str | None
    value_name: str
    collection: Expression
    body: Expression
    condition: Expression | None = None
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ForObject:
    """``{for key, value in collection : key => value... if condition}``."""

    key_name: str | None
    value_name: str
    collection: Expression
    key: Expression
    value: Expression
    condition: Expression | None = None
    grouping: bool = False
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """``name(arguments)``; with ``expand`` the last argument is a list of arguments."""

    name: str
    arguments: tuple[Expression, ...]
    expand: bool = False
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Parentheses:
    """``(inner)``; kept because as an object key it means "evaluate me"."""

    inner: Expression
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


Expression: TypeAlias = (
    Literal
    | Template
    | TupleConstructor
    | ObjectConstructor
    | Variable
    | GetAttribute
    | Index
    | SplatItem
    | Splat
    | Unary
    | Binary
    | Conditional
    | ForTuple
    | ForObject
    | Call
    | Parentheses
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """``name = expression`` in a body."""

    name: str
    name_range: SourceRange
    expression: Expression
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Label:
    """A label of a block; ``quoted`` tells ``"main"`` from ``main``."""

    text: str
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)
    quoted: bool = True


@dataclass(frozen=True, slots=True)
class Block:
    """``type "label" { … }``; ``header_range`` ends before the brace."""

    type: str
    type_range: SourceRange
    labels: tuple[Label, ...]
    body: Body
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)
    header_range: SourceRange = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Body:
    """The inside of a file or block; attribute names are distinct."""

    attributes: tuple[Attribute, ...]
    blocks: tuple[Block, ...]
    range: SourceRange = field(default=NOWHERE, compare=False, repr=False)
