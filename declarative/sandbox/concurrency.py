"""Reserved and provisioned concurrency, and the limits of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from declarative.sandbox.errors import (
    ServiceError,
    conflict,
    function_not_found,
    invalid,
    not_found,
)
from declarative.sandbox.packages import MAX_DIRECT_BYTES, MAX_UNZIPPED_BYTES
from declarative.sandbox.records import LATEST, Function
from declarative.sandbox.world import paged, select

if TYPE_CHECKING:
    from declarative.sandbox.world import Answer, Asked, Call

ACCOUNT_CONCURRENCY = 1000
LEAST_UNRESERVED = 100
CODE_STORAGE_BYTES = 322_122_547_200


def put_function_concurrency(call: Call, asked: Asked) -> Answer:
    """PutFunctionConcurrency: 100 of the account's 1,000 must stay unreserved."""
    function = call.function(asked)
    wanted = asked["ReservedConcurrentExecutions"]
    free = _unreserved(call) + (function.reserved or 0) - wanted
    if free < LEAST_UNRESERVED:
        raise invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's "
            "UnreservedConcurrentExecution below its minimum value of "
            f"[{LEAST_UNRESERVED}]."
        )
    function.reserved = wanted
    return {"ReservedConcurrentExecutions": wanted}


def get_function_concurrency(call: Call, asked: Asked) -> Answer:
    """GetFunctionConcurrency: empty where nothing is reserved."""
    reserved = call.function(asked).reserved
    return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}


def delete_function_concurrency(call: Call, asked: Asked) -> Answer:
    """DeleteFunctionConcurrency."""
    call.function(asked).reserved = None
    return {}


def get_account_settings(call: Call, _: Asked) -> Answer:
    """GetAccountSettings."""
    functions = call.region.functions.values()
    stored = sum(item.code.size for function in functions for item in function.configurations())
    return {
        "AccountLimit": {
            "TotalCodeSize": CODE_STORAGE_BYTES,
            "CodeSizeUnzipped": MAX_UNZIPPED_BYTES,
            "CodeSizeZipped": MAX_DIRECT_BYTES,
            "ConcurrentExecutions": ACCOUNT_CONCURRENCY,
            "UnreservedConcurrentExecutions": _unreserved(call),
        },
        "AccountUsage": {"TotalCodeSize": stored, "FunctionCount": len(functions)},
    }


def _unreserved(call: Call) -> int:
    reserved = (function.reserved or 0 for function in call.region.functions.values())
    return ACCOUNT_CONCURRENCY - sum(reserved)


def put_provisioned_concurrency(call: Call, asked: Asked) -> Answer:
    """PutProvisionedConcurrencyConfig: of a version or of an alias without weights."""
    function, qualifier = _qualified(call, asked)
    _check_no_overlap(function, qualifier)
    now = call.services.clock.monotonic()
    function.provisioned[qualifier] = {
        "requested": asked["ProvisionedConcurrentExecutions"],
        "modified": call.services.stamp(),
        "ready_at": now + call.services.update_seconds,
    }
    return _progress(function.provisioned[qualifier], None)


def get_provisioned_concurrency(call: Call, asked: Asked) -> Answer:
    """GetProvisionedConcurrencyConfig."""
    function, qualifier = _qualified(call, asked)
    config = function.provisioned.get(qualifier)
    if config is None:
        raise ServiceError(
            "ProvisionedConcurrencyConfigNotFoundException",
            "No Provisioned Concurrency Config found for this function",
            404,
        )
    return _progress(config, call.services.clock.monotonic())


def delete_provisioned_concurrency(call: Call, asked: Asked) -> Answer:
    """DeleteProvisionedConcurrencyConfig."""
    function, qualifier = _qualified(call, asked)
    function.provisioned.pop(qualifier, None)
    return {}


def list_provisioned_concurrency(call: Call, asked: Asked) -> Answer:
    """ListProvisionedConcurrencyConfigs."""
    function = call.function(asked)
    now = call.services.clock.monotonic()
    items = [
        {"FunctionArn": call.region.arn(function.name, qualifier), **_progress(config, now)}
        for qualifier, config in function.provisioned.items()
    ]
    return paged("ProvisionedConcurrencyConfigs", items, asked)


def _qualified(call: Call, asked: Asked) -> tuple[Function, str]:
    function = call.function(asked)
    qualifier = asked.get("Qualifier") or LATEST
    if qualifier == LATEST:
        raise invalid(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        )
    if select(function, qualifier) is None:
        arn = call.region.arn(function.name, qualifier)
        if qualifier.isdigit():
            raise function_not_found(arn)
        raise not_found(f"Cannot find alias arn: {arn}")
    return function, qualifier


def _check_no_overlap(function: Function, qualifier: str) -> None:
    alias = function.aliases.get(qualifier)
    if alias is not None:
        if alias.routing:
            raise invalid("Alias with weights can not be used with Provisioned Concurrency")
        if alias.version in function.provisioned:
            raise conflict(
                "Alias can't be used for Provisioned Concurrency configuration on an already "
                "Provisioned version"
            )
        return
    aliases = (function.aliases.get(name) for name in function.provisioned)
    if any(other is not None and other.version == qualifier for other in aliases):
        raise conflict("Version is pointed by a Provisioned Concurrency alias")


def _progress(config: dict[str, Any], now: float | None) -> Answer:
    ready = now is not None and now >= config["ready_at"]
    available = config["requested"] if ready else 0
    return {
        "RequestedProvisionedConcurrentExecutions": config["requested"],
        "AllocatedProvisionedConcurrentExecutions": available,
        "AvailableProvisionedConcurrentExecutions": available,
        "Status": "READY" if ready else "IN_PROGRESS",
        "LastModified": config["modified"],
    }
