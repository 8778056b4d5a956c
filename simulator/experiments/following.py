"""Following some messages of a run: a pass of its first replication that writes down their ways."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from simulator.design.document import Document
from simulator.engine.trail import MOST_TRAILS, Trail, TrailRecorder
from simulator.errors import InvalidDesign
from simulator.experiments.options import RunOptions
from simulator.experiments.replication import Control, Replication
from simulator.graph.checks import readiness_problems
from simulator.measurement.slices import Recording


@dataclass(frozen=True, slots=True)
class Followed:
    """The ways of some messages.

    Args:
        stride: every how manieth message of each producer was followed, from its first.
        until: simulated time at which the pass ended, seconds.
        recording: what was measured meanwhile, the same as without following anybody.
    """

    document: Document
    seed: int
    trails: list[Trail]
    stride: int
    until: float
    recording: Recording


def follow_messages(
    document: Document,
    *,
    seed: int | None = None,
    duration: float | None = None,
    limit: int = MOST_TRAILS,
    most_events: float = inf,
    control: Control | None = None,
) -> Followed:
    """Run the first replication of the design and follow at most `limit` of its messages.

    The messages are those of a run with the same seed: they draw the same times and take the same ways.

    Args:
        seed, duration: of the run; None for those of the design.
        most_events: events after which the pass ends, if its duration is not over before.
        control: as of a run; None from it ends the pass.

    Raises:
        InvalidDesign: when the design or one of the numbers cannot be run.
    """
    problems = readiness_problems(document)
    if problems:
        raise InvalidDesign(problems)
    options = RunOptions.of(document, seed=seed, duration=duration, warmup=0.0)
    recorder = TrailRecorder(limit)
    replication = Replication(document, options.seed, 0, options.duration, None, recorder=recorder)
    env = replication.world.env

    def bounded(now: float) -> float | None:
        if env.events >= most_events:
            return None
        return inf if control is None else control(now)

    recording = replication.run(control=bounded)
    return Followed(document, options.seed, recorder.trails, recorder.stride, env.now, recording)
