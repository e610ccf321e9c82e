"""A small threaded HTTP/1.1 server on loopback that keeps connections open.

moto's own development server would mean loading moto for projects that only need Lambda,
and the standard library's WSGI server closes the connection after every answer.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from declarative.sandbox.messages import Request, Response

Answering = Callable[[Request], Response]


class LoopbackServer:
    """Answers requests on ``127.0.0.1`` with a function, from `start` to `stop`."""

    def __init__(self, answering: Answering) -> None:
        self._server = _Server(answering)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def url(self) -> str:
        """Where the server is, without a final slash."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def connections(self) -> int:
        """How many connections are open: one is until all that came on it is answered."""
        return self._server.connections

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def refuse(self) -> None:
        """Take no more requests; those under way go on."""
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()

    def stop(self) -> None:
        """Wait for the answers under way and free the port."""
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for answers under way
    request_queue_size = 128

    def __init__(self, answering: Answering) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answering = answering
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    @property
    def connections(self) -> int:
        with self._lock:
            return len(self._open)

    def hang_up(self) -> None:
        """End waiting reads, so that the threads of idle connections end too."""
        with self._lock:
            for request in self._open:
                with contextlib.suppress(OSError):
                    request.shutdown(socket.SHUT_RD)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that went away is no error of the sandbox."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body of an answer in one packet

    def _respond(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self._read_body(headers)
        response = self.server.answering(Request(self.command, self.path, headers, body))
        if response.after:
            self._wait_for_the_client(response.after)
        if response.lost:
            self.close_connection = True
            return
        self._write(response)

    do_GET = do_HEAD = do_POST = do_PUT = _respond  # noqa: N815 - the inherited names
    do_DELETE = do_PATCH = do_OPTIONS = _respond  # noqa: N815 - the inherited names

    def _wait_for_the_client(self, seconds: float) -> None:
        """Wait until the client hangs up, the server ends or ``seconds`` have passed."""
        # Readable without a request under way means the end: SDKs do not pipeline.
        select.select([self.connection], [], [], seconds)

    def _read_body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return b"".join(iter(self._read_chunk, b""))
        length = int(headers.get("content-length") or 0)
        return self.rfile.read(length) if length else b""

    def _read_chunk(self) -> bytes:
        size = int(self.rfile.readline().partition(b";")[0], 16)
        data = self.rfile.read(size)
        self.rfile.readline()
        return data

    def _write(self, response: Response) -> None:
        self.send_response_only(response.status)
        sized = any(name.lower() == "content-length" for name, _ in response.headers)
        for name, value in response.headers:
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        if not sized and response.status != 204:  # noqa: PLR2004 - No Content has no length
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the inherited name
        """Write nothing: the terminal belongs to the command under test."""
