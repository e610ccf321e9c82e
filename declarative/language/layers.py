"""What is laid over what: the variables and the function fields of one release."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from declarative.errors import EvaluationError, SourceRange
from declarative.language.content import Written
from declarative.language.evidence import blaming
from declarative.language.expressions import evaluate
from declarative.language.grammar_release import FUNCTION
from declarative.language.nesting import read_nested
from declarative.language.nodes import Literal
from declarative.language.problems import NOT_KNOWN
from declarative.language.sections import Section, entries, place_within
from declarative.language.syntax import unparse
from declarative.model.checks import has_sensitive, spread
from declarative.model.values import Pending, Sensitive

if TYPE_CHECKING:
    from declarative.language.expressions import Scope
    from declarative.language.nodes import Attribute
    from declarative.language.values import Value


@dataclass(frozen=True, slots=True)
class Layer:
    """A set of variables, each evaluated when it is asked for.

    Attributes:
        items: What gives the value of each.
        attribute: Where they are written.
    """

    items: Mapping[str, Callable[[], Value]]
    attribute: Attribute

    def place(self, name: str) -> SourceRange:
        """Return where a variable is set."""
        return place_within(self.attribute.expression, (name,))


def layer(attribute: Attribute, scope: Scope) -> Layer:
    """Return the variables in a ``variables`` attribute.

    Written out as an object each is evaluated alone, so that one may read another.

    Raises:
        EvaluationError: the attribute has no value, or is no map that may be read.
    """
    written = entries(attribute.expression)
    if written is None:
        with blaming(attribute.expression, scope):
            return layer_of(attribute, evaluate(attribute.expression, scope))
    return Layer(
        {name: partial(evaluate, item, scope) for name, item in written.items()}, attribute
    )


def layer_of(attribute: Attribute, value: Value) -> Layer:
    """Return the variables in the value of a ``variables`` attribute."""
    content = value.content
    if isinstance(content, dict) and not value.sensitive:
        return Layer({name: partial(_same, item) for name, item in content.items()}, attribute)
    problem = "be known when the plan is made" if not value.is_known else "be a map"
    if value.sensitive:
        problem = "not be sensitive as a whole; mark the values that are"
    raise EvaluationError.of(
        "Invalid value" if value.is_known else NOT_KNOWN,
        f"variables must {problem}.",
        range=attribute.expression.range,
    )


def _same(value: Value) -> Value:
    return value


def read_function(section: Section, scope: Scope) -> Written:
    """Evaluate a ``function`` block; a structure written as a block is read as a mapping."""
    return read_nested(section, scope, FUNCTION)


def lay_over(base: Written, over: Written) -> None:
    """Lay a later ``function`` block over ``base``: field by field, two maps key by key."""
    base.failed |= over.failed
    base.problems.extend(over.problems)
    base.origins.extend(over.origins)
    for name, value in over.content.items():
        merged = value
        if name == "tags" and name in base.content:
            merged = _merged(base.content[name], value)
        elif name == "environment" and name in base.content:
            merged = _merged_environment(spread(base.content[name]), spread(value))
        base.put(name, merged, over.nodes[name])


def _merged_environment(base: object, over: object) -> object:
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    merged = {**base, **over}
    if base.get("variables") is not None and over.get("variables") is not None:
        merged["variables"] = _merged(base["variables"], over["variables"])
    return merged


def _merged(base: object, over: object) -> object:
    """Return two maps as one; a null in the later one removes a key."""
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        return {**base, **over}
    sources = (_source(base), _source(over))
    residual = None if None in sources else f"merge({sources[0]}, {sources[1]})"
    if isinstance(base, Pending) or isinstance(over, Pending):
        return Pending(residual or "null", sensitive=has_sensitive(base) or has_sensitive(over))
    return Sensitive({**_revealed(base), **_revealed(over)}, residual)  # type: ignore[dict-item]


def _revealed(value: object) -> dict[str, object]:
    whole = value.value if isinstance(value, Sensitive) else value
    if not isinstance(whole, Mapping):
        return {}
    return {key: item.value if isinstance(item, Sensitive) else item for key, item in whole.items()}


def _source(value: object) -> str | None:
    """Return HCL that gives ``value`` again; None where it holds a secret nothing gives."""
    match value:
        case Sensitive(residual=residual) | Pending(residual=residual):
            return residual
        case Mapping():
            parts = [(_source(str(key)), _source(item)) for key, item in value.items()]
            if any(item is None for _, item in parts):
                return None
            return "{ " + ", ".join(f"{key} = {item}" for key, item in parts) + " }"
        case list():
            items = [_source(item) for item in value]
            return None if None in items else f"[{', '.join(map(str, items))}]"
        case _:
            return unparse(Literal(value))  # type: ignore[arg-type] # what is left is a scalar
