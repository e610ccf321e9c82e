"""Looking for drift in everything that is recorded: reads AWS and state, writes nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from declarative.engine.around import managed
from declarative.engine.drift import find_in_release
from declarative.engine.observe import observe_all
from declarative.engine.recovery import recovered_view
from declarative.errors import RemoteError
from declarative.model.plan import DriftFinding

if TYPE_CHECKING:
    from declarative.engine.reading import Reading


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What was found.

    Attributes:
        notes: What a reader should know, such as a run in progress.
        releases: How many releases were looked at.
    """

    findings: tuple[DriftFinding, ...]
    notes: tuple[str, ...] = ()
    releases: int = 0


def find_drift(reading: Reading, *, only: Collection[str] | None = None) -> DriftReport:
    """Return where AWS differs from what was recorded.

    Raises:
        RemoteError: releases could not be read; all of them are named.
    """
    snapshot = recovered_view(reading, refresh=True)
    wanted = [address for address in snapshot.releases if only is None or address in only]
    snapshot.releases.load(wanted)
    records = {address: snapshot.releases[address].record for address in wanted}
    observed = observe_all(
        reading.reader,
        {address: record.desired for address, record in records.items()},
        parts={address: managed(record) for address, record in records.items()},
        parallelism=reading.parallelism,
    )
    errors = [seen for seen in observed.values() if isinstance(seen, RemoteError)]
    if errors:
        raise RemoteError(tuple(one for error in errors for one in error.diagnostics))
    findings = [
        finding
        for address, seen in observed.items()
        if not isinstance(seen, RemoteError)
        for finding in find_in_release(records[address], seen, snapshot.fingerprinter)
    ]
    return DriftReport(tuple(findings), snapshot.warnings, len(records))
