"""What differs around a function, and the steps that settle it, in their phases.

Everything here is pure and knows the kinds of settings by their rows (`model.parts`), but for
the three rules of AWS that concern two of them at once: a permission changes by another
statement, an alias has a URL and the like only while it exists, and provisioned concurrency
must at all times fit into reserved concurrency.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from declarative.engine.around import is_absent, masked_setting, sides_of
from declarative.engine.diff import attribute_changes
from declarative.engine.setting_calls import Setting
from declarative.model.address import PartKey
from declarative.model.desired import SETTINGS
from declarative.model.parts import KINDS, Kind, kind_of
from declarative.model.plan import Action, AttributeChange, Change
from declarative.model.steps import (
    AddPermission,
    Phase,
    RemovePermission,
    RemoveSetting,
    SetSetting,
    Step,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from declarative.engine.compare import Worlds
    from declarative.model.fields import Attributes

_PROVISIONED: Final = "provisioned_concurrency"
_RESERVED: Final = "reserved_concurrency"


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that is not as it shall be.

    Attributes:
        before: As it is there; None where it is not.
        after: As it shall be, masked; None: it goes away.
        surplus: Ids of the statements of a permission that are not to stay.
        added: Whether a statement has to be added: ``surplus`` alone may be what is wrong.
    """

    part: str
    before: Setting | None
    after: Attributes | None
    change: Change
    surplus: tuple[str, ...] = ()
    added: bool = False

    @property
    def key(self) -> PartKey:
        """Where it hangs, and what it is."""
        return PartKey.parse(self.part)

    @property
    def kind(self) -> Kind:
        """The row of its kind."""
        return KINDS[self.key.kind]


def differences(worlds: Worlds) -> tuple[Difference, ...]:
    """Return the settings that differ; what cannot be read is ``guards``' affair."""
    seen = worlds.observed.settings
    wanted = (
        _wanted(worlds, part, after, _setting(seen.get(part)))
        for part, after in worlds.desired.settings.items()
    )
    earlier = worlds.recorded.parts if worlds.recorded else frozenset[str]()
    gone = (
        _unwanted(worlds, part, before)
        for part in sorted(earlier - worlds.desired.settings.keys())
        if (before := _setting(seen.get(part))) is not None and not is_absent(part, before)
    )
    return tuple(one for one in (*wanted, *gone) if one is not None)


def _setting(seen: object) -> Setting | None:
    return seen if isinstance(seen, Setting) else None


def _wanted(
    worlds: Worlds, part: str, after: Attributes, before: Setting | None
) -> Difference | None:
    key, statements = PartKey.parse(part), _statements(before)
    changes = _changes(worlds, part, before, after)
    fitting = [
        name
        for name, attributes in statements.items()
        if not _changes(worlds, part, Setting(attributes), after)
    ]
    surplus = tuple(name for name in statements if name not in fitting[:1])
    if not (changes or surplus):
        return None
    change = Change(
        address=str(worlds.address.at(key)),
        kind=key.kind,
        action=Action.CREATE if _comes(worlds, part, before) else Action.UPDATE,
        reason="a statement that an earlier apply left is removed" if fitting else "",
        attributes=() if fitting else changes,
    )
    return Difference(part, before, after, change, surplus, added=not fitting)


def _comes(worlds: Worlds, part: str, before: Setting | None) -> bool:
    known = worlds.recorded is not None and part in worlds.recorded.settings
    return before is None or (not known and is_absent(part, before))


def _statements(before: Setting | None) -> dict[str, Attributes]:
    if before is None or before.statement_id is None:
        return {}
    return {before.statement_id: before.attributes, **before.others}


def _changes(
    worlds: Worlds, part: str, before: Setting | None, after: Attributes
) -> tuple[AttributeChange, ...]:
    residuals = [
        one.model_copy(update={"path": one.path[2:]})
        for one in worlds.desired.residuals
        if one.path[:2] == (SETTINGS, part)
    ]
    if before is None:
        return attribute_changes({}, _told(part, after), worlds.fingerprinter, residuals)
    seen = shown(worlds, part, before.attributes)
    return attribute_changes(seen, after, worlds.fingerprinter, residuals)


def _told(part: str, after: Attributes) -> Attributes:
    """Return what is worth saying of a setting that is made: what is not AWS's default."""
    return _beyond(after, kind_of(part).normal({})) or after


def _beyond(after: Attributes, default: Attributes) -> Attributes:
    found: Attributes = {}
    for name, value in after.items():
        usual = default[name]
        if isinstance(value, dict) and isinstance(usual, dict) and value.keys() == usual.keys():
            within = _beyond(value, usual)
            found.update({name: within} if within else {})
        elif value != usual:
            found[name] = value
    return found


def shown(worlds: Worlds, part: str, attributes: Attributes) -> Attributes:
    """Return an observed setting as it may be shown."""
    sides, known = sides_of(part, worlds.desired, worlds.recorded)
    return masked_setting(part, attributes, worlds.fingerprinter, sides, known=known)


