"""The configurable members of a function: defaults, changes, and how answers show them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from declarative.sandbox.layers import resolve_layers
from declarative.sandbox.records import LATEST, Code, Configuration, Function
from declarative.sandbox.world import partition_of

if TYPE_CHECKING:
    from declarative.sandbox.conditions import Member
    from declarative.sandbox.world import Answer, Asked, Call, Region

# What Lambda says of a change under way, for creations and updates alike.
_CREATING = ("Creating", "The function is being created.")
_RESTORING = ("Restoring", "The function is being restored.")
_IDLE = ("Idle", "The function is idle.")
_DEFAULT_RETENTION_DAYS = 14


def initial_settings(call: Call, asked: Asked) -> dict[str, Any]:
    """Return the settings of a new function, defaults filled in."""
    settings: dict[str, Any] = {
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "TracingConfig": {"Mode": "PassThrough"},
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None"},
        "LoggingConfig": {
            "LogFormat": "Text",
            "LogGroup": f"/aws/lambda/{asked['FunctionName'].rpartition(':')[2]}",
        },
        "PackageType": asked.get("PackageType", "Zip"),
    }
    for name in ("Architectures", "TenancyConfig"):
        if asked.get(name):
            settings[name] = asked[name]
    return changed_settings(call, settings, asked)


def changed_settings(call: Call, settings: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    """Return ``settings`` with the members of a request laid over them.

    Raises:
        ServiceError: A layer does not exist.
    """
    changed = dict(settings)
    for name, value in asked.items():
        shape = SHAPES.get(name)
        if shape is None or value is None:
            continue
        member = "ImageConfigResponse" if name == "ImageConfig" else name
        shaped = shape(settings, value)
        if shaped is None:
            changed.pop(member, None)
        else:
            changed[member] = shaped
    if asked.get("Layers"):
        changed["Layers"] = resolve_layers(call, asked["Layers"])
    return changed


def _as_is(_: Mapping[str, Any], value: Any) -> Any:
    return value


def _absent_when_empty(_: Mapping[str, Any], value: Any) -> Any:
    return value or None


def _target(_: Mapping[str, Any], value: Mapping[str, Any]) -> Any:
    return dict(value) if value.get("TargetArn") else None


def _durable(settings: Mapping[str, Any], value: Mapping[str, Any]) -> Any:
    before = settings.get("DurableConfig", {"RetentionPeriodInDays": _DEFAULT_RETENTION_DAYS})
    return {**before, **value}


def _vpc(_: Mapping[str, Any], value: Mapping[str, Any]) -> Any:
    subnets = value.get("SubnetIds") or []
    digest = hashlib.sha256("".join(sorted(subnets)).encode()).hexdigest()
    return {
        "SubnetIds": subnets,
        "SecurityGroupIds": value.get("SecurityGroupIds") or [],
        "VpcId": f"vpc-{digest[:17]}" if subnets else "",
        "Ipv6AllowedForDualStack": bool(value.get("Ipv6AllowedForDualStack")),
    }


def _image_config(_: Mapping[str, Any], value: Mapping[str, Any]) -> Any:
    filled = {name: item for name, item in value.items() if item}
    return {"ImageConfig": filled} if filled else None


def _logging(settings: Mapping[str, Any], value: Mapping[str, Any]) -> Any:
    merged = {**settings["LoggingConfig"], **value}
    if merged["LogFormat"] == "JSON":
        return {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", **merged}
    levels = ("ApplicationLogLevel", "SystemLogLevel")
    return {name: item for name, item in merged.items() if name not in levels}


SHAPES: Mapping[str, Callable[[Mapping[str, Any], Any], Any]] = {
    "Runtime": _as_is,
    "Role": _as_is,
    "Handler": _as_is,
    "Description": _as_is,
    "Timeout": _as_is,
    "MemorySize": _as_is,
    "TracingConfig": _as_is,
    "EphemeralStorage": _as_is,
    "SnapStart": _as_is,
    "Environment": _as_is,
    "KMSKeyArn": _absent_when_empty,
    "FileSystemConfigs": _absent_when_empty,
    "CapacityProviderConfig": _absent_when_empty,
    "DurableConfig": _durable,
    "RuntimeConfig": _absent_when_empty,
    "AcceleratorConfig": _absent_when_empty,
    "DeadLetterConfig": _target,
    "Layers": _absent_when_empty,
    "VpcConfig": _vpc,
    "ImageConfig": _image_config,
    "LoggingConfig": _logging,
}
"""Members that creations and configuration updates set: how answers show what was asked."""


def describe(
    call: Call, function: Function, configuration: Configuration, qualifier: str | None
) -> Answer:
    """Return a configuration as most operations answer it."""
    answer = summarise(call, function, configuration, qualifier)
    runtime = configuration.settings.get("Runtime")
    if runtime is not None:
        answer["RuntimeVersionConfig"] = {"RuntimeVersionArn": runtime_arn(call.region, runtime)}
    _withhold(call, function, answer, {"runtime-version": "RuntimeVersionConfig"})
    return {**answer, **_status(configuration)}


def summarise(
    call: Call, function: Function, configuration: Configuration, qualifier: str | None
) -> Answer:
    """Return a configuration as list operations answer it: without its status."""
    settings = configuration.settings
    applied = settings["SnapStart"]["ApplyOn"] == "PublishedVersions"
    optimised = applied and configuration.version != LATEST and configuration.state == "Active"
    answer = {
        **settings,
        "FunctionName": function.name,
        "FunctionArn": call.region.arn(function.name, qualifier),
        "Version": configuration.version,
        "CodeSha256": configuration.code.sha256,
        "CodeSize": configuration.code.size,
        "LastModified": configuration.last_modified,
        "RevisionId": configuration.revision_id,
        "SnapStart": {
            "ApplyOn": settings["SnapStart"]["ApplyOn"],
            "OptimizationStatus": "On" if optimised else "Off",
        },
    }
    if call.services.behaviour.config_sha256:
        answer["ConfigSha256"] = _digest(settings)
    members: dict[Member, str] = {
        "environment": "Environment",
        "image-config": "ImageConfigResponse",
    }
    _withhold(call, function, answer, members)
    return answer


def _withhold(call: Call, function: Function, answer: Answer, members: dict[Member, str]) -> None:
    """Put errors in the place of what the service cannot read, or nothing."""
    for member, name in members.items():
        error = call.services.conditions.withheld(member, function.name)
        if error is None or name not in answer:
            continue
        answer[name] = {"Error": error}
        if not error:
            del answer[name]


def _digest(settings: Mapping[str, Any]) -> str:
    text = json.dumps(settings, sort_keys=True, separators=(",", ":"))
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def runtime_arn(region: Region, runtime: str) -> str:
    """Return the ARN of the runtime version that a runtime stands for at present."""
    digest = hashlib.sha256(runtime.encode()).hexdigest()
    return f"arn:{partition_of(region.name)}:lambda:{region.name}::runtime:{digest}"


def _status(configuration: Configuration) -> Answer:
    code, reason = _reason(configuration)
    status: Answer = {"State": configuration.state}
    if configuration.state != "Active":
        status |= {"StateReason": reason, "StateReasonCode": code}
    if configuration.update is not None:
        status["LastUpdateStatus"] = configuration.update
    if configuration.update in ("InProgress", "Failed"):
        status |= {"LastUpdateStatusReason": reason, "LastUpdateStatusReasonCode": code}
    return status


def _reason(configuration: Configuration) -> tuple[str, str]:
    if configuration.restoring:
        return _RESTORING
    if configuration.ready_at is not None:
        return _CREATING
    if configuration.failure is not None:
        return configuration.failure
    return _IDLE if configuration.state == "Inactive" else _CREATING


def locate(call: Call, function: Function, configuration: Configuration) -> Answer:
    """Return the ``Code`` member of a ``GetFunction`` answer; empty: it is left out."""
    code = configuration.code
    error = call.services.conditions.withheld("code", function.name)
    if error is not None:
        return {"Error": error} if error else {}
    if code.image_uri is not None:
        return {
            "RepositoryType": "ECR",
            "ImageUri": code.image_uri,
            "ResolvedImageUri": f"{_repository(code)}@sha256:{code.digest}",
        }
    place: Answer = {"RepositoryType": "S3", "Location": call.code_url(code.digest)}
    if code.reference is not None:
        names = ("S3Bucket", "S3Key", "S3ObjectVersion")
        place["ResolvedS3Object"] = dict(zip(names, code.reference, strict=True))
    if code.source_key is not None:
        place["SourceKMSKeyArn"] = code.source_key
    return place


def _repository(code: Code) -> str:
    repository = (code.image_uri or "").partition("@")[0]
    name, colon, tag = repository.rpartition(":")
    return name if colon and "/" not in tag else repository
