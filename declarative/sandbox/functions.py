"""Operations on functions: create, read, update, list, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from declarative.sandbox.configuration import (
    changed_settings,
    describe,
    initial_settings,
    locate,
    summarise,
)
from declarative.sandbox.constraints import (
    check_code,
    check_creation,
    check_settings,
    require_member,
)
from declarative.sandbox.errors import conflict, function_not_found, invalid, precondition_failed
from declarative.sandbox.records import LATEST, Configuration, Function
from declarative.sandbox.uploads import receive
from declarative.sandbox.versions import publish
from declarative.sandbox.world import paged, require_settled

if TYPE_CHECKING:
    from declarative.sandbox.world import Answer, Asked, Call


def create_function(call: Call, asked: Asked) -> Answer:
    """CreateFunction: of the role only the form of its ARN is checked, not that it exists."""
    check_creation(asked)
    check_settings(asked)
    name, _ = call.parse(asked["FunctionName"], None)
    if name in call.region.functions:
        raise conflict(f"Function already exist: {name}")
    services = call.services
    settings = initial_settings(asked)
    function = Function(
        name,
        Configuration(
            version=LATEST,
            settings=settings,
            code=receive(call, asked["Code"], settings["PackageType"]),
            revision_id=services.new_id(),
            last_modified=services.stamp(),
            ready_at=services.ready_at(services.pending_seconds),
        ),
        tags=dict(asked.get("Tags") or {}),
    )
    if asked.get("CodeSigningConfigArn"):
        function.extras["CodeSigningConfigArn"] = asked["CodeSigningConfigArn"]
    call.region.functions[name] = function
    shown = publish(call, function) if asked.get("Publish") else function.latest
    return describe(call.region, function, shown, None)


def get_function(call: Call, asked: Asked) -> Answer:
    """GetFunction: tags and reserved concurrency come with the unqualified function only."""
    function, configuration, qualifier = call.target(asked)
    answer = {
        "Configuration": describe(call.region, function, configuration, qualifier),
        "Code": locate(call, configuration),
    }
    if qualifier is None and function.tags:
        answer["Tags"] = dict(function.tags)
    if qualifier is None and function.reserved is not None:
        answer["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved}
    return answer


def get_function_configuration(call: Call, asked: Asked) -> Answer:
    """GetFunctionConfiguration."""
    function, configuration, qualifier = call.target(asked)
    return describe(call.region, function, configuration, qualifier)


def update_function_code(call: Call, asked: Asked) -> Answer:
    """UpdateFunctionCode: answers the version's configuration when one is published."""
    function = call.function(asked)
    latest = function.latest
    check_code(asked, latest.settings["PackageType"])
    check_revision(asked, latest.revision_id)
    require_settled(call, function)
    code = receive(call, asked, latest.settings["PackageType"])
    settings = dict(latest.settings)
    if asked.get("Architectures"):
        settings["Architectures"] = asked["Architectures"]
    if asked.get("DryRun"):
        would = Configuration(
            LATEST, settings, code, latest.revision_id, latest.last_modified, "Active", "Successful"
        )
        return describe(call.region, function, would, None)
    latest.code, latest.settings = code, settings
    _begin_update(call, latest)
    if not asked.get("Publish"):
        return describe(call.region, function, latest, None)
    version = publish(call, function)
    return describe(call.region, function, version, version.version)


def update_function_configuration(call: Call, asked: Asked) -> Answer:
    """UpdateFunctionConfiguration."""
    function = call.function(asked)
    check_settings(asked)
    check_revision(asked, function.latest.revision_id)
    require_settled(call, function)
    function.latest.settings = changed_settings(function.latest.settings, asked)
    _begin_update(call, function.latest)
    return describe(call.region, function, function.latest, None)


def check_revision(asked: Asked, revision_id: str) -> None:
    """Refuse a request whose ``RevisionId`` is not the latest one."""
    if asked.get("RevisionId") and asked["RevisionId"] != revision_id:
        raise precondition_failed()


def _begin_update(call: Call, latest: Configuration) -> None:
    services = call.services
    latest.begin_update(
        services.ready_at(services.update_seconds), services.new_id, services.stamp()
    )


def list_functions(call: Call, asked: Asked) -> Answer:
    """ListFunctions: 50 a page, without status; ``ALL`` adds every published version."""
    region = call.region
    every = asked.get("FunctionVersion")
    if every is not None:
        require_member(every, "functionVersion", ("ALL",))
        items = [
            summarise(region, function, configuration, configuration.version)
            for function in region.functions.values()
            for configuration in function.configurations()
        ]
    else:
        items = [
            summarise(region, function, function.latest, None)
            for function in region.functions.values()
        ]
    return paged("Functions", items, asked)


def delete_function(call: Call, asked: Asked) -> Answer:
    """DeleteFunction: all of it, or the one version that ``Qualifier`` names."""
    name, qualifier = call.parse(asked["FunctionName"], asked.get("Qualifier"))
    function = call.function(asked)
    if qualifier is None:
        del call.region.functions[name]
        return {"StatusCode": 204}
    if qualifier == LATEST:
        raise invalid("$LATEST version cannot be deleted without deleting the function.")
    if not qualifier.isdigit():
        raise invalid("Deletion of aliases is not currently supported.")
    users = [
        alias.name
        for alias in function.aliases.values()
        if alias.version == qualifier or qualifier in alias.routing
    ]
    if users:
        raise conflict(
            "Unable to delete version because the following aliases reference it: "
            f"[{', '.join(users)}]"
        )
    if function.versions.pop(qualifier, None) is None:
        raise function_not_found(call.region.arn(name, qualifier))
    for settings in (function.policies, function.invoke_configs, function.provisioned):
        settings.pop(qualifier, None)
    return {"StatusCode": 204}
