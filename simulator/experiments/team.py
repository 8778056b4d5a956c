"""Replications at work in other processes, or on a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from typing import Any

from simulator.design.document import Document
from simulator.experiments.executor import Signals, Workers, WorkersDied, cluster_failures
from simulator.experiments.plan import NOTHING_YET, Cancelled, OnProgress, Plan
from simulator.experiments.replication import Control, Engine, Replication
from simulator.measurement.slices import Recording

#: Seconds between two looks at replications elsewhere: how fast a cancel is heard.
LOOK_EVERY = 0.1
#: Seconds a cancelled replication may take to stop before it is given up.
LONGEST_STOP = 1.0


class Team:
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
