"""Where a consumer of a stream begins (RabbitMQ, *Streams*): messages come at 0, 1, 2, ... seconds."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import check
from tests.simulator.designs import Watched, at, design, node
from tests.simulator.kinds.rabbitmq.queues import IDEAL, balanced, queued, strike


def streaming(reads: dict[str, Any], duration: float = 20, **rest: Any) -> Watched:
    document = design(
        [
            node("s", "producer", arrivals=at(*range(10))),
            node("q", "rabbitmq.queue", **{"x-queue-type": "stream", **IDEAL, **rest.pop("queue", {})}),
            node("c", "consumer", service_time=0.1),
        ],
        ["s->q", "q->c"],
        edge_configs={"q->c": {"prefetch": 10, "round_trip": 0, **reads}},
        **rest,
    )
    return Watched(document, duration)


def read(watched: Watched) -> list[int]:
    """Which messages were worked on, by their offset."""
    watched.run()
    balanced(watched)
    return [message.sequence - 1 for message in watched.served]


@pytest.mark.parametrize(
    ("offset", "first"),
    [
        ("first", 0),
        ("last", 4),
        ("next", 5),
        (2, 2),
        (7, 7),
        ({"timestamp": 2.5}, 3),
        ("3s", 2),
        (None, 0),
    ],
    ids=str,
)
def test_a_consumer_that_attaches_later_begins_at_its_offset(offset: Any, first: int):
    watched = streaming({"attach_at": 4.5, "x-stream-offset": offset})
    assert read(watched) == list(range(first, 10))
    assert watched.times("c")[0] == max(4.5, first)
    assert watched.world.nodes["q"].counts()["skipped"] == first


def test_what_a_consumer_skips_is_lost_to_its_flow():
    watched = streaming({"attach_at": 4.5, "x-stream-offset": "next"})
    read(watched)
    assert watched.world.flows[0].counts()["lost"] == 5


CRASH = [{"kind": "outage", "node": "c", "at": 5.5, "duration": 2}]


def test_without_an_offset_a_consumer_goes_on_where_it_was():
    assert read(streaming({}, faults=CRASH)) == list(range(10))


def test_with_first_everything_is_read_again_after_a_crash_and_counted_as_duplicates():
    watched = streaming({"x-stream-offset": "first"}, faults=CRASH)
    assert read(watched) == [0, 1, 2, 3, 4, 5, *range(10)]
    assert watched.world.nodes["c"].counts()["duplicates"] == 6


def test_with_next_a_crash_skips_what_came_meanwhile():
    watched = streaming({"x-stream-offset": "next"}, faults=CRASH)
    assert read(watched) == [0, 1, 2, 3, 4, 5, 8, 9]
    assert watched.world.nodes["q"].counts()["skipped"] == 2


def test_retention_decides_what_is_first():
    """Three seconds are kept: at 6.5 that is what came after 3.5."""
    watched = streaming({"attach_at": 6.5, "x-stream-offset": "first"}, queue={"x-max-age": "3s"})
    assert read(watched) == list(range(4, 10))
    kept = streaming({"attach_at": 6.5, "x-stream-offset": "first"}, queue={"x-max-length-bytes": 2 * 1024})
    assert read(kept) == list(range(5, 10))


def test_lost_connections_make_consumers_attach_again():
    watched = streaming({"x-stream-offset": 3})
    strike(watched, "broker-restart", at=5.5, duration=1)
    first = read(watched)
    assert first[:3] == [3, 4, 5]
    assert first[3:6] == [3, 4, 5]


def test_offsets_are_for_streams_only():
    document = queued(at(0), {}, {}, {"x-stream-offset": "first"})
    found = [(one.element, one.field) for one in check(document) if one.severity == "error"]
    assert found == [("e1", "config.x-stream-offset")]
