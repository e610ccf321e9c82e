"""Secrets between a plan, which never holds one, and an apply, which needs them.

A plan made in this process keeps its secrets in memory (`Secrets.literals`); a saved plan
evaluates each residual expression again, from variables and the environment. Both ways
end in `Secrets.value`, so that apply does not know which one it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from declarative.errors import (
    ConfigurationError,
    Diagnostic,
    EvaluationError,
    LamformError,
    RemoteError,
    StalePlanError,
)
from declarative.language.expressions import evaluate
from declarative.language.pins import sources_in, unpinned
from declarative.language.plain import deep_marks, json_of, to_python, without_marks
from declarative.language.saved import with_sources
from declarative.language.syntax import parse_expression
from declarative.language.world import SecretText
from declarative.model.bound import BoundRelease, Connector
from declarative.model.desired import SETTINGS, ConnectorSettings, Residual
from declarative.model.fields import LEAVES, Path
from declarative.model.parts import kind_of
from declarative.model.values import RESIDUAL, Pending, Sensitive

if TYPE_CHECKING:
    from pydantic import JsonValue

    from declarative.engine.ports import SecretStore
    from declarative.language.expressions import Scope
    from declarative.language.values import Value
    from declarative.language.world import Home, SecretSource

ReleaseLookup = Callable[[str, tuple[str, ...]], "JsonValue"]
"""Gives ``release.X`` attributes by address and path; None for one not known yet."""


_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where the values come from that no plan may hold.

    Attributes:
        scope: Makes the scope in which residual expressions are evaluated.
        store: Reads what residual expressions name.
        literals: Values known in this process, by release and path.
        connectors: The files' connectors with their credentials, by address.
        settings: Other connectors, without their secrets.
    """

    scope: Callable[[ReleaseLookup], Scope]
    store: SecretStore
    literals: Mapping[tuple[str, Path], JsonValue] = field(default_factory=dict, repr=False)
    connectors: Mapping[str, Connector] = field(default_factory=dict, repr=False)
    settings: Mapping[str, ConnectorSettings] = field(default_factory=dict)

    def knowing(self, settings: Mapping[str, ConnectorSettings]) -> Secrets:
        """Return the same with the connectors of a plan."""
        return replace(self, settings={**self.settings, **settings})

    def value(self, release: str, residual: Residual, lookup: ReleaseLookup) -> JsonValue:
        """Return the value that belongs at ``residual.path`` of ``release``.

        Raises:
            ConfigurationError: the value was written literally in files that are not here.
            EvaluationError: the expression cannot be evaluated (a variable is not given).
            StalePlanError: the version of a secret that was reviewed is gone.
            RemoteError: a secret cannot be read.
        """
        known = (release, residual.path)
        if known in self.literals:
            return self.literals[known]
        if residual.expression is None:
            raise ConfigurationError.of(
                "A secret cannot be reproduced",
                f"The value of {'.'.join(residual.path)} is written literally in the files, so "
                "the saved plan cannot carry it. Take it from a sensitive variable, or from "
                "getenv(), and plan again.",
                address=release,
            )
        return self.evaluate(residual.expression, lookup)

    def evaluate(self, expression: str, lookup: ReleaseLookup) -> JsonValue:
        """Return the plain value of a residual expression."""
        return _revealed(self._value(expression, lookup))

    def known(self, expression: str, lookup: ReleaseLookup) -> JsonValue:
        """Return the value of a residual expression, or None while part of it is unknown."""
        value = self._value(expression, lookup)
        has_unknown, _ = deep_marks(value)
        return None if has_unknown else _revealed(value)

    def known_output(self, name: str, expression: str, lookup: ReleaseLookup) -> JsonValue:
        """Return what `known` does, and None as well where a secret in it cannot be read.

        An output is worth less than the apply, or the revert, that it is an output of.

        Raises:
            EvaluationError: the expression of the output ``name`` has no value.
        """
        try:
            return self.known(expression, lookup)
        except LamformError as error:
            if sources_in(expression):
                return None
            left = expression if len(expression) <= _LONGEST else expression[: _LONGEST - 1] + "…"
            raise EvaluationError(
                tuple(
                    Diagnostic(
                        one.summary,
                        f"{one.detail} With what is known it was left to evaluate {left}.",
                        address=f"output.{name}",
                    )
                    for one in error.diagnostics
                )
            ) from error

    def _value(self, expression: str, lookup: ReleaseLookup) -> Value:
        scope = self.scope(lookup)
        if sources_in(expression):
            scope = with_sources(scope, _Stored(self), {*self.connectors, *self.settings})
        return evaluate(parse_expression(expression, "<plan>"), scope)

    def connector(self, settings: ConnectorSettings) -> Connector:
        """Return the connector with its credentials: the files' own, or the recorded one.

        Raises:
            RemoteError: a credential was written literally in files that are not here.
        """
        if settings.address in self.connectors:
            return self.connectors[settings.address]
        return Connector(
            address=settings.address,
            region=settings.region,
            endpoint_url=settings.endpoint_url,
            credentials={
                name: self._credential(settings.address, name, value)
                for name, value in settings.credentials.items()
            },
            assume_role=settings.assume_role,
            allowed_account_ids=settings.allowed_account_ids,
            quota_share=settings.quota_share,
            retry=settings.retry,
        )

    def _credential(self, address: str, name: str, value: JsonValue) -> object:
        if not isinstance(value, dict) or RESIDUAL not in value:
            return value
        expression = value[RESIDUAL]
        if not isinstance(expression, str):
            raise RemoteError.of(
                "Credentials are not available",
                f"{name} of {address} is written literally in files that are not here. Take it "
                "from a sensitive variable, or use the default credentials.",
                address=address,
            )
        return Sensitive(self.evaluate(expression, lambda *_: None), expression)


