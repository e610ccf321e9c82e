"""A bucket in memory that answers as S3 does, and as S3 does on a bad day."""

# ruff: noqa: ARG002, D102, N803 - the methods and parameters are those of the SDK

from __future__ import annotations

import io
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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
            answer comes), ``retried`` (the same, and the SDK asks again, which its own success
            refuses), ``timeout`` (not written, and no answer comes), or None.
        read_faults: What happens to the next reads of contents or of a tag: an error's code,
            ``timeout``, ``stale`` (the answer is what was there before the last write), or None.
        honest: Whether conditions hold.
        watch: Called with ``before`` or ``after``, the operation and the key of each request;
            what it raises is what happens to the client.
    """

    contents: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    faults: list[str | None] = field(default_factory=list)
    read_faults: list[str | None] = field(default_factory=list)
    honest: bool = True
    watch: Callable[[str, str, str], None] = lambda *_: None
    calls: Counter[str] = field(default_factory=Counter)
    lock: Any = field(default_factory=threading.RLock)
    earlier: dict[str, tuple[bytes, str] | None] = field(default_factory=dict)

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        with self._asked("get", Key):
            found = self._seen(Key, "GetObject")
            if found is None:
                raise refusal("NoSuchKey", "GetObject")
            return {"Body": io.BytesIO(found[0]), "ETag": found[1]}

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        with self._asked("head", Key):
            found = self._seen(Key, "HeadObject")
            if found is None:
                raise refusal("404", "HeadObject")
            return {"ETag": found[1]}

    def _seen(self, key: str, operation: str) -> tuple[bytes, str] | None:
        fault = self.read_faults.pop(0) if self.read_faults else None
        if fault == "timeout":
            raise ReadTimeoutError(endpoint_url="s3")
        if fault not in (None, "stale"):
            # S3 gives no reason in the answer to HEAD, which has no body.
            raise refusal("403" if operation == "HeadObject" else fault, operation)
        found = self.contents.get(key)
        return self.earlier.get(key, found) if fault == "stale" else found

    def delete_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        with self._asked("delete", Key):
            self.contents.pop(Key, None)
            return {}

    def list_objects_v2(
        self,
        *,
        Bucket: str,
        Prefix: str,
        ContinuationToken: str = "",
        StartAfter: str = "",
    ) -> dict[str, Any]:
        with self._asked("list", Prefix):
            keys = sorted(key for key in self.contents if key.startswith(Prefix))
        after = max(ContinuationToken, StartAfter)
        page = [key for key in keys if key > after][:3]  # small, so that pages are read
        more = bool(page) and page[-1] != keys[-1]
        found: dict[str, Any] = {"Contents": [{"Key": key} for key in page], "IsTruncated": more}
        return found | ({"NextContinuationToken": page[-1]} if more else {})

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **asked: Any) -> dict[str, Any]:
        with self._asked("put", Key):
            fault = self.faults.pop(0) if self.faults else None
            if fault == "timeout":
                raise ReadTimeoutError(endpoint_url="s3")
            if fault not in (None, "lost", "retried"):
                raise refusal(fault)
            if self.honest:
                self._judge(self.contents.get(Key), asked)
            tag = f'"{md5(Body, usedforsecurity=False).hexdigest()}"'
            self.earlier[Key] = self.contents.get(Key)
            self.contents[Key] = (Body, tag)
            if fault == "lost":
                raise ReadTimeoutError(endpoint_url="s3")
            if fault == "retried":
                raise refusal("PreconditionFailed")
            return {"ETag": tag}

    def _judge(self, found: tuple[bytes, str] | None, asked: Mapping[str, Any]) -> None:
        if "IfNoneMatch" in asked and found is not None:
            raise refusal("PreconditionFailed")
        if "IfMatch" in asked:
            if found is None:
                raise refusal("NoSuchKey")
            if found[1] != asked["IfMatch"]:
                raise refusal("PreconditionFailed")

    @contextmanager
    def _asked(self, operation: str, key: str) -> Iterator[None]:
        self.watch("before", operation, key)
        with self.lock:
            self.calls[operation] += 1
            yield
        self.watch("after", operation, key)

    def backend(self, project: str = "shop", **settings: Any) -> S3Backend:
        """Return a handle on a project in this bucket."""
        place = Place("bucket", prefix=f"{project}/")
        return S3Backend(S3Store(place, self), **settings)  # type: ignore[arg-type] # as much as is asked
