"""Settings beside the configuration: function URLs, asynchronous invocation, and single ones."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from declarative.sandbox.configuration import runtime_arn
from declarative.sandbox.constraints import require_member
from declarative.sandbox.errors import conflict, function_not_found, invalid, not_found
from declarative.sandbox.records import LATEST, Function
from declarative.sandbox.world import paged, select

if TYPE_CHECKING:
    from declarative.sandbox.world import Answer, Asked, Call

_NO_URL = "The resource you requested does not exist."


def create_function_url(call: Call, asked: Asked) -> Answer:
    """CreateFunctionUrlConfig: of ``$LATEST`` or an alias, never of a version."""
    function, key, arn = _url_owner(call, asked)
    if key in function.urls:
        raise conflict(
            f"Failed to create function url config for [functionArn = {arn}]. "
            "Error message:  FunctionUrlConfig exists for this Lambda function"
        )
    require_member(asked["AuthType"], "authType", ("NONE", "AWS_IAM"))
    host = hashlib.sha256(arn.encode()).hexdigest()[:32]
    now = call.services.stamp()
    config = {
        "FunctionUrl": f"https://{host}.lambda-url.{call.region.name}.on.aws/",
        "FunctionArn": arn,
        "AuthType": asked["AuthType"],
        "InvokeMode": asked.get("InvokeMode") or "BUFFERED",
        "CreationTime": now,
        "LastModifiedTime": now,
    }
    if asked.get("Cors"):
        config["Cors"] = asked["Cors"]
    function.urls[key] = config
    hidden = (
        ("LastModifiedTime",) if asked.get("InvokeMode") else ("LastModifiedTime", "InvokeMode")
    )
    return {name: value for name, value in config.items() if name not in hidden}


def get_function_url(call: Call, asked: Asked) -> Answer:
    """GetFunctionUrlConfig."""
    function, key, _ = _url_owner(call, asked)
    return dict(_url(function, key))


def update_function_url(call: Call, asked: Asked) -> Answer:
    """UpdateFunctionUrlConfig: what is not asked stays."""
    function, key, _ = _url_owner(call, asked)
    config = _url(function, key)
    for name in ("AuthType", "InvokeMode", "Cors"):
        if asked.get(name) is not None:
            config[name] = asked[name]
    if not config.get("Cors", True):
        del config["Cors"]
    config["LastModifiedTime"] = call.services.stamp()
    return {name: item for name, item in config.items() if name != "InvokeMode" or name in asked}


def delete_function_url(call: Call, asked: Asked) -> Answer:
    """DeleteFunctionUrlConfig."""
    function, key, _ = _url_owner(call, asked)
    _url(function, key)
    del function.urls[key]
    return {}


def list_function_urls(call: Call, asked: Asked) -> Answer:
    """ListFunctionUrlConfigs."""
    function = call.function(asked)
    return paged("FunctionUrlConfigs", [dict(url) for url in function.urls.values()], asked)


def _url_owner(call: Call, asked: Asked) -> tuple[Function, str, str]:
    name, qualifier = call.parse(asked["FunctionName"], asked.get("Qualifier"))
    function = call.region.functions.get(name)
    if function is None:
        raise not_found("Function does not exist" if asked.get("AuthType") else _NO_URL)
    if qualifier is not None and (qualifier.isdigit() or qualifier == LATEST):
        raise invalid(f"Function URLs are not supported for the qualifier {qualifier}.")
    if qualifier is not None and qualifier not in function.aliases:
        raise not_found(_NO_URL)
    return function, qualifier or LATEST, call.region.arn(name, qualifier)


def _url(function: Function, key: str) -> dict[str, Any]:
    if key not in function.urls:
        raise not_found(_NO_URL)
    return function.urls[key]


def put_event_invoke(call: Call, asked: Asked) -> Answer:
    """PutFunctionEventInvokeConfig: replaces all of it."""
    function, key, _ = _invoke_owner(call, asked)
    function.invoke_configs[key] = {}
    return update_event_invoke(call, asked)


def update_event_invoke(call: Call, asked: Asked) -> Answer:
    """UpdateFunctionEventInvokeConfig: what is not asked stays."""
    function, key, arn = _invoke_owner(call, asked)
    config = _invoke_config(function, key, arn)
    for name in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"):
        if asked.get(name) is not None:
            config[name] = asked[name]
    config["DestinationConfig"] = {
        "OnSuccess": {},
        "OnFailure": {},
        **config.get("DestinationConfig", {}),
    }
    config["LastModified"] = call.services.clock.wall()
    config["FunctionArn"] = arn
    return dict(config)


def get_event_invoke(call: Call, asked: Asked) -> Answer:
    """GetFunctionEventInvokeConfig."""
    return dict(_invoke_config(*_invoke_owner(call, asked)))


def delete_event_invoke(call: Call, asked: Asked) -> Answer:
    """DeleteFunctionEventInvokeConfig."""
    function, key, arn = _invoke_owner(call, asked)
    _invoke_config(function, key, arn)
    del function.invoke_configs[key]
    return {}


def list_event_invoke(call: Call, asked: Asked) -> Answer:
    """ListFunctionEventInvokeConfigs."""
    items = [dict(config) for config in call.function(asked).invoke_configs.values()]
    return paged("FunctionEventInvokeConfigs", items, asked)


def _invoke_owner(call: Call, asked: Asked) -> tuple[Function, str, str]:
    function = call.function(asked)
    key = asked.get("Qualifier") or LATEST
    arn = call.region.arn(function.name, key)
    if select(function, key) is None:
        raise function_not_found(arn)
    return function, key, arn


def _invoke_config(function: Function, key: str, arn: str) -> dict[str, Any]:
    if key not in function.invoke_configs:
        raise not_found(f"The function {arn} doesn't have an EventInvokeConfig")
    return function.invoke_configs[key]


def put_recursion(call: Call, asked: Asked) -> Answer:
    """PutFunctionRecursionConfig."""
    require_member(asked["RecursiveLoop"], "recursiveLoop", ("Allow", "Terminate"))
    call.function(asked).extras["RecursiveLoop"] = asked["RecursiveLoop"]
    return {"RecursiveLoop": asked["RecursiveLoop"]}


def get_recursion(call: Call, asked: Asked) -> Answer:
    """GetFunctionRecursionConfig: ``Terminate`` unless set."""
    return {"RecursiveLoop": call.function(asked).extras.get("RecursiveLoop", "Terminate")}


def put_code_signing(call: Call, asked: Asked) -> Answer:
    """PutFunctionCodeSigningConfig: kept and answered; no signature is ever checked."""
    function = call.function(asked)
    function.extras["CodeSigningConfigArn"] = asked["CodeSigningConfigArn"]
    return {"FunctionName": function.name, "CodeSigningConfigArn": asked["CodeSigningConfigArn"]}


def get_code_signing(call: Call, asked: Asked) -> Answer:
    """GetFunctionCodeSigningConfig: only the name where there is none."""
    function = call.function(asked)
    arn = function.extras.get("CodeSigningConfigArn")
    name = {"FunctionName": function.name}
    return {**name, "CodeSigningConfigArn": arn} if arn else name


def delete_code_signing(call: Call, asked: Asked) -> Answer:
    """DeleteFunctionCodeSigningConfig."""
    call.function(asked).extras.pop("CodeSigningConfigArn", None)
    return {}


def put_runtime_management(call: Call, asked: Asked) -> Answer:
    """PutRuntimeManagementConfig."""
    function, configuration, qualifier = call.target(asked)
    wanted = asked["UpdateRuntimeOn"]
    require_member(wanted, "updateRuntimeOn", ("Auto", "Manual", "FunctionUpdate"))
    if (wanted == "Manual") != bool(asked.get("RuntimeVersionArn")):
        raise invalid("RuntimeVersionArn is required with Manual and allowed with nothing else.")
    kept = function.extras.setdefault("RuntimeManagement", {})
    kept[configuration.version] = [wanted, asked.get("RuntimeVersionArn")]
    answer = {
        "UpdateRuntimeOn": wanted,
        "FunctionArn": call.region.arn(function.name, qualifier or LATEST),
    }
    if wanted == "Manual":
        answer["RuntimeVersionArn"] = asked["RuntimeVersionArn"]
    return answer


def get_runtime_management(call: Call, asked: Asked) -> Answer:
    """GetRuntimeManagementConfig: ``Auto`` unless set."""
    function, configuration, qualifier = call.target(asked)
    kept = function.extras.get("RuntimeManagement", {})
    mode, arn = kept.get(configuration.version, ["Auto", None])
    answer = {
        "UpdateRuntimeOn": mode,
        "FunctionArn": call.region.arn(function.name, qualifier or LATEST),
    }
    runtime = configuration.settings.get("Runtime")
    if mode == "FunctionUpdate" and runtime:
        arn = runtime_arn(call.region, runtime)
    return {**answer, "RuntimeVersionArn": arn} if arn else answer


def list_event_source_mappings(call: Call, asked: Asked) -> Answer:
    """ListEventSourceMappings: always none, the sandbox has no triggers."""
    if asked.get("FunctionName"):
        call.function(asked)
    return {"EventSourceMappings": []}
