"""The public contract suite, run by every backend of the package."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import boto3
import pytest
from moto.server import ThreadedMotoServer

from backends import open_backend
from backends.memory import MemoryBackend, MemoryStore
from backends.sqlite import SqliteBackend
from backends.testing import BackendContract
from backends.testing.bucket import Bucket

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backends.base import StateBackend
_numbers = itertools.count(1)


class TestMemory(BackendContract):
    @pytest.fixture(autouse=True)
    def _place(self) -> None:
        self.store = MemoryStore()

    def open(self, project: str) -> StateBackend:
        return MemoryBackend(self.store, project)


class TestSqlite(BackendContract):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> Iterator[None]:
        self.path = tmp_path / "state.db"
        self.handles: list[SqliteBackend] = []
        yield
        for handle in self.handles:
            handle.close()

    def open(self, project: str) -> StateBackend:
        handle = SqliteBackend(self.path, project)
        self.handles.append(handle)
        return handle


class TestS3(BackendContract):
    @pytest.fixture(autouse=True)
    def _place(self) -> None:
        self.bucket = Bucket()

    def open(self, project: str) -> StateBackend:
        return self.bucket.backend(project)


class TestS3OverHttp(BackendContract):
    """With the real SDK against a server on this machine."""

    @pytest.fixture(autouse=True)
    def _place(self, server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        self.url = server
        self.bucket = f"state-{next(_numbers)}"
        self.handles: list[StateBackend] = []
        for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "y")):
            monkeypatch.setenv(f"AWS_{name}", value)
        client = boto3.client("s3", region_name="us-east-1", endpoint_url=server)
        client.create_bucket(Bucket=self.bucket)
        yield
        for handle in self.handles:
            handle.close()

    def open(self, project: str) -> StateBackend:
        settings = {
            "bucket": self.bucket,
            "prefix": "lamform",
            "region": "us-east-1",
            "endpoint_url": self.url,
            "use_path_style": True,
        }
        handle = open_backend("s3", settings, project)
        self.handles.append(handle)
        return handle


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()
