"""Faults injected into a running replication: they happen, and the run can be repeated to the bit."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

import pytest

from simulator import Document, simulate
from simulator.design.document import Fault
from simulator.experiments.injection import Injections, Wish
from simulator.graph.problem import Problem
from tests.simulator.designs import design, node

OUTAGE = {"kind": "outage", "node": "c", "duration": 3.0}


def line(broker: str = "queue", **simulation: Any) -> Document:
    return design(
        [
            node("p", "producer", arrivals={"process": "poisson", "rate": 200}),
            node("q", broker),
            node("c", "consumer", service_time={"distribution": "exponential", "mean": 0.004}),
        ],
        ["p->q", "q->c"],
        simulation={"duration": 40, "frame_interval": 1, **simulation},
    )


class Desk:
    """Wishes faults once the simulated time has come, and writes down what it is told."""

    def __init__(self, *wishes: tuple[float, dict[str, Any]], pause_at: float = inf) -> None:
        self.wishes = list(wishes)
        self.taken: list[tuple[Fault, Document, float]] = []
        self.refused: list[str] = []
        self.frames: list[dict[str, Any]] = []
        self.injections = Injections(self._on_taken, self._on_refused)

    def _on_taken(self, _wish: Wish, fault: Fault, document: Document, again_to: float) -> None:
        self.taken.append((fault, document, again_to))

    def _on_refused(self, _wish: Wish, problems: Sequence[Problem]) -> None:
        self.refused.append(problems[0].message)

    def control(self, now: float) -> float:
        while self.wishes and now >= self.wishes[0][0]:
            self.injections.put(Wish("w", self.wishes.pop(0)[1]))
        return min([inf, *(at for at, _ in self.wishes)])

    def simulate(self, document: Document, **options: Any) -> dict[str, Any]:
        return simulate(
            document,
            on_frame=self.frames.append,
            control=self.control,
            injections=self.injections,
            **options,
        )


@pytest.mark.parametrize(("broker", "is_rewound"), [("queue", True), ("aws.sqs", False)])
def test_the_design_with_the_injected_fault_gives_the_same_result_to_the_bit(
    broker: str, is_rewound: bool
) -> None:
    desk = Desk((10.0, OUTAGE))
    result = desk.simulate(line(broker))
    ((fault, document, again_to),) = desk.taken
    assert 10.0 < fault.at < 10.1
    assert (again_to > 0) == is_rewound
    assert result["faults"][0]["at"] == fault.at
    assert result == simulate(document)
    assert result == simulate(document, engine="events")
    assert result["design"]["digest"] == document.digest() != line(broker).digest()
    assert result != simulate(line(broker))


def test_frames_go_on_in_order_and_once_whether_or_not_it_was_begun_anew() -> None:
    desk = Desk((10.0, OUTAGE), (25.0, {"kind": "pause", "node": "c", "duration": 2.0}))
    desk.simulate(line())
    assert [frame["seq"] for frame in desk.frames] == list(range(1, 41))
    assert [frame["t"] for frame in desk.frames] == [float(second) for second in range(1, 41)]
    told = [event["text"] for frame in desk.frames for event in frame["events"]]
    assert told == ["c is out", "c is back", "c is paused", "c takes messages again"]
    repeated: list[dict[str, Any]] = []
    simulate(desk.taken[-1][1], on_frame=repeated.append)
    without_wall = [{**frame, "wall": 0} for frame in desk.frames]
    assert without_wall == [{**frame, "wall": 0} for frame in repeated]


@pytest.mark.parametrize(("broker", "is_rewound"), [("queue", True), ("aws.sqs", False)])
def test_a_change_of_load_can_be_repeated_to_the_bit(broker: str, is_rewound: bool) -> None:
    desk = Desk((10.0, {"kind": "set", "node": "p", "config": {"rate": 50}}))
    result = desk.simulate(line(broker))
    ((fault, document, again_to),) = desk.taken
    assert (again_to > 0) == is_rewound
    assert fault.config == {"rate": 50}
    assert result == simulate(document) == simulate(document, engine="events")
    # 200 a second for 10 s, 50 for 30 s, give or take four standard deviations.
    assert result["messages"] == pytest.approx(3_500, abs=240)


def test_later_replications_have_the_fault_too() -> None:
    desk = Desk((5.0, OUTAGE))
    result = desk.simulate(line(replications=3))
    assert result == simulate(desk.taken[0][1])


@pytest.mark.parametrize(
    ("wish", "part"),
    [
        ({"kind": "outage", "node": "x", "duration": 1.0}, "'x', which does not exist"),
        ({"kind": "outage", "node": "p", "duration": 1.0}, "has no outages"),
        ({"kind": "outage", "node": "c"}, "its duration is missing"),
        ({"kind": "flood", "node": "c", "duration": 1.0}, "knows no fault 'flood'"),
        ({"kind": "outage", "node": "c", "duration": "long"}, "expected a number"),
    ],
)
def test_what_cannot_happen_is_refused_and_nothing_happens(wish: dict[str, Any], part: str) -> None:
    desk = Desk((3.0, wish))
    result = desk.simulate(line(duration=10))
    (message,) = desk.refused
    assert part in message
    assert result == simulate(line(duration=10))


def test_a_fault_that_overlaps_one_that_is_on_is_refused() -> None:
    desk = Desk((10.0, OUTAGE), (11.0, OUTAGE))
    desk.simulate(line())
    assert len(desk.taken) == 1
    assert desk.refused[0].startswith("two faults of c overlap at 11")


def test_after_the_first_replication_nothing_is_taken() -> None:
    desk = Desk()
    desk.simulate(line(duration=5))
    desk.injections.put(Wish("late", OUTAGE))
    assert desk.refused[0].startswith("what is shown has come to its end")


def test_at_the_very_end_a_fault_comes_too_late() -> None:
    desk = Desk((5.0, OUTAGE))
    desk.simulate(line("aws.sqs", duration=5.0))
    assert not desk.taken
