"""How traffic moves to the version that is released."""

from __future__ import annotations

from typing import Literal, TypeAlias

from declarative.model.base import Frozen

StrategyType: TypeAlias = Literal["all_at_once", "canary", "manual"]


class Pause(Frozen):
    """One step of a schedule.

    Attributes:
        weight: Percent of the traffic on the version that is released.
        seconds: How long it stays so; None: until somebody says go on, or, at 100 percent,
            for good.
    """

    weight: int
    seconds: float | None = None


class Strategy(Frozen):
    """How an alias moves; linear is canary with equal steps.

    Attributes:
        weights: Percent on the version that is released, ascending; 100 follows.
        interval: Seconds at each of them; None where a person says when to go on.
    """

    type: StrategyType = "all_at_once"
    weights: tuple[int, ...] = ()
    interval: float | None = None

    @property
    def schedule(self) -> tuple[Pause, ...]:
        """Weights over time; empty where everything moves at once."""
        if not self.weights:
            return ()
        steps = (Pause(weight=weight, seconds=self.interval) for weight in self.weights)
        return (*steps, Pause(weight=100))


AT_ONCE = Strategy()
