"""The configurable members of a function: defaults, changes, and how answers show them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from declarative.sandbox.records import LATEST, Configuration, Function
from declarative.sandbox.world import partition_of

if TYPE_CHECKING:
    from declarative.sandbox.world import Answer, Asked, Call, Region

# What Lambda says of a change under way, for creations and updates alike.
_CREATING = ("Creating", "The function is being created.")


def initial_settings(asked: Asked) -> dict[str, Any]:
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
    return changed_settings(settings, asked)


def changed_settings(settings: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    """Return ``settings`` with the members of a request laid over them."""
    changed = dict(settings)
    for name, value in asked.items():
        shape = _SHAPES.get(name)
        if shape is None or value is None:
            continue
        member = "ImageConfigResponse" if name == "ImageConfig" else name
        shaped = shape(settings, value)
        if shaped is None:
            changed.pop(member, None)
        else:
            changed[member] = shaped
    return changed


def _as_is(_: Mapping[str, Any], value: Any) -> Any:
    return value


def _absent_when_empty(_: Mapping[str, Any], value: Any) -> Any:
    return value or None


def _target(_: Mapping[str, Any], value: Mapping[str, Any]) -> Any:
    return dict(value) if value.get("TargetArn") else None


def _layers(_: Mapping[str, Any], arns: list[str]) -> Any:
    return [{"Arn": arn, "CodeSize": 1024} for arn in arns] or None


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


_SHAPES: Mapping[str, Callable[[Mapping[str, Any], Any], Any]] = {
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
    "DurableConfig": _absent_when_empty,
    "RuntimeConfig": _absent_when_empty,
    "AcceleratorConfig": _absent_when_empty,
    "DeadLetterConfig": _target,
    "Layers": _layers,
    "VpcConfig": _vpc,
    "ImageConfig": _image_config,
    "LoggingConfig": _logging,
}


def describe(
    region: Region, function: Function, configuration: Configuration, qualifier: str | None
) -> Answer:
    """Return a configuration as most operations answer it."""
    answer = summarise(region, function, configuration, qualifier)
    runtime = configuration.settings.get("Runtime")
    if runtime is not None:
        answer["RuntimeVersionConfig"] = {"RuntimeVersionArn": runtime_arn(region, runtime)}
    return {**answer, **_status(configuration)}


def summarise(
    region: Region, function: Function, configuration: Configuration, qualifier: str | None
) -> Answer:
    """Return a configuration as list operations answer it: without its status."""
    settings = configuration.settings
    applied = settings["SnapStart"]["ApplyOn"] == "PublishedVersions"
    optimised = applied and configuration.version != LATEST
    return {
        **settings,
        "FunctionName": function.name,
        "FunctionArn": region.arn(function.name, qualifier),
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


def runtime_arn(region: Region, runtime: str) -> str:
    """Return the ARN of the runtime version that a runtime stands for at present."""
    digest = hashlib.sha256(runtime.encode()).hexdigest()
    return f"arn:{partition_of(region.name)}:lambda:{region.name}::runtime:{digest}"


def _status(configuration: Configuration) -> Answer:
    under_way = configuration.ready_at is not None
    code, reason = _CREATING if under_way else configuration.failure or _CREATING
    status: Answer = {"State": configuration.state}
    if configuration.state != "Active":
        status |= {"StateReason": reason, "StateReasonCode": code}
    if configuration.update is not None:
        status["LastUpdateStatus"] = configuration.update
    if configuration.update in ("InProgress", "Failed"):
        status |= {"LastUpdateStatusReason": reason, "LastUpdateStatusReasonCode": code}
    return status


def locate(call: Call, configuration: Configuration) -> Answer:
    """Return the ``Code`` member of a ``GetFunction`` answer."""
    code = configuration.code
    if code.image_uri is None:
        return {"RepositoryType": "S3", "Location": call.code_url(code.digest)}
    repository = code.image_uri.partition("@")[0]
    name, colon, tag = repository.rpartition(":")
    if colon and "/" not in tag:
        repository = name
    return {
        "RepositoryType": "ECR",
        "ImageUri": code.image_uri,
        "ResolvedImageUri": f"{repository}@sha256:{code.digest}",
    }
