"""The supervisor: at most as many hard-working jobs as cores, the others wait their fair turn.

One in the server process, used from the threads of the API and the sockets; runs and experiments stand in the
same line. What it decides is decided under
one lock; what takes time (starting a process, waiting for an end) happens outside it.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from architect.refusals import Conflict, Invalid
from architect.runs import selectors, services
from architect.runs.announcing import announce
from architect.runs.hub import hub
from architect.runs.job import Job
from architect.runs.models import Run
from architect.runs.states import RunStatus
from architect.runs.worker_job import WorkerJob
from architect.runs.worker_process import WorkerProcess

logger = logging.getLogger(__name__)

LIGHT_EXTRA = 6  # runs that may stand paused or go slowly beside the hard-working ones
SPARE_DELAY = 1.0  # wall seconds after a start until the next spare worker is made
STOP_PATIENCE = 3.0  # wall seconds for all runs to end when the server stops
CANCEL_PATIENCE = 1.0
ASKED = "cancelled on request"
STOPPED = "cancelled because the server was stopped; repeat it with the same seed"


OnEnd = Callable[[WorkerJob], None]


@dataclass(frozen=True, slots=True)
class Queued:
    """Something in line for a worker.

    `make` gives its job when its turn has come; `drop` stores, with the reason, that it ended before that.
    """

    id: uuid.UUID
    design_id: uuid.UUID
    make: Callable[[OnEnd], WorkerJob]
    drop: Callable[[str], None]


class Supervisor:
    """Starts jobs in workers, steers them, and knows which are going."""

    def __init__(self, slots: int | None = None) -> None:
        """`slots` is how many runs may compute at the same time: the number of cores."""
        self.slots = slots or os.cpu_count() or 1
        self._lock = threading.RLock()
        self._jobs: dict[uuid.UUID, WorkerJob] = {}
        self._queue: list[Queued] = []
        self._before_start: list[Callable[[], None]] = [_mark_interrupted_runs]
        self._spare: WorkerProcess | None = None
        self._is_started = False
        self._is_stopping = False

    def before_start(self, mark: Callable[[], None]) -> None:
        """Have `mark` called once, before anything is started: it marks what an earlier server left going."""
        self._before_start.append(mark)

    def start(self) -> None:
        """Mark what an earlier server left behind, and warm one worker; does nothing the second time."""
        with self._lock:
            if self._is_started:
                return
            self._is_started = True
            for mark in self._before_start:
                mark()
            self._make_spare()
        atexit.register(self._end_workers)

    def submit(self, run: Run) -> None:
        """Put a queued run in line; it starts now if there is room."""

        def make(on_end: OnEnd) -> WorkerJob:
            return Job(run, self._take_worker(), on_end)

        def drop(reason: str) -> None:
            _run, frame = services.run_end(run.id, RunStatus.CANCELLED, reason=reason)
            announce(run.id, (frame,))
            hub.end(run.id)

        self.enqueue(Queued(run.id, run.design_id, make, drop))

    def enqueue(self, queued: Queued) -> None:
        """Put anything in line; it starts now if there is room."""
        self.start()
        with self._lock:
            if self._is_stopping:
                raise Conflict("The server is stopping.", hint="Start it again after the restart.")
            self._queue.append(queued)
        self._fill_slots()

    def control(self, run_id: uuid.UUID, action: str, speed: float | None = None) -> Run:
        """Pause, resume, step, cancel or change the speed; raises Conflict where the state forbids it."""
        match action:
            case "pause":
                run = services.run_move(run_id, RunStatus.PAUSED)
                self._tell(run, {"type": "pause"}, is_light=True)
            case "resume":
                run = (
                    services.run_move(run_id, RunStatus.RUNNING)
                    if self._is_paused(run_id)
                    else _going(run_id)
                )
                self._tell(run, {"type": "resume"}, is_light=run.speed is not None)
            case "step":
                run = _going(run_id)
                if run.status != RunStatus.PAUSED:
                    raise Conflict(
                        f"The run is {run.status}: only a paused one can step.", hint="Pause it first."
                    )
                self._tell(run, {"type": "step"}, is_light=True)
            case "speed":
                run = services.run_set_speed(run_id, speed)
                is_light = speed is not None or run.status == RunStatus.PAUSED
                self._tell(run, {"type": "speed", "speed": speed}, is_light=is_light)
            case "cancel":
                return self.cancel(run_id)
            case other:
                raise Invalid(f"There is no action {other!r}.", path="action")
        self._fill_slots()
        return run

    def inject(self, run_id: uuid.UUID, fault: dict[str, Any]) -> dict[str, Any]:
        """Let a fault happen now, and return it with the simulated time `at` which it takes effect.

        Raises Conflict where the run cannot take it, Invalid where the fault cannot happen in its design.
        """
        run = _going(run_id)
        services.fault_check(run_id, fault, at=run.t)
        with self._lock:
            job = self._run_job(run_id)
        if job is None or run.status not in (RunStatus.RUNNING, RunStatus.PAUSED):
            raise Conflict(f"The run is {run.status}.", hint="Faults are injected while it runs.")
        return job.inject(fault)

    def cancel(self, run_id: uuid.UUID, *, reason: str = ASKED, wait: bool = True) -> Run:
        """End a run, keeping what it gave; an ended one is returned as it is. Takes less than a second."""
        self.end(run_id, reason=reason, wait=wait)
        return selectors.run_get(run_id)

    def end(self, id: uuid.UUID, *, reason: str = ASKED, wait: bool = True) -> None:
        """End whatever is going or waiting under this id."""
        with self._lock:
            job = self._jobs.get(id)
            waiting = next((one for one in self._queue if one.id == id), None)
            if waiting is not None:
                self._queue.remove(waiting)
        if job is not None:
            job.cancel(reason)
            if wait:
                job.ended.wait(CANCEL_PATIENCE)
        elif waiting is not None:
            waiting.drop(reason)

    def stop(self) -> None:
        """Cancel everything and end all workers; nothing can be started afterwards."""
        with self._lock:
            self._is_stopping = True
            going = [*self._jobs, *(one.id for one in self._queue)]
            jobs = list(self._jobs.values())
        for id in going:
            self.end(id, reason=STOPPED, wait=False)
        deadline = time.monotonic() + STOP_PATIENCE
        for job in jobs:
            job.ended.wait(max(0.0, deadline - time.monotonic()))
        self._end_workers()

    # -- inside --------------------------------------------------------------------------------------

    def _fill_slots(self) -> None:
        # Under the lock throughout: a run neither in the queue nor among the jobs could not be cancelled.
        with self._lock:
            while (queued := self._take_next()) is not None:
                job = queued.make(self._forget)
                self._jobs[queued.id] = job
                job.start()

    def _take_next(self) -> Queued | None:
        """Take the first of the design that has the fewest going, if there is room."""
        jobs = self._jobs.values()
        working = sum(not job.is_light for job in jobs)
        if self._is_stopping or working >= self.slots or len(jobs) >= self.slots + LIGHT_EXTRA:
            return None
        going = Counter(job.design_id for job in jobs)
        queued = min(self._queue, key=lambda one: going[one.design_id], default=None)
        if queued is not None:
            self._queue.remove(queued)
        return queued

    def _take_worker(self) -> WorkerProcess:
        with self._lock:
            spare, self._spare = self._spare, None
        later = threading.Timer(SPARE_DELAY, self._make_spare)
        later.daemon = True
        later.start()
        return spare if spare is not None and spare.is_alive else WorkerProcess()

    def _make_spare(self) -> None:
        with self._lock:
            if self._spare is None and not self._is_stopping:
                self._spare = WorkerProcess()

    def _forget(self, job: WorkerJob) -> None:
        with self._lock:
            self._jobs.pop(job.id, None)
        self._fill_slots()

    def _run_job(self, run_id: uuid.UUID) -> Job | None:
        job = self._jobs.get(run_id)
        return job if isinstance(job, Job) else None

    def _is_paused(self, run_id: uuid.UUID) -> bool:
        return _going(run_id).status == RunStatus.PAUSED

    def _tell(self, run: Run, message: dict[str, object], *, is_light: bool) -> None:
        announce(run.id)
        with self._lock:
            job = self._run_job(run.id)
            if job is not None:
                job.is_light = is_light
        if job is not None:
            job.control(message)

    def _end_workers(self) -> None:
        with self._lock:
            self._is_stopping = True
            workers = [job.worker for job in self._jobs.values()]
            if self._spare is not None:
                workers.append(self._spare)
                self._spare = None
        for worker in workers:
            worker.kill()


def _mark_interrupted_runs() -> None:
    interrupted = services.runs_interrupt()
    if interrupted:
        logger.warning("%d runs of an earlier server are marked as failed", len(interrupted))


def _going(run_id: uuid.UUID) -> Run:
    run = selectors.run_get(run_id)
    if not run.is_going:
        raise Conflict(f"The run has {run.status}; nothing can be changed any more.", hint=run.reason)
    return run


supervisor = Supervisor()
"""The one supervisor of the server process."""
