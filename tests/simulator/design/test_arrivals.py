"""Arrival processes: rates, shapes, windows and limits, in blocks of bounded size."""

import itertools
import math
import pickle
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import integrate, stats

from simulator.design.arrivals import KINDS, OpenArrivals, arrival_schemas, parse_arrivals
from simulator.design.intensity import invert_intensity


def open_process(data):
    process = parse_arrivals(data)
    assert isinstance(process, OpenArrivals)
    return process


def arrivals(data, *, horizon, seed=1):
    process = open_process(data)
    return np.array(
        list(itertools.chain.from_iterable(process.times(np.random.default_rng(seed), horizon=horizon)))
    )


# configuration, horizon, expected arrivals, variance of their number (0: exact)
RATES: list[tuple[dict[str, Any], float, float, float]] = [
    ({"process": "poisson", "rate": 20}, 1000, 20_000, 20_000),
    ({"process": "poisson", "rate": 20, "start": 100, "stop": 600}, 1000, 10_000, 10_000),
    ({"process": "poisson", "rate": 20, "limit": 777}, 1000, 777, 0),
    ({"process": "poisson", "rate": 0}, 1000, 0, 0),
    ({"process": "poisson", "rate": 5, "limit": 0}, 1000, 0, 0),
    ({"process": "poisson", "rate": 5, "start": 2000}, 1000, 0, 0),
    ({"process": "constant", "rate": 10}, 600, 6000, 0),
    ({"process": "constant", "rate": 0.3}, 10, 3, 0),
    ({"process": "constant", "rate": 10, "start": 5, "stop": 6}, 600, 10, 0),
    ({"process": "renewal", "interarrival": 0.5}, 100, 200, 0),
    (
        {"process": "renewal", "interarrival": {"distribution": "gamma", "mean": 0.1, "shape": 4}},
        1000,
        10_000,
        10_000 / 4,
    ),
    (
        {"process": "batch-poisson", "rate": 5, "batch": {"distribution": "geometric", "mean": 3}},
        1000,
        15_000,
        5000 * 15,
    ),
    ({"process": "batch-poisson", "rate": 5, "batch": 2.5}, 1000, 12_500, 5000 * 6.5),
    (
        {"process": "mmpp", "states": [{"rate": 50, "mean_sojourn": 1}, {"rate": 0, "mean_sojourn": 4}]},
        2000,
        20_000,
        20_000 * 20,
    ),
    ({"process": "mmpp", "states": [{"rate": 7, "mean_sojourn": 0.01}]}, 1000, 7000, 7000),
    ({"process": "mmpp", "states": [{"rate": 0, "mean_sojourn": 1}]}, 1000, 0, 0),
    ({"process": "schedule", "points": [[0, 10], [100, 50]]}, 100, 3000, 3000),
    ({"process": "schedule", "points": [[0, 10], [100, 50]]}, 300, 3000 + 200 * 50, 13_000),
    ({"process": "schedule", "points": [[0, 10], [100, 50], [100, 0]]}, 1e9, 3000, 3000),
    ({"process": "schedule", "points": [[0, 0], [50, 40], [100, 0]], "repeat": True}, 1025, 20_250, 20_250),
    ({"process": "schedule", "points": [[50, 10]]}, 1000, 10_000, 10_000),
    ({"process": "schedule", "points": [[0, 0]]}, 1000, 0, 0),
    ({"process": "schedule", "points": [[0, 0], [5, 0]], "repeat": True}, 1000, 0, 0),
    ({"process": "trace", "times": [1, 2, 2, 3, 2000]}, 1000, 4, 0),
    ({"process": "trace", "times": [1, 2, 2, 3], "start": 998}, 1000, 3, 0),
    ({"process": "trace", "times": []}, 1000, 0, 0),
    (
        {"process": "trace", "counts": [[0, 10], [5, 100_000], [10, 0], [20, 7]], "interval": 5},
        1000,
        100_017,
        0,
    ),
]


@pytest.mark.parametrize(
    ("data", "horizon", "expected", "variance"), RATES, ids=lambda value: str(value)[:60]
)
def test_as_many_messages_arrive_as_the_process_says(data, horizon, expected, variance):
    process = parse_arrivals(data)
    assert process.mean_rate(horizon) * horizon == pytest.approx(expected, rel=1e-9)
    times = arrivals(data, horizon=horizon)
    assert abs(len(times) - expected) <= 5 * math.sqrt(variance)
    assert (np.diff(times) >= 0).all()
    if len(times):
        assert times[0] >= data.get("start", 0)
        assert times[-1] <= min(horizon, data.get("stop", math.inf))


def test_a_clock_ticks_without_drift_and_first_after_one_interval():
    times = arrivals({"process": "constant", "rate": 10}, horizon=100_000)
    assert times[0] == 0.1
    assert times[-1] == 100_000
    assert len(times) == 1_000_000


