"""What the steps of one release work with, and how far they have come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from declarative.engine.ports import (
    Artifacts,
    Code,
    FunctionWriter,
    ObservedAlias,
    ObservedFunction,
    S3Code,
)
from declarative.engine.waiting import Patience

if TYPE_CHECKING:
    from pydantic import JsonValue

    from declarative.engine.setting_calls import Seen
    from declarative.model.desired import DesiredRelease
    from declarative.model.fields import Path
    from declarative.model.staging import StagedObject
    from declarative.model.steps import Target


@dataclass(frozen=True, slots=True)
class Staged:
    """A package in a bucket.

    Attributes:
        code_sha256: The ``CodeSha256`` that Lambda answers for it.
        again: Puts it there once more, where it is gone.
    """

    code: Code
    code_sha256: str
    again: Callable[[], Code]


@dataclass(slots=True)
class Progress:
    """How far one release has come; changed by its steps only, one thread at a time.

    Attributes:
        function: ``$LATEST`` as AWS answered last; None before it is created.
        aliases: Aliases as AWS answered last, by name.
        published: Versions this run published or found, by number.
        version: The version that new and moved aliases follow.
        settings: What surrounds them as AWS answered last, by part.
        stale: Aliases whose ``RevisionId`` is another one since they were read.
        deleted: Functions that were deleted.
        touched: Whether any step of the release was begun.
        staged: The package in a bucket; None: it goes with the call.
        created: Whether this run created the function.
    """

    function: ObservedFunction | None = None
    aliases: dict[str, ObservedAlias] = field(default_factory=dict)
    published: dict[str, ObservedFunction] = field(default_factory=dict)
    version: str | None = None
    settings: dict[str, Seen] = field(default_factory=dict)
    stale: set[str] = field(default_factory=set)
    deleted: set[Target] = field(default_factory=set)
    touched: bool = False
    staged: Staged | None = None
    created: bool = False


@dataclass(frozen=True, slots=True)
class Workplace:
    """What the steps of one release work with.

    Attributes:
        values: Values of secret and unknown leaves, by path, resolved before the first step.
        is_same_artifact: Asks whether the artifact is still what was planned.
        stage: Puts a package into its bucket, if it is not there; or looks there afresh.
        elsewhere: Gives the writer for another target (a replaced function).
    """

    name: str
    desired: DesiredRelease | None
    writer: FunctionWriter
    artifacts: Artifacts
    is_same_artifact: Callable[[], bool]
    stage: Callable[[StagedObject, Callable[[], bytes], bool], S3Code]
    values: Mapping[Path, JsonValue] = field(repr=False)
    elsewhere: Callable[[Target], FunctionWriter]
    patience: Patience
    progress: Progress
