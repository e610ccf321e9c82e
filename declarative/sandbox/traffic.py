"""What passes through the simulator: what was called how often, and AWS's quotas."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from typing import NamedTuple

from declarative.sandbox.errors import throttled

GROUPS = ("get_function", "get_policy", "other", "invoke", "tagging")
_REMEMBERED = 100_000


def quota_group(operation: str) -> str:
    """Return the throttle quota that an operation draws from."""
    groups = {
        "GetFunction": "get_function",
        "GetPolicy": "get_policy",
        "Invoke": "invoke",
        "GetResources": "tagging",
    }
    return groups.get(operation, "other")


class Called(NamedTuple):
    """One call: what was called about which function (empty: none), where and when."""

    operation: str
    function: str
    account: str
    region: str
    at: float


class Calls:
    """How often each operation was called, however it was answered; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._history: deque[Called] = deque(maxlen=_REMEMBERED)

    def count(self, called: Called) -> None:
        """Count one call."""
        with self._lock:
            self._counts[called.operation] += 1
            self._history.append(called)

    def reset(self) -> None:
        """Start again from nothing."""
        with self._lock:
            self._counts.clear()
            self._history.clear()

    @property
    def operations(self) -> dict[str, int]:
        """Calls by operation, those never called left out."""
        with self._lock:
            return dict(sorted(self._counts.items()))

    @property
    def history(self) -> list[Called]:
        """The calls in their order, the last 100,000 of them."""
        with self._lock:
            return list(self._history)

    @property
    def groups(self) -> dict[str, int]:
        """Calls by quota: ``get_function``, ``get_policy``, ``other``.

        ``invoke`` and ``tagging`` draw from none of Lambda's three.
        """
        groups = dict.fromkeys(GROUPS, 0)
        for operation, count in self.operations.items():
            groups[quota_group(operation)] += count
        return groups


AWS_RATES: Mapping[str, float] = {"get_function": 100.0, "get_policy": 15.0, "other": 15.0}


class Quotas:
    """Token buckets per account, region and quota group, as AWS throttles the control plane.

    Args:
        rates: Calls a second by quota group. A group without a rate is not throttled.
        burst_seconds: How many seconds' worth a full bucket holds.
    """

    def __init__(
        self, rates: Mapping[str, float] = AWS_RATES, *, burst_seconds: float = 1.0
    ) -> None:
        self._rates = rates
        self._burst = burst_seconds
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
        full = max(1.0, rate * self._burst)
        key = (account, region, group)
        with self._lock:
            level, since = self._buckets.get(key, (full, now))
            # Threads may come in another order than they read the clock.
            level = min(full, level + max(0.0, now - since) * rate)
            # A call at exactly the rate must not fail on what a float cannot hold.
            enough = level > 1 - 1e-6
            self._buckets[key] = (max(0.0, level - 1) if enough else level, max(now, since))
        if not enough:
            raise throttled("CallerRateLimitExceeded", (1 - level) / rate)