def test_poisson_gaps_are_exponential():
    gaps = np.diff(arrivals({"process": "poisson", "rate": 4}, horizon=25_000))
    assert stats.kstest(gaps, stats.expon(scale=0.25).cdf).pvalue > 1e-4


def test_a_batch_arrives_at_one_moment():
    times = arrivals({"process": "batch-poisson", "rate": 2, "batch": 3}, horizon=500)
    moments, sizes = np.unique(times, return_counts=True)
    assert set(sizes[:-1]) == {3}
    assert stats.kstest(np.diff(moments), stats.expon(scale=0.5).cdf).pvalue > 1e-4


def test_empty_batches_bring_nothing_and_end():
    assert len(arrivals({"process": "batch-poisson", "rate": 50, "batch": 0}, horizon=1000)) == 0


POINTS = [[0, 2], [10, 40], [10, 5], [30, 5], [45, 0], [60, 30]]


@pytest.mark.parametrize("is_repeated", [False, True])
def test_a_schedule_follows_the_integral_of_its_rate(is_repeated):
    horizon = 6000.0
    data = {"process": "schedule", "points": POINTS, "repeat": is_repeated}
    xs, ys = zip(*POINTS, strict=True)

    def rate(t):
        return np.interp(t % 60 if is_repeated else t, xs, ys)

    times = np.concatenate([arrivals(data, horizon=60, seed=seed) for seed in range(40)])
    if is_repeated:
        times = arrivals(data, horizon=horizon) % 60
    grid = np.linspace(0, 60, 200_001)
    area = integrate.cumulative_trapezoid(rate(np.minimum(grid, 60 - 1e-9)), grid, initial=0)
    assert stats.kstest(times, lambda t: np.interp(t, grid, area / area[-1])).pvalue > 1e-4


def test_the_cumulative_intensity_is_inverted_exactly():
    times = np.array([0.0, 10, 10, 30, 45, 60])
    rates = np.array([2.0, 40, 5, 5, 0, 30])
    cumulative = np.concatenate(([0], np.cumsum(np.diff(times) * (rates[1:] + rates[:-1]) / 2)))
    wanted = np.array([0.0, 0.5, 5, 9.99, 10.01, 20, 29.9, 33, 44.9, 46, 59, 60])
    levels = []
    for t in wanted:
        piece = max(k for k in range(5) if times[k] <= t and (times[k + 1] > times[k] or k == 4))
        share = (t - times[piece]) / (times[piece + 1] - times[piece])
        here = rates[piece] + share * (rates[piece + 1] - rates[piece])
        levels.append(cumulative[piece] + (t - times[piece]) * (rates[piece] + here) / 2)
    found = invert_intensity(np.array(levels), times, rates, cumulative)
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-9)


def test_mmpp_bursts_are_more_variable_than_poisson():
    states = [{"rate": 90, "mean_sojourn": 2}, {"rate": 10, "mean_sojourn": 2}]
    times = arrivals({"process": "mmpp", "states": states}, horizon=20_000)
    counts = np.histogram(times, bins=2000, range=(0, 20_000))[0]
    # index of dispersion of counts in windows of t for two equal states with switching rate a = 1/2 each:
    # 1 + (r1 - r2)^2 / (4 m a2) * 2 (1 - (1 - e^(-a2 t)) / (a2 t)), a2 = 1, m = 50 (Fischer 1993)
    expected = 1 + 2 * 80**2 / 4 / 50 * (1 - (1 - math.exp(-10)) / 10)
    assert counts.var() / counts.mean() == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize(
    "data",
    [
        {"process": "poisson", "rate": 1e9},
        {"process": "constant", "rate": 1e9},
        {"process": "batch-poisson", "rate": 1, "batch": 1e12},
        {"process": "mmpp", "states": [{"rate": 1e9, "mean_sojourn": 1e15}]},
        {"process": "schedule", "points": [[0, 1e9], [1e9, 0]]},
        {"process": "trace", "counts": [[0, 1_000_000_000], [1, 0]], "interval": 1e9},
        {"process": "renewal", "interarrival": 1e-9},
    ],
    ids=lambda data: data["process"],
)
def test_a_flood_comes_in_blocks_of_bounded_size(data):
    blocks = open_process(data).times(np.random.default_rng(1), horizon=1e15)
    for block in itertools.islice(blocks, 50):
        assert 0 < len(block) <= 20_000


