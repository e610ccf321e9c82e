"""All services but Lambda and STS, answered by moto, which is loaded when first needed.

moto keeps one world in the memory of this process: buckets, roles and everything else here
end with the sandbox, even where the Lambda functions are kept, and two sandboxes that run in
one process at the same time share them.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from declarative.errors import RemoteError
from declarative.sandbox.errors import invalid
from declarative.sandbox.messages import Request, Response
from declarative.sandbox.packages import ObjectPlace, StoredObject, object_missing
from declarative.sandbox.world import DEFAULT_ACCOUNT, partition_of

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

_REGISTRY = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[^.]+)\.amazonaws\.com")

_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


class OtherServices:
    """moto behind one method, and the two places of it that Lambda itself reads from."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changing = threading.Lock()
        self._application: WSGIApplication | None = None

    def answer(self, request: Request, account: str) -> Response:
        """Let moto answer a request as ``account``.

        What changes anything is answered one after the other: moto looks whether a
        condition (``If-Match``) holds and writes afterwards, and S3 does both at once.
        """
        application = self._load()
        if request.method in ("GET", "HEAD"):
            return _through_wsgi(application, request, account)
        with self._changing:
            return _through_wsgi(application, request, account)

    def account_of(self, access_key: str) -> str:
        """Return the account of an access key that moto's IAM may have made."""
        if self._application is None:
            return DEFAULT_ACCOUNT
        from moto.iam.models import get_account_id_from

        return str(get_account_id_from(access_key))

    def read_object(self, place: ObjectPlace) -> StoredObject:
        """Return an object of moto's S3."""
        self._load()
        from moto.s3.exceptions import MissingBucket
        from moto.s3.models import s3_backends

        backend = s3_backends[place.account][partition_of(place.region)]
        try:
            found = backend.get_object(place.bucket, place.key, place.version)
            region = backend.get_bucket(place.bucket).region_name
        except MissingBucket as error:
            raise object_missing("NoSuchBucket", "The specified bucket does not exist") from error
        if region != place.region:
            raise object_missing(
                "PermanentRedirect",
                f"The bucket is in this region: {region}. "
                "Please use this region to retry the request",
            )
        if found is None and place.version is not None:
            raise object_missing("NoSuchVersion", "The specified version does not exist.")
        if found is None:
            raise object_missing("NoSuchKey", "The specified key does not exist.")
        version = str(found.version_id) if found.version_id not in (None, "null") else None
        return StoredObject(bytes(found.value), version)

    def image_digest(self, uri: str) -> str:
        """Return the digest of an image in moto's ECR."""
        self._load()
        from moto.ecr.models import ecr_backends

        registry, _, rest = uri.partition("/")
        repository, _, digest = rest.partition("@")
        repository, _, tag = repository.partition(":")
        missing = invalid(f"Source image {uri} does not exist. Provide a valid source image.")
        address = _REGISTRY.match(registry)
        if address is None:
            raise missing
        backend = ecr_backends[address["account"]][address["region"]]
        found = backend.repositories.get(repository)
        for image in found.images if found else ():
            found_digest = str(image.get_image_digest())
            if digest == found_digest or (not digest and (tag or "latest") in image.image_tags):
                if image.image_manifest_media_type in _INDEXES:
                    raise invalid(
                        "The image manifest, config or layer media type for the source image "
                        f"{uri} is not supported."
                    )
                return found_digest.removeprefix("sha256:")
        raise missing

    def close(self) -> None:
        """Empty moto's world, so that the next sandbox of this process starts with none."""
        if self._application is not None:
            from moto.moto_api._internal.models import moto_api_backend

            moto_api_backend.reset()

    def _load(self) -> WSGIApplication:
        with self._lock:
            if self._application is None:
                require_moto()
                from moto.moto_server.werkzeug_app import (
                    DomainDispatcherApplication,
                    create_backend_app,
                )

                self._application = DomainDispatcherApplication(create_backend_app)
            return self._application


def require_moto() -> None:
    """Refuse to go on without the packages of the sandbox extra.

    Raises:
        RemoteError: moto's server is not installed.
    """
    from importlib.util import find_spec

    missing = [name for name in ("moto", "flask", "flask_cors") if find_spec(name) is None]
    if missing:
        raise RemoteError.of(
            "The sandbox is not installed",
            f"It needs {', '.join(missing)}. Install it with: pip install 'lamform[sandbox]'",
        )


def _through_wsgi(application: WSGIApplication, request: Request, account: str) -> Response:
    answered: list[tuple[int, list[tuple[str, str]]]] = []

    def start(
        status: str, headers: list[tuple[str, str]], _: Any = None
    ) -> Callable[[bytes], None]:
        answered.append((int(status.split(maxsplit=1)[0]), headers))
        return lambda _: None

    chunks: Iterable[bytes] = application(_environ(request, account), start)
    try:
        body = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    status, headers = answered[-1]
    return Response(status, body, headers)


def _environ(request: Request, account: str) -> dict[str, Any]:
    path, _, query = request.target.partition("?")
    host, _, port = request.headers.get("host", "127.0.0.1").partition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _wsgi_path(path),
        "QUERY_STRING": query,
        "RAW_URI": request.target,
        "REQUEST_URI": request.target,
        "SERVER_NAME": host,
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        if name == "content-type":
            environ["CONTENT_TYPE"] = value
        elif name not in ("content-length", "transfer-encoding", "expect"):
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
    return environ


def _wsgi_path(path: str) -> str:
    from urllib.parse import unquote_to_bytes

    return unquote_to_bytes(path).decode("latin-1")
