"""An AWS on loopback that answers what the test says, over real HTTP."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from declarative.aws.retries import Pacing
from declarative.aws.session import AwsCloud
from declarative.model.bound import Connector
from declarative.model.values import Sensitive

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Request:
    method: str
    path: str
    body: dict[str, Any]
    agent: str


@dataclass
class Aws:
    """Answers in the order given; the last one again and again.

    An answer is (status, body[, headers]) or None: hang up without a word.
    """

    url: str = ""
    answers: list[Any] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def will(self, *answers: Any) -> None:
        self.answers = list(answers)

    def refuses(self, status: int, code: str, message: str = "No") -> tuple[Any, ...]:
        body = {"message": message, "Type": "User", "__type": code}
        return status, body, {"x-amzn-ErrorType": code}


@pytest.fixture
def aws() -> Iterator[Aws]:
    script = Aws()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: in two they cost 40 ms

        def answer(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.loads(data) if data.startswith(b"{") else {"raw": data.decode()}
            agent = self.headers["User-Agent"]
            script.requests.append(Request(self.command, self.path, body, agent))
            chosen = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
            if chosen is None:
                self.close_connection = True
                return
            status, content, *headers = chosen
            sent = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in (headers[0] if headers else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_HEAD = do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - names of the base class

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        script.url = f"http://127.0.0.1:{server.server_port}"
        yield script
        server.shutdown()
        thread.join()


@dataclass
class Time:
    """A clock that moves only when somebody sleeps."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def cloud(time: Time) -> AwsCloud:
    pacing = Pacing(sleep=time.sleep, monotonic=lambda: time.now, jitter=lambda: 0.5)
    return AwsCloud(pacing=pacing, keep_quotas=True)


@pytest.fixture
def connector(aws: Aws) -> Connector:
    return Connector(
        'connector.aws.main["dev"]',
        endpoint_url=aws.url,
        credentials={
            "kind": "static",
            "access_key_id": "AKIAEXAMPLE",
            "secret_access_key": Sensitive("hidden", "var.key"),
        },
    )
