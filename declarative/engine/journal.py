"""The journal of a run: begin before the call, end after it, durable in groups.

One thread writes; the threads that perform steps hand it records, and before a step starts
they wait until its begin is durable. While one group is being written the next one gathers,
so that many steps share one transaction (or one object) without any of them waiting for a
timer. Nobody waits for the end of a step: it rides along with the next begin, and where the
process dies before that, recovery asks AWS as it does for a step in flight.
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

_Entry = tuple[JournalRecord | None, "Future[None] | None"]
"""A record, and what is told that it is durable, if anybody waits for that.

Without a record, somebody waits for those before it."""


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
        self._broken: BaseException | None = None
        self._queue: SimpleQueue[_Entry | None] = SimpleQueue()
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
        if self._broken is not None and error is None:
            raise self._broken

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
        """Tell how a step ended; it becomes durable with the next begin, or when all is over.

        Where state is lost, the revision or a look at AWS tells the outcome.
        """
        if self._lost is None:
            self._queue.put((self._record(kind, address, step, data or {}), None))

    def flush(self, seconds: float) -> None:
        """Wait until all that was told is durable, but no longer than so many seconds.

        For a process that is about to end: what could not be written is looked up later.
        """
        durable: Future[None] = Future()
        self._queue.put((None, durable))
        with suppress(BackendError, TimeoutError):
            durable.result(timeout=seconds)

    def _durable(self, kind: str, address: str, step: str, data: Mapping[str, JsonValue]) -> None:
        durable: Future[None] = Future()
        self._queue.put((self._record(kind, address, step, data), durable))
        durable.result()

    def _record(
        self, kind: str, address: str, step: str, data: Mapping[str, JsonValue]
    ) -> JournalRecord:
        return JournalRecord(
            sequence=0, kind=kind, address=address, step=step, at=self._clock(), data=data
        )

    def _run(self) -> None:
        group: list[_Entry] = []
        while (entry := self._queue.get()) is not None:
            group.append(entry)
            awaited = any(durable is not None for _, durable in group)
            if awaited and self._queue.empty():
                self._flush(group)
                group = []
        if group:
            self._flush(group)

    def _flush(self, group: list[_Entry]) -> None:
        first = self._sequence + 1
        told = [record for record, _ in group if record is not None]
        records = [replace(record, sequence=number) for number, record in enumerate(told, first)]
        self._sequence += len(records)
        waiting = [durable for _, durable in group if durable is not None]
        try:
            if records:
                self._write(records)
        except BaseException as error:  # noqa: BLE001 - threads wait for it, whatever it is
            if isinstance(error, BackendError):
                self._lost = error
            elif not waiting:  # nobody else is told
                self._broken = error
            for durable in waiting:
                durable.set_exception(error)
        else:
            for durable in waiting:
                durable.set_result(None)
