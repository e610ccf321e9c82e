"""Which secrets a residual reads, and what it is without the versions of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from declarative.language.functions.sources import VERSIONS
from declarative.language.nodes import Call, Literal, ObjectConstructor, Template, Text
from declarative.language.syntax import parse_expression, unparse
from declarative.language.traversal import children, map_children
from declarative.language.world import SecretSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from declarative.language.nodes import Expression
    from declarative.language.world import SecretService


def sources_in(residual: str) -> tuple[SecretSource, ...]:
    """Return the secrets that a residual expression reads, each once and without its version.

    The name of one whose name is known only at apply is empty.
    """
    if not any(f"{name}(" in residual for name in VERSIONS):
        return ()  # most residuals read none, and need not be parsed
    return tuple(dict.fromkeys(_sources(parse_expression(residual, "<plan>"))))


def unpinned(residual: str) -> str:
    """Return a residual expression that reads the present version of every secret."""
    if not any(f"{name} = " in residual for name in VERSIONS.values()):
        return residual
    return unparse(_unpinned(parse_expression(residual, "<plan>")))


def _sources(node: Expression) -> Iterator[SecretSource]:
    if isinstance(node, Call) and node.name in VERSIONS:
        service: SecretService = "ssm" if node.name == "ssm" else "secretsmanager"
        options = _options(node)
        connector, region = options.get("connector"), options.get("region")
        yield SecretSource(
            service,
            _text(node.arguments[0]),
            "" if connector is None else unparse(connector),
            "" if region is None else _text(region),
        )
    for child, _ in children(node):
        yield from _sources(child)


def _text(node: Expression) -> str:
    if isinstance(node, Template) and all(isinstance(part, Text) for part in node.parts):
        return "".join(part.text for part in node.parts if isinstance(part, Text))
    return str(node.value) if isinstance(node, Literal) else ""


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
