"""Doing a thing once, however many threads ask for it."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

_T = TypeVar("_T")


class Once(Generic[_T]):
    """Remembers answers by key; who asks while one is being found waits for it.

    Errors are answers too: what a thousand releases share fails once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[Hashable, Future[_T]] = {}

    def __call__(self, key: Hashable, find: Callable[[], _T]) -> _T:
        """Return the answer for ``key``, found by ``find`` if nobody has asked before."""
        with self._lock:
            first = key not in self._answers
            answer = self._answers.setdefault(key, Future())
        if first:
            try:
                answer.set_result(find())
            except BaseException as error:
                answer.set_exception(error)
                raise
        return answer.result()
