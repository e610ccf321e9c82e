"""State in a bucket where things go wrong: lost answers, other writers, damage, bad settings."""

from __future__ import annotations

import json
import threading
from itertools import pairwise

import pytest
from botocore.exceptions import (
    FlexibleChecksumError,
    IncompleteReadError,
    NoCredentialsError,
    ProfileNotFound,
)

from backends import open_backend
from backends.base import (
    BackendSettingsError,
    CorruptStateError,
    FencedError,
    SchemaTooNewError,
    StateUnavailableError,
    commit_disjoint,
)
from backends.s3_ledger import PAGE
from backends.s3_store import Place, S3Store
from backends.testing.bucket import Bucket, refusal
from backends.testing.case import a_draft, a_record, a_request, a_run

LEDGER = "shop/ledger.json"


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


def ready(bucket: Bucket):
    backend = bucket.backend()
    backend.create()
    return backend, backend.acquire(a_request())


# Answers that do not come


@pytest.mark.parametrize("fault", ["lost", "ConditionalRequestConflict"])
def test_a_write_whose_answer_is_lost_happened_once(bucket: Bucket, fault: str) -> None:
    backend, lease = ready(bucket)
    bucket.faults = [fault]
    first = backend.commit(a_draft({"a": None}), expected=None, token=lease.token)
    bucket.faults = [None, fault]  # the revision's object, then the ledger
    second = backend.commit(a_draft(), expected=first.id, token=lease.token)
    bucket.faults = [fault]
    renewed = backend.renew(lease)
    bucket.faults = [fault, None]
    backend.begin_run(a_run(), token=lease.token)
    bucket.faults = [fault]
    backend.append("run-1", [a_record(1)], token=lease.token)
    other = bucket.backend()
    assert [one.number for one in other.revisions()] == [2, 1]
    assert other.head() == second
    assert other.leases()[0].expires == renewed.expires
    assert other.journal("run-1") == (a_record(1),)


def test_a_write_that_never_arrived_is_an_error_and_nothing_else(bucket: Bucket) -> None:
    backend, lease = ready(bucket)
    before = dict(bucket.contents)
    for fault in ("timeout", "InternalError", "SlowDown", "AccessDenied"):
        bucket.faults = [fault]
        with pytest.raises(StateUnavailableError):
            backend.renew(lease)
    assert bucket.contents == before
    assert backend.renew(lease).token == lease.token


def test_creating_survives_a_lost_answer(bucket: Bucket) -> None:
    backend = bucket.backend()
    bucket.faults = [None, None, None, "timeout"]
    with pytest.raises(StateUnavailableError):
        backend.create()
    assert not backend.exists()
    backend.create()
    key = backend.key()
    bucket.backend().create()
    assert backend.key() == key


# Other writers


def test_a_lost_race_is_run_again(bucket: Bucket) -> None:
    backend, _ = ready(bucket)
    backend.acquire(a_request("run-2", "b"))
    failures: list[BaseException] = []

    def work(number: int) -> None:
        mine = bucket.backend()
        try:
            lease = mine.acquire(a_request(f"run-{number}", f"x{number}"))
            for _ in range(5):
                base = mine.head()
                (name,) = mine.put([f"{number}".encode()])
                commit_disjoint(mine, a_draft({f"x{number}": name}), base=base, token=lease.token)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test names it
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(10, 16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    history = list(backend.revisions())
    assert [one.number for one in history] == list(range(30, 0, -1))
    assert all(one.parent == other.id for one, other in pairwise(history))
    assert len(backend.resources()) == 6


def test_a_write_held_up_on_its_way_does_not_get_through(bucket: Bucket) -> None:
    backend, lease = ready(bucket)
    thief = bucket.backend()
    put = bucket.put_object

    def slow(**asked: object) -> object:
        if asked["Key"] == LEDGER:
            bucket.put_object = put  # type: ignore[method-assign]
            thief.unlock("run-1")
        return put(**asked)  # type: ignore[arg-type]

    bucket.put_object = slow  # type: ignore[method-assign]
    with pytest.raises(FencedError):
        backend.commit(a_draft({"a": None}), expected=None, token=lease.token)
    assert thief.head() is None


def test_a_journal_that_was_taken_over_meanwhile_says_so(bucket: Bucket) -> None:
    backend, lease = ready(bucket)
    backend.begin_run(a_run(), token=lease.token)
    thief = bucket.backend()
    put = bucket.put_object

    def slow(**asked: object) -> object:
        answer = put(**asked)  # type: ignore[arg-type]
        if str(asked["Key"]).startswith("shop/journal/"):
            bucket.put_object = put  # type: ignore[method-assign]
            thief.unlock("run-1")
        return answer

    bucket.put_object = slow  # type: ignore[method-assign]
    with pytest.raises(FencedError):
        backend.append("run-1", [a_record(1)], token=lease.token)


def test_a_store_that_ignores_conditions_is_refused(bucket: Bucket) -> None:
    bucket.honest = False
    with pytest.raises(StateUnavailableError, match="does not keep two writers apart"):
        bucket.backend().create()
    assert bucket.contents == {}


class Unconditional(Bucket):
    """A store that answers every replacement alike, whatever its condition is worth."""

    answer: str | None = "PreconditionFailed"

    def _judge(self, found, asked) -> None:
        if "IfNoneMatch" in asked:
            super()._judge(found, asked)
        elif self.answer:
            raise refusal(self.answer)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "does not keep two writers apart"),
        ("PreconditionFailed", "refuses writes whose condition .* holds"),
        ("NotImplemented", "refused writing .* NotImplemented"),
        ("InvalidArgument", "refused writing .* InvalidArgument"),
    ],
)
def test_a_store_that_takes_one_condition_only_is_refused(answer: str | None, said: str) -> None:
    bucket = Unconditional()
    bucket.answer = answer
    with pytest.raises(StateUnavailableError, match=said) as caught:
        bucket.backend().create()
    assert caught.value.reason == "not_a_state"
    assert "Use Amazon S3 or a store that honours them" in caught.value.detail
    assert "Repeat" not in caught.value.detail
    assert bucket.contents == {}


