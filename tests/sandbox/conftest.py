from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.loaders import create_loader

from declarative.sandbox.clock import SimulatedClock
from declarative.sandbox.server import Sandbox
from declarative.sandbox.simulator import LambdaSimulator

ROLE = "arn:aws:iam::111111111111:role/lambda-role"
SOURCE = "def handler(event, context):\n    return event\n"


def _zip(source: str = SOURCE) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), source)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def make_zip() -> Callable[..., bytes]:
    return _zip


@pytest.fixture(scope="session")
def new_function() -> Callable[..., dict[str, Any]]:
    """Make CreateFunction's parameters, with what matters to the test on top."""

    def make(name: str = "checkout", source: str = SOURCE, **more: Any) -> dict[str, Any]:
        return {
            "FunctionName": name,
            "Role": ROLE,
            "Runtime": "python3.12",
            "Handler": "app.handler",
            "Code": {"ZipFile": _zip(source)},
            **more,
        }

    return make


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def simulator(clock: SimulatedClock) -> Iterator[LambdaSimulator]:
    made = LambdaSimulator(clock=clock, pending_seconds=10, update_seconds=10)
    yield made
    made.close()


@pytest.fixture
def sandbox(clock: SimulatedClock) -> Iterator[Sandbox]:
    with Sandbox(clock=clock, pending_seconds=10, update_seconds=10) as running:
        yield running


@pytest.fixture(scope="session")
def models() -> Any:
    """Read the SDK's models once: they are most of the time that a client takes to make."""
    return create_loader()


@pytest.fixture
def connect(models: Any) -> Callable[..., Any]:
    """Make a boto3 client of a running sandbox."""

    def client(sandbox: Sandbox, service: str, account: str = "111111111111") -> Any:
        reading = botocore.session.Session()
        reading.register_component("data_loader", models)
        session = boto3.Session(
            account, "secret", region_name="us-east-1", botocore_session=reading
        )
        return session.client(service, endpoint_url=sandbox.url)

    return client
