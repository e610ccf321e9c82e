"""Outputs between the language, which evaluates them, and plans and history, which keep them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from declarative.language.pins import unpinned
from declarative.language.writing import quote
from declarative.model.checks import is_sensitive
from declarative.model.plan import PlannedOutput
from declarative.model.values import SECRET, UNKNOWN, Pending, Sensitive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from declarative.language.project import Output


def planned_output(output: Output) -> PlannedOutput:
    """Return an output as plans hold it: a marked one as the expression that gives it again."""
    kinds = _kinds(output.value)
    if output.sensitive or Sensitive in kinds:
        residual = _expression(output.value) if Sensitive in kinds else None
        return PlannedOutput(sensitive=True, residual=residual)
    if Pending in kinds:
        return PlannedOutput(unknown=True, residual=_expression(output.value))
    return PlannedOutput(value=output.value)  # type: ignore[arg-type] # JSON without marks


def _kinds(value: object) -> set[type]:
    if isinstance(value, dict):
        return {kind for item in value.values() for kind in _kinds(item)}
    if isinstance(value, list):
        return {kind for item in value for kind in _kinds(item)}
    return {Sensitive} if is_sensitive(value) else {type(value)} & {Pending}


def _expression(value: object) -> str | None:
    """Return HCL source that gives ``value``; None where a part is a literal secret."""
    if isinstance(value, Sensitive | Pending):
        # What is kept of a secret output is where it comes from, whatever it was.
        return None if value.residual is None else unpinned(value.residual)
    if isinstance(value, dict):
        items = {name: _expression(item) for name, item in value.items()}
        if None in items.values():
            return None
        return "{" + ", ".join(f"{quote(name)} = {item}" for name, item in items.items()) + "}"
    if isinstance(value, list):
        parts = [_expression(item) for item in value]
        known = [part for part in parts if part is not None]
        return f"[{', '.join(known)}]" if len(known) == len(parts) else None
    return quote(value) if isinstance(value, str) else json.dumps(value)


def shown_output(output: Mapping[str, JsonValue]) -> JsonValue:
    """Return an output's value with a marker in the place of what may not be shown."""
    if output.get("sensitive"):
        return {SECRET: None}
    return {UNKNOWN: ""} if output.get("unknown") else output.get("value")
