"""Whether a plan still describes the world: checked under the lease, before any write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from declarative.engine import drift
from declarative.engine.around import parts_of
from declarative.engine.intents import target_of
from declarative.engine.observe import Observation, observe_all, refuse_unreadable
from declarative.engine.parts import bound_parts
from declarative.errors import Diagnostic, OvertakenError, RemoteError, StalePlanError
from declarative.model.address import Address
from declarative.model.values import without_fingerprints

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from declarative.engine.ports import FunctionReader
    from declarative.engine.snapshot import Snapshot
    from declarative.model.plan import BoundPart, Plan, PlannedRelease


def check_recorded(plan: Plan, snapshot: Snapshot) -> None:
    """Refuse a plan one of whose releases has moved in state, or was applied already.

    Raises:
        OvertakenError: naming every such release.
    """
    problems = [
        _moved(release, plan, snapshot)
        for release in plan.releases
        if snapshot.releases.object(release.address) != release.bound.object
    ]
    if problems:
        raise OvertakenError(tuple(problems))


def check_outputs(plan: Plan, snapshot: Snapshot) -> None:
    """Refuse a plan of outputs alone once state has moved: no release says that it was used.

    Raises:
        OvertakenError: head is another revision than when the plan was made.
    """
    head = snapshot.revision.id if snapshot.revision else None
    if not plan.releases and not plan.recovers and plan.base.id != head:
        raise OvertakenError.of(
            "The plan is out of date",
            "It changes outputs only, and state has a newer revision than when it was made. "
            "Make a new plan.",
        )


def _moved(release: PlannedRelease, plan: Plan, snapshot: Snapshot) -> Diagnostic:
    record = snapshot.record(release.address)
    if record is not None and record.plan_id == plan.plan_id:
        return Diagnostic(
            "The plan was applied already",
            "A plan is applied once. Make a new one with lamform plan.",
            address=release.address,
        )
    return Diagnostic(
        "The plan is out of date",
        f"State has another record of the release than when the plan was made (on revision "
        f"{plan.base.revision}); another apply changed it. Make a new plan.",
        address=release.address,
    )


def verify(
    plan: Plan,
    snapshot: Snapshot,
    reader: Callable[[PlannedRelease], FunctionReader],
    *,
    parallelism: int,
) -> Mapping[str, Observation]:
    """Read every release that has steps and compare it with what the plan was made from.

    Raises:
        StalePlanError: something differs; nothing was written yet.
        RemoteError: a release cannot be read.
    """
    releases = {release.address: release for release in plan.releases if release.steps}
    parts = {
        address: parts_of(release.desired, snapshot.record(address))
        for address, release in releases.items()
    }
    observed: dict[str, Observation] = {}
    everything = observe_all(reader, releases, parts=parts, parallelism=parallelism)
    for address, seen in everything.items():
        if isinstance(seen, RemoteError):
            raise seen
        refuse_unreadable(seen, releases[address].function_name)
        observed[address] = seen
    problems = [
        problem
        for address, release in releases.items()
        for problem in _differences(release, observed[address], snapshot)
    ]
    if problems:
        raise StalePlanError(tuple(problems))
    return observed


def _differences(
    release: PlannedRelease, observed: Observation, snapshot: Snapshot
) -> list[Diagnostic]:
    record = snapshot.record(release.address)
    address = Address.parse(release.address)
    if not release.bound.refreshed:
        if record is None:
            differ = observed.function is not None
        else:
            differ = bool(drift.find_in_release(record, observed, snapshot.fingerprinter))
        names = [str(address.part("function"))] if differ else []
    else:
        names = _differing_parts(release, observed, snapshot)
    return [
        Diagnostic(
            "AWS is not as it was when the plan was made",
            "Somebody changed it in between. Look at it with lamform drift, and plan again.",
            address=name,
        )
        for name in names
    ]


def _differing_parts(
    release: PlannedRelease, observed: Observation, snapshot: Snapshot
) -> list[str]:
    record = snapshot.record(release.address)
    if record is not None and target_of(record).function_key != release.target.function_key:
        record = None
    seen = bound_parts(release.desired, record, observed, snapshot.fingerprinter)
    planned = release.bound.parts
    names = sorted({*seen, *planned})
    return [name for name in names if not _equal(seen.get(name), planned.get(name))]


def _equal(seen: BoundPart | None, planned: BoundPart | None) -> bool:
    one = seen.observed if seen else None
    other = planned.observed if planned else None
    # A plan made before the project had a key holds secrets without fingerprints.
    return one == other or (
        other == without_fingerprints(other) and without_fingerprints(one) == other
    )
