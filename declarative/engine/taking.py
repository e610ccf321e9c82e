"""Taking a run's lease, with all that dead runs left open beside what it is for.

What a dead run did to a release is recorded before anything else happens to that release.
So whoever takes a lease takes it on everything such a run left open as well, and looks again
once it is held: the run that was waited for may be the one that died.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from backends.base import LeaseHeldError
from declarative.engine.recovery import dead_runs

if TYPE_CHECKING:
    from declarative.engine.leases import HeldLease
    from declarative.engine.writing import Writing


def take(
    writing: Writing,
    run: str,
    addresses: frozenset[str],
    *,
    exclusive: frozenset[str] = frozenset(),
    others: bool = True,
) -> HeldLease:
    """Return the lease of a run.

    With ``others`` it also covers what dead runs left open that have nothing to do with
    ``addresses``: those are recovered by whoever comes first, and where that is another run,
    this one does not wait for it.

    Raises:
        LeaseHeldError: another run holds one of the releases.
        InterruptedRunError: the run was told to stop while it waited.
    """
    dead = [frozenset(one.open) for one in dead_runs(writing.state, writing.runner)]
    needed = addresses.union(*(left for left in dead if left & addresses))
    everything = needed.union(*dead) if others else needed
    lease = None
    if everything != needed:
        with suppress(LeaseHeldError):
            lease = writing.lease(run, everything, exclusive=exclusive, patient=False)
    if lease is None:
        lease = writing.lease(run, needed, exclusive=exclusive)
    while more := _uncovered(lease.addresses, writing):
        try:
            lease = writing.lease(run, lease.addresses | more, exclusive=exclusive)
        except BaseException:
            lease.give_back()
            raise
    return lease


def _uncovered(held: frozenset[str], writing: Writing) -> frozenset[str]:
    """Return what dead runs left open that touched something held, and that is not held."""
    left = (frozenset(one.open) for one in dead_runs(writing.state, writing.runner))
    return frozenset().union(*(one for one in left if one & held)) - held
