"""What was stored and may have been damaged since, read with one error for all of it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from backends.errors import CorruptStateError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def readable(what: str) -> Iterator[None]:
    """Say of ``what`` that it is damaged, where the code inside cannot make sense of it.

    Raises:
        CorruptStateError: It cannot.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CorruptStateError(what, f"it cannot be read ({error})") from error
