"""How a connector's calls are repeated when AWS throttles them, or when a reading one fails."""

from __future__ import annotations

from typing import Literal

from declarative.model.base import Frozen

Mode = Literal["full_jitter", "fixed_delay", "equal_jitter"]

QUOTA_SHARE = 0.8
"""How much of AWS's rate is used where nobody says otherwise: others share the account."""


class Retry(Frozen):
    """``retry`` of a connector.

    Attributes:
        mode: ``fixed_delay`` waits ``base_delay``; the others double it with each attempt
            and spread it: over all of it, or over its upper half.
        base_delay: Seconds before the second attempt.
        max_delay: The longest wait before any attempt, unless AWS itself asks for a longer one.
        max_attempts: How often a call is made altogether.
    """

    mode: Mode = "full_jitter"
    base_delay: float = 0.1
    max_delay: float = 5.0
    max_attempts: int = 8
