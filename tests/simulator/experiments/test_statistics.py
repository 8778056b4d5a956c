"""Intervals and warm-up cuts against values from tables and constructions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import stdtrit

from simulator import simulate
from simulator.experiments.stability import growth
from simulator.experiments.statistics import (
    Estimate,
    choose_batches,
    effective_sample_size,
    interval,
    lag_one,
    messages_needed,
    over_batches,
    over_sections,
    paired_difference,
    student_t,
    upper_bound_of_none,
)
from simulator.experiments.student_t import QUANTILES
from simulator.experiments.warmup import common_cut, mser, mser5, smoothed, welch
from tests.simulator.designs import at, design, node, single_server


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    [(1, 12.706), (2, 4.303), (9, 2.262), (19, 2.093), (29, 2.045)],  # any t table, 97.5 %
)
def test_student_quantiles_are_those_of_the_tables(degrees: int, quantile: float) -> None:
    assert student_t(degrees) == pytest.approx(quantile, abs=5e-4)


def test_the_table_of_student_t_is_that_of_scipy() -> None:
    for level, quantiles in QUANTILES.items():
        degrees = np.arange(1, len(quantiles) + 1)
        # The last digit may differ from one version of SciPy to the next.
        np.testing.assert_allclose(quantiles, stdtrit(degrees, 0.5 + level / 2.0), rtol=1e-14)


@pytest.mark.parametrize("level", [0.95, 0.99, 0.999, 0.9875])
def test_behind_the_table_scipy_answers(level: float) -> None:
    beyond = len(QUANTILES[0.95]) + 1
    for degrees in (1, 19, beyond - 1, beyond, 400):
        assert student_t(degrees, level) == pytest.approx(
            float(stdtrit(degrees, 0.5 + level / 2.0)), rel=1e-14
        )


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


def noise(seed: int, size: int) -> np.ndarray:
    return np.random.Generator(np.random.PCG64(seed)).normal(size=size)


def test_mser5_sees_the_same_transient_in_steps_of_five() -> None:
    transient = 10 + noise(3, 100) * 0.1
    transient[:20] -= np.linspace(10, 0.5, 20)
    assert mser5(transient) % 5 == 0
    assert 15 <= mser5(transient) <= 25


def test_welch_finds_where_the_averaged_curve_reaches_its_level() -> None:
    curve = 10 * (1 - np.exp(-np.arange(100) / 8)) + 0.2 * noise(4, 100)
    # 95 % of the level is reached after 3 time constants of 8 points.
    assert 18 <= welch(curve) <= 30
    assert welch(np.full(50, 3.0)) == 0
    assert welch(np.zeros(50)) == 0


def test_the_moving_average_is_shorter_at_the_ends_and_keeps_a_straight_line() -> None:
    line = np.arange(20.0)
    assert smoothed(line, 3) == pytest.approx(line)


def test_one_replication_loses_a_tenth_and_several_at_most_half() -> None:
    rising = np.linspace(0, 100, 100)
    alone, together = common_cut([rising]), common_cut([rising, rising])
    assert (alone.rule, alone.slices) == ("least", 10)
    assert not alone.is_too_short(100)
    assert (together.rule, together.slices) == ("welch", 50)
    assert together.is_too_short(100)


def test_the_cut_is_found_on_the_average_and_not_run_by_run() -> None:
    # A busy period in one run only is no warm-up of all.
    busy = np.full(100, 1.0)
    busy[:15] = 30.0
    assert common_cut([np.full(100, 10.0)] * 9 + [busy]).slices == 10


def test_batches_are_made_larger_until_neighbours_are_independent() -> None:
    assert choose_batches(noise(5, 120))[0] == 30
    wave = np.repeat(noise(6, 12), 10)  # remembers 10 slices
    count, correlation = choose_batches(wave)
    assert count < 30
    assert correlation < 0.5
    assert choose_batches(noise(1, 9)) == (0, 0.0)


def test_lag_one_correlation_of_known_series() -> None:
    assert lag_one([1.0] * 5) == 0.0
    assert lag_one([1.0, -1.0] * 50) == pytest.approx(-0.99)
    assert lag_one(np.arange(100.0)) > 0.9


def test_none_of_n_is_bounded_by_three_over_n() -> None:
    assert upper_bound_of_none(90_000) == pytest.approx(3 / 90_000)
    assert upper_bound_of_none(1) == 1.0
    # The exact bound (Clopper-Pearson) is 1 - 0.05^(1/n).
    assert upper_bound_of_none(1000) == pytest.approx(1 - 0.05 ** (1 / 1000), rel=0.003)


def test_independent_samples_are_worth_their_number() -> None:
    values = noise(7, 4000).reshape(20, 200)
    means = values.mean(axis=1).tolist()
    estimate = Estimate(0.0, interval(means))
    size = effective_sample_size(estimate, float(values.var()), 4000, 20)
    assert size is not None
    assert 2000 < size <= 4000
    assert effective_sample_size(Estimate(1.0, None), 1.0, 100, 1) is None
    assert effective_sample_size(Estimate(1.0, (1.0, 1.0)), 0.0, 100, 10) == 100


def test_messages_needed_follow_the_square_of_the_width() -> None:
    assert messages_needed(10_000, 0.10, 0.05) == 40_000
    assert messages_needed(10_000, 0.03, 0.07) == 1_900
    assert messages_needed(10, 0.05, 0.05) == 10


def test_the_interval_of_a_pooled_percentile_lies_around_the_pooled_value() -> None:
    low, high = over_sections(10.0, [9.0, 11.0, 10.0, 10.0]).ci95 or (0.0, 0.0)
    assert (low + high) / 2 == pytest.approx(10.0)
    assert high - low == pytest.approx(2 * 3.1824 * (2 / 3) ** 0.5 / 2, rel=1e-3)


@pytest.mark.parametrize(
    ("second", "verdict"),
    [
        ([2.0, 3.1, 4.0, 5.0], "more"),
        ([0.0, 1.1, 2.0, 3.0], "less"),
        ([1.0, 2.2, 2.9, 4.0], "no difference shown"),
    ],
)
def test_pairs_show_a_difference_that_their_spread_would_hide(second: list[float], verdict: str) -> None:
    assert paired_difference([1.0, 2.0, 3.0, 4.0], second).verdict == verdict


def test_several_comparisons_share_the_error() -> None:
    first, second = [1.0, 2.0, 3.0, 4.0], [2.0, 2.5, 4.2, 5.0]
    one = paired_difference(first, second)
    five = paired_difference(first, second, comparisons=5)
    assert one.interval is not None
    assert five.interval is not None
    assert five.level == pytest.approx(0.99)
    assert five.interval[1] - five.interval[0] > one.interval[1] - one.interval[0]
    with pytest.raises(ValueError, match="pairs"):
        paired_difference([1.0], [])


def walk(seed: int, drift: float) -> np.ndarray:
    return np.maximum(0, np.cumsum(noise(seed, 100) + drift))


def test_growth_is_found_in_a_walk_with_drift_and_not_in_noise() -> None:
    growing = growth([walk(seed, 1.0) for seed in range(10)], 2.0)
    steady = growth([10 + noise(seed, 100) for seed in range(10)], 2.0)
    assert growing is not None
    assert steady is not None
    assert growing.verdict == "growing"
    low, high = growing.rate.ci95 or (0.0, 0.0)
    assert low < 0.5 < high  # one message per slice of two seconds
    assert steady.verdict == "stable"


def test_a_steady_but_slow_curve_is_not_called_growing() -> None:
    def slow(seed: int) -> np.ndarray:
        level, levels = 0.0, []
        for step in noise(seed, 2000):
            level = 0.98 * level + step
            levels.append(level)
        return np.array(levels).reshape(100, 20).mean(axis=1)

    verdicts = [growth([slow(seed)], 1.0) for seed in range(40)]
    assert sum(found.verdict == "growing" for found in verdicts if found) <= 1


def test_a_straight_line_grows_and_a_short_curve_is_not_judged() -> None:
    found = growth([np.arange(40.0)], 1.0)
    assert found is not None
    assert (found.verdict, found.rate.mean) == ("growing", 1.0)
    assert growth([np.arange(5.0)], 1.0) is None
    # A gain of less than one message over the whole run is none, however steady it is.
    little = growth([np.arange(40.0) / 50.0], 1.0)
    assert little is not None
    assert (little.verdict, little.rate.mean) == ("stable", 0.02)


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
