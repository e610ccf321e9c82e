"""What came back instead of an answer, as our errors: where, what, what to try.

Three questions decide which error it is. Did AWS answer at all? Did it answer that nothing
was done? And was the call one that changes something? Only a changing call that left this
machine and has no answer saying "no" is an `OutcomeUnknownError`; whoever catches that
looks before acting again.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from declarative.aws.advice import for_answer, for_silence
from declarative.errors import (
    Diagnostic,
    OutcomeUnknownError,
    PackageMissingError,
    PreconditionFailedError,
    RemoteError,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from botocore.exceptions import ClientError


class NotFoundError(RemoteError):
    """AWS has no such function, version, alias or object."""


class DeniedError(RemoteError):
    """AWS says that this identity may not make the call."""


class IncompleteAnswerError(ValueError):
    """An answer of success that lacks what such an answer always has.

    The SDK reads a body that is no JSON as an empty one, so that the page of a proxy looks
    like an answer.
    """


def required(answer: Mapping[str, Any], name: str) -> Any:
    """Return a member that every answer of its kind has.

    Raises:
        IncompleteAnswerError: it is not there.
    """
    if name not in answer:
        raise IncompleteAnswerError(f"the answer has no {name}: it may not be from AWS")
    return answer[name]


THROTTLES: Final = frozenset(
    {
        "TooManyRequestsException",
        "ThrottlingException",
        "ThrottledException",
        "Throttling",
        "RequestThrottled",
        "RequestLimitExceeded",
        "SlowDown",
    }
)
"""Codes by which AWS says that it did nothing because too much was asked of it."""

_DENIED: Final = frozenset(
    {"AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "UnauthorizedException"}
)
_ACTIONS: Final = {"Invoke": "InvokeFunction"}
"""Operations whose IAM action has another name."""

_MISSING: Final = frozenset(
    {"ResourceNotFoundException", "ProvisionedConcurrencyConfigNotFoundException"}
)
_NO_PACKAGE: Final = re.compile(r"S3 Error Code: NoSuch(Key|Version)")
_MOVED: Final = re.compile(r"(?i)codesha256.*(different|does not match|mismatch)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where calls go.

    Attributes:
        service: The prefix of the service's IAM actions, such as ``lambda``.
        connector: The connector's address.
        region: The region, empty for a question about the account.
    """

    service: str
    connector: str
    region: str = ""

    @contextmanager
    def translating(
        self,
        operation: str,
        subject: str = "",
        *,
        changing: bool = False,
        secrets: Collection[str] = (),
    ) -> Iterator[None]:
        """Turn the SDK's exceptions into ours.

        Args:
            operation: The API's name of the call, such as ``GetFunction``.
            subject: What the call is about: the function's name.
            changing: Whether the call changes something, so that silence means "unknown".
            secrets: Values that AWS may repeat in its message and nobody may see.

        Raises:
            NotFoundError: AWS has no such thing.
            DeniedError: the identity may not make this call.
            PreconditionFailedError: it has changed since it was read.
            PackageMissingError: Lambda was sent to a package that is not there.
            OutcomeUnknownError: the call may or may not have been carried out.
            RemoteError: anything else.
        """
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        attempt = _Attempt(self, operation, subject, changing)
        try:
            yield
        except ClientError as error:
            # The cause repeats the request or the message, and with it the secrets.
            raise attempt.answered(error, secrets) from None
        except (BotoCoreError, ResponseParserError) as error:
            raise attempt.unanswered(error, secrets) from None
        # A ValueError is also how the SDK refuses a malformed endpoint_url.
        except ValueError as error:
            raise attempt.unanswered(error, secrets) from None


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One call, for the sentences about it."""

    place: Place
    operation: str
    subject: str
    changing: bool

    def answered(self, error: ClientError, secrets: Collection[str]) -> RemoteError:
        """Return our error for an answer of AWS."""
        code, message, status = facts(error)
        # The credentials may need a call of their own (AssumeRole), and that one may fail.
        inner = error.operation_name not in {self.operation, ""}
        # AWS' answer to AssumeRole names the identity that was refused; ours cannot.
        action = f"sts:{error.operation_name}" if inner else self._action
        advice = for_answer(code, message, action=action, where=self.place.connector)
        shown = f"{code}: {scrub(message, secrets)}" if message else code
        request = error.response.get("ResponseMetadata", {}).get("RequestId")
        what = f"AWS answered {shown}" + (f" (request ID {request})" if request else "")
        if inner:
            return self._error(RemoteError, f"{action} failed", what, advice)
        if code in _DENIED:
            return self._error(DeniedError, f"{action} was refused", what, advice)
        if code in _MISSING:
            return self._error(NotFoundError, f"{action}: not found", what, advice)
        if status == HTTPStatus.PRECONDITION_FAILED or _MOVED.search(message):
            return self._error(
                PreconditionFailedError, f"{action}: changed since it was read", what, advice
            )
        if _NO_PACKAGE.search(message):
            return self._error(PackageMissingError, f"{action} found no package", what, advice)
        if self.changing and status >= HTTPStatus.INTERNAL_SERVER_ERROR and code not in THROTTLES:
            return self._unknown(what)
        return self._error(RemoteError, f"{action} was refused", what, advice)

    def unanswered(self, error: Exception, secrets: Collection[str]) -> RemoteError:
        """Return our error for a call that never got an answer."""
        what = re.sub(r"value: .*?, type:", "type:", str(error), flags=re.DOTALL)
        what = scrub(what.strip().rstrip("."), secrets)
        if self.changing and _may_have_arrived(error):
            return self._unknown(what)
        return self._error(
            RemoteError, f"{self._action} could not be called", what, for_silence(error)
        )

    @property
    def _action(self) -> str:
        return f"{self.place.service}:{_ACTIONS.get(self.operation, self.operation)}"

    def _unknown(self, what: str) -> RemoteError:
        return self._error(
            OutcomeUnknownError,
            f"{self._action}: outcome unknown",
            what,
            "It may or may not have been carried out. Run the command again: it looks first.",
        )

    def _error(self, kind: type[RemoteError], summary: str, what: str, advice: str) -> RemoteError:
        place = self.place
        where = ", ".join(filter(None, (self.subject, place.region, place.connector)))
        detail = f"{where}: {what}. {advice}"
        return kind((Diagnostic(summary, detail, address=place.connector),))


def facts(error: ClientError) -> tuple[str, str, int]:
    """Return the code, message and HTTP status of an answer."""
    said: Mapping[str, Any] = error.response.get("Error", {})
    metadata: Mapping[str, Any] = error.response.get("ResponseMetadata", {})
    message = str(said.get("Message") or error.response.get("message") or "")
    return str(said.get("Code", "")), message.rstrip("."), int(metadata.get("HTTPStatusCode", 0))


def scrub(message: str, secrets: Collection[str]) -> str:
    """Return ``message`` without secrets.

    AWS repeats the environment in some answers: when it is over 4 KB, wholly and as JSON,
    so everything from there on is dropped.
    """
    message = re.sub(r"String measured:.*", "(sensitive)", message, flags=re.DOTALL)
    for secret in sorted(secrets, key=len, reverse=True):
        # A shorter value protects nothing, and replacing it would garble the sentence.
        if len(secret) > 3:  # noqa: PLR2004
            message = message.replace(secret, "(sensitive)")
    return message


def _may_have_arrived(error: Exception) -> bool:
    from botocore.exceptions import HTTPClientError, SSLError
    from botocore.parsers import ResponseParserError

    if isinstance(error, SSLError):
        return "CERTIFICATE_VERIFY_FAILED" not in str(error)
    return isinstance(error, HTTPClientError | ResponseParserError | IncompleteAnswerError)
