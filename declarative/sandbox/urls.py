"""Function URLs: of a function or an alias, never of a version."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from declarative.sandbox.errors import conflict, invalid, not_found
from declarative.sandbox.records import LATEST, Function
from declarative.sandbox.world import paged

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
