"""Faults that are injected into the n-th call, by operation or by function."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Literal, get_args

from declarative.sandbox.errors import AnswerLostError, NoAnswerError, ServiceError, throttled

FaultKind = Literal[
    "error-before",
    "error-after-effect",
    "lost-request",
    "lost-answer",
    "hang",
    "hang-after-effect",
    "throttle",
    "failed-transition",
]
"""What can go wrong with a call.

``error-before``: the error, and no effect; ``error-after-effect``: the error, although the
call took effect; ``lost-request`` and ``lost-answer``: the connection closes without an
answer, before and after the effect; ``hang`` and ``hang-after-effect``: no answer until the
client gives up; ``throttle``: 429, no effect; ``failed-transition``: a good answer, and what
it began ends ``Failed`` (provisioned concurrency: ``FAILED``; a function that was idle and is
invoked: idle again).
"""

ANY = "*"
_HANG_SECONDS = 60.0
_EFFECTLESS = frozenset({"error-before", "lost-request", "hang", "throttle"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One planned misfortune.

    Attributes:
        code: Error code, or the reason code of a failed transition.
        message: Error message, or the reason of a failed transition.
        status: HTTP status of the error.
        seconds: How long a ``hang`` lasts, or what a ``throttle`` asks the client to wait.
    """

    operation: str
    kind: FaultKind
    code: str
    message: str
    status: int
    seconds: float

    @property
    def before_effect(self) -> bool:
        """Whether the call does nothing."""
        return self.kind in _EFFECTLESS

    def failure(self) -> Exception | None:
        """Return what the caller meets instead of an answer; None: the answer."""
        match self.kind:
            case "error-before" | "error-after-effect":
                side = "Service" if self.status >= 500 else "User"  # noqa: PLR2004
                return ServiceError(self.code, self.message, self.status, members={"Type": side})
            case "lost-request" | "lost-answer":
                return AnswerLostError()
            case "hang" | "hang-after-effect":
                return NoAnswerError(self.seconds)
            case "throttle":
                return throttled("CallerRateLimitExceeded", self.seconds)
            case "failed-transition":
                return None


@dataclass(slots=True)
class _Waiting:
    fault: Fault
    function: str | None
    first: int
    last: int
    seen: int = field(default=0)

    def due(self, operation: str, function: str) -> bool:
        """Count a call that this fault may be meant for; return whether it is."""
        if self.fault.operation not in (ANY, operation):
            return False
        if self.function not in (None, function):
            return False
        self.seen += 1
        return self.first <= self.seen <= self.last


class Faults:
    """Faults waiting for the call they are meant for; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []

    def add(  # noqa: PLR0913 - a fault has as many properties
        self,
        operation: str = ANY,
        nth: int = 1,
        kind: FaultKind = "error-before",
        *,
        code: str = "ServiceException",
        message: str = "An injected fault.",
        status: int = 500,
        times: int = 1,
        function: str | None = None,
        seconds: float | None = None,
    ) -> None:
        """Let calls from now on go wrong: the ``nth`` one, and ``times`` in a row.

        Args:
            operation: Of which operation; ``"*"``: of any.
            nth: Which of the calls that match, from 1.
            kind: What happens, see `FaultKind`.
            code: Error code, or reason code of a failed transition.
            message: Error message, or reason of a failed transition.
            status: HTTP status of the error.
            times: How many calls go wrong.
            function: About which function; None: about any or none.
            seconds: How long a hang lasts at most (60), or a throttled client shall wait (1).

        Raises:
            ValueError: There is no such kind.
        """
        if kind not in get_args(FaultKind):
            raise ValueError(f"kind must be one of {', '.join(get_args(FaultKind))}, not {kind!r}")
        if seconds is None:
            seconds = 1.0 if kind == "throttle" else _HANG_SECONDS
        fault = Fault(operation, kind, code, message, status, seconds)
        with self._lock:
            self._waiting.append(_Waiting(fault, function, nth, nth + times - 1))

    @property
    def waiting(self) -> int:
        """How many faults have not been used up yet."""
        with self._lock:
            return len(self._waiting)

    def clear(self) -> None:
        """Forget all waiting faults."""
        with self._lock:
            self._waiting.clear()

    def take(self, operation: str, function: str = "") -> Fault | None:
        """Return the fault meant for this call, if there is one."""
        with self._lock:
            due = [item for item in self._waiting if item.due(operation, function)]
            self._waiting = [item for item in self._waiting if item.seen < item.last]
        return due[0].fault if due else None
