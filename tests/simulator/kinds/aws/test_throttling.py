"""Throttling and what a client makes of it.

Sources: AWS SDKs and tools reference guide, *Retry behavior*; the token bucket is the algorithm itself.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.engine.token_bucket import TokenBucket
from simulator.kinds.aws.sdk_retry import MAX_BACKOFF, SdkRetry
from simulator.kinds.aws.second_quota import SecondQuota


def test_a_full_bucket_lets_a_second_of_calls_through_at_once_and_refuses_the_rest():
    bucket = TokenBucket(10_000)
    assert sum(bucket.take(0.0) for _ in range(12_000)) == 10_000
    assert not bucket.take(0.00005)
    assert bucket.take(0.0001)


def test_what_is_reserved_beyond_the_burst_comes_at_the_rate_in_order():
    bucket = TokenBucket(4.0)
    assert [bucket.reserve(1.0) for _ in range(6)] == [1.0, 1.0, 1.0, 1.0, 1.25, 1.5]
    assert bucket.reserve(1.6) == pytest.approx(1.75)


def test_an_idle_bucket_holds_no_more_than_its_burst():
    bucket = TokenBucket(1.0, burst=2.0)
    assert [bucket.take(100.0) for _ in range(3)] == [True, True, False]


@given(
    st.lists(st.floats(0, 0.5), min_size=1, max_size=200),
    st.sampled_from([0.3, 1.0, 7.0]),
    st.sampled_from([1.0, 3.0]),
)
def test_no_stretch_of_time_sees_more_than_burst_and_rate_allow(gaps: list[float], rate: float, burst: float):
    bucket = TokenBucket(rate, burst)
    now, passed = 0.0, []
    for gap in gaps:
        now += gap
        if bucket.take(now):
            passed.append(now)
    for first, start in enumerate(passed):
        for last in range(first, len(passed)):
            assert last - first + 1 <= burst + rate * (passed[last] - start) + 1e-6


def test_a_quota_lets_no_more_through_in_any_second():
    """Amazon EventBridge user guide, quotas: PutEvents calls a second."""
    at_once, spread, across = (SecondQuota(10_000) for _ in range(3))
    assert sum(at_once.take(0.0) for _ in range(12_000)) == 10_000
    assert sum(spread.take(k / 12_000) for k in range(12_000)) == 10_000
    assert sum(across.take(0.5 + k / 12_000) for k in range(12_000)) == 10_000
    assert at_once.take(1.0)


def test_tenths_of_calls_count_as_tenths():
    quota = SecondQuota(3)
    assert sum(quota.take(0.0, 0.1) for _ in range(50)) == 30


@pytest.mark.parametrize(("rate", "passes"), [(0.5, [0, 2, 4]), (2.5, [0, 0, 0.8, 0.8, 1.6])])
def test_what_a_quota_delays_comes_when_it_lets_it_through(rate: float, passes: list[float]):
    quota = SecondQuota(rate)
    assert [quota.reserve(0.0) for _ in passes] == pytest.approx(passes)
    taken = SecondQuota(rate)
    assert sum(taken.take(k / 100) for k in range(1_001)) == pytest.approx(10 * rate, abs=2)


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=200), st.sampled_from([1.0, 2.5, 7.0]))
def test_what_is_reserved_keeps_its_order_and_the_quota(gaps: list[float], rate: float):
    quota = SecondQuota(rate)
    now, passed = 0.0, []
    for gap in gaps:
        now += gap
        passed.append(quota.reserve(now))
        assert passed[-1] >= now
    assert passed == sorted(passed)
    for first in range(len(passed) - int(rate)):
        assert passed[first + int(rate)] - passed[first] >= int(rate) / rate - 1e-9


def test_three_attempts_wait_twice_and_up_to_double_the_time():
    retry = SdkRetry(lambda: 0.5)
    assert [retry.wait(attempt) for attempt in (1, 2, 3)] == [0.5, 1.0, None]


def test_no_wait_is_longer_than_twenty_seconds():
    retry = SdkRetry(lambda: 1.0, max_attempts=20)
    assert retry.wait(10) == MAX_BACKOFF


def test_the_retry_quota_runs_out_when_everything_is_refused_and_comes_back_with_successes():
    retry = SdkRetry(lambda: 0.0)
    assert [retry.wait(1) is None for _ in range(101)] == [False] * 100 + [True]
    for _ in range(4):
        retry.succeeded(1)
    assert retry.wait(1) is None
    retry.succeeded(1)
    assert retry.wait(1) == 0.0
    retry.succeeded(2)
    assert retry.wait(1) == 0.0