@pytest.mark.parametrize("code", ["NotImplemented", "InvalidArgument"])
def test_a_store_that_knows_no_conditions_is_named_as_one(bucket: Bucket, code: str) -> None:
    bucket.faults = [code]
    with pytest.raises(StateUnavailableError, match="This store refuses conditional writes"):
        bucket.backend().create()


@pytest.mark.parametrize("fault", ["lost", "retried"])
def test_a_good_store_is_one_although_answers_get_lost(bucket: Bucket, fault: str) -> None:
    for faults in ([fault], [None, fault]):
        bucket.contents.clear()
        bucket.faults = faults
        backend = bucket.backend()
        backend.create()
        assert backend.exists()


def test_an_object_that_is_put_again_is_compared(bucket: Bucket) -> None:
    first, _ = ready(bucket)
    (name,) = first.put([b"content"])
    reads = bucket.calls["get"]
    assert bucket.backend().put([b"content"]) == (name,)
    assert bucket.calls["get"] == reads + 2  # the ledger, and the object that was there
    bucket.backend().put([b"new", b"newer"])
    assert bucket.calls["get"] == reads + 3  # what is new is not read again
    bucket.contents[f"shop/objects/{name}"] = (b"conte", '"cut"')
    with pytest.raises(CorruptStateError) as caught:
        bucket.backend().put([b"content"])
    assert caught.value.what == f"object {name}"


# What it costs


def test_many_revisions_stay_cheap_and_readable(bucket: Bucket) -> None:
    backend, lease = ready(bucket)
    count = PAGE * 2 + 7
    head = None
    for number in range(count):
        (name,) = backend.put([f"{number}".encode()])
        changes = {f"a{number % 90}": name if number % 7 else None}
        head = backend.commit(
            a_draft(changes), expected=head.id if head else None, token=lease.token
        )
    other = bucket.backend()
    expected: dict[str, str] = {}
    for one in reversed(list(other.revisions())):
        for address, value in one.changes.items():
            expected.pop(address, None)
            if value is not None:
                expected[address] = value
        if one.number in (1, 50, PAGE, PAGE + 1, count):
            assert other.resources(at=one.number) == dict(sorted(expected.items()))
    assert other.resources() == dict(sorted(expected.items()))
    assert other.revision(PAGE).number == PAGE
    assert [one.number for one in other.revisions(limit=3)] == [count, count - 1, count - 2]
    ledger = json.loads(bucket.contents[LEDGER][0])
    assert len(ledger["page"]) == 7
    assert len(ledger["delta"]) <= 65


def test_one_change_among_ten_thousand_writes_few_objects(bucket: Bucket) -> None:
    backend, lease = ready(bucket)
    (name, other) = backend.put([b"one", b"two"])
    addresses = {f"release.r{number}": name for number in range(10_000)}
    first = backend.commit(a_draft(addresses), expected=None, token=lease.token)
    mine = bucket.backend()
    bucket.calls.clear()
    assert len(mine.resources()) == 10_000
    assert bucket.calls["get"] <= 2
    bucket.calls.clear()
    mine.commit(a_draft({"release.r7": other}), expected=first.id, token=lease.token)
    assert bucket.calls["put"] < 10
    assert len(bucket.contents[LEDGER][0]) < 20_000


