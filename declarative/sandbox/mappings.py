"""Event source mappings: made, listed and deleted; nothing is ever delivered by them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from declarative.sandbox.errors import conflict, function_not_found, invalid, not_found
from declarative.sandbox.world import paged, select

if TYPE_CHECKING:
    from declarative.sandbox.world import Answer, Asked, Call

_OWN = frozenset({"FunctionName", "Enabled", "Tags", "UUID"})
_MOST = 100


def create_event_source_mapping(call: Call, asked: Asked) -> Answer:
    """CreateEventSourceMapping: of the source, only that its ARN is named."""
    arn = _target(call, asked)
    source = asked.get("EventSourceArn")
    if source is None and not asked.get("SelfManagedEventSource"):
        raise invalid("Unrecognized event source. An event source ARN is required.")
    mappings = call.region.around.mappings
    for other in mappings.values():
        if source is not None and (other.get("EventSourceArn"), other["FunctionArn"]) == (
            source,
            arn,
        ):
            raise conflict(
                "An event source mapping with event source "
                f'("{source}") and function ("{arn}") already exists. Please update or delete '
                f"the existing mapping with UUID {other['UUID']}"
            )
    identity = str(uuid.uuid4())
    made = {
        "BatchSize": 10,
        **{name: value for name, value in asked.items() if name not in _OWN},
        "UUID": identity,
        "EventSourceMappingArn": call.region.other_arn("event-source-mapping", identity),
        "FunctionArn": arn,
        "LastModified": call.services.clock.wall(),
        "State": "Disabled" if asked.get("Enabled") is False else "Enabled",
        "StateTransitionReason": "USER_INITIATED",
    }
    mappings[identity] = made
    return {**made, "State": "Creating"}


def get_event_source_mapping(call: Call, asked: Asked) -> Answer:
    """GetEventSourceMapping."""
    return dict(_existing(call, asked))


def update_event_source_mapping(call: Call, asked: Asked) -> Answer:
    """UpdateEventSourceMapping: what is not asked stays."""
    mapping = _existing(call, asked)
    if asked.get("FunctionName"):
        mapping["FunctionArn"] = _target(call, asked)
    if asked.get("Enabled") is not None:
        mapping["State"] = "Enabled" if asked["Enabled"] else "Disabled"
    mapping |= {name: value for name, value in asked.items() if name not in _OWN}
    mapping["LastModified"] = call.services.clock.wall()
    return {**mapping, "State": "Updating"}


def delete_event_source_mapping(call: Call, asked: Asked) -> Answer:
    """DeleteEventSourceMapping."""
    mapping = _existing(call, asked)
    del call.region.around.mappings[mapping["UUID"]]
    return {**mapping, "State": "Deleting"}


def list_event_source_mappings(call: Call, asked: Asked) -> Answer:
    """ListEventSourceMappings: of a source, or of a function; a mapping outlives its function."""
    named, source = asked.get("FunctionName"), asked.get("EventSourceArn")
    wanted = None
    if named:
        name, qualifier = call.parse(named, None)
        wanted = call.region.arn(name, qualifier)
    items = [
        dict(mapping)
        for mapping in call.region.around.mappings.values()
        if wanted in (None, mapping["FunctionArn"])
        and source in (None, mapping.get("EventSourceArn"))
    ]
    if wanted and not items:
        call.function(asked)
    return paged("EventSourceMappings", items, asked, most=_MOST)


def _target(call: Call, asked: Asked) -> str:
    name, qualifier = call.parse(asked["FunctionName"], None)
    function = call.region.functions.get(name)
    arn = call.region.arn(name, qualifier)
    if function is None or select(function, qualifier) is None:
        raise function_not_found(arn)
    return arn


def _existing(call: Call, asked: Asked) -> dict[str, Any]:
    found = call.region.around.mappings.get(asked["UUID"])
    if found is None:
        raise not_found("The resource you requested does not exist.")
    return found
