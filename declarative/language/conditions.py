"""Preconditions: what must hold before anything is done, in the words of the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from declarative.errors import Diagnostic, EvaluationError
from declarative.language.evidence import blaming, witnessed
from declarative.language.expressions import evaluate
from declarative.language.problems import NOT_KNOWN
from declarative.language.sections import blocks
from declarative.language.types import convert
from declarative.language.values import BOOL, STRING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from declarative.language.expressions import Scope
    from declarative.language.sections import Section


def broken_preconditions(
    section: Section, scope: Scope, owner: str, *, now: bool
) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each ``precondition`` of ``owner`` that does not hold.

    With ``now`` all must be known; otherwise those that are not are judged another time.

    Raises:
        EvaluationError: a condition or message cannot be evaluated, or the condition is
            null, or must be known and is not.
    """
    for placed in blocks(section, "precondition", scope):
        condition = placed.section.expression("condition")
        message = placed.section.expression("error_message")
        if condition is None or message is None:
            continue  # the check of names has reported it
        with blaming(condition, placed.scope):
            verdict = convert(evaluate(condition, placed.scope), BOOL)
        if verdict.content is True or not (now or verdict.is_known):
            continue
        if not verdict.is_known or verdict.is_null:
            problem = "is null; it must be true or false"
            if not verdict.is_known:
                problem = "is not known when the plan is made, and must be"
            raise EvaluationError.of(
                "Invalid condition" if verdict.is_known else NOT_KNOWN,
                f"The condition {problem}.",
                range=condition.range,
            )
        with blaming(message, placed.scope):
            said = convert(evaluate(message, placed.scope), STRING)
        shown = said.content if isinstance(said.content, str) and not said.sensitive else None
        yield witnessed(
            Diagnostic(
                f"Precondition of {owner} does not hold",
                shown or "Its message holds a secret, or is not known, and is not shown.",
                range=condition.range,
                address=owner,
            ),
            condition,
            placed.scope,
        )
