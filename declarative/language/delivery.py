"""How a release is delivered: its strategy, what it must pass, what it does on failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from declarative.errors import Diagnostic, EvaluationError
from declarative.language.content import Laid, plain, validated
from declarative.language.evidence import blaming
from declarative.language.expressions import ChildScope, evaluate
from declarative.language.grammar_release import CONTENT
from declarative.language.nesting import read_nested
from declarative.language.nodes import Literal, Template
from declarative.language.scopes import traversal
from declarative.language.sections import blocks
from declarative.language.values import DYNAMIC, UNKNOWN, Value
from declarative.model.bound import Delivery, Verify
from declarative.model.release_config import ReleaseConfig, VerifyConfig
from declarative.model.traffic import AT_ONCE, Strategy
from declarative.model.values import Pending, Sensitive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from declarative.errors import SourceRange
    from declarative.language.content import Written
    from declarative.language.releases import Release
    from declarative.language.sections import Placed
    from declarative.model.release_config import StrategyConfig

_TAKES: Final = {
    "all_at_once": (),
    "canary": ("weights", "interval"),
    "linear": ("step", "interval"),
    "manual": ("weights",),
}
"""The attributes that belong to each type of strategy; it needs all of them."""


def delivery_of(release: Release) -> tuple[ReleaseConfig, Delivery]:
    """Return what a release says about itself, and how it is delivered.

    Raises:
        EvaluationError: with everything that is wrong with it.
    """
    section = release.instance.section
    written = read_nested(section, release.scope, CONTENT)
    config = validated(written, ReleaseConfig, section.range)
    verified = [
        _verify(placed, one)
        for placed, one in zip(blocks(section, "verify", release.scope), config.verify, strict=True)
    ]
    delivery = Delivery(
        strategy=strategy_of(written, config.strategy),
        verify=tuple(verified),
        metrics=config.metric,
        rollback=config.rollback,
        alarms=config.alarms,
        bake=config.bake,
        timeout=config.timeout,
        keep_versions=config.keep_versions,
    )
    return config, delivery


def _verify(placed: Placed, config: VerifyConfig) -> Verify:
    """Return a test of the new version; its condition is kept for when there is an answer."""
    condition = placed.section.expression("condition")
    if condition is None:  # the check of names has reported it
        return Verify(config, "true")
    answer = Value(DYNAMIC, UNKNOWN, residual=traversal("result"))
    scope = ChildScope(placed.scope, {"result": answer})
    with blaming(condition, scope):
        found = plain(evaluate(condition, scope), condition.range)
    if isinstance(found, Pending):
        return Verify(config, found.residual)
    if isinstance(found, bool) and found:
        return Verify(config, "true")
    problem = "is always false: no version would ever pass"
    if isinstance(found, Sensitive):
        problem = "must not be sensitive"
    elif found is not False:
        problem = "must be true or false"
    raise EvaluationError.of(
        "Invalid condition", f"The condition of verify {problem}.", range=condition.range
    )


def strategy_of(written: Written, config: StrategyConfig | None) -> Strategy | None:
    """Return the strategy in evaluated content; None where there is none.

    Attributes that do not belong to its type are an error where the type is written out, and
    overlooked where it is computed: another release may need them.

    Raises:
        EvaluationError: with everything that is wrong with it.
    """
    if config is None:
        return None
    place = written.nodes["strategy"]
    problems = tuple(_problems(config, place)) if isinstance(place, Laid) else ()
    if problems:
        raise EvaluationError(problems)
    match config.type:
        case "linear":
            step = config.step or 0
            return Strategy(
                type="canary", weights=tuple(range(step, 100, step)), interval=config.interval
            )
        case "canary":
            return Strategy(type="canary", weights=config.weights or (), interval=config.interval)
        case "manual":
            return Strategy(type="manual", weights=config.weights or ())
        case _:
            return AT_ONCE


def _problems(config: StrategyConfig, laid: Laid) -> Iterator[Diagnostic]:
    takes = _TAKES[config.type]
    for name in takes:
        if getattr(config, name) is None:
            yield Diagnostic(
                "Missing attribute",
                f"A strategy of type {config.type} needs {name}.",
                range=laid.sections[-1].range,
            )
    if not _is_written_out(laid):
        return
    for name, place in _others(laid):
        if name not in takes:
            known = ", ".join(takes) or "no other attribute"
            yield Diagnostic(
                "Attribute of another strategy",
                f"{name} does not belong to a strategy of type {config.type}, which takes "
                f"{known}. Remove it, or choose another type.",
                range=place,
            )


def _is_written_out(laid: Laid) -> bool:
    """Whether everybody can see which type the strategy has."""
    for section in reversed(laid.sections):
        expression = section.expression("type")
        if expression is not None:
            return isinstance(expression, Literal | Template)
    return True


def _others(laid: Laid) -> Iterator[tuple[str, SourceRange]]:
    found = {
        name: attribute.name_range
        for section in laid.sections
        for name, attribute in section.attributes.items()
        if name != "type"
    }
    yield from found.items()
