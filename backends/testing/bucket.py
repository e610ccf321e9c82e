"""A bucket in memory that answers as S3 does, and as S3 does on a bad day."""

# ruff: noqa: ARG002, D102, N803 - the methods and parameters are those of the SDK

from __future__ import annotations

import io
import threading
from collections import Counter
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from backends.s3 import S3Backend
from backends.s3_store import Place, S3Store


def refusal(code: str, operation: str = "PutObject") -> ClientError:
    """Return what the SDK raises for an error of S3."""
    return ClientError({"Error": {"Code": code, "Message": "as asked"}}, operation)


@dataclass
class Bucket:
    """The client of one bucket.

    Attributes:
        faults: What happens to the next writes: an error's code, ``lost`` (written, and no
            answer comes), ``timeout`` (not written, and no answer comes), or None.
        honest: Whether conditions hold.
    """

    contents: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    faults: list[str | None] = field(default_factory=list)
    honest: bool = True
    calls: Counter[str] = field(default_factory=Counter)
    lock: Any = field(default_factory=threading.RLock)

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        self.calls["get"] += 1
        with self.lock:
            if Key not in self.contents:
                raise refusal("NoSuchKey", "GetObject")
            data, tag = self.contents[Key]
        return {"Body": io.BytesIO(data), "ETag": tag}

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        self.calls["head"] += 1
        if Key not in self.contents:
            raise refusal("404", "HeadObject")
        return {"ETag": self.contents[Key][1]}

    def delete_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        self.contents.pop(Key, None)
        return {}

    def list_objects_v2(
        self,
        *,
        Bucket: str,
        Prefix: str,
        ContinuationToken: str = "",
    ) -> dict[str, Any]:
        self.calls["list"] += 1
        keys = sorted(key for key in self.contents if key.startswith(Prefix))
        page = [key for key in keys if key > ContinuationToken][:3]  # small, so that pages are read
        more = bool(page) and page[-1] != keys[-1]
        found: dict[str, Any] = {"Contents": [{"Key": key} for key in page], "IsTruncated": more}
        return found | ({"NextContinuationToken": page[-1]} if more else {})

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **asked: Any) -> dict[str, Any]:
        self.calls["put"] += 1
        fault = self.faults.pop(0) if self.faults else None
        if fault == "timeout":
            raise ReadTimeoutError(endpoint_url="s3")
        if fault not in (None, "lost"):
            raise refusal(fault)
        with self.lock:
            found = self.contents.get(Key)
            if self.honest and "IfNoneMatch" in asked and found is not None:
                raise refusal("PreconditionFailed")
            if self.honest and "IfMatch" in asked:
                if found is None:
                    raise refusal("NoSuchKey")
                if found[1] != asked["IfMatch"]:
                    raise refusal("PreconditionFailed")
            tag = f'"{md5(Body, usedforsecurity=False).hexdigest()}"'
            self.contents[Key] = (Body, tag)
        if fault == "lost":
            raise ReadTimeoutError(endpoint_url="s3")
        return {"ETag": tag}

    def backend(self, project: str = "shop", **settings: Any) -> S3Backend:
        """Return a handle on a project in this bucket."""
        place = Place("bucket", prefix=f"{project}/")
        return S3Backend(S3Store(place, self), **settings)  # type: ignore[arg-type] # as much as is asked
