"""Rendering templates to strings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, assert_never

from declarative.errors import EvaluationError
from declarative.language.iteration import For, count_turn, pairs_of, truth
from declarative.language.limits import check_text
from declarative.language.marks import is_sensitive_deep, is_traced_deep
from declarative.language.nodes import (
    ForDirective,
    IfDirective,
    Interpolation,
    Template,
    Text,
)
from declarative.language.residuals import rebuilt, try_residual
from declarative.language.scoping import ChildScope, counting
from declarative.language.templates import normalize
from declarative.language.types import ConversionError, convert
from declarative.language.values import STRING, UNKNOWN, Value, solid, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from declarative.errors import SourceRange
    from declarative.language.nodes import Expression, TemplatePart
    from declarative.language.scoping import Scope

    Evaluate = Callable[[Expression, Scope], Value]


@dataclass(slots=True)
class _Rendering:
    """The strings so far, and the marks of all values that shaped them."""

    evaluate: Evaluate
    strings: list[str] = field(default_factory=list)
    unknown: bool = False
    sensitive: bool = False
    traced: bool = False
    size: int = 0

    def write(self, text_: str, where: SourceRange) -> None:
        """Add a string.

        Raises:
            EvaluationError: all of them are too long.
        """
        self.size += len(text_)
        try:
            check_text(self.size)
        except EvaluationError as error:
            error.place(where)
            raise
        self.strings.append(text_)

    def note(self, value: Value) -> bool:
        """Note the marks of a value; return whether it is known."""
        self.sensitive = self.sensitive or is_sensitive_deep(value)
        self.traced = self.traced or is_traced_deep(value)
        self.unknown = self.unknown or value.content is UNKNOWN
        return value.content is not UNKNOWN


def render(node: Template, scope: Scope, evaluate: Evaluate) -> Value:
    """Return the string of a template, or the value of its only interpolation.

    Raises:
        EvaluationError: an expression fails, or its value has no place in a string.
    """
    only = node.parts[0]
    if len(node.parts) == 1 and isinstance(only, Interpolation):
        return evaluate(only.expression, scope)
    rendering = _Rendering(evaluate)
    _render(node.parts, scope, rendering)
    made = Value(STRING, UNKNOWN) if rendering.unknown else text(_joined(rendering))
    if not rendering.traced:
        return made
    residual = try_residual(lambda: rebuilt(node, lambda item: evaluate(item, scope)))
    return replace(made, sensitive=rendering.sensitive, residual=residual)


def _joined(rendering: _Rendering) -> str:
    return normalize("".join(rendering.strings))


def _render(parts: Iterable[TemplatePart], scope: Scope, rendering: _Rendering) -> None:
    for part in parts:
        match part:
            case Text():
                rendering.write(part.text, part.range)
            case Interpolation():
                _interpolate(part, scope, rendering)
            case IfDirective():
                condition = truth(rendering.evaluate(part.condition, scope), part.condition.range)
                if rendering.note(condition):
                    chosen = part.then if condition.content else part.otherwise
                    _render(chosen, scope, rendering)
            case ForDirective():
                _repeat(part, scope, rendering)
            case _:
                assert_never(part)


def _interpolate(part: Interpolation, scope: Scope, rendering: _Rendering) -> None:
    value = solid(rendering.evaluate(part.expression, scope))
    summary = "Invalid template interpolation value"
    if value.is_null:
        detail = "The expression result is null. Cannot include a null value in a string template."
        raise EvaluationError.of(summary, detail, range=part.expression.range)
    try:
        converted = convert(value, STRING)
    except ConversionError as error:
        detail = f"Cannot include the given value in a string template: {error.message}."
        raise EvaluationError.of(summary, detail, range=part.expression.range) from None
    if rendering.note(converted):
        rendering.write(str(converted.content), part.range)


def _repeat(part: ForDirective, scope: Scope, rendering: _Rendering) -> None:
    collection = solid(rendering.evaluate(part.collection, scope))
    if not rendering.note(collection):
        return
    names = For(part.key_name, part.value_name)
    around, work = counting(scope)
    for key, item in pairs_of(collection, part.collection.range):
        count_turn(work, part.range)
        _render(part.body, ChildScope(around, names.bind(key, item)), rendering)
