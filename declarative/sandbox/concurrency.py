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
from declarative.sandbox.storage import stored_bytes
from declarative.sandbox.world import paged, select

if TYPE_CHECKING:
    from declarative.sandbox.world import Answer, Asked, Call


def put_function_concurrency(call: Call, asked: Asked) -> Answer:
    """PutFunctionConcurrency: some of the account's concurrency must stay unreserved."""
    function = call.function(asked)
    wanted = asked["ReservedConcurrentExecutions"]
    least = call.services.limits.least_unreserved
    if _unreserved(call) + (function.reserved or 0) - wanted < least:
        raise invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's "
            f"UnreservedConcurrentExecution below its minimum value of [{least}]."
        )
    provisioned = _provisioned(function)
    if wanted < provisioned:
        raise invalid(
            f"ReservedConcurrentExecutions {wanted} should not be lower than function's total "
            f"provisioned concurrency [{provisioned}]."
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
    limits = call.services.limits
    return {
        "AccountLimit": {
            "TotalCodeSize": limits.code_storage_bytes,
            "CodeSizeUnzipped": MAX_UNZIPPED_BYTES,
            "CodeSizeZipped": MAX_DIRECT_BYTES,
            "ConcurrentExecutions": limits.concurrent_executions,
            "UnreservedConcurrentExecutions": _unreserved(call),
        },
        "AccountUsage": {
            "TotalCodeSize": stored_bytes(call.region),
            "FunctionCount": len(call.region.functions),
        },
    }


def _unreserved(call: Call) -> int:
    reserved = (function.reserved or 0 for function in call.region.functions.values())
    return call.services.limits.concurrent_executions - sum(reserved)


def _provisioned(function: Function) -> int:
    return sum(int(config["requested"]) for config in function.provisioned.values())


def put_provisioned_concurrency(call: Call, asked: Asked) -> Answer:
    """PutProvisionedConcurrencyConfig: of a version or of an alias without weights."""
    function, qualifier = _qualified(call, asked)
    _check_no_overlap(function, qualifier)
    _check_snapshots(function, qualifier)
    wanted = asked["ProvisionedConcurrentExecutions"]
    before = function.provisioned.pop(qualifier, None)
    try:
        _check_free(call, function, wanted)
    except ServiceError:
        if before is not None:
            function.provisioned[qualifier] = before
        raise
    function.provisioned[qualifier] = {"requested": wanted, "modified": call.services.stamp()}
    allocate(call, function.provisioned[qualifier])
    return _progress(function.provisioned[qualifier], None)


def allocate(call: Call, config: dict[str, Any]) -> None:
    """Let provisioned concurrency be got ready, as at first and when its alias moves."""
    config["ready_at"] = call.services.ready_at(call.services.timing.provision)
    config.pop("failure", None)


def _check_snapshots(function: Function, qualifier: str) -> None:
    chosen = select(function, qualifier)
    if chosen is not None and chosen.settings["SnapStart"]["ApplyOn"] != "None":
        raise invalid("Provisioned Concurrency is not supported for functions with SnapStart.")


def _check_free(call: Call, function: Function, wanted: int) -> None:
    total = _provisioned(function) + wanted
    if function.reserved is not None:
        if total > function.reserved:
            raise invalid(
                "Requested Provisioned Concurrency should not be greater than the "
                "reservedConcurrentExecution for function"
            )
        return
    others = sum(
        _provisioned(other)
        for other in call.region.functions.values()
        if other is not function and other.reserved is None
    )
    free, least = _unreserved(call) - others, call.services.limits.least_unreserved
    if total > free:
        raise invalid(
            "Specified ConcurrentExecutions for function is greater than account's unreserved "
            f"concurrency [{free}]."
        )
    if free - total < least:
        raise invalid(
            "Specified ConcurrentExecutions for function decreases account's "
            f"UnreservedConcurrentExecution below its minimum value of [{least}]."
        )


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
    _, qualifier = call.parse(asked["FunctionName"], asked.get("Qualifier"))
    if qualifier is None or qualifier == LATEST:
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
    over = now is not None and now >= config["ready_at"]
    failure = config.get("failure") if over else None
    available = config["requested"] if over and not failure else 0
    answer = {
        "RequestedProvisionedConcurrentExecutions": config["requested"],
        "AllocatedProvisionedConcurrentExecutions": available,
        "AvailableProvisionedConcurrentExecutions": available,
        "Status": "FAILED" if failure else "READY" if over else "IN_PROGRESS",
        "LastModified": config["modified"],
    }
    return {**answer, "StatusReason": failure} if failure else answer
