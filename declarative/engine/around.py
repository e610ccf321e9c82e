"""What surrounds a function and its aliases, as AWS has it: read at one call for each kind.

Only what is asked for is read: the settings that the files declare or that state records.
A permission is a statement of a policy, which one call reads for all of them.

AWS changes no statement in place, and refuses an id in use. A permission that changes is
therefore added under another id (`changed_id`) before the one before it is removed; an apply
that is cut short between the two leaves both, and `statements_of` finds them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from declarative.engine.setting_calls import CALLS, Seen, Setting
from declarative.engine.setting_ports import ObservedPolicy, Unreadable
from declarative.model.address import PartKey
from declarative.model.canonical import digest
from declarative.model.fields import get, put
from declarative.model.parts import KINDS, Kind, kind_of
from declarative.model.values import is_secret, is_unknown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from pydantic import JsonValue

    from declarative.engine.ports import FunctionReader, ObservedFunction
    from declarative.model.desired import DesiredRelease
    from declarative.model.fields import Attributes
    from declarative.model.revision import ReleaseRecord
    from declarative.model.values import Fingerprinter

_LONGEST_ID: Final = 100
"""Characters that AWS allows in a statement id."""

_HEX: Final = 8
_TRIES: Final = 4
"""How many ids one content may have: they differ where only a secret of it does."""

Parts = dict[str, str | None]
"""Settings to look at by part, with the id of the statement in use where it is known."""


def parts_of(desired: DesiredRelease | None, record: ReleaseRecord | None) -> Parts:
    """Return the settings to look at in planning a release; none where it is to be deleted.

    AWS deletes what surrounds a function with it.
    """
    if desired is None:
        return {}
    known = managed(record) if record is not None and _same_function(desired, record) else {}
    return {**dict.fromkeys(desired.settings), **known}


def _same_function(desired: DesiredRelease, record: ReleaseRecord) -> bool:
    left = record.desired
    return (desired.account_id, desired.region, desired.function_name) == (
        left.account_id,
        left.region,
        left.function_name,
    )


def managed(record: ReleaseRecord | None) -> Parts:
    """Return the settings that state knows of a release."""
    if record is None:
        return {}
    return {
        part: record.settings[part].statement_id if part in record.settings else None
        for part in sorted(record.parts)
    }


def look_around(
    reader: FunctionReader,
    function: ObservedFunction,
    aliases: Collection[str],
    parts: Mapping[str, str | None],
) -> dict[str, Seen]:
    """Return the settings that are asked for; what hangs on an alias that is not there is not.

    Raises:
        RemoteError: AWS could not be reached, or answered something else than that it is denied.
    """
    keys = {part: PartKey.parse(part) for part in parts}
    there = {part: key for part, key in keys.items() if not key.alias or key.alias in aliases}
    policies = {
        alias: reader.policy(function.name, alias or None)
        for alias in dict.fromkeys(key.alias for key in there.values() if KINDS[key.kind].policy)
    }
    found: dict[str, Seen] = dict.fromkeys(parts)
    for part, key in there.items():
        kind = KINDS[key.kind]
        if kind.policy:
            labels = {one.label for one in there.values() if one.alias == key.alias}
            others = labels - {key.label}
            found[part] = _permission(policies[key.alias], key, parts[part], others)
        else:
            found[part] = look_at_one(reader, function, key)
    return found


def look_at_one(reader: FunctionReader, function: ObservedFunction, key: PartKey) -> Seen:
    """Return one setting that is no permission; what ``GetFunction`` told needs no call."""
    read = CALLS[key.kind].read
    if read is None:
        return told_by(function, KINDS[key.kind])
    return read(reader, function.name, key.alias or None)


def told_by(function: ObservedFunction, kind: Kind) -> Setting | None:
    """Return a setting that ``GetFunction`` tells."""
    value = getattr(function, kind.setting.name)
    return None if value is None else Setting({kind.setting.name: value})


def _permission(
    policy: ObservedPolicy | Unreadable, key: PartKey, known: str | None, labels: Collection[str]
) -> Seen:
    if isinstance(policy, Unreadable):
        return policy
    found = statements_of(key.label, plain(policy), known, labels)
    if not found:
        return None
    chosen, *_ = found
    others = {name: found[name] for name in found if name != chosen}
    return Setting(found[chosen], statement_id=chosen, others=others)


def plain(policy: ObservedPolicy) -> dict[str, Attributes]:
    """Return the statements by id; one that no permission can say is kept as it is written."""
    return {
        name: {"statement": one.document} if one.attributes is None else one.attributes
        for name, one in policy.statements.items()
    }


def statements_of(
    label: str,
    statements: Mapping[str, Attributes],
    known: str | None = None,
    labels: Collection[str] = (),
) -> dict[str, Attributes]:
    """Return the statements of one permission by id, the one that state knows first.

    Args:
        label: The permission's label.
        statements: All statements of the policy.
        known: The id that state knows to be in use.
        labels: Those of other permissions, whose statements are theirs.
    """
    ours = {
        name: attributes
        for name, attributes in statements.items()
        if name == known
        or (name not in labels and (name == label or name in _changed_ids(label, attributes)))
    }
    return dict(sorted(ours.items(), key=lambda item: (item[0] != known, item[0] != label, item)))


def changed_id(label: str, attributes: Attributes, taken: Collection[str]) -> str:
    """Return an id for a statement that takes another's place: told by its content.

    Secrets are no part of what it is told by, so that nobody can try out values against it.
    """
    return next(name for name in _changed_ids(label, attributes) if name not in taken)


def _changed_ids(label: str, attributes: Attributes) -> Iterator[str]:
    kind = KINDS["permission"]
    hidden = {field.name for field in kind.fields if field.sensitive}
    told = {name: value for name, value in attributes.items() if name not in hidden}
    for number in range(_TRIES):
        content = digest({**told, "": number} if number else told)[:_HEX]
        yield f"{label[: _LONGEST_ID - _HEX - 1]}-{content}"


def masked_setting(
    part: str,
    attributes: Attributes,
    fingerprinter: Fingerprinter,
    sides: Iterable[Mapping[str, JsonValue] | None],
    *,
    known: bool = True,
) -> Attributes:
    """Return a setting with everything fingerprinted that may not be shown.

    That is what one of the ``sides`` (declared now, when recorded) marks as secret, and what
    is sensitive by nature unless a side shows it and the setting is ``known`` to state.
    """
    present = [side for side in sides if side is not None]
    result = dict(attributes)
    for path, field in kind_of(part).leaves:
        values = [value for side in present if (value := get(side, path)) is not None]
        hides = any(is_secret(value) or is_unknown(value) for value in values)
        nature = field.sensitive and not (known and values)
        value = get(result, path)
        if value is not None and (hides or nature):
            result = put(result, path, fingerprinter.hide(value))
    return result


Sides = tuple["Mapping[str, JsonValue] | None", ...]


def sides_of(
    part: str, desired: DesiredRelease | None, record: ReleaseRecord | None
) -> tuple[Sides, bool]:
    """Return the sides of `masked_setting`, and whether state knows the setting."""
    recorded = record.settings.get(part) if record else None
    return (
        desired.settings.get(part) if desired else None,
        record.desired.settings.get(part) if record else None,
        recorded.attributes if recorded else None,
    ), recorded is not None


def reads(parts: Iterable[str], *, aliases: Collection[str]) -> tuple[int, int]:
    """Return how many calls a look at some settings takes: of the policy, and others."""
    keys = [PartKey.parse(part) for part in parts]
    there = [key for key in keys if not key.alias or key.alias in aliases]
    policies = {key.alias for key in there if KINDS[key.kind].policy}
    calls = [key for key in there if not (KINDS[key.kind].policy or KINDS[key.kind].from_function)]
    return len(policies), len(calls)


def is_absent(part: str, seen: Setting | None) -> bool:
    """Whether there is nothing, or only what AWS does where nobody sets it."""
    return seen is None or seen.attributes == kind_of(part).absent
