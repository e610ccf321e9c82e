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
from queue import SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Self

from backends.base import BackendError, JournalRecord
from declarative.engine.gates import Gate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

Write = Callable[[list[JournalRecord]], None]


class _Group:
    """Records that become durable together.

    Attributes:
        awaited: Whether anybody waits for it, so that it is due to be written.
        written: Open once it was written or could not be: ``error`` says why.
    """

    def __init__(self) -> None:
        self.records: list[JournalRecord] = []
        self.awaited = False
        self.error: BaseException | None = None
        self.written = Gate()


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
        self._lock = threading.Lock()
        self._gathering = _Group()
        self._due: SimpleQueue[_Group | None] = SimpleQueue()
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
        self._due.put(None)
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
        group = self._tell("begin", address, step, {}, awaited=True)
        group.written.wait()
        if group.error is not None:
            raise group.error

    def end(
        self, kind: str, address: str, step: str, data: Mapping[str, JsonValue] | None = None
    ) -> None:
        """Tell how a step ended; it becomes durable with the next begin, or when all is over.

        Where state is lost, the revision or a look at AWS tells the outcome.
        """
        if self._lost is None:
            self._tell(kind, address, step, data or {}, awaited=False)

    def flush(self, seconds: float) -> None:
        """Wait until all that was told is durable, but no longer than so many seconds.

        For a process that is about to end: what could not be written is looked up later.
        """
        with self._lock:
            group = self._awaited()
        group.written.wait(seconds)

    def _tell(
        self,
        kind: str,
        address: str,
        step: str,
        data: Mapping[str, JsonValue],
        *,
        awaited: bool,
    ) -> _Group:
        with self._lock:
            self._sequence += 1
            record = JournalRecord(
                sequence=self._sequence,
                kind=kind,
                address=address,
                step=step,
                at=self._clock(),
                data=data,
            )
            self._gathering.records.append(record)
            return self._awaited() if awaited else self._gathering

    def _awaited(self) -> _Group:
        """Return the group that gathers now, due to be written."""
        group = self._gathering
        if not group.awaited:
            group.awaited = True
            self._due.put(group)
        return group

    def _run(self) -> None:
        while self._due.get() is not None:
            self._flush()
        if self._gathering.records:
            self._flush()

    def _flush(self) -> None:
        with self._lock:  # a group gathers until the writer is free for it
            group, self._gathering = self._gathering, _Group()
        try:
            if self._lost is not None:
                group.error = self._lost  # what came before is not there: no step may follow
            elif group.records:
                self._write(group.records)
        except BaseException as error:  # noqa: BLE001 - threads wait for it, whatever it is
            group.error = error
            if isinstance(error, BackendError):
                self._lost = error
            elif not group.awaited:  # nobody else is told
                self._broken = error
        finally:
            group.written.open()
