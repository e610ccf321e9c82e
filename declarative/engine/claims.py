"""Which function a release may claim: the one its name says, and one that no other release has.

A function that state has under another address is never adopted a second time: one of the
two would change, or delete, what the other relies on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from declarative.engine.intents import target_of
from declarative.errors import ConfigurationError, Diagnostic
from declarative.model.plan import PlannedDiagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from declarative.engine.observe import Observation
    from declarative.engine.snapshot import Snapshot
    from declarative.errors import RemoteError
    from declarative.model.bound import BoundRelease
    from declarative.model.desired import DesiredRelease


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
        if not _has(release, snapshot)
    }
    if not claims:
        return
    ranges = {release.address: release.ranges.get("") for release in releases}
    problems: list[Diagnostic] = []
    for address, recorded in snapshot.releases.items():
        claimant = claims.get(target_of(recorded.record).function_key)
        if recorded.record.function is None or claimant in (None, address):
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
                range=ranges.get(claimant or ""),
            )
        )
    if problems:
        raise ConfigurationError(tuple(problems))


def _has(release: DesiredRelease, snapshot: Snapshot) -> bool:
    record = snapshot.record(release.address)
    if record is None or record.function is None:
        return False
    key = (release.account_id, release.region, release.function_name)
    return target_of(record).function_key == key
