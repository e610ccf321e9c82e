"""Options that several commands share, declared once."""

from __future__ import annotations

import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from declarative.model.plan import Consent

MOST_REVISIONS: Final = 999_999_999
"""The bound of all numbers of revisions; stores cannot take just any number."""


def revert_target(value: str) -> str:
    """Return TARGET of a revert, unless it is a number that no revision can have."""
    if value.isdecimal() and len(value) > len(str(MOST_REVISIONS)):
        raise typer.BadParameter(f"A number should be less than or equal to {MOST_REVISIONS}.")
    return value


def _finite(value: float) -> float:
    if not math.isfinite(value):  # which comparing with a bound does not tell of "nan"
        raise typer.BadParameter(f"{value} is not a number of seconds.")
    return value


class Format(StrEnum):
    """How a result is written."""

    TEXT = "text"
    JSON = "json"


class Refresh(StrEnum):
    """How AWS is read for a plan."""

    FULL = "full"
    FAST = "fast"
    NONE = "none"


Only: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="RELEASE",
        help="Only these releases: checkout, 'checkout[dev]', 'check*'. Repeatable.",
    ),
]
Exclude: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="RELEASE", help="All but these releases. Repeatable."),
]
Environments: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--environment", metavar="NAME", help="Only releases of this environment. Repeatable."
    ),
]
Variables: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=VALUE", help="Set a variable. Repeatable."),
]
VariableFiles: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option("--var-file", metavar="FILE", help="Read variables from a file. Repeatable."),
]
Destroy: TypeAlias = Annotated[
    bool, typer.Option("--destroy", help="Delete the selected releases instead.")
]
RefreshOption: TypeAlias = Annotated[
    Refresh,
    typer.Option(
        "--refresh",
        help="full: ask AWS; fast: ask about what lists show to have moved; none: trust state.",
    ),
]
RollForward: TypeAlias = Annotated[
    bool,
    typer.Option("--roll-forward", help="End the hold of a revert on the selected releases."),
]
NoAdopt: TypeAlias = Annotated[
    bool, typer.Option("--no-adopt", help="Refuse a plan that would adopt a function.")
]
TakeOver: TypeAlias = Annotated[
    bool,
    typer.Option("--take-over", help="Adopt functions of other projects and of CloudFormation."),
]
AdoptRemovesEnv: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--adopt-removes-env", help="Let adopting remove environment variables nobody declares."
    ),
]
LeaveTriggers: TypeAlias = Annotated[
    bool,
    typer.Option("--leave-triggers", help="Delete functions that event source mappings invoke."),
]


def consent(
    no_adopt: bool, take_over: bool, adopt_removes_env: bool, leave_triggers: bool
) -> Consent:
    """Return what the four options above consent to."""
    return Consent(
        no_adopt=no_adopt,
        take_over=take_over,
        adopt_removes_env=adopt_removes_env,
        leave_triggers=leave_triggers,
    )


FormatOption: TypeAlias = Annotated[
    Format | None, typer.Option("--format", help="How to write the result.", show_default="text")
]
AutoApprove: TypeAlias = Annotated[
    bool, typer.Option("--auto-approve", help="Do not ask before applying.")
]
Message: TypeAlias = Annotated[
    str, typer.Option("--message", metavar="TEXT", help="What the revision says of itself.")
]
Parallelism: TypeAlias = Annotated[
    int, typer.Option("--parallelism", min=1, max=100, help="Releases worked on at once.")
]
LockTimeout: TypeAlias = Annotated[
    float,
    typer.Option(
        "--lock-timeout",
        min=0,
        metavar="SECONDS",
        help="Wait for another run's lease.",
        callback=_finite,
    ),
]
PlanId: TypeAlias = Annotated[
    str | None,
    typer.Option("--plan-id", metavar="ID", help="Apply only the plan reviewed under this id."),
]
NewState: TypeAlias = Annotated[
    bool, typer.Option("--new-state", help="The first apply: start the state.")
]
ShardOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--shard", metavar="I/N", help="Only the I-th of N parts of the saved plan."),
]
RevisionOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--revision",
        min=1,
        max=MOST_REVISIONS,
        metavar="N",
        help="As of this revision, not the newest.",
    ),
]
