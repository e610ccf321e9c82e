"""Making a plan: files, state and AWS in, one value out. Nothing is written anywhere.

    make_plan
      recovered_view       what state recorded, seen through runs that were interrupted
      _desired_releases    accounts and artifacts looked up, everything in normal form
      _intents             what each release shall become: desired, or deleted
      plan_intents
        _observe           one GetFunction and one ListAliases a release, one call more for
                           each kind of setting that is declared or recorded; in parallel
        plan_release       what differs, which version serves, which steps follow (pure)
      Plan.sealed          the id

A revert makes its intents from an earlier revision and goes on at ``plan_intents``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from declarative.engine.around import parts_of
from declarative.engine.claims import missing, refuse_taken_functions
from declarative.engine.departures import with_departures
from declarative.engine.desired import normalise, refuse_shared_functions
from declarative.engine.glance import Glance, glance
from declarative.engine.graph import in_order
from declarative.engine.guards import scheduled
from declarative.engine.intents import Intent, Look, Planned, plan_release
from declarative.engine.kept import keep
from declarative.engine.observe import Observation, observe_all
from declarative.engine.quotas import account_limits
from declarative.engine.reading import Reading
from declarative.engine.records import recorded_observation, recorded_outputs
from declarative.engine.recovery import recovered_view
from declarative.engine.references import output_changes, planned_outputs, resolved, too_late
from declarative.engine.relocation import Relocated, relocate
from declarative.engine.snapshot import Snapshot
from declarative.engine.withheld import SecretReads
from declarative.errors import ConfigurationError, Diagnostic, LamformError, RemoteError
from declarative.model.artifacts import EcrArtifact, S3Artifact
from declarative.model.plan import (
    BackendAddress,
    Base,
    Git,
    Plan,
    PlannedDiagnostic,
    PlannedOutput,
    PlannedRelease,
    Selection,
    Summary,
)
from declarative.model.values import FINGERPRINT, without_fingerprints

if TYPE_CHECKING:
    from declarative.engine.ports import (
        ObservedFunction,
    )
    from declarative.model.bound import BoundRelease, Relocation
    from declarative.model.desired import ConnectorSettings, DesiredRelease
    from declarative.model.plan import PlannedRelease


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What a plan is asked for; everything in it comes from the files or the command line.

    Attributes:
        releases: The selected releases, bound.
        declared: Addresses of all releases that the files declare, selected or not: a
            recorded release that is not among them is deleted.
        reads: The secrets that binding has read or tried to read.
        warnings: What else to say about the files.
        relocations: What the files say of releases that were declared under other addresses.
    """

    project: str
    backend: BackendAddress
    releases: tuple[BoundRelease, ...]
    declared: frozenset[str]
    selection: Selection
    config_digest: str
    created_at: str
    tool_version: str
    outputs: Mapping[str, PlannedOutput] = field(default_factory=dict)
    git: Git | None = None
    reads: SecretReads | None = None
    warnings: tuple[PlannedDiagnostic, ...] = ()
    relocations: tuple[Relocation, ...] = ()

    @property
    def selected(self) -> frozenset[str] | None:
        """The addresses that are planned where that is not the whole project."""
        selection = self.selection
        if not (selection.only or selection.exclude or selection.environments):
            return None
        return frozenset(release.address for release in self.releases)


def make_plan(request: PlanRequest, reading: Reading) -> Plan:
    """Return what an apply would do to make AWS equal to the files.

    Raises:
        ConfigurationError: the files ask for what cannot be.
        BackendError: state cannot be read.
    """
    located = relocate(
        request.relocations,
        recovered_view(reading, refresh=request.selection.refresh != "none"),
        reading.state,
        selected=request.selected,
    )
    snapshot = located.snapshot
    gone = [
        address
        for address in snapshot.releases
        if _goes(request, address) and address not in located.waits
    ]
    snapshot.releases.load([*gone, *(release.address for release in request.releases)])
    desired, problems = _desired_releases(request, reading, snapshot)
    if request.reads is not None and desired:
        problems = (*request.reads.warnings(request.releases), *problems)
    intents = _intents(request, located, desired, gone)
    problems = (*located.notes, *problems)
    plan = plan_intents(intents, request, reading, snapshot, problems=problems)
    return plan.model_copy(update={"edits": located.edits}).sealed() if located.edits else plan


