"""The artifact of a release: what is deployed, and what ``self.artifact`` reads of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from declarative.errors import EvaluationError
from declarative.language.content import read_section
from declarative.language.expressions import evaluate
from declarative.language.problems import NOT_KNOWN
from declarative.language.scopes import group
from declarative.language.sections import Placed, blocks
from declarative.language.types import convert
from declarative.language.values import NULL, STRING, Value
from declarative.model.artifacts import LocalArtifact, S3Artifact
from declarative.model.config import LocalArtifactConfig, S3ArtifactConfig

if TYPE_CHECKING:
    from declarative.language.expressions import Scope
    from declarative.language.instances import Instance
    from declarative.language.memo import Memo
    from declarative.language.nodes import Expression


class Deployed(Protocol):
    """What an artifact needs to know of the release that deploys it."""

    @property
    def address(self) -> str:
        """The release's address."""
        ...

    @property
    def service(self) -> Instance:
        """The service whose artifact it is."""
        ...

    @property
    def memo(self) -> Memo:
        """Where evaluated attributes are remembered."""
        ...

    def within(self, scope: Scope) -> Scope:
        """Return ``scope`` with the release's ``self``."""
        ...


_READABLE: Final = {"local": ("path",), "s3": ("bucket", "key", "version_id", "region")}


def artifact_of(release: Deployed) -> LocalArtifact | S3Artifact:
    """Return the artifact of a release.

    Raises:
        EvaluationError: with everything that is wrong with it.
    """
    kind, placed = _block(release)
    if kind == "local":
        local = read_section(placed.section, placed.scope, LocalArtifactConfig)
        return LocalArtifact(path=local.path, exclude=local.exclude)
    remote = read_section(placed.section, placed.scope, S3ArtifactConfig)
    return S3Artifact(**dict(remote))


def artifact_value(release: Deployed) -> Value:
    """Return ``self.artifact``: its kind and what is written, null where nothing is.

    Each attribute is evaluated alone, so that one may read another.

    Raises:
        EvaluationError: there is no artifact of a kind that can be read.
    """
    kind, placed = _block(release)

    def find(name: str) -> Value | None:
        if name == "kind":
            return Value(STRING, kind)
        if name not in _READABLE[kind]:
            return None
        expression = placed.section.expression(name)
        if expression is None:
            return NULL
        label = f"{release.address} self.artifact.{name}"
        return release.memo.get(label, lambda: _text(name, expression, placed), expression.range)

    return group(find, lambda: ("kind", *_READABLE[kind]))


def _block(release: Deployed) -> tuple[str, Placed]:
    section, scope = release.service.section, release.within(release.service.scope)
    for placed in blocks(section, "artifact", scope):
        if placed.labels and placed.labels[0] in _READABLE:
            return placed.labels[0], placed
    # Reported by the check of names; here it is only a value that is missing.
    raise EvaluationError.of(NOT_KNOWN, "There is no artifact.", range=section.range)


def _text(name: str, expression: Expression, placed: Placed) -> Value:
    value = evaluate(expression, placed.scope)
    try:
        return convert(value, STRING)
    except EvaluationError as error:
        raise EvaluationError.of(
            "Invalid value", f"{name} must be a string.", range=expression.range
        ) from error
