"""Independent replications of one design, one after the other or in several processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass, replace
from typing import Any

from simulator.design.document import Document
from simulator.errors import HeadraceError
from simulator.experiments.executor import (
    Signals,
    Workers,
    WorkersDied,
    cluster_failures,
    has_cluster,
    open_workers,
)
from simulator.experiments.injection import Afresh, Injections, Rewind
from simulator.experiments.replication import Clock, Control, Engine, OnFrame, Replication
from simulator.measurement.slices import Recording

OnProgress = Callable[[dict[str, Any]], None]

#: Seconds between two looks at replications elsewhere: how fast a cancel is heard.
LOOK_EVERY = 0.1
#: Seconds a cancelled replication may take to stop before it is given up.
LONGEST_STOP = 1.0


ELSEWHERE = (
    "the replications of this run go on in several processes: only a run of one replication takes faults "
    "while it goes"
)
SHOWN = "what is shown has come to its end: a fault is injected while the first replication goes"
NOTHING_YET = "cancelled before anything was simulated: there is no result"


class Cancelled(HeadraceError):
    """Stopped so early that there is nothing to make a result of."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run.

    Args:
        document: the validated design.
        seed: the run's seed.
        duration: simulated seconds of each replication.
        warmup: fixed warm-up in simulated seconds, None when it is found afterwards.
        engine: how a replication advances.
    """

    document: Document
    seed: int
    duration: float
    warmup: float | None
    engine: Engine = "auto"


def replicate(
    plan: Plan,
    numbers: range,
    *,
    jobs: int = 1,
    on_frame: OnFrame | None = None,
    control: Control | None = None,
    on_progress: OnProgress | None = None,
    clock: Clock | None = None,
    injections: Injections | None = None,
) -> list[Recording]:
    """Run the replications with the given numbers; frames come from the first of all only.

    The recordings come in the order of the numbers and do not depend on `jobs`. With several jobs (or a
    cluster, see `simulator.experiments.executor`) the first replication runs here when somebody watches its
    frames, and the others elsewhere at the same time. With `control` stopping one, no further replication
    is begun, and what is under way elsewhere ends within a moment. Faults are injected into the first of
    all, and are part of those that begin after it.
    """
    elsewhere = [number for number in numbers if number != 0 or on_frame is None]
    if (jobs > 1 or has_cluster()) and elsewhere and len(numbers) > 1:
        if injections is not None:
            injections.close(ELSEWHERE)
        with open_workers(jobs if len(elsewhere) == len(numbers) else jobs - 1, len(elsewhere)) as workers:
            team = _Team(plan, elsewhere, workers, numbers.stop, control, on_progress)
            recordings = []
            if len(elsewhere) < len(numbers):
                watched = _watched(plan, 0, numbers, control, on_progress)
                first = Replication(plan.document, plan.seed, 0, plan.duration, plan.warmup, plan.engine)
                recording = first.run(on_frame=on_frame, control=watched, clock=clock)
                if recording.is_empty:
                    raise Cancelled(NOTHING_YET)
                recordings.append(recording)
            return recordings + team.collect(is_wanted=not (recordings and recordings[0].stopped))
    recordings = []
    for number in numbers:
        watched = _watched(plan, number, numbers, control, on_progress)
        if number == 0 and injections is not None:
            recording = _open_to_faults(plan, injections, on_frame, watched, clock)
            plan = replace(plan, document=injections.document or plan.document)
        else:
            replication = Replication(
                plan.document, plan.seed, number, plan.duration, plan.warmup, plan.engine
            )
            recording = replication.run(
                on_frame=on_frame if number == 0 else None, control=watched, clock=clock
            )
        if recording.is_empty:
            if recordings:
                recordings[-1].stopped = recording.stopped
            elif numbers.start == 0:
                raise Cancelled(NOTHING_YET)
            break
        recordings.append(recording)
        if recording.stopped:
            break
    return recordings


def _open_to_faults(
    plan: Plan,
    injections: Injections,
    on_frame: OnFrame | None,
    control: Control | None,
    clock: Clock | None,
) -> Recording:
    """The first replication, begun anew whenever an injected fault asks for it."""
    shown = Afresh(on_frame) if on_frame is not None else None
    while True:
        document = injections.document or plan.document
        replication = Replication(document, plan.seed, 0, plan.duration, plan.warmup, plan.engine)
        try:
            recording = replication.run(on_frame=shown, control=control, clock=clock, injections=injections)
        except Rewind:
            continue
        injections.close(SHOWN)
        return recording


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


class _Team:
    """Replications at work elsewhere."""

    def __init__(
        self,
        plan: Plan,
        numbers: Sequence[int],
        workers: Workers,
        total: int,
        control: Control | None,
        on_progress: OnProgress | None,
    ) -> None:
        self.plan = plan
        self.workers = workers
        self.total = total
        self.control = control
        self.on_progress = on_progress
        data = plan.document.to_data()
        self.tasks: list[Future[Recording]] = [
            workers.executor.submit(
                _one, data, plan.seed, number, plan.duration, plan.warmup, plan.engine, workers.signals, slot
            )
            for slot, number in enumerate(numbers)
        ]

    def collect(self, *, is_wanted: bool) -> list[Recording]:
        """Wait for all, or for the moment in which they are stopped; recordings in order.

        After a stop only those count that had got somewhere: an unbroken row from the first on, so that
        the result does not depend on which process was faster.
        """
        if not is_wanted:
            self.workers.cancel()
            return []
        is_cancelled = False
        open_tasks = set(self.tasks)
        while open_tasks and not is_cancelled:
            done, open_tasks = wait(open_tasks, timeout=LOOK_EVERY, return_when=FIRST_COMPLETED)
            for task in done:
                if task.exception() is not None:
                    self.workers.cancel()
            now = self._report()
            is_cancelled = self.control is not None and self.control(now) is None
        if not is_cancelled:
            return [self._answer(task) for task in self.tasks]
        self.workers.cancel()
        for task in self.tasks:
            task.cancel()
        recordings: list[Recording] = []
        for task in self.tasks:
            if task.cancelled():
                break
            if task not in wait([task], timeout=LONGEST_STOP).done:
                break
            recording = task.result()
            if len(recording.boundaries) < 2:
                break  # stopped before anything had happened
            recordings.append(recording)
        if not recordings and self.total == len(self.tasks):
            raise Cancelled(NOTHING_YET)
        for recording in recordings[-1:]:
            recording.stopped = recording.stopped or "cancelled"
        return recordings

    @staticmethod
    def _answer(task: Future[Recording]) -> Recording:
        failures: tuple[type[Exception], ...] = (BrokenExecutor, *cluster_failures())
        try:
            return task.result()
        except failures as error:
            raise WorkersDied(
                "a worker process died in the middle of its replication: is there enough memory? Fewer "
                "processes (--jobs) need less of it"
            ) from error

    def _report(self) -> float:
        """Tell how far everything is; returns the simulated time of the replication that is furthest."""
        finished = sum(task.done() for task in self.tasks)
        duration = self.plan.duration
        under_way = [
            time
            for time, task in zip(self.workers.times, self.tasks, strict=False)
            if not task.done() and time > 0.0
        ]
        before = self.total - len(self.tasks)
        share = sum(under_way) / duration
        if self.on_progress is not None:
            number = min(self.total - 1, before + finished + int(share))
            self.on_progress(
                {
                    "replication": number,
                    "replications": self.total,
                    "t": duration * min(1.0, before + finished + share - number),
                    "duration": duration,
                }
            )
        return max(under_way, default=duration)


def _one(
    data: dict[str, Any],
    seed: int,
    number: int,
    duration: float,
    warmup: float | None,
    engine: Engine,
    signals: Signals,
    slot: int,
) -> Recording:
    replication = Replication(Document.parse(data), seed, number, duration, warmup, engine)
    return replication.run(control=signals.control(slot))
