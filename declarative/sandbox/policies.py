"""Resource policies: the statements that let others invoke a function.

A policy has no revision id of its own: it answers, and checks, the one of the function or
alias it belongs to, and every change of it gives that a new one.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from declarative.sandbox.errors import (
    ServiceError,
    conflict,
    invalid,
    not_found,
    precondition_failed,
)
from declarative.sandbox.records import LATEST, Alias, Configuration, Function
from declarative.sandbox.world import partition_of, select

if TYPE_CHECKING:
    from declarative.sandbox.world import Answer, Asked, Call

MAX_POLICY_BYTES = 20_480
_ACCOUNT = re.compile(r"\d{12}")
# parameter, operator, condition key: in the order in which AWS writes them
_CONDITIONS = (
    ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
    ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
    ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
    ("SourceArn", "ArnLike", "AWS:SourceArn"),
)


def add_permission(call: Call, asked: Asked) -> Answer:
    """AddPermission."""
    function, qualifier, bearer = _bearer(call, asked)
    _check_revision(asked, bearer)
    _check_statement(asked)
    statements = function.policies.get(qualifier, [])
    sid = asked["StatementId"]
    if any(statement["Sid"] == sid for statement in statements):
        raise conflict(
            f"The statement id ({sid}) provided already exists. Please provide a new "
            "statement id, or remove the existing statement."
        )
    arn = call.region.arn(function.name, None if qualifier == LATEST else qualifier)
    statement = _statement(call.region.name, arn, asked)
    _check_length([*statements, statement])
    function.policies[qualifier] = [*statements, statement]
    bearer.revision_id = call.services.new_id()
    return {"Statement": json.dumps(statement, separators=(",", ":"))}


def remove_permission(call: Call, asked: Asked) -> Answer:
    """RemovePermission."""
    function, qualifier, bearer = _bearer(call, asked)
    statements = function.policies.get(qualifier)
    if not statements:
        raise not_found("No policy is associated with the given resource.")
    kept = [item for item in statements if item["Sid"] != asked["StatementId"]]
    if len(kept) == len(statements):
        raise not_found(f"Statement {asked['StatementId']} is not found in resource policy.")
    _check_revision(asked, bearer)
    if kept:
        function.policies[qualifier] = kept
    else:
        del function.policies[qualifier]
    bearer.revision_id = call.services.new_id()
    return {}


def get_policy(call: Call, asked: Asked) -> Answer:
    """GetPolicy: of exactly the function, version or alias that is asked for."""
    function, qualifier, bearer = _bearer(call, asked)
    statements = function.policies.get(qualifier)
    if not statements:
        raise not_found("The resource you requested does not exist.")
    return {"Policy": _document(statements), "RevisionId": bearer.revision_id}


def put_resource_policy(call: Call, asked: Asked) -> Answer:
    """PutResourcePolicy: all statements in one call, in the place of those that are there."""
    function, qualifier, bearer = _bearer(call, {**asked, "FunctionName": asked["ResourceArn"]})
    _check_revision(asked, bearer)
    try:
        statements = json.loads(asked["Policy"])["Statement"]
    except (KeyError, TypeError, ValueError) as error:
        raise invalid("The policy is not a JSON document with a Statement.") from error
    statements = statements if isinstance(statements, list) else [statements]
    _check_length(statements)
    function.policies[qualifier] = statements
    bearer.revision_id = call.services.new_id()
    return {"Policy": asked["Policy"], "RevisionId": bearer.revision_id}


def get_resource_policy(call: Call, asked: Asked) -> Answer:
    """GetResourcePolicy: what GetPolicy answers, by ARN."""
    return get_policy(call, {"FunctionName": asked["ResourceArn"]})


def delete_resource_policy(call: Call, asked: Asked) -> Answer:
    """DeleteResourcePolicy."""
    function, qualifier, bearer = _bearer(call, {**asked, "FunctionName": asked["ResourceArn"]})
    if not function.policies.get(qualifier):
        raise not_found("The resource you requested does not exist.")
    _check_revision(asked, bearer)
    del function.policies[qualifier]
    bearer.revision_id = call.services.new_id()
    return {}


def _document(statements: list[dict[str, Any]]) -> str:
    policy = {"Version": "2012-10-17", "Id": "default", "Statement": statements}
    return json.dumps(policy, separators=(",", ":"))


def _check_length(statements: list[dict[str, Any]]) -> None:
    size = len(_document(statements).encode())
    if size > MAX_POLICY_BYTES:
        raise ServiceError(
            "PolicyLengthExceededException",
            f"The final policy size ({size}) is bigger than the limit ({MAX_POLICY_BYTES}).",
            400,
        )


def _check_statement(asked: Asked) -> None:
    principal, action = asked["Principal"], asked["Action"]
    known = principal == "*" or _ACCOUNT.fullmatch(principal) or principal.startswith("arn:")
    if not known and "." not in principal:
        raise invalid(
            "The provided principal was invalid. Please check the principal and try again."
        )
    if asked.get("FunctionUrlAuthType") and action != "lambda:InvokeFunctionUrl":
        raise invalid("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")


def _bearer(call: Call, asked: Asked) -> tuple[Function, str, Configuration | Alias]:
    """Return function, qualifier, and the record that bears the policy's revision id."""
    name, qualifier = call.parse(asked["FunctionName"], asked.get("Qualifier"))
    function = call.function(asked)
    if qualifier in function.aliases:
        return function, qualifier, function.aliases[qualifier]
    configuration = select(function, qualifier)
    if configuration is None:
        raise not_found(f"Cannot find alias arn: {call.region.arn(name, qualifier)}")
    return function, qualifier or LATEST, configuration


def _check_revision(asked: Asked, bearer: Configuration | Alias) -> None:
    if asked.get("RevisionId") and asked["RevisionId"] != bearer.revision_id:
        raise precondition_failed("GetPolicy")


def _statement(region: str, arn: str, asked: Asked) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Sid": asked["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(region, asked["Principal"]),
        "Action": asked["Action"],
        "Resource": arn,
    }
    conditions: dict[str, dict[str, Any]] = {}
    for parameter, operator, key in _CONDITIONS:
        if asked.get(parameter) is not None:
            conditions.setdefault(operator, {})[key] = asked[parameter]
    if asked.get("InvokedViaFunctionUrl") is not None:
        value = str(asked["InvokedViaFunctionUrl"]).lower()
        conditions["Bool"] = {"lambda:InvokedViaFunctionUrl": value}
    if conditions:
        statement["Condition"] = conditions
    return statement


def _principal(region: str, principal: str) -> str | dict[str, str]:
    if principal == "*":
        return principal
    if _ACCOUNT.fullmatch(principal):
        return {"AWS": f"arn:{partition_of(region)}:iam::{principal}:root"}
    if principal.startswith("arn:"):
        return {"AWS": principal}
    return {"Service": principal}
