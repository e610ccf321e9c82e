"""Single settings beside the configuration: recursion, runtime management."""

from __future__ import annotations

from typing import TYPE_CHECKING

from declarative.sandbox.configuration import runtime_arn
from declarative.sandbox.errors import invalid
from declarative.sandbox.records import LATEST

if TYPE_CHECKING:
    from declarative.sandbox.world import Answer, Asked, Call


def put_recursion(call: Call, asked: Asked) -> Answer:
    """PutFunctionRecursionConfig."""
    call.function(asked).extras["RecursiveLoop"] = asked["RecursiveLoop"]
    return {"RecursiveLoop": asked["RecursiveLoop"]}


def get_recursion(call: Call, asked: Asked) -> Answer:
    """GetFunctionRecursionConfig: ``Terminate`` unless set."""
    return {"RecursiveLoop": call.function(asked).extras.get("RecursiveLoop", "Terminate")}


def put_runtime_management(call: Call, asked: Asked) -> Answer:
    """PutRuntimeManagementConfig."""
    function, configuration, qualifier = call.target(asked)
    if configuration.settings["PackageType"] == "Image":
        raise invalid("Runtime management is not supported for the package type Image.")
    wanted = asked["UpdateRuntimeOn"]
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
