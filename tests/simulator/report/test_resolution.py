"""No percentile is shown as known better than its histogram tells values apart."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.report.layout import beside_limit, percent
from simulator.report.resolution import resolution_of_difference
from simulator.report.table import estimate_text, found_text, objective_text


@pytest.mark.parametrize(
    ("metric", "mean", "ci95", "text"),
    [
        ("waiting_time.p99", 2.0, [2.0, 2.0], "2 s ±0.5 % (resolution)"),  # one bucket in all replications
        ("p50", 2.0, [1.995, 2.005], "2 s ±0.5 % (resolution)"),  # narrower than a bucket
        ("p50", 2.0, [1.98, 2.02], "2 s ±1.0 %"),
        ("p50", 2.0, None, "2 s"),
        ("p50", 0.0, [0.0, 0.0], "0 s"),  # zero has a bucket of its own
        ("waiting_time.mean", 2.0, [2.0, 2.0], "2 s"),  # sums, exact
        ("waiting_time.max", 2.0, [1.999, 2.001], "2 s ±0.05 %"),
    ],
)
def test_an_interval_narrower_than_a_bucket_is_the_bucket(
    metric: str, mean: float, ci95: list[float] | None, text: str
) -> None:
    assert estimate_text({"mean": mean, "ci95": ci95}, "s", metric) == text


def test_what_was_found_for_an_objective_says_the_resolution() -> None:
    objective = {"metric": "end_to_end_latency.p99", "from": "a", "to": "b", "below": 1.0}
    judged: dict[str, Any] = {"objective": objective, "value": 0.5, "ci95": [0.5, 0.5]}
    assert found_text(judged) == "500 ms ±0.5 % (resolution)"
    assert found_text({**judged, "ci95": [0.4, 0.6]}) == "500 ms [400 ms, 600 ms]"


@pytest.mark.parametrize(
    ("metric", "interval", "resolution"),
    [
        ("end_to_end_latency.p50", [-1.0, -1.0], 0.005 * (4.0 + 3.0)),
        ("end_to_end_latency.p50", [-1.1, -0.9], None),
        ("end_to_end_latency.mean", [-1.0, -1.0], None),
        ("end_to_end_latency.p50", None, None),
    ],
)
def test_a_difference_on_which_all_pairs_agree_is_known_to_both_buckets(
    metric: str, interval: list[float] | None, resolution: float | None
) -> None:
    found = {"mean": -1.0, "relative": -0.25, "interval": interval}
    assert resolution_of_difference(found, metric) == resolution


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0.0 %"),
        (1e-7, "< 0.001 %"),
        (0.00033, "0.03 %"),
        (0.005, "0.5 %"),
        (0.54, "54 %"),
        (0.9952, "99.5 %"),
        (0.9999, "99.9 %"),
        (1.0, "100 %"),
        (2.24, "224 %"),
    ],
)
def test_only_nothing_is_0_percent_and_only_all_is_100(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("metric", "limit", "text"),
    [
        ("end_to_end_latency.p99", 0.1002, "100.2 ms"),
        ("end_to_end_latency.p99", 100.0, "100 s"),  # not 1.667 min
        ("end_to_end_latency.p99", 90.0, "1.5 min"),
        ("end_to_end_latency.p99", 3661.0, "3661 s"),
        ("end_to_end_latency.p99", 1.0 / 3.0, "333.333333333 ms"),
        ("end_to_end_latency.p99", 2.5e-7, "250 ns"),
        ("end_to_end_latency.p99", 0.0, "0 s"),
        ("throughput", 1234.5, "1,234.5/s"),
        ("utilization", 0.8575, "0.8575"),
        ("lost", 1_234_567.0, "1,234,567"),
    ],
)
def test_a_limit_has_all_the_digits_that_were_written(metric: str, limit: float, text: str) -> None:
    objective = {"metric": metric, "node": "n", "below": limit}
    assert objective_text(objective) == f"{metric} of n below {text}"


@pytest.mark.parametrize(
    ("value", "limit", "text"),
    [
        (0.1004, 0.1002, "100.4 ms"),  # three digits of both are 100 ms
        (0.09996, 0.1002, "99.96 ms"),
        (0.1012, 0.1002, "101 ms"),
        (0.1002, 0.1002, "100 ms"),
        (0.1002, None, "100 ms"),
    ],
)
def test_what_was_found_has_the_digits_that_tell_it_from_its_limit(
    value: float, limit: float | None, text: str
) -> None:
    assert beside_limit(value, limit, "s") == text
