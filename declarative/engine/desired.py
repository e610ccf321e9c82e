"""From a bound release to the desired one: the same normal form AWS's answers are given.

Nothing is compared here; `normalise` only says what the files want, with secrets as
fingerprints, tags merged and the artifact's identity found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from declarative.engine.observe import hidden_leaf
from declarative.engine.secrets import credential_residuals, marked_leaves_of, settings_of
from declarative.errors import ConfigurationError, Diagnostic
from declarative.language.pins import sources_in, unpinned
from declarative.model import fields
from declarative.model.checks import is_sensitive
from declarative.model.desired import DesiredAlias, DesiredRelease, Residual
from declarative.model.fields import LEAVES, PACKAGE_TYPE, Attributes, Path
from declarative.model.parts import kind_of
from declarative.model.staging import staging_of
from declarative.model.traffic import AT_ONCE
from declarative.model.values import WITHHELD, Fingerprinter, Pending, Sensitive, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import JsonValue

    from declarative.engine.ports import Cloud
    from declarative.engine.withheld import SecretReads
    from declarative.language.world import SecretSource, SecretText
    from declarative.model.artifacts import ArtifactIdentity
    from declarative.model.bound import BoundRelease, Connector
    from declarative.model.desired import ConnectorSettings
    from declarative.model.staging import Staging

OWNERSHIP_TAG = "lamform:project"
"""The tag by which two projects notice that they manage one function."""


@dataclass(frozen=True, slots=True)
class BindingWorld:
    """What binding may ask of the world while it evaluates the files.

    Attributes of other releases that only an apply makes known stay unknown here; the
    planner resolves those whose release does not change.
    """

    cloud: Cloud
    reads: SecretReads | None = None

    def account_id(self, connector: Connector) -> str | None:
        """Return the account of a connector."""
        return self.cloud.account_id(connector)

    def release_attribute(self, address: str, path: tuple[str, ...]) -> object | None:
        """Return nothing: see the class."""
        del address, path
        return None

    def secret(self, source: SecretSource, connector: Connector) -> SecretText | None:
        """Return a secret; None where it cannot be read, or nobody wants it read."""
        return self.reads.read(source, connector) if self.reads else None


def normalise(
    bound: BoundRelease,
    *,
    project: str,
    account_id: str,
    artifact: ArtifactIdentity,
    fingerprinter: Fingerprinter,
    connectors: Mapping[str, Connector] = MappingProxyType({}),
) -> DesiredRelease:
    """Return what the files want of one release, in normal form.

    ``connectors`` are those that its secrets were read with, by address.
    """
    function: Attributes = {}
    declared: list[Path] = []
    residuals = tuple(_residual(*leaf) for leaf in marked_leaves_of(bound))
    for path, field in LEAVES.items():
        given = _read(bound.function, path) if path[0] in bound.function else None
        if given is None:
            continue
        value = (
            hidden_leaf(path, given.value, fingerprinter)
            if isinstance(given, Sensitive)
            else fields.normalise(field, _marked(given, fingerprinter))
        )
        function = fields.put(function, path, value)
        declared.append(path)
    if artifact.package_type != fields.default_of(PACKAGE_TYPE, bound.function_name):
        function = fields.put(function, PACKAGE_TYPE, artifact.package_type)
        declared.append(PACKAGE_TYPE)
    return DesiredRelease(
        address=bound.address,
        service=bound.service,
        infrastructure=bound.infrastructure,
        environment=bound.environment,
        connector=settings_of(bound.connector),
        account_id=account_id,
        region=bound.region,
        function_name=bound.function_name,
        function=function,
        declared=tuple(declared),
        tags=_tags(bound, project),
        aliases=_aliases(bound),
        artifact=artifact,
        residuals=residuals,
        prevent_destroy=bound.prevent_destroy,
        depends_on=tuple(sorted(set(bound.depends_on) - {bound.address})),
        sources=_sources(bound.connector, residuals, connectors),
        timeout=bound.delivery.timeout,
        exclusive=bound.exclusive,
        staging=_staging(bound, artifact),
        tags_exclusive=bound.settings.tags_exclusive,
        settings={
            part: kind_of(part).normal(
                {name: _marked(value, fingerprinter) for name, value in written.items()}
            )
            for part, written in bound.surroundings.items()
        },
    )


def _staging(bound: BoundRelease, artifact: ArtifactIdentity) -> Staging | None:
    place = bound.ranges.get("artifact", bound.ranges.get(""))
    return staging_of(artifact, bound.staging, address=bound.address, place=place)


def _aliases(bound: BoundRelease) -> dict[str, DesiredAlias]:
    return {
        name: DesiredAlias(
            description=alias.config.description,
            function_version=alias.config.function_version,
            routing=dict(alias.config.routing),
            strategy=alias.strategy or bound.delivery.strategy or AT_ONCE,
        )
        for name, alias in sorted(bound.aliases.items())
    }


def _residual(path: Path, value: Sensitive | Pending) -> Residual:
    source = None if value.residual is None else unpinned(value.residual)
    return Residual(
        path=path,
        expression=value.residual,
        sensitive=is_sensitive(value),
        source=None if source == value.residual else source,
    )


def _sources(
    own: Connector, residuals: Iterable[Residual], connectors: Mapping[str, Connector]
) -> dict[str, ConnectorSettings]:
    """Return the other connectors that secrets are read with, and those behind them."""
    found: dict[str, ConnectorSettings] = {}
    expressions = [residual.expression for residual in residuals]
    expressions.extend(credential_residuals(settings_of(own)))
    while expressions:
        for source in sources_in(expressions.pop() or ""):
            address = source.connector
            if address in found or address == own.address or address not in connectors:
                continue
            found[address] = settings_of(connectors[address])
            expressions.extend(credential_residuals(found[address]))
    return dict(sorted(found.items()))


def _read(function: Mapping[str, object], path: Path) -> object:
    value: object = function
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _marked(value: object, fingerprinter: Fingerprinter) -> JsonValue:
    if isinstance(value, Sensitive):
        return fingerprinter.marker(value.value)
    if isinstance(value, Pending):
        return WITHHELD if value.sensitive else unknown(value.residual)
    if isinstance(value, Mapping):
        return {name: _marked(item, fingerprinter) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_marked(item, fingerprinter) for item in value]
    return value  # type: ignore[return-value] # a scalar of JSON


def _tags(bound: BoundRelease, project: str) -> dict[str, str] | None:
    """Return declared over default tags; None where nothing manages tags."""
    if not (
        bound.tags is not None
        or bound.default_tags
        or bound.ownership_tag
        or bound.settings.tags_exclusive
    ):
        return None
    for name, value in (bound.tags or {}).items():
        if not isinstance(value, str):
            raise ConfigurationError.of(
                "A tag cannot be secret or unknown",
                f'The value of tag "{name}" is '
                f"{'sensitive' if is_sensitive(value) else 'not known before the apply'}. "
                "Tags are readable by everyone who may list functions; use a plain value.",
                address=bound.address,
                range=bound.ranges.get("function.tags", bound.ranges.get("")),
            )
    declared = {name: str(value) for name, value in (bound.tags or {}).items()}
    ownership = {OWNERSHIP_TAG: project} if bound.ownership_tag else {}
    return dict(sorted({**bound.default_tags, **declared, **ownership}.items()))


def refingerprint(
    desired: DesiredRelease, values: Mapping[Path, JsonValue], fingerprinter: Fingerprinter
) -> DesiredRelease:
    """Return ``desired`` with fingerprints of the given key and unknown values filled in.

    ``values`` gives values by path, as resolved at apply.
    """
    secret = {residual.path for residual in desired.residuals if residual.sensitive}
    return desired.with_values(
        {
            path: hidden_leaf(path, value, fingerprinter) if path in secret else value
            for path, value in values.items()
        }
    )


def refuse_shared_functions(
    releases: Iterable[DesiredRelease], bound: Iterable[BoundRelease]
) -> None:
    """Refuse two releases that claim one function.

    Raises:
        ConfigurationError: naming both, for every such pair.
    """
    ranges = {release.address: release.ranges.get("") for release in bound}
    claimed: dict[tuple[str, str, str], str] = {}
    problems: list[Diagnostic] = []
    for release in releases:
        function = (release.account_id, release.region, release.function_name)
        first = claimed.setdefault(function, release.address)
        if first != release.address:
            problems.append(
                Diagnostic(
                    "Two releases claim one function",
                    f"{first} and {release.address} both deploy {release.function_name} in "
                    f"{release.region} of account {release.account_id}. Put something that "
                    "differs, such as self.key, into function_name.",
                    address=release.address,
                    range=ranges.get(release.address),
                )
            )
    if problems:
        raise ConfigurationError(tuple(problems))
