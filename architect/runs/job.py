"""One run in one worker process: a thread reads its pipe, stores what comes and tells the hub."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, connections

from architect.refusals import Conflict
from architect.runs import services
from architect.runs.announcing import announce
from architect.runs.hub import hub
from architect.runs.models import Run
from architect.runs.pipe import FrameLine, WordLine, decode
from architect.runs.states import RunStatus
from architect.runs.worker_process import WorkerProcess, ending_of

logger = logging.getLogger(__name__)

STORE_EVERY = 0.1  # wall seconds between two transactions
STORE_AT = 2_000_000  # characters that are stored at once
GRACE = 0.5  # wall seconds a cancelled worker has for its partial result
SILENCE = 3.0  # wall seconds without a sign of life until it is said; a worker gives one every second
SILENT = "no sign of life from the worker process for 3 s; it is waited for"
STORE_TRIES = 3
INJECT_PATIENCE = 5.0  # wall seconds until the simulation must have taken a fault
GONE = [{"message": "The run ended before the fault could happen.", "path": ""}]


@dataclass(slots=True)
class _Asked:
    """A fault that the worker was asked to let happen, and its answer."""

    is_answered: threading.Event = field(default_factory=threading.Event)
    fault: dict[str, Any] | None = None
    problems: list[dict[str, str]] = field(default_factory=list)


class Job:
    """The life of one run from its worker's start to its end."""

    def __init__(self, run: Run, worker: WorkerProcess, on_end: Callable[[Job], None]) -> None:
        """`on_end` is called in the job's own thread, when all is stored."""
        self.run_id: uuid.UUID = run.id
        self.design_id: uuid.UUID = run.design_id
        self.worker = worker
        self.is_light = run.speed is not None  # paced or paused: it leaves its core to others
        self.ended = threading.Event()
        self._on_end = on_end
        self._cancelled_as: str | None = None
        self._is_running = False
        self._frames: list[tuple[int, str]] = []
        self._characters = 0
        self._stored_at = 0.0
        self._stored_t = -1.0
        self._t = 0.0
        self._progress = 0.0
        self._heard_at = time.monotonic()
        self._is_silent = False
        self._started_at = time.monotonic()
        self._closing: dict[str, Any] | None = None
        self._result: dict[str, Any] | None = None
        self._error: str | None = None
        self._asked: dict[str, _Asked] = {}
        self._thread = threading.Thread(target=self._work, name=f"run-{run.id}", daemon=True)

    def start(self) -> None:
        """Give the worker its job."""
        self._thread.start()

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

    def cancel(self, reason: str) -> None:
        """Ask for the end, and enforce it after half a second; may be called again."""
        self._cancelled_as = reason
        if not self._is_running:
            self.worker.kill()  # it has computed nothing yet
            return
        self.worker.send({"type": "cancel"})
        enforcer = threading.Timer(GRACE, self.worker.kill)
        enforcer.daemon = True
        enforcer.start()

    # -- the job's own thread ----------------------------------------------------------------------

    def _work(self) -> None:
        try:
            self._listen()
        except DatabaseError as error:
            logger.exception("run %s: its frames could not be stored", self.run_id)
            self._error = f"what the run gave could not be stored: {error}"
            self._frames.clear()
        except Exception as error:
            logger.exception("run %s: its worker could not be followed", self.run_id)
            self._error = f"an error of Headrace itself: {type(error).__name__}: {error}"
        finally:
            self.worker.kill()
            code = self.worker.finish()
            try:
                self._end(code)
            except Exception:
                # The restart marks what could not be marked now (a full disk, say).
                logger.exception("run %s: its end could not be stored", self.run_id)
            for asked in list(self._asked.values()):
                if not asked.is_answered.is_set():
                    asked.problems = GONE
                    asked.is_answered.set()
            connections.close_all()
            self.ended.set()
            self._on_end(self)

    def _listen(self) -> None:
        services.run_move(self.run_id, RunStatus.STARTING)
        announce(self.run_id)
        run = Run.objects.get(id=self.run_id)
        self.is_light = run.speed is not None
        options = {**run.options, "seed": run.seed, "speed": run.speed}
        if self._cancelled_as is None:
            self.worker.send({"document": run.document, "options": options})
        for lines in self.worker.lines(patience=STORE_EVERY):
            if lines:
                self._hear_from_it()
                for line in lines:
                    self._take(decode(line))
            elif time.monotonic() - self._heard_at > SILENCE and self._is_running and not self._is_silent:
                self._is_silent = True
                services.run_note(self.run_id, SILENT)
                announce(self.run_id, is_stalled=self._is_silent)
            if time.monotonic() - self._stored_at >= STORE_EVERY or self._characters >= STORE_AT:
                self._store()
        self._store()

    def _hear_from_it(self) -> None:
        self._heard_at = time.monotonic()
        if self._is_silent:
            self._is_silent = False
            services.run_note(self.run_id, "")
            announce(self.run_id, is_stalled=self._is_silent)

    def _take(self, line: FrameLine | WordLine) -> None:
        if isinstance(line, FrameLine):
            self._frames.append((line.seq, line.body))
            self._characters += len(line.body)
            self._reach(line.t, line.progress)
            return
        match line.word:
            case "started":
                self._is_running = True
                self._started_at = time.monotonic()
                services.run_move(self.run_id, RunStatus.RUNNING)
                announce(self.run_id)
            case "progress":
                self._reach(line.data["t"], line.data["progress"])
            case "injected":
                services.run_take_fault(self.run_id, line.data["fault"], line.data["digest"])
                if asked := self._asked.get(line.data["name"]):
                    asked.fault = line.data["fault"]
                    asked.is_answered.set()
            case "refused":
                if asked := self._asked.get(line.data["name"]):
                    asked.problems = line.data["problems"]
                    asked.is_answered.set()
            case "closing":
                self._closing = line.data
            case "result":
                self._result = line.data
            case "error":
                where = f" (seed and document are kept; simulated time {line.data.get('t', 0.0):g} s)"
                self._error = line.data["reason"] + where
                if trace := line.data.get("traceback"):
                    logger.error("run %s failed in its worker:\n%s", self.run_id, trace)

    def _reach(self, t: float, progress: float) -> None:
        self._t = t
        self._progress = max(self._progress, progress)

    def _store(self) -> None:
        if not self._frames and self._t == self._stored_t:
            return
        for attempt in range(1, STORE_TRIES + 1):
            try:
                services.frames_store(self.run_id, self._frames, t=self._t, progress=self._progress)
                break
            except DatabaseError as error:
                if attempt == STORE_TRIES or "locked" not in str(error):
                    raise
                time.sleep(STORE_EVERY)
        frames, self._frames, self._characters = self._frames, [], 0
        self._stored_at, self._stored_t = time.monotonic(), self._t
        announce(self.run_id, frames, is_stalled=self._is_silent)

    def _end(self, code: int) -> None:
        status, reason = self._verdict(code)
        wall = time.monotonic() - self._started_at if self._is_running else None
        for attempt in range(1, STORE_TRIES + 1):
            try:
                _run, frame = services.run_end(
                    self.run_id,
                    status,
                    reason=reason,
                    result=self._result,
                    closing=self._closing,
                    wall_seconds=wall,
                )
                break
            except DatabaseError:
                if attempt == STORE_TRIES:
                    raise
                time.sleep(STORE_EVERY)
        announce(self.run_id, (frame,))
        hub.end(self.run_id)

    def _verdict(self, code: int) -> tuple[RunStatus, str]:
        """Return how the run ended, and why: the wish to cancel explains a kill, nothing else does."""
        if self._result is not None and self._result.get("stopped") is None:
            return RunStatus.FINISHED, ""
        if self._cancelled_as is not None and self._error is None:
            return RunStatus.CANCELLED, self._cancelled_as
        if self._error is not None:
            return RunStatus.FAILED, self._error
        if self._result is not None:
            return RunStatus.FAILED, str(self._result["stopped"])
        return RunStatus.FAILED, f"{ending_of(code)} before it gave a result; the frames up to then are kept"
