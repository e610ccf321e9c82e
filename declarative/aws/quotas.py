"""Lambda's three throttle quotas, each kept by a token bucket that all threads share.

AWS counts per account and region, and raises none of the three. Others share the account, so
a bucket gives ``quota_share`` of AWS's rate; when AWS throttles all the same, less, until
it has stopped for a while.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from declarative.aws.retries import Pacing

RATES: Final[Mapping[str, float]] = {"get_function": 100.0, "get_policy": 15.0, "other": 15.0}
"""Calls a second that AWS allows in each quota."""

ELSEWHERE: Final = "elsewhere"
"""What draws from none of them: other services, and invocations."""

_APART: Final = {"GetFunction": "get_function", "GetPolicy": "get_policy"}
_FREE: Final = frozenset({"Invoke", "InvokeAsync", "InvokeWithResponseStream"})

_AWS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")

_SLOWER: Final = 0.5  # of the present rate, after a throttle
_LEAST: Final = 0.1  # of the full rate, however often AWS throttles
_RECOVERY: Final = 0.05  # of the full rate, gained with each second without a throttle


def quota_of(service: str, operation: str) -> str:
    """Return the quota that a call draws from."""
    if service != "lambda" or operation in _FREE:
        return ELSEWHERE
    return _APART.get(operation, "other")


class Bucket:
    """One quota: gives calls at a rate, a second's worth of them at once.

    Args:
        rate: Calls a second that AWS allows.
        share: How much of it to use, above 0 and at most 1.
    """

    def __init__(self, rate: float, share: float, pacing: Pacing) -> None:
        self._pacing = pacing
        self._lock = threading.Lock()
        self._allowed = rate
        self._full = rate * share
        self._rate = self._full
        self._level = max(1.0, self._full)
        self._since = pacing.monotonic()
        self._slowed_at: float | None = None

    @property
    def rate(self) -> float:
        """Calls a second that are given at present."""
        with self._lock:
            self._refill()
            return self._rate

    def limit(self, share: float) -> None:
        """Use no more than ``share`` of AWS's rate from now on."""
        with self._lock:
            self._full = min(self._full, self._allowed * share)
            self._rate = min(self._rate, self._full)

    def take(self) -> None:
        """Wait until one more call may be made.

        Calls are given in the order in which they are asked for: each takes its token at
        once, and waits for as long as that token lies in the future.
        """
        with self._lock:
            self._refill()
            self._level -= 1
            delay = -self._level / self._rate
        if delay > 0:
            self._pacing.sleep(delay)

    def throttled(self, retry_after: float = 0.0) -> None:
        """Give fewer calls, and none for ``retry_after`` seconds: AWS has throttled one.

        Calls that were under way together are throttled together; that counts once.
        """
        with self._lock:
            self._refill()
            now = self._since
            if self._slowed_at is None or now - self._slowed_at >= 1:
                self._rate = max(self._full * _LEAST, self._rate * _SLOWER)
                self._slowed_at = now
            self._level = min(self._level, 1 - retry_after * self._rate)

    def _refill(self) -> None:
        now = self._pacing.monotonic()
        passed = max(0.0, now - self._since)
        self._since = now
        self._level = min(max(1.0, self._full), self._level + passed * self._rate)
        self._rate = min(self._full, self._rate + passed * self._full * _RECOVERY)


class Quotas:
    """The buckets of all accounts and regions; safe for many threads.

    Args:
        pacing: How to wait for a turn.
        everywhere: Whether they hold at every endpoint; None: at AWS's own.
    """

    def __init__(self, pacing: Pacing, *, everywhere: bool | None = None) -> None:
        self._pacing = pacing
        self._everywhere = everywhere
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str, str], Bucket] = {}

    def hold_at(self, endpoint: str) -> bool:
        """Say whether calls to an endpoint draw from AWS's quotas."""
        if self._everywhere is not None:
            return self._everywhere
        host = urlsplit(endpoint).hostname or ""
        return host.endswith(_AWS)

    def bucket(self, account: str, region: str, quota: str, share: float) -> Bucket | None:
        """Return the bucket of a quota; None where nothing is to be kept.

        Connectors of one account share it, at the smallest of their shares.
        """
        rate = RATES.get(quota)
        if rate is None:
            return None
        key = (account, region, quota)
        with self._lock:
            found = self._buckets.get(key)
            if found is None:
                found = self._buckets[key] = Bucket(rate, share, self._pacing)
        found.limit(share)
        return found
