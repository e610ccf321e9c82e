"""The state of the world around Lambda, as a test wants it: rights, roles, keys, limits.

All of it can be changed while the simulator runs. Where public knowledge of AWS disagrees,
or tells nothing, `Behaviour` names the possibilities and the sandbox can do each.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from declarative.sandbox.errors import ServiceError, denial, denied, invalid

if TYPE_CHECKING:
    from declarative.sandbox.clock import Clock


Asked = Mapping[str, Any]


@dataclass(slots=True)
class Behaviour:
    """What is not known of AWS, or not the same for everyone; each can be set at any time.

    Attributes:
        version_numbers: After a function was deleted and created again: ``start-again`` (as
            other emulators have it) or ``continue`` (AWS's documentation says that a number
            is never given twice). Within one life no number ever comes twice.
        withheld_tags: Without ``lambda:ListTags``, ``GetFunction`` answers ``TagsError``
            (``error``, as the API's model has it) or just no tags (``absent``, as its
            documentation said before).
        unknown_references: A layer of this account or a code signing configuration that was
            not made here is taken as existing (``accepted``), or not (``refused``, as AWS).
        inactive_updates: An update of an inactive function restores it (``accepted``) or is
            a conflict (``refused``).
        failed_update: After an update that ended ``Failed``, answers show what it wanted
            (``shown``) or what is still served (``taken-back``).
        tags_change_revision: Whether tagging gives ``$LATEST`` a new ``RevisionId``.
        config_sha256: Whether configurations have ``ConfigSha256``: newer than the recorded
            answers, and so far only in the API's model.
    """

    version_numbers: Literal["start-again", "continue"] = "start-again"
    withheld_tags: Literal["error", "absent"] = "error"
    unknown_references: Literal["accepted", "refused"] = "accepted"
    inactive_updates: Literal["accepted", "refused"] = "accepted"
    failed_update: Literal["shown", "taken-back"] = "shown"
    tags_change_revision: bool = True
    config_sha256: bool = False


@dataclass(slots=True)
class Limits:
    """The quotas of each account and region that an account can have raised."""

    concurrent_executions: int = 1000
    least_unreserved: int = 100
    code_storage_bytes: int = 322_122_547_200


@dataclass(slots=True)
class Timing:
    """How long things take, in seconds; 0: they are over at the next look.

    Attributes:
        pending: A new function, or an inactive one that is restored, until ``Active``.
        update: An update of code or configuration until ``Successful``.
        provision: Provisioned concurrency until ``READY``.
        snapshot: A version published with SnapStart until ``Active``.
    """

    pending: float
    update: float
    provision: float
    snapshot: float


RefusalReason = Literal[
    "role-not-assumable", "role-without-permissions", "kms-grant", "ec2-throttled"
]

_REFUSALS: Mapping[str, str] = {
    "role-not-assumable": "The role defined for the function cannot be assumed by Lambda.",
    "role-without-permissions": (
        "The provided execution role does not have permissions to call CreateNetworkInterface "
        "on EC2"
    ),
    "kms-grant": (
        "Lambda was unable to configure access to your environment variables because the KMS "
        "key is invalid for CreateGrant. Please check your KMS key settings. KMS Exception: "
        "InvalidArnException KMS Message: ARN does not refer to a valid principal"
    ),
    "ec2-throttled": (
        "Your request has been throttled by EC2, please make sure you have enough API rate "
        "limit. EC2 Error Code: RequestLimitExceeded. EC2 Error Message: Request limit exceeded."
    ),
}

Member = Literal["tags", "environment", "code", "image-config", "runtime-version"]

_WITHHELD: Mapping[str, str] = {
    "tags": "lambda:ListTags is not allowed",
    "environment": (
        "Lambda was unable to decrypt the environment variables because KMS access was denied. "
        "Please check the function's AWS KMS key settings."
    ),
    "code": "Lambda was unable to access the function's code because access was denied.",
    "image-config": "Lambda was unable to decrypt the image configuration.",
    "runtime-version": "Lambda was unable to read the function's runtime version.",
}

_ROLE_OPERATIONS = frozenset({"CreateFunction", "UpdateFunctionConfiguration"})


@dataclass(slots=True)
class _Refusal:
    reason: str
    role: str | None
    function: str | None
    until: float | None
    calls: int | None


@dataclass(slots=True)
class Conditions:
    """Rights, roles and keys; safe for threads.

    Attributes:
        role_seconds: How long a role that Lambda has never seen cannot be assumed yet.
    """

    clock: Clock
    behaviour: Behaviour = field(default_factory=Behaviour)
    role_seconds: float = 0.0
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _refusals: list[_Refusal] = field(default_factory=list)
    _roles: dict[str, float] = field(default_factory=dict)
    _denied: set[tuple[str, str | None]] = field(default_factory=set)
    _withheld: dict[tuple[str, str | None], dict[str, str]] = field(default_factory=dict)

    def refuse(
        self,
        reason: RefusalReason,
        *,
        role: str | None = None,
        function: str | None = None,
        seconds: float | None = None,
        calls: int | None = None,
    ) -> None:
        """Refuse creations and configuration updates, as long as a condition lasts.

        Args:
            reason: Which of AWS's refusals it is.
            role: Only for functions with this role (its ARN).
            function: Only for this function.
            seconds: For how long; None: until `clear`.
            calls: How often; None: any number of times.

        Raises:
            ValueError: There is no such reason.
        """
        if reason not in get_args(RefusalReason):
            raise ValueError(f"reason must be one of {', '.join(get_args(RefusalReason))}")
        until = None if seconds is None else self.clock.monotonic() + seconds
        with self._lock:
            self._refusals.append(_Refusal(reason, role, function, until, calls))

    def deny(self, action: str, function: str | None = None) -> None:
        """Take a right away: ``lambda:GetPolicy``, ``iam:PassRole``, ``tag:GetResources``.

        Without ``lambda:ListTags``, `GetFunction` withholds the tags.
        """
        with self._lock:
            self._denied.add((action if ":" in action else f"lambda:{action}", function))

    def withhold(
        self,
        member: Member,
        function: str | None = None,
        *,
        code: str = "AccessDeniedException",
        message: str | None = None,
        absent: bool = False,
    ) -> None:
        """Answer an error in the place of a member that the service could not read.

        Args:
            member: Which member of the answers.
            function: Of which function; None: of all.
            code: The error's code.
            message: What the error says.
            absent: Leave the member out instead, without a word.

        Raises:
            ValueError: There is no such member.
        """
        if member not in get_args(Member):
            raise ValueError(f"member must be one of {', '.join(get_args(Member))}")
        with self._lock:
            error = {"ErrorCode": code, "Message": message or _WITHHELD[member]}
            self._withheld[member, function] = {} if absent else error

    def clear(self) -> None:
        """Take everything back that was refused, denied or withheld."""
        with self._lock:
            self._refusals.clear()
            self._denied.clear()
            self._withheld.clear()
            self.role_seconds = 0.0

    def withheld(self, member: Member, function: str) -> dict[str, str] | None:
        """Return the error in the place of a member of ``function``'s answers.

        Empty: the member is left out; None: it is answered.
        """
        with self._lock:
            found = self._withheld.get((member, function), self._withheld.get((member, None)))
        return None if found is None else dict(found)

    def allows(self, action: str, function: str) -> bool:
        """Return whether the caller may do ``action`` to ``function``."""
        with self._lock:
            return not {(action, None), (action, function)} & self._denied

    def tags_error(self, account: str, function: str, arn: str) -> dict[str, str] | None:
        """Return the ``TagsError`` of a function whose tags ``account`` may not see.

        Empty: neither tags nor an error are answered; None: the tags are.
        """
        if (error := self.withheld("tags", function)) is not None:
            return error
        if self.allows("lambda:ListTags", function):
            return None
        if self.behaviour.withheld_tags == "absent":
            return {}
        message = denial(account, "lambda:ListTags", arn)
        return {"ErrorCode": "AccessDeniedException", "Message": message}

    def check(self, operation: str, account: str, function: str, arn: str, asked: Asked) -> None:
        """Refuse a call that lacks rights, or that the world is not ready for.

        Args:
            operation: Which operation.
            account: Who calls.
            function: The name of the function that the call is about; empty: none.
            arn: Its ARN.
            asked: The request.

        Raises:
            ServiceError: ``AccessDeniedException`` or ``InvalidParameterValueException``.
        """
        for action, on in _actions(operation, arn if function else "*", asked):
            if not self.allows(action, function):
                raise denied(account, action, on)
        if operation in _ROLE_OPERATIONS and (message := self._refusal(function, asked)):
            raise invalid(message)

    def _refusal(self, function: str, asked: Asked) -> str | None:
        now, role = self.clock.monotonic(), asked.get("Role")
        with self._lock:
            if role and now < self._roles.setdefault(role, now) + self.role_seconds:
                return _REFUSALS["role-not-assumable"]
            self._refusals = [
                item
                for item in self._refusals
                if (item.until is None or now < item.until) and item.calls != 0
            ]
            for item in self._refusals:
                if item.role in (None, role) and item.function in (None, function):
                    item.calls = None if item.calls is None else item.calls - 1
                    return _REFUSALS[item.reason]
        return None


def _actions(operation: str, resource: str, asked: Asked) -> list[tuple[str, str]]:
    """Return the rights that a call needs, each with the resource it is needed on."""
    match operation:
        case "Invoke":
            return [("lambda:InvokeFunction", resource)]
        case "GetResources":
            return [("tag:GetResources", "*")]
        case "CreateFunction" | "UpdateFunctionConfiguration":
            needed = [(f"lambda:{operation}", resource)]
            if asked.get("Tags"):
                needed.append(("lambda:TagResource", resource))
            if asked.get("Role"):
                needed.append(("iam:PassRole", asked["Role"]))
            return needed
        case _:
            return [(f"lambda:{operation}", resource)]


def storage_exceeded() -> ServiceError:
    """Return the 400 for more code than the account may store."""
    return ServiceError("CodeStorageExceededException", "Code storage limit exceeded.", 400)
