"""The base of every model: immutable, and a field nobody knows is an error."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value: immutable, compared by content, closed against unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
