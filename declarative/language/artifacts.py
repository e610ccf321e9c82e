"""The artifact of a release: what is deployed, and what ``self.artifact`` reads of it.

A service may have several, by name, of which one is deployed; an override lays attributes
over the one of the same name, or takes its place with another kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeAlias

from declarative.errors import EvaluationError
from declarative.language.calls import FunctionError
from declarative.language.content import Written, locate, validated
from declarative.language.declarations import twice
from declarative.language.evidence import blaming
from declarative.language.expressions import evaluate
from declarative.language.functions.re2 import compile_pattern
from declarative.language.grammar_release import ARTIFACTS
from declarative.language.nesting import lay_nested, read_nested
from declarative.language.problems import NOT_KNOWN, suggestion
from declarative.language.scopes import group
from declarative.language.sections import Placed, blocks, plain_text
from declarative.language.types import convert
from declarative.language.values import NULL, STRING, Value
from declarative.model import artifact_config as config
from declarative.model.artifacts import EcrArtifact, LocalArtifact, S3Artifact
from declarative.model.bound import OtherArtifact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from declarative.errors import SourceRange
    from declarative.language.entities import Evaluation
    from declarative.language.expressions import Scope
    from declarative.language.instances import Instance
    from declarative.language.memo import Memo
    from declarative.language.sections import Section


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
    def evaluation(self) -> Evaluation:
        """Where connectors are found."""
        ...

    @property
    def memo(self) -> Memo:
        """Where evaluated attributes are remembered."""
        ...

    def within(self, scope: Scope) -> Scope:
        """Return ``scope`` with the release's ``self``."""
        ...

    def parents(self) -> Iterator[tuple[Section, Scope]]:
        """Yield the service and the overrides of it; the later wins."""
        ...


class _Source(NamedTuple):
    """One artifact: its kind, and the blocks that say what it is, the later over the earlier."""

    kind: str
    blocks: tuple[Placed, ...]


Found: TypeAlias = LocalArtifact | S3Artifact | EcrArtifact | OtherArtifact

_CONNECTORS: Final = {"s3": "aws", "ecr": "aws"}
"""The kind of connector that each kind of artifact is reached with, where it differs."""


def artifact_of(release: Deployed) -> Found:
    """Return the artifact that a release deploys; the others are judged as well.

    Raises:
        EvaluationError: with everything that is wrong with any of them.
    """
    sources = _sources(release)
    found = {name: _read(release, source) for name, source in sources.items()}
    return found[_primary(release, sources)]


def _read(release: Deployed, source: _Source) -> Found:
    service, expected = release.service.section, ARTIFACTS[source.kind]
    written = Written()
    for placed in source.blocks:
        whole = placed.section in service.children
        over = read_nested(placed.section, placed.scope, expected, whole=whole)
        lay_nested(written, over, expected)
    last = source.blocks[-1]
    if source.blocks[0].section not in service.children:
        _check_whole(source, written)
    connector = _connector(release, source) if "connector" in expected.attributes else None
    content = validated(written, config.ARTIFACTS[source.kind], last.section.range)
    for name, value in content:
        if name.endswith("_regex") and value is not None:
            _check_pattern(value, locate(written, (name,), last.section.range))
    match content:
        case config.LocalArtifactConfig(path=path, exclude=exclude):
            return LocalArtifact(path=path, exclude=exclude)
        case config.S3ArtifactConfig(key=str(key), bucket=bucket):
            return S3Artifact(
                bucket=bucket, key=key, version_id=content.version_id, region=content.region
            )
        case config.EcrArtifactConfig(tag_regex=None):
            return EcrArtifact(
                repository=content.repository,
                tag=content.tag,
                digest=content.digest,
                registry_id=content.registry_id,
                region=content.region,
            )
        case _:
            return OtherArtifact(source.kind, content, connector)


def _check_whole(source: _Source, written: Written) -> None:
    """Refuse an artifact that takes another's place and lacks what its kind needs."""
    expected = ARTIFACTS[source.kind]
    said = {*written.content, *written.failed}
    said.update(name for placed in source.blocks for name in placed.section.attributes)
    missing = [name for name, must in expected.attributes.items() if must and name not in said]
    missing.extend(" or ".join(one) for one in expected.choices if not said.intersection(one))
    if missing:
        raise EvaluationError.of(
            "Missing attribute",
            f"This artifact takes the place of one of another kind, so it needs all of its own: "
            f"{', '.join(missing)}.",
            range=source.blocks[-1].section.range,
        )


