"""Secrets that a plan may not read: what it can still say about them.

Where the secret was applied from the same source before, and AWS still has what was
recorded, it is *kept*: the apply leaves it. Otherwise it is a change, and the apply reads it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from declarative.engine.observe import Visible, masked
from declarative.model import fields
from declarative.model.values import WITHHELD

if TYPE_CHECKING:
    from pydantic import JsonValue

    from declarative.engine.intents import Intent
    from declarative.engine.observe import Observation
    from declarative.engine.ports import ObservedFunction
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
    function, residuals, kept = desired.function, [], []
    for residual in desired.residuals:
        path, found = residual.path, before.get(residual.path)
        same = found is not None and found.source_expression == residual.source_expression
        held = fields.get(record.desired.function, path)
        if (
            found is None
            or not (same and residual.sensitive)
            or fields.get(function, path) != WITHHELD
            or held != _present(path, observed.function, fingerprinter)
        ):
            residuals.append(residual)
            continue
        function = fields.put(function, path, held)
        residuals.append(found)
        kept.append(path)
    update = {"function": function, "residuals": tuple(residuals)}
    return replace(intent, desired=desired.model_copy(update=update), kept=tuple(kept))


def _present(path: Path, function: ObservedFunction, fingerprinter: Fingerprinter) -> JsonValue:
    hidden = Visible(hidden=frozenset({path}))
    return fields.get(masked(function.attributes, fingerprinter, hidden), path)


def _function(desired: DesiredRelease) -> tuple[str, str, str]:
    return (desired.account_id, desired.region, desired.function_name)
