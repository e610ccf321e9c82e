"""Syntax trees as plain data and back: tuples, lists, strings and numbers, nothing to execute.

A node is a tuple: the number of its class, then its fields in their order. A range is the
pair of its bytes, so that the same tree serves a file of any name; several nodes are a list.
"""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from declarative.language import nodes
from declarative.language.nodes import NOWHERE
from declarative.language.source import span

if TYPE_CHECKING:
    from declarative.errors import SourceRange
    from declarative.language.nodes import Body
    from declarative.language.source import SourceText

Flat: TypeAlias = tuple[Any, ...]

_CLASSES: Final[tuple[type[Any], ...]] = (
    nodes.Literal,
    nodes.Text,
    nodes.Interpolation,
    nodes.IfDirective,
    nodes.ForDirective,
    nodes.Template,
    nodes.TupleConstructor,
    nodes.ObjectConstructor,
    nodes.Variable,
    nodes.GetAttribute,
    nodes.Index,
    nodes.SplatItem,
    nodes.Splat,
    nodes.Unary,
    nodes.Binary,
    nodes.Conditional,
    nodes.ForTuple,
    nodes.ForObject,
    nodes.Call,
    nodes.Parentheses,
    nodes.Attribute,
    nodes.Label,
    nodes.Block,
    nodes.Body,
)
_NUMBERS: Final = {class_: number for number, class_ in enumerate(_CLASSES)}
_FIELDS: Final = {class_: tuple(one.name for one in fields(class_)) for class_ in _CLASSES}
_PLAIN: Final = frozenset({"str", "bool", "str | None", "UnaryOperator", "BinaryOperator"})


class _Form(Enum):
    """How the value of a field is written."""

    PLAIN = auto()
    NUMBER = auto()
    RANGE = auto()
    NODE = auto()
    NODES = auto()


def _form(annotation: str) -> _Form:
    if annotation == "SourceRange":
        return _Form.RANGE
    if "Decimal" in annotation:
        return _Form.NUMBER
    if annotation.startswith("tuple["):
        return _Form.NODES
    return _Form.PLAIN if annotation in _PLAIN else _Form.NODE


_FORMS: Final = {
    class_: tuple(_form(str(one.type)) for one in fields(class_)) for class_ in _CLASSES
}


class UnfitError(Exception):
    """The tree cannot be written as plain data that gives it again."""


def flatten(body: Body) -> Flat:
    """Return the tree of a file as plain data.

    Raises:
        UnfitError: it has parts that stand in no file, or is too deep.
    """
    try:
        return _flat_node(body)
    except RecursionError:
        raise UnfitError from None


def _flat_node(node: Any) -> Flat:
    class_ = type(node)
    return (_NUMBERS[class_], *[_flat(getattr(node, name)) for name in _FIELDS[class_]])


def _flat(value: Any) -> Any:
    class_ = type(value)
    if class_ in _NUMBERS:
        return _flat_node(value)
    if value is None or class_ in {str, bool, int}:
        return value
    if class_ is tuple:
        return [_flat(item) for item in value]
    if class_ is Decimal:
        return (str(value),)
    return _flat_range(value)


def _flat_range(where: SourceRange) -> tuple[int, int]:
    if where is NOWHERE:
        raise UnfitError
    return span(where)


class Unflattening:
    """Makes the trees of one file from plain data that `flatten` gave."""

    def __init__(self, text: SourceText) -> None:
        """Make trees whose ranges are places in ``text``."""
        self._text = text
        readers = {
            _Form.PLAIN: None,
            _Form.NUMBER: _scalar,
            _Form.RANGE: self._range,
            _Form.NODE: self._optional,
            _Form.NODES: self._nodes,
        }
        self._shapes = [(class_, [readers[form] for form in _FORMS[class_]]) for class_ in _CLASSES]

    def node(self, flat: Flat) -> Any:
        """Return the node that was flattened to ``flat``."""
        class_, readers = self._shapes[flat[0]]
        return class_(
            *[
                item if read is None else read(item)
                for read, item in zip(readers, flat[1:], strict=True)
            ]
        )

    def _range(self, pair: tuple[int, int]) -> SourceRange:
        return self._text.range(*pair)

    def _optional(self, flat: Flat | None) -> Any:
        return None if flat is None else self.node(flat)

    def _nodes(self, items: list[Any]) -> tuple[Any, ...]:
        return tuple(
            [self._nodes(item) if type(item) is list else self.node(item) for item in items]
        )


def _scalar(value: Any) -> Any:
    return Decimal(value[0]) if type(value) is tuple else value