def test_counts_of_a_trace_are_kept_exactly_in_every_interval():
    rng = np.random.default_rng(11)
    counts = [*rng.integers(0, 400, 500).tolist(), 50_000, 0, 3]
    rows = [[60.0 * index, count] for index, count in enumerate(counts)]
    times = arrivals({"process": "trace", "counts": rows, "interval": 60}, horizon=1e9)
    assert np.bincount((times // 60).astype(int), minlength=len(counts)).tolist() == counts
    busy = times[(times >= 30_000) & (times < 30_060)] - 30_000
    assert stats.kstest(busy, stats.uniform(0, 60).cdf).pvalue > 1e-4


def test_an_interval_that_is_cut_short_does_not_reach_into_the_next():
    times = arrivals({"process": "trace", "counts": [[0, 500], [2, 500]], "interval": 10}, horizon=100)
    assert (times < 2).sum() == 500
    assert times[-1] > 10


def test_the_same_stream_gives_the_same_times():
    for data, horizon, *_ in RATES:
        assert (
            arrivals(data, horizon=horizon, seed=5).tolist()
            == arrivals(data, horizon=horizon, seed=5).tolist()
        )


def test_a_longer_horizon_only_adds_arrivals():
    for data, *_ in RATES:
        short, long = arrivals(data, horizon=40), arrivals(data, horizon=400)
        assert long[: len(short)].tolist() == short.tolist()


def test_closed_arrivals_know_an_upper_bound_of_their_rate():
    assert parse_arrivals({"process": "closed", "clients": 5, "think_time": 2}).mean_rate(100) == 2.5
    assert parse_arrivals({"process": "closed", "clients": 5, "think_time": 0}).mean_rate(100) == math.inf
    assert parse_arrivals({"process": "closed", "clients": 5, "think_time": 0, "limit": 9}).mean_rate(3) == 3
    assert not hasattr(parse_arrivals({"process": "closed", "clients": 5, "think_time": 2}), "times")


REFUSED = [
    ({"process": "poisson", "rate": -1}, "greater_than_equal"),
    ({"process": "poisson", "rate": math.nan}, "finite_number"),
    ({"process": "poisson", "rate": 1e10}, "less_than_equal"),
    ({"process": "poisson", "rate": "5"}, "float_type"),
    ({"process": "poisson"}, "missing"),
    ({"process": "poisson", "rate": 1, "mean": 1}, "extra_forbidden"),
    ({"process": "poisson", "rate": 1, "start": -1}, "greater_than_equal"),
    ({"process": "poisson", "rate": 1, "start": 9, "stop": 8}, "D104"),
    ({"process": "poisson", "rate": 1, "limit": -1}, "greater_than_equal"),
    ({"process": "poison", "rate": 1}, "union_tag_invalid"),
    ({"process": "renewal", "interarrival": 0}, "D104"),
    ({"process": "renewal", "interarrival": -1}, "D104"),
    ({"process": "mmpp", "states": []}, "too_short"),
    ({"process": "mmpp", "states": [{"rate": 1, "mean_sojourn": 0}]}, "greater_than_equal"),
    ({"process": "schedule", "points": []}, "too_short"),
    ({"process": "schedule", "points": [[0]]}, "too_short"),
    ({"process": "schedule", "points": [[0, 1, 2]]}, "too_long"),
    ({"process": "schedule", "points": [[5, 1], [4, 1]]}, "D104"),
    ({"process": "schedule", "points": [[0, -1]]}, "greater_than_equal"),
    ({"process": "schedule", "points": [[0, 1]], "repeat": True}, "D104"),
    ({"process": "schedule", "points": [[0, 1]], "repeat": "yes"}, "bool_type"),
    ({"process": "closed", "clients": 0, "think_time": 1}, "greater_than_equal"),
    ({"process": "trace"}, "D101"),
    ({"process": "trace", "times": [1], "file": "x"}, "D101"),
    ({"process": "trace", "counts": [[0, 1]]}, "D101"),
    ({"process": "trace", "times": [2, 1]}, "D104"),
    ({"process": "trace", "counts": [[0, 1], [0, 2]], "interval": 1}, "D104"),
    ({"process": "trace", "counts": [[0, 1.5]], "interval": 1}, "D104"),
    ({"process": "trace", "times": ["x"] * 100_000}, "float_type"),
]


@pytest.mark.parametrize(("data", "error"), REFUSED, ids=lambda value: str(value)[:60])
def test_a_wrong_setting_is_refused(data, error):
    with pytest.raises(ValidationError) as caught:
        parse_arrivals(data)
    assert error in [each["type"] for each in caught.value.errors()]
    assert caught.value.error_count() < 5


def test_every_process_of_the_contract_has_a_schema_with_titles():
    schemas = arrival_schemas()
    assert set(schemas) == {
        "poisson",
        "constant",
        "renewal",
        "batch-poisson",
        "mmpp",
        "schedule",
        "closed",
        "trace",
    }
    for schema in schemas.values():
        assert {"start", "stop", "limit"} <= set(schema["properties"])
        for name, field in schema["properties"].items():
            assert field.get("title"), name
    assert schemas["poisson"]["properties"]["rate"]["x-unit"] == "msg/s"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_process_travels_to_a_worker_process_and_compares_by_its_settings(kind):
    name = kind.model_fields["process"].default
    data = (
        {"process": "closed", "clients": 2, "think_time": 1}
        if name == "closed"
        else next(data for data, *_ in RATES if data["process"] == name)
    )
    process = parse_arrivals(data)
    process.mean_rate(10)
    assert pickle.loads(pickle.dumps(process)) == process == parse_arrivals(data)
