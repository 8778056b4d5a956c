"""Activities and SimPy's own processes on one clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simulator import simulate
from simulator.engine.environment import Activity, SimulationEnvironment
from tests.simulator.designs import design, node


class Ticker(Activity):
    __slots__ = ("every", "log", "name")

    def __init__(self, name: str, every: float, log: list[tuple[float, str]]) -> None:
        self.name, self.every, self.log = name, every, log

    def occur(self, now: float) -> float:
        self.log.append((now, self.name))
        return now + self.every


def test_activities_and_processes_take_turns_in_the_order_they_were_scheduled() -> None:
    env = SimulationEnvironment()
    log: list[tuple[float, str]] = []
    env.at(1.0, Ticker("activity", 2.0, log))

    def process() -> Iterator[Any]:
        while True:
            yield env.timeout(1.0)
            log.append((env.now, "process"))

    env.process(process())  # type: ignore[arg-type]
    assert env.advance(3.0, 1000)
    assert log == [(1.0, "activity"), (1.0, "process"), (2.0, "process"), (3.0, "activity"), (3.0, "process")]
    assert env.now == 3.0


def test_a_process_that_an_activity_starts_runs_at_the_same_instant() -> None:
    env = SimulationEnvironment()
    log: list[tuple[float, str]] = []

    class Starter(Activity):
        __slots__ = ()

        def occur(self, now: float) -> float | None:
            env.process(child())  # type: ignore[arg-type]
            return now + 5.0 if now < 5.0 else None

    def child() -> Iterator[Any]:
        log.append((env.now, "child"))
        yield env.timeout(1.0)
        log.append((env.now, "grown"))

    env.at(1.0, Starter())
    env.advance(100.0, 1000)
    assert log == [(1.0, "child"), (2.0, "grown"), (6.0, "child"), (7.0, "grown")]


def test_a_budget_ends_the_stretch_without_losing_anything() -> None:
    env = SimulationEnvironment()
    log: list[tuple[float, str]] = []
    env.at(0.0, Ticker("t", 1.0, log))
    assert not env.advance(10.0, 4)
    assert env.advance(10.0, 1000)
    assert [time for time, _ in log] == [float(k) for k in range(11)]
    assert env.events == 11


def test_a_failed_process_stops_the_run_at_its_time() -> None:
    env = SimulationEnvironment()

    def process() -> Iterator[Any]:
        yield env.timeout(2.0)
        raise KeyError("lost")

    env.process(process())  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        env.advance(10.0, 1000)
    assert env.now == 2.0


def test_a_loop_that_takes_no_time_ends_with_a_reason() -> None:
    document = design(
        [
            node("p", "producer", arrivals={"process": "trace", "times": [1.0]}),
            node("q", "queue"),
            node("c", "consumer", service_time=0, failure={"probability": 1.0}),
        ],
        ["p->q", "q->c"],
    )
    result = simulate(document, duration=10)
    assert "without time passing" in result["stopped"]
    assert result["conservation"]["ok"]


def test_a_heavy_load_shows_frames_before_their_simulated_time_has_come() -> None:
    document = design(
        [
            node("p", "producer", arrivals={"process": "poisson", "rate": 1_000_000}),
            node("q", "queue"),
            node(
                "c", "consumer", instances=1000, service_time={"distribution": "exponential", "mean": 0.0005}
            ),
        ],
        ["p->q", "q->c"],
        simulation={"duration": 1000},
    )
    frames: list[dict[str, Any]] = []
    wall = iter(range(10_000))

    def clock() -> float:
        return next(wall) * 0.3

    result = simulate(
        document,
        on_frame=frames.append,
        clock=clock,
        control=lambda _: None if len(frames) >= 3 else float("inf"),
    )
    assert result["stopped"] == "cancelled"
    assert [frame["seq"] for frame in frames] == [1, 2, 3, 4]
    assert 0 < frames[0]["t"] < frames[1]["t"] < 1.0
