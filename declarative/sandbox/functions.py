"""Operations on functions: create, read, update, list, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from declarative.sandbox.configuration import (
    changed_settings,
    describe,
    initial_settings,
    locate,
    summarise,
)
from declarative.sandbox.constraints import (
    check_change,
    check_code,
    check_combination,
    check_creation,
    check_offered,
    check_settings,
    check_tags,
)
from declarative.sandbox.errors import conflict, function_not_found, invalid, precondition_failed
from declarative.sandbox.layers import check_unzipped_total
from declarative.sandbox.records import LATEST, Code, Configuration, Function
from declarative.sandbox.signing import check_signature, check_signing_config
from declarative.sandbox.storage import stored_size
from declarative.sandbox.uploads import receive
from declarative.sandbox.versions import check_storage, publish
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
    settings = initial_settings(call, asked)
    check_combination(settings)
    check_tags(asked.get("Tags") or {})
    signing = asked.get("CodeSigningConfigArn")
    if signing:
        check_signing_config(call, signing, settings["PackageType"])
        check_signature(call, signing)
    code = receive(call, asked["Code"], settings["PackageType"])
    check_unzipped_total(call, code, settings)
    check_storage(call, stored_size(code) * (2 if asked.get("Publish") else 1))
    function = Function(
        name,
        Configuration(
            version=LATEST,
            settings=settings,
            code=code,
            revision_id=services.new_id(),
            last_modified=services.stamp(),
            ready_at=services.ready_at(services.timing.pending),
        ),
        published=_given_before(call, name),
        tags=dict(asked.get("Tags") or {}),
        tagged=bool(asked.get("Tags")),
        extras={"CodeSigningConfigArn": signing} if signing else {},
    )
    call.region.functions[name] = function
    shown = publish(call, function) if asked.get("Publish") else function.latest
    return describe(call, function, shown, None)


def _given_before(call: Call, name: str) -> int:
    if call.services.behaviour.version_numbers == "start-again":
        return 0
    return call.region.around.versions_given.get(name, 0)


def get_function(call: Call, asked: Asked) -> Answer:
    """GetFunction: tags and reserved concurrency come with the unqualified function only."""
    function, configuration, qualifier = call.target(asked)
    answer: Answer = {"Configuration": describe(call, function, configuration, qualifier)}
    if code := locate(call, function, configuration):
        answer["Code"] = code
    if qualifier is None:
        answer |= _tags(call, function)
    if qualifier is None and function.reserved is not None:
        answer["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved}
    return answer


def _tags(call: Call, function: Function) -> Answer:
    region = call.region
    arn = region.arn(function.name)
    error = call.services.conditions.tags_error(region.account, function.name, arn)
    if error is None:
        return {"Tags": dict(function.tags)} if function.tags else {}
    return {"TagsError": error} if error else {}


def get_function_configuration(call: Call, asked: Asked) -> Answer:
    """GetFunctionConfiguration."""
    function, configuration, qualifier = call.target(asked)
    return describe(call, function, configuration, qualifier)


def update_function_code(call: Call, asked: Asked) -> Answer:
    """UpdateFunctionCode: answers the version's configuration when one is published."""
    function = call.function(asked)
    latest = function.latest
    check_offered(asked)
    check_code(asked, latest.settings["PackageType"])
    check_revision(asked, latest.revision_id)
    require_settled(call, function)
    check_signature(call, function.extras.get("CodeSigningConfigArn"))
    code = receive(call, asked, latest.settings["PackageType"])
    settings = dict(latest.settings)
    if asked.get("Architectures"):
        settings["Architectures"] = asked["Architectures"]
    if asked.get("DryRun"):
        would = Configuration(
            LATEST, settings, code, latest.revision_id, latest.last_modified, "Active", "Successful"
        )
        return describe(call, function, would, None)
    check_unzipped_total(call, code, settings)
    copies = 2 if asked.get("Publish") else 1
    check_storage(call, stored_size(code) * copies - stored_size(latest.code))
    _begin_update(call, latest, settings, code)
    if not asked.get("Publish"):
        return describe(call, function, latest, None)
    version = publish(call, function)
    return describe(call, function, version, version.version)


def update_function_configuration(call: Call, asked: Asked) -> Answer:
    """UpdateFunctionConfiguration."""
    function = call.function(asked)
    latest = function.latest
    check_settings(asked, latest.settings)
    check_revision(asked, latest.revision_id)
    require_settled(call, function)
    settings = changed_settings(call, latest.settings, asked)
    check_change(latest.settings, settings)
    check_combination(settings)
    check_unzipped_total(call, latest.code, settings)
    _begin_update(call, latest, settings, latest.code)
    return describe(call, function, function.latest, None)


def check_revision(asked: Asked, revision_id: str) -> None:
    """Refuse a request whose ``RevisionId`` is not the latest one."""
    if asked.get("RevisionId") and asked["RevisionId"] != revision_id:
        raise precondition_failed()


def _begin_update(call: Call, latest: Configuration, settings: dict[str, Any], code: Code) -> None:
    services = call.services
    before = (latest.settings, latest.code)
    latest.settings, latest.code = settings, code
    latest.begin_update(
        services.ready_at(services.timing.update), services.new_id, services.stamp()
    )
    latest.previous = before if services.behaviour.failed_update == "taken-back" else None


def list_functions(call: Call, asked: Asked) -> Answer:
    """ListFunctions: 50 a page, without status; ``ALL`` adds every published version."""
    functions = call.region.functions.values()
    found: list[tuple[Function, Configuration, str | None]]
    if asked.get("FunctionVersion") == "ALL":
        found = [(one, item, item.version) for one in functions for item in one.configurations()]
    else:
        found = [(one, one.latest, None) for one in functions]
    answer = paged("Functions", found, asked)
    answer["Functions"] = [summarise(call, *item) for item in answer["Functions"]]
    return answer


def delete_function(call: Call, asked: Asked) -> Answer:
    """DeleteFunction: all of it, or the one version that ``Qualifier`` names."""
    name, qualifier = call.parse(asked["FunctionName"], asked.get("Qualifier"))
    function = call.function(asked)
    if qualifier is None:
        del call.region.functions[name]
        call.region.around.versions_given[name] = function.published
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
    function.extras.get("RuntimeManagement", {}).pop(qualifier, None)
    return {"StatusCode": 204}
