"""Lambda's answers as the engine's values, and the engine's values as Lambda's requests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from declarative.aws.failures import required
from declarative.engine.ports import ImageCode, ObservedAlias, ObservedFunction, ZipCode
from declarative.model.fields import FUNCTION, LEAVES, default_of, from_api, get, put, to_api

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import JsonValue

    from declarative.engine.ports import Code
    from declarative.model.fields import Attributes

_NOT_CONFIGURATION: Final = frozenset(
    field.name for field in FUNCTION if field.create_only or field.code
)
"""What `UpdateFunctionConfiguration` does not take: fixed for good, or set with the code."""

_LOG_LEVELS: Final = ("ApplicationLogLevel", "SystemLogLevel")
_SOURCE_KEY: Final = "SourceKMSKeyArn"
"""Beside the code in answers and when a function is created; a member of its own later."""


def observed_function(answer: Mapping[str, Any]) -> ObservedFunction:
    """Return what ``GetFunction`` answered.

    A missing ``Tags`` with no ``TagsError`` is a function without tags: that is how AWS
    answers for one. A version has no tags of its own, so its ``tags`` are None.
    """
    configuration = required(answer, "Configuration")
    code = answer.get("Code") or {}
    tags_error = answer.get("TagsError")
    unreadable = {
        name: f"{error.get('ErrorCode', 'Error')}: {error.get('Message', 'no reason given')}"
        for name, error in (
            ("tags", tags_error),
            ("environment", (configuration.get("Environment") or {}).get("Error")),
            ("image_config", (configuration.get("ImageConfigResponse") or {}).get("Error")),
            ("code", code.get("Error")),
        )
        if error
    }
    tagged = configuration.get("Version", "$LATEST") == "$LATEST" and not tags_error
    observed = _function(
        {**configuration, _SOURCE_KEY: code.get(_SOURCE_KEY)},
        tags=dict(answer.get("Tags") or {}) if tagged else None,
        unreadable=unreadable,
        code_location=code.get("Location"),
    )
    reserved = (answer.get("Concurrency") or {}).get("ReservedConcurrentExecutions")
    image = code.get("ResolvedImageUri")
    return replace(observed, reserved_concurrent_executions=reserved, image_uri=image)


def observed_configuration(answer: Mapping[str, Any]) -> ObservedFunction:
    """Return what a changing call answered: a configuration alone, with no tags."""
    return _function(answer, tags=None, unreadable={}, code_location=None)


def observed_alias(answer: Mapping[str, Any]) -> ObservedAlias:
    """Return an alias as ``ListAliases``, ``CreateAlias`` and ``UpdateAlias`` answer it."""
    routing = (answer.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    return ObservedAlias(
        name=required(answer, "Name"),
        arn=required(answer, "AliasArn"),
        function_version=required(answer, "FunctionVersion"),
        description=answer.get("Description", ""),
        routing={version: float(weight) for version, weight in routing.items()},
        revision_id=answer.get("RevisionId"),
    )


def creation(name: str, attributes: Mapping[str, JsonValue], code: Code) -> dict[str, object]:
    """Return a ``CreateFunction`` request: only what differs from what AWS uses anyway.

    AWS refuses some defaults when they are spelled out (an empty KMS key, an image
    configuration on a zip), so none is.
    """
    declared: Attributes = {}
    for path in LEAVES:
        value = get(attributes, path)
        if value is not None and value != default_of(path, name):
            declared = put(declared, path, value)
    request = to_api(declared)
    source = package(code)
    if _SOURCE_KEY in request:
        source[_SOURCE_KEY] = request.pop(_SOURCE_KEY)
    return {"FunctionName": name, "Code": source, **request}


def function_request(
    name: str,
    attributes: Mapping[str, JsonValue],
    code: Code,
    *,
    tags: Mapping[str, str],
    publish: bool,
) -> dict[str, object]:
    """Return the whole ``CreateFunction`` request."""
    request = creation(name, attributes, code)
    if tags:
        request["Tags"] = dict(tags)
    if publish:
        request["Publish"] = True
    return request


def alias_request(
    name: str, alias: str, *, version: str, description: str, routing: Mapping[str, float]
) -> dict[str, object]:
    """Return a ``CreateAlias`` request."""
    request: dict[str, object] = {
        "FunctionName": name,
        "Name": alias,
        "FunctionVersion": version,
        "Description": description,
    }
    if routing:
        request["RoutingConfig"] = {"AdditionalVersionWeights": dict(routing)}
    return request


def reconfiguration(name: str, attributes: Mapping[str, JsonValue]) -> dict[str, object]:
    """Return an ``UpdateFunctionConfiguration`` request that sets ``attributes``.

    Empty values are sent: absence would leave what AWS has.
    """
    settable = {key: value for key, value in attributes.items() if key not in _NOT_CONFIGURATION}
    request = {"FunctionName": name, **to_api(settable)}
    if "image_config" in settable:
        # An empty structure resets all of it; empty members are refused.
        request["ImageConfig"] = _without_defaults("image_config", settable)
    logging = request.get("LoggingConfig")
    if isinstance(logging, dict):
        # Levels belong to JSON, where AWS has one if nobody says which; with Text it refuses them.
        as_json = logging.get("LogFormat") == "JSON"
        for level in _LOG_LEVELS:
            found = logging.pop(level, "INFO")
            if as_json:
                logging[level] = found
    network = request.get("VpcConfig")
    if isinstance(network, dict) and not network.get("SubnetIds"):
        # Dual stack is a property of subnets; where they go, it goes.
        network.pop("Ipv6AllowedForDualStack", None)
    return request


def package(code: Code) -> dict[str, object]:
    """Return a package or an image in the API's spelling."""
    if isinstance(code, ZipCode):
        return {"ZipFile": code.data}
    if isinstance(code, ImageCode):
        return {"ImageUri": code.uri}
    location: dict[str, object] = {"S3Bucket": code.bucket, "S3Key": code.key}
    return location if code.version_id is None else {**location, "S3ObjectVersion": code.version_id}


