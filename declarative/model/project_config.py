"""What the evaluated content of each block outside services and releases must be."""

from __future__ import annotations

from typing import Annotated, Literal

from declarative.model.checks import Filled, Flag, MarkedText, Plain, PlainList, PlainMap, one_of
from declarative.model.config import Config, Entity


class Settings(Config):
    """``lamform``: about the project as a whole."""

    required_version: Plain | None = None
    project: Filled | None = None
    default_tags: PlainMap = {}
    ownership_tag: Flag = True


class SqliteSettings(Config):
    """``backend "sqlite"``."""

    path: Filled = ".lamform/state.db"


class MemorySettings(Config):
    """``backend "memory"``."""


class VariableConfig(Config):
    """``variable``, apart from its type, default and conditions, which are expressions."""

    description: Plain | None = None
    sensitive: Flag = False
    nullable: Flag = True


class ServiceVariableConfig(VariableConfig):
    """``variable`` of a service; a required one must be set by something laid over it."""

    required: Flag = False


class OutputConfig(Config):
    """``output``, apart from its value."""

    description: Plain | None = None
    sensitive: Flag = False


class DefaultCredentials(Config):
    """``credentials "default"``: whatever the AWS SDK finds."""


class StaticCredentials(Config):
    """``credentials "static"``."""

    access_key_id: MarkedText
    secret_access_key: MarkedText
    session_token: MarkedText | None = None


class AssumeRoleConfig(Config):
    """``assume_role``."""

    role_arn: Filled
    external_id: Plain | None = None
    session_name: Filled = "lamform"


class ConnectorConfig(Entity):
    """``connector "aws"``, apart from its blocks."""

    region: Filled | None = None
    endpoint_url: Filled | None = None
    default_tags: PlainMap = {}
    allowed_account_ids: PlainList = ()


class EnvironmentConfig(Entity):
    """``environment``, apart from its variables and overrides."""

    type: Annotated[Literal["Production", "PreProduction"], one_of("Production", "PreProduction")]


class InfrastructureConfig(Entity):
    """``infrastructure``, apart from its references, variables and overrides."""

    region: Filled
