"""GetResources of the tagging API, for Lambda functions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from declarative.sandbox.errors import ServiceError
from declarative.sandbox.world import paged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from declarative.sandbox.records import Function
    from declarative.sandbox.world import Answer, Asked, Call

TARGET = "ResourceGroupsTaggingAPI_20170126.GetResources"
_TYPES = frozenset({"lambda", "lambda:function"})
_MOST = 100


def asks_for_functions(target: str, body: bytes) -> bool:
    """Return whether a request of the tagging API wants functions and nothing else."""
    if target != TARGET:
        return False
    try:
        filters = json.loads(body or b"{}").get("ResourceTypeFilters")
    except (AttributeError, ValueError):
        return False
    return bool(filters) and set(filters) <= _TYPES


def get_resources(call: Call, asked: Asked) -> Answer:
    """GetResources: functions that have, or ever had, tags; 100 a page."""
    filters = asked.get("TagFilters") or []
    wanted = asked.get("ResourceARNList")
    size = asked.get("ResourcesPerPage") or _MOST
    if not 1 <= size <= _MOST:
        raise _invalid(f"ResourcesPerPage must be between 1 and {_MOST}.")
    if wanted and (filters or asked.get("ResourceTypeFilters")):
        raise _invalid("ResourceARNList cannot be combined with other filters.")
    items = [
        {
            "ResourceARN": call.region.arn(function.name),
            "Tags": [{"Key": key, "Value": value} for key, value in sorted(function.tags.items())],
        }
        for function in call.region.functions.values()
        if function.tagged
        and all(_matches(function, item) for item in filters)
        and (not wanted or call.region.arn(function.name) in wanted)
    ]
    page = {"Marker": asked.get("PaginationToken"), "MaxItems": size}
    found = paged("ResourceTagMappingList", items, page, most=_MOST)
    return {"PaginationToken": found.pop("NextMarker", ""), **found}


def _matches(function: Function, wanted: Mapping[str, Any]) -> bool:
    value = function.tags.get(wanted["Key"])
    return value is not None and (not wanted.get("Values") or value in wanted["Values"])


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParameterException", message, 400)
