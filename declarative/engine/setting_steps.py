"""Performing the steps around a function: settings are set and removed, permissions by id.

A setting is set as a whole, so that setting it twice is setting it once; still, a call whose
outcome is unknown is looked after and not repeated. Permissions are statements of a policy
that others change too: it is read before each change, must hold what was expected, and its
``RevisionId`` is sent along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from declarative.engine.around import changed_id, look_at_one, plain, statements_of
from declarative.engine.setting_calls import CALLS, Seen, Setting
from declarative.engine.setting_ports import ObservedPolicy, Unreadable
from declarative.engine.waiting import wait_until_ready, wait_until_warm
from declarative.errors import OutcomeUnknownError, PreconditionFailedError, RemoteError
from declarative.model.address import PartKey
from declarative.model.desired import SETTINGS
from declarative.model.fields import get, put
from declarative.model.parts import KINDS, kind_of
from declarative.model.values import has_secret

if TYPE_CHECKING:
    from pydantic import JsonValue

    from declarative.engine.workplace import Workplace
    from declarative.model.fields import Attributes
    from declarative.model.steps import AddPermission, RemovePermission, RemoveSetting, SetSetting


def set_setting(step: SetSetting, place: Workplace) -> dict[str, JsonValue]:
    """Set a setting, and wait until provisioned concurrency is ready."""
    key = PartKey.parse(step.part)
    wanted = _filled(step.part, step.attributes, place)
    seen = place.progress.settings.get(step.part)
    try:
        answer = CALLS[key.kind].set(place.writer, place.name, key.alias or None, wanted, seen)
    except OutcomeUnknownError:
        found = _look(place, key)
        if not isinstance(found, Setting) or found.attributes != wanted:
            raise
        answer = found
    if answer.status is not None:
        wait_until_warm(place.writer, place.name, key.alias, place.patience)
    place.progress.settings[step.part] = answer
    _refresh(place, key)
    return {"part": step.part, "url": answer.url} if answer.url else {"part": step.part}


def remove_setting(step: RemoveSetting, place: Workplace) -> dict[str, JsonValue]:
    """Take a setting away, or let it be what AWS does where nobody sets it."""
    key = PartKey.parse(step.part)
    absent = KINDS[key.kind].absent
    left = None if absent is None else Setting(absent)
    try:
        CALLS[key.kind].remove(place.writer, place.name, key.alias or None)
    except OutcomeUnknownError:
        if _look(place, key) != left:
            raise
    place.progress.settings[step.part] = left
    _refresh(place, key)
    return {"part": step.part}


def add_permission(step: AddPermission, place: Workplace) -> dict[str, JsonValue]:
    """Add a statement, under the permission's own id or, beside another, under one of its content.

    Raises:
        PreconditionFailedError: the policy holds other statements of it than expected.
    """
    key = PartKey.parse(step.part)
    wanted = _filled(step.part, step.attributes, place)
    policy, ours = _expected(place, key)
    name = next((name for name, found in ours.items() if found == wanted), None)
    if name is None:
        taken = policy.statements.keys()
        name = changed_id(key.label, wanted, taken) if ours or key.label in taken else key.label
        try:
            place.writer.add_permission(
                place.name, key.alias or None, name, wanted, revision_id=policy.revision_id
            )
        except OutcomeUnknownError:
            if plain(_policy(place, key)).get(name) != wanted:
                raise
    others = {other: found for other, found in ours.items() if other != name}
    place.progress.settings[step.part] = Setting(wanted, statement_id=name, others=others)
    _refresh(place, key)
    return {"part": step.part, "statement_id": name}


def remove_permission(step: RemovePermission, place: Workplace) -> dict[str, JsonValue]:
    """Remove a statement.

    Raises:
        PreconditionFailedError: the policy holds other statements of it than expected.
    """
    key = PartKey.parse(step.part)
    policy, ours = _expected(place, key)
    if step.statement_id in policy.statements:
        try:
            place.writer.remove_permission(
                place.name, key.alias or None, step.statement_id, revision_id=policy.revision_id
            )
        except OutcomeUnknownError:
            if step.statement_id in _policy(place, key).statements:
                raise
    left = {name: found for name, found in ours.items() if name != step.statement_id}
    place.progress.settings[step.part] = _of(left)
    _refresh(place, key)
    return {"part": step.part, "statement_id": step.statement_id}


def _of(statements: dict[str, Attributes]) -> Setting | None:
    if not statements:
        return None
    name, *others = statements
    return Setting(
        statements[name], statement_id=name, others={one: statements[one] for one in others}
    )


def _policy(place: Workplace, key: PartKey) -> ObservedPolicy:
    found = place.writer.policy(place.name, key.alias or None)
    if isinstance(found, Unreadable):
        raise RemoteError.of(
            "The resource policy cannot be read",
            f"Without it a permission of {place.name} cannot be changed safely. Give the "
            f"credentials {found.permission}. {found.reason}",
        )
    return found


def _expected(place: Workplace, key: PartKey) -> tuple[ObservedPolicy, dict[str, Attributes]]:
    """Return the policy and the permission's statements in it, which must be as they were seen."""
    policy = _policy(place, key)
    seen = place.progress.settings.get(str(key))
    expected: dict[str, Attributes] = {}
    if isinstance(seen, Setting) and seen.statement_id is not None:
        expected = {seen.statement_id: seen.attributes, **seen.others}
    ours = statements_of(key.label, plain(policy), next(iter(expected), None), _others(place, key))
    if ours != expected:
        raise PreconditionFailedError.of(
            "A permission has changed since it was read",
            f"The policy of {place.name} has other statements of {key} than when this run began: "
            f"{', '.join(ours) or 'none'}. Make a new plan.",
        )
    return policy, ours


def _others(place: Workplace, key: PartKey) -> set[str]:
    """Return the labels of the other permissions of the same policy."""
    wanted = place.desired.settings if place.desired else {}
    keys = map(PartKey.parse, {*place.progress.settings, *wanted})
    return {
        one.label
        for one in keys
        if one.alias == key.alias and KINDS[one.kind].policy and one.label != key.label
    }


def _look(place: Workplace, key: PartKey) -> Seen:
    """Read one setting again."""
    function = place.progress.function
    if CALLS[key.kind].read is None:
        function = place.writer.function(place.name)
    return look_at_one(place.writer, function, key) if function else None


def _refresh(place: Workplace, key: PartKey) -> None:
    """Learn the ``RevisionId`` that a change gave the function or the alias.

    An alias is read again only if it still has to be moved.
    """
    if key.alias:
        place.progress.stale.add(key.alias)
    else:
        place.progress.function = wait_until_ready(place.writer, place.name, None, place.patience)


def _filled(part: str, attributes: Attributes, place: Workplace) -> Attributes:
    """Return a setting with every marker replaced; a value nobody gives stays as AWS has it."""
    result = attributes
    for path, value in place.values.items():
        if path[:2] == (SETTINGS, part):
            result = put(result, path[2:], value)
    seen = place.progress.settings.get(part)
    for path, _ in kind_of(part).leaves:
        if has_secret(get(result, path)):
            kept = get(seen.attributes, path) if isinstance(seen, Setting) else None
            if kept is None:
                raise RemoteError.of(
                    "A secret value cannot be found",
                    f"{place.name} has no {part}.{'.'.join(path)} to take it from.",
                )
            result = put(result, path, kept)
    return kind_of(part).normal(result)
