"""Residual expressions after a release got another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from declarative.language.nodes import Index
from declarative.language.scopes import indexed, traversal
from declarative.language.syntax import parse_expression, unparse
from declarative.language.traversal import map_children

if TYPE_CHECKING:
    from declarative.language.nodes import Expression
    from declarative.model.address import Address


def renamed(residual: str, origin: Address, destination: Address) -> str:
    """Return a residual expression that reads ``destination`` where it read ``origin``.

    A release with a key and one of the same name without it are two.
    """
    if f"release.{origin.name}" not in residual:
        return residual
    tree = parse_expression(residual, "<state>")
    found = _renamed(tree, _reference(origin), _reference(destination))
    return residual if found == tree else unparse(found)


def _reference(address: Address) -> Expression:
    """Return the expression of a release as `exports` makes it: its key may be any text."""
    return indexed(traversal("release", address.name), address.key)


def _renamed(node: Expression, origin: Expression, destination: Expression) -> Expression:
    if node == origin:
        return destination
    if isinstance(node, Index) and node.source == origin:
        return node  # the instance of a key: another release
    return map_children(node, lambda child, _: _renamed(child, origin, destination))
