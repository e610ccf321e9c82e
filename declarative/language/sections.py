"""A block with its content by name, and the copies of it that ``dynamic`` makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from declarative.errors import EvaluationError
from declarative.language.evidence import blaming
from declarative.language.expressions import ChildScope, evaluate
from declarative.language.nodes import Literal as LiteralNode
from declarative.language.nodes import ObjectConstructor, TupleConstructor, Variable
from declarative.language.problems import NOT_KNOWN
from declarative.language.types import convert
from declarative.language.values import DYNAMIC, STRING, Kind, Lazy, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from declarative.errors import SourceRange
    from declarative.language.expressions import Scope
    from declarative.language.nodes import Attribute, Block, Body, Expression


@dataclass(frozen=True, slots=True)
class Section:
    """One block of the files.

    Attributes:
        type: The block's type.
        labels: Its labels.
        attributes: Its attributes by name.
        children: The blocks inside, in the order of the file.
        range: Where its header stands: what messages about the whole block point at.
    """

    type: str
    labels: tuple[str, ...]
    attributes: Mapping[str, Attribute]
    children: tuple[Section, ...]
    range: SourceRange

    @classmethod
    def of(cls, block: Block) -> Section:
        """Return the section for a block of the syntax tree."""
        return cls(
            block.type,
            tuple(label.text for label in block.labels),
            attributes_of(block.body),
            tuple(cls.of(child) for child in block.body.blocks),
            block.header_range,
        )

    def named(self, type_: str) -> tuple[Section, ...]:
        """Return the blocks inside that are of one type, written out."""
        return tuple(child for child in self.children if child.type == type_)

    def expression(self, name: str) -> Expression | None:
        """Return the expression of an attribute, or None where it is not written."""
        found = self.attributes.get(name)
        return found.expression if found else None


def attributes_of(body: Body) -> dict[str, Attribute]:
    """Return the attributes of a body by name."""
    return {attribute.name: attribute for attribute in body.attributes}


@dataclass(frozen=True, slots=True)
class Placed:
    """A block inside another, with the scope its expressions are evaluated in."""

    section: Section
    labels: tuple[str, ...]
    scope: Scope


def blocks(section: Section, type_: str, scope: Scope) -> Iterator[Placed]:
    """Yield the blocks of one type inside ``section``, written out or by ``dynamic``.

    Raises:
        EvaluationError: the ``for_each`` or a label of a ``dynamic`` block is no good.
    """
    for child in section.children:
        if child.type == type_:
            yield Placed(child, child.labels, scope)
        elif child.type == "dynamic" and child.labels == (type_,):
            yield from _generated(child, scope)


def single(section: Section, type_: str, scope: Scope) -> Placed | None:
    """Return the only block of one type inside ``section``, or None where there is none.

    Raises:
        EvaluationError: ``dynamic`` makes more than one, or its ``for_each`` is no good.
    """
    found = tuple(blocks(section, type_, scope))
    if len(found) > 1 and any(placed.section.type == "content" for placed in found):
        # Those written out are counted by the check of names.
        raise EvaluationError.of(
            "Too many blocks",
            f"There can be one {type_} here; these are {len(found)}.",
            range=found[1].section.range,
        )
    return found[0] if found else None


def _generated(section: Section, scope: Scope) -> Iterator[Placed]:
    collection = section.attributes.get("for_each")
    if collection is None or not section.named("content"):
        return  # the check of names has reported it
    content = section.named("content")[0]
    iterator = section.labels[0]
    given = section.expression("iterator")
    if isinstance(given, Variable):
        iterator = given.name
    labels = section.expression("labels")
    with blaming(collection.expression, scope):
        found = [*elements(evaluate(collection.expression, scope), collection.expression.range)]
    for key, item in found:
        bound = Value(DYNAMIC, Bindings({"key": key, "value": item}))
        inner = ChildScope(scope, {iterator: bound})
        yield Placed(content, _labels(labels, inner), inner)


def _labels(expression: Expression | None, scope: Scope) -> tuple[str, ...]:
    if expression is None:
        return ()
    with blaming(expression, scope):
        value = evaluate(expression, scope)
        items = value.content if isinstance(value.content, tuple) else (value,)
        return tuple(
            plain_text(item, "A label of a dynamic block", expression.range) for item in items
        )


def plain_text(value: Value, what: str, place: SourceRange) -> str:
    """Return the string in ``value``, which must be known, not null and not sensitive.

    Raises:
        EvaluationError: it is not, or not a string.
    """
    if value.sensitive:
        problem = "is sensitive, and must not be: it is shown in plans and kept in state"
    elif not value.is_known:
        problem = "is not known when the plan is made, and must be"
    else:
        found = convert(value, STRING)
        if isinstance(found.content, str):
            return found.content
        problem = "must be a string (is null)"
    summary = "Invalid value" if value.is_known else NOT_KNOWN
    raise EvaluationError.of(summary, f"{what} {problem}.", range=place)


def elements(value: Value, place: SourceRange) -> Iterator[tuple[Value, Value]]:
    """Yield key and value of each element that a ``for_each`` of a block runs over.

    Raises:
        EvaluationError: ``value`` is unknown, sensitive, null or no collection.
    """
    content = value.content
    summary = "Invalid for_each" if value.is_known else NOT_KNOWN
    if value.sensitive or not value.is_known:
        problem = "is sensitive" if value.sensitive else "is not known when the plan is made"
    elif isinstance(content, dict):
        for name, item in content.items():
            yield Value(STRING, name), item
        return
    elif isinstance(content, tuple):
        for position, item in enumerate(content):
            yield (item if value.type.kind is Kind.SET else Value(STRING, str(position))), item
        return
    else:
        problem = "is null" if content is None else "is no collection"
    raise EvaluationError.of(
        summary,
        f"The value of for_each {problem}. Give a map, a set or a list.",
        range=place,
    )


@dataclass(frozen=True, slots=True)
class Bindings(Lazy):
    """A scope root with fixed attributes, such as ``each``."""

    values: Mapping[str, Value]

    def attribute(self, name: str) -> Value | None:
        """Return the attribute."""
        return self.values.get(name)

    def names(self) -> Iterator[str]:
        """Yield the names of all attributes."""
        return iter(self.values)


def entries(expression: Expression) -> Mapping[str, Expression] | None:
    """Return the values of an object written out, so that each can be evaluated alone.

    None where only evaluation tells the keys.
    """
    if not isinstance(expression, ObjectConstructor):
        return None
    found: dict[str, Expression] = {}
    for key, value in expression.items:
        if not isinstance(key, LiteralNode) or not isinstance(key.value, str):
            return None
        found[key.value] = value
    return found


def place_within(expression: Expression, path: tuple[str | int, ...]) -> SourceRange:
    """Return where the part of a value at ``path`` is written, as near as can be told."""
    for step in path:
        inner: Expression | None = None
        if isinstance(expression, ObjectConstructor):
            inner = (entries(expression) or {}).get(str(step))
        elif isinstance(expression, TupleConstructor) and isinstance(step, int):
            inner = expression.items[step] if step < len(expression.items) else None
        if inner is None:
            break
        expression = inner
    return expression.range
