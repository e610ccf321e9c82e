"""Which refusals are worth another try, and how long; the SDK's own retries are off.

A changing call is repeated only after AWS has answered that nothing was done (`REFUSALS`,
`persist`): never where its answer was lost. A reading call is repeated after that, and after
a fault of the network or of AWS as well (`Reread`). How long throttled calls and faults
wait is the connector's ``retry``; the other refusals pass at AWS's own pace.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

from declarative.aws.failures import THROTTLES, facts
from declarative.model.retry import Retry

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Pacing:
    """How waiting is done; a run that can be interrupted hands in a sleep that can.

    Attributes:
        timeout: How long a change is repeated while another is in progress, in seconds.
        jitter: Returns a number in [0, 1), different on every runner.
        retry: How throttled calls, and reading calls that met a fault, are repeated.
    """

    timeout: float = 600.0
    sleep: Callable[[float], object] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random
    retry: Retry = field(default_factory=Retry)

    def delay(self, attempt: int) -> float:
        """Return how long to wait after a number of attempts (1: the first), as ``retry`` says."""
        retry = self.retry
        if retry.mode == "fixed_delay":
            return min(retry.base_delay, retry.max_delay)
        backoff = min(retry.base_delay * 2.0 ** min(attempt - 1, 30), retry.max_delay)
        if retry.mode == "equal_jitter":
            return backoff * (0.5 + self.jitter() / 2)
        return backoff * self.jitter()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A kind of refusal that passes by itself.

    Attributes:
        first: The first delay in seconds; it doubles with each attempt up to ``longest``.
            None: as the connector's ``retry`` says, which also bounds the attempts.
        limit: When to give up, in seconds; a refusal that lasts longer is here to stay.
            None: after the release's timeout.
    """

    name: str
    codes: frozenset[str]
    message: re.Pattern[str]
    first: float | None = None
    longest: float = 5
    limit: float | None = None


_INVALID: Final = frozenset({"InvalidParameterValueException"})
_ANYTHING: Final = re.compile("")

REFUSALS: Final = (
    Refusal("throttled", THROTTLES, _ANYTHING),
    Refusal(
        "in progress",
        frozenset({"ResourceConflictException"}),
        # Waiting does not help against an existing name or a failed function.
        re.compile(r"^(?!.*(already exist|state: (Failed|Deleting)|Provisioned))", re.IGNORECASE),
        first=0.25,
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


THROTTLED: Final = REFUSALS[0]


def persist(call: Callable[[], _T], pacing: Pacing) -> _T:
    """Return what ``call`` returns, trying again while AWS says "not yet".

    Raises:
        ClientError: AWS said no for good, or for longer than its kind of refusal may last.
    """
    from botocore.exceptions import ClientError

    start = pacing.monotonic()
    attempts: Counter[str] = Counter()
    while True:
        try:
            return call()
        except ClientError as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            attempts[refusal.name] += 1
            delay = _delay(refusal, attempts[refusal.name], error, pacing)
            if refusal.first is None and attempts[refusal.name] >= pacing.retry.max_attempts:
                raise
            limit = pacing.timeout if refusal.limit is None else refusal.limit
            if refusal.first is not None and pacing.monotonic() - start + delay > limit:
                raise
        pacing.sleep(delay)


def refusal_of(error: ClientError) -> Refusal | None:
    """Return the kind of refusal an answer is, or None where trying again is of no use."""
    code, message, status = facts(error)
    for refusal in REFUSALS:
        if code in refusal.codes and refusal.message.search(message):
            return refusal
    return THROTTLED if status == HTTPStatus.TOO_MANY_REQUESTS else None


def _delay(refusal: Refusal, attempt: int, error: ClientError, pacing: Pacing) -> float:
    if refusal.first is None:
        own = pacing.delay(attempt)
    else:
        backoff = min(refusal.first * 2.0 ** min(attempt - 1, 30), refusal.longest)
        own = backoff * (0.5 + pacing.jitter() / 2)
    return max(own, retry_after(error.response))


def retry_after(answer: Mapping[str, Any]) -> float:
    """Return the seconds that an answer asks to wait; 0 where it asks for none."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        return max(0.0, float(headers.get("retry-after", 0)))
    except ValueError:  # the header may also be a date, which Lambda never sends
        return 0.0


_FAULTS: Final = frozenset({"RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete"})


@dataclass(frozen=True, slots=True)
class Reread:
    """Decides, in place of the SDK, whether a reading call is made again.

    It takes the SDK's ``needs-retry`` event, which comes after every attempt.
    """

    pacing: Pacing

    def __call__(
        self,
        *,
        response: tuple[Any, Mapping[str, Any]] | None,
        attempts: int,
        caught_exception: Exception | None,
        **_: object,
    ) -> float | None:
        """Return 0 for another attempt, which has been waited for, and None for none."""
        if attempts >= self.pacing.retry.max_attempts or not _passes(response, caught_exception):
            return None
        asked = retry_after(response[1]) if response is not None else 0.0
        self.pacing.sleep(max(self.pacing.delay(attempts), asked))
        return 0


def is_throttle(response: tuple[Any, Mapping[str, Any]] | None) -> bool:
    """Whether an answer says that too much was asked of AWS."""
    if response is None:
        return False
    http, parsed = response
    code = parsed.get("Error", {}).get("Code", "")
    return code in THROTTLES or http.status_code == HTTPStatus.TOO_MANY_REQUESTS


def _passes(
    response: tuple[Any, Mapping[str, Any]] | None, caught_exception: Exception | None
) -> bool:
    from botocore.exceptions import ConnectionError as Unreachable
    from botocore.exceptions import HTTPClientError, SSLError

    if response is None:
        silent = isinstance(caught_exception, Unreachable | HTTPClientError)
        return silent and not isinstance(caught_exception, SSLError)
    http, parsed = response
    code = parsed.get("Error", {}).get("Code", "")
    broken = http.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    return broken or code in _FAULTS or is_throttle(response)
