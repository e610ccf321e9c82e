"""Secrets that a plan may not read: what it can still say about them.

Where the secret was applied from the same source before, and AWS still has what was
recorded, it is *kept*: the apply leaves it. Otherwise it is a change, and the apply reads it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from declarative.engine.observe import Visible, masked
from declarative.engine.setting_calls import Setting
from declarative.model import fields
from declarative.model.desired import SETTINGS
from declarative.model.values import WITHHELD

if TYPE_CHECKING:
    from pydantic import JsonValue

    from declarative.engine.intents import Intent
    from declarative.engine.observe import Observation
    from declarative.model.desired import DesiredRelease
    from declarative.model.fields import Path
    from declarative.model.values import Fingerprinter


def keep(intent: Intent, observed: Observation, fingerprinter: Fingerprinter) -> Intent:
    """Return the intent with those withheld secrets filled in that AWS has as recorded.

    Only what was applied from the same source is kept.
    """
    desired, record = intent.desired, intent.record
    if desired is None or record is None or observed.function is None:
        return intent
    if _function(desired) != _function(record.desired):
        return intent
    before = {residual.path: residual for residual in record.desired.residuals}
    residuals, kept = [], []
    for residual in desired.residuals:
        path, found = residual.path, before.get(residual.path)
        same = found is not None and found.source_expression == residual.source_expression
        held = record.desired.value_at(path)
        if (
            found is None
            or not (same and residual.sensitive)
            or desired.value_at(path) != WITHHELD
            or held != _present(path, observed, fingerprinter)
        ):
            residuals.append(residual)
            continue
        desired = desired.with_values({path: held})
        residuals.append(found)
        kept.append(path)
    desired = desired.model_copy(update={"residuals": tuple(residuals)})
    return replace(intent, desired=desired, kept=tuple(kept))


def _present(path: Path, observed: Observation, fingerprinter: Fingerprinter) -> JsonValue:
    if path[0] == SETTINGS:
        seen = observed.settings.get(path[1])
        value = fields.get(seen.attributes, path[2:]) if isinstance(seen, Setting) else None
        return None if value is None else fingerprinter.hide(value)
    function = observed.function
    if function is None:
        return None
    hidden = Visible(hidden=frozenset({path}))
    return fields.get(masked(function.attributes, fingerprinter, hidden), path)


def _function(desired: DesiredRelease) -> tuple[str, str, str]:
    return (desired.account_id, desired.region, desired.function_name)
