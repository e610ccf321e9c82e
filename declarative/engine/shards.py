"""Dividing a plan among several runs: each takes whole components of its dependency graph.

Releases that depend on each other, or that stand on one infrastructure which only one run may
work on, stay together. Which shard gets which component follows from the plan alone, so that
every machine divides it alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from declarative.errors import LamformError
from declarative.model.address import Address
from declarative.model.plan import Summary

if TYPE_CHECKING:
    from declarative.model.plan import Plan, PlannedRelease


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of a plan, counted from 1."""

    index: int
    count: int

    def __str__(self) -> str:
        """Return it as it is written on the command line."""
        return f"{self.index}/{self.count}"


def shard_of(plan: Plan, shard: Shard) -> Plan:
    """Return the part of a plan that is one shard; it keeps the id of the whole.

    What differs in outputs goes with every shard that has releases: each records them as they
    are then, so that the last one leaves them right. A plan of outputs alone is the first
    shard's.

    Raises:
        LamformError: the plan edits state first, for all its releases at once.
    """
    if plan.edits:
        raise LamformError.of(
            "The plan cannot be divided",
            "Its moved and removed blocks rename or forget releases in state before anything is "
            "applied. Apply that first, without --shard, for instance with --only.",
        )
    chosen = _divided(plan, shard.count)[shard.index - 1]
    releases = tuple(release for release in plan.releases if release.address in chosen)
    changes = tuple(change for change in plan.changes if _release(change.address) in chosen)
    outputs = bool(releases) or (not plan.releases and shard.index == 1)
    return plan.model_copy(
        update={
            "releases": releases,
            "changes": changes,
            "drift": tuple(one for one in plan.drift if _release(one.address) in chosen),
            "output_changes": plan.output_changes if outputs else (),
            "new_outputs": plan.new_outputs if outputs else (),
            "recovers": plan.recovers if outputs else (),
            "summary": Summary.of(changes, unchanged=0, releases=len(releases)),
        }
    )


def _divided(plan: Plan, count: int) -> list[set[str]]:
    """Return the addresses of each shard: the largest components first, to the emptiest."""
    shards: list[set[str]] = [set() for _ in range(count)]
    for component in sorted(_components(plan), key=lambda one: (-len(one), min(one))):
        min(shards, key=len).update(component)
    return shards


def _components(plan: Plan) -> list[set[str]]:
    """Return the releases that must stay together, as disjoint sets of addresses."""
    together = {release.address: {release.address} for release in plan.releases}
    stands_on: dict[str, str] = {}
    for release in plan.releases:
        for other in _tied_to(release, stands_on):
            one, two = together[release.address], together.get(other)
            if two is None or one is two:
                continue
            larger, smaller = (one, two) if len(one) >= len(two) else (two, one)
            larger |= smaller
            for address in smaller:
                together[address] = larger
    return list({id(one): one for one in together.values()}.values())


def _tied_to(release: PlannedRelease, stands_on: dict[str, str]) -> tuple[str, ...]:
    if not release.exclusive:
        return release.depends_on
    first = stands_on.setdefault(release.infrastructure, release.address)
    return (*release.depends_on, first)


def _release(address: str) -> str:
    return str(Address.parse(address).release)
