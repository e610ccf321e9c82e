"""What passes through the simulator: counts, injected faults, AWS's quotas."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from declarative.sandbox.errors import ServiceError, throttled

FaultKind = Literal["error-before", "error-after-effect", "lost-answer", "failed-transition"]


def quota_group(operation: str) -> str:
    """Return the throttle quota that an operation draws from."""
    groups = {"GetFunction": "get_function", "GetPolicy": "get_policy", "Invoke": "invoke"}
    return groups.get(operation, "other")


class Calls:
    """How often each operation was called, however it was answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def count(self, operation: str) -> None:
        """Count one call."""
        with self._lock:
            self._counts[operation] += 1

    def reset(self) -> None:
        """Start again from nothing."""
        with self._lock:
            self._counts.clear()

    @property
    def operations(self) -> dict[str, int]:
        """Calls by operation, those never called left out."""
        with self._lock:
            return dict(sorted(self._counts.items()))

    @property
    def groups(self) -> dict[str, int]:
        """Calls by quota: ``get_function``, ``get_policy``, ``other``; ``invoke`` has none."""
        groups = dict.fromkeys(("get_function", "get_policy", "other", "invoke"), 0)
        for operation, count in self.operations.items():
            groups[quota_group(operation)] += count
        return groups


@dataclass(frozen=True, slots=True)
class Fault:
    """One planned misfortune.

    Attributes:
        kind: ``error-before``: the error and no effect; ``error-after-effect``: both;
            ``lost-answer``: the effect and a closed connection; ``failed-transition``: a good
            answer, and what it began ends ``Failed`` with ``code`` and ``message`` as reason.
    """

    operation: str
    kind: FaultKind
    code: str
    message: str
    status: int

    def error(self) -> ServiceError:
        """Return the error answer of this fault."""
        members = {"Type": "Service" if self.status >= 500 else "User"}  # noqa: PLR2004
        return ServiceError(self.code, self.message, self.status, members=members)


class Faults:
    """Faults waiting for the call they are meant for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[int, Fault]] = []
        self._seen: Counter[str] = Counter()

    def add(
        self,
        operation: str,
        nth: int = 1,
        kind: FaultKind = "error-before",
        *,
        code: str = "ServiceException",
        message: str = "An injected fault.",
        status: int = 500,
    ) -> None:
        """Let the ``nth`` call of ``operation`` from now on go wrong, once."""
        if kind not in get_args(FaultKind):
            raise ValueError(f"kind must be one of {', '.join(get_args(FaultKind))}, not {kind!r}")
        with self._lock:
            due = self._seen[operation] + nth
            self._waiting.append((due, Fault(operation, kind, code, message, status)))

    def clear(self) -> None:
        """Forget all waiting faults."""
        with self._lock:
            self._waiting.clear()

    def take(self, operation: str) -> Fault | None:
        """Return the fault meant for this call of ``operation``, if there is one."""
        with self._lock:
            self._seen[operation] += 1
            for entry in self._waiting:
                due, fault = entry
                if fault.operation == operation and due == self._seen[operation]:
                    self._waiting.remove(entry)
                    return fault
        return None


AWS_RATES: Mapping[str, float] = {"get_function": 100.0, "get_policy": 15.0, "other": 15.0}


class Quotas:
    """Token buckets per account, region and quota group, as AWS throttles the control plane.

    Args:
        rates: Calls a second by quota group; a bucket holds one second's worth. A group
            without a rate is not throttled.
    """

    def __init__(self, rates: Mapping[str, float] = AWS_RATES) -> None:
        self._rates = rates
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str, str], tuple[float, float]] = {}

    def take(self, account: str, region: str, operation: str, now: float) -> None:
        """Draw one call from its bucket.

        Raises:
            ServiceError: The bucket is empty (``TooManyRequestsException``).
        """
        group = quota_group(operation)
        rate = self._rates.get(group)
        if rate is None:
            return
        key = (account, region, group)
        with self._lock:
            level, since = self._buckets.get(key, (rate, now))
            level = min(rate, level + (now - since) * rate)
            self._buckets[key] = (level - 1 if level >= 1 else level, now)
        if level < 1:
            raise throttled("CallerRateLimitExceeded", (1 - level) / rate)
