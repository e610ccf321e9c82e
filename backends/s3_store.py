"""A bucket as a place of immutable objects and one document that moves by compare-and-swap.

S3's conditional writes are all that is relied on: ``If-None-Match: *`` for what is created,
``If-Match`` for what is replaced. A 412 is an answer (somebody else was there), a 409 means
ask again; everything else is an error of its own.
"""

from __future__ import annotations

import random
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from backends.errors import StateUnavailableError
from backends.s3_failures import explained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from botocore.awsrequest import AWSResponse
    from mypy_boto3_s3 import S3Client

S = TypeVar("S")
T = TypeVar("T")

_ANSWERS = {
    "missing": frozenset({"NoSuchKey", "404", "NotFound"}),
    "taken": frozenset({"PreconditionFailed", "412"}),
}
"""Errors that are answers, where the caller expects them."""
_BUSY = frozenset({"ConditionalRequestConflict", "OperationAborted", "409"})
_ATTEMPTS = 12
_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 1.0
_THREADS = 16
_CLOSE = 10.0
"""Seconds by which clocks may seem to differ because an answer takes its time."""


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket and how it is reached.

    Attributes:
        prefix: What all keys begin with; empty or ending in ``/``.
        role: ``role_arn`` and, where given, ``external_id``, ``session_name``, ``duration``
            in seconds.
    """

    bucket: str
    prefix: str = ""
    region: str | None = None
    kms_key_id: str | None = None
    endpoint_url: str | None = None
    use_path_style: bool = False
    profile: str | None = None
    role: Mapping[str, Any] = field(default_factory=dict)

    def named(self, key: str) -> str:
        """Return what people call a key."""
        return f"s3://{self.bucket}/{self.prefix}{key}"


class S3Store:
    """The keys below one prefix of a bucket.

    Attributes:
        ahead: Seconds that the store's clock is ahead of this machine's, by the last answer;
            0 where that is no more than an answer takes, or where no answer told the time.
    """

    def __init__(self, place: Place, client: S3Client | None = None) -> None:
        """Name the place; nothing is asked before it is needed."""
        self.place = place
        if client is not None:
            self.client = client
        self.ahead = 0.0
        self._pool: ThreadPoolExecutor | None = None

    @cached_property
    def client(self) -> S3Client:
        """The SDK's client, made when it is first needed.

        Raises:
            StateUnavailableError: There are no credentials, or no such profile.
        """
        from botocore.exceptions import BotoCoreError

        try:
            client = _client(self.place)
        except (BotoCoreError, ValueError) as error:
            raise explained(error, "opening", self.place.named("")) from error
        client.meta.events.register("after-call.s3", self._compare_clocks)
        return client

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def read(self, key: str) -> tuple[bytes, str] | None:
        """Return an object and its tag; None where there is none."""

        def read(**request: Any) -> tuple[bytes, str]:
            answer = self.client.get_object(**request)
            return answer["Body"].read(), answer["ETag"]

        found: tuple[bytes, str] | None = self._ask("reading", key, read, missing=None)
        return found

    def tag(self, key: str) -> str | None:
        """Return an object's tag, which changes with its content; None where there is none."""
        found = self._ask("looking for", key, self.client.head_object, missing=None)
        return None if found is None else str(found["ETag"])

    def has(self, key: str) -> bool:
        """Say whether there is an object."""
        return self.tag(key) is not None

    def keys(self, prefix: str, *, after: str = "") -> list[str]:
        """Return all keys that begin with ``prefix``, sorted, without the place's prefix.

        Of those only the ones that come after the key ``after``, where it is given.
        """
        found: list[str] = []
        more: dict[str, Any] = {"StartAfter": f"{self.place.prefix}{after}"} if after else {}

        def ask(**request: Any) -> Any:
            return self.client.list_objects_v2(
                Bucket=request["Bucket"], Prefix=request["Key"], **more
            )

        while True:
            answer = self._ask("listing", prefix, ask)
            found += [item["Key"][len(self.place.prefix) :] for item in answer.get("Contents", ())]
            if not answer.get("IsTruncated"):
                return sorted(found)
            more = {"ContinuationToken": answer["NextContinuationToken"]}

    def create(self, key: str, data: bytes) -> bool:
        """Write an object that does not exist; False where one does."""
        try:
            return self._write(key, data, {"IfNoneMatch": "*"})
        except StateUnavailableError:
            # The request may have got through although no answer did.
            if self._holds(key, data):
                return True
            raise

    def create_own(self, key: str, data: bytes) -> bool:
        """Write an object that nobody else writes the same; False where there is another one.

        One that is there may be ours all the same: its answer was lost, and it was sent again.
        """
        if self.create(key, data):
            return True
        for attempt in range(_ATTEMPTS):
            found = self.read(key)
            if found is not None:
                return found[0] == data
            self.pause(attempt)  # what was refused because of it will be seen as well
        return False

    def replace(self, key: str, data: bytes, tag: str) -> bool:
        """Write an object over the one with that tag; False where another one is there."""
        return self._write(key, data, {"IfMatch": tag})

    def delete(self, key: str) -> None:
        """Remove an object."""
        self._ask("deleting", key, self.client.delete_object)

    def pause(self, attempt: int) -> None:
        """Let others go first, the longer the more often something was tried."""
        time.sleep(random.uniform(0, min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE)))  # noqa: S311 - jitter

    def each(self, act: Callable[[S], T], items: Iterable[S]) -> list[T]:
        """Return ``act`` of each item, many at a time."""
        wanted = list(items)
        if len(wanted) < 2:  # noqa: PLR2004 - one needs no threads
            return [act(item) for item in wanted]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="s3-state")
        return list(self._pool.map(act, wanted))

    def probe(self) -> None:
        """Try whether the conditions hold here: some stores take them and do not act on them.

        Raises:
            StateUnavailableError: They do not, so two runs could overwrite each other.
        """
        key = f"probe/{secrets.token_hex(8)}"
        try:
            created = self.create(key, b"1") or self._holds(key, b"1")
            first = self.tag(key) or ""
            replaced = created and self._replaced(key, b"2", first)
            # With a tag that was right once, since a store may take others for none at all.
            safe = replaced and not self.create(key, b"3") and not self.replace(key, b"4", first)
        finally:
            self.delete(key)
        if safe:
            return
        place = self.place.named("")
        if replaced:
            summary = "This store does not keep two writers apart"
            found = (
                f"{place} takes conditional writes (If-None-Match, If-Match) and does not act on "
                "them, so two runs could overwrite each other's state"
            )
        else:
            summary = "This store refuses conditional writes"
            found = (
                f"{place} refuses writes whose condition (If-None-Match, If-Match) holds, so no "
                "state could ever be changed there"
            )
        raise StateUnavailableError(
            place,
            "not_a_state",
            summary,
            f"{found}. Use Amazon S3 or a store that honours them.",
        )

    def _replaced(self, key: str, data: bytes, tag: str) -> bool:
        """Replace an object; True also where it is but the answer was lost, or asked for again."""
        try:
            return self.replace(key, data, tag) or self._holds(key, data)
        except StateUnavailableError:
            if self._holds(key, data):
                return True
            raise

    def _holds(self, key: str, data: bytes) -> bool:
        found = self.read(key)
        return found is not None and found[0] == data

    def _write(self, key: str, data: bytes, condition: Mapping[str, Any]) -> bool:
        encryption: dict[str, Any] = {}
        if self.place.kms_key_id:
            encryption = {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": self.place.kms_key_id,
            }
        answer = self._ask(
            "writing",
            key,
            lambda **request: self.client.put_object(
                **request, Body=data, **condition, **encryption
            ),
            missing=None,
            taken=None,
        )
        return answer is not None

    def _compare_clocks(self, http_response: AWSResponse, **_: object) -> None:
        # What some other store says and is no date, tells nothing.
        with suppress(TypeError, ValueError):
            told = parsedate_to_datetime(http_response.headers.get("date") or "")
            if told.tzinfo is None:  # "-0000": in UTC, from a place unknown
                told = told.replace(tzinfo=UTC)
            ahead = told.timestamp() - time.time()
            self.ahead = ahead if abs(ahead) > _CLOSE else 0.0

    def _ask(self, operation: str, key: str, act: Callable[..., Any], **expected: Any) -> Any:
        """Return the answer; what is ``expected`` besides is an answer too."""
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            FlexibleChecksumError,
            IncompleteReadError,
            ResponseStreamingError,
        )

        broken = (FlexibleChecksumError, IncompleteReadError, ResponseStreamingError)
        for attempt in range(_ATTEMPTS):
            try:
                return act(Bucket=self.place.bucket, Key=f"{self.place.prefix}{key}")
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code", "")
                for answer, codes in _ANSWERS.items():
                    if code in codes and answer in expected:
                        return expected[answer]
                if code not in _BUSY or attempt == _ATTEMPTS - 1:
                    raise explained(error, operation, self.place.named(key)) from error
            except BotoCoreError as error:
                # What broke off on its way is asked for again; the SDK does so for requests only.
                if not isinstance(error, broken) or attempt == _ATTEMPTS - 1:
                    raise explained(error, operation, self.place.named(key)) from error
            self.pause(attempt)
        raise AssertionError(operation)


