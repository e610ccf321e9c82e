"""What the evaluated content of each block outside services and releases must be."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator

from declarative.model.checks import (
    Filled,
    Flag,
    Fraction,
    MarkedMap,
    MarkedText,
    MarkedValues,
    Plain,
    PlainList,
    PlainMap,
    matching,
    one_of,
    plain_items,
    refuse,
    whole_number,
)
from declarative.model.config import Config, Entity
from declarative.model.durations import Duration, duration
from declarative.model.regions import Region
from declarative.model.retry import QUOTA_SHARE
from declarative.model.values import Pending, Sensitive


def _hidden(value: str | Sensitive | Pending) -> Sensitive | Pending:
    """Return a secret as one even where the files hold it literally."""
    return Sensitive(value, None) if isinstance(value, str) else value


def _some(value: float) -> float:
    if not value:
        raise refuse("must be above 0: with no share of AWS's rate no call could be made")
    return value


def _filled_list(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise refuse("must not be empty")
    return value


Secret = Annotated[MarkedText, AfterValidator(_hidden)]
Count = Annotated[int, whole_number(1, 100, marked=False)]
AccountId = Annotated[str, matching(r"\d{12}", "must be an account id: twelve digits in quotes")]
SessionDuration = Annotated[float, duration("15m", "12h")]
RoleArn = Annotated[
    str,
    matching(
        r"arn:[a-z-]+:iam::\d{12}:role/.+",
        "must be the ARN of a role, such as arn:aws:iam::111111111111:role/deploy",
    ),
]


class Settings(Config):
    """``lamform``: about the project as a whole."""

    required_version: Plain | None = None
    project: Filled | None = None
    default_tags: PlainMap = {}
    ownership_tag: Flag = True


class PolicyConfig(Config):
    """``policy`` of a project: the words of a command that judges plans."""

    command: Annotated[PlainList, AfterValidator(_filled_list)]


class SqliteSettings(Config):
    """``backend "sqlite"``."""

    path: Filled = ".lamform/state.db"


class MemorySettings(Config):
    """``backend "memory"``."""


class S3Settings(Config):
    """``backend "s3"``, apart from its role."""

    bucket: Filled
    prefix: Plain | None = None
    region: Region | None = None
    kms_key_id: Filled | None = None
    endpoint_url: Filled | None = None
    use_path_style: Flag = False
    profile: Filled | None = None


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


class ProfileCredentials(Config):
    """``credentials "profile"``: of the AWS SDK's files."""

    name: Filled


class StaticCredentials(Config):
    """``credentials "static"``."""

    access_key_id: MarkedText
    secret_access_key: Secret
    session_token: Secret | None = None


class IrsaCredentials(Config):
    """``credentials "irsa"``: the role of a Kubernetes service account."""


class OidcCredentials(Config):
    """``credentials "oidc"``: a role assumed with the token of an identity provider."""

    role_arn: RoleArn
    token_file: Filled | None = None
    token_env: Filled | None = None
    issuer: Annotated[Literal["github", "gitlab"], one_of("github", "gitlab")] | None = None
    audience: Filled = "sts.amazonaws.com"


CREDENTIALS: Final[dict[str, type[Config]]] = {
    "default": DefaultCredentials,
    "profile": ProfileCredentials,
    "static": StaticCredentials,
    "irsa": IrsaCredentials,
    "oidc": OidcCredentials,
}


class AssumeRoleConfig(Config):
    """``assume_role``."""

    role_arn: RoleArn
    external_id: Plain | None = None
    session_name: Annotated[
        str, matching(r"[\w+=,.@-]{2,64}", "must be 2 to 64 letters, digits or any of _+=,.@-")
    ] = "lamform"
    session_tags: PlainMap = {}
    duration: SessionDuration = 3600.0


