"""Types at work: names for people, unification, and conversion of values."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from declarative.errors import Diagnostic, EvaluationError
from declarative.language.constraints import type_from_expression
from declarative.language.numbers import format_number, read_number
from declarative.language.ordering import distinct_sorted
from declarative.language.plain import (
    deep_marks,
    from_python,
    parts_of,
    to_python,
    without_marks,
)
from declarative.language.residuals import converted_residual
from declarative.language.values import (
    BOOL,
    DYNAMIC,
    NULL,
    NUMBER,
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
    from collections.abc import Iterable, Mapping, Sequence

_PRIMITIVES: Final = frozenset({Kind.STRING, Kind.NUMBER, Kind.BOOL})
_SEQUENCES: Final = frozenset({Kind.LIST, Kind.SET, Kind.TUPLE})
_MAPPINGS: Final = frozenset({Kind.MAP, Kind.OBJECT})
_NUMBER: Final = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_BOOLS: Final = {"true": True, "1": True, "false": False, "0": False}


@dataclass(eq=False)
class ConversionError(EvaluationError):
    """A value is not of a type and cannot be turned into it.

    Attributes:
        message: What is wrong and where inside the value: ``a number is required``,
            ``element 0: a number is required``.
    """

    message: str = ""


def _mismatch(message: str) -> ConversionError:
    return ConversionError((Diagnostic("Unsuitable value", f"{message}."),), message)


def friendly_name(type_: Type) -> str:
    """Return the type as written in a type constraint: ``list(string)``."""
    match type_.kind:
        case Kind.DYNAMIC:
            return "any"
        case Kind.LIST | Kind.SET | Kind.MAP:
            return f"{type_.kind.value}({friendly_name(type_.element or DYNAMIC)})"
        case Kind.TUPLE:
            return f"tuple([{', '.join(map(friendly_name, type_.elements))}])"
        case Kind.OBJECT:
            inner = ", ".join(_attribute_name(type_, *item) for item in type_.attributes)
            return f"object({{{inner}}})"
        case Kind.REFERENCE:
            return type_.block
        case _:
            return str(type_.kind.value)


def _attribute_name(owner: Type, name: str, type_: Type) -> str:
    shown = friendly_name(type_)
    return f"{name}=optional({shown})" if name in owner.optional else f"{name}={shown}"


def unify(types: Iterable[Type]) -> Type | None:
    """Return the type to which values of all ``types`` convert, or None if there is none."""
    distinct = [item for item in dict.fromkeys(types) if item.kind is not Kind.DYNAMIC]
    if not distinct:
        return DYNAMIC
    if len(distinct) == 1:
        return distinct[0]
    kinds = {item.kind for item in distinct}
    if kinds <= _PRIMITIVES:
        return STRING if Kind.STRING in kinds else None
    if kinds <= _SEQUENCES:
        return _unify_sequences(distinct, kinds)
    if kinds <= _MAPPINGS:
        return _unify_mappings(distinct, kinds)
    return None


def _unify_sequences(types: Sequence[Type], kinds: set[Kind]) -> Type | None:
    if kinds == {Kind.TUPLE} and len({len(item.elements) for item in types}) == 1:
        columns = zip(*(item.elements for item in types), strict=True)
        unified = [unify(column) for column in columns]
        elements = tuple(item for item in unified if item is not None)
        if len(elements) == len(unified):
            return Type(Kind.TUPLE, elements=elements)
    element = unify(inner for item in types for inner in _inner_types(item))
    if element is None:
        return None
    only_sets = Kind.SET in kinds and Kind.LIST not in kinds
    return Type(Kind.SET if only_sets else Kind.LIST, element)


def _unify_mappings(types: Sequence[Type], kinds: set[Kind]) -> Type | None:
    if kinds == {Kind.OBJECT} and len({_names(item) for item in types}) == 1:
        unified = {
            name: unify(dict(item.attributes)[name] for item in types) for name in _names(types[0])
        }
        attributes = tuple((name, item) for name, item in unified.items() if item is not None)
        if len(attributes) == len(unified):
            return Type(Kind.OBJECT, attributes=attributes)
    element = unify(inner for item in types for inner in _inner_types(item))
    return None if element is None else Type(Kind.MAP, element)


def _names(type_: Type) -> tuple[str, ...]:
    return tuple(name for name, _ in type_.attributes)


def _inner_types(type_: Type) -> Iterable[Type]:
    if type_.element is not None:
        return (type_.element,)
    return type_.elements or (inner for _, inner in type_.attributes)


def convert(value: Value, type_: Type) -> Value:
    """Return ``value`` as a value of ``type_``, its marks kept.

    ``DYNAMIC`` takes any value as it is; inside a collection it stands for the one type
    that all elements have in common.

    Raises:
        ConversionError: the value has no such form.
    """
    value = solid(value)
    if type_.kind is Kind.DYNAMIC or (value.type == type_ and not type_.defaults):
        return value
    if value.is_null:
        return replace(value, type=bare(type_))
    if value.content is UNKNOWN:
        _check_convertible(value.type, type_)
        residual = converted_residual(value.residual, type_)
        return Value(bare(type_), UNKNOWN, value.sensitive, residual)
    made = _converted(value, type_)
    if value.sensitive or value.residual is not None:
        residual = converted_residual(value.residual, made.type)
        return replace(made, sensitive=value.sensitive or made.sensitive, residual=residual)
    return made


def bare(type_: Type) -> Type:
    """Return the type of the values of a constraint: nothing optional, no defaults."""
    if type_.element is not None:
        return replace(type_, element=bare(type_.element))
    if type_.elements:
        return replace(type_, elements=tuple(map(bare, type_.elements)))
    attributes = tuple((name, bare(inner)) for name, inner in type_.attributes)
    return replace(type_, attributes=attributes, optional=frozenset(), defaults=())


def _converted(value: Value, type_: Type) -> Value:
    match type_.kind:
        case Kind.STRING:
            return Value(STRING, _as_string(value))
        case Kind.NUMBER:
            return Value(NUMBER, _as_number(value))
        case Kind.BOOL:
            return Value(BOOL, _as_bool(value))
        case Kind.LIST | Kind.SET if value.type.kind in _SEQUENCES:
            return _as_collection(_items(value), type_)
        case Kind.TUPLE if value.type.kind in {Kind.LIST, Kind.TUPLE}:
            return _as_tuple(_items(value), type_)
        case Kind.MAP if value.type.kind in _MAPPINGS:
            return _as_map(_attributes(value), type_)
        case Kind.OBJECT if value.type.kind in _MAPPINGS:
            return _as_object(_attributes(value), type_)
        case _:
            raise _required(type_)


def _required(type_: Type) -> ConversionError:
    shown = type_.kind.value
    if type_.element is not None and type_.element != DYNAMIC:
        shown = f"{shown} of {friendly_name(type_.element)}"
    elif type_.kind is Kind.REFERENCE:
        shown = f"reference to one {type_.block} block"
    article = "an" if type_.kind is Kind.OBJECT else "a"
    return _mismatch(f"{article} {shown} is required")


def _items(value: Value) -> tuple[Value, ...]:
    return value.content if isinstance(value.content, tuple) else ()


def _attributes(value: Value) -> Mapping[str, Value]:
    return value.content if isinstance(value.content, dict) else {}


def _as_string(value: Value) -> str:
    match value.content:
        case bool() as content:
            return "true" if content else "false"
        case int() | Decimal() as content:
            return format_number(content)
        case str() as content:
            return content
        case _:
            raise _required(STRING)


def _as_number(value: Value) -> int | Decimal:
    content = value.content
    if isinstance(content, str) and _NUMBER.fullmatch(content):
        try:
            return read_number(content)
        except EvaluationError as error:
            raise _mismatch(error.diagnostics[0].detail.rstrip(".")) from None
    if isinstance(content, int | Decimal) and not isinstance(content, bool):
        return content
    raise _required(NUMBER)


def _as_bool(value: Value) -> bool:
    content = value.content
    if isinstance(content, bool):
        return content
    if isinstance(content, str) and content in _BOOLS:
        return _BOOLS[content]
    raise _required(BOOL)


def _each(items: Iterable[tuple[str, Value]], type_: Type) -> list[Value]:
    """Convert the items of a collection to its element type, which ``DYNAMIC`` leaves open."""
    pairs = list(items)
    element = type_.element or DYNAMIC
    if has_open_part(element):
        converted = [_inside(label, item, element) for label, item in pairs]
        unified = unify(item.type for item in converted)
        if unified is None:
            raise _mismatch(f"all elements of a {type_.kind.value} must have the same type")
        return [convert(item, unified) for item in converted]
    return [_inside(label, item, element) for label, item in pairs]


def has_open_part(type_: Type) -> bool:
    """Return whether ``DYNAMIC`` occurs in the type."""
    return type_.kind is Kind.DYNAMIC or any(map(has_open_part, _inner_types(type_)))


def _inside(label: str, item: Value, type_: Type) -> Value:
    try:
        return convert(item, type_)
    except ConversionError as error:
        raise _mismatch(f"{label}: {error.message}") from None


def _common(items: Sequence[Value], type_: Type) -> Type:
    if type_.element is not None and not has_open_part(type_.element):
        return bare(type_.element)
    return unify(item.type for item in items) or DYNAMIC


def _as_collection(items: Sequence[Value], type_: Type) -> Value:
    converted = _each(((f"element {i}", item) for i, item in enumerate(items)), type_)
    made = Type(type_.kind, _common(converted, type_))
    if type_.kind is Kind.LIST:
        return Value(made, tuple(converted))
    return set_of(converted, made)


def set_of(items: Sequence[Value], type_: Type) -> Value:
    """Return a set of converted items; a mark of any of them becomes the mark of the set."""
    plain = Value(type_, distinct_sorted(without_marks(item) for item in items))
    parts = [part for item in items for part in parts_of(item)]
    if not any(part.sensitive or part.residual is not None for part in parts):
        return plain
    residual = converted_residual(tuple_of(items), type_)
    if any(part.content is UNKNOWN for part in parts):
        return Value(type_, UNKNOWN, any(part.sensitive for part in parts), residual)
    return replace(plain, sensitive=any(part.sensitive for part in parts), residual=residual)


def _as_tuple(items: Sequence[Value], type_: Type) -> Value:
    if len(items) != len(type_.elements):
        raise _mismatch(f"exactly {len(type_.elements)} elements are required, not {len(items)}")
    pairs = zip(items, type_.elements, strict=True)
    return tuple_of(_inside(f"element {i}", item, inner) for i, (item, inner) in enumerate(pairs))


def _as_map(attributes: Mapping[str, Value], type_: Type) -> Value:
    labelled = ((f'element "{name}"', item) for name, item in attributes.items())
    converted = _each(labelled, type_)
    made = Type(Kind.MAP, _common(converted, type_))
    return Value(made, dict(sorted(zip(attributes, converted, strict=True))))


def _as_object(attributes: Mapping[str, Value], type_: Type) -> Value:
    defaults = dict(type_.defaults)
    made: dict[str, Value] = {}
    for name, inner in type_.attributes:
        item = attributes.get(name)
        if (item is None or item.is_null) and name in defaults:
            item = defaults[name]
        if item is None:
            if name not in type_.optional:
                raise _mismatch(f'attribute "{name}" is required')
            item = NULL
        made[name] = _inside(f'attribute "{name}"', item, inner)
    return object_of(made)


def _check_convertible(source: Type, target: Type) -> None:
    """Refuse a conversion that no value of ``source`` could pass, known or not."""
    numbers = {source.kind, target.kind} == {Kind.NUMBER, Kind.BOOL}
    families = (_PRIMITIVES, _SEQUENCES, _MAPPINGS, {Kind.REFERENCE})
    apart = any((source.kind in family) != (target.kind in family) for family in families)
    if source.kind is not Kind.DYNAMIC and (numbers or apart):
        raise _required(target)


__all__ = [
    "ConversionError",
    "bare",
    "convert",
    "deep_marks",
    "format_number",
    "friendly_name",
    "from_python",
    "has_open_part",
    "set_of",
    "to_python",
    "type_from_expression",
    "unify",
    "without_marks",
]
