"""Declared variables, of the project and of services: type, default, rules."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from declarative.errors import Diagnostic, EvaluationError, SourceRange
from declarative.language.content import read_section
from declarative.language.evidence import blaming, witnessed
from declarative.language.expressions import ChildScope, evaluate
from declarative.language.scopes import NO_NAMES, group
from declarative.language.sections import blocks, place_within
from declarative.language.source import without_text
from declarative.language.types import convert, type_from_expression
from declarative.language.values import BOOL, STRING, Type, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from declarative.language.expressions import Scope
    from declarative.language.inputs import Given
    from declarative.language.nodes import Expression
    from declarative.language.sections import Section
    from declarative.model.project_config import VariableConfig


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declared variable.

    Attributes:
        name: Its label.
        root: How expressions name its group: ``var``, or ``self.variables`` in a service.
        section: Its block.
        constraint: Its type, or None for any.
        config: Its plain attributes.
    """

    name: str
    root: tuple[str, ...]
    section: Section
    constraint: Type | None
    config: VariableConfig

    @classmethod
    def of(
        cls, section: Section, root: tuple[str, ...], model: type[VariableConfig]
    ) -> Declaration:
        """Return the declaration in a ``variable`` block.

        Raises:
            EvaluationError: its type or one of its plain attributes is no good.
        """
        expression = section.expression("type")
        type_ = type_from_expression(expression) if expression else None
        config = read_section(section, NO_NAMES, model)
        return cls(section.labels[0], root, section, type_, config)

    @property
    def address(self) -> str:
        """How expressions name it."""
        return ".".join((*self.root, self.name))

    def default(self, scope: Scope) -> Value | None:
        """Return the default, or None where there is none."""
        expression = self.section.expression("default")
        return None if expression is None else evaluate(expression, scope)

    def settle(
        self,
        given: Value | None,
        place: SourceRange | None,
        scope: Scope,
        residual: Expression | None,
    ) -> Value | None:
        """Return the variable's value; None where nothing gives it one.

        Args:
            given: What was set from outside the declaration.
            place: Where that is written, for messages.
            scope: What the default and the rules may read.
            residual: The expression that gives the value again without the files, for a
                sensitive variable; a default written in the files has none.

        Raises:
            EvaluationError: the value does not fit the type or breaks a rule.
        """
        value, where = given, place
        if value is None or (value.is_null and not self.config.nullable):
            value, where, residual = self.default(scope), self._default_place(), None
        if value is None and given is not None:
            raise self._wrong("must not be null", place)
        if value is None:
            return None
        value = self._converted(value, where)
        if self.config.sensitive:
            value = value.marked(sensitive=True, residual=value.residual or residual)
        if value.is_null and not self.config.nullable:
            raise self._wrong("must not be null", where)
        self._check_allowed(value, where, scope)
        self._check_rules(value, where, scope)
        return value

    def _default_place(self) -> SourceRange:
        expression = self.section.expression("default")
        return expression.range if expression else self.section.range

    def _converted(self, value: Value, place: SourceRange | None) -> Value:
        if self.constraint is None:
            return value
        try:
            return convert(value, self.constraint)
        except EvaluationError as error:
            reason = error.diagnostics[0]
            problem = f"does not fit its type: {reason.detail or reason.summary}"
            raise self._wrong(problem.rstrip("."), reason.range or place) from error

    def _check_allowed(self, value: Value, place: SourceRange | None, scope: Scope) -> None:
        expression = self.section.expression("allowed_values")
        if expression is None or value.is_null or not value.is_known:
            return
        allowed = evaluate(expression, scope)
        if not isinstance(allowed.content, tuple):
            raise EvaluationError.of(
                "Invalid value", "allowed_values must be a list.", range=expression.range
            )
        items = [self._converted(item, place_within(expression, ())) for item in allowed.content]
        if not any((item.type, item.content) == (value.type, value.content) for item in items):
            shown = ", ".join(_shown(item) for item in items)
            suffix = "" if value.sensitive else f" (is {_shown(value)})"
            raise self._wrong(f"must be one of {shown}{suffix}", place)

    def _check_rules(self, value: Value, place: SourceRange | None, scope: Scope) -> None:
        inner = ChildScope(scope, self._root_with(value, scope))
        problems: list[Diagnostic] = []
        for rule in blocks(self.section, "validation", inner):
            try:
                problems.extend(self._broken(rule.section, rule.scope, place))
            except EvaluationError as error:
                problems.extend(error.diagnostics)
        if problems:
            raise EvaluationError(tuple(problems))

    def _root_with(self, value: Value, scope: Scope) -> Mapping[str, Value]:
        """Return the outermost root of this variable, in which it already has its value."""
        head, *rest = self.root
        outer = scope.lookup(head)
        replaced = _over(outer, [*rest, self.name], value)
        return {head: replaced}

    def _broken(
        self, rule: Section, scope: Scope, place: SourceRange | None
    ) -> tuple[Diagnostic, ...]:
        condition, message = rule.expression("condition"), rule.expression("error_message")
        if condition is None or message is None:
            return ()  # the check of names has reported it
        with blaming(condition, scope):
            verdict = convert(evaluate(condition, scope), BOOL)
        if not verdict.is_known or verdict.content is True:
            return ()
        if verdict.is_null:
            raise EvaluationError.of(
                "Invalid condition",
                "The condition is null; it must be true or false.",
                range=condition.range,
            )
        with blaming(message, scope):
            said = convert(evaluate(message, scope), STRING)
        if said.sensitive or not isinstance(said.content, str):
            text = "A rule of this variable is broken; its message holds a secret and is not shown."
        else:
            text = said.content
        broken = Diagnostic(
            f"Invalid value of {self.address}",
            f"{text} (The rule stands at {condition.range}.)",
            range=place or self.section.range,
        )
        return (witnessed(broken, condition, scope),)

    def _wrong(self, problem: str, place: SourceRange | None) -> EvaluationError:
        return EvaluationError(
            (
                Diagnostic(
                    f"Invalid value of {self.address}",
                    f"{self.address} {problem}.",
                    range=place or self.section.range,
                ),
            )
        )


