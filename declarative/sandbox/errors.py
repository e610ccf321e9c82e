"""Error answers of the simulated services, worded as AWS words them.

These are answers, not failures of lamform: they never reach a person except through the
client that asked, so they stand outside the tree of `declarative.errors`.
"""

from __future__ import annotations

from typing import Any

_CAPITAL = frozenset({"ResourceNotFoundException", "AccessDeniedException"})


class ServiceError(Exception):
    """An error answer: code, message, HTTP status, more members and headers."""

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        *,
        members: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = {"Type": "User"} if members is None else members
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """Return the members of the answer.

        AWS spells the message's name with a capital in a few answers only.
        """
        name = "Message" if self.code in _CAPITAL else "message"
        return {**self.members, name: self.message}


class AnswerLostError(Exception):
    """An injected fault: the connection closes without an answer."""


class NoAnswerError(Exception):
    """An injected fault: nothing comes for ``seconds``, unless the client gives up before."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no answer for {seconds} seconds")
        self.seconds = seconds


def not_found(message: str) -> ServiceError:
    """Return a 404 with a message of its own."""
    return ServiceError("ResourceNotFoundException", message, 404)


def function_not_found(arn: str) -> ServiceError:
    """Return the 404 for a function, version or alias that does not exist."""
    return not_found(f"Function not found: {arn}")


def conflict(message: str) -> ServiceError:
    """Return a 409: what is asked does not fit the state of the resource."""
    return ServiceError("ResourceConflictException", message, 409)


def invalid(message: str) -> ServiceError:
    """Return a 400 for a parameter that is well formed and wrong."""
    return ServiceError("InvalidParameterValueException", message, 400)


def precondition_failed(reader: str = "GetFunction/GetAlias") -> ServiceError:
    """Return the 412 for a ``RevisionId`` that is not the latest."""
    return ServiceError(
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. "
        f"Call the {reader} API to retrieve the latest Revision Id",
        412,
    )


def validation(violations: list[str]) -> ServiceError:
    """Return the 400 that lists every broken constraint of a request."""
    noun = "error" if len(violations) == 1 else "errors"
    text = f"{len(violations)} validation {noun} detected: {'; '.join(violations)}"
    return ServiceError("ValidationException", text, 400, members={})


def violation(value: object, member: str, constraint: str) -> str:
    """Return AWS's sentence for one broken constraint, for `validation`."""
    return f"Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"


def mismatch(value: object, member: str, pattern: str) -> ServiceError:
    """Return the 400 for a value that its pattern does not allow."""
    rule = f"Member must satisfy regular expression pattern: {pattern}"
    return validation([violation(value, member, rule)])


def throttled(reason: str, wait: float) -> ServiceError:
    """Return the 429 of a used-up quota, with the seconds to wait."""
    return ServiceError(
        "TooManyRequestsException",
        "Rate exceeded" if reason == "CallerRateLimitExceeded" else "Rate Exceeded.",
        429,
        members={"Type": "User", "Reason": reason},
        headers={"Retry-After": f"{max(1, round(wait))}"},
    )


def denied(account: str, action: str, resource: str) -> ServiceError:
    """Return the 403 for an action that the caller's policies do not allow."""
    return ServiceError("AccessDeniedException", denial(account, action, resource), 403, members={})


def denial(account: str, action: str, resource: str) -> str:
    """Return AWS's sentence for an action that is not allowed."""
    return (
        f"User: arn:aws:iam::{account}:user/sandbox is not authorized to perform: {action} "
        f"on resource: {resource} because no identity-based policy allows the {action} action"
    )
