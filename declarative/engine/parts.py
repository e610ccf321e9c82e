"""The observed parts of a release in the form that plan and apply compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from declarative.engine.around import masked_setting, sides_of
from declarative.engine.observe import Observation, masked, visible_before
from declarative.engine.setting_calls import Seen
from declarative.engine.setting_ports import Unreadable
from declarative.model.address import Address, PartKey
from declarative.model.plan import BoundPart

if TYPE_CHECKING:
    from pydantic import JsonValue

    from declarative.model.desired import DesiredRelease
    from declarative.model.revision import ReleaseRecord
    from declarative.model.values import Fingerprinter


def bound_parts(
    desired: DesiredRelease | None,
    record: ReleaseRecord | None,
    observed: Observation,
    fingerprinter: Fingerprinter,
) -> dict[str, BoundPart]:
    """Return the observed parts by address, with nothing in sight that may not be shown.

    At least one of ``desired`` and ``record`` is there; a record of another function than the
    observed one is left out.
    """
    named = desired or (record.desired if record else None)
    if named is None:
        return {}
    address, function = Address.parse(named.address), observed.function
    if function is None:
        return {str(address.part("function")): BoundPart(observed=None)}
    shown = visible_before(desired.function if desired else None, record)
    attributes: dict[str, JsonValue] = dict(masked(function.attributes, fingerprinter, shown))
    tags: JsonValue = None if function.tags is None else dict(function.tags)
    parts = {
        str(address.part("function")): BoundPart(
            observed={"attributes": attributes, "code_sha256": function.code_sha256},
            revision_id=function.revision_id,
        ),
        str(address.part("tags")): BoundPart(observed=tags),
    }
    for name, alias in sorted(observed.aliases.items()):
        parts[str(address.part("alias", name))] = BoundPart(
            observed={
                "function_version": alias.function_version,
                "description": alias.description,
                "routing": dict(alias.routing),
            },
            revision_id=alias.revision_id,
        )
    for part, seen in sorted(observed.settings.items()):
        parts[str(address.at(PartKey.parse(part)))] = BoundPart(
            observed=_setting(part, seen, (desired, record), fingerprinter)
        )
    return parts


def _setting(
    part: str,
    seen: Seen,
    worlds: tuple[DesiredRelease | None, ReleaseRecord | None],
    fingerprinter: Fingerprinter,
) -> JsonValue:
    if seen is None:
        return None
    if isinstance(seen, Unreadable):
        return {"unreadable": seen.permission}
    sides, known = sides_of(part, *worlds)
    attributes: dict[str, JsonValue] = dict(
        masked_setting(part, seen.attributes, fingerprinter, sides, known=known)
    )
    ids: list[JsonValue] = [name for name in (seen.statement_id, *seen.others) if name]
    return {"attributes": attributes, "statements": ids} if ids else {"attributes": attributes}