def test_a_ledger_that_has_not_moved_does_not_travel(bucket: Bucket) -> None:
    backend, lease = ready(bucket)
    backend.commit(
        a_draft({f"release.r{number}": None for number in range(60)}),
        expected=None,
        token=lease.token,
    )
    backend.begin_run(a_run(), token=lease.token)
    backend.append("run-1", [a_record(1)], token=lease.token)
    bucket.calls.clear()
    for number in range(2, 12):
        backend.append("run-1", [a_record(number)], token=lease.token)
    assert bucket.calls["head"] == 20  # before and after each, whether the lease is still held
    assert bucket.calls["get"] == 0
    bucket.backend().unlock("run-1")
    with pytest.raises(FencedError):
        backend.append("run-1", [a_record(12)], token=lease.token)


# Damage


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1]", b"\xff", b'{"format": 1, "key": "zz"}'])
def test_a_damaged_ledger_is_named(bucket: Bucket, damage: bytes) -> None:
    backend, _ = ready(bucket)
    bucket.contents[LEDGER] = (damage, '"x"')
    with pytest.raises(CorruptStateError, match=r"ledger\.json"):
        backend.head()


def test_a_later_format_is_refused(bucket: Bucket) -> None:
    backend, _ = ready(bucket)
    bucket.contents[LEDGER] = (b'{"format": 3}', '"x"')
    with pytest.raises(SchemaTooNewError):
        backend.head()


def test_a_damaged_revision_is_named(bucket: Bucket) -> None:
    backend, lease = ready(bucket)
    made = backend.commit(a_draft(), expected=None, token=lease.token)
    bucket.contents[f"shop/objects/{made.id}"] = (b"{}", '"x"')
    with pytest.raises(CorruptStateError, match=made.id):
        bucket.backend().head()


# What S3 says


@pytest.mark.parametrize(
    ("code", "reason", "said"),
    [
        ("NoSuchBucket", "cannot_open", "Create it first"),
        ("AccessDenied", "denied", "s3:PutObject"),
        ("ExpiredToken", "denied", "may have expired"),
        ("PermanentRedirect", "cannot_open", "Set region"),
        ("RequestTimeTooSkewed", "denied", "Set the clock"),
        ("KMS.NotFoundException", "cannot_open", "kms_key_id"),
        ("InternalError", "failed", "Repeat it later"),
    ],
)
def test_each_refusal_has_its_advice(
    bucket: Bucket, code: str, reason: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise refusal(code, "GetObject")

    monkeypatch.setattr(bucket, "get_object", refuse)
    with pytest.raises(StateUnavailableError) as caught:
        bucket.backend().head()
    assert caught.value.reason == reason
    assert said in caught.value.detail
    assert "s3://bucket/shop/" in caught.value.detail


@pytest.mark.parametrize("error", [NoCredentialsError(), ProfileNotFound(profile="x")])
def test_no_credentials_are_one_error(
    bucket: Bucket, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise error

    monkeypatch.setattr(bucket, "get_object", refuse)
    with pytest.raises(StateUnavailableError, match="credentials"):
        bucket.backend().head()


def test_a_body_that_breaks_off_is_read_again(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend, lease = ready(bucket)
    get = bucket.get_object
    broken = [
        FlexibleChecksumError(error_msg="Expected checksum"),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
    ]

    class Torn:
        def read(self) -> bytes:
            raise broken.pop()

    def tear(**asked: object) -> object:
        answer = get(**asked)  # type: ignore[arg-type]
        return {**answer, "Body": Torn()} if broken else answer

    monkeypatch.setattr(bucket, "get_object", tear)
    assert backend.leases() == (lease,)
    assert broken == []


def test_a_profile_that_does_not_exist(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(StateUnavailableError, match="nobody"):
        S3Store(Place("b", profile="nobody")).read("x")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, "bucket"),
        ({"bucket": ""}, "bucket"),
        ({"bucket": "b", "region": 1}, "region"),
        ({"bucket": "b", "use_path_style": "yes"}, "use_path_style"),
        ({"bucket": "b", "assume_role": {"external_id": "x"}}, "assume_role"),
        ({"bucket": "b", "path": "x"}, "path"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, object], named: str) -> None:
    with pytest.raises(BackendSettingsError) as caught:
        open_backend("s3", settings, "shop")  # type: ignore[arg-type] # that is what is tested
    assert repr(named) in caught.value.summary
