"""Type constraints: ``list(string)``, ``object({ name = optional(string, "x") })``."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NoReturn

from declarative.errors import EvaluationError
from declarative.language.nodes import (
    Call,
    Expression,
    Literal,
    ObjectConstructor,
    Parentheses,
    TupleConstructor,
    Unary,
    Variable,
)
from declarative.language.plain import from_python
from declarative.language.values import BOOL, DYNAMIC, NUMBER, STRING, Kind, Type, Value

_SIMPLE: Final = {"string": STRING, "number": NUMBER, "bool": BOOL, "any": DYNAMIC}
_COLLECTIONS: Final = {"list": Kind.LIST, "set": Kind.SET, "map": Kind.MAP}
_FORMS: Final = (
    "Types are string, number, bool, any, list(…), set(…), map(…), tuple([…]) and "
    "object({ name = type, other = optional(type, default) })."
)


def type_from_expression(expression: Expression) -> Type:
    """Return the type that a constraint describes.

    Raises:
        EvaluationError: it is no type constraint.
    """
    match expression:
        case Variable(name=name) if name in _SIMPLE:
            return _SIMPLE[name]
        case Variable(name="list" | "set" | "map" as name):
            detail = f"{name} needs the type of its elements, such as {name}(string)."
        case Call(name=name, arguments=(argument,), expand=False) if name in _COLLECTIONS:
            return Type(_COLLECTIONS[name], type_from_expression(argument))
        case Call(name="tuple", arguments=(TupleConstructor(items=items),), expand=False):
            return Type(Kind.TUPLE, elements=tuple(map(type_from_expression, items)))
        case Call(name="object", arguments=(ObjectConstructor() as inner,), expand=False):
            return _object(inner)
        case Call(name="optional"):
            detail = "optional(…) belongs to an attribute of an object(…)."
        case _:
            detail = _FORMS
    return _refuse(expression, detail)


def _object(constructor: ObjectConstructor) -> Type:
    attributes: dict[str, Type] = {}
    optional: set[str] = set()
    defaults: dict[str, Value] = {}
    for key, constraint in constructor.items:
        if not isinstance(key, Literal) or not isinstance(key.value, str):
            _refuse(key, "The attributes of an object type have plain names.")
        name, inner = key.value, constraint
        if name in attributes:
            _refuse(key, f'The attribute "{name}" is there twice.')
        if isinstance(constraint, Call) and constraint.name == "optional":
            optional.add(name)
            inner, default = _optional(constraint)
            if default is not None:
                defaults[name] = default
        attributes[name] = type_from_expression(inner)
    return Type(
        Kind.OBJECT,
        attributes=tuple(sorted(attributes.items(), key=lambda item: item[0])),
        optional=frozenset(optional),
        defaults=tuple(sorted(defaults.items(), key=lambda item: item[0])),
    )


def _optional(call: Call) -> tuple[Expression, Value | None]:
    match call.arguments:
        case (constraint,):
            return constraint, None
        case (constraint, default):
            return constraint, from_python(_plain(default))
        case _:
            return _refuse(call, "optional takes a type and, if you like, a default.")


def _plain(node: Expression) -> object:
    """Return the data of a default, which is written literally."""
    match node:
        case Literal():
            return node.value
        case Unary(op="-", operand=Literal(value=int() | Decimal() as value)):
            return -value
        case Parentheses():
            return _plain(node.inner)
        case TupleConstructor():
            return [_plain(item) for item in node.items]
        case ObjectConstructor():
            return {str(_plain(key)): _plain(value) for key, value in node.items}
        case _:
            return _refuse(node, "A default in a type is a literal: it refers to nothing.")


def _refuse(expression: Expression, detail: str) -> NoReturn:
    raise EvaluationError.of("Invalid type", detail, range=expression.range)
