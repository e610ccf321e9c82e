"""What state records of a release: what AWS answered after the apply, never what was hoped.

One record is one content-addressed object in the backend; a revision maps release
addresses to records. The record also keeps what was desired, so that a revert can plan
that revision again, and everything needed to reach the function when the files no
longer mention it.
"""

from __future__ import annotations

from typing import Final, Literal

from declarative.model.base import Frozen, Json
from declarative.model.canonical import canonical_json
from declarative.model.desired import ConnectorSettings, DesiredRelease
from declarative.model.fields import Path
from declarative.model.steps import Target
from declarative.model.stored import read

RECORD_FORMAT = "1.0"
KEPT_VERSIONS = 100
"""How many published versions a record remembers; older ones lose only the fast path."""

NOTHING = "nothing"
"""What stands among held digests where the files wanted the release to be gone."""

EDITED: Final = "edited"
"""The status of a revision that changed state and nothing else, and of what it edited."""

ReleaseStatus = Literal["applied", "edited", "failed", "interrupted", "recovered", "rolled_back"]


class RecordedFunction(Frozen):
    """The function as it was observed after the last step.

    Attributes:
        attributes: The whole configuration in normal form; environment values that the
            files do not show plainly are fingerprints.
        declared: The leaves that lamform manages; after an apply that did not end well,
            those it managed before as well.
        code_accepted: Whether the code was put there by somebody else and accepted since: it
            tells nothing of the artifact.
    """

    arn: str
    attributes: dict[str, Json]
    declared: tuple[Path, ...]
    code_sha256: str
    code_size: int
    revision_id: str | None = None
    code_accepted: bool = False


class RecordedAlias(Frozen):
    """An alias as it was observed."""

    arn: str
    function_version: str
    description: str = ""
    routing: dict[str, float] = {}
    revision_id: str | None = None


class RecordedSetting(Frozen):
    """What surrounds the function or an alias, as it was observed.

    Attributes:
        attributes: All of it in normal form; what the files hide is a fingerprint.
        statement_id: Under which id AWS has it, for a permission.
        url: The address that AWS gave it, for a URL.
    """

    attributes: dict[str, Json]
    statement_id: str | None = None
    url: str | None = None


class RecordedVersion(Frozen):
    """A published version whose content is known: code and configuration as one digest."""

    version: str
    content: str
    code_sha256: str


class Leftover(Frozen):
    """A function that a release has moved away from, and that is still to be deleted."""

    target: Target
    connector: ConnectorSettings


class ReleaseRecord(Frozen):
    """All that is recorded of one release.

    Attributes:
        settings: What surrounds function and aliases, by part.
        status: How the apply ended that made it; ``edited`` where a part was accepted from AWS
            or forgotten since, so that it is no state that an apply has made.
        version: The version that holds this record's code and configuration.
        versions: Known versions, newest last, at most `KEPT_VERSIONS`.
        held: Digests of what the files wanted when a revert went back from it; while
            they still want one of these, the release is held.
        plan_id: The plan that was applied; a plan is used once per release.
        leftovers: Functions that an apply cut short was to delete and did not.
        created: Whether lamform created the function, and did not adopt it.
    """

    format_version: str = RECORD_FORMAT
    address: str
    status: ReleaseStatus
    plan_id: str | None
    desired: DesiredRelease
    connector: ConnectorSettings
    function: RecordedFunction | None
    tags: dict[str, str] | None
    aliases: dict[str, RecordedAlias] = {}
    version: str | None = None
    versions: tuple[RecordedVersion, ...] = ()
    held: tuple[str, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    settings: dict[str, RecordedSetting] = {}
    created: bool = False

    def to_bytes(self) -> bytes:
        """Return the object that the backend stores."""
        return canonical_json(self.model_dump())

    @property
    def parts(self) -> frozenset[str]:
        """The settings that lamform manages: what is there, and what an apply was to make.

        An apply that was cut short may have made what no record names.
        """
        return frozenset(self.settings) | frozenset(self.desired.settings)

    @classmethod
    def from_bytes(cls, data: bytes) -> ReleaseRecord:
        """Return the record stored as ``data``.

        Raises:
            LamformError: a newer version wrote it, or it is damaged.
        """
        return read(cls, data, "The record of a release")