@dataclass(frozen=True, slots=True)
class _Stored:
    """The sources of residual expressions: exactly what they name, or an error."""

    secrets: Secrets

    def home(self) -> Home | None:
        """Return nothing: residuals name connector and region."""
        return None

    def secret(self, source: SecretSource) -> SecretText:
        """Return a secret.

        Raises:
            StalePlanError: it is gone.
            RemoteError: it cannot be read.
        """
        known = self.secrets.connectors.get(source.connector)
        connector = known or self.secrets.connector(self.secrets.settings[source.connector])
        found = self.secrets.store.secret(source, connector)
        if isinstance(found, SecretText):
            return found
        if found.obstacle != "missing":
            raise found.error
        version = f" in version {source.version}" if source.version else ""
        raise StalePlanError.of(
            "A secret is gone",
            f'{source.service}("{source.name}") of {source.region} is no longer there{version}, '
            f"which is what was reviewed ({source.connector}). Make a new plan.",
        )


def _revealed(value: Value) -> JsonValue:
    """Return the plain content of a value whatever its marks."""
    plain: JsonValue = json_of(to_python(without_marks(value)))  # type: ignore[assignment] # it is JSON
    return plain


def settings_of(connector: Connector) -> ConnectorSettings:
    """Return a connector without its secrets."""
    return ConnectorSettings(
        address=connector.address,
        region=connector.region,
        endpoint_url=connector.endpoint_url,
        credentials={name: _without_secret(value) for name, value in connector.credentials.items()},
        assume_role={name: _without_secret(value) for name, value in connector.assume_role.items()},
        allowed_account_ids=connector.allowed_account_ids,
        quota_share=connector.quota_share,
        retry=connector.retry,
    )


def _without_secret(value: object) -> JsonValue:
    if isinstance(value, Sensitive | Pending):
        # Credentials are always the present ones: an old version of them opens nothing.
        return {RESIDUAL: None if value.residual is None else unpinned(value.residual)}
    return value  # type: ignore[return-value] # the models of configuration hold JSON only


def credential_residuals(settings: ConnectorSettings) -> tuple[str, ...]:
    """Return the expressions that give a connector's secrets again."""
    found = (
        value[RESIDUAL]
        for value in (*settings.credentials.values(), *settings.assume_role.values())
        if isinstance(value, dict) and RESIDUAL in value
    )
    return tuple(expression for expression in found if isinstance(expression, str))


def literals_of(releases: tuple[BoundRelease, ...]) -> Mapping[tuple[str, Path], JsonValue]:
    """Return every secret that binding has evaluated, by release and path."""
    return {
        (release.address, path): value.value
        for release in releases
        for path, value in marked_leaves_of(release)
        if isinstance(value, Sensitive)
    }


def marked_leaves_of(release: BoundRelease) -> tuple[tuple[Path, Sensitive | Pending], ...]:
    """Return the secret and unknown leaves of a release's function and of what surrounds it."""
    around = (
        ((SETTINGS, part, *path), value)
        for part, written in release.surroundings.items()
        for path, _ in kind_of(part).leaves
        if isinstance(value := _at(written, path), Sensitive | Pending)
    )
    return (*marked_leaves(release.function), *around)


def marked_leaves(function: Mapping[str, object]) -> tuple[tuple[Path, Sensitive | Pending], ...]:
    """Return the secret and unknown leaves of a function block with their paths."""
    found: list[tuple[Path, Sensitive | Pending]] = []

    def visit(value: object, path: Path) -> None:
        if value is None:
            return
        if isinstance(value, Sensitive | Pending):
            found.append((path, value))
        elif isinstance(value, Mapping):
            for name, item in value.items():
                visit(item, (*path, name))

    for path in LEAVES:
        if path[0] in function:
            visit(_at(function, path), path)
    return tuple(found)


def _at(function: Mapping[str, object], path: Path) -> object:
    value: object = function
    for name in path:
        if value is None:
            return None
        if not isinstance(value, Mapping):
            return value if isinstance(value, Sensitive | Pending) else None
        value = value.get(name)
    return value
