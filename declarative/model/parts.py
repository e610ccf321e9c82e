"""The settings around a function as parts of a release: one row for each kind.

`declarative.model.setting_fields` says of each setting what the files may write and which
operations read and change it. A row here says how it is a part: how it is called in
addresses, where it hangs, and what there is where nobody sets it. Comparison, drift, records,
reverts and estimates know no kind by name; they read these rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from declarative.model.address import PartKey
from declarative.model.field import Attributes, Field, Path, Shape
from declarative.model.setting_fields import SETTINGS, Setting, normal
from declarative.model.steps import (
    AddPermission,
    Phase,
    RemovePermission,
    RemoveSetting,
    SetSetting,
)
from declarative.model.values import Pending, Sensitive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from declarative.model.release_config import Settings


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of part around a function.

    Attributes:
        name: What it is called in addresses.
        setting: Its row among the settings.
        fields: Its fields; one of its own name where the files write an attribute.
        absent: What there is where nobody sets it; None: nothing is there.
    """

    name: str
    setting: Setting
    fields: tuple[Field, ...]
    absent: Attributes | None = None

    @property
    def from_function(self) -> bool:
        """Whether ``GetFunction`` tells it, so that no call of its own reads it."""
        return not self.setting.reads

    @property
    def policy(self) -> bool:
        """Whether it is a statement of the resource policy, of which there may be many."""
        return self.setting.name == "permission"

    @property
    def added_in(self) -> Phase:
        """The phase in which a change of it acts, where the release has an alias."""
        return Phase(self.setting.set_in)

    @property
    def removed_in(self) -> Phase:
        """The phase in which it goes away, where the release has an alias."""
        return Phase(self.setting.removed_in)

    @property
    def leaves(self) -> tuple[tuple[Path, Field], ...]:
        """Every field that holds a value of its own, with its path."""
        return tuple(_leaves(self.fields, ()))

    def normal(self, given: Mapping[str, JsonValue]) -> Attributes:
        """Return attributes in normal form: defaults filled, sets sorted."""
        return normal(self.fields, dict(given))


def _leaves(fields: tuple[Field, ...], prefix: Path) -> list[tuple[Path, Field]]:
    found: list[tuple[Path, Field]] = []
    for field in fields:
        path = (*prefix, field.name)
        if field.shape is Shape.STRUCTURE:
            found.extend(_leaves(field.fields, path))
        else:
            found.append((path, field))
    return found


_CALLED: Final = {
    "reserved_concurrent_executions": "reserved_concurrency",
    "provisioned_concurrent_executions": "provisioned_concurrency",
    "code_signing_config_arn": "code_signing",
    "recursive_loop": "recursion",
}
"""What a part is called where the files write it as an attribute."""

_ELSEWHERE: Final = frozenset({"tags", "alias"})
"""Parts that have fields and steps of their own."""


def _kind(setting: Setting) -> Kind:
    fields = setting.fields or (Field(setting.name, "", default=setting.default),)
    resets = set(setting.removes) <= set(setting.sets)
    return Kind(
        name=_CALLED.get(setting.name, setting.name),
        setting=setting,
        fields=fields,
        absent=normal(fields, {}) if resets else None,
    )


KINDS: Final[dict[str, Kind]] = {
    kind.name: kind for kind in map(_kind, (s for s in SETTINGS if s.name not in _ELSEWHERE))
}
"""The kinds by name, in the order of the table."""


def kind_of(part: PartKey | str) -> Kind:
    """Return the row of a part, given it or its text."""
    return KINDS[(PartKey.parse(part) if isinstance(part, str) else part).kind]


def call_of(step: SetSetting | RemoveSetting | AddPermission | RemovePermission) -> str:
    """Return the operation of Lambda's API that a step calls."""
    setting = kind_of(step.part).setting
    if isinstance(step, SetSetting):
        return setting.sets[-1 if step.exists else 0]
    return setting.sets[0] if isinstance(step, AddPermission) else setting.removes[0]


def declared_parts(config: Settings, alias: str = "") -> dict[str, dict[str, object]]:
    """Return what is written around a function or one of its aliases, by part.

    Leaves may be `Sensitive` or `Pending`; what is not written is not there.
    """
    found: dict[str, dict[str, object]] = {}
    for kind in KINDS.values():
        if kind.setting.name not in config.model_fields_set:
            continue  # most releases have none of them
        given = getattr(config, kind.setting.name)
        if given is None:
            continue
        if kind.policy:
            for label, one in given.items():
                found[str(PartKey(alias, kind.name, label))] = _written(kind.fields, one)
        elif kind.setting.fields:
            found[str(PartKey(alias, kind.name))] = _written(kind.fields, given)
        else:
            found[str(PartKey(alias, kind.name))] = {kind.setting.name: given}
    return found


def _written(fields: tuple[Field, ...], config: object) -> dict[str, object]:
    found: dict[str, object] = {}
    for field in fields:
        value = getattr(config, field.name)
        if value is None:
            continue
        if field.shape is Shape.STRUCTURE and not isinstance(value, Sensitive | Pending):
            value = _written(field.fields, value)
        found[field.name] = list(value) if isinstance(value, tuple) else value
    return found
