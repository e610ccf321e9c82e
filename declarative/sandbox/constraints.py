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
MAX_DESCRIPTION = 256
MAX_ENVIRONMENT_BYTES = 4096

ROLE_PATTERN = r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"
_ROLE = re.compile(ROLE_PATTERN)

# member, where it is found, least, most
_RANGES = (
    ("memorySize", ("MemorySize",), 128, 10_240),
    ("timeout", ("Timeout",), 1, 900),
    ("ephemeralStorage.size", ("EphemeralStorage", "Size"), 512, 10_240),
)

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


def check_settings(asked: Asked) -> None:
    """Refuse configuration members that are out of their limits.

    Raises:
        ServiceError: ``ValidationException`` with every broken constraint, or the first
            broken rule of meaning.
    """
    violations = [*_out_of_range(asked), *_badly_shaped(asked)]
    if violations:
        raise validation(violations)
    _check_environment(asked.get("Environment") or {})
    if len(asked.get("Layers") or ()) > MAX_LAYERS:
        raise invalid(f"Cannot reference more than {MAX_LAYERS} layers.")


def check_creation(asked: Asked) -> None:
    """Refuse a new function that lacks what its package type needs."""
    required = [
        f"Value null at '{name[0].lower()}{name[1:]}' failed to satisfy constraint: "
        "Member must not be null"
        for name in ("FunctionName", "Role", "Code")
        if not asked.get(name)
    ]
    if required:
        raise validation(required)
    is_image = asked.get("PackageType", "Zip") == "Image"
    if not is_image:
        for name in ("Runtime", "Handler"):
            if not asked.get(name):
                raise invalid(
                    f"{name} is mandatory for functions created with deployment packages."
                )
    check_code(asked["Code"], "Image" if is_image else "Zip", creating=True)
    check_tags(asked.get("Tags") or {})


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


def check_tags(tags: Mapping[str, str]) -> None:
    """Refuse more tags than a function may have, and AWS's own."""
    if len(tags) > MAX_TAGS:
        raise invalid("Number of tags exceeds resource tag limit.")
    if any(key.lower().startswith("aws:") for key in tags):
        raise invalid("Tag keys starting with 'aws:' are reserved for system use.")


def _out_of_range(asked: Asked) -> list[str]:
    found = []
    for member, path, least, most in _RANGES:
        value: Any = asked
        for step in path:
            value = value.get(step) if value else None
        if value is None or least <= value <= most:
            continue
        high = value > most
        rule = f"less than or equal to {most}" if high else f"greater than or equal to {least}"
        found.append(violation(value, member, f"Member must have value {rule}"))
    return found


def _badly_shaped(asked: Asked) -> list[str]:
    found = []
    role = asked.get("Role")
    if role is not None and not _ROLE.fullmatch(role):
        rule = f"Member must satisfy regular expression pattern: {ROLE_PATTERN}"
        found.append(violation(role, "role", rule))
    description = asked.get("Description") or ""
    if len(description) > MAX_DESCRIPTION:
        rule = f"Member must have length less than or equal to {MAX_DESCRIPTION}"
        found.append(violation(description, "description", rule))
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


def require_member(value: str, member: str, allowed: tuple[str, ...]) -> None:
    """Refuse a value outside an enumeration.

    Raises:
        ServiceError: ``ValidationException`` in AWS's words.
    """
    if value not in allowed:
        rule = f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        raise validation([violation(value, member, rule)])
