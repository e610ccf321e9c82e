"""Which secrets a residual reads, and what it is without the versions of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from declarative.language.functions.sources import VERSIONS
from declarative.language.nodes import Call, Literal, ObjectConstructor
from declarative.language.syntax import parse_expression, unparse
from declarative.language.traversal import children, map_children

if TYPE_CHECKING:
    from collections.abc import Iterator

    from declarative.language.nodes import Expression


@dataclass(frozen=True, slots=True)
class SecretCall:
    """A secret as a residual names it.

    Attributes:
        text: The call without the version, as HCL.
        connector: The address of the connector that reads it.
        name: Its id or name; None where that is known only at apply.
    """

    text: str
    connector: str
    name: str | None


def secret_calls(residual: str) -> tuple[SecretCall, ...]:
    """Return the secrets that a residual expression reads, each once."""
    if not any(f"{name}(" in residual for name in VERSIONS):
        return ()  # most residuals read none, and need not be parsed
    return tuple(dict.fromkeys(_calls(parse_expression(residual, "<plan>"))))


def unpinned(residual: str) -> str:
    """Return a residual expression that reads the present version of every secret."""
    if not any(f"{name} = " in residual for name in VERSIONS.values()):
        return residual
    return unparse(_unpinned(parse_expression(residual, "<plan>")))


def _calls(node: Expression) -> Iterator[SecretCall]:
    if isinstance(node, Call) and node.name in VERSIONS:
        name = node.arguments[0]
        connector = _options(node).get("connector")
        yield SecretCall(
            unparse(_unpinned(node)),
            "" if connector is None else unparse(connector),
            str(name.value) if isinstance(name, Literal) else None,
        )
    for child, _ in children(node):
        yield from _calls(child)


def _options(node: Call) -> dict[str, Expression]:
    options = node.arguments[-1]
    if not isinstance(options, ObjectConstructor):
        return {}
    return {str(key.value): value for key, value in options.items if isinstance(key, Literal)}


def _unpinned(node: Expression) -> Expression:
    inner = map_children(node, lambda child, _: _unpinned(child))
    if not isinstance(inner, Call) or inner.name not in VERSIONS:
        return inner
    version = VERSIONS[inner.name]
    options = inner.arguments[-1]
    if not isinstance(options, ObjectConstructor):
        return inner
    pairs = tuple(pair for pair in options.items if pair[0] != Literal(version))
    return replace(inner, arguments=(*inner.arguments[:-1], ObjectConstructor(pairs)))
