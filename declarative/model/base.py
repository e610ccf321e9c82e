"""The base of every model: immutable, and a field nobody knows is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from pydantic import JsonValue as Json
else:
    # What comes here was read from JSON or made by typed code. pydantic would call back into
    # Python for every value inside to learn its kind, on each reading and each writing.
    Json = Any

__all__ = ["Frozen", "Json"]


class Frozen(BaseModel):
    """A value: immutable, compared by content, closed against unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
