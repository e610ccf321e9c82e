"""What names stand for: roots with attributes that are evaluated when they are read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from declarative.language.calls import CallContext
from declarative.language.functions import BUILTINS
from declarative.language.nodes import GetAttribute, Index, Literal, Variable
from declarative.language.values import DYNAMIC, Kind, Lazy, Reference, Type, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from declarative.language.calls import Function
    from declarative.language.nodes import Expression

_IDENTIFIER: Final = re.compile(r"[^\W\d][\w-]*\Z")


@dataclass(frozen=True, slots=True)
class Members(Lazy):
    """A scope root (or part of one) whose attributes a function finds."""

    find: Callable[[str], Value | None]
    known: Callable[[], Iterable[str]]

    def attribute(self, name: str) -> Value | None:
        """Return the attribute, or None where there is none of that name."""
        return self.find(name)

    def names(self) -> Iterator[str]:
        """Yield the names of all attributes."""
        return iter(self.known())


@dataclass(frozen=True, slots=True)
class Roots:
    """A scope of fixed roots: the outermost one."""

    roots: Mapping[str, Value]
    context: CallContext
    functions: Mapping[str, Function] = field(default_factory=lambda: BUILTINS)

    def lookup(self, name: str) -> Value | None:
        """Return what a name stands for."""
        return self.roots.get(name)

    def names(self) -> Iterable[str]:
        """Return all names."""
        return self.roots


NO_NAMES: Final = Roots({}, CallContext(Path(), {}))
"""The scope of values that are written literally."""


def group(find: Callable[[str], Value | None], known: Callable[[], Iterable[str]]) -> Value:
    """Return a root, or part of one, with attributes."""
    return Value(DYNAMIC, Members(find, known))


def reference(
    block: str,
    address: str,
    find: Callable[[str], Value | None],
    known: Callable[[], Iterable[str]],
) -> Value:
    """Return a block as a value."""
    return Value(Type(Kind.REFERENCE, block=block), Reference(block, address, Members(find, known)))


def traversal(root: str, *steps: str) -> Expression:
    """Return ``root.step.step`` as an expression."""
    return extended(Variable(root), *steps)


def extended(expression: Expression, *steps: str) -> Expression:
    """Return ``expression.step.step``; a step that is no identifier is an index."""
    for step in steps:
        if _IDENTIFIER.match(step):
            expression = GetAttribute(expression, step)
        else:
            expression = Index(expression, Literal(step))
    return expression


def indexed(expression: Expression, key: str | None) -> Expression:
    """Return ``expression["key"]``, or the expression itself where there is no key."""
    return expression if key is None else Index(expression, Literal(key))
