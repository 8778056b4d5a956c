"""Credit flow, memory and disk alarms: how RabbitMQ holds publishers back, with exact times."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kinds.rabbitmq.queue import RabbitQueue
from tests.simulator.designs import Watched, at, design, node
from tests.simulator.kinds.rabbitmq.queues import IDEAL, balanced, figure, queued, run, strike


def ran(document: Any, duration: float, *faults: dict[str, Any]) -> tuple[Watched, RabbitQueue]:
    watched = Watched(document, duration)
    for fault in faults:
        strike(watched, **fault)
    watched.run()
    balanced(watched)
    queue = watched.world.nodes["q"]
    assert isinstance(queue, RabbitQueue)
    return watched, queue


# ------------------------------------------------------------------ credit


def test_a_channel_waits_when_its_credit_is_used_up_until_half_of_it_is_processed():
    """Four credits, two granted again (the broker's default is {400, 200}), a publish takes 1 s.

    The first message is taken at once, four more use the credit up; two are processed at 2 s, and so on.
    """
    document = queued(
        at(*[0] * 10), {"publish_time": 1, "credit_flow_default_credit": 4}, {}, {}, duration=50
    )
    _, queue = ran(document, 50)
    assert queue.accepted == 10
    assert queue.channels.blocks == 3
    assert queue.channels.blocked.integral(50) == 6.0


@pytest.mark.parametrize(("credit", "accepted"), [(4, 5), (0, 10)])
def test_without_flow_control_nothing_waits_in_the_sender(credit: int, accepted: int):
    document = queued(at(*[0] * 10), {"publish_time": 1, "credit_flow_default_credit": credit}, {}, {})
    _, queue = ran(document, 1)
    assert queue.accepted == accepted
    assert queue.waiting() + queue.in_flight() + queue.delivered == 10


def test_flow_control_lets_the_consumers_of_a_busy_queue_have_their_share():
    """Publish, delivery and acknowledgement take 1 ms each: 333 messages a second go through."""
    times = {"publish_time": 0.001, "deliver_time": 0.001, "acknowledge_time": 0.001}
    document = queued(
        {"process": "constant", "rate": 2_000}, times, {"service_time": 0}, {"prefetch": 10}, duration=20
    )
    result = run(document)
    assert figure(result, "throughput", "c") == pytest.approx(333, rel=0.03)
    assert result["nodes"]["q"]["blocked_publishers"]["mean"]["mean"] > 0.5


def test_a_quorum_queue_takes_thirty_two_uncommitted_publishes_of_a_channel():
    document = queued(at(*[0] * 100), {"x-queue-type": "quorum", "commit_latency": 1}, {}, {}, duration=50)
    for until, accepted in ((0.5, 32), (1.5, 64), (2.5, 96), (3.5, 100)):
        assert ran(document, until)[1].accepted == accepted


def test_a_stream_takes_two_hundred_and_fifty_six():
    document = design(
        [
            node("s", "producer", arrivals=at(*[0] * 300)),
            node("q", "rabbitmq.queue", **{"x-queue-type": "stream", "commit_latency": 1}),
            node("c", "consumer", service_time=0),
        ],
        ["s->q", "q->c"],
        edge_configs={"q->c": {"prefetch": 10}},
    )
    watched = Watched(document, 0.5)
    watched.run()
    assert balanced(watched)["q"]["accepted"] == 256


def test_a_channel_behind_an_exchange_waits_for_the_slowest_of_its_queues():
    document = design(
        [
            node("s", "producer", arrivals=at(*[0] * 40)),
            node("x", "rabbitmq.exchange", type="fanout"),
            node("fast", "rabbitmq.queue", **IDEAL),
            node("q", "rabbitmq.queue", **{**IDEAL, "x-queue-type": "quorum", "commit_latency": 1}),
        ],
        ["s->x", "x->fast", "x->q"],
    )
    watched = Watched(document, 0.5)
    watched.run()
    ledgers = balanced(watched)
    assert (ledgers["fast"]["accepted"], ledgers["q"]["accepted"], ledgers["x:e0"]["waiting"]) == (32, 32, 8)


# ------------------------------------------------------------------ alarms


@pytest.mark.parametrize("fault", ["memory-alarm", "disk-alarm"])
def test_an_alarm_blocks_publishers_until_it_is_over_while_consumers_go_on(fault: str):
    document = queued(at(0.5, 1, 1.5, 2.5, 3.5), {}, {"service_time": 1}, {}, duration=10)
    watched, queue = ran(document, 10, {"fault": fault, "at": 1.2, "duration": 1.8})
    assert watched.times("c") == [0.5, 1.5, 3, 4, 5]
    assert queue.channels.blocked.integral(10) == pytest.approx(1.8)


def test_an_alarm_at_one_queue_blocks_the_publishers_of_all():
    document = design(
        [
            node("s", "producer", arrivals=at(1, 2)),
            node("x", "rabbitmq.exchange", type="fanout"),
            node("q", "rabbitmq.queue", **IDEAL),
            node("other", "rabbitmq.queue", **IDEAL),
        ],
        ["s->x", "x->q"],
    )
    watched = Watched(document, 10)
    strike(watched, "memory-alarm", "other", at=1.5, duration=5)
    watched.run()
    exchange = watched.world.nodes["x"]
    assert exchange.levels()["blocked_publishers"].integral(10) == 5
    assert balanced(watched)["q"]["accepted"] == 2


BIG = {"s": {"arrivals": {"process": "constant", "rate": 20}, "size": 10_000_000}}


def big(queue: dict[str, Any], service_time: float, prefetch: int = 0) -> Any:
    return design(
        [
            node("s", "producer", **BIG["s"]),
            node("q", "rabbitmq.queue", **IDEAL, **queue),
            node("c", "consumer", service_time=service_time),
        ],
        ["s->q", "q->c"],
        edge_configs={"q->c": {"prefetch": prefetch, "round_trip": 0}},
    )


MEMORY = {"total_memory_available_override_value": 1_000_000_000}


def test_unacknowledged_messages_fill_the_memory_up_to_the_watermark():
    """600 MB less 123 MB of an idle node hold 47 messages of 10 MB; the memory is looked at every 2.5 s."""
    _, queue = ran(big(MEMORY, 1000), 30)
    assert queue.accepted == pytest.approx(50, abs=1)
    assert queue.channels.blocks == 1
    assert queue.channels.blocked.integral(30) == 27.5


def test_a_prefetch_keeps_a_long_classic_queue_on_disk():
    """Classic queues keep up to 2,048 messages at the head in memory: with large ones that is a lot."""
    _, queue = ran(big({**MEMORY, "x-queue-type": "quorum"}, 1000, 10), 30)
    assert queue.channels.blocked.integral(30) == 0.0


def test_the_alarm_is_over_when_the_consumers_have_caught_up():
    """100 messages at once, 60 ms each: 47 are left at 3.2 s, which is seen at 5; what came at 3 goes on."""
    document = design(
        [
            node("s", "producer", arrivals=at(*[0] * 100, 3), size=10_000_000),
            node("q", "rabbitmq.queue", **IDEAL, **MEMORY),
            node("c", "consumer", service_time=0.06),
        ],
        ["s->q", "q->c"],
        edge_configs={"q->c": {"round_trip": 0}},
    )
    for until, accepted in ((4.9, 100), (5.1, 101)):
        watched, queue = ran(document, until)
        assert queue.accepted == accepted
    told = [(time, text) for time, kind, _, text in watched.world.events if kind == "alarm"]
    assert told == [(2.5, "memory alarm: all publishers are blocked"), (5.0, "memory alarm is over")]


def test_a_full_disk_blocks_publishers_until_there_is_room():
    """1 GB less the limit of 50 MB: 95 messages of 10 MB; the disk is looked at after 10 s, then oftener."""
    _, queue = ran(big({"disk_space": 1_000_000_000}, 1000, 10), 30)
    assert queue.accepted == pytest.approx(200, abs=1)
    assert queue.channels.blocked.integral(30) == 20
