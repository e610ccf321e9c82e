"""The limits that Lambda puts on what a request may say."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from declarative.sandbox.errors import invalid, validation, violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from declarative.sandbox.world import Asked

MAX_TAGS = 50
MAX_LAYERS = 5
MAX_ENVIRONMENT_BYTES = 4096

# Member, where it is found, and the most without and with a capacity provider; the rest of
# what the API's model says of single members is checked before (`declarative.sandbox.checks`).
_MOST = (
    ("memorySize", ("MemorySize",), 10_240, 32_768),
    ("timeout", ("Timeout",), 900, 5_400),
    ("ephemeralStorage.size", ("EphemeralStorage", "Size"), 10_240, 32_768),
)

NOT_OFFERED = {
    "PublishTo": "$LATEST.PUBLISHED exists only on managed instances, which the sandbox has not",
}
"""Members of requests that the sandbox refuses, each with the reason."""

# Runtimes that can be neither created nor updated any more, of those that botocore knows.
_GONE = frozenset(
    {
        "nodejs",
        "nodejs4.3",
        "nodejs4.3-edge",
        "nodejs6.10",
        "nodejs8.10",
        "nodejs10.x",
        "python2.7",
        "python3.6",
        "dotnetcore1.0",
        "dotnetcore2.0",
        "dotnetcore2.1",
        "dotnetcore3.1",
        "ruby2.5",
    }
)
_SNAPSHOTS = re.compile(r"java(11|17|2\d)|python3\.(1[2-9]|[2-9]\d)|dotnet([89]|1\d)")

_RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SECRET_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)


def check_offered(asked: Asked) -> None:
    """Refuse what AWS has and the sandbox has not."""
    for name, reason in NOT_OFFERED.items():
        if asked.get(name):
            raise invalid(f"{name} is not supported: {reason}.")


def check_settings(asked: Asked, before: Mapping[str, Any] | None = None) -> None:
    """Refuse configuration members that are out of their limits.

    Args:
        asked: The request.
        before: The settings that an update changes; None: a creation.

    Raises:
        ServiceError: ``ValidationException`` with every value that is too high, or the first
            broken rule of meaning.
    """
    check_offered(asked)
    managed = bool(asked.get("CapacityProviderConfig") or (before or {}).get(_MANAGED))
    violations = _too_high(asked, managed=managed)
    if violations:
        raise validation(violations)
    if asked.get("Runtime") in _GONE:
        raise invalid(
            f"The runtime parameter of {asked['Runtime']} is no longer supported for creating or "
            "updating AWS Lambda functions. We recommend you use a supported runtime while "
            "creating or updating functions."
        )
    _check_environment(asked.get("Environment") or {})
    if len(asked.get("Layers") or ()) > MAX_LAYERS:
        raise invalid(f"Cannot reference more than {MAX_LAYERS} layers.")


_MANAGED = "CapacityProviderConfig"


def check_creation(asked: Asked) -> None:
    """Refuse a new function that lacks what its package type needs, or has what it must not."""
    is_image = asked.get("PackageType", "Zip") == "Image"
    if is_image and any(asked.get(name) for name in ("Handler", "Runtime", "Layers")):
        raise invalid(
            "Please don't provide Handler or Runtime or Layer when the intended function "
            "PackageType is Image."
        )
    if not is_image:
        for name in ("Runtime", "Handler"):
            if not asked.get(name):
                raise invalid(
                    f"{name} is mandatory for functions created with deployment packages."
                )
    check_code(asked["Code"], "Image" if is_image else "Zip", creating=True)


def check_change(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Refuse a change of what a function is made with once and for all."""
    for name, what in (("DurableConfig", "Durable execution"), (_MANAGED, "A capacity provider")):
        if (name in before) != (name in after):
            raise invalid(f"{what} can only be configured when the function is created.")
    if before["PackageType"] == "Image" and any(
        name in after for name in ("Handler", "Runtime", "Layers")
    ):
        raise invalid(
            "Please don't provide Handler or Runtime or Layer when the intended function "
            "PackageType is Image."
        )


def check_combination(settings: Mapping[str, Any]) -> None:
    """Refuse settings that do not go together."""
    if settings["PackageType"] == "Zip" and "ImageConfigResponse" in settings:
        raise invalid(
            "Please don't provide ImageConfig when the intended function PackageType is Zip."
        )
    subnets = settings.get("VpcConfig", {}).get("SubnetIds")
    if settings.get("FileSystemConfigs") and not subnets:
        arn = settings["FileSystemConfigs"][0]["Arn"]
        raise invalid(
            f"Function must be configured to execute in a VPC to reference access point {arn}."
        )
    if subnets and not settings["VpcConfig"]["SecurityGroupIds"]:
        raise invalid("SubnetIds and SecurityIds must coexist or be both empty list.")
    if settings["SnapStart"]["ApplyOn"] == "PublishedVersions":
        _check_snapshots(settings)


def _check_snapshots(settings: Mapping[str, Any]) -> None:
    runtime = settings.get("Runtime", "a container image")
    if not _SNAPSHOTS.match(runtime):
        raise invalid(f"{runtime} is not supported for SnapStart enabled functions.")
    plain = 512
    if settings["EphemeralStorage"]["Size"] > plain:
        raise invalid("Ephemeral storage above 512 MB is not supported for SnapStart functions.")
    if settings.get("FileSystemConfigs"):
        raise invalid("File systems are not supported for SnapStart enabled functions.")


def check_code(code: Mapping[str, Any], package_type: str, *, creating: bool = False) -> None:
    """Refuse a package of the other type, or none."""
    doing = "creating" if creating else "updating"
    has_image = bool(code.get("ImageUri"))
    if package_type == "Image":
        if not has_image or code.get("ZipFile") or code.get("S3Bucket"):
            raise invalid(
                f"Please provide ImageUri when {doing} a function with packageType Image."
            )
    elif has_image:
        raise invalid(
            f"Please don't provide ImageUri when {doing} a function with packageType Zip."
        )
    elif code.get("ZipFile") is None and not (code.get("S3Bucket") and code.get("S3Key")):
        raise invalid("Please provide a source for function code.")


def check_tags(added: Mapping[str, str], present: Mapping[str, str] | None = None) -> None:
    """Refuse more tags than a function may have, and AWS's own."""
    if len({*added, *(present or {})}) > MAX_TAGS:
        raise invalid("Number of tags exceeds resource tag limit.")
    if any(key.lower().startswith("aws:") for key in added):
        raise invalid("Tag keys starting with 'aws:' are reserved for system use.")


def _too_high(asked: Asked, *, managed: bool) -> list[str]:
    found = []
    for member, path, plain, with_provider in _MOST:
        most = with_provider if managed else plain
        value: Any = asked
        for step in path:
            value = value.get(step) if value else None
        if value is not None and value > most:
            rule = f"Member must have value less than or equal to {most}"
            found.append(violation(value, member, rule))
    return found


def _check_environment(environment: Mapping[str, Any]) -> None:
    variables = environment.get("Variables") or {}
    refused = "Lambda was unable to configure your environment variables because the"
    if reserved := sorted(_RESERVED & variables.keys()):
        raise invalid(
            f"{refused} environment variables you have provided contains reserved keys that "
            "are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > MAX_ENVIRONMENT_BYTES:
        raise invalid(
            f"{refused} environment variables you have provided exceeded the 4KB limit. "
            f"String measured: {measured}"
        )
