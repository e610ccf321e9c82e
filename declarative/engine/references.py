"""What one release, or an output, reads of another: known now, known once it is prepared, or late.

A version or a code hash of a release that changes exists only after its steps. The plan
fills in what it can foresee; apply evaluates the rest in time; what would come too late is
refused here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from declarative.engine.intents import Intent, Planned
from declarative.engine.records import attribute_of, recorded_outputs
from declarative.engine.secrets import ReleaseLookup, Secrets
from declarative.engine.snapshot import Snapshot
from declarative.errors import EvaluationError, Severity
from declarative.model.plan import PlannedDiagnostic, PlannedOutput, PlannedRelease
from declarative.model.steps import Phase, SetSetting
from declarative.model.values import has_unknown

if TYPE_CHECKING:
    from pydantic import JsonValue

    from declarative.model.desired import DesiredRelease, Residual
    from declarative.model.fields import Path
    from declarative.model.revision import ReleaseRecord


def resolved(
    intent: Intent, secrets: Secrets, snapshot: Snapshot, planned: Mapping[str, Planned]
) -> Intent:
    """Fill in values of other releases that the plan knows already."""
    desired = intent.desired
    if desired is None or all(residual.sensitive for residual in desired.residuals):
        return intent

    settled = settled_by(snapshot, planned)
    values: dict[Path, JsonValue] = {}
    for residual in desired.residuals:
        if residual.expression is None or not still_unknown(desired, residual):
            continue
        value = secrets.known(residual.expression, settled)
        if value is not None:
            values[residual.path] = value
    return replace(intent, desired=desired.with_values(values))


def still_unknown(desired: DesiredRelease, residual: Residual) -> bool:
    """Whether the value is to be found out: a revert knows what it was."""
    return not residual.sensitive and has_unknown(desired.value_at(residual.path))


def settled_by(snapshot: Snapshot, planned: Mapping[str, Planned]) -> ReleaseLookup:
    """Return a lookup that knows what will hold after the apply, as far as the plan does."""

    def lookup(address: str, path: tuple[str, ...]) -> JsonValue:
        plan = planned.get(address)
        record = snapshot.record(address)
        if plan is not None and plan.release is not None:
            return _foreseen(plan.release, record, path)
        return attribute_of(record, path) if record else None

    return lookup


def _foreseen(
    release: PlannedRelease, record: ReleaseRecord | None, path: tuple[str, ...]
) -> JsonValue:
    """Return an attribute of a release that changes, where the plan knows it already."""
    match path:
        case ("alias", name, "version") if name in release.aliases:
            return release.aliases[name].to
        case ("url", "url") if _new_url(release):
            return None
        case ("function", "version" | "qualified_arn" | "code_sha256") if release.publishes:
            return None
        case ("function", "version") if release.version is not None:
            return release.version
        case ("function", name) if release.version is not None:
            return _of_version(release.version, record, name)
        case _:
            return attribute_of(record, path) if record else None


def _of_version(version: str, record: ReleaseRecord | None, name: str) -> JsonValue:
    """Return what a release exports once it goes over to a version that exists."""
    known = {one.version: one for one in record.versions} if record else {}
    if record is None or record.function is None or version not in known:
        return None
    if name == "qualified_arn":
        return f"{record.function.arn}:{version}"
    return known[version].code_sha256


def too_late(
    intent: Intent, secrets: Secrets, planned: Mapping[str, Planned]
) -> tuple[PlannedDiagnostic, ...]:
    """Refuse values that exist only after a switch: steps that prepare would need them."""

    def prepared(address: str, path: tuple[str, ...]) -> JsonValue:
        plan = planned.get(address)
        release = plan.release if plan else None
        moves = release.aliases if release else {}
        late = path[0] == "alias" and path[1] in moves and moves[path[1]].to is None
        new = _new_url(release) if release and path[0] == "url" else None
        return None if late or (new and new.phase is not Phase.PREPARE) else "0"

    desired = intent.desired
    return tuple(
        PlannedDiagnostic(
            severity="error",
            summary="A value is needed before it exists",
            detail=f"{'.'.join(residual.path)} of {intent.address} reads {residual.expression}, "
            "which is known only once the other release is switched, and this one is prepared "
            f"before that. {_instead(residual.expression)}",
            address=intent.address,
        )
        for residual in (desired.residuals if desired else ())
        if residual.expression is not None
        and desired is not None
        and still_unknown(desired, residual)
        and secrets.known(residual.expression, prepared) is None
    )


def _instead(expression: str) -> str:
    if expression.endswith(".url.url"):
        return "Apply the URL first; it is known from then on."
    return "Read the function.version of the other release instead."


def _new_url(release: PlannedRelease) -> SetSetting | None:
    """Return the step that makes the function's URL, if there is one."""
    for step in release.steps:
        if isinstance(step, SetSetting) and step.part == "url" and not step.exists:
            return step
    return None


def planned_outputs(
    wanted: Mapping[str, PlannedOutput],
    secrets: Secrets,
    snapshot: Snapshot,
    planned: Mapping[str, Planned],
    *,
    reverts: bool,
) -> tuple[dict[str, PlannedOutput], tuple[PlannedDiagnostic, ...]]:
    """Return the outputs with every value filled in that the plan knows, and which have none.

    A revert goes back all the same: it says at its end what it could not evaluate.
    """
    settled = settled_by(snapshot, planned)
    outputs: dict[str, PlannedOutput] = {}
    problems: list[PlannedDiagnostic] = []
    severity: Severity = "warning" if reverts else "error"
    for name, output in wanted.items():
        known = None
        if output.unknown and not output.sensitive and output.residual is not None:
            try:
                known = secrets.known_output(name, output.residual, settled)
            except EvaluationError as error:
                problems.extend(
                    PlannedDiagnostic(
                        severity=severity,
                        summary=one.summary,
                        detail=one.detail,
                        address=one.address,
                    )
                    for one in error.diagnostics
                )
        outputs[name] = output if known is None else _foreseen_output(output, known)
    return outputs, tuple(problems)


def _foreseen_output(output: PlannedOutput, value: JsonValue) -> PlannedOutput:
    """Return an output with its value; what the apply really makes of it is evaluated then."""
    return output.model_copy(update={"value": value, "unknown": False})


def output_changes(outputs: Mapping[str, PlannedOutput], snapshot: Snapshot) -> tuple[str, ...]:
    """Return the names of outputs that the next revision will record differently."""
    earlier = recorded_outputs(snapshot.revision)
    present = {name: recorded_output(output) for name, output in outputs.items()}
    names = {*earlier, *present}
    return tuple(sorted(name for name in names if earlier.get(name) != present.get(name)))


def recorded_output(output: PlannedOutput) -> dict[str, JsonValue]:
    """Return an output as a revision records it: a secret as its residual expression."""
    if output.sensitive:
        return {"value": None, "sensitive": True, "residual": output.residual}
    return {"value": output.value, "sensitive": False, "residual": None}
