"""Deliveries of a RabbitMQ queue: prefetch, turns, acknowledgements, with exact times."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, check
from simulator.errors import InvalidDesign
from tests.simulator.designs import Watched, at, design, node
from tests.simulator.kinds.rabbitmq.queues import IDEAL, figure, queued, run

# ------------------------------------------------------------------ prefetch


def two_unequal(prefetch: int) -> list[tuple[float, str]]:
    watched = Watched(
        design(
            [
                node("s", "producer", arrivals=at(*[0] * 10)),
                node("q", "rabbitmq.queue", **IDEAL),
                node("slow", "consumer", service_time=1),
                node("fast", "consumer", service_time=0.1),
            ],
            ["s->q", "q->slow", "q->fast"],
            edge_configs={
                "q->slow": {"prefetch": prefetch, "round_trip": 0},
                "q->fast": {"prefetch": prefetch, "round_trip": 0},
            },
        ),
        20,
    )
    watched.run()
    return watched.starts


def test_with_a_small_prefetch_the_fast_consumer_does_most_of_the_work():
    starts = two_unequal(2)
    assert [time for time, name in starts if name == "slow"] == [0, 1]
    assert len([1 for _, name in starts if name == "fast"]) == 8


def test_without_a_limit_messages_are_dealt_out_in_turn_however_busy_the_consumers_are():
    starts = two_unequal(0)
    assert [time for time, name in starts if name == "slow"] == [0, 1, 2, 3, 4]


def test_each_instance_is_a_consumer_with_a_prefetch_of_its_own():
    document = queued(at(*[0] * 6), {}, {"instances": 2, "service_time": 10}, {"prefetch": 2}, duration=5)
    result = run(document)
    assert result["conservation"]["nodes"]["q"]["in_flight"] == 4
    assert result["conservation"]["nodes"]["q"]["waiting"] == 2


def test_the_workers_of_one_instance_share_its_prefetch():
    document = queued(
        at(*[0] * 6), {}, {"instances": 1, "concurrency": 3, "service_time": 10}, {"prefetch": 2}, duration=5
    )
    result = run(document)
    assert result["conservation"]["nodes"]["c"]["in_flight"] == 2


@pytest.mark.parametrize(
    ("prefetch", "rate"), [(1, 1 / 1.1), (2, 2 / 1.1), (10, 10 / 1.1), (11, 10.0), (100, 10.0)]
)
def test_a_prefetch_of_round_trip_and_work_over_work_is_enough(prefetch: int, rate: float):
    """The known curve: min(prefetch / (round trip + work), 1 / work) messages per time."""
    document = queued(
        {"process": "constant", "rate": 20_000},
        {},
        {"service_time": 0.0001},
        {"prefetch": prefetch, "round_trip": 0.001},
        duration=1,
    )
    assert figure(run(document), "throughput", "c") == pytest.approx(rate * 1000, rel=0.005)


def test_a_quorum_queue_delivers_no_more_than_two_thousand_unacknowledged_messages():
    document = queued(at(*[0] * 3_000), {"x-queue-type": "quorum"}, {"service_time": 1000}, {}, duration=5)
    assert run(document)["conservation"]["nodes"]["q"]["in_flight"] == 2_000


def test_a_consumer_of_higher_priority_is_served_first_until_it_is_blocked():
    watched = Watched(
        design(
            [
                node("s", "producer", arrivals=at(0, 0, 0)),
                node("q", "rabbitmq.queue", **IDEAL),
                *[node(id, "consumer", service_time=10) for id in ("low", "high")],
            ],
            ["s->q", "q->low", "q->high"],
            edge_configs={
                "q->low": {"prefetch": 1, "round_trip": 0},
                "q->high": {"prefetch": 1, "round_trip": 0, "x-priority": 5},
            },
        ),
        15,
    )
    watched.run()
    assert watched.starts == [(0, "high"), (0, "low"), (10, "high")]


def test_a_single_active_consumer_gets_everything_until_it_is_gone():
    """One that comes back waits for its turn (RabbitMQ, *Consumers*, "Single Active Consumer")."""
    document = design(
        [
            node("s", "producer", arrivals=at(1, 2, 3, 11, 12, 31)),
            node("q", "rabbitmq.queue", **IDEAL, **{"x-single-active-consumer": True}),
            *[node(id, "consumer", service_time=0.5) for id in ("first", "second")],
        ],
        ["s->q", "q->first", "q->second"],
        edge_configs={"q->first": {"round_trip": 0}, "q->second": {"round_trip": 0}},
        faults=[{"kind": "outage", "node": "first", "at": 10, "duration": 20}],
    )
    watched = Watched(document, 50)
    watched.run()
    assert watched.starts == [
        (1, "first"),
        (2, "first"),
        (3, "first"),
        (11, "second"),
        (12, "second"),
        (31, "second"),
    ]


# ------------------------------------------------------------------ acknowledgements


def test_an_acknowledgement_frees_the_prefetch_after_the_way_there_and_back():
    watched = Watched(queued(at(0, 0, 0), {}, {"service_time": 1}, {"prefetch": 1, "round_trip": 0.2}), 10)
    watched.run()
    assert watched.times("c") == [0.1, 1.3, 2.5]


def test_automatic_acknowledgement_is_gone_when_it_is_sent_and_lost_in_a_crash():
    document = queued(
        at(0, 0, 0),
        {},
        {"service_time": 10},
        {"auto_ack": True},
        faults=[{"kind": "outage", "node": "c", "at": 5, "duration": 1}],
    )
    result = run(document)
    assert result["conservation"]["nodes"]["q"]["delivered"] == 3
    assert result["flows"][0]["lost"]["mean"] == 3


def test_a_crash_brings_back_all_that_was_held_and_marks_it_redelivered():
    document = queued(
        at(0, 0, 0),
        {},
        {"service_time": 10},
        {"prefetch": 3},
        faults=[{"kind": "outage", "node": "c", "at": 5, "duration": 1}],
    )
    result = run(document)
    assert figure(result, "redelivered") == 3
    assert result["flows"][0]["delivered"]["mean"] == 3
    assert result["flows"][0]["duplicates"]["mean"] == 0


def test_work_that_is_acknowledged_on_an_old_channel_is_done_again():
    document = queued(
        at(0), {}, {"service_time": 10}, {}, faults=[{"kind": "outage", "node": "q", "at": 5, "duration": 1}]
    )
    data = document.to_data()
    data["edges"][0]["config"] = {"delivery_mode": 2}
    result = run(Document.parse(data))
    assert result["flows"][0]["delivered"]["mean"] == 1
    assert result["flows"][0]["duplicates"]["mean"] == 1


def failing_first(type: str) -> list[int]:
    """Order of service when the first of three messages fails once."""
    document = queued(
        at(0, 0, 0),
        {"x-queue-type": type},
        {"service_time": 1, "failure": {"probability": 0.5}},
        {"prefetch": 1, "on_failure": "nack"},
    )
    watched = Watched(document, 50)
    consumer = watched.world.nodes["c"]
    consumer.fails = lambda message: message.sequence == 1 and message.receive_count == 1  # type: ignore[attr-defined]
    watched.run()
    return [message.sequence for message in watched.served]


def test_a_requeued_message_takes_its_old_place_in_a_classic_queue():
    assert failing_first("classic") == [1, 1, 2, 3]


def test_returned_messages_of_a_quorum_queue_come_before_new_ones_in_the_order_of_return():
    document = queued(
        at(0, 0, 0, 0),
        {"x-queue-type": "quorum"},
        {"instances": 2, "service_time": 1, "failure": {"probability": 0.5}},
        {"prefetch": 1},
    )
    watched = Watched(document, 50)
    consumer = watched.world.nodes["c"]
    consumer.fails = lambda message: message.sequence <= 2 and message.receive_count == 1  # type: ignore[attr-defined]
    watched.run()
    assert [message.sequence for message in watched.served] == [1, 2, 1, 2, 3, 4]


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"x-message-tll": 5}, "x-message-ttl"),
        ({"x-max-priority": 300}, "255"),
        ({"x-queue-type": "quorum", "x-max-priority": 5}, "x-max-priority is for classic queues only"),
        ({"x-delivery-limit": 5}, "x-delivery-limit is for quorum queues only"),
        ({"x-queue-type": "quorum", "x-overflow": "reject-publish-dlx"}, "for classic queues only"),
        ({"x-queue-type": "quorum", "durable": False}, "always durable"),
        ({"x-queue-type": "lazy"}, "classic"),
        ({"x-message-ttl": -1}, "0"),
    ],
)
def test_arguments_that_a_queue_does_not_understand_are_refused(config: dict[str, Any], words: str):
    with pytest.raises(InvalidDesign) as caught:
        design([node("q", "rabbitmq.queue", **config)], [])
    problem = caught.value.problems[0]
    assert problem.element == "q"
    assert words in f"{problem.message} {problem.hint}"


def test_a_prefetch_below_zero_is_refused_at_the_edge():
    with pytest.raises(InvalidDesign) as caught:
        queued(at(0), {}, {}, {"prefetch": -1})
    problem = caught.value.problems[0]
    assert (problem.element, problem.field) == ("e1", "config.prefetch")


def test_what_people_come_to_regret_is_said():
    document = queued(
        at(0),
        {"x-dead-letter-exchange": "nowhere"},
        {"service_time": 0.001, "failure": {"probability": 1}},
        {"prefetch": 1, "round_trip": 0.1},
    )
    found = {(problem.element, problem.field): problem.severity for problem in check(document)}
    assert found["q", "config.x-dead-letter-exchange"] == "error"
    assert found["e1", "config.prefetch"] == "warning"
    assert found["e1", "config.requeue"] == "warning"
