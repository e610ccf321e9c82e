"""A bucket on a bad day: each fault, alone and in the worst place."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError
from botocore.httpsession import URLLib3Session
from moto.server import ThreadedMotoServer

from backends import open_backend, s3_sweeping
from backends.base import (
    EVERYTHING,
    BackendError,
    FencedError,
    HeadMovedError,
    JournalOrderError,
    LeaseHeldError,
    StateUnavailableError,
    commit_disjoint,
)
from backends.documents import instant
from backends.s3 import S3Backend
from backends.s3_store import Place, S3Store
from backends.testing import BackendContract
from backends.testing.bucket import Bucket
from backends.testing.case import a_draft, a_record, a_request, a_run
from backends.testing.life import STEPS, essence
from declarative.engine.verification import verify

if TYPE_CHECKING:
    from backends.base import StateBackend

LEDGER = "shop/ledger.json"


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


def ready(bucket: Bucket):
    backend = bucket.backend()
    backend.create()
    return backend, backend.acquire(a_request())


class Weather(list):
    """Faults without end, of which every write is survived."""

    def __init__(self, seed: int) -> None:
        super().__init__([None])
        self.chance = random.Random(seed)  # noqa: S311 - weather

    def pop(self, index: int = 0) -> str | None:
        return self.chance.choice([None, None, "lost", "retried", "ConditionalRequestConflict"])


class TestOnABadDay(BackendContract):
    @pytest.fixture(autouse=True, params=[1, 2])
    def _place(self, request: pytest.FixtureRequest) -> None:
        self.bucket = Bucket(faults=Weather(request.param))

    def open(self, project: str) -> StateBackend:
        return self.bucket.backend(project)


@pytest.mark.parametrize("fault", ["lost", "retried", "ConditionalRequestConflict"])
def test_every_write_survives_every_fault(bucket: Bucket, fault: str) -> None:
    def once(moment: str, operation: str, key: str) -> None:
        if (moment, operation) == ("before", "put"):
            bucket.faults = [] if bucket.faults else [fault, None]

    backend = bucket.backend(clock=lambda: 1.9e9)
    calm = Bucket().backend(clock=lambda: 1.9e9)
    bucket.watch = once
    for step in STEPS:
        step(backend)
        step(calm)
        assert essence(backend) == essence(calm)


# The SDK asks again by itself, and its own success refuses it


def test_a_release_whose_answer_is_lost(bucket: Bucket) -> None:
    backend, lease = ready(bucket)
    for fault in ("lost", "retried"):
        bucket.faults = [fault]
        backend.release(lease)
        assert backend.leases() == ()
        lease = backend.acquire(a_request())


def test_creating_while_another_creates(bucket: Bucket) -> None:
    """The write is refused without an answer, and the state of the other is there."""
    backend = bucket.backend()

    def quicker(moment: str, operation: str, key: str) -> None:
        if (moment, operation, key) == ("before", "put", LEDGER):
            bucket.watch = Bucket.watch
            bucket.backend().create()
            bucket.faults = ["timeout"]

    bucket.watch = quicker
    backend.create()
    assert backend.exists()


def test_a_run_begins_although_it_had_to_be_said_twice(bucket: Bucket) -> None:
    backend, lease = ready(bucket)
    bucket.faults = ["timeout"]
    with pytest.raises(StateUnavailableError):
        backend.begin_run(a_run(), token=lease.token)
    backend.begin_run(a_run(), token=lease.token)
    assert backend.open_runs() == (a_run(),)


def overtaken(bucket: Bucket, times: int) -> Callable[[str, str, str], None]:
    """Let others move the ledger after the next move of it whose answer is then lost."""

    def overtake(moment: str, operation: str, key: str) -> None:
        if (moment, operation, key) == ("before", "put", LEDGER):
            bucket.watch = Bucket.watch
            bucket.faults = ["retried"]
            bucket.watch = then

    def then(moment: str, operation: str, key: str) -> None:
        if (moment, operation, key) == ("before", "get", LEDGER):
            bucket.watch = Bucket.watch
            other = bucket.backend()
            lease = other.acquire(a_request("other", "other"))
            for _ in range(times):
                other.renew(lease)

    return overtake


@pytest.mark.parametrize("times", [1, 70])  # 64 marks of changes are kept
def test_a_lost_answer_is_recognised_after_many_other_changes(bucket: Bucket, times: int) -> None:
    backend, lease = ready(bucket)
    bucket.watch = overtaken(bucket, times)
    backend.begin_run(a_run(), token=lease.token)
    assert backend.open_runs() == (a_run(),)
    bucket.watch = overtaken(bucket, times)
    revision = backend.commit(a_draft({"a": None}), expected=None, token=lease.token)
    assert list(backend.revisions()) == [revision]
    bucket.watch = overtaken(bucket, times)
    backend.close_run("run-1", token=lease.token)
    assert backend.open_runs() == ()


def test_two_states_of_the_ledger_never_have_one_tag(bucket: Bucket) -> None:
    """Otherwise a writer might not notice that the state moved away and came back."""
    tags: list[str] = []

    def note(moment: str, operation: str, key: str) -> None:
        if (moment, operation, key) == ("after", "put", LEDGER):
            tags.append(bucket.contents[LEDGER][1])

    bucket.watch = note
    backend = bucket.backend(clock=lambda: 1.9e9)
    backend.create()
    for _ in range(5):
        lease = backend.acquire(a_request())
        backend.renew(lease)
        backend.renew(lease)
        backend.release(lease)
    assert len(tags) == 21
    assert len(set(tags)) == len(tags)


# Reads that are not the newest


def test_a_stale_read_moves_nothing_backwards(bucket: Bucket) -> None:
    backend, lease = ready(bucket)
    first = backend.commit(a_draft({"a": None}), expected=None, token=lease.token)
    bucket.read_faults = ["stale"]
    with pytest.raises(HeadMovedError):
        backend.commit(a_draft(), expected=None, token=99 + lease.token - 99)
    bucket.backend().renew(lease)
    bucket.read_faults = ["stale"]
    second = backend.commit(a_draft(), expected=first.id, token=lease.token)
    assert list(bucket.backend().revisions()) == [second, first]


def test_a_lease_that_is_not_seen_yet_is_respected(bucket: Bucket) -> None:
    backend, _ = ready(bucket)
    other = bucket.backend()
    other.acquire(a_request("run-2", "b"))
    bucket.read_faults = ["stale"]
    with pytest.raises(LeaseHeldError):
        backend.acquire(a_request("run-3", "b"))


def test_a_lost_lease_that_is_still_seen_writes_nothing(bucket: Bucket) -> None:
    backend, lease = ready(bucket)
    bucket.backend().unlock("run-1")
    bucket.read_faults = ["stale"]
    with pytest.raises(FencedError):
        backend.commit(a_draft({"a": None}), expected=None, token=lease.token)
    assert bucket.backend().head() is None


def test_a_record_that_is_not_seen_yet_is_ours(bucket: Bucket) -> None:
    backend, lease = ready(bucket)
    backend.begin_run(a_run(), token=lease.token)
    bucket.faults = ["retried"]
    # The ledger's tag, the ledger, and then what was written itself.
    bucket.read_faults = [None, None, "NoSuchKey", "NoSuchKey"]
    backend.append("run-1", [a_record(1)], token=lease.token)
    assert backend.journal("run-1") == (a_record(1),)


@pytest.mark.parametrize("fault", ["ExpiredToken", "AccessDenied", "timeout"])
def test_why_a_journal_cannot_be_written_is_said(bucket: Bucket, fault: str) -> None:
    """Its lease is looked at by way of a tag, and refusals of a tag have no words."""
    backend, lease = ready(bucket)
    backend.begin_run(a_run(), token=lease.token)
    backend.append("run-1", [a_record(1)], token=lease.token)
    bucket.read_faults = [fault]
    backend.append("run-1", [a_record(2)], token=lease.token)  # the ledger itself can be read
    bucket.read_faults = [fault, fault]
    with pytest.raises(StateUnavailableError) as caught:
        backend.append("run-1", [a_record(3)], token=lease.token)
    said = {"ExpiredToken": "ExpiredToken", "AccessDenied": "denied", "timeout": "read timeout"}
    assert said[fault].lower() in f"{caught.value.summary} {caught.value.detail}".lower()
    backend.append("run-1", [a_record(3)], token=lease.token)


def rain(bucket: Bucket, seed: int) -> Callable[[str, str, str], None]:
    chance = random.Random(seed)  # noqa: S311 - weather

    def fall(moment: str, operation: str, key: str) -> None:
        if moment == "before" and operation == "put" and chance.random() < 0.3:
            bucket.faults = [chance.choice(["lost", "retried", "ConditionalRequestConflict"])]
        if moment == "before" and operation in ("get", "head") and chance.random() < 0.2:
            bucket.read_faults = ["stale"]

    return fall


@pytest.mark.parametrize("seed", range(4))
def test_many_writers_on_a_bad_day_lose_nothing(bucket: Bucket, seed: int) -> None:
    bucket.backend().create()
    made: list[str] = []
    failures: list[BaseException] = []

    def work(number: int) -> None:
        mine, name = bucket.backend(), f"x{number}"
        try:
            token = mine.acquire(a_request(f"run-{number}", name)).token
            for turn in range(4):
                (stored,) = mine.put([f"{number}.{turn}".encode()])
                draft = a_draft({name: stored}, status=f"{number}.{turn}")
                made.append(commit_disjoint(mine, draft, base=mine.head(), token=token).id)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test names it
            failures.append(error)

    bucket.watch = rain(bucket, seed)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bucket.watch, bucket.faults, bucket.read_faults = Bucket.watch, [], []
    # A stale read may refuse what was right, or leave open whether it happened; never more.
    assert [one for one in failures if not isinstance(one, BackendError)] == []
    history = [one.id for one in bucket.backend().revisions()]
    assert set(made) <= set(history)
    assert len(history) - len(made) <= len(failures)
    assert verify(bucket.backend()).damage == ()


# A journal that two handles write


def test_records_of_another_handle_are_seen(bucket: Bucket) -> None:
    backend, lease = ready(bucket)
    other = bucket.backend()
    backend.begin_run(a_run(), token=lease.token)
    backend.append("run-1", [a_record(1)], token=lease.token)
    other.append("run-1", [a_record(2), a_record(3)], token=lease.token)
    with pytest.raises(JournalOrderError):
        backend.append("run-1", [a_record(3)], token=lease.token)
    backend.append("run-1", [a_record(4)], token=lease.token)
    assert [one.sequence for one in other.journal("run-1")] == [1, 2, 3, 4]


# Forgetting while others read, and without the lease


def with_history(bucket: Bucket, count: int = 40):
    backend = bucket.backend()
    backend.create()
    lease = backend.acquire(replace(a_request(), exclusive=frozenset({EVERYTHING})))
    head = None
    for number in range(count):
        (name,) = backend.put([f"{number}".encode()])
        draft = a_draft({f"a{number % 7}": name})
        head = backend.commit(draft, expected=head.id if head else None, token=lease.token)
    return backend, lease


def test_a_reader_meets_no_gap_while_history_is_forgotten(bucket: Bucket) -> None:
    backend, lease = with_history(bucket)
    reader = bucket.backend()
    reading = reader.revisions()
    first = [next(reading) for _ in range(16)]
    backend.forget(20, token=lease.token)
    assert [one.number for one in [*first, *reading]] == list(range(40, 20, -1))

    def meanwhile(moment: str, operation: str, key: str) -> None:
        if (moment, operation) == ("after", "get") and key == LEDGER:
            bucket.watch = Bucket.watch
            backend.forget(39, token=lease.token)

    expected = backend.resources(at=39)
    bucket.watch = meanwhile
    late = bucket.backend()
    with pytest.raises(BackendError, match="no longer kept"):
        late.resources(at=39)
    assert len(late.resources()) == len(expected)


def test_forgetting_ends_with_its_lease(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_sweeping, "_BATCH", 1)
    backend, lease = with_history(bucket)

    def unlocked(moment: str, operation: str, key: str) -> None:
        if (moment, operation) == ("before", "delete"):
            bucket.watch = Bucket.watch
            bucket.backend().unlock("run-1")

    bucket.watch = unlocked
    with pytest.raises(FencedError):
        backend.forget(30, token=lease.token)
    assert bucket.calls["delete"] == 2  # that of the probe, and one of the objects
    assert verify(bucket.backend()).damage == ()
    token = backend.acquire(a_request()).token
    assert backend.forget(0, token=token) > 30


def test_what_cannot_be_deleted_is_deleted_next_time(bucket: Bucket) -> None:
    backend, lease = with_history(bucket)
    asked = itertools.count()

    def deny(moment: str, operation: str, key: str) -> None:
        if (moment, operation) == ("before", "delete") and next(asked) == 5:
            raise ConnectionClosedError(endpoint_url="s3")

    bucket.watch = deny
    with pytest.raises(StateUnavailableError, match="deleting"):
        backend.forget(30, token=lease.token)
    bucket.watch = Bucket.watch
    assert [one.number for one in backend.revisions()] == list(range(40, 30, -1))
    backend.forget(0, token=lease.token)
    kept = {key for key in bucket.contents if key.startswith("shop/objects/")}
    assert len(kept) <= 10 + 10 + 7 + 2  # revisions, what they record, the map's, and maps


# The real SDK, with its own repetitions


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


class Way:
    """The way to the server: every third request is lost there or on its way back."""

    def __init__(self) -> None:
        self.http = URLLib3Session()
        self.number = 0

    def __call__(self, request, **_: object) -> AWSResponse | None:
        self.number += 1
        if self.number % 3:
            return None
        kind = (self.number // 3) % 3
        if kind == 0:
            self.http.send(request)
            raise ConnectionClosedError(endpoint_url=request.url)
        status, code = ((503, "SlowDown"), (500, "InternalError"))[kind - 1]
        body = f"<Error><Code>{code}</Code><Message>as asked</Message></Error>".encode()
        return AWSResponse(request.url, status, {}, Body(body))


class Body:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self) -> Iterator[bytes]:
        yield self.content

    def read(self, *_: object) -> bytes:
        content, self.content = self.content, b""
        return content


@pytest.mark.parametrize("slow", [300.0, -300.0])
def test_a_clock_that_is_wrong_takes_no_lease_away(
    server: str, monkeypatch: pytest.MonkeyPatch, slow: float
) -> None:
    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "y")):
        monkeypatch.setenv(f"AWS_{name}", value)
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=server)
    bucket = f"clock{int(slow)}".replace("-", "x")
    client.create_bucket(Bucket=bucket)
    place = Place(
        bucket, prefix="shop/", region="us-east-1", endpoint_url=server, use_path_style=True
    )

    def wrong() -> float:
        return time.time() - slow

    first, second = S3Backend(S3Store(place)), S3Backend(S3Store(place), clock=wrong)
    first.create()
    lease = first.acquire(replace(a_request("mine", "a"), term=60))
    # This module's alone: the server's clock is right.
    monkeypatch.setattr("backends.s3_store.time", SimpleNamespace(time=wrong, sleep=time.sleep))
    if slow < 0:  # a clock that is fast would have the lease expired
        assert lease.expires < instant(wrong())
    with pytest.raises(LeaseHeldError):
        second.acquire(a_request("other", "a"))
    theirs = second.acquire(a_request("third", "b"))
    assert theirs.since[:16] in {lease.since[:16], instant(time.time())[:16]}
    third = S3Backend(S3Store(place), clock=wrong)
    assert abs(third.now() - time.time()) < 60  # the first thing that is asked of it
    third.close()
    first.close()
    second.close()


def test_a_life_over_http_on_a_bad_way(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "y")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=server)
    client.create_bucket(Bucket="way")
    settings = {
        "bucket": "way",
        "region": "us-east-1",
        "endpoint_url": server,
        "use_path_style": True,
    }
    backend = open_backend("s3", settings, "shop")
    backend._clock = lambda: 1.9e9
    way = Way()
    backend._store.client.meta.events.register("before-send.s3", way)
    calm = Bucket().backend(clock=lambda: 1.9e9)
    for step in STEPS:
        step(backend)
        step(calm)
        assert essence(backend) == essence(calm)
    backend.close()
    assert way.number > 150
