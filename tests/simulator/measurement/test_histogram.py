"""Percentiles within their stated error; sums that do not depend on when anybody looks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.measurement.histogram import (
    RELATIVE_ERROR,
    Histogram,
    bucket_of,
    counted_buckets,
    percentiles,
    ranked,
)
from simulator.measurement.level import Level, Total
from simulator.measurement.tally import BLOCK, FEW, Run, Samples, Tally, View

positive = st.floats(1e-8, 1e12)


@given(st.lists(positive, min_size=1, max_size=300), st.sampled_from([0.01, 0.5, 0.9, 0.99, 1.0]))
def test_a_percentile_is_within_half_a_percent_of_the_nearest_rank(values: list[float], share: float) -> None:
    histogram = Histogram()
    histogram.add(np.array(values))
    rank = max(1, int(np.ceil(share * len(values) - 1e-9)))
    exact = sorted(values)[rank - 1]
    assert histogram.percentiles((share,))[0] == pytest.approx(exact, rel=RELATIVE_ERROR * 1.0001)


@given(st.lists(positive, max_size=100), st.lists(positive, max_size=100))
def test_merging_is_the_same_as_counting_everything(first: list[float], second: list[float]) -> None:
    merged, other, whole = Histogram(), Histogram(), Histogram()
    merged.add(np.array(first))
    other.add(np.array(second))
    merged.merge(other.offset, other.counts)
    whole.add(np.array(first + second))
    shares = (0.1, 0.5, 0.99)
    assert merged.percentiles(shares) == whole.percentiles(shares)


def test_zero_is_counted_as_zero() -> None:
    histogram = Histogram()
    histogram.add(np.array([0.0, 0.0, 0.0, 5.0]))
    assert histogram.percentiles((0.75,)) == [0.0]


def test_nothing_has_no_percentiles() -> None:
    assert Histogram().percentiles((0.5, 0.99)) == [None, None]


def test_the_sums_of_a_slice_do_not_depend_on_how_often_a_frame_looked() -> None:
    values = np.random.Generator(np.random.PCG64(1)).exponential(size=3 * BLOCK + 17).tolist()
    watched, unwatched = Tally(), Tally()
    for position, value in enumerate(values):
        watched.add(value)
        unwatched.add(value)
        if position % 997 == 0:
            watched.take_view()
    seen, unseen = watched.end_slice(), unwatched.end_slice()
    assert (seen.count, seen.total, seen.squares, seen.maximum) == (
        unseen.count,
        unseen.total,
        unseen.squares,
        unseen.maximum,
    )
    assert seen.counts.tolist() == unseen.counts.tolist()


def test_a_view_holds_what_came_since_the_last_view() -> None:
    tally = Tally()
    tally.add(1.0)
    assert list(tally.take_view().values) == [1.0]
    tally.add(2.0)
    tally.add(4.0)
    view = tally.take_view()
    assert (view.count, view.total, list(view.values)) == (2, 6.0, [2.0, 4.0])
    assert tally.take_view().count == 0


def test_a_view_after_a_slice_holds_all_since_the_last_view() -> None:
    tally = Tally()
    tally.take_view()
    tally.add(1.0)
    tally.end_slice()
    tally.add(3.0)
    view = tally.take_view()
    assert (view.count, view.total, sum(map(len, view.parts))) == (2, 4.0, 2)
    assert tally.take_view().count == 0


@given(
    st.lists(
        st.one_of(st.sampled_from(["view", "slice"]), st.integers(1, 3 * FEW), st.just(BLOCK)), max_size=30
    )
)
def test_every_sample_is_in_one_view_and_in_one_slice(steps: list[str | int]) -> None:
    tally, number, viewed, sliced = Tally(), 0, View(0, 0.0), 0
    tally.take_view()

    def look() -> None:
        view = tally.take_view()
        viewed.count += view.count
        viewed.total += view.total
        assert view.count == (sum(map(len, view.parts)) if view.parts else len(view.values))

    for step in steps:
        if step == "view":
            look()
        elif step == "slice":
            sliced += tally.end_slice().count
        else:
            for _ in range(int(step)):
                number += 1
                tally.add(float(number))
    look()
    sliced += tally.end_slice().count
    assert (viewed.count, sliced) == (number, number)
    assert viewed.total == number * (number + 1) / 2


@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=200))
def test_the_ranks_of_a_few_buckets_are_the_percentiles_of_their_counts(values: list[float]) -> None:
    buckets = bucket_of(np.array(values))
    low, counts = counted_buckets(buckets)
    shares = (0.01, 0.5, 0.95, 0.99, 1.0)
    assert ranked(buckets, shares) == percentiles(counts, low, shares)


@given(
    st.lists(st.one_of(st.just("view"), st.just("slice"), st.integers(1, 400)), max_size=40), st.booleans()
)
def test_one_by_one_and_many_at_once_show_the_same_frames(steps: list[str | int], is_mixed: bool) -> None:
    values = np.random.default_rng(5).exponential(size=16_000)
    plain, many, at = Tally(), Tally(), 0
    for tally in (plain, many):
        tally.take_view()
    for number, step in enumerate(steps):
        if step == "view":
            one, other = plain.take_view(), many.take_view()
            assert (one.count, one.total, _few(one)) == (other.count, other.total, _few(other))
            assert _sorted(one) == _sorted(other)
        elif step == "slice":
            first, second = plain.end_slice(), many.end_slice()
            assert first.counts.tolist() == second.counts.tolist()
            assert first.buckets.tolist() == second.buckets.tolist()
            assert (first.count, first.total, first.maximum) == (second.count, second.total, second.maximum)
        else:
            part = values[at : at + int(step)].tolist()
            at += int(step)
            for value in part:
                plain.add(value)
            if is_mixed and number % 2:
                for value in part:
                    many.add(value)
            else:
                many.extend(Samples(values[: at + 1]), slice(at - int(step), at))


def _few(view: View | Run) -> list[float]:
    return [] if view.parts else list(view.values)


def _sorted(view: View | Run) -> list[int]:
    return sorted(bucket for part in view.parts for bucket in part.tolist())


def test_a_level_integrates_over_time_and_remembers_its_peak() -> None:
    level = Level()
    level.up(1.0)
    level.up(2.0)
    level.down(4.0)
    assert level.integral(10.0) == 1 * 1 + 2 * 2 + 1 * 6
    assert level.take_peak(10.0) == (2, 2.0)
    assert level.take_peak(20.0) == (1, 10.0)


def test_a_total_adds_its_levels_and_has_a_peak_of_its_own() -> None:
    waiting, held = Level(), Level()
    total = Total(waiting, held)
    waiting.up(0.0)
    total.note(0.0)
    waiting.down(1.0)
    held.up(1.0)
    total.note(1.0)
    assert total.integral(3.0) == 3.0
    assert total.take_peak(3.0) == (1, 0.0)
