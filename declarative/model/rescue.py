"""What an apply did, kept in a file because state could not be told."""

from __future__ import annotations

from typing import Literal, Self

from declarative.model.base import Frozen, Json
from declarative.model.canonical import canonical_json, digest
from declarative.model.plan import BackendAddress, Base
from declarative.model.revision import ReleaseRecord

RESCUE_FORMAT = "1.0"


class RescuedRevision(Frozen):
    """The revision that could not be recorded, as far as it does not depend on head."""

    status: str
    author: str
    created_at: str
    message: str
    plan_id: str | None
    git_commit: str | None
    reverts: int | None
    details: dict[str, Json]


class RecoveryFile(Frozen):
    """All that state was to be told of a run. No secret is in it, as none is in state.

    Attributes:
        state: What tells the project's state from any other: the SHA-256 of its key.
        backend: Where it was, as the files said.
        run: The run, which stays open in that state.
        base: The revision it began on.
        records: The record of each release it touched; None where the release is gone.
        unknown: Releases that could not be looked at afterwards.
        seal: The SHA-256 of everything else.
    """

    format_version: str = RESCUE_FORMAT
    kind: Literal["recovery"] = "recovery"
    project: str
    state: str
    backend: BackendAddress
    run: str
    base: Base
    revision: RescuedRevision
    records: dict[str, ReleaseRecord | None]
    unknown: tuple[str, ...] = ()
    seal: str = ""

    def sealed(self) -> Self:
        """Return this document with its seal."""
        return self.model_copy(update={"seal": self._digest()})

    @property
    def is_whole(self) -> bool:
        """Whether the content is what was sealed."""
        return self.seal == self._digest()

    def to_bytes(self) -> bytes:
        """Return the content of the file: canonical JSON."""
        return canonical_json(self.model_dump(mode="json"))

    def _digest(self) -> str:
        return digest(self.model_dump(mode="json", exclude={"seal"}))