def _client(place: Place) -> S3Client:
    import boto3
    from botocore.config import Config

    session = boto3.session.Session(profile_name=place.profile, region_name=place.region)
    if place.role:
        _assume(session, place.role)
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 5},
        connect_timeout=5,
        read_timeout=30,
        max_pool_connections=_THREADS * 2,
        s3={"addressing_style": "path" if place.use_path_style else "auto"},
    )
    client: S3Client = session.client("s3", endpoint_url=place.endpoint_url, config=config)
    client.meta.events.register("before-send.s3.PutObject", _send_at_once)
    return client


def _send_at_once(request: Any, **_: Any) -> None:
    """Send a body with its request: asking first costs a small one another round trip."""
    if "Expect" in request.headers:
        del request.headers["Expect"]


def _assume(session: Any, role: Mapping[str, Any]) -> None:
    """Let a session act in a role, whose credentials are renewed before they expire."""
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

    core = session._session  # noqa: SLF001 - boto3 has no other way to set credentials
    extra = {"RoleSessionName": role.get("session_name", "lamform")}
    if role.get("external_id"):
        extra["ExternalId"] = role["external_id"]
    if role.get("duration"):
        extra["DurationSeconds"] = int(role["duration"])
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=core.create_client,
        source_credentials=core.get_credentials(),
        role_arn=role["role_arn"],
        extra_args=extra,
    )
    core._credentials = DeferredRefreshableCredentials(  # noqa: SLF001 - as above
        method="assume-role", refresh_using=fetcher.fetch_credentials
    )
