"""The rule of journals that every store checks in the transaction that writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.errors import JournalOrderError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backends.documents import JournalRecord


def require_increasing(run: str, last: int | None, records: Sequence[JournalRecord]) -> None:
    """Do nothing if the records come after ``last`` and each after the one before it.

    Raises:
        JournalOrderError: One does not.
    """
    for record in records:
        if last is not None and record.sequence <= last:
            raise JournalOrderError(run, record.sequence, last)
        last = record.sequence