def plan_intents(
    intents: Iterable[Intent],
    request: PlanRequest,
    reading: Reading,
    snapshot: Snapshot,
    *,
    problems: tuple[PlannedDiagnostic, ...] = (),
    reverts: int | None = None,
) -> Plan:
    """Return the plan of the given intents."""
    by_address = {intent.address: intent for intent in intents}
    refresh = request.selection.refresh
    observed, unasked, notes = _observe(by_address, reading, refresh=refresh)
    depends = {
        address: intent.desired.depends_on if intent.desired else ()
        for address, intent in by_address.items()
    }
    planned: dict[str, Planned] = {}
    for address in in_order(by_address, depends):
        seen = observed[address]
        if isinstance(seen, RemoteError):
            planned[address] = Planned(diagnostics=_unreachable(address, seen))
            continue
        intent = resolved(by_address[address], reading.secrets, snapshot, planned)
        intent = keep(intent, seen, snapshot.fingerprinter)
        late = too_late(intent, reading.secrets, planned)
        if late:
            planned[address] = Planned(diagnostics=late)
            continue
        version = _version_reader(intent, reading)
        asked = address not in unasked
        look = Look(version, asked, request.project, request.selection.consent)
        planned[address] = plan_release(intent, seen, snapshot.fingerprinter, look)
    planned = with_departures(planned, observed, snapshot, reading, request.selection)
    if refresh != "none":
        wanted = {one.address: one.desired for one in by_address.values() if one.desired}
        limits = account_limits(request.releases, wanted, planned, observed, reading)
        problems = (*problems, *missing(request.releases, observed), *limits)
    return _assemble(request, reading, snapshot, planned, ((*notes, *problems), reverts))


def _desired_releases(
    request: PlanRequest, reading: Reading, snapshot: Snapshot
) -> tuple[tuple[DesiredRelease, ...], tuple[PlannedDiagnostic, ...]]:
    if request.selection.destroy:
        return (), ()
    desired: list[DesiredRelease] = []
    problems: list[PlannedDiagnostic] = []
    wrong: list[Diagnostic] = []
    _look_ahead(request, reading)
    for bound in request.releases:
        try:
            desired.append(_desired(bound, request, reading, snapshot))
        except RemoteError as error:
            problems.extend(_unreachable(bound.address, error))
        except ConfigurationError as error:
            wrong.extend(error.diagnostics)
    if wrong:
        raise ConfigurationError(tuple(dict.fromkeys(wrong)))
    refuse_shared_functions(desired, request.releases)
    refuse_taken_functions(desired, request.releases, snapshot)
    return tuple(desired), tuple(problems)


def _look_ahead(request: PlanRequest, reading: Reading) -> None:
    """Look at artifacts outside all at once: each is looked at once and remembered, errors too."""
    outside = {
        (one.artifact, one.connector.address, one.region): one
        for one in request.releases
        if isinstance(one.artifact, S3Artifact | EcrArtifact)
    }

    def look(bound: BoundRelease) -> None:
        with suppress(LamformError):  # it comes again where the release is planned
            if request.selection.refresh != "none":
                reading.cloud.account_id(bound.connector)  # where that fails, all else would
            reading.artifacts.identify(bound.source, bound.connector, bound.region)

    if len(outside) > 1:
        with ThreadPoolExecutor(min(reading.parallelism, len(outside)), "artifacts") as pool:
            list(pool.map(look, outside.values()))


def _desired(
    bound: BoundRelease, request: PlanRequest, reading: Reading, snapshot: Snapshot
) -> DesiredRelease:
    record = snapshot.record(bound.address)
    known = record is not None and record.connector.address == bound.connector.address
    offline = request.selection.refresh == "none" and record is not None and known
    account = (
        record.desired.account_id
        if offline and record is not None
        else reading.cloud.account_id(bound.connector)
    )
    if request.reads is not None:
        request.reads.refuse_unreadable(bound)
    return normalise(
        bound,
        project=request.project,
        account_id=account,
        artifact=reading.artifacts.identify(bound.source, bound.connector, bound.region),
        fingerprinter=snapshot.fingerprinter,
        connectors=request.reads.connectors if request.reads else {},
    )


def _intents(
    request: PlanRequest,
    located: Relocated,
    desired: tuple[DesiredRelease, ...],
    gone: Iterable[str],
) -> list[Intent]:
    snapshot = located.snapshot
    wanted = [
        Intent(
            address=release.address,
            desired=release,
            recorded=snapshot.releases.get(release.address),
            ignore_hold=request.selection.roll_forward,
        )
        for release in desired
    ]
    deleted = [
        Intent(
            address=address,
            desired=None,
            recorded=snapshot.releases[address],
            ignore_hold=request.selection.roll_forward or request.selection.destroy,
            released=address in located.released,
        )
        for address in gone
    ]
    return wanted + deleted


def _goes(request: PlanRequest, address: str) -> bool:
    """Whether a recorded release is to be deleted: selected, and not declared or destroyed."""
    selection = request.selection
    if address in request.declared and not selection.destroy:
        return False
    if address in request.declared:
        return any(release.address == address for release in request.releases)
    return not (selection.only or selection.environments) and address not in selection.exclude


