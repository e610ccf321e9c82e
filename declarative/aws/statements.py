"""Statements of resource policies in the normal form of ``permission`` blocks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from declarative.aws.failures import required
from declarative.engine.setting_ports import ObservedPolicy, PolicyStatement
from declarative.model.setting_fields import PERMISSION, normal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from declarative.model.field import Attributes

_CONDITIONS: Final[Mapping[tuple[str, str], str]] = {
    ("ArnLike", "aws:sourcearn"): "source_arn",
    ("StringEquals", "aws:sourceaccount"): "source_account",
    ("StringEquals", "aws:principalorgid"): "principal_org_id",
    ("StringEquals", "lambda:eventsourcetoken"): "event_source_token",
    ("StringEquals", "lambda:functionurlauthtype"): "function_url_auth_type",
    ("Bool", "lambda:invokedviafunctionurl"): "invoked_via_function_url",
}
"""What ``AddPermission`` writes for each of its members; keys of conditions have no case."""

_KNOWN: Final = frozenset({"Sid", "Effect", "Principal", "Action", "Resource", "Condition"})


def observed_policy(answer: Mapping[str, Any]) -> ObservedPolicy:
    """Return what ``GetPolicy`` answered.

    Raises:
        ValueError: the policy is no JSON document.
    """
    document = json.loads(required(answer, "Policy"))
    found = document.get("Statement", [])
    statements = found if isinstance(found, list) else [found]
    return ObservedPolicy(
        {str(one.get("Sid", "")): _statement(one) for one in statements},
        answer.get("RevisionId"),
    )


def _statement(statement: Mapping[str, Any]) -> PolicyStatement:
    return PolicyStatement(
        id=str(statement.get("Sid", "")),
        attributes=_attributes(statement),
        document=json.dumps(statement, sort_keys=True, separators=(",", ":")),
    )


def _attributes(statement: Mapping[str, Any]) -> Attributes | None:
    """Return the permission that a statement gives; None where it is none of ours."""
    action = _single(statement.get("Action"))
    principal = _principal(statement.get("Principal"))
    if statement.keys() - _KNOWN or statement.get("Effect") != "Allow":
        return None
    if action is None or principal is None:
        return None
    attributes: Attributes = {"action": action, "principal": principal}
    for operator, tests in (statement.get("Condition") or {}).items():
        for key, given in tests.items():
            name = _CONDITIONS.get((operator, key.lower()))
            value = _single(given)
            if name is None or value is None:
                return None
            attributes[name] = value == "true" if operator == "Bool" else value
    return normal(PERMISSION, attributes)


def _principal(given: object) -> str | None:
    if isinstance(given, dict) and len(given) == 1 and given.keys() <= {"AWS", "Service"}:
        given = next(iter(given.values()))
    return _single(given)


def _single(given: object) -> str | None:
    """Return a value that may stand alone or in a list of one; None where it is neither."""
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    return given if isinstance(given, str) else None
