"""The journal of a run: begin before the call, end after it, durable in groups.

One thread writes; the threads that perform steps hand it records and wait until theirs
are durable. While one group is being written the next one gathers, so that many steps
share one transaction (or one object) without any of them waiting for a timer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from queue import SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Self

from backends.base import BackendError, JournalRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

Write = Callable[[list[JournalRecord]], None]


class Journal:
    """The records of one run, in order.

    Use it as a context manager; leaving it writes what is waiting and stops the thread.
    """

    def __init__(self, write: Write, clock: Callable[[], str]) -> None:
        """Take how a group is written durably, and a clock that gives ISO 8601 in UTC."""
        self._write = write
        self._clock = clock
        self._sequence = 0
        self._lost: BackendError | None = None
        self._queue: SimpleQueue[tuple[JournalRecord, Future[None]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def __enter__(self) -> Self:
        """Start the writer."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Write what is waiting and stop."""
        self._queue.put(None)
        self._thread.join()

    @property
    def lost(self) -> BackendError | None:
        """Why nothing is written any more; None as long as state can be written."""
        return self._lost

    def begin(self, address: str, step: str) -> None:
        """Announce a step and return once that is durable.

        Raises:
            BackendError: it could not be written, or nothing can any more; the step must
                not start.
        """
        if self._lost is not None:
            raise self._lost
        self._durable("begin", address, step, {})

    def end(
        self, kind: str, address: str, step: str, data: Mapping[str, JsonValue] | None = None
    ) -> None:
        """Tell how a step ended, and return once that is durable, or cannot become so.

        The step has been taken either way. Where state is lost, the revision or a look at AWS
        tells its outcome.
        """
        if self._lost is None:
            with suppress(BackendError):  # kept in ``lost``
                self._durable(kind, address, step, data or {})

    def _durable(self, kind: str, address: str, step: str, data: Mapping[str, JsonValue]) -> None:
        durable: Future[None] = Future()
        entry = JournalRecord(
            sequence=0, kind=kind, address=address, step=step, at=self._clock(), data=data
        )
        self._queue.put((entry, durable))
        durable.result()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group = [first]
            ended = False
            while not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    ended = True
                    break
                group.append(following)
            self._flush(group)
            if ended:
                return

    def _flush(self, group: list[tuple[JournalRecord, Future[None]]]) -> None:
        records = []
        for entry, _ in group:
            self._sequence += 1
            records.append(replace(entry, sequence=self._sequence))
        try:
            self._write(records)
        except BaseException as error:  # noqa: BLE001 - threads wait for it, whatever it is
            if isinstance(error, BackendError):
                self._lost = error
            for _, durable in group:
                durable.set_exception(error)
        else:
            for _, durable in group:
                durable.set_result(None)
