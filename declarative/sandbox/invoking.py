"""Settings of asynchronous invocation: retries, age, destinations; by qualifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from declarative.sandbox.errors import function_not_found, invalid, not_found
from declarative.sandbox.records import LATEST, Function
from declarative.sandbox.world import paged, select

if TYPE_CHECKING:
    from declarative.sandbox.world import Answer, Asked, Call

_MEMBERS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")


def put_event_invoke(call: Call, asked: Asked) -> Answer:
    """PutFunctionEventInvokeConfig: replaces all of it."""
    function, key, arn = _invoke_owner(call, asked)
    _check_something(asked)
    function.invoke_configs[key] = {}
    return _merge(call, function.invoke_configs[key], arn, asked)


def update_event_invoke(call: Call, asked: Asked) -> Answer:
    """UpdateFunctionEventInvokeConfig: what is not asked stays."""
    function, key, arn = _invoke_owner(call, asked)
    config = _invoke_config(function, key, arn)
    _check_something(asked)
    return _merge(call, config, arn, asked)


def _check_something(asked: Asked) -> None:
    if not any(asked.get(name) is not None for name in _MEMBERS):
        raise invalid("You must specify at least one of error handling or destination setting.")


def _merge(call: Call, config: dict[str, Any], arn: str, asked: Asked) -> Answer:
    for name in _MEMBERS:
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
    _, qualifier = call.parse(asked["FunctionName"], asked.get("Qualifier"))
    key = qualifier or LATEST
    arn = call.region.arn(function.name, key)
    if select(function, key) is None:
        raise function_not_found(arn)
    return function, key, arn


def _invoke_config(function: Function, key: str, arn: str) -> dict[str, Any]:
    if key not in function.invoke_configs:
        raise not_found(f"The function {arn} doesn't have an EventInvokeConfig")
    return function.invoke_configs[key]
