"""Requests that are kept elsewhere: read and judged, for a version that acts on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from declarative.language.content import validated
from declarative.language.evidence import blaming
from declarative.language.expressions import evaluate
from declarative.language.grammar_release import DEFINITION
from declarative.language.nesting import read_nested
from declarative.language.sections import blocks
from declarative.model.release_config import DefinitionConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from declarative.language.releases import Release
    from declarative.language.sections import Placed

_CONNECTORS = {"git": "git", "s3": "aws"}


def definitions_of(release: Release) -> Iterator[DefinitionConfig]:
    """Yield every ``definition`` and ``alias_definition`` of a release's service and overrides.

    Raises:
        EvaluationError: with everything that is wrong with one of them.
    """
    for body, scope in release.parents():
        for type_ in ("definition", "alias_definition"):
            for placed in blocks(body, type_, scope):
                yield _definition(release, placed)


def _definition(release: Release, placed: Placed) -> DefinitionConfig:
    for type_, kind in _CONNECTORS.items():
        for source in blocks(placed.section, type_, placed.scope):
            expression = source.section.expression("connector")
            if expression is not None:
                with blaming(expression, source.scope):
                    value = evaluate(expression, source.scope)
                    release.evaluation.referred(value, "connector", expression.range, kind)
    written = read_nested(placed.section, placed.scope, DEFINITION)
    return validated(written, DefinitionConfig, placed.section.range)
