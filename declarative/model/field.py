"""What one row of the field tables says, and how a value of it takes its normal form."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from pydantic import JsonValue

Path = tuple[str, ...]
"""Where a value stands in a part, from the outside in: ``("environment", "variables")``."""

Attributes = dict[str, "JsonValue"]
"""The attributes of a part: JSON by name, in normal form unless said otherwise."""


Moment = Literal["prepare", "switch", "finish"]
"""A phase of an apply."""


class Shape(Enum):
    """What a field holds."""

    SCALAR = "scalar"
    LIST = "list"
    SET = "set"  # a list whose order has no meaning
    MAP = "map"  # keys are the user's and are never converted
    STRUCTURE = "structure"
    STRUCTURES = "structures"  # a list of structures
    LAYERS = "layers"  # written as ARNs, answered as structures


class Presence(Enum):
    """Whether a structure can be added to a function, and taken away from it."""

    FREE = "free"
    KEPT = "kept"  # added at any time, taken away never: the call requires its members
    FIXED = "fixed"  # decided when the function is created


class Effect(Enum):
    """What a change does to the function."""

    IN_PLACE = "in place"
    NEW_VERSION = "new version"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the function, or of a setting around it.

    Attributes:
        name: Our spelling: snake case, acronyms as one word.
        api: The API's spelling; dots lead into structures that have no field of ours.
        shape: What it holds.
        default: What AWS uses when the field is not given; the normal form of absence.
        fields: The fields of a structure.
        create_only: Whether a change needs a new function.
        code: Whether ``UpdateFunctionCode`` sets it (otherwise ``UpdateFunctionConfiguration``).
        sensitive: Whether its leaves may be secrets even where nothing marks them.
        named: A default that contains the function's name, as a format string.
        presence: For a structure: whether it may come and go.
        provider: The spelling of Terraform's AWS provider, where it is another one.
        required: Whether a structure that is there must have it.
        api_path: ``api``, step by step.
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
    presence: Presence = Presence.FREE
    provider: str = ""
    required: bool = False
    api_path: Path = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Take ``api`` apart once; every answer of AWS is read along it."""
        object.__setattr__(self, "api_path", tuple(self.api.split(".")))

    @property
    def call(self) -> str | None:
        """The operation that changes it; None where none does."""
        if self.create_only:
            return None
        return CODE_CALL if self.code else CONFIGURATION_CALL

    @property
    def phase(self) -> Moment:
        """The phase in which a release with an alias changes it.

        A function that is replaced under its own name is deleted and created in *finish*.
        """
        return "finish" if self.create_only else "prepare"

    @property
    def effect(self) -> Effect:
        """What a change of its value does; see `presence` for its coming and going."""
        return Effect.REPLACE if self.create_only else Effect.NEW_VERSION


CODE_CALL: Final = "UpdateFunctionCode"
CONFIGURATION_CALL: Final = "UpdateFunctionConfiguration"


def structure(name: str, api: str, *fields: Field, presence: Presence = Presence.FREE) -> Field:
    """Return a structure; it is create-only where all in it is."""
    fixed = all(field.create_only for field in fields)
    return Field(name, api, Shape.STRUCTURE, fields=fields, create_only=fixed, presence=presence)


def normalise(field: Field, value: JsonValue) -> JsonValue:
    """Return the normal form of a value: sets sorted, ARNs for layers, structures filled."""
    match field.shape, value:
        case Shape.SET, list():
            return sorted(value, key=str)
        case Shape.LAYERS, list():
            return [
                item.get("Arn") if isinstance(item, dict) and "Arn" in item else item
                for item in value
            ]
        case Shape.STRUCTURES, list():
            return [_filled(field, item) if isinstance(item, dict) else item for item in value]
        case Shape.STRUCTURE, dict():
            return _filled(field, value)
        case Shape.SCALAR, float() if value.is_integer():
            return int(value)
        case _:
            return value


def _filled(field: Field, value: dict[str, JsonValue]) -> JsonValue:
    """Return a structure in which every field has a value or its default."""
    known = {inner.name: _filled_leaf(inner, value.get(inner.name)) for inner in field.fields}
    # What is no field is a marker that stands for all of the structure.
    return {**value, **known} if value.keys() & known.keys() else value


def _filled_leaf(field: Field, value: JsonValue) -> JsonValue:
    if field.shape is Shape.STRUCTURE:
        inside = value if isinstance(value, dict) else {}
        return {inner.name: _filled_leaf(inner, inside.get(inner.name)) for inner in field.fields}
    return field.default if value is None else normalise(field, value)
