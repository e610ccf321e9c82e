"""Walking syntax trees: children, the names that an expression uses, rebuilding."""

from __future__ import annotations

from dataclasses import replace
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from declarative.language.nodes import Expression, TemplatePart

    Rebuild = Callable[[Expression, bool], Expression]

SPLAT_ITEM: Final = "[*]"
"""The name under which a splat's current element is bound; no identifier can be it."""


def bound_names(node: Expression | TemplatePart) -> frozenset[str]:
    """Return the names that a ``for`` or splat binds for its inner expressions."""
    match node:
        case ForTuple() | ForObject() | ForDirective():
            names = {node.value_name} | ({node.key_name} if node.key_name else set())
            return frozenset(names)
        case Splat():
            return frozenset({SPLAT_ITEM})
        case _:
            return frozenset()


def map_children(node: Expression, rebuild: Rebuild) -> Expression:  # noqa: C901 - one line a node
    """Return ``node`` with each child replaced by ``rebuild(child, within)``.

    ``within`` tells that the child sees the names which the node binds.
    """

    def outer(child: Expression) -> Expression:
        return rebuild(child, False)  # noqa: FBT003 - the callback's protocol

    match node:
        case Literal() | Variable() | SplatItem():
            return node
        case Template():
            return replace(node, parts=_map_parts(node.parts, rebuild, within=False))
        case TupleConstructor():
            return replace(node, items=tuple(map(outer, node.items)))
        case ObjectConstructor():
            pairs = tuple((outer(key), outer(value)) for key, value in node.items)
            return replace(node, items=pairs)
        case Call():
            return replace(node, arguments=tuple(map(outer, node.arguments)))
        case Splat():
            return replace(node, source=outer(node.source), each=rebuild(node.each, True))  # noqa: FBT003
        case ForTuple() | ForObject():
            return _map_for(node, rebuild)
        case _:
            return _map_operation(node, outer)


def _map_operation(
    node: GetAttribute | Index | Unary | Binary | Conditional | Parentheses,
    outer: Callable[[Expression], Expression],
) -> Expression:
    match node:
        case GetAttribute():
            return replace(node, source=outer(node.source))
        case Index():
            return replace(node, source=outer(node.source), key=outer(node.key))
        case Unary():
            return replace(node, operand=outer(node.operand))
        case Binary():
            return replace(node, left=outer(node.left), right=outer(node.right))
        case Conditional():
            then, otherwise = outer(node.then), outer(node.otherwise)
            return replace(node, condition=outer(node.condition), then=then, otherwise=otherwise)
        case Parentheses():
            return replace(node, inner=outer(node.inner))
        case _:
            assert_never(node)


def _map_for(node: ForTuple | ForObject, rebuild: Rebuild) -> Expression:
    def inner(child: Expression) -> Expression:
        return rebuild(child, True)  # noqa: FBT003 - the callback's protocol

    collection = rebuild(node.collection, False)  # noqa: FBT003
    condition = None if node.condition is None else inner(node.condition)
    if isinstance(node, ForTuple):
        return replace(node, collection=collection, body=inner(node.body), condition=condition)
    key, value = inner(node.key), inner(node.value)
    return replace(node, collection=collection, key=key, value=value, condition=condition)


def _map_parts(
    parts: tuple[TemplatePart, ...], rebuild: Rebuild, *, within: bool
) -> tuple[TemplatePart, ...]:
    return tuple(_map_part(part, rebuild, within=within) for part in parts)


def _map_part(part: TemplatePart, rebuild: Rebuild, *, within: bool) -> TemplatePart:
    match part:
        case Text():
            return part
        case Interpolation():
            return replace(part, expression=rebuild(part.expression, within))
        case IfDirective():
            return replace(
                part,
                condition=rebuild(part.condition, within),
                then=_map_parts(part.then, rebuild, within=within),
                otherwise=_map_parts(part.otherwise, rebuild, within=within),
            )
        case ForDirective():
            body = _map_parts(part.body, rebuild, within=True)
            return replace(part, collection=rebuild(part.collection, within), body=body)
        case _:
            assert_never(part)


def children(node: Expression) -> Iterator[tuple[Expression, frozenset[str]]]:
    """Yield the child expressions, each with the names bound around it by ``node``."""
    found: list[tuple[Expression, bool]] = []

    def note(child: Expression, within: bool) -> Expression:  # noqa: FBT001 - the callback's protocol
        found.append((child, within))
        return child

    map_children(node, note)
    names = bound_names(node) | directive_names(node)
    for child, within in found:
        yield child, names if within else frozenset()


def directive_names(node: Expression) -> frozenset[str]:
    """Return the names that the ``for`` directives of a template bind inside it."""
    if not isinstance(node, Template):
        return frozenset()
    names: frozenset[str] = frozenset()
    pending = list(node.parts)
    while pending:
        part = pending.pop()
        names |= bound_names(part)
        if isinstance(part, ForDirective):
            pending.extend(part.body)
        elif isinstance(part, IfDirective):
            pending.extend((*part.then, *part.otherwise))
    return names


def free_names(node: Expression) -> frozenset[str]:
    """Return the names that the expression takes from its scope."""
    if isinstance(node, Variable):
        return frozenset({node.name})
    if isinstance(node, SplatItem):
        return frozenset({SPLAT_ITEM})
    names: frozenset[str] = frozenset()
    for child, bound in children(node):
        names |= free_names(child) - bound
    return names


def mentions(node: Expression, names: frozenset[str]) -> bool:
    """Return whether the expression uses any of the names of its scope."""
    return bool(names) and not names.isdisjoint(free_names(node))


__all__ = [
    "SPLAT_ITEM",
    "bound_names",
    "children",
    "directive_names",
    "free_names",
    "map_children",
    "mentions",
]
