"""Deployment packages on their way in: found, checked against Lambda's limits, kept."""

from __future__ import annotations

import base64
import binascii
import io
import zipfile
from typing import TYPE_CHECKING

from declarative.sandbox.errors import ServiceError, invalid
from declarative.sandbox.packages import MAX_DIRECT_BYTES, MAX_UNZIPPED_BYTES, ObjectPlace
from declarative.sandbox.records import Code

if TYPE_CHECKING:
    from declarative.sandbox.world import Asked, Call


_MAX_REQUEST_BYTES = 70_167_211  # as AWS says it: the limit in base64, and the rest of a request


def receive(call: Call, asked: Asked, package_type: str) -> Code:
    """Return the package that a request brings or points at, checked and kept."""
    if package_type == "Image":
        uri = asked["ImageUri"]
        return Code(call.services.sources.image_digest(uri), 0, uri)
    data, reference = _zip_bytes(call, asked)
    unzipped = _check_zip(data)
    return Code(
        call.services.packages.put(data),
        len(data),
        unzipped=unzipped,
        source_key=asked.get("SourceKMSKeyArn") or None,
        reference=reference,
    )


def _zip_bytes(call: Call, asked: Asked) -> tuple[bytes, tuple[str, str, str] | None]:
    in_place = asked.get("S3ObjectStorageMode") == "REFERENCE"
    data = asked.get("ZipFile")
    if data is None:
        place = ObjectPlace(
            call.region.account,
            call.region.name,
            asked["S3Bucket"],
            asked["S3Key"],
            asked.get("S3ObjectVersion"),
        )
        found = call.services.sources.read_object(place)
        if not in_place:
            return found.data, None
        if found.version is None:
            raise invalid("S3ObjectStorageMode REFERENCE needs a bucket with versioning enabled.")
        return found.data, (place.bucket, place.key, found.version)
    if in_place:
        raise invalid("S3ObjectStorageMode REFERENCE needs S3Bucket and S3Key.")
    if isinstance(data, str):
        data = _decode(data)
    if len(data) > MAX_DIRECT_BYTES:
        raise ServiceError(
            "RequestEntityTooLargeException",
            f"Request must be smaller than {_MAX_REQUEST_BYTES} bytes for the operation",
            413,
        )
    return bytes(data), None


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ServiceError(
            "SerializationException", "ZipFile is not base64", 400, members={}
        ) from error


def check_unzipped(size: int) -> None:
    """Refuse more bytes, of a package and the layers together, than a function may have."""
    if size > MAX_UNZIPPED_BYTES:
        raise invalid(f"Unzipped size must be smaller than {MAX_UNZIPPED_BYTES} bytes")


def _check_zip(data: bytes) -> int:
    """Return the unzipped size of a package that is one."""
    if not data:
        raise invalid("Uploaded file must be a non-empty zip")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unzipped = sum(item.file_size for item in archive.infolist())
    except zipfile.BadZipFile as error:
        raise invalid(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from error
    if unzipped == 0:
        raise invalid("Uploaded file must be a non-empty zip")
    check_unzipped(unzipped)
    return unzipped
