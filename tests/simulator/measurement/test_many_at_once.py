"""What is measured for many messages at once is what is measured one after the other, to the bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulator.engine.message import Key, Message
from simulator.measurement.level import Course, Level, Timeline, shift
from simulator.measurement.ordering import Flow, FlowOrder, KeyBook, out_of_order
from simulator.measurement.tally import MOST_BUFFERED, Samples, Tally

acknowledged = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 40)), min_size=1, max_size=40)


@given(st.lists(acknowledged, min_size=1, max_size=4))
def test_order_by_key_is_judged_alike(blocks: list[list[tuple[int, int]]]) -> None:
    flow = Flow("p", "c")
    latest = np.zeros(4, dtype=np.int64)
    for block in blocks:
        expected = []
        for key, sequence in block:
            before = flow.out_of_order
            flow.record(Message(0, sequence, 0.0, key, 1.0, 0), 1.0)
            expected.append(flow.out_of_order > before)
        keys, sequences = (np.array(column) for column in zip(*block, strict=True))
        flags = out_of_order(latest, keys, sequences)
        assert (flags.tolist() if flags is not None else [False] * len(block)) == expected
        assert dict(enumerate(latest.tolist())) == {key: flow.latest.get(key, 0) for key in range(4)}


@given(
    st.lists(st.tuples(st.floats(0.0, 9.0), st.sampled_from([-2, -1, 1, 3])), max_size=30),
    st.lists(st.floats(0.0, 9.0), max_size=5),
)
def test_a_level_follows_its_course_as_if_it_changed_step_by_step(
    changes: list[tuple[float, int]], looks: list[float]
) -> None:
    changes.sort()
    level, followed = Level(), Level()
    times = np.array([time for time, _ in changes])
    course = Course(followed, times, np.array([step for _, step in changes], dtype=np.int64))
    left = list(changes)
    for look in sorted(looks):
        while left and left[0][0] <= look:
            shift(level, *left.pop(0))
        course.follow(look)
        assert [getattr(followed, name) for name in Level.__slots__] == [
            getattr(level, name) for name in Level.__slots__
        ]
        assert followed.take_peak(look) == level.take_peak(look)


@given(st.lists(st.lists(st.one_of(st.integers(-3, 3000), st.just(1 << 40)), min_size=1), min_size=1))
def test_keys_have_one_number_each_in_the_order_of_their_first_coming(blocks: list[list[int]]) -> None:
    book, plain = KeyBook(), KeyBook()
    for block in blocks:
        names: list[Key] = [*block]
        numbers = book.numbers_of(np.array(block))
        assert numbers.tolist() == plain.numbers_of(names).tolist()
        assert [book.keys[number] for number in numbers.tolist()] == block
    assert book.keys == list(dict.fromkeys(key for block in blocks for key in block))


@given(st.lists(acknowledged, min_size=1, max_size=4), st.integers(0, 40))
def test_a_flow_notes_deliveries_up_to_any_time_as_one_by_one(
    blocks: list[list[tuple[int, int]]], looked: int
) -> None:
    book = KeyBook()
    flow, plain = Flow("p", "c"), Flow("p", "c")
    order = FlowOrder(flow, book)
    end = 0
    for block in blocks:
        keys, sequences = (np.array(column) for column in zip(*block, strict=True))
        ends = np.arange(end + 1.0, end + len(block) + 1.0)
        made = order.deliveries(book.numbers_of(keys), sequences, Timeline(ends), Samples(ends / 3))
        # A look in the middle takes part of them; the next one takes the rest.
        for until in (float(min(end + looked, end + len(block))), float(end + len(block))):
            made.follow(until)
            while end < until:
                key, sequence = block[end - int(ends[0]) + 1]
                end += 1
                plain.record(Message(0, sequence, end - end / 3, key, 1.0, 0), float(end))
            assert flow.counts() == plain.counts()


def test_many_samples_are_counted_without_a_look_and_alike() -> None:
    values = np.random.default_rng(3).exponential(1.0, MOST_BUFFERED + 5_000)
    many, one_by_one = Tally(), Tally()
    for start in range(0, len(values), 3_000):
        many.extend(Samples(values[start : start + 4_000]), slice(0, 3_000))
    for value in values.tolist():
        one_by_one.add(value)
    assert 0 < many.count < one_by_one._buffer.buffer_info()[1]  # counted, though nobody has looked
    first, second = many.end_slice(), one_by_one.end_slice()
    assert (first.count, first.total, first.squares) == (second.count, second.total, second.squares)
    assert first.counts.tolist() == second.counts.tolist()


def test_tallies_that_share_samples_have_the_sums_of_their_own() -> None:
    values = np.random.default_rng(4).exponential(1.0, 5 * MOST_BUFFERED)
    blocks = np.split(values, 8)
    first, same, shorter = (Tally() for _ in range(3))
    alone = [Tally() for _ in range(3)]
    for number, block in enumerate(blocks):
        samples, whole = Samples(block), slice(0, len(block))
        for tally, single in zip((first, same, shorter), alone, strict=True):
            if tally is not shorter or number != 1:  # one that lacks a block holds other runs before the same
                tally.extend(samples, whole)
                single.extend(Samples(block), whole)
    for tally, single in zip((first, same, shorter), alone, strict=True):
        shared, own = tally.end_slice(), single.end_slice()
        assert (shared.count, shared.positive, shared.maximum) == (own.count, own.positive, own.maximum)
        assert (shared.total, shared.squares) == (own.total, own.squares)
        assert (shared.buckets.tolist(), shared.counts.tolist()) == (
            own.buckets.tolist(),
            own.counts.tolist(),
        )
