"""One run in one worker process: its frames are stored as they come, and the hub is told."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError

from architect.refusals import Conflict
from architect.runs import services
from architect.runs.announcing import announce
from architect.runs.hub import hub
from architect.runs.models import Run
from architect.runs.pipe import FrameLine, WordLine
from architect.runs.states import RunStatus
from architect.runs.worker_job import STORE_EVERY, STORE_TRIES, WorkerJob
from architect.runs.worker_process import WorkerProcess

STORE_AT = 2_000_000  # characters that are stored at once
SILENT = "no sign of life from the worker process for 3 s; it is waited for"
INJECT_PATIENCE = 5.0  # wall seconds until the simulation must have taken a fault
GONE = [{"message": "The run ended before the fault could happen.", "path": ""}]


@dataclass(slots=True)
class _Asked:
    """A fault that the worker was asked to let happen, and its answer."""

    is_answered: threading.Event = field(default_factory=threading.Event)
    fault: dict[str, Any] | None = None
    problems: list[dict[str, str]] = field(default_factory=list)


class Job(WorkerJob):
    """The life of one run from its worker's start to its end."""

    what = "run"

    def __init__(self, run: Run, worker: WorkerProcess, on_end: Callable[[WorkerJob], None]) -> None:
        """`on_end` is called in the job's own thread, when all is stored."""
        super().__init__(run.id, run.design_id, worker, on_end)
        self.is_light = run.speed is not None
        self._frames: list[tuple[int, str]] = []
        self._characters = 0
        self._stored_t = -1.0
        self._t = 0.0
        self._progress = 0.0
        self._closing: dict[str, Any] | None = None
        self._asked: dict[str, _Asked] = {}

    def control(self, message: dict[str, Any]) -> None:
        """Hand a control message on; a worker that is gone is noticed elsewhere."""
        self.worker.send(message)

    def inject(self, fault: dict[str, Any]) -> dict[str, Any]:
        """Let a fault happen now, and return it with its `at`; raises Conflict or Invalid when it did not."""
        name = uuid.uuid4().hex
        asked = self._asked[name] = _Asked()
        try:
            self.worker.send({"type": "inject", "name": name, "fault": fault})
            if not asked.is_answered.wait(INJECT_PATIENCE):
                raise Conflict(
                    f"The run has not answered within {INJECT_PATIENCE:g} s.",
                    hint="The fault may still take effect; look at the events.",
                )
        finally:
            self._asked.pop(name, None)
        if asked.fault is None:
            raise services.fault_refused(asked.problems or GONE)
        return asked.fault

    # -- the job's own thread ------------------------------------------------------------------------

    def _begin(self) -> dict[str, Any]:
        services.run_move(self.id, RunStatus.STARTING)
        announce(self.id)
        run = Run.objects.get(id=self.id)
        self.is_light = run.speed is not None
        return {
            "document": run.document,
            "options": {**run.options, "seed": run.seed, "speed": run.speed},
        }

    def _begun(self) -> None:
        services.run_move(self.id, RunStatus.RUNNING)
        announce(self.id)

    def _note_silence(self) -> None:
        services.run_note(self.id, SILENT if self._is_silent else "")
        announce(self.id, is_stalled=self._is_silent)

    def _take(self, line: FrameLine | WordLine) -> None:
        if isinstance(line, FrameLine):
            self._frames.append((line.seq, line.body))
            self._characters += len(line.body)
            self._reach(line.t, line.progress)
            return
        match line.word:
            case "progress":
                self._reach(line.data["t"], line.data["progress"])
            case "injected":
                services.run_take_fault(self.id, line.data["fault"], line.data["digest"])
                if asked := self._asked.get(line.data["name"]):
                    asked.fault = line.data["fault"]
                    asked.is_answered.set()
            case "refused":
                if asked := self._asked.get(line.data["name"]):
                    asked.problems = line.data["problems"]
                    asked.is_answered.set()
            case "closing":
                self._closing = line.data

    def _error_text(self, data: dict[str, Any]) -> str:
        return f"{data['reason']} (seed and document are kept; simulated time {data.get('t', 0.0):g} s)"

    def _reach(self, t: float, progress: float) -> None:
        self._t = t
        self._progress = max(self._progress, progress)

    def _is_due(self) -> bool:
        return super()._is_due() or self._characters >= STORE_AT

    def _store(self) -> None:
        if not self._frames and self._t == self._stored_t:
            return
        for attempt in range(1, STORE_TRIES + 1):
            try:
                services.frames_store(self.id, self._frames, t=self._t, progress=self._progress)
                break
            except DatabaseError as error:
                if attempt == STORE_TRIES or "locked" not in str(error):
                    raise
                time.sleep(STORE_EVERY)
        frames, self._frames, self._characters = self._frames, [], 0
        self._stored_at, self._stored_t = time.monotonic(), self._t
        announce(self.id, frames, is_stalled=self._is_silent)

    def _give_up(self) -> None:
        self._frames.clear()

    def _end(self, status: RunStatus, reason: str, wall_seconds: float | None) -> None:
        _run, frame = services.run_end(
            self.id,
            status,
            reason=reason,
            result=self._result,
            closing=self._closing,
            wall_seconds=wall_seconds,
        )
        announce(self.id, (frame,))
        hub.end(self.id)

    def _release(self) -> None:
        for asked in list(self._asked.values()):
            if not asked.is_answered.is_set():
                asked.problems = GONE
                asked.is_answered.set()

    def _kept(self) -> str:
        return "the frames up to then are kept"
