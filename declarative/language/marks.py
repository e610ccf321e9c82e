"""Carrying marks through an operation: from its operands to its result."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from declarative.language.nodes import Call, Index, Literal
from declarative.language.plain import parts_of
from declarative.language.residuals import operand, residual_of, try_residual
from declarative.language.values import NUMBER, UNKNOWN, Kind, Value, text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from declarative.language.nodes import Expression


def is_traced(value: Value) -> bool:
    """Return whether what is made from ``value`` needs a residual."""
    return value.residual is not None or value.sensitive or value.content is UNKNOWN


def is_traced_deep(value: Value) -> bool:
    """Return whether ``value`` or any part of it is traced."""
    return any(map(is_traced, parts_of(value)))


def is_sensitive_deep(value: Value) -> bool:
    """Return whether ``value`` or any part of it is sensitive."""
    return any(part.sensitive for part in parts_of(value))


def derived(result: Value, operands: Sequence[Value], rebuild: Callable[..., Expression]) -> Value:
    """Return ``result`` with the marks of the operands and the residual that follows.

    ``rebuild`` gets the residuals of the operands, in their order.
    """
    if not any(map(is_traced_deep, operands)):
        return result
    return replace(
        result,
        sensitive=result.sensitive or any(map(is_sensitive_deep, operands)),
        residual=try_residual(lambda: rebuild(*(operand(residual_of(item)) for item in operands))),
    )


def inner(container: Value, child: Value, rebuild: Callable[[Expression], Expression]) -> Value:
    """Return ``child`` with the marks of the container that it was read from."""
    if container.residual is None and not container.sensitive:
        return child
    residual = child.residual or try_residual(lambda: rebuild(operand(residual_of(container))))
    return replace(child, sensitive=child.sensitive or container.sensitive, residual=residual)


def items_of(collection: Value) -> list[tuple[Value, Value]]:
    """Return key and value of each element of a known collection, in order.

    What is marked as a whole marks its elements, and the keys that it has: an
    expression inside a ``for`` sees them one by one.
    """
    content = collection.content
    if isinstance(content, dict):
        return [
            (inner(collection, text(name), _at("keys", position)), _entry(collection, name, item))
            for position, (name, item) in enumerate(sorted(content.items()))
        ]
    items = content if isinstance(content, tuple) else ()
    if collection.type.kind is Kind.SET:
        marked = [inner(collection, item, _at("tolist", i)) for i, item in enumerate(items)]
        return [(item, item) for item in marked]
    return [
        (Value(NUMBER, i), inner(collection, item, _at(None, i))) for i, item in enumerate(items)
    ]


def _entry(collection: Value, name: str, item: Value) -> Value:
    return inner(collection, item, lambda residual: Index(residual, Literal(name)))


def _at(function: str | None, position: int) -> Callable[[Expression], Expression]:
    def rebuild(residual: Expression) -> Expression:
        ordered = residual if function is None else Call(function, (residual,))
        return Index(ordered, Literal(position))

    return rebuild
