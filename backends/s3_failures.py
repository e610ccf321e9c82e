"""What S3 and the way to it say when a state cannot be used, in our words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backends.errors import StateUnavailableError

if TYPE_CHECKING:
    from backends.errors import UnavailableReason

_DENIED = (
    "The bucket may not be used",
    (
        "S3 refused {operation} on {place}: {said}. The credentials need s3:GetObject, "
        "s3:PutObject, s3:DeleteObject and s3:ListBucket there, and with kms_key_id the use of "
        "that key"
    ),
)
_CREDENTIALS = (
    "The credentials of the backend do not work",
    (
        "S3 refused {operation} on {place}: {said}. Check profile and assume_role of the backend, "
        "or the environment's credentials; they may have expired"
    ),
)
_ROLE = (
    "The role of the backend cannot be assumed",
    (
        "AWS refused AssumeRole for {place}: {said}. Check role_arn and external_id of the "
        "backend's assume_role, the role's trust policy, and the credentials that assume it"
    ),
)
_REGION = (
    "The bucket is in another region",
    "S3 refused {operation} on {place}: {said}. Set region of the backend to the bucket's own",
)
_KMS = (
    "The key of the backend cannot be used",
    "S3 refused {operation} on {place}: {said}. Check kms_key_id, its region and its policy",
)

_CONDITIONS = (
    "This store refuses conditional writes",
    (
        "The store refused {operation} on {place}: {said}. State is written on conditions "
        "(If-None-Match, If-Match). Use Amazon S3 or a store that honours them; if the answer "
        "names something else, correct that in the backend's settings"
    ),
)
_UNCONDITIONAL = frozenset({"NotImplemented", "InvalidArgument", "501"})
"""What stores answer that do not know the conditions."""

_SENTENCES: dict[str, tuple[UnavailableReason, tuple[str, str]]] = {
    "NoSuchBucket": (
        "cannot_open",
        (
            "There is no such bucket",
            (
                "S3 knows no bucket for {place}: {said}. Create it first, or correct the backend's "
                "bucket"
            ),
        ),
    ),
    "AccessDenied": ("denied", _DENIED),
    "AllAccessDisabled": ("denied", _DENIED),
    "403": ("denied", _DENIED),
    "InvalidAccessKeyId": ("denied", _CREDENTIALS),
    "SignatureDoesNotMatch": ("denied", _CREDENTIALS),
    "ExpiredToken": ("denied", _CREDENTIALS),
    "InvalidToken": ("denied", _CREDENTIALS),
    "RequestTimeTooSkewed": (
        "denied",
        (
            "The clock of this machine is wrong",
            (
                "S3 refused {operation} on {place}: {said}. Set the clock; S3 takes no request "
                "that is more than 15 minutes off"
            ),
        ),
    ),
    "PermanentRedirect": ("cannot_open", _REGION),
    "AuthorizationHeaderMalformed": ("cannot_open", _REGION),
    "IllegalLocationConstraintException": ("cannot_open", _REGION),
    "301": ("cannot_open", _REGION),
    "KMS.NotFoundException": ("cannot_open", _KMS),
    "KMS.DisabledException": ("cannot_open", _KMS),
    "KMS.KMSInvalidStateException": ("cannot_open", _KMS),
    "QuotaExceeded": (
        "full",
        ("There is no space left for the state", "{place}: {said}. Free some, then repeat"),
    ),
}


def explained(error: Exception, operation: str, place: str) -> StateUnavailableError:
    """Return what a failed request means, and what to try.

    Args:
        error: What the SDK raised.
        operation: What was asked, as a word for people.
        place: The object or bucket.
    """
    response: dict[str, Any] = getattr(error, "response", None) or {}
    answer = response.get("Error", {})
    code = str(answer.get("Code", ""))
    said = f"{code}: {answer.get('Message', '')}".strip(": ") or _in_a_line(error)
    reason, (summary, detail) = _SENTENCES.get(code, ("failed", _other(code)))
    if operation == "writing" and code in _UNCONDITIONAL:  # every write has a condition
        reason, (summary, detail) = "not_a_state", _CONDITIONS
    if getattr(error, "operation_name", "").startswith("AssumeRole"):
        reason, (summary, detail) = "denied", _ROLE
    return StateUnavailableError(
        place,
        reason,
        summary,
        detail.format(operation=operation, place=place, said=said) + ".",
    )


def _other(code: str) -> tuple[str, str]:
    if code:
        return (
            "S3 could not do it",
            "{operation} on {place} failed, after retries: {said}. Repeat it later",
        )
    return (
        "The state cannot be reached",
        "{operation} on {place} failed: {said}. Check the network, endpoint_url and credentials",
    )


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
