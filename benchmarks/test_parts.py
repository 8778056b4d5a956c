"""How long the parts of the engine take, each by itself.

    python -m pip install -e '.[bench]'
    make bench-parts                                    (OPTIONS='--benchmark-autosave' keeps the figures)
    make bench-parts OPTIONS=--benchmark-compare        (beside the last that were kept)

Every part also says whether it did its work; a fast part that does something else is none.
"""

# mypy: disable-error-code="import-not-found,no-untyped-call"

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.contestants import WORKLOADS, design
from simulator.design.distributions import Exponential
from simulator.design.document import Document
from simulator.engine.environment import Activity, SimulationEnvironment
from simulator.engine.message_draws import Blocks, ManyByMessage
from simulator.engine.random_streams import RandomStreams
from simulator.experiments.replication import Engine, Replication, build_world
from simulator.kinds.kafka.partitioner import murmur2
from simulator.measurement.frame import FrameMaker
from simulator.measurement.level import Level
from simulator.measurement.tally import Samples, Tally

MESSAGES = 20_000


def document(workload: str) -> Document:
    """A workload of the comparison with other simulators, shorter."""
    return Document.parse(design(WORKLOADS[workload], MESSAGES))


class Ticks(Activity):
    """Occurs every second, as one of many."""

    __slots__ = ()

    def occur(self, now: float) -> float:
        return now + 1.0


def test_heap(benchmark: BenchmarkFixture) -> None:
    """10,000 entries of the future among 1,000."""

    def ready() -> tuple[tuple[SimulationEnvironment], dict[str, Any]]:
        env = SimulationEnvironment()
        for number in range(1_000):
            env.at(number / 1_000, Ticks())
        return (env,), {}

    def advance(env: SimulationEnvironment) -> int:
        env.advance(9.9995, 10**9)
        return env.events

    assert benchmark.pedantic(advance, setup=ready, rounds=20) == 10_000


@pytest.mark.parametrize("engine", ["events", "auto"])
@pytest.mark.parametrize("workload", ["W1", "W2", "W3"])
def test_replication(benchmark: BenchmarkFixture, workload: str, engine: Engine) -> None:
    """20,000 messages through a workload, by events and by recursion."""
    made = document(workload)
    duration = made.simulation.duration

    def run() -> int:
        return Replication(made, 1, 0, duration, 0.0, engine).run().messages

    assert benchmark.pedantic(run, rounds=5, warmup_rounds=1) == MESSAGES


@pytest.mark.parametrize("workload", ["W1", "W2", "W3"])
def test_building_a_world(benchmark: BenchmarkFixture, workload: str) -> None:
    """From a design to the first event, stages included."""
    made = document(workload)
    world = benchmark(lambda: build_world(made, 1, 0, made.simulation.duration, "auto"))
    assert world.recursion is not None


def test_reading_a_design(benchmark: BenchmarkFixture) -> None:
    """Ten nodes, when the validators are there already."""
    data = design(WORKLOADS["W2"], MESSAGES)
    assert len(benchmark(lambda: Document.parse(data)).nodes) == 10


def test_frame(benchmark: BenchmarkFixture) -> None:
    """One frame of a run that has come to its tenth second."""
    made = document("W3")
    world = build_world(made, 1, 0, made.simulation.duration)
    maker = FrameMaker(world, world.flows, made.simulation.duration)
    world.env.advance(10.0, 10**9)
    assert benchmark(lambda: maker.make(10.0, 0.0))["nodes"]["log"]["backlog"] >= 0


def test_replaying_a_level(benchmark: BenchmarkFixture) -> None:
    """5,000 changes."""
    times = np.sort(np.random.default_rng(1).random(5_000))

    def replay() -> int:
        level = Level()
        level.replay(times[::2], times[1::2])
        return level.peak

    assert benchmark(replay) == 1


def test_absorbing_samples(benchmark: BenchmarkFixture) -> None:
    """50,000 waiting times."""
    samples = Samples(np.random.default_rng(1).exponential(size=50_000))

    def absorb() -> int:
        tally = Tally()
        tally.extend(samples, slice(0, 50_000))
        return tally.end_slice().count

    assert benchmark(absorb) == 50_000


def test_draws_of_messages(benchmark: BenchmarkFixture) -> None:
    """Service times of 10,000 messages in a row."""
    sequences = np.arange(1, 10_001)
    sources = np.zeros(10_000, dtype=np.int64)

    def draw() -> float:
        blocks = Blocks(Exponential(mean=1.0), RandomStreams(1, 0), "c", "service", ["p"])
        return float(ManyByMessage(blocks, 1)(sources, sequences).mean())

    assert benchmark(draw) == pytest.approx(1.0, abs=0.05)


def test_hashing_a_key(benchmark: BenchmarkFixture) -> None:
    """The partitioner's hash of a short key."""
    assert benchmark(murmur2, b"21") - 2**32 == -973932308  # `UtilsTest` of Kafka
