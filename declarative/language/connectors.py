"""The content of connectors: where credentials come from, and what is at the other end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from declarative.errors import EvaluationError
from declarative.language.content import read_section
from declarative.language.problems import NOT_KNOWN, suggestion
from declarative.language.sections import single
from declarative.model.bound import Connector
from declarative.model.config import declared
from declarative.model.project_config import (
    CREDENTIALS,
    REMOTES,
    AssumeRoleConfig,
    ConnectorConfig,
    OidcCredentials,
    RemoteConfig,
    RetryConfig,
)
from declarative.model.retry import Retry

if TYPE_CHECKING:
    from declarative.language.expressions import Scope
    from declarative.language.instances import Instance
    from declarative.language.sections import Placed, Section

AWS = "aws"


def kind_of(instance: Instance) -> str:
    """Return the kind of a connector or provisioner: its first label."""
    return instance.name.partition(".")[0]


def connector_of(instance: Instance) -> Connector:
    """Return the content of a connector to AWS.

    Raises:
        EvaluationError: with everything that is wrong with it.
    """
    section, scope = instance.section, instance.scope
    config = read_section(section, scope, ConnectorConfig)
    credentials = single(section, "credentials", scope)
    retry = single(section, "retry", scope)
    waits = (
        RetryConfig() if retry is None else read_section(retry.section, retry.scope, RetryConfig)
    )
    return Connector(
        instance.address,
        config.region,
        config.endpoint_url,
        {"kind": "default"} if credentials is None else _credentials(credentials),
        role_of(section, scope),
        dict(config.default_tags),
        config.allowed_account_ids,
        config.quota_share,
        Retry(**waits.model_dump()),
    )


def remote_of(instance: Instance) -> RemoteConfig:
    """Return the content of a connector to something else than AWS.

    Raises:
        EvaluationError: with everything that is wrong with it.
    """
    return read_section(instance.section, instance.scope, REMOTES[kind_of(instance)])


def role_of(section: Section, scope: Scope) -> dict[str, object]:
    """Return what the ``assume_role`` block inside ``section`` says, or nothing.

    Raises:
        EvaluationError: with everything that is wrong with it.
    """
    placed = single(section, "assume_role", scope)
    if placed is None:
        return {}
    given = read_section(placed.section, placed.scope, AssumeRoleConfig)
    return {"session_name": given.session_name} | declared(given)


def _credentials(placed: Placed) -> dict[str, object]:
    kind = placed.labels[0] if placed.labels else ""
    model = CREDENTIALS.get(kind)
    if model is None:
        raise EvaluationError.of(
            # One written out is reported by the check of names.
            "Unknown kind of credentials" if placed.section.type == "content" else NOT_KNOWN,
            f'There are no credentials of kind "{kind}"; known: {", ".join(CREDENTIALS)}.'
            f"{suggestion(kind, CREDENTIALS)}",
            range=placed.section.range,
        )
    written = read_section(placed.section, placed.scope, model)
    kept = {"audience": written.audience} if isinstance(written, OidcCredentials) else {}
    return {"kind": kind, **kept, **declared(written)}
