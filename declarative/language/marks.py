"""Carrying marks through an operation: from its operands to its result."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from declarative.language.plain import parts_of
from declarative.language.residuals import operand, residual_of, try_residual
from declarative.language.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from declarative.language.nodes import Expression
    from declarative.language.values import Value


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