def read_given(given: Given, declaration: Declaration) -> Value:
    """Return the value given for a variable from outside the files.

    Raises:
        EvaluationError: it is text that must be an expression, and is none. Of a sensitive
            one nothing is told: names in it may be the secret itself.
    """
    try:
        return given.value(declaration.constraint)
    except EvaluationError:
        if not declaration.config.sensitive:
            raise
        raise EvaluationError.of(
            f"Invalid value of {declaration.address}",
            f"The text that {given.source} gives is no expression, as the variable's type asks "
            "for. It is sensitive and not shown here.",
            range=given.range,
        ) from None


@contextmanager
def withheld(given: Given, declaration: Declaration) -> Iterator[None]:
    """Show of a sensitive value where it was given and never what was given."""
    try:
        yield
    except EvaluationError as error:
        if not declaration.config.sensitive or given.range is None:
            raise
        name = given.range.filename
        raise EvaluationError(
            tuple(
                replace(item, range=without_text(item.range), snippet=None)
                if item.range is not None and item.range.filename == name
                else item
                for item in error.diagnostics
            )
        ) from error


def _shown(value: Value) -> str:
    if value.sensitive:
        return "(a sensitive value)"
    return f'"{value.content}"' if isinstance(value.content, str) else str(value.content)


def _over(outer: Value | None, path: list[str], value: Value) -> Value:
    """Return ``outer`` with ``value`` at ``path``."""
    name, *rest = path
    content = outer.content if outer is not None else None
    inner = getattr(content, "attribute", lambda _: None)

    def find(wanted: str) -> Value | None:
        if wanted != name:
            found: Value | None = inner(wanted)
            return found
        return _over(inner(wanted), rest, value) if rest else value

    return group(find, lambda: [name])
