"""How messages leave a RabbitMQ queue without being done, and what outages leave of it."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document
from simulator.kinds.rabbitmq.envelope import Envelope
from tests.simulator.designs import Watched, at, design, node
from tests.simulator.kinds.rabbitmq.queues import IDEAL, figure, queued, run

# ------------------------------------------------------------------ the four deaths


@pytest.mark.parametrize(("on_failure", "deliveries"), [("reject", 3), ("close", 3), ("nack", None)])
def test_a_poison_message_is_given_up_when_it_failed_more_often_than_the_limit(
    on_failure: str, deliveries: int | None
):
    document = queued(
        at(0),
        {"x-queue-type": "quorum", "x-delivery-limit": 2},
        {"service_time": 1, "failure": {"probability": 1}},
        {"on_failure": on_failure},
    )
    result = run(document)
    expected = 100 if deliveries is None else deliveries
    assert figure(result, "failures", "c") == pytest.approx(expected, abs=1)
    assert figure(result, "dead_delivery_limit") == (deliveries is not None)
    assert result["conservation"]["nodes"]["dead"]["waiting"] == (deliveries is not None)


def test_the_delivery_limit_of_a_quorum_queue_is_twenty_when_nothing_is_said():
    document = queued(
        at(0), {"x-queue-type": "quorum"}, {"service_time": 1, "failure": {"probability": 1}}, {}
    )
    assert figure(run(document), "failures", "c") == 21


def test_work_that_is_rejected_without_requeue_is_a_dead_letter_at_once():
    document = queued(at(0), {}, {"service_time": 1, "failure": {"probability": 1}}, {"requeue": False})
    result = run(document)
    assert figure(result, "dead_rejected") == 1
    assert figure(result, "dead_lettered") == 1
    assert figure(result, "failures", "c") == 1


def limited(overflow: str, **queue: Any) -> dict[str, Any]:
    settings = {"x-overflow": overflow, "x-max-length": 3, **queue}
    # The consumer comes back too late to matter.
    faults = [{"kind": "pause", "node": "c", "at": 0, "duration": 99}]
    return run(
        queued(
            at(1, 2, 3, 4, 5, 6), settings, {"service_time": 1}, {"prefetch": 1}, faults=faults, duration=50
        )
    )


@pytest.mark.parametrize(
    ("overflow", "rejected", "dead_lettered"),
    [("drop-head", 0, 2), ("reject-publish", 2, 0), ("reject-publish-dlx", 0, 2)],
)
def test_a_full_queue_counts_ready_messages_and_loses_by_its_overflow(
    overflow: str, rejected: int, dead_lettered: int
):
    """One message is unacknowledged in the paused consumer's buffer and does not count."""
    result = limited(overflow)
    assert figure(result, "rejected") == rejected
    assert figure(result, "dead_maxlen") == dead_lettered
    assert result["conservation"]["nodes"]["q"]["waiting"] == 3
    assert result["conservation"]["nodes"]["q"]["in_flight"] == 1


def test_a_length_limit_in_bytes_counts_bodies():
    result = limited("drop-head", **{"x-max-length": 100, "x-max-length-bytes": 2048})
    assert result["conservation"]["nodes"]["q"]["waiting"] == 2


def expiring(first: int | None, second: int | None, ttl: int | None) -> dict[str, Any]:
    """Two messages with an expiration of their own; nobody reads."""
    document = design(
        [
            node("a", "producer", arrivals=at(0)),
            node("b", "producer", arrivals=at(0.5)),
            node("q", "rabbitmq.queue", **IDEAL, **({} if ttl is None else {"x-message-ttl": ttl})),
            node("dead", "rabbitmq.queue", **IDEAL),
            node("c", "consumer", service_time=0),
        ],
        ["a->q", "b->q", "q->dead", "dead->c"],
        edge_configs={
            "a->q": {} if first is None else {"expiration": first},
            "b->q": {} if second is None else {"expiration": second},
            "dead->c": {"round_trip": 0},
        },
        simulation={"duration": 20, "warmup": 0},
    )
    result = run(document)
    return {flow["from"]: flow["end_to_end_latency"]["max"]["mean"] for flow in result["flows"]}


def test_a_message_expires_at_the_head_only():
    assert expiring(10_000, 1_000, None) == {"a": 10.0, "b": 9.5}


