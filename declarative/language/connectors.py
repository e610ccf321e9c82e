"""The content of connectors: where credentials come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from declarative.language.content import read_section
from declarative.model.bound import Connector
from declarative.model.config import declared
from declarative.model.project_config import (
    AssumeRoleConfig,
    ConnectorConfig,
    DefaultCredentials,
    StaticCredentials,
)
from declarative.model.values import Sensitive

if TYPE_CHECKING:
    from declarative.language.expressions import Scope
    from declarative.language.instances import Instance
    from declarative.language.sections import Section


def connector_of(instance: Instance) -> Connector:
    """Return the content of a connector.

    Raises:
        EvaluationError: with everything that is wrong with it.
    """
    section, scope = instance.section, instance.scope
    config = read_section(section, scope, ConnectorConfig)
    credentials: dict[str, object] = {"kind": "default"}
    for block in section.named("credentials"):
        credentials = _credentials(block, scope)
    role: dict[str, object] = {}
    for block in section.named("assume_role"):
        given = read_section(block, scope, AssumeRoleConfig)
        role = {"session_name": given.session_name} | declared(given)
    return Connector(
        instance.address,
        config.region,
        config.endpoint_url,
        credentials,
        role,
        dict(config.default_tags),
        config.allowed_account_ids,
    )


def _credentials(block: Section, scope: Scope) -> dict[str, object]:
    kind = block.labels[0]
    if kind != "static":
        read_section(block, scope, DefaultCredentials)
        return {"kind": "default"}
    found = declared(read_section(block, scope, StaticCredentials))
    for name in ("secret_access_key", "session_token"):
        value = found.get(name)
        if isinstance(value, str):
            found[name] = Sensitive(value, None)
    return {"kind": kind, **found}