def _unwanted(worlds: Worlds, part: str, before: Setting) -> Difference:
    key = PartKey.parse(part)
    absent = KINDS[key.kind].absent
    reason = "no longer declared"
    if key.alias and key.alias not in worlds.desired.aliases:
        reason = f"alias {key.alias} is no longer declared"
    elif absent is not None:
        told = next(str(value) for value in absent.values() if value is not None)
        reason = f"no longer declared: goes back to {told}, AWS's default"
    return Difference(
        part,
        before,
        None,
        Change(
            address=str(worlds.address.at(key)), kind=key.kind, action=Action.DELETE, reason=reason
        ),
        tuple(_statements(before)),
    )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The steps around a function and its aliases, by where they belong among the others.

    Attributes:
        first: Before aliases move: what AWS refuses beside weights.
        guards: With the function, before its code changes: signing and runtime management.
        added: What others may call with, once the function is prepared.
        hung: What hangs on an alias that is made, by alias.
        settled: After aliases have moved.
        removed: Permissions that nobody needs any more, last of all.
        fallen: What hangs on an alias that is deleted, by alias.
    """

    first: list[Step] = field(default_factory=list)
    guards: list[Step] = field(default_factory=list)
    added: list[Step] = field(default_factory=list)
    hung: dict[str, list[Step]] = field(default_factory=dict)
    settled: list[Step] = field(default_factory=list)
    removed: list[Step] = field(default_factory=list)
    fallen: dict[str, list[Step]] = field(default_factory=dict)


def surround(worlds: Worlds, found: Iterable[Difference]) -> Surroundings:
    """Return the steps that settle what differs."""
    result = Surroundings()
    every = sorted(found, key=_order)
    makes_room = any(
        one.key.kind == _RESERVED or (one.key.kind == _PROVISIONED and _shrinks(one))
        for one in every
    )
    for one in every:
        alias = one.key.alias
        if alias and alias not in worlds.desired.aliases:
            result.fallen.setdefault(alias, []).extend(_steps(worlds, one, Phase.FINISH))
        elif alias and alias not in worlds.observed.aliases:
            if one.kind.name == _PROVISIONED and makes_room:  # it may not fit before
                result.settled.extend(_steps(worlds, one, Phase.SWITCH))
            else:
                result.hung.setdefault(alias, []).extend(_steps(worlds, one, Phase.PREPARE))
        elif one.kind.policy:
            result.added.extend(_additions(worlds, one, _early(worlds)))
            result.removed.extend(_removals(worlds, one, Phase.SWITCH))
        else:
            _place(worlds, one, result)
    return result


def _place(worlds: Worlds, one: Difference, result: Surroundings) -> None:
    """Put the steps of a setting whose function or alias stays where they belong."""
    if one.kind.added_in is Phase.PREPARE:
        result.guards.extend(_steps(worlds, one, _early(worlds)))
    elif one.before is None and one.kind.name == "url":  # nobody can call it yet
        result.added.extend(_steps(worlds, one, _early(worlds)))
    elif one.kind.name == _PROVISIONED and one.after is None and _weighted(worlds, one.key.alias):
        result.first.extend(_steps(worlds, one, Phase.SWITCH))
    else:
        result.settled.extend(_steps(worlds, one, Phase.SWITCH))


def _early(worlds: Worlds) -> Phase:
    """Return the phase of what acts early: a revert moves its aliases before all else.

    Without an alias, ``$LATEST`` serves, and all of a release that exists belongs to *switch*.
    """
    if worlds.observed.function is None:
        return Phase.PREPARE
    follows = worlds.restore is not None or not worlds.desired.aliases
    return Phase.SWITCH if follows else Phase.PREPARE


def _weighted(worlds: Worlds, alias: str) -> bool:
    return bool(worlds.desired.aliases[alias].routing)


def _order(one: Difference) -> tuple[int, str, str]:
    """Return where a difference stands among those that are settled at one place.

    Provisioned concurrency that shrinks comes before reserved concurrency, and that which
    grows behind it: then it fits at all times.
    """
    if one.key.kind == _PROVISIONED:
        return (0 if _shrinks(one) else 2, one.key.alias, one.part)
    return (1 if one.key.kind == _RESERVED else 3, one.key.alias, one.part)


def _shrinks(one: Difference) -> bool:
    if one.after is None:
        return True
    before = _number(one.before.attributes) if one.before else 0
    return _number(one.after) < before


def _number(attributes: Attributes) -> int:
    [value] = attributes.values()
    return value if isinstance(value, int) else 0


def _steps(worlds: Worlds, one: Difference, phase: Phase) -> Iterator[Step]:
    release = worlds.desired.address
    if one.kind.policy:
        yield from _additions(worlds, one, phase)
        yield from _removals(worlds, one, phase)
    elif one.after is None:
        yield RemoveSetting(release=release, phase=phase, part=one.part)
    else:
        yield SetSetting(
            release=release,
            phase=phase,
            part=one.part,
            attributes=one.after,
            exists=one.before is not None,
        )


def _additions(worlds: Worlds, one: Difference, phase: Phase) -> Iterator[Step]:
    if one.after is not None and one.added:
        yield AddPermission(
            release=worlds.desired.address, phase=phase, part=one.part, attributes=one.after
        )


def _removals(worlds: Worlds, one: Difference, phase: Phase) -> Iterator[Step]:
    for name in one.surplus:
        yield RemovePermission(
            release=worlds.desired.address, phase=phase, part=one.part, statement_id=name
        )
