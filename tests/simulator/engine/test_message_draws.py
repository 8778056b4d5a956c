"""Draws that belong to messages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from simulator.design.distributions import Constant, Exponential
from simulator.engine.message import Message
from simulator.engine.message_draws import BLOCK, KEPT, Blocks, by_message
from simulator.engine.random_streams import RandomStreams
from simulator.experiments.replication import build_world
from tests.simulator.designs import design, node

WORK = Exponential(mean=2.0)


def message(sequence: int, source: int = 0, receives: int = 1) -> Message:
    made = Message(source, sequence, 0.0, None, 1.0, 0)
    made.receive_count = receives
    return made


def test_a_message_draws_the_same_in_whatever_order_it_is_asked_for() -> None:
    forward = by_message(WORK, RandomStreams(1), "c", "service", ["p", "r"])
    backward = by_message(WORK, RandomStreams(1), "c", "service", ["p", "r"])
    numbers = [1, BLOCK - 1, BLOCK, 7 * BLOCK, 40 * BLOCK + 3, 2, 90 * BLOCK]
    first = {(n, source): forward(message(n, source)) for n in numbers for source in (0, 1)}
    again = {(n, source): backward(message(n, source)) for source in (1, 0) for n in reversed(numbers)}
    assert first == again
    assert len(set(first.values())) == len(first)


def test_blocks_that_are_asked_for_again_and_again_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups of a FIFO queue that are held up ask for messages of many blocks in turn."""
    made: list[int] = []
    make = Blocks.make

    def counted(self: Blocks, number: int, source: int) -> Any:
        made.append(number)
        return make(self, number, source)

    monkeypatch.setattr(Blocks, "make", counted)
    draw = by_message(WORK, RandomStreams(1), "c", "service", ["p"])
    for _ in range(10):
        for number in range(3 * KEPT):
            draw(message(number * BLOCK + 1))
    assert len(made) <= 3 * 3 * KEPT  # the first time, until twice as many are kept, and once more


def test_redeliveries_draw_anew_and_disturb_nobody() -> None:
    plain = by_message(WORK, RandomStreams(1), "c", "service", ["p"])
    disturbed = by_message(WORK, RandomStreams(1), "c", "service", ["p"])
    expected = [plain(message(n)) for n in range(1, 50)]
    found = []
    for n in range(1, 50):
        found.append(disturbed(message(n)))
        assert disturbed(message(n, receives=2)) != found[-1]
    assert found == expected


def test_the_draws_of_many_blocks_have_the_distribution_and_are_uncorrelated() -> None:
    draw = by_message(WORK, RandomStreams(3), "c", "service", ["p"])
    values = np.array([draw(message(n)) for n in range(1, 200_001)])
    assert stats.kstest(values, "expon", args=(0, 2.0)).pvalue > 1e-4
    for lag in (1, BLOCK - 1, BLOCK, BLOCK + 1):
        assert abs(np.corrcoef(values[:-lag], values[lag:])[0, 1]) < 4 / np.sqrt(len(values))


def test_a_constant_draws_nothing() -> None:
    draw = by_message(Constant(value=3.0), RandomStreams(1), "c", "service", ["p"])
    assert draw(message(5)) == draw(message(6, receives=9)) == 3.0


@pytest.mark.parametrize(
    ("edges", "is_by_message"),
    [
        (["p->q", "q->c"], True),
        (["p->q", "q->c", "c->q"], False),
        (["p->q", "q->c", "p->t", "t->q"], False),
        (["p->q", "q->c", "r->q"], True),
        (["p->t", "t->q", "t->u", "q->c", "u->c"], False),
    ],
)
def test_only_where_every_message_comes_once_it_has_a_draw_of_its_own(
    edges: list[str], is_by_message: bool
) -> None:
    document = design(
        [
            node("p", "producer"),
            node("r", "producer"),
            node("t", "topic"),
            node("q", "queue"),
            node("u", "queue"),
            node("c", "consumer", service_time={"distribution": "exponential", "mean": 1}),
        ],
        edges,
    )
    draw = build_world(document, 1, 0, 10.0).nodes["c"].service_time  # type: ignore[attr-defined]
    assert (draw(message(4)) == draw(message(4))) is is_by_message


def test_another_broker_leaves_every_service_time_as_it_was() -> None:
    """Common random numbers: the same load through a queue, a dealt queue and SQS."""
    totals = []
    for broker in (node("q", "queue"), node("q", "queue", dispatch="random"), node("q", "aws.sqs")):
        document = design(
            [
                node("p", "producer", arrivals={"process": "poisson", "rate": 50, "limit": 2000}),
                broker,
                node(
                    "c", "consumer", instances=3, service_time={"distribution": "exponential", "mean": 0.05}
                ),
            ],
            ["p->q", "q->c"],
        )
        world = build_world(document, 1, 0, 1000.0)
        world.env.advance(1000.0, 10_000_000)
        consumer = world.nodes["c"]
        assert consumer.delivered == 2000
        totals.append(consumer.busy.integral(1000.0))  # type: ignore[attr-defined]
    assert totals == pytest.approx([totals[0]] * 3, rel=1e-9)
