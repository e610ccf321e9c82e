"""Going through collections: ``for`` expressions and splats."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from declarative.errors import EvaluationError
from declarative.language.marks import is_traced, items_of
from declarative.language.nodes import ForTuple
from declarative.language.residuals import rebuilt, try_residual
from declarative.language.scoping import ChildScope, counting
from declarative.language.traversal import SPLAT_ITEM
from declarative.language.types import ConversionError, convert, friendly_name
from declarative.language.values import (
    BOOL,
    DYNAMIC,
    STRING,
    UNKNOWN,
    Kind,
    Type,
    Value,
    object_of,
    solid,
    tuple_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from declarative.errors import SourceRange
    from declarative.language.limits import Work
    from declarative.language.nodes import Expression, ForObject, Splat
    from declarative.language.scoping import Scope

    Evaluate = Callable[[Expression, Scope], Value]

_SEQUENCES = frozenset({Kind.LIST, Kind.SET, Kind.TUPLE})


class For(NamedTuple):
    """The names that a ``for`` binds."""

    key_name: str | None
    value_name: str

    def bind(self, key: Value, item: Value) -> dict[str, Value]:
        """Return the bindings of one turn."""
        if self.key_name is None:
            return {self.value_name: item}
        return {self.key_name: key, self.value_name: item}


def pairs_of(collection: Value, where: SourceRange) -> Iterator[tuple[Value, Value]]:
    """Yield key and value of each element of a known collection, in order.

    Raises:
        EvaluationError: the value is no collection.
    """
    content = collection.content
    if content is None:
        detail = "A null value cannot be used as the collection in a 'for' expression."
        raise EvaluationError.of("Iteration over null value", detail, range=where)
    if isinstance(content, dict | tuple):
        yield from items_of(collection)
    else:
        shown = friendly_name(collection.type)
        detail = f"A value of type {shown} cannot be used as the collection in a 'for' expression."
        raise EvaluationError.of("Iteration over non-iterable value", detail, range=where)


def count_turn(work: Work, where: SourceRange) -> None:
    """Count a turn of a loop.

    Raises:
        EvaluationError: that was one too many.
    """
    try:
        work.turn()
    except EvaluationError as error:
        error.place(where)
        raise


def truth(value: Value, where: SourceRange) -> Value:
    """Return a condition as a bool.

    Raises:
        EvaluationError: it is null or no bool.
    """
    if value.is_null:
        detail = "The condition value is null. Conditions must either be true or false."
        raise EvaluationError.of("Null condition", detail, range=where)
    try:
        return convert(value, BOOL)
    except ConversionError as error:
        detail = f"The condition expression must be of type bool: {error.message}."
        raise EvaluationError.of("Incorrect condition type", detail, range=where) from None


@dataclass(slots=True)
class _Walk:
    """What the turns of a ``for`` left behind, and the marks that concern all of it.

    A condition or key that is not known yet makes the whole result unknown; one that is
    sensitive makes it sensitive, since it shows in what is there at all.
    """

    node: ForTuple | ForObject
    evaluate: Evaluate
    items: list[Value] = field(default_factory=list)
    keyed: dict[str, list[Value]] = field(default_factory=dict)
    unknown: bool = False
    sensitive: bool = False
    traced: bool = False

    def note(self, value: Value) -> bool:
        """Note the marks of a value that decides on the shape; return whether it is known."""
        self.sensitive = self.sensitive or value.sensitive
        self.traced = self.traced or is_traced(value)
        self.unknown = self.unknown or value.content is UNKNOWN
        return value.content is not UNKNOWN

    def turn(self, scope: Scope) -> None:
        """Evaluate the body once."""
        node = self.node
        if node.condition is not None:
            condition = truth(self.evaluate(node.condition, scope), node.condition.range)
            if not self.note(condition) or not condition.content:
                return
        if isinstance(node, ForTuple):
            self.items.append(solid(self.evaluate(node.body, scope)))
        else:
            self._entry(node, scope)

    def _entry(self, node: ForObject, scope: Scope) -> None:
        key = object_key(self.evaluate(node.key, scope), node.key.range)
        value = solid(self.evaluate(node.value, scope))
        if not self.note(key):
            return
        name = str(key.content)
        if name in self.keyed and not node.grouping:
            shown = "(sensitive)" if key.sensitive else f'"{name}"'
            detail = (
                f"Two different items produced the key {shown} in this 'for' expression. If "
                "duplicates are expected, use the ellipsis (...) after the value expression to "
                "enable grouping by key."
            )
            raise EvaluationError.of("Duplicate object key", detail, range=node.key.range)
        self.keyed.setdefault(name, []).append(value)

    def result(self) -> Value:
        """Return the collection that was made."""
        if self.unknown:
            return Value(DYNAMIC, UNKNOWN)
        if isinstance(self.node, ForTuple):
            return tuple_of(self.items)
        if self.node.grouping:
            return object_of({name: tuple_of(items) for name, items in self.keyed.items()})
        return object_of({name: items[0] for name, items in self.keyed.items()})


def object_key(value: Value, where: SourceRange) -> Value:
    """Return the key of an object's element as a string.

    Raises:
        EvaluationError: it is null or no string.
    """
    if value.is_null:
        raise EvaluationError.of("Null value as key", "A key must not be null.", range=where)
    try:
        return convert(value, STRING)
    except ConversionError as error:
        detail = f"The key is not suitable: {error.message}."
        raise EvaluationError.of("Incorrect key type", detail, range=where) from None


def walk(node: ForTuple | ForObject, scope: Scope, evaluate: Evaluate) -> Value:
    """Return the result of a ``for`` expression.

    Raises:
        EvaluationError: the collection is none, or a turn fails.
    """
    collection = solid(evaluate(node.collection, scope))
    turns = _Walk(node, evaluate)
    if turns.note(collection):
        names = For(node.key_name, node.value_name)
        around, work = counting(scope)
        for key, item in pairs_of(collection, node.collection.range):
            count_turn(work, node.range)
            turns.turn(ChildScope(around, names.bind(key, item)))
    elif collection.type.kind in {Kind.STRING, Kind.NUMBER, Kind.BOOL}:
        list(pairs_of(collection, node.collection.range))
    made = turns.result()
    if not turns.traced:
        return made
    residual = try_residual(lambda: rebuilt(node, lambda item: evaluate(item, scope)))
    return replace(made, sensitive=turns.sensitive, residual=residual)


def splat(node: Splat, scope: Scope, evaluate: Evaluate) -> Value:
    """Return the result of a splat: a single value is a list of one, null one of none.

    Raises:
        EvaluationError: what follows the splat fails for an element.
    """
    source = solid(evaluate(node.source, scope))
    if source.content is UNKNOWN:
        made = Value(DYNAMIC, UNKNOWN)
    else:
        found = (
            solid(evaluate(node.each, ChildScope(scope, {SPLAT_ITEM: item})))
            for item in _elements(source)
        )
        made = tuple_of(found)
        if source.type.kind in {Kind.LIST, Kind.SET}:
            made = convert(made, Type(Kind.LIST, DYNAMIC))
    if not is_traced(source) or (not _is_sequence(source) and source.content is not UNKNOWN):
        return made
    residual = try_residual(lambda: rebuilt(node, lambda item: evaluate(item, scope)))
    return replace(made, sensitive=source.sensitive, residual=residual)


def _is_sequence(source: Value) -> bool:
    return source.type.kind in _SEQUENCES


def _elements(source: Value) -> tuple[Value, ...]:
    if source.is_null:
        return ()
    if _is_sequence(source):
        return tuple(item for _, item in items_of(source))
    return (source,)
