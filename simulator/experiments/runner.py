"""Many tasks of an experiment, here or elsewhere: answers in order, progress, one stop for all of them.

A task is some replications of one design and what is to be measured of them. Its answer depends on the task
alone, so that any number of processes gives the same bits. A worker process that dies costs its tasks a
second try and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from types import TracebackType
from typing import Any, Self

from simulator.design.document import Document
from simulator.experiments.executor import (
    Signals,
    Workers,
    WorkersDied,
    cluster_failures,
    open_workers,
)
from simulator.experiments.plan import has_cluster
from simulator.experiments.replication import Control, Engine, Replication
from simulator.measurement.slices import Recording

#: Seconds between two looks at tasks elsewhere: how fast a stop is heard.
LOOK_EVERY = 0.1
#: Seconds a stopped task may take to end before it is given up.
LONGEST_STOP = 1.0
#: Tasks handed to the workers at a time.
WINDOW = 256
#: Times in a row that workers may die without any task coming to its end.
MOST_DEATHS = 3

IsStopped = Callable[[], bool]
#: Told the share (0 to 1) of the tasks of one call of `Runner.run` that is done.
OnShare = Callable[[float], None]
#: Told the position of a task and its answer, as they come.
OnAnswer = Callable[[int, Any], None]


@dataclass(frozen=True, slots=True)
class Task:
    """Some replications of one design.

    Args:
        design: canonical JSON of the document (see `design_text`).
        numbers: of the replications.
        duration, warmup: simulated seconds; None for a warm-up that is found afterwards.
        measure: makes the answer, in the worker; a function of a module.
    """

    design: str
    seed: int
    numbers: tuple[int, ...]
    duration: float
    warmup: float | None
    measure: Callable[[Document, list[Recording], Task], Any]
    engine: Engine = "auto"


def design_text(document: Document) -> str:
    """A document as text for a task: what was set, and equal for equal documents."""
    return json.dumps(document.to_data(), separators=(",", ":"))


@lru_cache(maxsize=32)
def _document(text: str) -> Document:
    return Document.parse(json.loads(text))


def recordings(_document: Document, made: list[Recording], _task: Task) -> list[Recording]:
    """The measure that leaves everything as it was recorded."""
    return made


class Runner:
    """Carries out tasks in this process, in processes of its own, or on the configured cluster.

    Args:
        jobs: processes; 1 stays in this one.
        is_stopped: asked several times a second.
    """

    def __init__(self, jobs: int = 1, is_stopped: IsStopped = lambda: False) -> None:
        self.jobs = jobs
        self.is_stopped = is_stopped
        self._workers: Workers | None = None
        self._open = ExitStack()
        self._deaths = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._close()

    def run(
        self, tasks: Sequence[Task], on_share: OnShare | None = None, on_answer: OnAnswer | None = None
    ) -> list[Any]:
        """The answers in the order of the tasks; None where a stop came before.

        Raises:
            WorkersDied: when workers die without any progress.
        """
        if self.jobs > 1 or has_cluster():
            return self._elsewhere(tasks, on_share, on_answer)
        return self._here(tasks, on_share, on_answer)

    # -- in this process -------------------------------------------------------------------------
    def _here(self, tasks: Sequence[Task], on_share: OnShare | None, on_answer: OnAnswer | None) -> list[Any]:
        answers: list[Any] = [None] * len(tasks)
        for position, task in enumerate(tasks):
            span = task.duration * len(task.numbers)

            def control(now: float, position: int = position, span: float = span) -> float | None:
                if on_share is not None:
                    on_share((position + min(1.0, now / span)) / len(tasks))
                return None if self.is_stopped() else inf

            answers[position] = carry_out(task, control)
            if answers[position] is None:
                break
            if on_answer is not None:
                on_answer(position, answers[position])
        return answers

    # -- elsewhere -------------------------------------------------------------------------------
    def _elsewhere(
        self, tasks: Sequence[Task], on_share: OnShare | None, on_answer: OnAnswer | None
    ) -> list[Any]:
        answers: list[Any] = [None] * len(tasks)
        waiting = list(range(len(tasks)))[::-1]
        slots = list(range(WINDOW))
        running: dict[Future[Any], tuple[int, int]] = {}
        done = 0
        while waiting or running:
            workers = self._workers or self._start()
            try:
                while waiting and slots:
                    self._submit(workers, tasks, waiting, slots, running)
                finished, _ = wait(running, timeout=LOOK_EVERY, return_when=FIRST_COMPLETED)
                for future in finished:
                    position, slot = running[future]
                    answers[position] = future.result()
                    del running[future]
                    slots.append(slot)
                    done += 1
                    self._deaths = 0
                    if on_answer is not None and answers[position] is not None:
                        on_answer(position, answers[position])
            except BrokenExecutor:
                waiting += sorted((position for position, _ in running.values()), reverse=True)
                slots += [slot for _, slot in running.values()]
                running.clear()
                self._count_death()
            except cluster_failures() as error:
                self._close()
                raise WorkersDied(
                    f"the Dask cluster has given up ({str(error) or type(error).__name__})"
                ) from error
            if on_share is not None:
                on_share(self._share(tasks, running, done))
            if self.is_stopped():
                self._stop(running, answers)
                break
        return answers

    @staticmethod
    def _submit(
        workers: Workers,
        tasks: Sequence[Task],
        waiting: list[int],
        slots: list[int],
        running: dict[Future[Any], tuple[int, int]],
    ) -> None:
        position, slot = waiting[-1], slots[-1]
        if len(workers.times):
            workers.times[slot] = 0.0
        running[workers.executor.submit(_elsewhere, tasks[position], workers.signals, slot)] = position, slot
        waiting.pop()
        slots.pop()

    def _share(self, tasks: Sequence[Task], running: dict[Future[Any], tuple[int, int]], done: int) -> float:
        begun = 0.0
        if self._workers is not None and len(self._workers.times):
            for position, slot in running.values():
                task = tasks[position]
                begun += min(1.0, self._workers.times[slot] / (task.duration * len(task.numbers)))
        return (done + begun) / max(1, len(tasks))

    def _stop(self, running: dict[Future[Any], tuple[int, int]], answers: list[Any]) -> None:
        """End what is under way; what came to its end all the same counts."""
        if self._workers is not None:
            self._workers.cancel()
        for future in running:
            future.cancel()
        for future in wait(running, timeout=LONGEST_STOP).done:
            try:
                answers[running[future][0]] = future.result()
            except (CancelledError, BrokenExecutor):
                continue
        self._close()

    def _count_death(self) -> None:
        self._deaths += 1
        self._close()
        if self._deaths > MOST_DEATHS:
            raise WorkersDied(
                f"worker processes died {self._deaths} times in a row before any of them came to an end: is "
                "there enough memory? Fewer processes (--jobs) need less of it"
            )

    def _start(self) -> Workers:
        self._workers = self._open.enter_context(open_workers(self.jobs, WINDOW))
        return self._workers

    def _close(self) -> None:
        self._workers = None
        self._open.close()


def carry_out(task: Task, control: Control) -> Any:
    """The answer to a task, None when `control` stopped it.

    `control` is told the simulated time over all replications of the task.
    """
    document = _document(task.design)
    made: list[Recording] = []
    for position, number in enumerate(task.numbers):
        replication = Replication(document, task.seed, number, task.duration, task.warmup, task.engine)
        recording = replication.run(control=_after(position * task.duration, control))
        if recording.stopped == "cancelled":
            return None
        made.append(recording)
        if recording.stopped:
            break
    return task.measure(document, made, task)


def _after(before: float, control: Control) -> Control:
    return lambda now: control(before + now)


def _elsewhere(task: Task, signals: Signals, slot: int) -> Any:
    return carry_out(task, signals.control(slot))
