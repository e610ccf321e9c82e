"""Holding a run's lease: taken before anything is read, renewed while steps run.

The lease keeps two runs from starting on the same release; correctness rests on the
compare-and-swap of head and, in AWS, on ``RevisionId``. Calls that take none are protected
by a rule: no step starts unless the lease was renewed within half its term.
"""

from __future__ import annotations

import threading
import time
import uuid
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from backends.base import (
    BackendError,
    FencedError,
    Lease,
    LeaseHeldError,
    LeaseRequest,
    StateBackend,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from declarative.engine.ports import Runner
    from declarative.engine.stopping import Stop

TERM = 60.0
"""Seconds until a lease that nobody renews may be taken over."""

_PAUSE = 0.5


class HeldLease:
    """A lease that renews itself; a context manager that gives it back."""

    def __init__(self, state: StateBackend, lease: Lease, *, asked: float) -> None:
        """Take a granted lease, and when it was asked for: its term counts from then."""
        self._state = state
        self._lease = lease
        self._renewed = asked
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="heartbeat", daemon=True)

    @property
    def token(self) -> int:
        """The fencing token that every write carries."""
        return self._lease.token

    @property
    def addresses(self) -> frozenset[str]:
        """The releases that it covers."""
        return self._lease.addresses

    @property
    def took_over(self) -> tuple[Lease, ...]:
        """The leases of dead or silent runs that this one replaced."""
        return self._lease.took_over

    @property
    def is_fresh(self) -> bool:
        """Whether a step may start: the lease was renewed within half its term."""
        return time.monotonic() - self._renewed < TERM / 2

    def give_back(self) -> None:
        """Give the lease back; one that cannot be expires."""
        with suppress(BackendError):  # it expires, and what the run did is recorded
            self._state.release(self._lease)

    def __enter__(self) -> Self:
        """Start renewing."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop renewing and give the lease back."""
        self._ended.set()
        self._thread.join()
        self.give_back()

    def _renew(self) -> None:
        while not self._ended.wait(TERM / 6):
            asked = time.monotonic()
            try:
                self._lease = self._state.renew(self._lease)
            except FencedError:
                return  # the next write says it with all its facts; `is_fresh` stops the steps
            except BackendError:
                continue  # state may answer again before the term is over
            self._renewed = asked


def new_run() -> str:
    """Return an id for a run."""
    return uuid.uuid4().hex[:12]


def request_of(
    runner: Runner,
    run: str,
    addresses: frozenset[str] = frozenset(),
    exclusive: frozenset[str] = frozenset(),
) -> LeaseRequest:
    """Return the request of a run for releases, and for whole infrastructures.

    A lease that the run holds already is replaced by what it gets.
    """
    return LeaseRequest(
        run=run,
        who=runner.who,
        host=runner.host,
        pid=runner.pid,
        boot_id=runner.boot_id,
        command=runner.command,
        addresses=addresses,
        exclusive=exclusive,
        term=TERM,
    )


def hold(
    state: StateBackend,
    request: LeaseRequest,
    *,
    timeout: float = 0.0,
    waiting: Callable[[Lease], None] | None = None,
    stop: Stop | None = None,
) -> HeldLease:
    """Return the lease that is asked for.

    For at most ``timeout`` seconds another run is waited for, unless ``stop`` is set;
    ``waiting`` is told who that is, and again when it is another.

    Raises:
        LeaseHeldError: another live run holds some of it.
        InterruptedRunError: ``stop`` was set.
    """
    deadline = time.monotonic() + timeout
    told: str | None = None
    pause = stop.sleep if stop is not None else time.sleep
    while True:
        asked = time.monotonic()
        try:
            return HeldLease(state, state.acquire(request), asked=asked)
        except LeaseHeldError as error:
            if time.monotonic() + _PAUSE > deadline:
                raise
            if told != error.holder.run and waiting is not None:
                waiting(error.holder)
                told = error.holder.run
            pause(_PAUSE)
