"""Code signing configurations, and which function has which.

Nothing in the sandbox is signed: a configuration that enforces signatures refuses every
package, one that warns lets every package pass.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from declarative.sandbox.errors import ServiceError, invalid
from declarative.sandbox.world import paged

if TYPE_CHECKING:
    from declarative.sandbox.world import Answer, Asked, Call

_POLICY = "UntrustedArtifactOnDeployment"


def create_code_signing_config(call: Call, asked: Asked) -> Answer:
    """CreateCodeSigningConfig."""
    identity = f"csc-{uuid.uuid4().hex[:17]}"
    arn = call.region.other_arn("code-signing-config", identity)
    policies = {_POLICY: "Warn", **(asked.get("CodeSigningPolicies") or {})}
    made = {
        "CodeSigningConfigId": identity,
        "CodeSigningConfigArn": arn,
        "Description": asked.get("Description") or "",
        "AllowedPublishers": dict(asked["AllowedPublishers"]),
        "CodeSigningPolicies": policies,
        "LastModified": call.services.stamp(),
    }
    call.region.around.signing[arn] = made
    return {"CodeSigningConfig": dict(made)}


def update_code_signing_config(call: Call, asked: Asked) -> Answer:
    """UpdateCodeSigningConfig: what is not asked stays."""
    config = _existing(call, asked["CodeSigningConfigArn"])
    for name in ("Description", "AllowedPublishers", "CodeSigningPolicies"):
        if asked.get(name) is not None:
            config[name] = asked[name]
    config["LastModified"] = call.services.stamp()
    return {"CodeSigningConfig": dict(config)}


def get_code_signing_config(call: Call, asked: Asked) -> Answer:
    """GetCodeSigningConfig."""
    return {"CodeSigningConfig": dict(_existing(call, asked["CodeSigningConfigArn"]))}


def list_code_signing_configs(call: Call, asked: Asked) -> Answer:
    """ListCodeSigningConfigs."""
    items = [dict(config) for config in call.region.around.signing.values()]
    return paged("CodeSigningConfigs", items, asked)


def list_functions_by_code_signing_config(call: Call, asked: Asked) -> Answer:
    """ListFunctionsByCodeSigningConfig: their ARNs."""
    arn = asked["CodeSigningConfigArn"]
    _existing(call, arn)
    return paged("FunctionArns", _users(call, arn), asked)


def delete_code_signing_config(call: Call, asked: Asked) -> Answer:
    """DeleteCodeSigningConfig: one that functions have is refused."""
    arn = asked["CodeSigningConfigArn"]
    _existing(call, arn)
    if _users(call, arn):
        raise ServiceError(
            "ResourceConflictException",
            "Cannot delete the code signing config: functions are still using it.",
            409,
        )
    del call.region.around.signing[arn]
    return {}


def put_function_code_signing(call: Call, asked: Asked) -> Answer:
    """PutFunctionCodeSigningConfig."""
    function = call.function(asked)
    arn = asked["CodeSigningConfigArn"]
    check_signing_config(call, arn, function.latest.settings["PackageType"])
    function.extras["CodeSigningConfigArn"] = arn
    return {"FunctionName": function.name, "CodeSigningConfigArn": arn}


def get_function_code_signing(call: Call, asked: Asked) -> Answer:
    """GetFunctionCodeSigningConfig: only the name where there is none."""
    function = call.function(asked)
    arn = function.extras.get("CodeSigningConfigArn")
    name = {"FunctionName": function.name}
    return {**name, "CodeSigningConfigArn": arn} if arn else name


def delete_function_code_signing(call: Call, asked: Asked) -> Answer:
    """DeleteFunctionCodeSigningConfig."""
    call.function(asked).extras.pop("CodeSigningConfigArn", None)
    return {}


def check_signing_config(call: Call, arn: str, package_type: str) -> None:
    """Refuse a configuration that a function cannot have.

    Raises:
        ServiceError: It does not exist, or the function's code is an image.
    """
    if package_type == "Image":
        raise invalid("Code signing is not supported for functions of the package type Image.")
    if arn not in call.region.around.signing:
        if call.services.behaviour.unknown_references == "accepted":
            return
        raise _unknown(arn)


def check_signature(call: Call, arn: str | None) -> None:
    """Refuse to deploy code under a configuration that enforces signatures."""
    config = call.region.around.signing.get(arn or "")
    if config is not None and config["CodeSigningPolicies"][_POLICY] == "Enforce":
        raise ServiceError(
            "CodeVerificationFailedException",
            "Lambda cannot deploy the function. The function or layer might be signed using a "
            "signature that the client is not configured to accept. Check the provided "
            "signature for unsigned.",
            400,
        )


def _users(call: Call, arn: str) -> list[str]:
    return [
        call.region.arn(function.name)
        for function in call.region.functions.values()
        if function.extras.get("CodeSigningConfigArn") == arn
    ]


def _existing(call: Call, arn: str) -> dict[str, Any]:
    found = call.region.around.signing.get(arn)
    if found is None:
        raise ServiceError(
            "ResourceNotFoundException", f"The Lambda code signing config {arn} is not found.", 404
        )
    return found


def _unknown(arn: str) -> ServiceError:
    return ServiceError(
        "CodeSigningConfigNotFoundException",
        f"The code signing configuration cannot be found. Check that the provided configuration "
        f"is not deleted: {arn}.",
        404,
    )
