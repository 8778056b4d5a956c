"""The textbook queue beyond first in, first out, as worked examples with exact times.

Sources of the rules: Gross, Shortle, Thompson & Harris, *Fundamentals of Queueing Theory*, 4th ed. 2008,
1.3 (disciplines, capacity) and 3.4 (priorities); Jaiswal, *Priority Queues*, 1968 (preemptive resume).
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, InvalidDesign, simulate
from tests.simulator.designs import Watched, at, design, node


def served(
    queue: dict[str, Any], arrivals: list[tuple[float, int]], service: float = 5, **consumer: Any
) -> Any:
    """Which message (by its arrival time) begins its service when, one producer for each priority."""
    priorities = sorted({priority for _, priority in arrivals})
    document = design(
        [
            *(
                node(
                    f"p{priority}",
                    "producer",
                    arrivals=at(*(time for time, own in arrivals if own == priority)),
                    priority=priority,
                )
                for priority in priorities
            ),
            node("q", "queue", **queue),
            node("c", "consumer", service_time=service, **consumer),
        ],
        [*(f"p{priority}->q" for priority in priorities), "q->c"],
    )
    watched = Watched(document, 1000.0)
    recording = watched.run()
    ledger = recording.ledgers["q"]
    assert ledger["accepted"] == sum(value for term, value in ledger.items() if term != "accepted")
    return watched, ledger


@pytest.mark.parametrize(
    ("discipline", "order"),
    [
        ("fifo", [0, 1, 2, 3, 4]),
        ("lifo", [0, 4, 3, 2, 1]),
        ("priority", [0, 2, 4, 1, 3]),
    ],
)
def test_the_discipline_decides_which_waiting_message_is_served_next(
    discipline: str, order: list[int]
) -> None:
    arrivals = [(0.0, 0), (1.0, 0), (2.0, 9), (3.0, 0), (4.0, 9)]
    watched, _ = served({"discipline": discipline}, arrivals)
    assert [message.created for message in watched.served] == order
    assert watched.times("c") == [0, 5, 10, 15, 20]


def test_a_more_urgent_message_interrupts_and_the_interrupted_one_goes_on() -> None:
    queue = {"discipline": "priority", "preemption": "resume"}
    document = design(
        [
            node("low", "producer", arrivals=at(0), priority=1),
            node("high", "producer", arrivals=at(2), priority=2),
            node("q", "queue", **queue),
            node("c", "consumer", service_time=5),
        ],
        ["low->q", "high->q", "q->c"],
    )
    result = simulate(document, duration=100, warmup=0)
    flows = {flow["from"]: flow["end_to_end_latency"]["mean"]["mean"] for flow in result["flows"]}
    assert flows == {"low": 10.0, "high": 5.0}
    assert result["nodes"]["q"]["waiting_time"]["max"]["mean"] == 0.0
    assert result["nodes"]["q"]["receives_per_message"]["mean"] == 1.0
    assert result["nodes"]["c"]["service_time"]["max"]["mean"] == 5.0
    assert result["nodes"]["c"]["utilization"]["mean"] == pytest.approx(0.1)


def test_equals_do_not_interrupt_each_other() -> None:
    queue = {"discipline": "priority", "preemption": "resume"}
    watched, _ = served(queue, [(0.0, 1), (2.0, 1)])
    assert watched.times("c") == [0, 5]


def test_with_several_servers_the_least_urgent_service_is_interrupted() -> None:
    queue = {"discipline": "priority", "preemption": "resume"}
    watched, ledger = served(queue, [(0.0, 2), (1.0, 1), (2.0, 3)], instances=2)
    # The message of 1 s gives way at 2 s with 4 s to go and resumes at 5 s, when the first server is free.
    assert watched.times("c") == [0, 1, 2]
    assert ledger["delivered"] == 3
    assert watched.world.env.now == 1000.0


def test_a_message_that_has_waited_its_time_to_live_expires_at_that_moment() -> None:
    document = design(
        [
            node("p", "producer", arrivals=at(0, 1, 2)),
            node("q", "queue", ttl=3),
            node("c", "consumer", service_time=5),
        ],
        ["p->q", "q->c"],
    )
    result = simulate(document, duration=10, warmup=0)
    # The second waits from 1 to 4, the third from 2 to 5 and expires as the server becomes free.
    assert (
        result["conservation"]["nodes"]["q"]["expired"] + result["conservation"]["nodes"]["q"]["delivered"]
        == 3
    )
    assert result["nodes"]["q"]["queue_length"]["mean"]["mean"] == pytest.approx(0.6)
    assert result["flows"][0]["lost"]["mean"] == result["conservation"]["nodes"]["q"]["expired"]


def test_a_service_that_has_begun_does_not_expire_and_a_failed_message_keeps_its_age() -> None:
    document = design(
        [
            node("p", "producer", arrivals=at(0)),
            node("q", "queue", ttl=12),
            node("c", "consumer", service_time=5, failure={"probability": 1}),
        ],
        ["p->q", "q->c"],
    )
    watched = Watched(document, 100.0)
    recording = watched.run()
    assert watched.times("c") == [0, 5, 10]
    assert recording.ledgers["q"]["expired"] == 1


def test_round_robin_deals_to_the_servers_in_turn_even_when_another_is_idle() -> None:
    watched, _ = served(
        {"dispatch": "round-robin"}, [(0.0, 0), (1.0, 0), (2.0, 0), (3.0, 0)], 10, instances=2
    )
    assert watched.times("c") == [0, 1, 10, 11]
    short, _ = served({"dispatch": "round-robin"}, [(0.0, 0), (1.0, 0), (12.0, 0)], 10, instances=3)
    assert short.times("c") == [0, 1, 12]


def test_a_random_dispatch_uses_every_server() -> None:
    watched, ledger = served({"dispatch": "random"}, [(float(t), 0) for t in range(100)], 0.5, instances=4)
    assert ledger["delivered"] == 100
    assert watched.times("c") == [float(t) for t in range(100)]


@pytest.mark.parametrize(
    ("discipline", "order"), [("fifo", [0, 2, 3]), ("lifo", [0, 3, 2]), ("priority", [0, 2, 3])]
)
def test_a_full_line_of_any_discipline_drops_the_one_accepted_first(
    discipline: str, order: list[int]
) -> None:
    queue = {"discipline": discipline, "capacity": 2, "overflow": "drop-oldest", "ttl": 900}
    watched, ledger = served(queue, [(0.0, 0), (1.0, 0), (2.0, 0), (3.0, 0)])
    assert [message.created for message in watched.served] == order
    assert ledger["dropped"] == 1


def test_a_bounded_line_of_any_discipline_refuses() -> None:
    watched, _ = served({"discipline": "lifo", "capacity": 1}, [(0.0, 0), (1.0, 0), (2.0, 0)])
    assert [message.created for message in watched.served] == [0, 1]
    assert watched.world.nodes["q"].rejected == 1


@pytest.mark.parametrize(
    ("queue", "words"),
    [
        ({"preemption": "resume"}, "needs the discipline priority"),
        (
            {"preemption": "resume", "discipline": "priority", "dispatch": "random"},
            "needs the dispatch shared",
        ),
        ({"discipline": "random"}, "fifo"),
        ({"ttl": -1}, ""),
    ],
)
def test_settings_that_mean_nothing_are_refused_with_their_place(queue: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidDesign) as refused:
        design([node("p", "producer"), node("q", "queue", **queue), node("c", "consumer")], ["p->q", "q->c"])
    problem = refused.value.problems[0]
    assert problem.path.startswith("nodes[1].config")
    assert words in f"{problem.message} {problem.hint}"


@pytest.mark.parametrize(
    ("queue", "consumer", "field"),
    [
        ({"preemption": "resume", "discipline": "priority"}, {"batch": {}}, "batch"),
        ({"preemption": "resume", "discipline": "priority"}, {"setup_after_idle": 1}, "setup_after_idle"),
        ({"preemption": "resume", "discipline": "priority"}, {"poll_interval": 1}, "poll_interval"),
        ({"dispatch": "round-robin"}, {"instances": None}, "instances"),
        ({"dispatch": "random"}, {"poll_interval": 1}, "poll_interval"),
    ],
)
def test_a_consumer_that_does_not_go_with_its_queue_keeps_the_design_from_running(
    queue: dict[str, Any], consumer: dict[str, Any], field: str
) -> None:
    document = design(
        [node("p", "producer"), node("q", "queue", **queue), node("c", "consumer", **consumer)],
        ["p->q", "q->c"],
    )
    with pytest.raises(InvalidDesign) as refused:
        simulate(document)
    assert [(problem.code, problem.path) for problem in refused.value.problems] == [
        ("D283", f"nodes[2].config.{field}")
    ]


def test_memory_of_a_lifo_line_with_expiry_follows_what_waits() -> None:
    document = design(
        [
            node("p", "producer", arrivals={"process": "constant", "rate": 100}),
            node("q", "queue", discipline="lifo", ttl=1),
            node("c", "consumer", service_time=0.02),
        ],
        ["p->q", "q->c"],
    )
    watched = Watched(Document.parse(document.to_data()), 200.0)
    watched.run()
    line = watched.world.nodes["q"]
    assert line.waiting() < 100
    assert len(line._store._line) <= 2 * 101 + 64  # type: ignore[attr-defined]
    assert len(line._deadlines) <= 2 * 101 + 64  # type: ignore[attr-defined]
