"""The life of a message in a standard queue, as worked examples with exact times.

Source of the rules: Amazon SQS API reference and developer guide.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, InvalidDesign, check, simulate
from simulator.kinds.aws.sqs.queue import SqsQueue
from tests.simulator.designs import Watched, at, design, node


def queue_design(
    *,
    times: tuple[float, ...] = (0.0,),
    queue: dict[str, Any] | None = None,
    consumer: dict[str, Any] | None = None,
    receive: dict[str, Any] | None = None,
    max_receive_count: int | None = None,
    dead: dict[str, Any] | None = None,
    size: float = 100,
) -> Document:
    settings = {"ReceiveMessageWaitTimeSeconds": 20, **(queue or {})}
    nodes = [
        node("source", "producer", arrivals=at(*times), size=size),
        node("orders", "aws.sqs", **settings),
        node("worker", "consumer", **{"service_time": 0.1, **(consumer or {})}),
    ]
    edges = ["source->orders", "orders->worker"]
    configs: dict[str, Any] = {"orders->worker": receive or {}}
    if max_receive_count is not None:
        nodes.append(node("dead", "aws.sqs", **(dead or {})))
        edges.append("orders->dead:dead-letter")
        configs["orders->dead:dead-letter"] = {"maxReceiveCount": max_receive_count}
    return design(nodes, edges, edge_configs=configs)


def test_a_message_that_always_fails_is_seen_max_receive_count_times_and_then_dead_lettered() -> None:
    document = queue_design(
        queue={"VisibilityTimeout": 1}, consumer={"failure": {"probability": 1.0}}, max_receive_count=3
    )
    watched = Watched(document, 10.0)
    recording = watched.run()
    assert watched.times("worker") == [0.0, 1.0, 2.0]
    assert recording.ledgers["orders"]["dead_lettered"] == 1
    assert recording.ledgers["orders"]["waiting"] == 0
    assert recording.ledgers["dead"]["waiting"] == 1


def test_the_move_to_the_dead_letter_queue_happens_at_the_receive_after_the_last_one() -> None:
    document = queue_design(
        queue={"VisibilityTimeout": 1}, consumer={"failure": {"probability": 1.0}}, max_receive_count=3
    )
    recording = Watched(document, 2.9).run()
    assert recording.ledgers["orders"]["in_flight"] == 1
    assert recording.ledgers["orders"]["dead_lettered"] == 0


def test_work_longer_than_the_visibility_timeout_is_done_twice() -> None:
    document = queue_design(queue={"VisibilityTimeout": 30}, consumer={"service_time": 40, "concurrency": 2})
    watched = Watched(document, 59.0)
    recording = watched.run()
    assert watched.times("worker") == [0.0, 30.0]
    # The delete at 40 s carries the handle of the first receive, which is no longer the newest.
    assert recording.ledgers["orders"]["delivered"] == 0
    assert recording.ledgers["orders"]["in_flight"] == 1


def test_the_second_processing_counts_as_a_duplicate_and_not_as_delivered() -> None:
    document = queue_design(queue={"VisibilityTimeout": 30}, consumer={"service_time": 40, "concurrency": 2})
    flow = simulate(document, duration=71)["flows"][0]
    assert (flow["delivered"]["mean"], flow["duplicates"]["mean"]) == (1, 1)


def test_a_delete_after_the_timeout_still_works_when_nobody_has_received_the_message_since() -> None:
    document = queue_design(queue={"VisibilityTimeout": 1}, consumer={"service_time": 5})
    watched = Watched(document, 30.0)
    recording = watched.run()
    assert watched.times("worker") == [0.0]
    assert recording.ledgers["orders"]["delivered"] == 1
    assert recording.ledgers["orders"]["waiting"] == 0


def test_a_delayed_message_is_invisible_until_its_delay_is_over() -> None:
    watched = Watched(queue_design(times=(0.0, 1.0), queue={"DelaySeconds": 7}), 20.0)
    watched.run()
    assert watched.times("worker") == [7.0, 8.0]


def test_a_long_poll_returns_at_once_and_a_short_poll_at_the_next_look() -> None:
    long_polling = Watched(queue_design(times=(2.5,), consumer={"poll_interval": 1}), 10.0)
    long_polling.run()
    assert long_polling.times("worker") == [2.5]
    short_polling = Watched(
        queue_design(times=(2.5,), queue={"ReceiveMessageWaitTimeSeconds": 0}, consumer={"poll_interval": 1}),
        10.0,
    )
    short_polling.run()
    assert short_polling.times("worker") == [3.0]


def test_the_consumers_own_wait_time_replaces_the_queues() -> None:
    document = queue_design(times=(2.5,), consumer={"poll_interval": 1}, receive={"WaitTimeSeconds": 0})
    watched = Watched(document, 10.0)
    watched.run()
    assert watched.times("worker") == [3.0]


def test_a_batch_is_worked_off_one_after_the_other_while_its_visibility_runs() -> None:
    document = queue_design(
        times=(0.0, 0.0, 0.0, 0.0),
        consumer={"service_time": 1},
        receive={"MaxNumberOfMessages": 10},
        queue={"DelaySeconds": 1},
    )
    watched = Watched(document, 2.5)
    recording = watched.run()
    # The poll that was waiting returns with the first message; the next receive takes all others.
    assert watched.times("worker") == [1.0, 2.0]
    assert recording.ledgers["orders"]["in_flight"] == 3
    assert recording.ledgers["orders"]["waiting"] == 0


def test_a_message_expires_at_the_end_of_its_retention() -> None:
    document = queue_design(
        times=(0.0, 30.0), queue={"MessageRetentionPeriod": 60}, consumer={"service_time": 1000}
    )
    recording = Watched(document, 95.0).run()
    assert recording.ledgers["orders"] == {
        "accepted": 2,
        "delivered": 0,
        "waiting": 0,
        "in_flight": 0,
        "expired": 2,
        "dead_lettered": 0,
        "dropped": 0,
    }


def test_a_standard_dead_letter_queue_counts_the_age_from_the_first_enqueue() -> None:
    document = queue_design(
        queue={"VisibilityTimeout": 40},
        consumer={"failure": {"probability": 1.0}},
        max_receive_count=1,
        dead={"MessageRetentionPeriod": 60},
    )
    assert Watched(document, 59.0).run().ledgers["dead"]["waiting"] == 1
    later = Watched(document, 61.0).run().ledgers["dead"]
    assert (later["waiting"], later["expired"]) == (0, 1)


def test_no_more_than_the_limit_is_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqsQueue, "in_flight_limit", 2)
    document = queue_design(
        times=(0.0, 0.0, 0.0),
        consumer={"service_time": 10, "concurrency": 5},
        queue={"VisibilityTimeout": 60},
    )
    watched = Watched(document, 15.0)
    watched.run()
    assert watched.times("worker") == [0.0, 0.0, 10.0]


def test_a_message_above_the_maximum_size_is_refused_and_lost() -> None:
    document = queue_design(size=2_000, queue={"MaximumMessageSize": 1_024})
    result = simulate(document, duration=10)
    assert result["nodes"]["orders"]["rejected"]["mean"] == 1
    assert result["flows"][0]["lost"]["mean"] == 1


def test_memory_follows_what_is_held_and_not_what_has_passed() -> None:
    document = queue_design(
        times=tuple(float(second) for second in range(5_000)), queue={"VisibilityTimeout": 43_200}
    )
    watched = Watched(document, 5_001.0)
    watched.run()
    queue = watched.world.node("orders", SqsQueue)
    assert len(queue._deadlines) < 100


def test_the_check_warns_of_a_visibility_timeout_below_the_work() -> None:
    document = queue_design(
        queue={"VisibilityTimeout": 30},
        consumer={"service_time": {"distribution": "exponential", "mean": 10}, "concurrency": 20},
    )
    assert [problem.code for problem in check(document)] == ["D302"]


def test_a_message_moved_to_a_dead_letter_queue_past_its_retention_expires_there_at_once() -> None:
    document = design(
        [
            node("p", "producer", arrivals=at(1)),
            node("q", "aws.sqs", MessageRetentionPeriod=600, VisibilityTimeout=80, delivery_latency=0),
            node("dead", "aws.sqs", MessageRetentionPeriod=60),
            node("c", "consumer", service_time=1, failure={"probability": 1}),
        ],
        ["p->q", "q->c", "q->dead:dead-letter"],
        edge_configs={"q->dead:dead-letter": {"maxReceiveCount": 1}},
        simulation={"duration": 100, "warmup": 0},
    )
    watched = Watched(document, 100)
    recording = watched.run()
    ledger = recording.ledgers["dead"]
    assert (ledger["accepted"], ledger["expired"], ledger["waiting"]) == (1, 1, 0)
    # the clock never ran backwards: nothing was inside for any time
    assert recording.nodes["dead"].areas["in_system"][-1] == 0.0


@pytest.mark.parametrize("outage", [False, True])
def test_work_that_ends_after_the_dead_lettering_deletes_nothing(outage: bool) -> None:
    # Received at 0, visible again and dead-lettered at 10, received there at once; the first work ends at 15
    # with a receipt that no longer counts, whatever number the other queue gave.
    result = simulate(
        design(
            [
                node("p", "producer", arrivals=at(0)),
                node("q", "aws.sqs", VisibilityTimeout=10),
                node("c", "consumer", instances=2, service_time=15),
                node("dead", "aws.sqs", VisibilityTimeout=60),
                node("r", "consumer", service_time=15),
            ],
            ["p->q", "q->c", "q->dead:dead-letter", "dead->r"],
            edge_configs={"q->dead:dead-letter": {"maxReceiveCount": 1}},
            faults=[{"kind": "outage", "node": "dead", "at": 5, "duration": 20}] if outage else [],
        ),
        duration=100,
        warmup=0,
    )
    ledgers = result["conservation"]["nodes"]
    assert result["conservation"]["ok"]
    assert (ledgers["q"]["dead_lettered"], ledgers["q"]["delivered"]) == (1, 0)
    assert ledgers["dead"]["delivered"] == (0 if outage else 1)
    law = result["littles_law"]["q"]
    assert (law["lambda_W"], law["L"]) == (pytest.approx(0.1), pytest.approx(0.1))


def test_the_dead_letter_queue_of_an_sqs_queue_is_an_sqs_queue() -> None:
    """Source: developer guide, *Using dead-letter queues*."""
    document = design(
        [node("p", "producer"), node("q", "aws.sqs"), node("c", "consumer"), node("other", "queue")],
        ["p->q", "q->c", "q->other:dead-letter"],
        edge_configs={"q->other:dead-letter": {"maxReceiveCount": 3}},
    )
    (problem,) = [one for one in check(document) if one.severity == "error"]
    assert (problem.code, problem.element, problem.path) == ("D283", "e2", "edges[2].to")
    with pytest.raises(InvalidDesign):
        simulate(document)


def test_workers_without_number_need_a_visibility_timeout() -> None:
    document = queue_design(queue={"VisibilityTimeout": 0}, consumer={"instances": None})
    (problem,) = check(document)
    assert (problem.code, problem.severity, problem.element) == ("D283", "error", "orders")
    assert check(queue_design(queue={"VisibilityTimeout": 0}, consumer={"instances": 2}))[0].code == "D302"
