"""A recorded load becomes arrivals and an hourly schedule."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.design import examples
from simulator.design.arrivals import Trace, parse_arrivals
from simulator.design.reading import read_text
from simulator.errors import InvalidDesign
from simulator.formats.load_csv import hourly_schedule, read_load

RECORDED = Path(os.environ.get("HEADRACE_SAMPLES", "../shared/samples")) / "load" / "elb_request_count.csv"


def bundled_points():
    data: Any = read_text((Path(examples.__path__[0]) / "elb_hourly_points.yaml").read_bytes())
    return data["points"]


def test_counts_become_a_trace_that_begins_at_zero():
    load = read_load("timestamp,value\n2014-04-10 00:04:00,94.0\n2014-04-10 00:09:00,56.0\n", name="elb.csv")
    assert load.arrivals == {"process": "trace", "counts": [[0, 94], [300, 56]], "interval": 300}
    assert (load.total, load.rows, load.peak, load.peak_at, load.interval) == (150, 2, 94, 0, 300)
    assert (load.first, load.last) == ("2014-04-10 00:04:00", "2014-04-10 00:09:00")
    assert parse_arrivals(load.arrivals).mean_rate(600) == 0.25


def test_times_become_a_trace_of_times():
    load = read_load(b"0.5\n1.5\n1.75\n9\n")
    assert load.arrivals == {"process": "trace", "times": [0.5, 1.5, 1.75, 9]}
    assert (load.total, load.peak, load.peak_at) == (4, 2, 1)


def test_very_many_times_become_counts_per_second():
    load = read_load("\n".join(f"{index / 1000:.3f}" for index in range(500_001)))
    assert load.arrivals["interval"] == 1
    assert load.arrivals["counts"][:2] == [[0, 1000], [1, 1000]]
    assert load.total == 500_001


def test_a_malformed_load_is_refused_with_its_line():
    with pytest.raises(InvalidDesign, match=r"line 2 of x\.csv"):
        read_load("0,1\nnonsense,2\n", name="x.csv")


def test_the_hourly_schedule_keeps_the_number_of_messages():
    rng = np.random.default_rng(1)
    counts = rng.integers(0, 1000, 24 * 12).tolist()
    load = read_load("\n".join(f"{index * 300},{count}" for index, count in enumerate(counts)))
    points = hourly_schedule(load)
    assert points[0][0] == 0
    assert points[-1][0] == 86_400
    assert [t for t, _ in points[1:-1]] == [1800 + 3600 * hour for hour in range(24)]
    assert sum(rate for _, rate in points[1:-1]) * 3600 == pytest.approx(sum(counts))


def test_a_count_over_the_end_of_an_hour_is_divided_in_proportion():
    load = read_load("0,100\n5400,300\n")
    assert hourly_schedule(load) == [
        [0, pytest.approx(66.667 / 3600, rel=1e-4)],
        [1800, pytest.approx(66.667 / 3600, rel=1e-4)],
        [5400, pytest.approx((33.333 + 100) / 3600, rel=1e-4)],
        [9000, pytest.approx(200 / 3600, rel=1e-4)],
        [10800, pytest.approx(200 / 3600, rel=1e-4)],
    ]


def test_single_times_have_an_hourly_schedule_too():
    assert hourly_schedule(read_load("0\n1800\n3600\n5400\n7200\n"))[1] == [1800, pytest.approx(2 / 3600)]


def test_the_bundled_hourly_points_carry_the_recorded_load():
    points = bundled_points()
    schedule = parse_arrivals({"process": "schedule", "points": points})
    horizon = points[-1][0]
    assert schedule.mean_rate(horizon) * horizon == pytest.approx(249_327, rel=1e-3)
    assert max(rate for _, rate in points) == pytest.approx(0.70, abs=0.01)


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded load of numenta/NAB is not on this machine")
def test_two_weeks_of_a_real_load_balancer_are_read():
    load = read_load(RECORDED.read_bytes(), name=RECORDED.name)
    assert (load.rows, load.total, load.interval, load.peak) == (4032, 249_327, 300, 656)
    process = parse_arrivals(load.arrivals)
    assert isinstance(process, Trace)
    blocks = process.times(np.random.default_rng(1), horizon=1e9)
    assert sum(len(block) for block in blocks) == 249_327
    bundled = bundled_points()
    assert bundled == [[t, pytest.approx(rate, abs=6e-5)] for t, rate in hourly_schedule(load)]
