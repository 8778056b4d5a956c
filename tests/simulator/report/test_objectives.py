"""Verdicts on objectives, by what the result says of their metrics (docs/statistics.md, Objectives)."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.design.document import Objective
from simulator.report.objectives import is_undecided, judge


def result_of(replications: int = 1, *, duration: float = 100.0, **metrics: Any) -> dict[str, Any]:
    """A result with one node that completes 40 messages a second."""
    node = {"throughput": {"mean": 40.0, "ci95": [39.0, 41.0]}, **metrics}
    return {
        "replications": replications,
        "duration": duration,
        "warmup": 0.0,
        "nodes": {"n": node},
        "flows": [],
    }


def judged(metric: str, limit: dict[str, float], result: dict[str, Any]) -> dict[str, Any]:
    return judge(Objective.model_validate({"metric": metric, "node": "n", **limit}), result)


def estimate(mean: float, ci95: list[float] | None = None, **more: Any) -> dict[str, Any]:
    return {"mean": mean, "ci95": ci95, **more}


NONE_SEEN = estimate(0.0, of=60_000, upper95=5e-5)


@pytest.mark.parametrize(
    ("limit", "interval", "verdict"),
    [
        ({"below": 2}, [1.0, 1.9], "met"),
        ({"below": 2}, [2.0, 2.1], "missed"),
        ({"below": 2}, [1.9, 2.1], "undecided"),
        ({"above": 2}, [2.1, 2.2], "met"),
        ({"above": 2}, [1.0, 2.0], "missed"),
        ({"above": 2}, [1.9, 2.1], "undecided"),
        ({"equals": 2}, [2.0, 2.0], "met"),
        ({"equals": 2}, [2.1, 2.2], "missed"),
        ({"equals": 2}, [1.9, 2.1], "undecided"),
    ],
)
def test_an_interval_decides_unless_it_holds_the_limit(limit, interval, verdict):
    found = judged("waiting_time.mean", limit, result_of(10, waiting_time={"mean": estimate(2.0, interval)}))
    assert found["verdict"] == verdict
    assert found["needs"] == ("replications" if verdict == "undecided" else None)
    assert bool(found["reason"]) == (verdict == "undecided")


@pytest.mark.parametrize(
    ("metric", "limit", "interval", "verdict", "needs"),
    [
        # A percentile is within 0.5 % of a value that was seen: 2.01 may be 2.0 or 2.02.
        ("p99", {"below": 2.005}, [2.0, 2.0], "undecided", None),
        ("p99", {"below": 1.995}, [2.0, 2.0], "undecided", None),
        ("p99", {"above": 2.005}, [1.999, 2.001], "undecided", None),
        ("p99", {"equals": 2.0}, [2.0, 2.0], "undecided", None),
        ("p99", {"below": 2.02}, [2.0, 2.0], "met", None),
        ("p99", {"below": 1.98}, [2.0, 2.0], "missed", None),
        ("p99", {"above": 1.98}, [2.0, 2.0], "met", None),
        # An interval wider than a bucket speaks for itself.
        ("p99", {"below": 2.031}, [1.97, 2.03], "met", None),
        ("p99", {"below": 2.005}, [1.97, 2.03], "undecided", "replications"),
        # Means and maxima are exact.
        ("mean", {"below": 2.005}, [2.0, 2.0], "met", None),
        ("max", {"below": 2.005}, [2.0, 2.0], "met", None),
    ],
)
def test_a_percentile_is_judged_no_finer_than_its_histogram(metric, limit, interval, verdict, needs):
    found = judged(
        f"waiting_time.{metric}", limit, result_of(10, waiting_time={metric: estimate(2.0, interval)})
    )
    assert (found["verdict"], found["needs"]) == (verdict, needs)
    assert ("histogram" in found["reason"]) == (verdict == "undecided" and needs is None)


def test_a_percentile_of_zero_is_known():
    found = judged(
        "waiting_time.p50", {"below": 0.001}, result_of(10, waiting_time={"p50": estimate(0.0, [0.0, 0.0])})
    )
    assert found["verdict"] == "met"


@pytest.mark.parametrize("limit", [{"below": 2}, {"above": 2}, {"below": 0.5}, {"above": 0.5}])
def test_a_value_without_interval_is_never_a_verdict(limit):
    found = judged("waiting_time.mean", limit, result_of(waiting_time={"mean": estimate(1.0)}))
    assert (found["verdict"], found["needs"]) == ("undecided", "replications")
    assert "one run gives no interval" in found["reason"]


@pytest.mark.parametrize(
    ("limit", "count", "replications", "verdict"),
    [
        # One that was seen refutes "none", whatever an interval of the mean holds.
        ({"equals": 0}, estimate(1.0), 1, "missed"),
        ({"equals": 0}, estimate(0.1, [-0.1, 0.3]), 10, "missed"),
        # None of n: the rule of three bounds the share.
        ({"equals": 0}, NONE_SEEN, 1, "met"),
        ({"below": 5}, NONE_SEEN, 1, "met"),
        ({"equals": 3}, estimate(3.0, [3.0, 3.0]), 10, "met"),
        ({"equals": 3}, estimate(3.0, [2.0, 4.0]), 10, "missed"),
        ({"equals": 3}, estimate(3.0), 1, "undecided"),
        # How much a count varies one run cannot say.
        ({"below": 5}, estimate(4.0), 1, "undecided"),
        ({"below": 5}, estimate(4.0, [3.0, 4.9]), 10, "met"),
        ({"below": 5}, estimate(9.0), 1, "undecided"),
    ],
)
def test_counts(limit, count, replications, verdict):
    found = judged("dead_lettered", limit, result_of(replications, dead_lettered=count))
    assert found["verdict"] == verdict
    if count is NONE_SEEN:
        assert found["reason"] == "none of 60,000: a share below 0.005 %, with 95 % confidence"


@pytest.mark.parametrize(("value", "verdict"), [(10.0, "missed"), (9.0, "undecided")])
def test_a_maximum_is_refuted_by_one_run_and_not_kept_by_one(value, verdict):
    result = result_of(queue_length={"max": estimate(value)})
    assert judged("queue_length.max", {"below": 10}, result)["verdict"] == verdict


@pytest.mark.parametrize(("value", "verdict"), [(10.0, "missed"), (1.0, "undecided")])
def test_a_growing_backlog_misses_what_it_has_reached_and_meets_nothing(value, verdict):
    result = result_of(waiting_time={"mean": estimate(value, steady_state=False)})
    assert judged("waiting_time.mean", {"below": 5}, result)["verdict"] == verdict


@pytest.mark.parametrize(
    ("replications", "duration", "needs", "says"),
    [
        # 4,000 messages: enough for each of ten replications, not for one run.
        (1, 100.0, "replications", "one run gives no interval"),
        (2, 100.0, "replications", "1,000 messages in every replication, 10,000 in all"),
        # 400 messages: no number of replications helps.
        (1, 10.0, "longer-run", "let the run be longer, about 25 s, and make 10 replications"),
        (10, 10.0, "longer-run", "about 400 in each: let the run be longer, about 25 s"),
    ],
)
def test_a_percentile_of_too_few_messages_says_what_it_takes(replications, duration, needs, says):
    result = result_of(replications, duration=duration, waiting_time={"p99": estimate(1.0)})
    found = judged("waiting_time.p99", {"below": 5}, result)
    assert (found["verdict"], found["needs"]) == ("undecided", needs)
    assert says in found["reason"]
    assert is_undecided({"objectives": [found]}) == (needs == "replications")


def test_what_was_never_measured_is_undecided_and_no_replication_helps():
    found = judged("staleness.p99", {"below": 5}, result_of())
    assert (found["value"], found["verdict"]) == (None, "undecided")
    assert not is_undecided({"objectives": [found]})
