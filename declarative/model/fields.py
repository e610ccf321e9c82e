"""The fields of a Lambda function: one row each, read by everything that touches them.

Source: the Lambda API's ``CreateFunction``, ``UpdateFunctionConfiguration`` and
``FunctionConfiguration`` (API version 2015-03-31). A row gives the name in our spelling
(snake case, acronyms as one word) and in the API's, what AWS fills in when a field is
not given, and how two spellings of one value become one form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydantic import JsonValue

Path = tuple[str, ...]
"""Where a value stands in a part, from the outside in: ``("environment", "variables")``."""


class Shape(Enum):
    """What a field holds."""

    SCALAR = "scalar"
    LIST = "list"
    SET = "set"  # a list whose order has no meaning
    MAP = "map"  # keys are the user's and are never converted
    STRUCTURE = "structure"
    STRUCTURES = "structures"  # a list of structures
    LAYERS = "layers"  # written as ARNs, answered as structures


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the function.

    Attributes:
        name: Our spelling.
        api: The API's spelling.
        shape: What it holds.
        default: What AWS uses when the field is not given; the normal form of absence.
        fields: The fields of a structure.
        create_only: Whether a change needs a new function.
        code: Whether ``UpdateFunctionCode`` sets it (otherwise ``UpdateFunctionConfiguration``).
        sensitive: Whether its leaves may be secrets even where nothing marks them.
        named: A default that contains the function's name, as a format string.
    """

    name: str
    api: str
    shape: Shape = Shape.SCALAR
    default: JsonValue = None
    fields: tuple[Field, ...] = ()
    create_only: bool = False
    code: bool = False
    sensitive: bool = False
    named: str = ""


def _structure(name: str, api: str, *fields: Field) -> Field:
    return Field(name, api, Shape.STRUCTURE, fields=fields)


FUNCTION: Final[tuple[Field, ...]] = (
    Field("runtime", "Runtime"),
    Field("handler", "Handler"),
    Field("role", "Role"),
    Field("description", "Description", default=""),
    Field("memory_size", "MemorySize", default=128),
    Field("timeout", "Timeout", default=3),
    Field("package_type", "PackageType", default="Zip", create_only=True),
    Field("architectures", "Architectures", Shape.LIST, default=["x86_64"], code=True),
    _structure(
        "environment",
        "Environment",
        Field("variables", "Variables", Shape.MAP, default={}, sensitive=True),
    ),
    Field("kms_key_arn", "KMSKeyArn", default=""),
    Field("layers", "Layers", Shape.LAYERS, default=[]),
    _structure(
        "vpc_config",
        "VpcConfig",
        Field("subnet_ids", "SubnetIds", Shape.SET, default=[]),
        Field("security_group_ids", "SecurityGroupIds", Shape.SET, default=[]),
        Field("ipv6_allowed_for_dual_stack", "Ipv6AllowedForDualStack", default=False),
    ),
    _structure(
        "dead_letter_config", "DeadLetterConfig", Field("target_arn", "TargetArn", default="")
    ),
    _structure("tracing_config", "TracingConfig", Field("mode", "Mode", default="PassThrough")),
    _structure("ephemeral_storage", "EphemeralStorage", Field("size", "Size", default=512)),
    _structure("snap_start", "SnapStart", Field("apply_on", "ApplyOn", default="None")),
    _structure(
        "logging_config",
        "LoggingConfig",
        Field("log_format", "LogFormat", default="Text"),
        Field("application_log_level", "ApplicationLogLevel"),
        Field("system_log_level", "SystemLogLevel"),
        Field("log_group", "LogGroup", named="/aws/lambda/{name}"),
    ),
    Field(
        "file_system_configs",
        "FileSystemConfigs",
        Shape.STRUCTURES,
        default=[],
        fields=(Field("arn", "Arn"), Field("local_mount_path", "LocalMountPath")),
    ),
    _structure(
        "image_config",
        "ImageConfig",
        Field("entry_point", "EntryPoint", Shape.LIST, default=[]),
        Field("command", "Command", Shape.LIST, default=[]),
        Field("working_directory", "WorkingDirectory", default=""),
    ),
)

Attributes = dict[str, "JsonValue"]
"""The attributes of a part: JSON by name, in normal form unless said otherwise."""


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


def default_of(path: Path, function_name: str) -> JsonValue:
    """Return what AWS uses for the leaf at ``path`` when it is not given."""
    field = LEAVES[path]
    return field.named.format(name=function_name) if field.named else field.default


def normalise(field: Field, value: JsonValue) -> JsonValue:
    """Return the normal form of a leaf's value: sets sorted, ARNs for layers."""
    match field.shape, value:
        case Shape.SET, list():
            return sorted(value, key=str)
        case Shape.LAYERS, list():
            return [
                item.get("Arn") if isinstance(item, dict) and "Arn" in item else item
                for item in value
            ]
        case _:
            return value


def from_api(answer: Mapping[str, object], function_name: str) -> Attributes:
    """Return a ``FunctionConfiguration`` in normal form: every leaf present, defaults filled."""
    return _read(FUNCTION, answer, function_name)


def _read(fields: tuple[Field, ...], answer: Mapping[str, object], name: str) -> Attributes:
    result: Attributes = {}
    for field in fields:
        given = answer.get(field.api)
        result[field.name] = _read_one(field, given, name)
    return result


def _read_one(field: Field, given: object, name: str) -> JsonValue:
    if field.shape is Shape.STRUCTURE:
        return _read(field.fields, given if isinstance(given, Mapping) else {}, name)
    if field.shape is Shape.STRUCTURES and isinstance(given, list):
        return [_read(field.fields, item, name) for item in given]
    if given is None:
        return field.named.format(name=name) if field.named else field.default
    return normalise(field, given)  # type: ignore[arg-type] # botocore answers JSON here


def to_api(attributes: Mapping[str, JsonValue]) -> dict[str, object]:
    """Return attributes in the API's spelling; absent and null fields are left out."""
    return _write(FUNCTION, attributes)


def _write(fields: tuple[Field, ...], attributes: Mapping[str, JsonValue]) -> dict[str, object]:
    request: dict[str, object] = {}
    for field in fields:
        value = attributes.get(field.name)
        if value is None:
            continue
        if field.shape is Shape.STRUCTURE and isinstance(value, dict):
            request[field.api] = _write(field.fields, value)
        elif field.shape is Shape.STRUCTURES and isinstance(value, list):
            request[field.api] = [
                _write(field.fields, item) for item in value if isinstance(item, dict)
            ]
        else:
            request[field.api] = value
    return request


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
