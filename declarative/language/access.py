"""Reading parts of values: attributes and elements, with helpful refusals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NoReturn

from declarative.errors import EvaluationError
from declarative.language.hints import undeclared
from declarative.language.marks import derived, inner
from declarative.language.nodes import GetAttribute, Index
from declarative.language.problems import suggestion
from declarative.language.residuals import literal
from declarative.language.types import ConversionError, convert, friendly_name
from declarative.language.values import (
    DYNAMIC,
    NUMBER,
    STRING,
    UNKNOWN,
    Kind,
    Lazy,
    Reference,
    Type,
    Value,
)
from declarative.language.writing import unparse

if TYPE_CHECKING:
    from declarative.errors import SourceRange
    from declarative.language.nodes import Expression

_PRIMITIVES: Final = frozenset({Kind.STRING, Kind.NUMBER, Kind.BOOL})
_FEW: Final = 8
_NO_ELEMENT: Final = "The given key does not identify an element in this collection value"


def lazy_of(value: Value) -> Lazy | None:
    """Return what answers for the attributes of a scope root or reference."""
    content = value.content
    if isinstance(content, Reference):
        return content.attributes
    if value.type.kind is Kind.DYNAMIC and content is not None and isinstance(content, Lazy):
        return content
    return None


def get_attribute(
    source: Value, name: str, where: SourceRange, written: Expression | None = None
) -> Value:
    """Return ``source.name``; messages name the source as it is ``written``.

    Raises:
        EvaluationError: there is no such attribute; ``where`` is blamed.
    """

    def rebuild(residual: Expression) -> Expression:
        return GetAttribute(residual, name)

    if source.content is UNKNOWN:
        made = Value(_attribute_type(source.type, name, where), UNKNOWN)
        return derived(made, (source,), rebuild)
    if source.is_null:
        detail = "This value is null, so it does not have any attributes."
        raise EvaluationError.of("Attempt to get attribute from null value", detail, range=where)
    lazy = lazy_of(source)
    if lazy is not None:
        found = lazy.attribute(name)
        if found is None:
            block = source.type.block
            path = "This" if written is None else unparse(written)
            summary, detail = undeclared(f"This {block}" if block else path, name, lazy.names())
            raise EvaluationError.of(summary, detail, range=where)
        return found
    if isinstance(source.content, dict):
        found = source.content.get(name)
        if found is None:
            known = () if source.sensitive else source.content
            _no_attribute(source.type, name, known, where)
        return inner(source, found, rebuild)
    return _no_attribute(source.type, name, (), where)


def _attribute_type(type_: Type, name: str, where: SourceRange) -> Type:
    """Return the type of an attribute of an unknown value of ``type_``."""
    if type_.kind is Kind.OBJECT:
        types = dict(type_.attributes)
        return types[name] if name in types else _no_attribute(type_, name, types, where)
    if type_.kind is Kind.MAP:
        return type_.element or DYNAMIC
    if type_.kind in {Kind.DYNAMIC, Kind.REFERENCE}:
        return DYNAMIC
    return _no_attribute(type_, name, (), where)


def _no_attribute(type_: Type, name: str, known: Iterable[str], where: SourceRange) -> NoReturn:
    near = suggestion(name, known)
    match type_.kind:
        case Kind.OBJECT:
            detail = f'This object does not have an attribute named "{name}".{near}'
        case Kind.MAP:
            detail = f'This map does not have an element with the key "{name}".{near}'
        case Kind.LIST | Kind.TUPLE:
            detail = (
                "This value does not have any attributes. It is a list: read an element of it "
                f"with [0].{name}, or of all elements with [*].{name}."
            )
        case Kind.SET:
            detail = f"This value does not have any attributes; [*].{name} reads all elements."
        case _:
            shown = friendly_name(type_)
            detail = f"Can't access attributes on a primitive-typed value ({shown})."
    raise EvaluationError.of("Unsupported attribute", detail, range=where)


def get_index(source: Value, key: Value, where: SourceRange) -> Value:
    """Return ``source[key]``.

    Raises:
        EvaluationError: there is no such element; ``where`` is blamed.
    """
    if source.is_null:
        detail = "This value is null, so it does not have any indices."
        raise EvaluationError.of("Attempt to index null value", detail, range=where)
    if key.is_null:
        _invalid("Can't use a null value as an indexing key.", where)
    if source.content is UNKNOWN or key.content is UNKNOWN:
        made = Value(_element_type(source.type, where), UNKNOWN)
        return derived(made, (source, key), Index)
    found = _element(source, key, where)
    if found is None:
        _no_key(source, key, where)
    if key.sensitive or key.residual is not None:
        return derived(found, (source, key), Index)
    return inner(source, found, lambda residual: Index(residual, literal(key)))


def _element(source: Value, key: Value, where: SourceRange) -> Value | None:
    lazy = lazy_of(source)
    if lazy is not None:
        return lazy.attribute(str(_key(key, STRING, where)))
    content = source.content
    if isinstance(content, dict):
        return content.get(str(_key(key, STRING, where)))
    if isinstance(content, tuple) and source.type.kind is not Kind.SET:
        position = _position(_key(key, NUMBER, where), len(content), where)
        return None if position is None else content[position]
    if source.type.kind is Kind.SET:
        detail = (
            "Elements of a set are identified only by their value and have no index. Convert it "
            "with tolist(…), or use for or [*]."
        )
        _invalid(detail, where)
    return _invalid("This value does not have any indices.", where)


def _element_type(type_: Type, where: SourceRange) -> Type:
    if type_.kind in _PRIMITIVES:
        _invalid("This value does not have any indices.", where)
    return type_.element or DYNAMIC


def _key(key: Value, type_: Type, where: SourceRange) -> object:
    try:
        return convert(key, type_).content
    except ConversionError as error:
        _invalid(f"{_NO_ELEMENT}: {error.message}.", where)


def _position(key: object, length: int, where: SourceRange) -> int | None:
    """Return the key as a position, or None where the sequence has none such."""
    if not isinstance(key, int):
        _invalid(f"{_NO_ELEMENT}: indexing a sequence requires a whole number.", where)
    if key < 0:
        negative = "a negative number is not a valid index for a sequence"
        _invalid(f"{_NO_ELEMENT}: {negative}.", where)
    return key if key < length else None


def _no_key(source: Value, key: Value, where: SourceRange) -> NoReturn:
    """Refuse a key; of what is sensitive nothing is told."""
    lazy = lazy_of(source)
    if source.sensitive or key.sensitive:
        _invalid(f"{_NO_ELEMENT}.", where)
    if lazy is None and isinstance(source.content, tuple):
        length = len(source.content)
        there = f"the last index is {length - 1}" if length else "the collection has no elements"
        _invalid(f"{_NO_ELEMENT}: {there}.", where)
    known = lazy.names() if lazy is not None else source.content
    name = str(convert(key, STRING).content)
    names = sorted(known) if isinstance(known, Iterable) else []
    near = suggestion(name, names)
    if not near and 0 < len(names) <= _FEW:
        near = f" There are: {', '.join(names)}."
    _invalid(f'There is no element with the key "{name}".{near}', where)


def _invalid(detail: str, where: SourceRange) -> NoReturn:
    raise EvaluationError.of("Invalid index", detail, range=where)