def _check_pattern(pattern: str, place: SourceRange) -> None:
    try:
        compile_pattern(pattern)
    except FunctionError as error:
        raise EvaluationError.of("Invalid pattern", error.message, range=place) from error


def _connector(release: Deployed, source: _Source) -> str | None:
    """Return the address of the connector that an artifact names."""
    for placed in reversed(source.blocks):
        expression = placed.section.expression("connector")
        if expression is None:
            continue
        with blaming(expression, placed.scope):
            value = evaluate(expression, placed.scope)
            if not value.is_null:
                kind = _CONNECTORS.get(source.kind, source.kind)
                evaluation = release.evaluation
                return evaluation.referred(value, "connector", expression.range, kind).address
    return None


def artifact_value(release: Deployed) -> Value:
    """Return ``self.artifact``: its kind and what is written, null where nothing is.

    Each attribute is evaluated alone, so that one may read another.

    Raises:
        EvaluationError: there is no artifact of a kind that can be read.
    """
    sources = _sources(release)
    source = sources[_primary(release, sources)]
    readable = ARTIFACTS[source.kind].content

    def find(name: str) -> Value | None:
        if name == "kind":
            return Value(STRING, source.kind)
        if name not in readable:
            return None
        label = f"{release.address} self.artifact.{name}"
        return release.memo.get(label, lambda: _attribute(source, name))

    return group(find, lambda: ("kind", *readable))


def _attribute(source: _Source, name: str) -> Value:
    """Return what the last block that says it, or says its alternative, gives."""
    rivals = config.ALTERNATIVES.get(source.kind, ())
    for placed in reversed(source.blocks):
        expression = placed.section.expression(name)
        if expression is not None:
            value = evaluate(expression, placed.scope)
            if not value.is_null:
                return _as_text(name, value, expression.range)
        if name in rivals and placed.section.attributes.keys() & set(rivals):
            break
    return NULL


def _as_text(name: str, value: Value, place: SourceRange) -> Value:
    if isinstance(value.content, dict | tuple):
        return value
    try:
        return convert(value, STRING)
    except EvaluationError as error:
        said = f"{name} must be a string."
        raise EvaluationError.of("Invalid value", said, range=place) from error


def _sources(release: Deployed) -> dict[str, _Source]:
    """Return the artifacts of a release by name; one without is called nothing."""
    found: dict[str, _Source] = {}
    for body, scope in release.parents():
        seen: dict[str, Placed] = {}
        for placed in blocks(body, "artifact", scope):
            kind, *rest = placed.labels
            if kind not in ARTIFACTS:
                continue  # the check of names has reported it
            name = rest[0] if rest else ""
            if body is not release.service.section and not rest and found:
                name = _primary(release, found)
            first = seen.setdefault(name, placed)
            if first is not placed:
                what = f'artifact "{name}"' if name else "An artifact without a name"
                said = twice(what, first.section.range)
                raise EvaluationError.of(*said, range=placed.section.range)
            before = found.get(name)
            under = before.blocks if before and before.kind == kind else ()
            found[name] = _Source(kind, (*under, placed))
    if not found:
        # Reported by the check of names; here it is only a value that is missing.
        place = release.service.section.range
        raise EvaluationError.of(NOT_KNOWN, "There is no artifact.", range=place)
    return found


def _primary(release: Deployed, sources: dict[str, _Source]) -> str:
    """Return the name of the artifact that is deployed."""
    section = release.service.section
    expression = section.expression("primary_artifact")
    if expression is None:
        if len(sources) == 1:
            return next(iter(sources))
        raise EvaluationError.of(
            "Which artifact?",
            f"{release.service.address} has {len(sources)} artifacts; say which of them is "
            "deployed: primary_artifact = NAME.",
            range=section.range,
        )
    scope = release.within(release.service.scope)
    with blaming(expression, scope):
        name = plain_text(evaluate(expression, scope), "primary_artifact", expression.range)
    if name not in sources:
        raise EvaluationError.of(
            "No such artifact",
            f'{release.service.address} has no artifact called "{name}".'
            f"{suggestion(name, sources)}",
            range=expression.range,
        )
    return name