def _observe(
    intents: Mapping[str, Intent], reading: Reading, *, refresh: str
) -> tuple[Mapping[str, Observation | RemoteError], Collection[str], tuple[PlannedDiagnostic, ...]]:
    """Return what is observed, which of it state recorded, and what to say about that."""
    seen = Glance(frozenset(intents) if refresh == "none" else frozenset())
    if refresh == "fast":
        seen = glance(intents.values(), reading)
    parts = {
        address: parts_of(intent.desired, intent.record) for address, intent in intents.items()
    }
    wanted = {
        address: intent.desired or intent.left
        for address, intent in intents.items()
        if address not in seen.unmoved
    }
    releases = {address: release for address, release in wanted.items() if release is not None}
    observed: dict[str, Observation | RemoteError] = {
        address: recorded_observation(intents[address].record, parts[address])
        for address in seen.unmoved
    }
    observed.update(
        observe_all(reading.reader, releases, parts=parts, parallelism=reading.parallelism)
    )
    return observed, seen.unmoved, seen.notes


def _version_reader(intent: Intent, reading: Reading) -> Callable[[str], ObservedFunction | None]:
    @cache
    def read(version: str) -> ObservedFunction | None:
        release = intent.desired
        if release is None:
            return None
        return reading.reader(release).function(release.function_name, version)

    return read


def _unreachable(address: str, error: RemoteError) -> tuple[PlannedDiagnostic, ...]:
    return tuple(
        PlannedDiagnostic(
            severity="error", summary=one.summary, detail=one.detail, address=one.address or address
        )
        for one in error.diagnostics
    )


def _assemble(
    request: PlanRequest,
    reading: Reading,
    snapshot: Snapshot,
    planned: Mapping[str, Planned],
    extra: tuple[tuple[PlannedDiagnostic, ...], int | None],
) -> Plan:
    problems, reverts = extra
    releases = [one.release for one in planned.values() if one.release is not None]
    warnings = (
        *(PlannedDiagnostic(severity="warning", summary=one) for one in snapshot.warnings),
        *request.warnings,
    )
    connectors = {
        settings.address: settings
        for address, one in planned.items()
        if one.release is not None
        for settings in _connectors_of(address, one.release, snapshot)
    }
    head = snapshot.revision
    outputs, valueless = planned_outputs(
        request.outputs, reading.secrets, snapshot, planned, reverts=reverts is not None
    )
    plan = Plan(
        created_at=request.created_at,
        tool_version=request.tool_version,
        project=request.project,
        git=request.git,
        base=Base(revision=head.number if head else 0, id=head.id if head else None),
        config_digest=request.config_digest,
        selection=request.selection,
        backend=request.backend,
        connectors=connectors,
        releases=tuple(sorted(releases, key=lambda release: release.address)),
        changes=tuple(change for one in planned.values() for change in one.changes),
        drift=tuple(finding for one in planned.values() for finding in one.drift),
        outputs=outputs,
        output_changes=output_changes(outputs, snapshot),
        new_outputs=tuple(sorted(outputs.keys() - recorded_outputs(snapshot.revision).keys())),
        blocked_by=(
            *_broken(request),
            *(refusal for one in planned.values() for refusal in one.blocked_by),
        ),
        diagnostics=(
            *warnings,
            *scheduled(releases),
            *problems,
            *(problem for one in planned.values() for problem in one.diagnostics),
            *valueless,
        ),
        summary=_summary(planned.values()),
        reverts=reverts,
        recovers=snapshot.recovers,
    )
    content = plan.content()
    # Most first plans hold no secret, and walking all of a large one takes its time.
    if snapshot.fingerprinter.stable or FINGERPRINT.encode() not in content:
        return plan.sealed(content)
    plan = Plan.model_validate(without_fingerprints(plan.model_dump(mode="json")))
    return _without_change_fingerprints(plan).sealed()


def _broken(request: PlanRequest) -> tuple[str, ...]:
    """Return the preconditions that do not hold; nothing is deleted under one."""
    if request.selection.destroy:
        return ()
    return tuple(
        f"{refusal.summary}: {refusal.detail} (The condition stands at {refusal.range}.)"
        for release in request.releases
        for refusal in release.refusals
    )


def _connectors_of(
    address: str, release: PlannedRelease, snapshot: Snapshot
) -> tuple[ConnectorSettings, ...]:
    """Return the connectors that a release's steps need, the declared one last: it wins."""
    record = snapshot.record(address)
    desired: tuple[ConnectorSettings, ...] = ()
    if release.desired is not None:
        desired = (*release.desired.sources.values(), release.desired.connector)
    if record is None or (release.desired is not None and not release.replaces):
        return desired
    left = (leftover.connector for leftover in record.leftovers)
    return (*left, record.connector, *desired)


def _without_change_fingerprints(plan: Plan) -> Plan:
    changes = tuple(
        change.model_copy(
            update={
                "attributes": tuple(
                    attribute.model_copy(
                        update={"before_fingerprint": None, "after_fingerprint": None}
                    )
                    for attribute in change.attributes
                )
            }
        )
        for change in plan.changes
    )
    return plan.model_copy(update={"changes": changes})


def _summary(planned: Iterable[Planned]) -> Summary:
    everything = list(planned)
    return Summary.of(
        (change for one in everything for change in one.changes),
        unchanged=sum(one.unchanged for one in everything),
        releases=sum(1 for one in everything if one.release is not None),
    )
