"""The rules of leases, as one immutable document per project, whatever store it lies in.

A store keeps the document (as a row set, an object, an attribute) and moves it atomically;
each function here takes one and returns the next.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from backends.documents import Lease, LeaseRequest, instant
from backends.errors import FencedError, LeaseHeldError

if TYPE_CHECKING:
    from collections.abc import Callable

EVERYTHING = "*"
"""What a lease on the whole state has in ``exclusive``: it overlaps with every other lease."""


def process_alive(pid: int) -> bool:
    """Say whether a process of that id runs on this host; True where that cannot be known."""
    if sys.platform == "win32" or pid <= 0:  # a signal 0 ends the process on Windows
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def local_boot_id() -> str:
    """Return what tells this boot, and this process table, from others; empty if unknown.

    Containers on one machine share its boot but not its process ids, so the namespace of
    process ids is part of it: a pid of another container is never taken for a dead one.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def is_live(
    lease: Lease,
    *,
    host: str,
    boot_id: str,
    now: float,
    alive: Callable[[int], bool] = process_alive,
) -> bool:
    """Say whether a lease still keeps others away.

    It does not once it has expired, nor, seen from where its holder ran, once that process
    is gone.

    Args:
        lease: A lease, as the backend shows it.
        host: Where this is asked.
        boot_id: Which boot of it; see `local_boot_id`.
        now: Seconds since the epoch.
        alive: Whether a process id of this host is in use.
    """
    same_place = bool(boot_id) and (lease.host, lease.boot_id) == (host, boot_id)
    return instant(now) < lease.expires and not (same_place and not alive(lease.pid))


@dataclass(frozen=True, slots=True)
class LeaseBook:
    """All leases of a project.

    Attributes:
        counter: The last token given out; tokens are never given out twice.
        leases: By token.
    """

    counter: int = 0
    leases: tuple[Lease, ...] = ()

    def acquire(
        self, request: LeaseRequest, *, now: float, alive: Callable[[int], bool] = process_alive
    ) -> tuple[LeaseBook, Lease]:
        """Return the book with the request granted, and the lease.

        Args:
            request: What is asked for.
            now: Seconds since the epoch.
            alive: Whether a process id of this host is in use.

        Raises:
            LeaseHeldError: A live lease of another run overlaps.
        """
        kept, replaced = [], []
        for lease in self.leases:
            overlap = _overlap(lease, request)
            if lease.run == request.run:
                continue
            if not overlap:
                kept.append(lease)
            elif is_live(lease, host=request.host, boot_id=request.boot_id, now=now, alive=alive):
                raise LeaseHeldError(lease, overlap)
            else:
                replaced.append(lease)
        lease = Lease(
            **{item.name: getattr(request, item.name) for item in fields(LeaseRequest)},
            token=self.counter + 1,
            since=instant(now),
            expires=instant(now + request.term),
            took_over=tuple(replaced),
        )
        stored = replace(lease, took_over=())
        return LeaseBook(lease.token, (*kept, stored)), lease

    def renew(self, lease: Lease, *, now: float) -> tuple[LeaseBook, Lease]:
        """Return the book with the lease's term counted from ``now``, and the lease.

        Only the term is taken from the lease passed; what it covers is as it was granted.

        Raises:
            FencedError: The lease is not in the book.
        """
        held = next((item for item in self.leases if item.token == lease.token), None)
        if held is None:
            raise FencedError(lease.token)
        renewed = replace(held, term=lease.term, expires=instant(now + lease.term))
        kept = tuple(renewed if item is held else item for item in self.leases)
        return LeaseBook(self.counter, kept), replace(renewed, took_over=lease.took_over)

    def without(self, token: int) -> LeaseBook:
        """Return the book without the lease of that token, if it is there."""
        return LeaseBook(self.counter, tuple(item for item in self.leases if item.token != token))

    def of_run(self, run: str) -> Lease | None:
        """Return the lease that a run holds."""
        return next((lease for lease in self.leases if lease.run == run), None)

    def require(self, token: int) -> None:
        """Do nothing if a lease of that token is in the book, expired or not.

        Raises:
            FencedError: There is none.
        """
        if all(lease.token != token for lease in self.leases):
            raise FencedError(token)


def _overlap(lease: Lease, request: LeaseRequest) -> frozenset[str]:
    """Return the names, as ``lease`` has them, of what both cover."""
    if EVERYTHING in lease.exclusive:
        return frozenset({EVERYTHING})
    if EVERYTHING in request.exclusive:
        return lease.addresses | lease.exclusive or frozenset({EVERYTHING})
    return (lease.addresses & request.addresses) | (lease.exclusive & request.exclusive)
