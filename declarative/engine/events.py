"""What happens during an apply, told as it happens; one event is one line with ``--json``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pydantic import JsonValue

EventType = Literal[
    "run_started",
    "step_started",
    "step_progress",
    "step_done",
    "step_failed",
    "run_done",
]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in a run.

    Attributes:
        at: When, in ISO 8601 UTC.
        address: The release it concerns, if one.
        step: The kind of the step, if one.
        data: What else there is to say: ``seconds``, ``version``, ``message``, …
    """

    type: EventType
    run: str
    at: str
    address: str | None = None
    step: str | None = None
    data: Mapping[str, JsonValue] = field(default_factory=dict)


Listener = Callable[[Event], None]
