"""The token buckets: how fast calls are made, and how that yields to AWS's throttling."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.aws.quotas import RATES, Bucket, Quotas, quota_of
from declarative.aws.retries import Pacing

OTHER = RATES["other"]


class Clock:
    """Time that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    @property
    def pacing(self) -> Pacing:
        return Pacing(sleep=self.sleep, monotonic=lambda: self.now)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize(
    ("service", "operation", "quota"),
    [
        ("lambda", "GetFunction", "get_function"),
        ("lambda", "GetPolicy", "get_policy"),
        ("lambda", "GetFunctionConfiguration", "other"),
        ("lambda", "UpdateAlias", "other"),
        ("lambda", "Invoke", "elsewhere"),
        ("sts", "GetCallerIdentity", "elsewhere"),
    ],
)
def test_each_call_has_its_quota(service: str, operation: str, quota: str) -> None:
    assert quota_of(service, operation) == quota


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8, 1.0])
def test_calls_are_made_at_the_share_of_the_rate(clock: Clock, share: float) -> None:
    bucket = Bucket(OTHER, share, clock.pacing)
    for _ in range(600):
        bucket.take()
    burst = max(1.0, OTHER * share)
    assert clock.now == pytest.approx((600 - burst) / (OTHER * share))


@given(st.lists(st.floats(0, 3), max_size=40), st.floats(0.05, 1), st.sampled_from(sorted(RATES)))
def test_no_window_holds_more_than_rate_and_burst(
    pauses: list[float], share: float, quota: str
) -> None:
    clock = Clock()
    bucket = Bucket(RATES[quota], share, clock.pacing)
    times = []
    for pause in pauses:
        clock.now += pause
        bucket.take()
        times.append(clock.now)
    full = RATES[quota] * share
    for first, start in enumerate(times):
        for last in range(first, len(times)):
            allowed = max(1.0, full) + (times[last] - start) * full + 1e-6
            assert last - first + 1 <= allowed + 1


def test_a_throttle_slows_down_and_time_heals(clock: Clock) -> None:
    bucket = Bucket(OTHER, 0.8, clock.pacing)
    full = bucket.rate
    bucket.throttled()
    assert bucket.rate == full / 2
    bucket.throttled()  # of the same moment: it counts once
    assert bucket.rate == full / 2
    clock.now += 4
    assert full / 2 < bucket.rate < full
    clock.now += 30
    assert bucket.rate == full


def test_however_often_aws_throttles_something_goes_on(clock: Clock) -> None:
    bucket = Bucket(OTHER, 0.8, clock.pacing)
    for _ in range(50):
        bucket.throttled()
        clock.now += 1
    assert bucket.rate > OTHER * 0.8 * 0.09


def test_aws_says_when(clock: Clock) -> None:
    bucket = Bucket(OTHER, 0.8, clock.pacing)
    bucket.throttled(7)
    bucket.take()
    assert clock.now == pytest.approx(7, abs=0.2)


def test_accounts_regions_and_quotas_have_buckets_of_their_own(clock: Clock) -> None:
    quotas = Quotas(clock.pacing)
    one = quotas.bucket("1", "us-east-1", "other", 0.8)
    assert quotas.bucket("1", "us-east-1", "other", 0.8) is one
    others = {
        quotas.bucket("2", "us-east-1", "other", 0.8),
        quotas.bucket("1", "us-east-2", "other", 0.8),
        quotas.bucket("1", "us-east-1", "get_function", 0.8),
    }
    assert one not in others
    assert len(others) == 3
    assert quotas.bucket("1", "us-east-1", "elsewhere", 0.8) is None


def test_connectors_of_one_account_keep_the_smallest_share(clock: Clock) -> None:
    quotas = Quotas(clock.pacing)
    bucket = quotas.bucket("1", "us-east-1", "other", 0.8)
    quotas.bucket("1", "us-east-1", "other", 0.2)
    assert bucket.rate == pytest.approx(OTHER * 0.2)


def test_threads_share_a_bucket(clock: Clock) -> None:
    slept: list[float] = []
    bucket = Bucket(OTHER, 0.8, Pacing(sleep=slept.append, monotonic=lambda: 0.0))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: bucket.take(), range(112)))
    # Each waits for a token of its own: the last for the hundredth after the burst.
    assert sorted(slept) == pytest.approx([turn / 12 for turn in range(1, 101)])


FUNCTION = {"Configuration": {"FunctionName": "f", "FunctionArn": "arn"}}


def test_every_attempt_takes_its_turn(aws, cloud, connector, time) -> None:
    aws.will((200, {"Aliases": []}))
    reader = cloud.reader(replace(connector, quota_share=0.2), "us-east-2")
    for _ in range(33):
        reader.aliases("f")
    assert time.now == pytest.approx((33 - 3) / 3)
    assert cloud.calls_by_quota() == {"other": 33}


def test_polling_does_not_wait_for_the_shared_quota(aws, cloud, connector, time) -> None:
    aws.will((200, FUNCTION))
    reader = cloud.reader(replace(connector, quota_share=0.2), "us-east-2")
    for _ in range(20):
        reader.function("f")
    assert time.now == 0
    assert cloud.calls_by_quota() == {"get_function": 20}


def test_a_throttled_call_slows_those_that_follow(aws, cloud, connector, time) -> None:
    status, body, headers = aws.refuses(429, "TooManyRequestsException")
    aws.will((status, body, {**headers, "Retry-After": "2"}), (200, {"Aliases": []}))
    reader = cloud.reader(connector, "us-east-2")
    reader.aliases("f")
    before = time.now
    for _ in range(60):
        reader.aliases("f")
    assert before == pytest.approx(2)
    assert time.now - before > 60 / (15 * 0.8)


def test_one_account_through_two_connectors_is_one_quota(aws, cloud, connector, time) -> None:
    identity = (
        b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        b"<GetCallerIdentityResult><Arn>arn</Arn><UserId>u</UserId><Account>222222222222</Account>"
        b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
    both = [connector, replace(connector, address="connector.aws.other")]
    aws.will((200, identity))
    for one in both:
        cloud.account_id(one)
    aws.will((200, {"Aliases": []}))
    for _ in range(12):
        for one in both:
            cloud.reader(one, "us-east-2").aliases("f")
    assert time.now == pytest.approx(1)


def test_an_emulator_has_no_quotas_to_keep_to(clock) -> None:
    quotas = Quotas(clock.pacing)
    for host in (
        "lambda.eu-west-1.amazonaws.com",
        "lambda.cn-north-1.amazonaws.com.cn",
        "lambda.eu-west-1.api.aws",
        "vpce-0a1b-lambda.eu-west-1.vpce.amazonaws.com",
    ):
        assert quotas.hold_at(f"https://{host}")
    for url in ("http://127.0.0.1:4566", "https://amazonaws.com.example.org"):
        assert not quotas.hold_at(url)
        assert Quotas(clock.pacing, everywhere=True).hold_at(url)