def test_the_lower_of_both_times_to_live_counts():
    assert expiring(10_000, 1_000, 3_000) == {"a": 3.0, "b": 2.5}
    assert expiring(None, None, 1_000) == {"a": 1.0, "b": 1.0}


def test_a_circle_of_dead_letters_without_a_rejection_is_cut():
    document = design(
        [
            node("s", "producer", arrivals=at(0)),
            node("one", "rabbitmq.queue", **IDEAL, **{"x-message-ttl": 1000}),
            node("two", "rabbitmq.queue", **IDEAL, **{"x-message-ttl": 1000}),
            node("c", "consumer", service_time=1),
        ],
        ["s->one", "one->two", "two->one", "two->c"],
        simulation={"duration": 20, "warmup": 0},
        faults=[{"kind": "pause", "node": "c", "at": 0, "duration": 10}],
        edge_configs={"two->c": {"prefetch": 1}},
    )
    data = document.to_data()
    # One message is held by the paused consumer; the second one goes round.
    data["nodes"][0]["config"]["arrivals"]["times"] = [0, 0.5]
    result = run(Document.parse(data))
    assert figure(result, "dead_letter_cycles", "one") == 1


def test_a_retry_by_way_of_a_waiting_queue_goes_round_as_often_as_it_is_rejected():
    document = design(
        [
            node("s", "producer", arrivals=at(0)),
            node("work", "rabbitmq.queue", **IDEAL),
            node(
                "wait",
                "rabbitmq.queue",
                **IDEAL,
                **{"x-message-ttl": 1000, "x-dead-letter-routing-key": "work"},
            ),
            node("retry", "rabbitmq.exchange", type="direct"),
            node("c", "consumer", service_time=1, failure={"probability": 1}),
        ],
        ["s->work", "work->c", "work->wait", "wait->retry", "retry->work"],
        edge_configs={"work->c": {"requeue": False, "round_trip": 0}, "retry->work": {"routing_key": "work"}},
        simulation={"duration": 9.5, "warmup": 0},
    )
    result = run(document)
    assert figure(result, "failures", "c") == 5
    assert figure(result, "dead_letter_cycles", "work") == 0


@pytest.mark.parametrize(("type", "limit"), [("classic", {"x-max-priority": 5}), ("quorum", {})])
def test_a_higher_priority_is_delivered_first(type: str, limit: dict[str, int]):
    document = design(
        [
            node("low", "producer", arrivals=at(0, 0.1, 0.2), priority=1),
            node("high", "producer", arrivals=at(0.3), priority=9),
            node("q", "rabbitmq.queue", **IDEAL, **{"x-queue-type": type}, **limit),
            node("c", "consumer", service_time=1),
        ],
        ["low->q", "high->q", "q->c"],
        edge_configs={"q->c": {"prefetch": 1, "round_trip": 0}},
    )
    watched = Watched(document, 10)
    watched.run()
    assert [message.source for message in watched.served] == [0, 1, 0, 0]


# ------------------------------------------------------------------ confirms and outages


