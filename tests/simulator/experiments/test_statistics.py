"""Intervals and warm-up cuts against values from tables and constructions."""

from __future__ import annotations

import numpy as np
import pytest

from simulator import simulate
from simulator.experiments.statistics import (
    common_warmup,
    interval,
    mser,
    over_batches,
    student_t,
)
from tests.simulator.designs import at, design, node, single_server


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [(1, 12.706), (2, 4.303), (9, 2.262), (19, 2.093), (29, 2.045)],  # any t table, 97.5 %
)
def test_student_quantiles_are_those_of_the_tables(degrees: int, quantile: float) -> None:
    assert student_t(degrees) == pytest.approx(quantile, abs=5e-4)


def test_the_t_interval_of_a_small_sample() -> None:
    low, high = interval([1.0, 2.0, 3.0]) or (0.0, 0.0)
    assert (low, high) == pytest.approx((2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5), abs=1e-3)


def test_one_value_has_no_interval() -> None:
    assert interval([1.0]) is None


def test_too_few_batches_give_no_interval() -> None:
    assert over_batches(1.0, [1.0] * 9).ci95 is None


def test_mser_cuts_a_transient_and_leaves_a_flat_curve_alone() -> None:
    noise = np.random.Generator(np.random.PCG64(3)).normal(10, 0.1, size=100)
    transient = noise.copy()
    transient[:20] -= np.linspace(10, 0.5, 20)
    assert 15 <= mser(transient) <= 25
    assert mser(np.full(50, 3.0)) == 0


def test_one_replication_loses_a_tenth_and_several_at_most_half() -> None:
    rising = np.linspace(0, 100, 100)
    assert common_warmup([rising]) == 10
    assert common_warmup([rising, rising]) == 50


def test_the_interval_of_one_run_covers_the_truth_about_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(60):
        low, high = simulate(single_server(40, 0.02, duration=500), seed=seed)["nodes"]["line"][
            "waiting_time"
        ]["mean"]["ci95"]
        covered += low < 0.08 < high
    # 95 % of 60 is 57; naive intervals over messages would cover about 11 (18 %).
    assert covered >= 48


def test_percentiles_without_enough_tail_have_no_interval() -> None:
    times = simulate(single_server(40, 0.02, duration=20))["nodes"]["line"]["waiting_time"]
    assert times["p999"]["ci95"] is None


def test_a_replay_has_no_steady_state_and_loses_no_warm_up() -> None:
    document = design(
        [
            node("p", "producer", arrivals=at(1, 2, 3)),
            node("q", "queue"),
            node("c", "consumer", service_time=1),
        ],
        ["p->q", "q->c"],
        simulation={"duration": 10},
    )
    result = simulate(document)
    assert result["warmup"] == 0.0
    assert result["nodes"]["c"]["throughput"] == {"mean": 0.3, "ci95": None}


def test_the_number_of_replications_follows_a_wanted_precision() -> None:
    document = single_server(40, 0.02, duration=200)
    loose = simulate(document, precision=0.5)
    tight = simulate(document, precision=0.04)
    assert loose["replications"] == 10
    assert tight["replications"] > 10
    low, high = tight["flows"][0]["end_to_end_latency"]["mean"]["ci95"]
    assert (high - low) / 2 <= 0.04 * tight["flows"][0]["end_to_end_latency"]["mean"]["mean"]
