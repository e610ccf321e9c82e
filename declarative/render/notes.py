"""What a plan says of a release besides its parts, in a few words each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from declarative.model.durations import shown_duration
from declarative.model.plan import Action
from declarative.model.steps import PublishCheckpoint, StagePackage, WakeVersion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from declarative.model.plan import Change, PlannedRelease
    from declarative.model.steps import Step
    from declarative.model.traffic import Pause

_MEGABYTE: Final = 1024**2


def notes_of(function: Change | None, planned: PlannedRelease | None) -> tuple[str, ...]:
    """Return why the function changes, and what the apply does on the way."""
    notes: list[str] = []
    if function is not None and function.reason:
        adopted = function.action is Action.ADOPT
        notes.append(f"adopted: {function.reason}" if adopted else function.reason)
    return (*notes, *(_of_release(planned) if planned else ()))


def _of_release(planned: PlannedRelease) -> Iterator[str]:
    if planned.publishes:
        yield ": ".join(filter(None, ("publishes a version", planned.version_reason)))
    elif planned.version is not None and planned.aliases:
        yield ": ".join(filter(None, ("publishes nothing", planned.version_reason)))
    yield from filter(None, map(_of_step, planned.steps))
    for name, move in planned.aliases.items():
        if move.schedule:
            yield f"alias {name} moves in steps: {_steps(move.schedule)}"


def _of_step(step: Step) -> str | None:
    match step:
        case StagePackage():
            return _staged(step)
        case PublishCheckpoint():
            return "publishes $LATEST as it is first, since no recorded version holds it"
        case WakeVersion(asleep=True, version=version):
            return (
                f"version {version} is inactive: it is invoked, and waited for, before traffic "
                "moves"
            )
        case _:
            return None


def _staged(step: StagePackage) -> str:
    size = f" of {_size(step.size)}" if step.size is not None else ""
    after = "kept there" if step.staged.keep else "deleted there afterwards"
    return f"the package{size} is staged in s3://{step.staged.bucket} and {after}"


def _size(count: int) -> str:
    return f"{count / 1024**2:.1f} MB" if count >= _MEGABYTE else f"{count / 1024:.1f} kB"


def _steps(schedule: tuple[Pause, ...]) -> str:
    """Return weights over time, such as ``10% for 5m, 50% for 5m, then 100%``."""
    *pauses, _ = schedule
    shown = (
        f"{pause.weight}% until it is resumed"
        if pause.seconds is None
        else f"{pause.weight}% for {shown_duration(pause.seconds)}"
        for pause in pauses
    )
    return f"{', '.join(shown)}, then 100%"
