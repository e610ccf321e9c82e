"""Which function a release may claim: the one its name says, and one that no other release has.

A function that state has under another address is never adopted a second time: one of the
two would change, or delete, what the other relies on. And one that somebody else created under
the name of a release is not that release's, whatever the release was to create there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.base import RevisionNotFoundError
from declarative.engine.desired import OWNERSHIP_TAG
from declarative.engine.intents import target_of
from declarative.engine.observe import Observation
from declarative.errors import ConfigurationError, Diagnostic, OvertakenError
from declarative.model.address import Address
from declarative.model.fields import defaults
from declarative.model.plan import Action, PlannedDiagnostic
from declarative.model.steps import CreateFunction
from declarative.model.values import has_secret, has_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from backends.base import StateReader
    from declarative.engine.ports import ObservedFunction
    from declarative.engine.snapshot import Snapshot
    from declarative.errors import RemoteError
    from declarative.model.bound import BoundRelease
    from declarative.model.desired import DesiredRelease
    from declarative.model.plan import Plan, PlannedRelease
    from declarative.model.revision import ReleaseRecord

    FunctionKey = tuple[str, str, str]


def missing(
    releases: Iterable[BoundRelease], observed: Mapping[str, Observation | RemoteError]
) -> tuple[PlannedDiagnostic, ...]:
    """Return the releases whose ``function_name`` is the ARN of a function that is not there."""
    return tuple(
        PlannedDiagnostic(
            severity="error",
            summary="There is no such function",
            detail=f"function_name is the ARN of {release.function_name}, which addresses a "
            "function that exists, and it does not. Write the name alone to create it.",
            address=release.address,
        )
        for release in releases
        if release.must_exist and getattr(observed.get(release.address), "function", ...) is None
    )


def refuse_taken_functions(
    desired: Iterable[DesiredRelease], releases: Iterable[BoundRelease], snapshot: Snapshot
) -> None:
    """Refuse to claim a function that state has under another address.

    Records of other releases are read only where some release claims a function that its own
    record does not have.

    Raises:
        ConfigurationError: naming both, for every such release.
    """
    claims = {
        (release.account_id, release.region, release.function_name): release.address
        for release in desired
        if not records(snapshot.record(release.address), release.function_key)
    }
    if not claims:
        return
    ranges = {release.address: release.ranges.get("") for release in releases}
    problems: list[Diagnostic] = []
    for address, recorded in snapshot.releases.items():
        claimant = _claimant(recorded.record, address, claims)
        if claimant is None:
            continue
        name = recorded.record.desired.function_name
        problems.append(
            Diagnostic(
                "Another release has this function",
                f"{claimant} claims {name}, which state has as {address}. If it is the same "
                f"release under another name, say so: moved {{ from = {address}, to = {claimant} "
                f"}}, on lines of their own. Otherwise use another function_name, or apply what "
                f"becomes of {address} first.",
                address=claimant,
                range=ranges.get(claimant),
            )
        )
    if problems:
        raise ConfigurationError(tuple(problems))


def claims_of(plan: Plan) -> dict[FunctionKey, str]:
    """Return the functions that a plan creates or adopts, with the release that claims each."""
    claimants = {
        str(Address.parse(change.address).release)
        for change in plan.changes
        if change.kind == "function" and change.action in _CLAIMING
    }
    return {
        release.target.function_key: release.address
        for release in plan.releases
        if release.address in claimants
    }


_CLAIMING = {Action.CREATE, Action.ADOPT, Action.REPLACE}


def leased(claims: Iterable[FunctionKey]) -> frozenset[str]:
    """Return under which names a run holds functions that state does not have yet.

    Their releases are not enough: under two addresses two runs would claim the same one.
    """
    return frozenset(
        f"function {name} in {region} of account {account}" for account, region, name in claims
    )


def check_claims(
    claims: Mapping[FunctionKey, str], plan: Plan, snapshot: Snapshot, state: StateReader
) -> None:
    """Refuse a plan one of whose functions another release was given since it was made.

    ``claims`` are the plan's (`claims_of`). Only what was recorded since is read.

    Raises:
        OvertakenError: naming every such function.
    """
    head = snapshot.revision
    if not claims or head is None or head.id == plan.base.id:
        return
    try:
        before = state.resources(at=plan.base.revision) if plan.base.id else {}
    except RevisionNotFoundError:  # forgotten since
        before = {}
    changed = [one for one in snapshot.releases if before.get(one) != snapshot.releases.object(one)]
    snapshot.releases.load(changed)
    problems = [
        Diagnostic(
            "Another release has this function",
            f"Since the plan was made, {recorded.desired.function_name} was recorded as {address}. "
            "Make a new plan.",
            address=claimant,
        )
        for address in changed
        if (recorded := snapshot.record(address)) is not None
        and (claimant := _claimant(recorded, address, claims)) is not None
    ]
    if problems:
        raise OvertakenError(tuple(problems))


def _claimant(record: ReleaseRecord, address: str, claims: Mapping[FunctionKey, str]) -> str | None:
    """Return the release that claims what a record of another one has."""
    claimant = claims.get(target_of(record).function_key)
    return None if record.function is None or claimant == address else claimant


def own(release: PlannedRelease, observed: Observation, *, known: bool) -> Observation:
    """Return what was observed if it is the release's, and nothing otherwise.

    ``known`` are a function that state has, and one that the run is known to have created. What
    was there when the plan was made is the release's as well; else it is what its steps made.
    """
    create = next((step for step in release.steps if isinstance(step, CreateFunction)), None)
    if known or observed.function is None or create is None:
        return observed
    return observed if is_made_by(create, observed.function) else Observation(None)


def is_made_by(step: CreateFunction, function: ObservedFunction) -> bool:
    """Whether a function is what a step was to create, as far as AWS tells.

    Its tags say so, `OWNERSHIP_TAG` above all; without that one its configuration must have
    what was asked for.
    """
    if function.tags is not None:
        if not step.tags.items() <= function.tags.items():
            return False
        if OWNERSHIP_TAG in step.tags:
            return True
    usual = defaults(function.name)
    return all(
        function.attributes.get(name) == value
        for name, value in step.attributes.items()
        if value != usual.get(name) and not (has_secret(value) or has_unknown(value))
    )


def records(record: ReleaseRecord | None, key: FunctionKey) -> bool:
    """Whether a record has this very function."""
    return (
        record is not None and record.function is not None and target_of(record).function_key == key
    )
