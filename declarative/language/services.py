"""What all releases of a service share: the variables it declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from declarative.errors import EvaluationError
from declarative.language.sections import entries, place_within
from declarative.language.variables import Declaration
from declarative.model.project_config import ServiceVariableConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from declarative.language.instances import Instance
    from declarative.language.memo import Memo
    from declarative.language.sections import Section


@dataclass(frozen=True, slots=True)
class Service:
    """What all releases of a service share.

    Attributes:
        declarations: Its ``variable`` blocks by name.
        names: All variables it declares, those in ``variables`` included.
    """

    declarations: Mapping[str, Declaration]
    names: tuple[str, ...]


def shared(memo: Memo, instance: Instance) -> Service:
    """Return what all releases of a service share.

    Raises:
        EvaluationError: a declaration is no good.
    """
    return memo.get(f"{instance.address} declarations", lambda: _shared(instance.section))


def _shared(section: Section) -> Service:
    declarations = {
        item.labels[0]: Declaration.of(item, ("self", "variables"), ServiceVariableConfig)
        for item in section.named("variable")
    }
    names = dict.fromkeys(declarations)
    written = section.attributes.get("variables")
    for name in (entries(written.expression) or {}) if written else ():
        if name in declarations:
            raise EvaluationError.of(
                "Declared twice",
                f'"{name}" is in variables and a variable block as well, declared at '
                f"{declarations[name].section.range}. Keep one of them.",
                range=place_within(written.expression, (name,)) if written else None,
            )
        names[name] = None
    return Service(declarations, tuple(names))
