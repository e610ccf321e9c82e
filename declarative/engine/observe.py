"""Reading what AWS says, at the fewest calls: one ``GetFunction`` and one ``ListAliases`` each.

What surrounds function and aliases takes a call more for each kind (`engine.around`), and only
where it is declared or recorded.

An observation never leaves this process as it is: environment values are plain text in
it. `masked` gives the form that may be compared with state, shown and saved.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from declarative.engine.around import look_around
from declarative.engine.setting_ports import Unreadable
from declarative.errors import Diagnostic, RemoteError
from declarative.model import fields
from declarative.model.canonical import canonical_json, members
from declarative.model.fields import LEAVES, Attributes, Field, Path, Shape
from declarative.model.values import Fingerprinter, is_secret, is_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pydantic import JsonValue

    from declarative.engine.ports import FunctionReader, ObservedAlias, ObservedFunction
    from declarative.engine.setting_calls import Seen
    from declarative.model.revision import ReleaseRecord


class Located(Protocol):
    """Anything that says which function it is about: a desired or a planned release."""

    @property
    def function_name(self) -> str:
        """The function's name."""
        ...


Release = TypeVar("Release", bound=Located)

ENVIRONMENT: Path = ("environment", "variables")


@dataclass(frozen=True, slots=True)
class Observation:
    """A function and its aliases as AWS has them now; both empty where there is none.

    Attributes:
        settings: What surrounds them, by part; only what was looked at has an entry.
    """

    function: ObservedFunction | None
    aliases: Mapping[str, ObservedAlias] = field(default_factory=dict)
    settings: Mapping[str, Seen] = field(default_factory=dict)


def observe(
    reader: FunctionReader, name: str, parts: Mapping[str, str | None] | None = None
) -> Observation:
    """Read one function with its aliases; aliases are not asked for where there is none.

    ``parts`` are the settings to look at (`engine.around.Parts`).

    Raises:
        RemoteError: AWS refused or could not be reached.
    """
    function = reader.function(name)
    if function is None:
        return Observation(None, settings=dict.fromkeys(parts or {}))
    aliases = {alias.name: alias for alias in reader.aliases(name)}
    return Observation(function, aliases, look_around(reader, function, aliases, parts or {}))


def refuse_unreadable(observed: Observation, name: str) -> None:
    """Refuse to go on where AWS withheld what surrounds a function.

    Raises:
        RemoteError: naming what could not be read, and which permissions are missing.
    """
    withheld = {
        part: seen for part, seen in observed.settings.items() if isinstance(seen, Unreadable)
    }
    if withheld:
        raise RemoteError(
            tuple(
                Diagnostic(
                    "A setting cannot be read",
                    f"AWS withheld {part} of {name}. Give the credentials {seen.permission}. "
                    f"{seen.reason}",
                )
                for part, seen in withheld.items()
            )
        )


def observe_all(
    reader: Callable[[Release], FunctionReader],
    releases: Mapping[str, Release],
    *,
    parts: Mapping[str, Mapping[str, str | None]],
    parallelism: int,
) -> Mapping[str, Observation | RemoteError]:
    """Observe many releases at once; an error stands in the place of what it prevented."""

    def attempt(address: str) -> Observation | RemoteError:
        release = releases[address]
        try:
            return observe(reader(release), release.function_name, parts.get(address))
        except RemoteError as error:
            return error

    if not releases:
        return {}
    with ThreadPoolExecutor(min(parallelism, len(releases)), "observe") as pool:
        return dict(zip(releases, pool.map(attempt, releases), strict=True))


@dataclass(frozen=True, slots=True)
class Visible:
    """What of a configuration may be shown; by default no environment value.

    Attributes:
        names: Environment variables whose values may be shown.
        hidden: Other leaves that the files mark as secret.
    """

    names: frozenset[str] = frozenset()
    hidden: frozenset[Path] = frozenset()


def hidden_leaf(path: Path, value: JsonValue, fingerprinter: Fingerprinter) -> JsonValue:
    """Return a secret leaf as it stands in parts: environment variables one by one."""
    if path == ENVIRONMENT and isinstance(value, dict):
        return {name: fingerprinter.marker(one) for name, one in value.items()}
    return fingerprinter.marker(value)


