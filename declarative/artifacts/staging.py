"""Packages on their way through a bucket: put there once, under the name of their content."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from declarative.artifacts.once import Once
from declarative.artifacts.refusals import NETWORK, elsewhere, status_of
from declarative.engine.ports import S3Code
from declarative.errors import Diagnostic, RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.exceptions import ClientError
    from mypy_boto3_s3 import S3Client

    from declarative.artifacts.s3 import S3Clients
    from declarative.model.bound import Connector
    from declarative.model.staging import StagedObject


@dataclass(frozen=True, slots=True)
class _Place:
    """An object, and how it is reached."""

    staged: StagedObject
    connector: Connector
    region: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.connector.address, self.region, self.staged.bucket, self.staged.key


class StagingArea:
    """What one run puts into buckets. Safe for many threads.

    Args:
        clients: Gives an S3 client for a connector and region.
    """

    def __init__(self, clients: S3Clients) -> None:
        self._clients = clients
        self._own = secrets.token_hex(8)
        self._put: Once[S3Code] = Once()
        self._lock = threading.Lock()
        self._passing: list[tuple[_Place, S3Code]] = []

    def holds(self, staged: StagedObject, connector: Connector, region: str) -> bool:
        """Whether the object is there and has the content that its name says.

        Raises:
            RemoteError: the connector cannot be used, or S3 cannot be reached.
        """
        place = _Place(staged, connector, region)
        return self._find(self._clients(connector, region), place) is not None

    def put(
        self, staged: StagedObject, package: Callable[[], bytes], connector: Connector, region: str
    ) -> S3Code:
        """Return the object, uploaded if it is not there; the package is asked for only then.

        Raises:
            RemoteError: it can be neither found nor uploaded.
        """
        place = self._place(staged, connector, region)
        return self._put(place.key, lambda: self._found_or_uploaded(place, package))

    def put_again(
        self, staged: StagedObject, package: Callable[[], bytes], connector: Connector, region: str
    ) -> S3Code:
        """Return the object as `put` does, however often it was put there before."""
        return self._found_or_uploaded(self._place(staged, connector, region), package)

    def clear(self) -> tuple[Diagnostic, ...]:
        """Delete what this run uploaded and nobody wants to keep; say what stays all the same."""
        with self._lock:
            passing, self._passing = self._passing, []
        problems = (self._remove(place, code) for place, code in passing)
        return tuple(one for one in problems if one is not None)

    def _place(self, staged: StagedObject, connector: Connector, region: str) -> _Place:
        """Return where the object goes: what is deleted afterwards, to a place of this run's own.

        Otherwise it would be deleted under others who count on it.
        """
        if not staged.keep:
            folder, slash, name = staged.key.rpartition("/")
            key = f"{folder}{slash}passing/{self._own}/{name}"
            staged = staged.model_copy(update={"key": key})
        return _Place(staged, connector, region)

    def _found_or_uploaded(self, place: _Place, package: Callable[[], bytes]) -> S3Code:
        client = self._clients(place.connector, place.region)
        found = self._find(client, place)
        if found is not None:
            return found
        code = self._upload(client, place, package())
        if not place.staged.keep:
            with self._lock:
                self._passing.append((place, code))
        return code

    def _find(self, client: S3Client, place: _Place) -> S3Code | None:
        from botocore.exceptions import BotoCoreError, ClientError

        staged = place.staged
        try:
            answer = client.head_object(
                Bucket=staged.bucket, Key=staged.key, ChecksumMode="ENABLED"
            )
        except ClientError as error:
            # Who may not list the bucket is denied what is not there, too: uploading will tell.
            if status_of(error) in {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN}:
                return None
            raise _problem(place, "looked at", *_explained(error, place)) from error
        except BotoCoreError as error:
            what = str(error).rstrip(".")
            raise _problem(place, "looked at", what, NETWORK) from error
        # What somebody else put under this name, or without a checksum, is put there anew.
        if answer.get("ChecksumSHA256") != staged.code_sha256:
            return None
        return _code(staged, answer.get("VersionId"))

    def _upload(self, client: S3Client, place: _Place, data: bytes) -> S3Code:
        from botocore.exceptions import BotoCoreError, ClientError

        staged = place.staged
        try:
            answer = client.put_object(
                Bucket=staged.bucket,
                Key=staged.key,
                Body=data,
                ContentType="application/zip",
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=staged.code_sha256,
            )
        except ClientError as error:
            raise _problem(place, "uploaded", *_explained(error, place)) from error
        except BotoCoreError as error:
            what = str(error).rstrip(".")
            raise _problem(place, "uploaded", what, NETWORK) from error
        return _code(staged, answer.get("VersionId"))

    def _remove(self, place: _Place, code: S3Code) -> Diagnostic | None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            client = self._clients(place.connector, place.region)
            if code.version_id is None:
                client.delete_object(Bucket=code.bucket, Key=code.key)
            else:
                client.delete_object(Bucket=code.bucket, Key=code.key, VersionId=code.version_id)
        except ClientError as error:
            what, _ = _explained(error, place)
        except (BotoCoreError, RemoteError) as error:
            what = str(error).rstrip(".")
        else:
            return None
        action = "s3:DeleteObject" if code.version_id is None else "s3:DeleteObjectVersion"
        return Diagnostic(
            "A staged package was left behind",
            f"{place.staged.url} was not deleted after the apply: {what}. Delete it, grant "
            f"{action}, or write keep = true in staging.",
            "warning",
            address=place.connector.address,
        )


def _code(staged: StagedObject, version: str | None) -> S3Code:
    # "null" names the object of an unversioned bucket, which can be overwritten.
    return S3Code(staged.bucket, staged.key, None if version == "null" else version)


def _explained(error: ClientError, place: _Place) -> tuple[str, str]:
    said = error.response.get("Error", {})
    code, status = str(said.get("Code", "")), status_of(error)
    away = elsewhere(error, place.region)
    if away is not None:
        return away, "Lambda takes packages from its own region only: name a bucket there."
    if status == HTTPStatus.NOT_FOUND:
        return "there is no such bucket", f"Create it in {place.region}, or correct staging."
    if status == HTTPStatus.FORBIDDEN:
        grant = f"Grant s3:PutObject and s3:GetObject on {place.staged.url}"
        return "access denied", f"{grant}; of a KMS key, kms:GenerateDataKey and kms:Decrypt."
    message = f"S3 answered {code or status}: {said.get('Message', '')}".rstrip(": .")
    return message, "Check that the credentials have not expired, and run the command again."


def _problem(place: _Place, doing: str, what: str, advice: str) -> RemoteError:
    address = place.connector.address
    detail = f"{place.staged.url}, {place.region}, {address}: {what}. {advice}"
    summary = f"The staged package cannot be {doing}"
    return RemoteError((Diagnostic(summary, detail, address=address),))
