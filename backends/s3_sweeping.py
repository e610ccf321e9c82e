"""Deleting from a bucket what nothing names any more."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from backends.s3_objects import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from backends.s3_store import S3Store

_BATCH = 250


def sweep(
    store: S3Store, *, named: set[str], runs: Iterable[str], still_held: Callable[[], object]
) -> int:
    """Delete all below the store's prefix that is not needed; return how many objects it were.

    Args:
        store: Where.
        named: The ids of the objects that are needed.
        runs: The runs that are open.
        still_held: Called before each batch is deleted; raises once the lease is gone.
    """
    kept = {quote(run, safe="") for run in runs}
    objects = [key for key in store.keys(PREFIX) if key.removeprefix(PREFIX) not in named]
    others = [
        *(key for key in store.keys("journal/") if key.split("/")[1] not in kept),
        *(key for key in store.keys("runs/") if key[len("runs/") : -len(".json")] not in kept),
        *store.keys("probe/"),
    ]
    for batch in _batches([*objects, *others]):
        still_held()
        store.each(store.delete, batch)
    return len(objects)


def _batches(keys: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(keys), _BATCH):
        yield keys[start : start + _BATCH]
