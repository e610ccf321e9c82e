"""Calling functions: everything that is the same for all of them, and ``try`` and ``can``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn

from declarative.errors import Diagnostic, EvaluationError
from declarative.language.calls import FunctionError
from declarative.language.marks import is_sensitive_deep, is_traced_deep, items_of
from declarative.language.nodes import Call
from declarative.language.plain import deep_marks, without_marks
from declarative.language.problems import suggestion
from declarative.language.residuals import (
    UntraceableError,
    residual_of,
    residualize,
    try_residual,
)
from declarative.language.traversal import children, free_names
from declarative.language.types import ConversionError, convert
from declarative.language.values import BOOL, DYNAMIC, FALSE, TRUE, UNKNOWN, Kind, Value, solid
from declarative.language.world import SECRETS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from declarative.errors import SourceRange
    from declarative.language.calls import CallContext, Function, Parameter
    from declarative.language.nodes import Expression

    Evaluate = Callable[[Expression], Value]

SPECIAL_FORMS = ("can", "try")
_SEQUENCES = frozenset({Kind.LIST, Kind.SET, Kind.TUPLE})


@dataclass(frozen=True, slots=True)
class _Argument:
    """One argument after expansion: as given, and where it is written."""

    value: Value
    expression: Expression


def call(
    node: Call,
    function: Function | None,
    context: CallContext,
    evaluate: Evaluate,
    known: Sequence[str],
) -> Value:
    """Return the result of a call.

    Args:
        node: The call.
        function: What it names, or None.
        context: What impure functions may read.
        evaluate: Evaluates the arguments.
        known: The names of all functions, for a suggestion.

    Raises:
        EvaluationError: the arguments do not fit, or the function refused them.
    """
    if node.name == "try":
        return _try(node, evaluate)
    if node.name == "can":
        return _can(node, evaluate)
    if function is None:
        raise _unknown_function(node, known)
    arguments = _arguments(node, evaluate)
    if arguments is None:
        residual = try_residual(lambda: _whole(node, evaluate))
        return Value(function.returns or DYNAMIC, UNKNOWN, residual=residual)
    _check_count(node, function, len(arguments))
    result = _result(node, function, context, arguments)
    return _marked(node, function, result, arguments)


def _unknown_function(node: Call, known: Sequence[str]) -> EvaluationError:
    namespace, _, name = node.name.rpartition("::")
    if namespace == "provider" or namespace.startswith("provider::"):
        detail = (
            f'"{node.name}" would be the function of a Terraform provider, and there are no '
            "providers here. Write it with the built-in functions, or pass the result in as a "
            "variable."
        )
        return EvaluationError.of("No functions of providers", detail, range=node.range)
    if namespace:
        detail = f'There is no namespace "{namespace}": built-in functions are in "core".'
        return EvaluationError.of("Call to unknown function", detail, range=node.range)
    near = suggestion(name, (*known, *SPECIAL_FORMS))
    detail = f'There is no function named "{name}".{near}'
    return EvaluationError.of("Call to unknown function", detail, range=node.range)


def _arguments(node: Call, evaluate: Evaluate) -> list[_Argument] | None:
    """Return the arguments, or None when the list to expand is not known yet."""
    arguments = [_Argument(solid(evaluate(item)), item) for item in node.arguments]
    if not node.expand:
        return arguments
    last = arguments.pop()
    where = last.expression.range
    if last.value.content is UNKNOWN:
        return None
    if last.value.is_null:
        _refuse_expansion("The expanding argument (indicated by ...) must not be null.", where)
    if last.value.type.kind not in _SEQUENCES:
        detail = "The expanding argument (indicated by ...) must be of a tuple, list, or set type."
        _refuse_expansion(detail, where)
    arguments.extend(_Argument(item, last.expression) for _, item in items_of(last.value))
    return arguments


def _refuse_expansion(detail: str, where: SourceRange) -> NoReturn:
    raise EvaluationError.of("Invalid expanding argument value", detail, range=where)


def _check_count(node: Call, function: Function, count: int) -> None:
    expected = len(function.parameters)
    if count < expected:
        missing = function.parameters[count].name
        least = "at least " if function.variadic else ""
        detail = (
            f'Function "{node.name}" expects {least}{expected} argument(s). '
            f'Missing value for "{missing}".'
        )
        raise EvaluationError.of("Not enough function arguments", detail, range=node.range)
    if count > expected and function.variadic is None:
        detail = f'Function "{node.name}" expects only {expected} argument(s).'
        where = node.arguments[min(expected, len(node.arguments) - 1)].range
        raise EvaluationError.of("Too many function arguments", detail, range=where)


def _result(
    node: Call, function: Function, context: CallContext, arguments: Sequence[_Argument]
) -> Value:
    """Return what the function makes of the arguments, its own marks only."""
    values: list[Value] = []
    unknown = False
    for position, argument in enumerate(arguments):
        parameter = function.parameter(position)
        if parameter is None:
            continue
        value = _fitted(node, argument, parameter)
        unknown = unknown or (not parameter.allow_unknown and deep_marks(value)[0])
        values.append(value if parameter.allow_marked else without_marks(value))
    if unknown:
        return Value(function.returns or DYNAMIC, UNKNOWN)
    try:
        return function.call(context, values)
    except FunctionError as error:
        return _refused(node, function, error.message, arguments, error.argument)
    except ConversionError as error:
        return _refused(node, function, error.message, arguments, None)
    except EvaluationError as error:
        error.place(node.range)
        raise


def _fitted(node: Call, argument: _Argument, parameter: Parameter) -> Value:
    value, where = argument.value, argument.expression.range
    if value.is_null and not parameter.allow_null:
        _invalid_argument(node, parameter, "argument must not be null", where)
    if parameter.type is None:
        return value
    try:
        return convert(value, parameter.type)
    except ConversionError as error:
        return _invalid_argument(node, parameter, error.message, where)


def _refused(
    node: Call,
    function: Function,
    message: str,
    arguments: Sequence[_Argument],
    position: int | None,
) -> NoReturn:
    if any(is_sensitive_deep(item.value) for item in arguments):
        message = "it refused an argument, and says no more since one is sensitive"
    parameter = function.parameter(position) if position is not None else None
    if position is not None and parameter is not None and position < len(arguments):
        _invalid_argument(node, parameter, message, arguments[position].expression.range)
    detail = f'Call to function "{node.name}" failed: {message}.'
    raise EvaluationError.of("Error in function call", detail, range=node.range)


def _invalid_argument(
    node: Call, parameter: Parameter, message: str, where: SourceRange
) -> NoReturn:
    detail = f'Invalid value for the parameter "{parameter.name}" of {node.name}: {message}.'
    raise EvaluationError.of("Invalid function argument", detail, range=where)


def _marked(node: Call, function: Function, result: Value, arguments: Sequence[_Argument]) -> Value:
    """Return the result with the marks of the arguments and the call as its residual."""
    sensitive, traced = result.sensitive, function.reads_outside
    for position, argument in enumerate(arguments):
        parameter = function.parameter(position)
        if parameter is not None and not parameter.allow_marked:
            sensitive = sensitive or is_sensitive_deep(argument.value)
            traced = traced or is_traced_deep(argument.value)
    traced = traced or sensitive or result.content is UNKNOWN
    if not traced or (result.residual is not None and sensitive == result.sensitive):
        return result
    residual = try_residual(lambda: _residual(node, arguments))
    return replace(result, sensitive=sensitive, residual=residual)


def _residual(node: Call, arguments: Sequence[_Argument]) -> Expression:
    """Return the call with the residuals of its arguments.

    What is declared sensitive right here is not written down: as long as it reads only
    variables, which are there again at apply, the argument stays as it is written.

    Raises:
        UntraceableError: the secret is written literally in the files.
    """
    if node.name == "sensitive" and len(arguments) == 1:
        expression = arguments[0].expression
        names = free_names(expression)
        if names and names <= {"var"} and not _reads_secret(expression):
            return Call(node.name, (expression,))
        if not is_traced_deep(arguments[0].value):
            raise UntraceableError  # the residual would be the secret itself
    return Call(node.name, tuple(residual_of(item.value) for item in arguments))


def _reads_secret(expression: Expression) -> bool:
    """Whether a secret is read in ``expression``: as written, that says not from where."""
    return (isinstance(expression, Call) and expression.name in SECRETS) or any(
        _reads_secret(child) for child, _ in children(expression)
    )


def _whole(node: Call, evaluate: Evaluate) -> Expression:
    parts = tuple(residualize(item, evaluate) for item in node.arguments)
    return Call(node.name, parts, node.expand)


def _try(node: Call, evaluate: Evaluate) -> Value:
    if not node.arguments or node.expand:
        detail = 'Call to function "try" failed: at least one argument is required.'
        raise EvaluationError.of("Error in function call", detail, range=node.range)
    failures: list[Diagnostic] = []
    for argument in node.arguments:
        try:
            value = solid(evaluate(argument))
        except EvaluationError as error:
            failures.extend(error.diagnostics)
            continue
        if value.content is not UNKNOWN:
            return value
        residual = try_residual(lambda: _whole(node, evaluate))
        return Value(DYNAMIC, UNKNOWN, value.sensitive, residual)
    reasons = " ".join(f"{item.summary}: {item.detail}" for item in failures)
    detail = f'Call to function "try" failed: no expression succeeded. {reasons}'
    raise EvaluationError.of("Error in function call", detail, range=node.range)


def _can(node: Call, evaluate: Evaluate) -> Value:
    if len(node.arguments) != 1 or node.expand:
        detail = 'Function "can" expects 1 argument(s).'
        raise EvaluationError.of("Error in function call", detail, range=node.range)
    try:
        value = solid(evaluate(node.arguments[0]))
    except EvaluationError:
        return FALSE
    if not deep_marks(value)[0]:
        return TRUE
    residual = try_residual(lambda: _whole(node, evaluate))
    return Value(BOOL, UNKNOWN, value.sensitive, residual)
