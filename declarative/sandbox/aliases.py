"""Aliases: names for a version, with a share of the traffic for a second one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from declarative.sandbox.concurrency import allocate
from declarative.sandbox.errors import (
    conflict,
    function_not_found,
    invalid,
    mismatch,
    not_found,
    precondition_failed,
)
from declarative.sandbox.records import LATEST, Alias, Function
from declarative.sandbox.world import paged, select

if TYPE_CHECKING:
    from declarative.sandbox.world import Answer, Asked, Call


def create_alias(call: Call, asked: Asked) -> Answer:
    """CreateAlias."""
    function = call.function(asked)
    name = asked["Name"]
    if name in function.aliases:
        raise conflict(f"Alias already exists: {call.region.arn(function.name, name)}")
    alias = Alias(name, asked["FunctionVersion"], asked.get("Description") or "", {}, "")
    _point(call, function, alias, asked)
    function.aliases[name] = alias
    return _describe(call, function, alias)


def update_alias(call: Call, asked: Asked) -> Answer:
    """UpdateAlias: what is not asked stays, an empty routing map removes the weights."""
    function = call.function(asked)
    alias = _existing(call, function, asked["Name"])
    if asked.get("RevisionId") and asked["RevisionId"] != alias.revision_id:
        raise precondition_failed()
    changed = Alias(alias.name, alias.version, alias.description, dict(alias.routing), "")
    changed.version = asked.get("FunctionVersion") or alias.version
    if asked.get("Description") is not None:
        changed.description = asked["Description"]
    _point(call, function, changed, asked)
    function.aliases[alias.name] = changed
    if changed.version != alias.version and alias.name in function.provisioned:
        allocate(call, function.provisioned[alias.name])
    return _describe(call, function, changed)


def get_alias(call: Call, asked: Asked) -> Answer:
    """GetAlias."""
    function = call.function(asked)
    return _describe(call, function, _existing(call, function, asked["Name"]))


def delete_alias(call: Call, asked: Asked) -> Answer:
    """DeleteAlias: of an alias that does not exist, too, as in Lambda."""
    function = call.function(asked)
    name = asked["Name"]
    function.aliases.pop(name, None)
    for settings in (
        function.policies,
        function.urls,
        function.invoke_configs,
        function.provisioned,
    ):
        settings.pop(name, None)
    return {}


def list_aliases(call: Call, asked: Asked) -> Answer:
    """ListAliases: by name, of one version if ``FunctionVersion`` is given."""
    function = call.function(asked)
    version = asked.get("FunctionVersion")
    items = [
        _describe(call, function, alias)
        for _, alias in sorted(function.aliases.items())
        if version is None or alias.version == version or version in alias.routing
    ]
    return paged("Aliases", items, asked)


def _existing(call: Call, function: Function, name: str) -> Alias:
    alias = function.aliases.get(name)
    if alias is None:
        raise not_found(f"Cannot find alias arn: {call.region.arn(function.name, name)}")
    return alias


def _describe(call: Call, function: Function, alias: Alias) -> Answer:
    answer: Answer = {
        "AliasArn": call.region.arn(function.name, alias.name),
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision_id,
    }
    if alias.routing:
        answer["RoutingConfig"] = {"AdditionalVersionWeights": dict(alias.routing)}
    return answer


def _point(call: Call, function: Function, alias: Alias, asked: Asked) -> None:
    """Set version and weights of ``alias`` from a request, and give it a new revision id."""
    routing = asked.get("RoutingConfig")
    if routing is not None:
        alias.routing = dict(routing.get("AdditionalVersionWeights") or {})
    for version in (alias.version, *alias.routing):
        if version != LATEST and not version.isdigit():
            raise mismatch(version, "functionVersion", r"(\$LATEST|[0-9]+)")
        if select(function, version) is None:
            raise function_not_found(call.region.arn(function.name, version))
    if alias.routing:
        _check_routing(function, alias)
    alias.revision_id = call.services.new_id()


def _check_routing(function: Function, alias: Alias) -> None:
    if len(alias.routing) > 1:
        raise invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
    other = next(iter(alias.routing))
    if LATEST in (alias.version, other):
        raise invalid("$LATEST is not supported for an alias pointing to more than 1 version")
    if other == alias.version:
        raise invalid(
            f"Invalid function version {other}. Function version {other} is already included "
            "in routing configuration."
        )
    if alias.name in function.provisioned:
        raise invalid("Alias with weights can not be used with Provisioned Concurrency")
    _check_compatible(function.versions[alias.version].settings, function.versions[other].settings)


def _check_compatible(one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """Refuse a pair of versions that Lambda cannot serve behind one alias."""
    for member, noun in (("Role", "execution role"), ("DeadLetterConfig", "dead-letter queue")):
        if one.get(member) != other.get(member):
            raise invalid(
                f"Both versions of an alias with routing configuration must have the same {noun}."
            )
