"""What surrounds a function: one row for each setting, and one for each field in it.

Like `declarative.model.function_fields`, for what has calls of its own: which ones read, set
and remove it, in which phase that happens, and what a change of it does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from declarative.model.field import Attributes, Field, Moment, Shape, normalise, structure

if TYPE_CHECKING:
    from pydantic import JsonValue

Place = Literal["service", "alias", "both"]

URL: Final[tuple[Field, ...]] = (
    Field("auth_type", "AuthType", provider="authorization_type", required=True),
    Field("invoke_mode", "InvokeMode", default="BUFFERED"),
    structure(
        "cors",
        "Cors",
        Field("allow_credentials", "AllowCredentials", default=False),
        Field("allow_headers", "AllowHeaders", Shape.SET, default=[]),
        Field("allow_methods", "AllowMethods", Shape.SET, default=[]),
        Field("allow_origins", "AllowOrigins", Shape.SET, default=[]),
        Field("expose_headers", "ExposeHeaders", Shape.SET, default=[]),
        Field("max_age", "MaxAge", default=0),
    ),
)
PERMISSION: Final[tuple[Field, ...]] = (
    Field("action", "Action", default="lambda:InvokeFunction"),
    Field("principal", "Principal", required=True),
    Field("source_arn", "SourceArn"),
    Field("source_account", "SourceAccount"),
    Field("principal_org_id", "PrincipalOrgID"),
    Field("event_source_token", "EventSourceToken", sensitive=True),
    Field("function_url_auth_type", "FunctionUrlAuthType"),
    Field("invoked_via_function_url", "InvokedViaFunctionUrl"),
)
EVENT_INVOKE: Final[tuple[Field, ...]] = (
    Field("maximum_retry_attempts", "MaximumRetryAttempts", default=2),
    Field("maximum_event_age_in_seconds", "MaximumEventAgeInSeconds", default=21600),
    Field("on_success", "DestinationConfig.OnSuccess.Destination"),
    Field("on_failure", "DestinationConfig.OnFailure.Destination"),
)
RUNTIME_MANAGEMENT: Final[tuple[Field, ...]] = (
    Field("update_runtime_on", "UpdateRuntimeOn", default="Auto", required=True),
    Field("runtime_version_arn", "RuntimeVersionArn"),
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting around the function or one of its aliases.

    Attributes:
        name: What the block or attribute is called.
        place: Where it may be written.
        reads: The operations that read it; none where ``GetFunction`` tells it.
        sets: The operations that create or change it.
        removes: The operations that take it away.
        set_in: The phase in which it is set; ``removed_in`` likewise.
        fields: Its fields, where it is a block.
        default: What AWS does where nobody sets it; the normal form of absence.
        provider: What Terraform's AWS provider calls it.
    """

    name: str
    place: Place
    reads: tuple[str, ...]
    sets: tuple[str, ...]
    removes: tuple[str, ...]
    set_in: Moment = "switch"
    removed_in: Moment = "switch"
    fields: tuple[Field, ...] = ()
    default: JsonValue = None
    provider: str = ""


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting(
        "tags",
        "service",
        reads=(),
        sets=("TagResource",),
        removes=("UntagResource",),
        set_in="prepare",
        removed_in="prepare",
        default={},
        provider="tags",
    ),
    Setting(
        "alias",
        "service",
        reads=("ListAliases",),
        sets=("CreateAlias", "UpdateAlias"),
        removes=("DeleteAlias",),
        removed_in="finish",
        provider="aws_lambda_alias",
    ),
    Setting(
        "provisioned_concurrent_executions",
        "alias",
        reads=("GetProvisionedConcurrencyConfig",),
        sets=("PutProvisionedConcurrencyConfig",),
        removes=("DeleteProvisionedConcurrencyConfig",),
        provider="aws_lambda_provisioned_concurrency_config",
    ),
    Setting(
        "reserved_concurrent_executions",
        "service",
        reads=(),
        sets=("PutFunctionConcurrency",),
        removes=("DeleteFunctionConcurrency",),
        provider="reserved_concurrent_executions",
    ),
    Setting(
        "url",
        "both",
        reads=("GetFunctionUrlConfig",),
        sets=("CreateFunctionUrlConfig", "UpdateFunctionUrlConfig"),
        removes=("DeleteFunctionUrlConfig",),
        fields=URL,
        provider="aws_lambda_function_url",
    ),
    Setting(
        "permission",
        "both",
        reads=("GetPolicy",),
        sets=("AddPermission",),
        removes=("RemovePermission",),
        set_in="prepare",
        fields=PERMISSION,
        provider="aws_lambda_permission",
    ),
    Setting(
        "event_invoke",
        "both",
        reads=("GetFunctionEventInvokeConfig",),
        sets=("PutFunctionEventInvokeConfig",),
        removes=("DeleteFunctionEventInvokeConfig",),
        fields=EVENT_INVOKE,
        provider="aws_lambda_function_event_invoke_config",
    ),
    Setting(
        "code_signing_config_arn",
        "service",
        reads=("GetFunctionCodeSigningConfig",),
        sets=("PutFunctionCodeSigningConfig",),
        removes=("DeleteFunctionCodeSigningConfig",),
        set_in="prepare",
        removed_in="prepare",
        provider="code_signing_config_arn",
    ),
    Setting(
        "recursive_loop",
        "service",
        reads=("GetFunctionRecursionConfig",),
        sets=("PutFunctionRecursionConfig",),
        removes=("PutFunctionRecursionConfig",),
        default="Terminate",
        provider="aws_lambda_function_recursion_config",
    ),
    Setting(
        "runtime_management",
        "service",
        reads=("GetRuntimeManagementConfig",),
        sets=("PutRuntimeManagementConfig",),
        removes=("PutRuntimeManagementConfig",),
        set_in="prepare",
        removed_in="prepare",
        fields=RUNTIME_MANAGEMENT,
        provider="aws_lambda_runtime_management_config",
    ),
)

_ROOT: Final = re.compile(r"arn:[a-z-]+:iam::(\d{12}):root")


def normal(fields: tuple[Field, ...], given: dict[str, JsonValue]) -> Attributes:
    """Return the attributes of a setting in normal form: defaults filled, sets sorted."""
    found: Attributes = {}
    for field in fields:
        value = given.get(field.name)
        if field.shape is Shape.STRUCTURE:
            found[field.name] = normal(field.fields, value if isinstance(value, dict) else {})
        else:
            found[field.name] = field.default if value is None else normalise(field, value)
    if fields is PERMISSION:
        found["principal"] = principal(str(found["principal"]))
    return found


def principal(written: str) -> str:
    """Return a principal in normal form: an account's root is the account."""
    root = _ROOT.fullmatch(written)
    return root.group(1) if root else written