class RetryConfig(Config):
    """``retry`` of a connector."""

    mode: Annotated[
        Literal["full_jitter", "fixed_delay", "equal_jitter"],
        one_of("full_jitter", "fixed_delay", "equal_jitter"),
    ] = "full_jitter"
    base_delay: Duration = 0.1
    max_delay: Duration = 5.0
    max_attempts: Count = 8


class ConnectorConfig(Entity):
    """``connector "aws"``, apart from its blocks."""

    region: Region | None = None
    endpoint_url: Filled | None = None
    default_tags: PlainMap = {}
    allowed_account_ids: Annotated[tuple[AccountId, ...], BeforeValidator(plain_items)] = ()
    quota_share: Annotated[Fraction, AfterValidator(_some)] = QUOTA_SHARE


class RemoteConfig(Entity):
    """A connector to something else than AWS."""

    url: Filled
    username: MarkedText | None = None
    password: Secret | None = None
    token: Secret | None = None
    headers: MarkedMap = {}
    ca_file: Filled | None = None
    timeout: Duration = 30.0


class GitConfig(RemoteConfig):
    """``connector "git"``."""

    ssh_key_file: Filled | None = None
    known_hosts_file: Filled | None = None


class NexusConfig(RemoteConfig):
    """``connector "nexus"``; the version is that of its API."""

    version: Annotated[int, whole_number(2, 3, marked=False)]


REMOTES: Final[dict[str, type[RemoteConfig]]] = {
    "git": GitConfig,
    "nexus": NexusConfig,
    "artifactory": RemoteConfig,
    "jenkins": RemoteConfig,
    "http": RemoteConfig,
    "terraform_cloud": RemoteConfig,
}
"""The kinds of connectors besides AWS."""


class ProvisionerConfig(Entity):
    """What provisioners of all kinds share."""

    on_failure: Annotated[Literal["keep", "rollback"], one_of("keep", "rollback")] = "keep"


class TerraformConfig(ProvisionerConfig):
    """``provisioner "terraform"`` and ``provisioner "terragrunt"``."""

    dir: Filled
    workspace: Filled | None = None
    var_files: PlainList = ()
    variables: MarkedValues = {}
    backend_config: MarkedMap = {}
    environment: MarkedMap = {}
    binary: Filled | None = None


class TerraformCloudConfig(ProvisionerConfig):
    """``provisioner "terraform_cloud"``, apart from its connector."""

    organization: Filled
    workspace: Filled
    variables: MarkedValues = {}


class CloudFormationConfig(ProvisionerConfig):
    """``provisioner "cloudformation"``, apart from its connector."""

    region: Region
    stack_name: Filled
    template_file: Filled
    parameters: MarkedMap = {}
    capabilities: PlainList = ()
    tags: PlainMap = {}
    role_arn: RoleArn | None = None


class ShellConfig(ProvisionerConfig):
    """``provisioner "shell"``: a script, written out or in a file."""

    script: Filled | None = None
    file: Filled | None = None
    environment: MarkedMap = {}
    timeout: Duration = 600.0


PROVISIONERS: Final[dict[str, type[ProvisionerConfig]]] = {
    "terraform": TerraformConfig,
    "terragrunt": TerraformConfig,
    "terraform_cloud": TerraformCloudConfig,
    "cloudformation": CloudFormationConfig,
    "shell": ShellConfig,
}


class EnvironmentConfig(Entity):
    """``environment``, apart from its variables and overrides."""

    type: Annotated[Literal["Production", "PreProduction"], one_of("Production", "PreProduction")]


class InfrastructureConfig(Entity):
    """``infrastructure``, apart from its references, variables and blocks."""

    region: Region
    exclusive: Flag = False
    allow_simultaneous_deployments: Flag = False


class StagingConfig(Config):
    """``staging`` of an infrastructure."""

    bucket: Filled
    prefix: Plain = ""
    keep: Flag = False


class RemovedLifecycle(Config):
    """``lifecycle`` of a ``removed`` block."""

    destroy: Flag = True
