"""Reading what AWS says, at the fewest calls: one ``GetFunction`` and one ``ListAliases`` each.

An observation never leaves this process as it is: environment values are plain text in
it. `masked` gives the form that may be compared with state, shown and saved.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from declarative.errors import RemoteError
from declarative.model import fields
from declarative.model.fields import Attributes, Path
from declarative.model.values import Fingerprinter, is_secret, is_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from pydantic import JsonValue

    from declarative.engine.ports import FunctionReader, ObservedAlias, ObservedFunction
    from declarative.model.revision import ReleaseRecord

ENVIRONMENT: Path = ("environment", "variables")


@dataclass(frozen=True, slots=True)
class Observation:
    """A function and its aliases as AWS has them now; both empty where there is none."""

    function: ObservedFunction | None
    aliases: Mapping[str, ObservedAlias] = field(default_factory=dict)


def observe(reader: FunctionReader, name: str) -> Observation:
    """Read one function with its aliases; aliases are not asked for where there is none.

    Raises:
        RemoteError: AWS refused or could not be reached.
    """
    function = reader.function(name)
    if function is None:
        return Observation(None)
    return Observation(function, {alias.name: alias for alias in reader.aliases(name)})


def observe_all(
    readers: Mapping[str, Callable[[], Observation]], *, parallelism: int
) -> Mapping[str, Observation | RemoteError]:
    """Run many observations at once; an error stands in the place of what it prevented."""

    def attempt(address: str) -> Observation | RemoteError:
        try:
            return readers[address]()
        except RemoteError as error:
            return error

    if not readers:
        return {}
    with ThreadPoolExecutor(min(parallelism, len(readers)), "observe") as pool:
        return dict(zip(readers, pool.map(attempt, readers), strict=True))


def plain_names(*sides: Mapping[str, JsonValue] | None) -> frozenset[str]:
    """Return the environment names whose values may be shown.

    A name is plain when every side (declared now, declared when recorded) that has it
    holds a value and no marker, and at least one side has it. A value that no file
    declares may be a secret.
    """
    shown: set[str] = set()
    hidden: set[str] = set()
    for side in sides:
        variables = fields.get(side or {}, ENVIRONMENT)
        if isinstance(variables, dict):
            for name, value in variables.items():
                (hidden if is_secret(value) or is_unknown(value) else shown).add(name)
    return frozenset(shown - hidden)


def shown_names(
    declared: Mapping[str, JsonValue] | None, record: ReleaseRecord | None
) -> frozenset[str]:
    """Return the environment names whose values may be shown beside ``record``.

    A name that the files show now may have been a secret when it was recorded, and AWS has
    that secret until an apply has replaced it.
    """
    if record is None:
        return plain_names(declared)
    recorded = record.function.attributes if record.function else None
    return plain_names(declared, record.desired.function, recorded)


def masked(
    attributes: Attributes, fingerprinter: Fingerprinter, plain: Collection[str] = ()
) -> Attributes:
    """Return ``attributes`` with every environment value but the plain ones fingerprinted."""
    variables = fields.get(attributes, ENVIRONMENT)
    if not isinstance(variables, dict):
        return attributes
    hidden: dict[str, JsonValue] = {
        name: value
        if name in plain or is_secret(value) or is_unknown(value)
        else fingerprinter.marker(value)
        for name, value in variables.items()
    }
    return fields.put(attributes, ENVIRONMENT, hidden)
