"""Which refusals of a changing call are worth another try, and how long.

The SDK's own retries are off for changing calls: they repeat a call whose answer was lost.
These repeat one only after AWS has answered that nothing was done.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeVar

from declarative.aws.failures import THROTTLES, facts

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Pacing:
    """How waiting is done; a run that can be interrupted hands in a sleep that can.

    Attributes:
        timeout: The longest that one call is retried, in seconds.
        jitter: Returns a number in [0, 1), different on every runner.
    """

    timeout: float = 600.0
    sleep: Callable[[float], object] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class Refusal:
    """A kind of refusal that passes by itself.

    Attributes:
        first: The first delay in seconds; it doubles with each attempt up to ``longest``.
        limit: When to give up, in seconds; a refusal that lasts longer is here to stay.
    """

    name: str
    codes: frozenset[str]
    message: re.Pattern[str]
    first: float
    longest: float
    limit: float


_INVALID: Final = frozenset({"InvalidParameterValueException"})
_ANYTHING: Final = re.compile("")

REFUSALS: Final = (
    Refusal("throttled", THROTTLES, _ANYTHING, first=0.5, longest=10, limit=600),
    Refusal(
        "in progress",
        frozenset({"ResourceConflictException"}),
        # Waiting does not help against an existing name or a failed function.
        re.compile(r"^(?!.*(already exist|state: (Failed|Deleting)|Provisioned))", re.IGNORECASE),
        first=0.25,
        longest=5,
        limit=600,
    ),
    Refusal(
        "role not assumable yet",
        _INVALID,
        re.compile("cannot be assumed by Lambda"),
        first=1,
        longest=5,
        limit=90,
    ),
    Refusal(
        "role lacks permissions yet",
        _INVALID,
        re.compile("execution role does not have permissions"),
        first=1,
        longest=5,
        limit=60,
    ),
    Refusal(
        "KMS grant not possible yet",
        _INVALID,
        re.compile("KMS.*(CreateGrant|principal)", re.IGNORECASE),
        first=1,
        longest=5,
        limit=60,
    ),
    Refusal(
        "throttled by EC2",
        _INVALID,
        re.compile("throttled by EC2", re.IGNORECASE),
        first=2,
        longest=20,
        limit=540,
    ),
)


def persist(call: Callable[[], _T], pacing: Pacing) -> _T:
    """Return what ``call`` returns, trying again while AWS says "not yet".

    Raises:
        ClientError: AWS said no for good, or for longer than its kind of refusal may last.
    """
    from botocore.exceptions import ClientError

    start = pacing.monotonic()
    attempt = 0
    while True:
        try:
            return call()
        except ClientError as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            delay = _delay(refusal, attempt, error, pacing)
            if pacing.monotonic() - start + delay > min(refusal.limit, pacing.timeout):
                raise
        attempt += 1
        pacing.sleep(delay)


def refusal_of(error: ClientError) -> Refusal | None:
    """Return the kind of refusal an answer is, or None where trying again is of no use."""
    code, message, status = facts(error)
    for refusal in REFUSALS:
        if code in refusal.codes and refusal.message.search(message):
            return refusal
    return REFUSALS[0] if status == HTTPStatus.TOO_MANY_REQUESTS else None


def _delay(refusal: Refusal, attempt: int, error: ClientError, pacing: Pacing) -> float:
    backoff = min(refusal.first * 2.0 ** min(attempt, 30), refusal.longest)
    spread = backoff * (0.5 + pacing.jitter() / 2)
    return max(spread, _retry_after(error))


def _retry_after(error: ClientError) -> float:
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        return float(headers.get("retry-after", 0))
    except ValueError:  # the header may also be a date, which Lambda never sends
        return 0.0
