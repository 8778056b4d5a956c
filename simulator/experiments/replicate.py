"""Independent replications of one design, one after the other or in several processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from simulator.design.document import Document
from simulator.experiments.replication import Clock, Control, OnFrame, Replication
from simulator.measurement.slices import Recording

OnProgress = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run.

    Args:
        document: the validated design.
        seed: the run's seed.
        duration: simulated seconds of each replication.
        warmup: fixed warm-up in simulated seconds, None when it is found afterwards.
    """

    document: Document
    seed: int
    duration: float
    warmup: float | None


def replicate(
    plan: Plan,
    numbers: range,
    *,
    jobs: int = 1,
    on_frame: OnFrame | None = None,
    control: Control | None = None,
    on_progress: OnProgress | None = None,
    clock: Clock | None = None,
) -> list[Recording]:
    """Run the replications with the given numbers; frames come from the first of all only.

    The recordings come in the order of the numbers and do not depend on `jobs`. With `control` stopping
    one, no further replication is begun.
    """
    if jobs > 1 and on_frame is None and control is None and len(numbers) > 1:
        return list(_in_processes(plan, numbers, jobs, on_progress))
    recordings = []
    for number in numbers:
        watched = _watched(plan, number, numbers, control, on_progress)
        replication = Replication(plan.document, plan.seed, number, plan.duration, plan.warmup)
        recording = replication.run(
            on_frame=on_frame if number == 0 else None,
            control=watched,
            clock=clock,
        )
        recordings.append(recording)
        if recording.stopped:
            break
    return recordings


def _watched(
    plan: Plan, number: int, numbers: range, control: Control | None, on_progress: OnProgress | None
) -> Control | None:
    """The control that also reports progress; it changes nothing in the simulated world."""
    if on_progress is None:
        return control

    def watched(now: float) -> float | None:
        on_progress(
            {
                "replication": number,
                "replications": numbers.stop,
                "t": now,
                "duration": plan.duration,
            }
        )
        return float("inf") if control is None else control(now)

    return watched


def _in_processes(
    plan: Plan, numbers: range, jobs: int, on_progress: OnProgress | None
) -> Iterator[Recording]:
    data = plan.document.to_data()
    # Fork from a threaded process may deadlock; spawn is the same on every platform.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=min(jobs, len(numbers)), mp_context=context) as pool:
        tasks = [pool.submit(_one, data, plan.seed, number, plan.duration, plan.warmup) for number in numbers]
        for number, task in zip(numbers, tasks, strict=True):
            recording = task.result()
            if on_progress is not None:
                on_progress(
                    {
                        "replication": number,
                        "replications": numbers.stop,
                        "t": plan.duration,
                        "duration": plan.duration,
                    }
                )
            yield recording


def _one(data: dict[str, Any], seed: int, number: int, duration: float, warmup: float | None) -> Recording:
    return Replication(Document.parse(data), seed, number, duration, warmup).run()
