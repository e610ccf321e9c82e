"""A release as it shall be: normalised, so that it compares with what AWS answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from declarative.model.artifacts import ArtifactIdentity
from declarative.model.base import Frozen, Json
from declarative.model.canonical import digest
from declarative.model.fields import Path, get, put
from declarative.model.retry import QUOTA_SHARE, Retry
from declarative.model.staging import Staging
from declarative.model.traffic import AT_ONCE, Strategy
from declarative.model.values import RESIDUAL, without_fingerprints

SETTINGS = "settings"
"""The first step of paths that lead into a setting around the function, not into it."""


class ConnectorSettings(Frozen):
    """A connector without its secrets, for plans and state.

    Attributes:
        credentials: ``kind`` and the kind's settings; a secret is replaced by
            ``{"$residual": EXPRESSION}``, the residual expression that gives it again
            (null where the files hold it literally).
    """

    address: str
    region: str | None = None
    endpoint_url: str | None = None
    credentials: dict[str, Json]
    assume_role: dict[str, Json] = {}
    allowed_account_ids: tuple[str, ...] = ()
    quota_share: float = QUOTA_SHARE
    retry: Retry = Retry()


class DesiredAlias(Frozen):
    """An alias; without ``function_version`` it follows the release's version.

    Attributes:
        strategy: How it moves: not what is wanted, but how to get there.
    """

    description: str = ""
    function_version: str | None = None
    routing: dict[str, float] = {}
    strategy: Strategy = AT_ONCE


class Residual(Frozen):
    """The expression that gives a secret or unknown value, and where the value belongs.

    Attributes:
        path: Where in the function's attributes; behind `SETTINGS` and a part: in a setting's.
        expression: HCL source; None for a secret written literally in the files.
        source: The expression without the versions of secrets, where it names any.
        sensitive: Whether the value is secret (otherwise it is only not known yet).
    """

    path: Path
    expression: str | None
    sensitive: bool
    source: str | None = None

    @property
    def source_expression(self) -> str | None:
        """What the files say, whatever version of a secret was read."""
        return self.source or self.expression


class DesiredRelease(Frozen):
    """What the files (or an earlier revision) want of one release.

    Attributes:
        function: The declared leaves, nested, in normal form; secrets and unknown values
            are markers (``model.values``).
        declared: The paths of those leaves; everything else is not managed.
        tags: Declared, default and ownership tags; None where tags are not managed.
        tags_exclusive: Whether all other tags are taken away, but for AWS's own.
        settings: What surrounds function and aliases, in normal form, by part: the address
            without the release, such as ``alias.live.permission.apigw``.
        sources: The connectors besides the release's own that its secrets are read with.
        timeout: Seconds that each wait for AWS may take.
        exclusive: Whether its infrastructure is worked on by one run at a time.
        staging: Where its package goes through; None: with the call.
    """

    address: str
    service: str
    infrastructure: str
    environment: str
    connector: ConnectorSettings
    account_id: str
    region: str
    function_name: str
    function: dict[str, Json]
    declared: tuple[Path, ...]
    tags: dict[str, str] | None
    aliases: dict[str, DesiredAlias]
    artifact: ArtifactIdentity
    residuals: tuple[Residual, ...] = ()
    prevent_destroy: bool = False
    depends_on: tuple[str, ...] = ()
    sources: dict[str, ConnectorSettings] = {}
    timeout: float = 600.0
    exclusive: bool = False
    tags_exclusive: bool = False
    settings: dict[str, dict[str, Json]] = {}
    staging: Staging | None = None

    def value_at(self, path: Path) -> Json:
        """Return what is wanted at a residual's path."""
        if path[0] == SETTINGS:
            return get({**self.settings}, path[1:])
        return get(self.function, path)

    def with_values(self, values: Mapping[Path, Json]) -> Self:
        """Return the same with other values at residuals' paths."""
        function, settings = self.function, dict[str, Json](self.settings)
        for path, value in values.items():
            if path[0] == SETTINGS:
                settings = put(settings, path[1:], value)
            else:
                function = put(function, path, value)
        return self.model_copy(update={"function": function, "settings": settings})

    @property
    def function_key(self) -> tuple[str, str, str]:
        """What tells the function from others, however it is reached."""
        return (self.account_id, self.region, self.function_name)

    @property
    def digest(self) -> str:
        """Identity of what is wanted, independent of the project's key.

        A revert holds against this digest: it changes exactly when the files want
        something else of the release.
        """
        wanted = self.model_dump(
            mode="json",
            exclude={
                *("connector", "prevent_destroy", "depends_on", "sources", "residuals"),
                *("aliases", "timeout", "exclusive", "settings", "tags_exclusive", "staging"),
            },
        )
        wanted["aliases"] = {
            name: alias.model_dump(mode="json", exclude={"strategy"})
            for name, alias in self.aliases.items()
        }
        # A rotated secret is the same wish.
        wanted["residuals"] = [
            {
                "path": list(one.path),
                "expression": one.source_expression,
                "sensitive": one.sensitive,
            }
            for one in self.residuals
        ]
        # What it will be is not what is wanted: the expression is.
        said = self.with_values(
            {one.path: {RESIDUAL: one.source_expression} for one in self.residuals}
        )
        wanted["function"] = without_fingerprints(said.function)
        # Named only where there is something to name: the digests that states hold stay true.
        if self.settings:
            wanted["settings"] = without_fingerprints({**said.settings})
        if self.tags_exclusive:
            wanted["tags_exclusive"] = True
        return digest(wanted)