def visible(*sides: Mapping[str, JsonValue] | None) -> Visible:
    """Return what may be shown, given what several sides hold (declared now, when recorded).

    An environment name is plain when every side that has it holds a value and no marker,
    and at least one side has it: a value that no file declares may be a secret. Any other
    leaf is secret when one side says so.
    """
    shown: set[str] = set()
    secret: set[str] = set()
    hidden: set[Path] = set()
    for side in sides:
        variables = fields.get(side or {}, ENVIRONMENT)
        if isinstance(variables, dict) and not is_secret(variables):
            for name, value in variables.items():
                (secret if is_secret(value) or is_unknown(value) else shown).add(name)
        hidden.update(_secret_leaves(side or {}))
    return Visible(frozenset(shown - secret), frozenset(hidden))


def _secret_leaves(side: Mapping[str, JsonValue]) -> Iterator[Path]:
    """Yield the leaves that are secret as a whole; a leaf is one or two names deep."""
    for name, value in side.items():
        if not isinstance(value, dict):
            continue
        if is_secret(value) and (name,) in LEAVES:
            yield (name,)
        for inner, item in value.items():
            if isinstance(item, dict) and is_secret(item) and (name, inner) in LEAVES:
                yield (name, inner)


def visible_beside(
    declared: Mapping[str, JsonValue] | None, record: ReleaseRecord | None
) -> Visible:
    """Return what may be shown beside ``record``.

    What the files show now may have been a secret when it was recorded, and AWS has that
    secret until an apply has replaced it.
    """
    if record is None:
        return visible(declared)
    recorded = record.function.attributes if record.function else None
    return visible(declared, record.desired.function, recorded)


def visible_before(
    declared: Mapping[str, JsonValue] | None, record: ReleaseRecord | None
) -> Visible:
    """Return what may be shown of an observed release before it is applied.

    Of a function that state does not know no environment value is shown: what AWS holds
    under a name may be a secret, whatever the files want to put there.
    """
    shown = visible_beside(declared, record)
    return shown if record is not None else Visible(hidden=shown.hidden)


def masked(
    attributes: Attributes, fingerprinter: Fingerprinter, shown: Visible | None = None
) -> Attributes:
    """Return ``attributes`` with everything fingerprinted that may not be shown."""
    may = shown or Visible()
    # Copied once: nearly all paths are one or two names long, and are changed in the copy.
    result: Attributes = {
        name: dict(value) if isinstance(value, dict) else value
        for name, value in attributes.items()
    }
    variables = fields.get(attributes, ENVIRONMENT)
    if isinstance(variables, dict):
        hidden: dict[str, JsonValue] = {
            name: value if name in may.names else fingerprinter.hide(value)
            for name, value in variables.items()
        }
        result = fields.put(result, ENVIRONMENT, hidden)
    for path in may.hidden - {ENVIRONMENT}:
        inner = result.get(path[0])
        if len(path) == 1:
            result[path[0]] = fingerprinter.hide(inner)
        elif len(path) == 2 and isinstance(inner, dict):  # noqa: PLR2004 - outer and inner
            inner[path[1]] = fingerprinter.hide(inner.get(path[1]))
        else:
            result = fields.put(result, path, fingerprinter.hide(fields.get(result, path)))
    return result


def fingerprinted(attributes: Attributes, fingerprinter: Fingerprinter) -> bytes:
    """Return ``attributes`` as canonical JSON with every leaf hidden.

    It is equal whatever any side marks as secret.
    """
    known = {
        name: text
        for name, text in _fingerprinted_usual(fingerprinter).items()
        if attributes.get(name) == _USUAL[name]
    }
    rows = tuple(row for row in fields.FUNCTION if row.name not in known)
    given = {name: value for name, value in attributes.items() if name not in known}
    rest = _fingerprinted(rows, given, fingerprinter)
    return members({**known, **{name: canonical_json(value) for name, value in rest.items()}})


# Most fields of most functions are as AWS has them where nobody says anything.
_USUAL: Final = fields.defaults("")


@lru_cache(maxsize=4)
def _fingerprinted_usual(fingerprinter: Fingerprinter) -> dict[str, bytes]:
    hidden = _fingerprinted(fields.FUNCTION, _USUAL, fingerprinter)
    return {name: canonical_json(value) for name, value in hidden.items()}


def _fingerprinted(
    table: tuple[Field, ...], given: Mapping[str, JsonValue], fingerprinter: Fingerprinter
) -> Attributes:
    result: Attributes = dict(given)
    for row in table:
        value = given.get(row.name)
        if row.shape is Shape.STRUCTURE:
            inside = value if isinstance(value, dict) else {}
            result[row.name] = _fingerprinted(row.fields, inside, fingerprinter)
        elif not row.sensitive:
            result[row.name] = fingerprinter.hide(value)
        elif isinstance(value, dict):
            result[row.name] = {name: fingerprinter.hide(one) for name, one in value.items()}
    return result
