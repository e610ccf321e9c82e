"""Values of the expression language: Terraform's types, plus two marks.

A `Value` is a type, a content and its marks. The content of a collection holds
`Value` objects again, so that a mark sits on the leaf it belongs to. Two marks
travel through every operation:

*unknown*    the content is `UNKNOWN`; it will exist only during or after the apply.
*sensitive*  the content may be used but never shown, saved or logged.

A value that carries either mark also carries its `residual`: the expression that
remains when all non-sensitive, known parts are evaluated. The plan saves residuals
in place of secrets and apply evaluates them again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from declarative.language.syntax import Expression


class Kind(Enum):
    """The kinds of types, in Terraform's names."""

    STRING = "string"
    NUMBER = "number"
    BOOL = "bool"
    DYNAMIC = "dynamic"  # the type of null and of a wholly unknown value
    LIST = "list"
    SET = "set"
    MAP = "map"
    TUPLE = "tuple"
    OBJECT = "object"
    REFERENCE = "reference"  # a block as a value: infrastructure.main, service.checkout


@dataclass(frozen=True, slots=True)
class Type:
    """A type; ``element`` for list, set and map, the other fields for tuple and object.

    ``optional`` names the attributes of an object *constraint* that may be absent;
    the type of a value never has any, nor ``defaults``. ``block`` is the block type of a
    reference.
    """

    kind: Kind
    element: Type | None = None
    elements: tuple[Type, ...] = ()
    attributes: tuple[tuple[str, Type], ...] = ()  # sorted by name
    optional: frozenset[str] = frozenset()
    block: str = ""
    defaults: tuple[tuple[str, Value], ...] = ()  # of optional attributes, sorted by name


STRING: Final = Type(Kind.STRING)
NUMBER: Final = Type(Kind.NUMBER)
BOOL: Final = Type(Kind.BOOL)
DYNAMIC: Final = Type(Kind.DYNAMIC)


class Unknown(Enum):
    """The content of a value that is not known yet."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN


class Lazy(ABC):
    """Something with attributes that are evaluated when they are asked for.

    ``local``, ``var``, ``self`` and references are lazy: reading ``local.a`` never
    evaluates ``local.b``.
    """

    __slots__ = ()

    @abstractmethod
    def attribute(self, name: str) -> Value | None:
        """Return the attribute, or None where there is none of that name."""

    @abstractmethod
    def names(self) -> Iterator[str]:
        """Yield the names of all attributes (for suggestions and whole use)."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A block used as a value; two references are equal when their addresses are.

    Attributes:
        block: The block type: ``connector``, ``environment``, ``infrastructure``, ``service``.
        address: The canonical address, such as ``infrastructure.main["dev"]``.
        attributes: What can be read on it (``.region``, ``.environment``, …).
    """

    block: str
    address: str
    attributes: Lazy = field(compare=False, hash=False, repr=False)


@dataclass(frozen=True, slots=True)
class Value:
    """One value of the language.

    ``content`` by kind: string ``str``; number ``int`` (when whole) or ``Decimal``;
    bool ``bool``; list, tuple and set a tuple of values (a set sorted and distinct);
    map and object a dict of values (never changed after construction); reference a
    `Reference`; a scope root such as ``local`` a `Lazy` with type `DYNAMIC`. ``None``
    is null and `UNKNOWN` unknown, of any type.
    """

    type: Type
    content: object
    sensitive: bool = False
    residual: Expression | None = field(default=None, compare=False, repr=False)

    def __repr__(self) -> str:
        """Return the content, or a placeholder when it is sensitive."""
        shown = "(sensitive)" if self.sensitive else repr(self.content)
        return f"Value({self.type.kind.value}, {shown})"

    @property
    def is_null(self) -> bool:
        """Whether this is null."""
        return self.content is None

    @property
    def is_known(self) -> bool:
        """Whether the content itself is known (its elements may still not be)."""
        return self.content is not UNKNOWN

    def marked(self, *, sensitive: bool, residual: Expression | None) -> Value:
        """Return this value with the given marks."""
        return replace(self, sensitive=sensitive, residual=residual)


NULL: Final = Value(DYNAMIC, None)
TRUE: Final = Value(BOOL, True)  # noqa: FBT003 - the content
FALSE: Final = Value(BOOL, False)  # noqa: FBT003 - the content


def text(content: str) -> Value:
    """Return a string value."""
    return Value(STRING, content)


def tuple_of(items: Iterable[Value]) -> Value:
    """Return a tuple of the items."""
    content = tuple(items)
    return Value(Type(Kind.TUPLE, elements=tuple(item.type for item in content)), content)


def object_of(attributes: Mapping[str, Value]) -> Value:
    """Return an object of the attributes, in the order of their names."""
    content = {name: attributes[name] for name in sorted(attributes)}
    types = tuple((name, item.type) for name, item in content.items())
    return Value(Type(Kind.OBJECT, attributes=types), content)


def solid(value: Value) -> Value:
    """Return ``value`` with a scope root such as ``local`` turned into the object it is."""
    content = value.content
    if (
        type(content) in _SOLID
        or value.type.kind is Kind.REFERENCE
        or not isinstance(content, Lazy)
    ):
        return value
    found = ((name, content.attribute(name)) for name in content.names())
    return object_of({name: solid(item) for name, item in found if item is not None})


_SOLID: Final = frozenset({str, int, bool, tuple, dict, type(None), Unknown})