def secrets_of(attributes: Mapping[str, JsonValue]) -> frozenset[str]:
    """Return the values that must not be shown when AWS repeats them in a message."""
    found = (get(attributes, path) for path, field in LEAVES.items() if field.sensitive)
    return frozenset(text for value in found for text in _texts(value))


def _function(
    configuration: Mapping[str, Any],
    *,
    tags: Mapping[str, str] | None,
    unreadable: Mapping[str, str],
    code_location: str | None,
) -> ObservedFunction:
    name = required(configuration, "FunctionName")
    image = (configuration.get("ImageConfigResponse") or {}).get("ImageConfig")
    return ObservedFunction(
        name=name,
        arn=required(configuration, "FunctionArn"),
        version=configuration.get("Version", "$LATEST"),
        attributes=from_api({**configuration, "ImageConfig": image}, name),
        code_sha256=configuration.get("CodeSha256", ""),
        code_size=configuration.get("CodeSize", 0),
        revision_id=configuration.get("RevisionId"),
        tags=tags,
        unreadable=unreadable,
        state=configuration.get("State"),
        last_update_status=configuration.get("LastUpdateStatus"),
        reason=_reason(configuration),
        code_location=code_location,
        config_sha256=configuration.get("ConfigSha256"),
    )


def _reason(configuration: Mapping[str, Any]) -> str | None:
    # A failed update leaves a function that works, so its reason is the newer one.
    prefixes = ("State", "LastUpdateStatus")
    for prefix in reversed(prefixes) if configuration.get("State") == "Active" else prefixes:
        code = configuration.get(f"{prefix}ReasonCode")
        text = configuration.get(f"{prefix}Reason")
        if code or text:
            return ": ".join(filter(None, (code, text)))
    return None


def _without_defaults(name: str, attributes: Mapping[str, JsonValue]) -> object:
    kept: Attributes = {name: {}}
    for path, field in LEAVES.items():
        value = get(attributes, path)
        if path[0] == name and value is not None and value != field.default:
            kept = put(kept, path, value)
    return next(iter(to_api(kept).values()))


def _texts(value: JsonValue) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
