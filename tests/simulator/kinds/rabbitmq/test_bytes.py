"""Bytes ready and unacknowledged in a queue, by hand.

Source of the terms: RabbitMQ documentation, *Monitoring* and the HTTP API (message_bytes_ready,
message_bytes_unacknowledged): bodies alone, those delivered and not acknowledged on their own.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import simulate
from simulator.measurement.level import Level, SizedLevel, shift
from tests.simulator.designs import Watched, at
from tests.simulator.kinds.rabbitmq.queues import queued, run

ONE_AT_A_TIME = {"service_time": 2.0}


def level(result: dict[str, Any], name: str) -> tuple[float, float]:
    found = result["nodes"]["q"][name]
    return found["mean"]["mean"], found["max"]["mean"]


@pytest.mark.parametrize(
    ("prefetch", "ready", "unacked"),
    [
        # Three messages of 1,024 bytes at 0 s, each worked on for 2 s, in a run of 10 s. With prefetch 1 two
        # wait for 2 s and one for 4 s; with prefetch 0 all are unacknowledged from the start.
        (1, (1024 * (2 + 4) / 10, 2048), (1024 * 6 / 10, 1024)),
        (0, (0, 1024), (1024 * (2 + 4 + 6) / 10, 3072)),
        (2, (1024 * 2 / 10, 1024), (1024 * (2 + 4 + 4) / 10, 2048)),
    ],
)
def test_bytes_over_time(prefetch: int, ready: tuple[float, float], unacked: tuple[float, float]):
    document = queued(at(0, 0, 0), {}, ONE_AT_A_TIME, {"prefetch": prefetch}, duration=10)
    result = run(document)
    assert level(result, "message_bytes_ready") == pytest.approx(ready)
    assert level(result, "message_bytes_unacknowledged") == pytest.approx(unacked)


def test_a_frame_and_the_inside_tell_the_bytes_of_the_moment():
    frames: list[dict[str, Any]] = []
    document = queued(at(0, 0, 0), {}, ONE_AT_A_TIME, {"prefetch": 1}, duration=10)
    simulate(document, on_frame=frames.append)
    at_one = next(frame for frame in frames if 1.0 <= frame["t"] < 2.0)["nodes"]["q"]
    assert (at_one["message_bytes_ready"], at_one["message_bytes_unacknowledged"]) == (2048, 1024)
    assert at_one["detail"]["message_bytes_ready"] == 2048


def test_the_bytes_of_a_dropped_expired_or_requeued_message_go_with_it():
    queue = {"x-max-length": 2, "x-message-ttl": 3000}
    failing = {"service_time": 9.0, "failure": {"probability": 1.0}}
    document = queued(at(0, 0, 0, 0), queue, failing, {"prefetch": 1}, duration=20)
    watched = Watched(document, 20)
    watched.run()
    running = watched.world.nodes["q"]
    held = running.levels()
    assert held["queue_length"].value == held["message_bytes_ready"].value / 1024
    assert held["in_flight"].value == held["message_bytes_unacknowledged"].value / 1024


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0.1, 1e6), st.floats(0.0, 10.0)), min_size=1, max_size=20))
def test_a_sized_level_is_a_level_of_things_and_one_of_their_sizes(sizes: list[tuple[float, float]]):
    sized, plain, area, now = SizedLevel(), Level(), 0.0, 0.0
    inside: list[float] = []
    for size, wait in sizes:
        area += sum(inside) * wait
        now += wait
        sized.enter(size, now)
        shift(plain, now, 1)
        inside.append(size)
        if len(inside) > 3:
            sized.leave(inside.pop(0), now)
            shift(plain, now, -1)
    assert (sized.value, sized.peak, sized.area) == (plain.value, plain.peak, plain.area)
    assert sized.bytes.value == pytest.approx(sum(inside))
    assert sized.bytes.integral(now) == pytest.approx(area)
    while inside:
        sized.leave(inside.pop(), now)
    assert sized.bytes.value == 0.0


def test_bytes_of_a_queue_that_grows_have_no_mean():
    document = queued(
        {"process": "constant", "rate": 10}, {}, {"service_time": 1.0}, {"prefetch": 1}, duration=400
    )
    found = simulate(document)["nodes"]["q"]
    assert found["queue_length"]["mean"]["steady_state"] is False
    assert found["message_bytes_ready"]["mean"]["steady_state"] is False
