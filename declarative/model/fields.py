"""Functions in normal form: what AWS answers and what the files say, by the table of fields.

The rows are in `declarative.model.function_fields`, those of the settings around a function
in `declarative.model.setting_fields`; what a row means is in `declarative.model.field`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from declarative.model.field import (
    CODE_CALL,
    CONFIGURATION_CALL,
    Attributes,
    Effect,
    Field,
    Path,
    Presence,
    Shape,
    normalise,
)
from declarative.model.function_fields import FUNCTION

if TYPE_CHECKING:
    from pydantic import JsonValue

__all__ = [
    "CODE_CALL",
    "CONFIGURATION_CALL",
    "FUNCTION",
    "LEAVES",
    "PACKAGE_TYPE",
    "Attributes",
    "Effect",
    "Field",
    "Path",
    "Presence",
    "Shape",
    "default_of",
    "defaults",
    "from_api",
    "get",
    "is_absent",
    "leaves",
    "normalise",
    "put",
    "read",
    "replacing",
    "settled",
    "to_api",
    "write",
]


def leaves(
    fields: tuple[Field, ...] = FUNCTION, prefix: Path = ()
) -> tuple[tuple[Path, Field], ...]:
    """Return every field that holds a value of its own, with its path."""
    found: list[tuple[Path, Field]] = []
    for field in fields:
        path = (*prefix, field.name)
        if field.shape is Shape.STRUCTURE:
            found.extend(leaves(field.fields, path))
        else:
            found.append((path, field))
    return tuple(found)


LEAVES: Final[dict[Path, Field]] = dict(leaves())

PACKAGE_TYPE: Final[Path] = ("package_type",)
"""Where it stands whether the code is a zip file or an image: it follows from the artifact."""
_LOG_FORMAT: Final = ("logging_config", "log_format")
_LOG_LEVELS: Final = (
    ("logging_config", "application_log_level"),
    ("logging_config", "system_log_level"),
)
_JSON_LEVEL: Final = "INFO"
_SUBNETS: Final = ("vpc_config", "subnet_ids")
_DUAL_STACK: Final = ("vpc_config", "ipv6_allowed_for_dual_stack")


def default_of(path: Path, function_name: str) -> JsonValue:
    """Return what AWS uses for the leaf at ``path`` when it is not given."""
    return _default(LEAVES[path], function_name)


def _default(field: Field, function_name: str) -> JsonValue:
    return field.named.format(name=function_name) if field.named else field.default


def from_api(answer: Mapping[str, object], function_name: str) -> Attributes:
    """Return a ``FunctionConfiguration`` in normal form: every leaf present, defaults filled."""
    return read(FUNCTION, answer, function_name)


def defaults(function_name: str) -> Attributes:
    """Return the normal form of a function of which nothing is given.

    It shares its structures with all others that this returns, and is not to be changed.
    """
    result = _DEFAULTS
    for path in _NAMED:
        result = put(result, path, default_of(path, function_name))
    return result


def read(
    fields: tuple[Field, ...], answer: Mapping[str, object], function_name: str = ""
) -> Attributes:
    """Return an answer of AWS in the normal form of a table."""
    return {field.name: _read_one(field, answer, function_name) for field in fields}


def _read_one(field: Field, answer: Mapping[str, object], name: str) -> JsonValue:
    first, *inside = field.api_path
    given = answer.get(first)
    for step in inside:
        given = given.get(step) if isinstance(given, (dict, Mapping)) else None
    if field.shape is Shape.STRUCTURE:
        return read(field.fields, given if isinstance(given, (dict, Mapping)) else {}, name)
    if field.shape is Shape.STRUCTURES and isinstance(given, list):
        return [read(field.fields, item, name) for item in given]
    if given is None:
        return _default(field, name)
    return normalise(field, given)  # type: ignore[arg-type] # botocore answers JSON here


def to_api(attributes: Mapping[str, JsonValue]) -> dict[str, object]:
    """Return attributes in the API's spelling; absent and null fields are left out."""
    return write(FUNCTION, attributes)


def write(fields: tuple[Field, ...], attributes: Mapping[str, JsonValue]) -> dict[str, object]:
    """Return the attributes of a table in the API's spelling, absent and null ones left out.

    A structure with nothing but nulls in it is absent; an empty one asks for an empty one.
    """
    request: dict[str, object] = {}
    for field in fields:
        value = attributes.get(field.name)
        if value is None:
            continue
        *outside, last = field.api_path
        inside = request
        for step in outside:
            inside = inside.setdefault(step, {})  # type: ignore[assignment] # made here
        if field.shape is Shape.STRUCTURE and isinstance(value, dict):
            written = write(field.fields, value)
            if written or not value:
                inside[last] = written
        elif field.shape is Shape.STRUCTURES and isinstance(value, list):
            inside[last] = [write(field.fields, item) for item in value if isinstance(item, dict)]
        else:
            inside[last] = value
    return request


def settled(attributes: Attributes) -> Attributes:
    """Return a whole configuration as AWS keeps it, where some leaves follow from others.

    Levels of logs are there with JSON alone, and then always; dual stack goes with the subnets.
    """
    result = attributes
    log_format = get(attributes, _LOG_FORMAT)
    for path in _LOG_LEVELS:
        level = get(attributes, path)
        if log_format == "Text" and level is not None:
            result = put(result, path, None)
        elif log_format == "JSON" and level is None:
            result = put(result, path, _JSON_LEVEL)
    if get(attributes, _SUBNETS) == [] and get(attributes, _DUAL_STACK) is True:
        result = put(result, _DUAL_STACK, value=False)
    return result


def is_absent(field: Field, attributes: Mapping[str, JsonValue]) -> bool:
    """Whether every leaf of a structure has the value that stands for absence."""
    within = attributes.get(field.name)
    if within is None:
        return True
    if field.shape is Shape.STRUCTURE and isinstance(within, dict):
        return all(is_absent(inner, within) for inner in field.fields)
    return within == field.default


def replacing(before: Mapping[str, JsonValue], after: Mapping[str, JsonValue]) -> tuple[Path, ...]:
    """Return the fields whose change needs a new function, since no call changes them.

    That is a create-only leaf that differs, or a structure that comes or goes and cannot
    (`Presence`). Both sides must be whole and in normal form.
    """
    changed = [
        path
        for path, field in LEAVES.items()
        if field.create_only and get(before, path) != get(after, path)
    ]
    for field in FUNCTION:
        gone, wanted = is_absent(field, before), is_absent(field, after)
        comes, goes = gone and not wanted, wanted and not gone
        if (field.presence is Presence.FIXED and (comes or goes)) or (
            field.presence is Presence.KEPT and goes
        ):
            changed.append((field.name,))
    return tuple(changed)


def get(attributes: Mapping[str, JsonValue], path: Path) -> JsonValue:
    """Return the value at ``path``, or None where there is none."""
    if not path:
        return dict(attributes)
    value = attributes.get(path[0])
    for name in path[1:]:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def put(attributes: Attributes, path: Path, value: JsonValue) -> Attributes:
    """Return ``attributes`` with ``value`` at ``path``; the argument is not changed."""
    head, *rest = path
    if not rest:
        return {**attributes, head: value}
    inner = attributes.get(head)
    return {**attributes, head: put(inner if isinstance(inner, dict) else {}, tuple(rest), value)}


_DEFAULTS: Final = read(FUNCTION, {})
_NAMED: Final = tuple(path for path, field in LEAVES.items() if field.named)
