"""What the account would refuse, asked beforehand: one ``GetAccountSettings`` a region.

It is asked where a release reserves more than it has, or where a package is sent; otherwise not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from declarative.engine.setting_ports import Unreadable
from declarative.errors import RemoteError
from declarative.model.plan import PlannedDiagnostic
from declarative.model.steps import CreateFunction, UpdateCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from declarative.engine.intents import Planned
    from declarative.engine.observe import Observation
    from declarative.engine.reading import Reading
    from declarative.engine.setting_ports import AccountSettings
    from declarative.model.bound import BoundRelease
    from declarative.model.desired import DesiredRelease

UNRESERVED: Final = 100
"""Executions that AWS keeps free for the functions that reserve none."""

_NEARLY: Final = 0.9
_GIGABYTE: Final = 1024**3


@dataclass(slots=True)
class _Place:
    """What a plan wants of one account and region.

    Attributes:
        release: Any of its releases: how the account is reached.
        reserved: Executions reserved afterwards and now, by release.
        sent: Bytes of packages that are sent.
    """

    release: DesiredRelease
    reserved: dict[str, tuple[int, int]] = field(default_factory=dict)
    sent: int = 0
    sends: bool = False

    @property
    def raising(self) -> list[str]:
        """The releases that reserve more than they have."""
        return sorted(one for one, (wanted, present) in self.reserved.items() if wanted > present)


def account_limits(
    releases: Iterable[BoundRelease],
    desired: Mapping[str, DesiredRelease],
    planned: Mapping[str, Planned],
    observed: Mapping[str, Observation | RemoteError],
    reading: Reading,
) -> tuple[PlannedDiagnostic, ...]:
    """Return what the accounts of a plan would refuse, and where they are nearly full."""
    places: dict[tuple[str, str], _Place] = {}

    def place_of(release: DesiredRelease) -> _Place:
        return places.setdefault((release.account_id, release.region), _Place(release))

    for bound in releases:
        wanted = bound.settings.reserved_concurrent_executions
        release, seen = desired.get(bound.address), observed.get(bound.address)
        if wanted is None or release is None or isinstance(seen, RemoteError):
            continue
        function = seen.function if seen else None
        present = (function.reserved_concurrent_executions if function else None) or 0
        place_of(release).reserved[bound.address] = (wanted, present)
    for one in planned.values():
        if one.release is None or one.release.desired is None:
            continue
        if any(isinstance(step, CreateFunction | UpdateCode) for step in one.release.steps):
            place = place_of(one.release.desired)
            place.sent += one.release.desired.artifact.size or 0
            place.sends = True
    return tuple(
        problem for _, place in sorted(places.items()) for problem in _judge(place, reading)
    )


def _judge(place: _Place, reading: Reading) -> Iterable[PlannedDiagnostic]:
    if not (place.sends or place.raising):
        return
    release = place.release
    where = f"account {release.account_id}, {release.region}"
    try:
        account = reading.reader(release).account_settings()
    except RemoteError as error:
        account = Unreadable("lambda:GetAccountSettings", str(error))
    if isinstance(account, Unreadable):
        if place.raising:
            yield PlannedDiagnostic(
                severity="warning",
                summary="The limit on reserved concurrency is not checked",
                detail=f"What {where} has left cannot be read ({account.reason}). AWS refuses to "
                f"leave fewer than {UNRESERVED} executions unreserved. Give the credentials "
                f"{account.permission} to know it beforehand.",
            )
        return
    yield from _concurrency(place, account, where)
    yield from _storage(place, account, where)


def _concurrency(
    place: _Place, account: AccountSettings, where: str
) -> Iterable[PlannedDiagnostic]:
    more = sum(wanted - present for wanted, present in place.reserved.values())
    left = account.unreserved - more
    raising = place.raising
    if not raising or left >= UNRESERVED:
        return
    yield PlannedDiagnostic(
        severity="error",
        summary="Too much concurrency is reserved",
        detail=f"{', '.join(raising)} would leave {left} of the "
        f"{account.concurrent_executions} executions of {where} unreserved, and AWS keeps "
        f"{UNRESERVED} for the functions that reserve none; at most "
        f"{max(account.unreserved - UNRESERVED, 0)} more can be reserved. Lower "
        "reserved_concurrent_executions, or have the account's limit raised.",
        address=raising[0] if len(raising) == 1 else None,
    )


def _storage(place: _Place, account: AccountSettings, where: str) -> Iterable[PlannedDiagnostic]:
    used, limit = account.code_size_used + place.sent, account.code_size_limit
    if used <= limit * _NEARLY:
        return
    full = "AWS will refuse packages" if used > limit else "Soon AWS will refuse packages"
    yield PlannedDiagnostic(
        severity="warning",
        summary="Code storage is nearly full",
        detail=f"With this plan's packages {used / _GIGABYTE:.1f} of "
        f"{limit / _GIGABYTE:.1f} GB are used in {where}. {full}: every published version keeps "
        "its own. Delete versions and functions that nobody needs, or have the limit raised.",
    )
