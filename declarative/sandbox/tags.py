"""Tags: of functions only, never of versions or aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from declarative.sandbox.constraints import check_tags
from declarative.sandbox.errors import invalid, mismatch

if TYPE_CHECKING:
    from declarative.sandbox.records import Function
    from declarative.sandbox.world import Answer, Asked, Call


def tag_resource(call: Call, asked: Asked) -> Answer:
    """TagResource."""
    function = _function(call, asked)
    check_tags(asked["Tags"], function.tags)
    _store(call, function, {**function.tags, **asked["Tags"]})
    return {}


def untag_resource(call: Call, asked: Asked) -> Answer:
    """UntagResource: keys that are not there are no error."""
    function = _function(call, asked)
    kept = {key: value for key, value in function.tags.items() if key not in asked["TagKeys"]}
    _store(call, function, kept)
    return {}


def list_tags(call: Call, asked: Asked) -> Answer:
    """ListTags."""
    return {"Tags": dict(_function(call, asked).tags)}


def _function(call: Call, asked: Asked) -> Function:
    arn = asked["Resource"]
    if not arn.startswith("arn:"):
        raise mismatch(arn, "resource", "arn:aws[a-zA-Z-]*:lambda:.*:function:.*")
    _, qualifier = call.parse(arn, None)
    if qualifier is not None:
        raise invalid(
            "Tags on function aliases and versions are not supported. "
            "Please specify a function ARN."
        )
    return call.function(asked, "Resource")


def _store(call: Call, function: Function, tags: dict[str, str]) -> None:
    function.tags = tags
    function.tagged = function.tagged or bool(tags)
    if call.services.behaviour.tags_change_revision:
        function.latest.revision_id = call.services.new_id()
