"""The SDK answered in this process: no socket, simulated time, many threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.request import urlopen

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from declarative.aws.session import AwsCloud
from declarative.model.bound import Connector
from declarative.sandbox.clock import SimulatedClock
from declarative.sandbox.server import Sandbox
from declarative.sandbox.traffic import AWS_RATES, Quotas

Make = Callable[..., Any]


@pytest.fixture
def inside(clock: SimulatedClock) -> Iterator[Sandbox]:
    with Sandbox(clock=clock, pending_seconds=10, update_seconds=10, in_process=True) as running:
        yield running


@pytest.fixture
def _no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a request went to the network")

    monkeypatch.setattr(URLLib3Session, "send", refuse)


@pytest.mark.usefixtures("_no_sockets")
def test_requests_and_answers_are_the_sdks_own(
    inside: Sandbox, clock: SimulatedClock, new_function: Make
) -> None:
    client = inside.client("lambda", account="222222222222", region="eu-west-1")
    made = client.create_function(**new_function())
    assert made["FunctionArn"] == "arn:aws:lambda:eu-west-1:222222222222:function:checkout"
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    clock.advance(60)
    answer = client.invoke(FunctionName="checkout", Payload=b'{"a": 1}')
    assert answer["Payload"].read() == b'{"a": 1}'
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function(FunctionName="none")
    assert client.delete_function(FunctionName="checkout")["StatusCode"] == 204


@pytest.mark.usefixtures("_no_sockets")
def test_the_adapter_runs_on_it(
    inside: Sandbox, new_function: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in inside.environment().items():
        monkeypatch.setenv(name, value)
    inside.simulator.call("CreateFunction", **new_function())
    cloud = AwsCloud()
    connector = Connector("connector.aws.main", region="us-east-1")
    observed = cloud.reader(connector, "us-east-1").function("checkout")
    assert observed is not None
    assert observed.state == "Pending"
    assert cloud.account_id(connector) == "123456789012"
    assert cloud.calls() == {"GetFunction": 1, "GetCallerIdentity": 1}


@pytest.mark.usefixtures("_no_sockets")
def test_other_services_answer_too(inside: Sandbox, new_function: Make, make_zip: Make) -> None:
    s3 = inside.client("s3")
    s3.create_bucket(Bucket="builds")
    s3.put_object(Bucket="builds", Key="a b/é.zip", Body=make_zip())
    assert s3.get_object(Bucket="builds", Key="a b/é.zip")["Body"].read() == make_zip()
    code = {"S3Bucket": "builds", "S3Key": "a b/é.zip"}
    assert inside.client("lambda").create_function(**new_function(Code=code))["CodeSize"] > 0


def test_a_package_is_downloaded_over_http(
    inside: Sandbox, new_function: Make, make_zip: Make
) -> None:
    client = inside.client("lambda")
    client.create_function(**new_function())
    location = client.get_function(FunctionName="checkout")["Code"]["Location"]
    with urlopen(location) as answer:  # noqa: S310 - loopback
        assert answer.read() == make_zip()


def test_two_sandboxes_are_two_worlds(inside: Sandbox, new_function: Make) -> None:
    inside.client("lambda").create_function(**new_function())
    with Sandbox(in_process=True) as other, Sandbox() as outside:
        for sandbox in (other, outside):
            assert sandbox.client("lambda").list_functions()["Functions"] == []


def test_after_its_end_nothing_answers() -> None:
    with Sandbox(in_process=True) as ended:
        client = ended.client("lambda")
        client.list_functions()
    with pytest.raises(Exception, match="Could not connect"):
        client.list_functions()


@pytest.mark.usefixtures("_no_sockets")
@pytest.mark.parametrize(
    ("kind", "raised", "seconds"),
    [
        ("lost-answer", ConnectionClosedError, 0),
        ("lost-request", ConnectionClosedError, 0),
        ("hang", ReadTimeoutError, 60),
        ("hang-after-effect", ReadTimeoutError, 60),
        ("throttle", ClientError, 0),
    ],
)
def test_silence_takes_simulated_time(
    inside: Sandbox,
    clock: SimulatedClock,
    new_function: Make,
    kind: Any,
    raised: type[Exception],
    seconds: float,
) -> None:
    inside.simulator.faults.add("CreateFunction", kind=kind)
    client, began = inside.client("lambda"), clock.monotonic()
    with pytest.raises(raised):
        client.create_function(**new_function())
    assert clock.monotonic() - began == seconds
    happened = bool(client.list_functions()["Functions"])
    assert happened == (kind in ("lost-answer", "hang-after-effect"))


@pytest.mark.usefixtures("_no_sockets")
def test_a_thousand_functions_are_read_at_the_pace_of_a_limiter(
    inside: Sandbox, clock: SimulatedClock, new_function: Make
) -> None:
    """Threads that share a limiter wait together: the time is the quota's, and none is refused."""
    for number in range(1000):
        inside.simulator.call("CreateFunction", **new_function(f"function-{number}"))
    inside.simulator.calls.reset()
    inside.simulator.quotas = Quotas()
    client, rate = inside.client("lambda"), AWS_RATES["get_function"] / 2
    lock = threading.Lock()
    slot = began = clock.monotonic()

    def read(number: int) -> None:
        nonlocal slot
        with lock:
            slot = max(slot, clock.monotonic()) + 1 / rate
            mine = slot
        clock.sleep(mine - clock.monotonic())
        client.get_function(FunctionName=f"function-{number}")

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(read, range(1000)))
    floor = 1000 / rate
    assert floor <= clock.monotonic() - began + 1e-3 <= 1.1 * floor
    assert inside.simulator.calls.groups["get_function"] == 1000


def test_sleeps_of_threads_overlap(clock: SimulatedClock) -> None:
    began = clock.monotonic()
    together = threading.Barrier(8)

    def sleep() -> None:
        clock.monotonic()
        together.wait()
        clock.sleep(5)

    threads = [threading.Thread(target=sleep) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.monotonic() - began == 5
    clock.sleep(1)
    clock.sleep(2)
    assert clock.monotonic() - began == 8


def test_the_shortest_sleep_lets_time_pass(clock: SimulatedClock) -> None:
    clock.advance(1e9)
    began = clock.monotonic()
    clock.sleep(1e-12)
    assert clock.monotonic() > began
    began = clock.monotonic()
    clock.sleep(0)
    clock.sleep(-1)
    assert clock.monotonic() == began


def test_sessions_made_before_go_over_http(new_function: Make) -> None:
    session = boto3.Session("123456789012", "secret", region_name="us-east-1")
    with Sandbox(in_process=True) as sandbox:
        client = session.client("lambda", endpoint_url=sandbox.url)
        client.create_function(**new_function())
        functions = sandbox.client("lambda").list_functions()["Functions"]
        assert [item["FunctionName"] for item in functions] == ["checkout"]
