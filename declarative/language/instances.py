"""Blocks as expressions see them, and what ``for_each`` makes of one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from declarative.errors import EvaluationError
from declarative.language.evidence import blaming
from declarative.language.expressions import ChildScope, evaluate
from declarative.language.problems import NOT_KNOWN
from declarative.language.sections import Bindings, plain_text
from declarative.language.types import friendly_name
from declarative.language.values import DYNAMIC, STRING, Kind, Reference, Value
from declarative.model.address import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from declarative.errors import SourceRange
    from declarative.language.expressions import Scope
    from declarative.language.sections import Section


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One block as expressions see it: one of several where it has ``for_each``.

    Attributes:
        type: The block's type.
        name: Its label; a connector's is ``aws.main``.
        key: The ``for_each`` key, or None.
        section: Its block.
        scope: What its expressions may read.
        address: Its canonical address.
    """

    type: str
    name: str
    key: str | None
    section: Section
    scope: Scope
    address: str = field(init=False)

    def __post_init__(self) -> None:
        """Put the address together, once: everything about the block is found by it."""
        suffix = "" if self.key is None else f"[{quote(self.key)}]"
        object.__setattr__(self, "address", f"{self.type}.{self.name}{suffix}")


def expand(type_: str, name: str, section: Section, scope: Scope) -> tuple[Instance, ...]:
    """Return the instances of a block: one, or one for each key of its ``for_each``.

    Raises:
        EvaluationError: the value of ``for_each`` is no good.
    """
    expression = section.expression("for_each")
    if expression is None:
        return (Instance(type_, name, None, section, scope),)
    found = []
    with blaming(expression, scope):
        pairs = _pairs(evaluate(expression, scope), expression.range)
    for key, item in pairs:
        each = Value(DYNAMIC, Bindings({"key": Value(STRING, key), "value": item}))
        inner = ChildScope(scope, {"each": each})
        found.append(Instance(type_, name, key, section, inner))
    return tuple(found)


def _pairs(value: Value, place: SourceRange) -> Iterable[tuple[str, Value]]:
    """Return key and value of every instance that a ``for_each`` makes.

    Raises:
        EvaluationError: it is unknown or sensitive, or neither a map nor a set of strings.
    """
    content = value.content
    if value.is_known and not value.sensitive:
        if isinstance(content, dict):
            return tuple(content.items())
        if isinstance(content, tuple) and value.type.kind is Kind.SET and _are_keys(value):
            return tuple((plain_text(item, "A key of for_each", place), item) for item in content)
    problem = _problem_of(value)
    summary = "Invalid for_each" if value.is_known else NOT_KNOWN
    raise EvaluationError.of(
        summary,
        f"for_each takes a map, a set of strings, or a block that has for_each; {problem}",
        range=place,
    )


def _are_keys(value: Value) -> bool:
    """Whether the elements of a set may be keys: numbers that look alike are not the same."""
    return value.type.element is None or value.type.element.kind in {Kind.STRING, Kind.DYNAMIC}


def _problem_of(value: Value) -> str:
    if value.sensitive:
        return "this value is sensitive, and keys are shown in plans. Use nonsensitive() on them."
    if not value.is_known:
        return "this value is not known when the plan is made."
    if value.type.kind is Kind.SET:
        shown = friendly_name(value.type)
        return f"this is a {shown}. Make strings of it: toset([for v in … : tostring(v)])."
    if isinstance(value.content, Reference):
        return f"{value.content.address} has no for_each: it is one block, not several."
    if isinstance(value.content, tuple):
        return "this is a list. Use toset() on it."
    if value.is_null:
        return "this is null. Use {} for none."
    block = value.type.block
    return f"this is {f'one {block}' if block else f'a value of type {friendly_name(value.type)}'}."
