"""Scopes: where an expression takes its names and functions from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from declarative.language.limits import Work

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from declarative.language.calls import CallContext, Function
    from declarative.language.values import Value


class Scope(Protocol):
    """The names that an expression can use."""

    @property
    def functions(self) -> Mapping[str, Function]:
        """Return the functions by name."""
        ...

    @property
    def context(self) -> CallContext:
        """Return what impure functions may read."""
        ...

    def lookup(self, name: str) -> Value | None:
        """Return what a name stands for, or None where it stands for nothing."""
        ...

    def names(self) -> Iterable[str]:
        """Return all names, for suggestions."""
        ...


@dataclass(frozen=True, slots=True)
class ChildScope:
    """A scope with some names more, or hiding those of its parent.

    Attributes:
        own: What impure functions may read here, where it is not what they may outside.
    """

    parent: Scope
    bindings: Mapping[str, Value]
    own: CallContext | None = None

    @property
    def functions(self) -> Mapping[str, Function]:
        """Return the functions of the outermost scope."""
        return self.parent.functions

    @property
    def context(self) -> CallContext:
        """Return the context of this scope, or of the nearest that has one."""
        return self.own or self.parent.context

    def lookup(self, name: str) -> Value | None:
        """Return what a name stands for here, or else in the parent."""
        found = self.bindings.get(name)
        return found if found is not None else self.parent.lookup(name)

    def names(self) -> Iterable[str]:
        """Return the names of this scope and of its parents."""
        return {*self.bindings, *self.parent.names()}


def counting(scope: Scope) -> tuple[Scope, Work]:
    """Return a scope for the turns of a loop, and what counts them with those around it."""
    work = scope.context.work
    if work is not None:
        return scope, work
    work = Work()
    return ChildScope(scope, {}, replace(scope.context, work=work)), work
