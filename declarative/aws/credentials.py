"""An SDK session from a connector: whose credentials, through which role, counted how."""

from __future__ import annotations

import threading
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from declarative.aws.quotas import quota_of
from declarative.aws.web_identity import ServiceAccount, TokenSource, WebIdentity
from declarative.errors import ConfigurationError, Diagnostic
from declarative.model.values import Pending, Sensitive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from botocore.credentials import CredentialProvider, Credentials
    from botocore.session import Session

    from declarative.model.bound import Connector

_FALLBACK_REGION: Final = "us-east-1"
"""Where STS is asked when neither connector nor environment names a region."""


class CallCounter:
    """Counts requests by operation and by quota, each attempt for itself; safe for threads."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._quotas: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, event_name: str, **_: object) -> None:
        """Take the SDK's ``before-send.SERVICE.OPERATION`` event."""
        service, _dot, operation = event_name.removeprefix("before-send.").partition(".")
        with self._lock:
            self._counts[operation] += 1
            self._quotas[quota_of(service, operation)] += 1

    def counts(self) -> Mapping[str, int]:
        """Return the counts so far."""
        with self._lock:
            return dict(self._counts)

    def quotas(self) -> Mapping[str, int]:
        """Return the counts so far by quota; see `declarative.aws.quotas`."""
        with self._lock:
            return dict(self._quotas)


def sdk_session(connector: Connector, counter: CallCounter, environ: Mapping[str, str]) -> Session:
    """Return a session with the connector's credentials; no call is made yet.

    Tokens of identity providers are looked up in ``environ``.

    Raises:
        ConfigurationError: a setting is not known yet, or the kind of credentials is unknown.
    """
    session = _own_session(connector, environ)
    # First, because whoever answers in place of the network ends the event.
    session.get_component("event_emitter").register_first("before-send", counter)
    role = {key: plain(connector, value) for key, value in connector.assume_role.items()}
    if not role.get("role_arn"):
        return session
    assumed = _session_from(lambda _: _AssumedRole(session, connector, role))
    assumed.get_component("event_emitter").register_first("before-send", counter)
    return assumed


def sts_region(session: Session, connector: Connector) -> str:
    """Return the region in which STS is asked about a connector."""
    return connector.region or session.get_config_variable("region") or _FALLBACK_REGION


def plain(connector: Connector, value: object) -> Any:
    """Return a connector's setting with its secret, if it is one.

    Raises:
        ConfigurationError: the setting will be known only once something is applied.
    """
    if isinstance(value, Pending):
        raise ConfigurationError(
            (
                Diagnostic(
                    "Credentials are not known yet",
                    f"{connector.address} needs {value.residual}, which cannot be read here, or "
                    "exists only after an apply. Take credentials from the environment or a "
                    "variable.",
                    address=connector.address,
                ),
            )
        )
    return value.value if isinstance(value, Sensitive) else value


def _new_session(profile: str | None = None) -> Session:
    from botocore.session import Session

    return Session(profile=profile)


def _session_from(provide: Callable[[Session], object]) -> Session:
    """Return a session whose credentials come from one provider alone."""
    from botocore.credentials import CredentialResolver

    session = _new_session()
    provider = cast("CredentialProvider", provide(session))
    session.register_component("credential_provider", CredentialResolver([provider]))
    return session


def _creator(session: Session, connector: Connector) -> Callable[..., Any]:
    return partial(
        session.create_client,
        region_name=sts_region(session, connector),
        endpoint_url=connector.endpoint_url,
    )


def _own_session(connector: Connector, environ: Mapping[str, str]) -> Session:
    given = {key: plain(connector, value) for key, value in connector.credentials.items()}
    match given.get("kind", "default"):
        case "default":
            return _new_session()
        case "profile":
            return _new_session(given["name"])
        case "static":
            session = _new_session()
            session.set_credentials(
                given["access_key_id"], given["secret_access_key"], given.get("session_token")
            )
            return session
        case "irsa":
            return _session_from(
                lambda session: ServiceAccount(
                    _creator(session, connector), connector.address, environ
                )
            )
        case "oidc":
            token = TokenSource(connector.address, given, environ)
            return _session_from(
                lambda session: WebIdentity(_creator(session, connector), token, given["role_arn"])
            )
        case kind:
            raise ConfigurationError(
                (
                    Diagnostic(
                        "Unknown kind of credentials",
                        f'{connector.address} has credentials "{kind}". '
                        'Use "default", "profile", "static", "irsa" or "oidc".',
                        address=connector.address,
                    ),
                )
            )


class _AssumedRole:
    """A source of credentials for the SDK: a role assumed with other credentials.

    The SDK assumes it at the first call that is signed, and again before it expires.
    """

    METHOD = "lamform-assume-role"
    CANONICAL_NAME = "custom-lamform-assume-role"

    def __init__(self, source: Session, connector: Connector, role: Mapping[str, Any]) -> None:
        self._source = source
        self._connector = connector
        self._role = role

    def load(self) -> Credentials:
        from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
        from botocore.exceptions import NoCredentialsError

        credentials = self._source.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=_creator(self._source, self._connector),
            source_credentials=credentials,
            role_arn=self._role["role_arn"],
            extra_args=self._arguments(),
        )
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, self.METHOD)

    def _arguments(self) -> dict[str, Any]:
        found: dict[str, Any] = {"RoleSessionName": self._role.get("session_name") or "lamform"}
        if self._role.get("external_id"):
            found["ExternalId"] = self._role["external_id"]
        if self._role.get("duration"):
            found["DurationSeconds"] = int(self._role["duration"])
        tags = self._role.get("session_tags") or {}
        if tags:
            found["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
        return found
