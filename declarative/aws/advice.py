"""What to try when AWS says no, or says nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_CREDENTIALS: Final = (
    "Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the connector a "
    "credentials block."
)
_LOGIN: Final = "Log in again (`aws sso login`), or use other credentials."
_UNREACHABLE: Final = (
    "Check the region's name, the connector's endpoint_url (or AWS_ENDPOINT_URL), the proxy "
    "and the network."
)

_BY_CLASS: Final[Mapping[str, str]] = {
    "NoCredentialsError": _NO_CREDENTIALS,
    "PartialCredentialsError": _NO_CREDENTIALS,
    "ProfileNotFound": "Name a profile that `aws configure list-profiles` shows.",
    "SSOError": _LOGIN,
    "LoginError": _LOGIN,
    "TokenRetrievalError": _LOGIN,
    "CredentialRetrievalError": "Run the program that supplies the credentials by hand.",
    "NoRegionError": "Give the connector or the infrastructure a region.",
    "InvalidRegionError": "Correct the region's name.",
    "SSLError": "Trust the endpoint's certificate: set AWS_CA_BUNDLE to your CA's file.",
    "EndpointConnectionError": _UNREACHABLE,
    "ConnectTimeoutError": _UNREACHABLE,
    "ProxyConnectionError": _UNREACHABLE,
    "HTTPClientError": "Run the command again; if it stays, check the network and any proxy.",
    "IncompleteAnswerError": _UNREACHABLE,
    "ParamValidationError": "Correct the field that the message names.",
}
"""Advice by the name of the SDK's exception or of one of its bases, nearest first."""

_BY_ANSWER: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), advice)
    for pattern, advice in (
        ("PassRole", "Grant iam:PassRole on the function's role to the identity of {where}."),
        (
            "permission to access the ECR image",
            (
                "Let lambda.amazonaws.com read the repository in its policy (ecr:BatchGetImage, "
                "ecr:GetDownloadUrlForLayer)."
            ),
        ),
        (
            "Source image .* does not exist|deleted image",
            "Push the image again, or deploy one that is in the repository.",
        ),
        (
            "media type for the source image",
            (
                "Build the image for one platform and without attestations (docker buildx build "
                "--provenance=false --sbom=false)."
            ),
        ),
        ("expired", "The credentials have expired: renew them (`aws sso login` with SSO)."),
        (
            "Access ?Denied|access has been denied|Unauthorized|not authorized",
            "Grant {action} to the identity of {where}, or use other credentials.",
        ),
        (
            "UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId|Signature|AuthFailure",
            (
                "Check the access key and its secret, this machine's clock, and that the account "
                "has the region enabled."
            ),
        ),
        (
            "cannot be assumed",
            (
                "Let lambda.amazonaws.com assume the role in the role's trust policy; a role made "
                "moments ago needs about ten seconds."
            ),
        ),
        (
            "execution role does not have permissions",
            (
                "Give the function's role the permission that the message names "
                "(AWSLambdaVPCAccessExecutionRole for a VPC)."
            ),
        ),
        ("KMS|CreateGrant", "Let the identity and the function's role use the KMS key."),
        (
            "CodeStorageExceeded",
            "Delete versions that nothing uses, or ask AWS for a higher code storage quota.",
        ),
        (
            "TooLarge|Unzipped size|PayloadTooLarge",
            "Make the package smaller; one too large for a call only may go through staging.",
        ),
        ("already exist", "Plan again: somebody else has created it in the meantime."),
        ("TooManyRequests|Throttl|SlowDown", "Try again later, or lower --parallelism."),
        (
            "ResourceConflict",
            "Another change of the function has not finished; wait for it, then run again.",
        ),
        ("PreconditionFailed|CodeSha256", "Somebody has changed it since it was read: plan again."),
        (
            "NotFound|NoSuch",
            (
                "Check the name, and the account and region of {where}; plan again if it has just "
                "been deleted."
            ),
        ),
        (
            "PermanentRedirect|location constraint",
            "Put the package into a bucket in the function's region.",
        ),
        (
            "Invalid|Validation",
            "Correct what the message names; `lamform plan` shows the values that were sent.",
        ),
    )
)

_ELSE: Final = "Run the command again; if it stays, give AWS Support the request ID."


def for_answer(code: str, message: str, *, action: str, where: str) -> str:
    """Return advice for an answer of AWS.

    Args:
        code: The error's code, such as ``AccessDeniedException``.
        message: What AWS said besides.
        action: The IAM action that was asked for.
        where: The connector's address.
    """
    said = f"{code}: {message}"
    advice = next((text for pattern, text in _BY_ANSWER if pattern.search(said)), _ELSE)
    return advice.format(action=action, where=where)


def for_silence(error: Exception) -> str:
    """Return advice for an exception of the SDK: the call never got an answer."""
    names = (base.__name__ for base in type(error).__mro__)
    return next((_BY_CLASS[name] for name in names if name in _BY_CLASS), _UNREACHABLE)