def confirmed(queue: dict[str, Any], publish: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return run(
        queued(
            {"process": "constant", "rate": 1000},
            queue,
            {"service_time": 0},
            {},
            edge_configs={"s->q": {"confirms": True, **publish}},
            **rest,
        )
    )


def test_a_window_of_one_confirm_publishes_once_in_a_round_trip():
    result = confirmed(
        {"fsync_latency": 0.003},
        {"confirm_window": 1, "confirm_round_trip": 0.002, "delivery_mode": 2},
        duration=10,
    )
    assert figure(result, "confirmed") == pytest.approx(2_000, abs=2)
    assert result["conservation"]["nodes"]["q"]["accepted"] == pytest.approx(2_001, abs=2)


def test_a_wider_window_hides_the_round_trip():
    result = confirmed(
        {"x-queue-type": "quorum", "commit_latency": 0.003}, {"confirm_window": 10}, duration=10
    )
    assert figure(result, "confirmed") == pytest.approx(10_000, abs=5)
    assert result["nodes"]["q"]["confirm_latency"]["p50"]["mean"] == pytest.approx(0.003, rel=0.01)


def test_a_refused_publish_is_answered_with_a_negative_confirm_although_the_other_queue_keeps_its_copy():
    document = design(
        [
            node("s", "producer", arrivals=at(1, 2)),
            node("x", "rabbitmq.exchange", type="fanout"),
            node("ok", "rabbitmq.queue"),
            node("full", "rabbitmq.queue", **{"x-max-length": 0, "x-overflow": "reject-publish"}),
            *[node(f"c-{id}", "consumer") for id in ("ok", "full")],
        ],
        ["s->x", "x->ok", "x->full", "ok->c-ok", "full->c-full"],
        edge_configs={"s->x": {"confirms": True}},
        simulation={"duration": 10, "warmup": 0},
    )
    result = run(document)
    assert figure(result, "nacked", "x") == 2
    assert result["conservation"]["nodes"]["ok"]["delivered"] == 2


def test_the_failure_of_a_leader_loses_nothing_that_was_confirmed():
    result = confirmed(
        {
            "x-queue-type": "quorum",
            "commit_latency": {"distribution": "exponential", "mean": 0.01},
            "election_time": 2,
        },
        {},
        faults=[{"kind": "outage", "node": "q", "at": 5.0005, "duration": 30}],
        duration=20,
    )
    ledger = result["conservation"]["nodes"]["q"]
    assert ledger["dropped"] > 0
    assert figure(result, "rejected") == pytest.approx(2_000, abs=2)
    assert figure(result, "nacked") == ledger["dropped"] + figure(result, "rejected")
    stored_or_done = ledger["delivered"] + ledger["waiting"] + ledger["in_flight"]
    assert figure(result, "confirmed") <= stored_or_done


def test_without_a_majority_a_quorum_queue_stays_away():
    result = confirmed(
        {"x-queue-type": "quorum", "members_down": 2, "election_time": 2},
        {},
        faults=[{"kind": "outage", "node": "q", "at": 5, "duration": 10}],
        duration=20,
    )
    assert figure(result, "rejected") == pytest.approx(10_000, abs=2)


@pytest.mark.parametrize(("durable", "mode", "lost"), [(True, 2, 0), (True, 1, 3), (False, 2, 3)])
def test_a_restart_keeps_persistent_messages_of_durable_classic_queues(durable: bool, mode: int, lost: int):
    document = queued(
        at(1, 2, 3),
        {"durable": durable},
        {"service_time": 1},
        {},
        edge_configs={"s->q": {"delivery_mode": mode}},
        faults=[
            {"kind": "outage", "node": "c", "at": 0.5, "duration": 20},
            {"kind": "outage", "node": "q", "at": 5, "duration": 5},
        ],
    )
    result = run(document)
    assert result["flows"][0]["lost"]["mean"] == lost
    assert result["flows"][0]["delivered"]["mean"] == 3 - lost


# ------------------------------------------------------------------ what is delivered at once


@pytest.mark.parametrize(
    ("queue", "times", "consume", "delivered", "dead"),
    [
        # RabbitMQ, *Time-To-Live*: with a time of 0 a message expires unless it can be delivered at once.
        ({"x-message-ttl": 0}, (1, 2), {"prefetch": 1}, 2, {}),
        ({"x-message-ttl": 0}, (1, 1.05), {"prefetch": 1}, 1, {"expired": 1}),
        ({"x-message-ttl": 0}, (1, 1.05), {"prefetch": 2}, 2, {}),
        # RabbitMQ, *Queue Length Limit*: ready messages count. What a consumer takes at once never is one.
        ({"x-max-length": 0}, (1, 2), {"prefetch": 1}, 2, {}),
        ({"x-max-length": 0}, (1, 1), {"prefetch": 1}, 1, {"maxlen": 1}),
        ({"x-max-length": 1}, (1, 1, 1), {"prefetch": 10}, 3, {}),
        ({"x-max-length": 1}, (1, 1, 1), {"prefetch": 1}, 2, {"maxlen": 1}),
        ({"x-max-length": 1, "x-overflow": "reject-publish"}, (1, 1, 1), {"prefetch": 10}, 3, {}),
        ({"x-max-length": 1, "x-overflow": "reject-publish"}, (1, 1, 1), {"prefetch": 1}, 2, {}),
        ({"x-max-length-bytes": 1024}, (1, 1, 1), {"prefetch": 10}, 3, {}),
        ({"x-max-length-bytes": 1024}, (1, 1, 1), {"prefetch": 1}, 2, {"maxlen": 1}),
    ],
)
@pytest.mark.parametrize("speed", [{}, IDEAL], ids=["with the times of a broker", "without time"])
def test_what_a_consumer_takes_at_once_neither_expires_nor_counts(
    speed: dict[str, Any],
    queue: dict[str, Any],
    times: tuple[float, ...],
    consume: dict[str, Any],
    delivered: int,
    dead: dict[str, int],
):
    document = design(
        [
            node("s", "producer", arrivals=at(*times)),
            node("q", "rabbitmq.queue", **speed, **queue),
            node("c", "consumer", concurrency=10, service_time=0.1),
        ],
        ["s->q", "q->c"],
        edge_configs={"q->c": consume},
        simulation={"duration": 10, "warmup": 0},
    )
    result = run(document)
    assert result["conservation"]["nodes"]["c"]["delivered"] == delivered
    found = {reason: figure(result, f"dead_{reason}") for reason in ("expired", "maxlen")}
    assert found == {"expired": 0, "maxlen": 0, **dead}


# ------------------------------------------------------------------ x-death

RECORDED_DEATHS: list[tuple[list[tuple[str, Any]], list[tuple[str, str, int]], dict[str, bool]]] = [
    # RabbitMQ, *Dead Letter Exchanges*: newest first; one entry for queue and reason, whose count grows.
    ([("a", "expired")], [("a", "expired", 1)], {"a": True, "b": False}),
    (
        [("a", "expired"), ("b", "maxlen")],
        [("b", "maxlen", 1), ("a", "expired", 1)],
        {"a": True, "b": True, "c": False},
    ),
    (
        [("a", "rejected"), ("b", "expired"), ("a", "rejected")],
        [("a", "rejected", 2), ("b", "expired", 1)],
        # It comes to a queue again: dropped unless it was rejected since, its last death there included.
        {"a": False, "b": False},
    ),
    (
        [("a", "rejected"), ("a", "expired")],
        [("a", "expired", 1), ("a", "rejected", 1)],
        {"a": True},
    ),
    (
        [("b", "expired"), ("a", "rejected"), ("c", "maxlen")],
        [("c", "maxlen", 1), ("a", "rejected", 1), ("b", "expired", 1)],
        {"c": True, "a": False, "b": False},
    ),
    (
        [("a", "delivery_limit")] * 3,
        [("a", "delivery_limit", 3)],
        {"a": True},
    ),
]


@pytest.mark.parametrize(("story", "deaths", "comes_round"), RECORDED_DEATHS)
def test_the_deaths_of_a_message_are_counted_and_decide_whether_it_may_come_again(
    story: list[tuple[str, Any]], deaths: list[tuple[str, str, int]], comes_round: dict[str, bool]
):
    envelope = Envelope("key", {"type": "pdf"}, expiration=500)
    for queue, reason in story:
        envelope = envelope.after_death(queue, reason, None)
    assert [tuple(death) for death in envelope.deaths] == deaths
    assert {queue: envelope.has_come_round(queue) for queue in comes_round} == comes_round
    assert (envelope.expiration, envelope.routing_key) == (None, "key")
    first = {"x-first-death-queue": story[0][0], "x-first-death-reason": story[0][1]}
    assert envelope.headers == {"type": "pdf", **first}


def test_dead_letters_are_sorted_by_the_reason_of_their_first_death():
    # A headers exchange for dead letters: all-with-x looks at x-first-death-reason.
    binding = {"arguments": {"x-match": "all-with-x", "x-first-death-reason": "expired"}}
    other = {"arguments": {"x-match": "all-with-x", "x-first-death-reason": "maxlen"}}
    document = design(
        [
            node("s", "producer", arrivals=at(1, 2, 3)),
            node("q", "rabbitmq.queue", **{"x-message-ttl": 5000, "x-max-length": 2}),
            node("x", "rabbitmq.exchange", type="headers"),
            node("late", "rabbitmq.queue"),
            node("full", "rabbitmq.queue"),
            node("c", "consumer", service_time=1),
        ],
        ["s->q", "q->x", "x->late", "x->full", "late->c", "full->c"],
        edge_configs={"x->late": binding, "x->full": other},
        simulation={"duration": 20, "warmup": 0},
    )
    result = run(document)
    ledgers = result["conservation"]["nodes"]
    assert (ledgers["late"]["accepted"], ledgers["full"]["accepted"]) == (2, 1)
