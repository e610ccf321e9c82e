"""Evaluation of expressions: a pure function of syntax tree and scope.

Each kind of node has one function below. Results and refusals are Terraform's; marks
(unknown, sensitive, read from outside) go from the operands of every operation to its
result, together with the residual that makes the result again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from declarative.errors import EvaluationError, LamformError
from declarative.language import operators, rendering
from declarative.language.access import get_attribute, get_index, lazy_of
from declarative.language.calling import call
from declarative.language.calls import CallContext, Function, Parameter
from declarative.language.evidence import note_witness
from declarative.language.hints import GROUPS, unknown_name
from declarative.language.iteration import object_key, splat, truth, walk
from declarative.language.marks import is_traced
from declarative.language.nodes import (
    Binary,
    Call,
    Conditional,
    ForObject,
    ForTuple,
    GetAttribute,
    Index,
    Literal,
    ObjectConstructor,
    Parentheses,
    Splat,
    SplatItem,
    Template,
    TupleConstructor,
    Unary,
    Variable,
)
from declarative.language.residuals import operand, rebuilt, residual_of, residualize, try_residual
from declarative.language.scoping import ChildScope, Scope
from declarative.language.traversal import SPLAT_ITEM
from declarative.language.types import ConversionError, convert, friendly_name, unify
from declarative.language.values import (
    DYNAMIC,
    FALSE,
    NULL,
    NUMBER,
    STRING,
    TRUE,
    UNKNOWN,
    Type,
    Value,
    object_of,
    solid,
    tuple_of,
)
from declarative.language.world import Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from declarative.language.nodes import Expression


def evaluate(expression: Expression, scope: Scope) -> Value:
    """Return the value of ``expression``.

    Raises:
        EvaluationError: it has none; the diagnostic's range is the part to blame.
    """
    try:
        return _HANDLERS[type(expression)](expression, scope)
    except EvaluationError as error:
        note_witness(error, expression, scope, evaluating=True)
        raise
    except RecursionError:
        detail = "Following this expression took too many steps; split it up with locals."
        raise EvaluationError.of(
            "Expression nested too deeply", detail, range=expression.range
        ) from None


def _literal(node: Literal, _: Scope) -> Value:
    match node.value:
        case None:
            return NULL
        case bool():
            return TRUE if node.value else FALSE
        case str():
            return Value(STRING, node.value)
        case _:
            return Value(NUMBER, node.value)


def _template(node: Template, scope: Scope) -> Value:
    return rendering.render(node, scope, evaluate)


def _tuple(node: TupleConstructor, scope: Scope) -> Value:
    return tuple_of(solid(evaluate(item, scope)) for item in node.items)


def _object(node: ObjectConstructor, scope: Scope) -> Value:
    found: dict[str, Value] = {}
    marked: list[Value] = []
    for key_node, value_node in node.items:
        key = object_key(evaluate(key_node, scope), key_node.range)
        value = solid(evaluate(value_node, scope))
        if is_traced(key):
            marked.append(key)
        if key.content is not UNKNOWN:
            found[str(key.content)] = value
    if not marked:
        return object_of(found)
    unknown = any(key.content is UNKNOWN for key in marked)
    made = Value(DYNAMIC, UNKNOWN) if unknown else object_of(found)
    residual = try_residual(lambda: rebuilt(node, lambda item: evaluate(item, scope)))
    return replace(made, sensitive=any(key.sensitive for key in marked), residual=residual)


def _variable(node: Variable, scope: Scope) -> Value:
    found = scope.lookup(node.name)
    if found is None:
        names = [name for name in scope.names() if name != SPLAT_ITEM]
        detail = unknown_name(node.name, names, _homes(node.name, scope))
        raise EvaluationError.of("Unknown name", detail, range=node.range)
    return found


def _homes(name: str, scope: Scope) -> Iterator[str]:
    """Yield the references that end with a name which stands alone."""
    for root in GROUPS:
        found = scope.lookup(root)
        lazy = lazy_of(found) if found is not None else None
        if lazy is not None and name in lazy.names():
            yield f"{root}.{name}"


def _get_attribute(node: GetAttribute, scope: Scope) -> Value:
    return get_attribute(evaluate(node.source, scope), node.name, node.range, node.source)


def _index(node: Index, scope: Scope) -> Value:
    source = evaluate(node.source, scope)
    return get_index(source, solid(evaluate(node.key, scope)), node.range)


def _splat(node: Splat, scope: Scope) -> Value:
    return splat(node, scope, evaluate)


def _splat_item(node: SplatItem, scope: Scope) -> Value:
    found = scope.lookup(SPLAT_ITEM)
    if found is None:
        detail = "This is not inside a splat."
        raise EvaluationError.of("Invalid expression", detail, range=node.range)
    return found


def _unary(node: Unary, scope: Scope) -> Value:
    return operators.unary(node, evaluate(node.operand, scope))


def _binary(node: Binary, scope: Scope) -> Value:
    return operators.binary(node, evaluate(node.left, scope), evaluate(node.right, scope))


def _for(node: ForTuple | ForObject, scope: Scope) -> Value:
    return walk(node, scope, evaluate)


def _parentheses(node: Parentheses, scope: Scope) -> Value:
    return evaluate(node.inner, scope)


def _call(node: Call, scope: Scope) -> Value:
    functions = scope.functions
    return call(
        node,
        functions.get(node.name),
        scope.context,
        lambda item: evaluate(item, scope),
        tuple(functions),
    )


def _conditional(node: Conditional, scope: Scope) -> Value:
    """Evaluate both branches, for their common type; only the chosen one may fail."""
    condition = truth(evaluate(node.condition, scope), node.condition.range)
    # The other branch only has a type to give: secrets in it are not read.
    other = ChildScope(scope, {}, replace(scope.context, sources=Unread(scope.context.sources)))
    then = _attempt(node.then, other if condition.content is False else scope)
    otherwise = _attempt(node.otherwise, other if condition.content is True else scope)
    if condition.content is UNKNOWN:
        made = Value(_common_type(node, then, otherwise), UNKNOWN)
    else:
        chosen = then if condition.content else otherwise
        if isinstance(chosen, LamformError):
            raise chosen
        made = _unified(node, chosen, then, otherwise)
    if not is_traced(condition):
        return made

    def rebuild() -> Expression:
        return Conditional(
            operand(residual_of(condition)),
            branch(node.then, then),
            branch(node.otherwise, otherwise),
        )

    def branch(side: Expression, value: Value | LamformError) -> Expression:
        if isinstance(value, Value):
            return operand(residual_of(value))
        return residualize(side, lambda item: evaluate(item, scope))

    sensitive = condition.sensitive or any(
        isinstance(side, Value) and side.sensitive for side in (then, otherwise)
    )
    return replace(made, sensitive=sensitive, residual=try_residual(rebuild))


def _attempt(node: Expression, scope: Scope) -> Value | EvaluationError:
    try:
        return solid(evaluate(node, scope))
    except EvaluationError as error:
        return error


def _unified(
    node: Conditional,
    chosen: Value,
    then: Value | LamformError,
    otherwise: Value | LamformError,
) -> Value:
    """Return the chosen branch as a value of the type of both."""
    if isinstance(then, LamformError) or isinstance(otherwise, LamformError):
        return chosen
    if then.type == otherwise.type:
        return chosen
    try:
        return convert(chosen, _common_type(node, then, otherwise))
    except ConversionError as error:
        detail = f"The result cannot be of the type of both branches: {error.message}."
        raise _inconsistent(node, detail) from None


def _common_type(
    node: Conditional, then: Value | LamformError, otherwise: Value | LamformError
) -> Type:
    if isinstance(then, LamformError) or isinstance(otherwise, LamformError):
        return DYNAMIC
    common = unify((then.type, otherwise.type))
    if common is None:
        detail = (
            "The true and false result expressions must have consistent types. The 'true' value "
            f"is {friendly_name(then.type)}, but the 'false' value is "
            f"{friendly_name(otherwise.type)}."
        )
        raise _inconsistent(node, detail)
    return common


def _inconsistent(node: Conditional, detail: str) -> LamformError:
    summary = "Inconsistent conditional result types"
    return EvaluationError.of(summary, detail, range=node.range)


_HANDLERS: Final[Mapping[type, Callable[[Any, Scope], Value]]] = {
    Literal: _literal,
    Template: _template,
    TupleConstructor: _tuple,
    ObjectConstructor: _object,
    Variable: _variable,
    GetAttribute: _get_attribute,
    Index: _index,
    Splat: _splat,
    SplatItem: _splat_item,
    Unary: _unary,
    Binary: _binary,
    Conditional: _conditional,
    ForTuple: _for,
    ForObject: _for,
    Call: _call,
    Parentheses: _parentheses,
}

__all__ = ["CallContext", "ChildScope", "Function", "Parameter", "Scope", "evaluate"]
