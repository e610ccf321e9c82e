"""SDK clients of this process, answered without a socket.

botocore asks its handlers of ``before-send`` for an answer before it opens a connection. The
one registered here gives it for requests to the address of a sandbox of this process, in the
thread of the caller: serialising, signing, parsing and error handling stay the SDK's own.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from declarative.sandbox.messages import Request, Response

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

    from declarative.sandbox.clock import Clock

Answering = Callable[[Request], Response]

_EVENT = "before-send"
_lock = threading.Lock()
_places: dict[str, tuple[Answering, Clock]] = {}


@contextmanager
def answered_here(url: str, answering: Answering, clock: Clock) -> Iterator[None]:
    """Answer requests to ``url`` with a function, while the context lasts.

    It works for SDK sessions made after entering, in any thread. A hang lasts on ``clock`` and
    ends as the client's read timeout would end it.
    """
    place = urlsplit(url).netloc
    _register()
    with _lock:
        _places[place] = (answering, clock)
    try:
        yield
    finally:
        with _lock:
            del _places[place]


def _register() -> None:
    """Let every SDK session made from now on ask here first; it is enough once."""
    from botocore import handlers

    entry = (_EVENT, _answer)
    with _lock:
        if entry not in handlers.BUILTIN_HANDLERS:
            handlers.BUILTIN_HANDLERS.append(entry)


def _answer(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
    """Answer botocore's event; None: the request goes to the network."""
    from botocore.awsrequest import AWSResponse
    from botocore.compat import HTTPHeaders
    from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

    parts = urlsplit(request.url)
    with _lock:
        found = _places.get(parts.netloc)
    if found is None:
        return None
    answering, clock = found
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    headers.setdefault("host", parts.netloc)
    method = str(request.method)
    response = answering(Request(method, target, headers, _body(request.body)))
    if response.after:
        clock.sleep(response.after)
        raise ReadTimeoutError(endpoint_url=request.url)
    if response.lost:
        raise ConnectionClosedError(endpoint_url=request.url)
    body = b"" if method == "HEAD" else response.body
    sent = HTTPHeaders()
    for name, text in response.headers:
        sent[name] = text
    if "content-length" not in sent:
        sent["Content-Length"] = str(len(response.body))
    return AWSResponse(request.url, response.status, sent, _Stream(body))


class _Stream(io.BytesIO):
    """A body, read the way the SDK reads one from urllib3."""

    def stream(self, **_: object) -> Iterator[bytes]:
        """Yield the body."""
        yield self.read()


def _body(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        data = body.read()
        return data.encode() if isinstance(data, str) else bytes(data)
    return bytes(body)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
