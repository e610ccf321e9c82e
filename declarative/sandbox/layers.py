"""Layers: published versions, and the check that a function's layers exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from declarative.sandbox.conditions import storage_exceeded
from declarative.sandbox.errors import denied, invalid, not_found
from declarative.sandbox.records import Code
from declarative.sandbox.storage import stored_bytes
from declarative.sandbox.uploads import check_unzipped, receive
from declarative.sandbox.world import paged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from declarative.sandbox.world import Answer, Asked, Call

_VERSION_ARN = re.compile(
    r"(?P<layer>arn:[^:]+:lambda:(?P<region>[^:]*):(?P<account>[^:]*):layer:(?P<name>[^:]+))"
    r":(?P<version>\d+)"
)
_UNKNOWN_SIZE = 1024
_SHOWN = ("Description", "CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo")


def publish_layer_version(call: Call, asked: Asked) -> Answer:
    """PublishLayerVersion."""
    name = _layer_name(asked["LayerName"])
    code = receive(call, asked["Content"], "Zip")
    if stored_bytes(call.region) + code.size > call.services.limits.code_storage_bytes:
        raise storage_exceeded()
    around = call.region.around
    number = around.layers_given.get(name, 0) + 1
    around.layers_given[name] = number
    made = {
        "Version": number,
        "CreatedDate": call.services.stamp(),
        "Description": "",
        **{member: asked[member] for member in _SHOWN if asked.get(member)},
        "digest": code.digest,
        "CodeSize": code.size,
        "unzipped": code.unzipped,
    }
    around.layers.setdefault(name, []).append(made)
    return _full(call, name, made)


def get_layer_version(call: Call, asked: Asked) -> Answer:
    """GetLayerVersion."""
    name = _layer_name(asked["LayerName"])
    return _full(call, name, _existing(call, name, int(asked["VersionNumber"])))


def get_layer_version_by_arn(call: Call, asked: Asked) -> Answer:
    """GetLayerVersionByArn: of this account's layers; those of others are not known here."""
    match = _VERSION_ARN.fullmatch(asked["Arn"])
    if match is None or match["account"] != call.region.account:
        raise denied(call.region.account, "lambda:GetLayerVersion", asked["Arn"])
    return _full(call, match["name"], _existing(call, match["name"], int(match["version"])))


def list_layer_versions(call: Call, asked: Asked) -> Answer:
    """ListLayerVersions: newest first, 50 a page."""
    name = _layer_name(asked["LayerName"])
    items = [
        _summary(call, name, version)
        for version in reversed(call.region.around.layers.get(name, []))
        if _fits(version, asked)
    ]
    return paged("LayerVersions", items, asked)


def list_layers(call: Call, asked: Asked) -> Answer:
    """ListLayers: each with its newest version."""
    items = [
        {
            "LayerName": name,
            "LayerArn": call.region.other_arn("layer", name),
            "LatestMatchingVersion": _summary(call, name, matching[-1]),
        }
        for name, versions in sorted(call.region.around.layers.items())
        if (matching := [version for version in versions if _fits(version, asked)])
    ]
    return paged("Layers", items, asked)


def delete_layer_version(call: Call, asked: Asked) -> Answer:
    """DeleteLayerVersion: functions that use it go on; of one that is not there, too."""
    name, number = _layer_name(asked["LayerName"]), int(asked["VersionNumber"])
    layers = call.region.around.layers
    kept = [version for version in layers.get(name, []) if version["Version"] != number]
    if kept:
        layers[name] = kept
    else:
        layers.pop(name, None)
    return {}


def resolve_layers(call: Call, arns: list[str]) -> list[dict[str, Any]]:
    """Return a function's layers as answers show them.

    Raises:
        ServiceError: A layer of this account does not exist, or is named twice.
    """
    seen: set[str] = set()
    for arn in arns:
        layer = arn.rpartition(":")[0]
        if layer in seen:
            raise invalid(
                f"Two different versions of the same layer are not allowed to be referenced in "
                f"the same function. {arn} is one of them."
            )
        seen.add(layer)
    return [{"Arn": arn, "CodeSize": _size(call, arn)} for arn in arns]


def check_unzipped_total(call: Call, code: Code, settings: Mapping[str, Any]) -> None:
    """Refuse a package and layers that are too large together; the size of others' is unknown.

    Raises:
        ServiceError: ``InvalidParameterValueException``.
    """
    layers = settings.get("Layers", ())
    check_unzipped(code.unzipped + sum(_unzipped(call, layer["Arn"]) for layer in layers))


def _unzipped(call: Call, arn: str) -> int:
    match = _VERSION_ARN.fullmatch(arn)
    if match is None or match["account"] != call.region.account:
        return 0
    versions = call.region.around.layers.get(match["name"], ())
    return sum(int(one["unzipped"]) for one in versions if one["Version"] == int(match["version"]))


def _size(call: Call, arn: str) -> int:
    match = _VERSION_ARN.fullmatch(arn)
    if match is None:  # AWS's own, such as awslayer
        return _UNKNOWN_SIZE
    if match["region"] != call.region.name:
        raise invalid(f"Layer {arn} is not in the region of the function ({call.region.name}).")
    if match["account"] != call.region.account:
        return _UNKNOWN_SIZE
    around = call.region.around
    for version in around.layers.get(match["name"], []):
        if version["Version"] == int(match["version"]):
            return int(version["CodeSize"])
    known = match["name"] in around.layers_given
    if known or call.services.behaviour.unknown_references == "refused":
        raise invalid(f"Layer version {arn} does not exist.")
    return _UNKNOWN_SIZE


def _layer_name(named: str) -> str:
    return named.rpartition(":layer:")[2]


def _existing(call: Call, name: str, number: int) -> dict[str, Any]:
    for version in call.region.around.layers.get(name, []):
        if version["Version"] == number:
            return version
    raise not_found("The resource you requested does not exist.")


def _fits(version: dict[str, Any], asked: Asked) -> bool:
    runtime, architecture = asked.get("CompatibleRuntime"), asked.get("CompatibleArchitecture")
    return (runtime is None or runtime in version.get("CompatibleRuntimes", ())) and (
        architecture is None or architecture in version.get("CompatibleArchitectures", ())
    )


def _summary(call: Call, name: str, version: dict[str, Any]) -> Answer:
    number = version["Version"]
    arn = call.region.other_arn("layer", f"{name}:{number}")
    shown = {member: version[member] for member in (*_SHOWN, "CreatedDate") if member in version}
    return {"LayerVersionArn": arn, "Version": number, **shown}


def _full(call: Call, name: str, version: dict[str, Any]) -> Answer:
    code = Code(version["digest"], version["CodeSize"])
    return {
        **_summary(call, name, version),
        "LayerArn": call.region.other_arn("layer", name),
        "Content": {
            "Location": call.code_url(code.digest),
            "CodeSha256": code.sha256,
            "CodeSize": code.size,
        },
    }
