"""One job in one worker process: a thread reads its pipe, stores what comes, and enforces its end."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, connections

from architect.runs.pipe import FrameLine, WordLine, decode
from architect.runs.states import RunStatus
from architect.runs.worker_process import WorkerProcess, ending_of

logger = logging.getLogger(__name__)

STORE_EVERY = 0.1  # wall seconds between two transactions
STORE_TRIES = 3
GRACE = 0.5  # wall seconds a cancelled worker has for its partial result
SILENCE = 3.0  # wall seconds without a sign of life until it is said; a worker gives one every second


class WorkerJob(ABC):
    """The life of one job from its worker's start to its end; what is stored of it is up to the subclass.

    `what` names it in the log. `on_end` is called in the job's own thread, when all is stored.
    """

    what = "job"

    def __init__(
        self,
        id: uuid.UUID,
        design_id: uuid.UUID,
        worker: WorkerProcess,
        on_end: Callable[[WorkerJob], None],
    ) -> None:
        """Nothing goes on before `start`."""
        self.id = id
        self.design_id = design_id
        self.worker = worker
        self.is_light = False  # paced or paused: it leaves its core to others
        self.ended = threading.Event()
        self._on_end = on_end
        self._cancelled_as: str | None = None
        self._is_running = False
        self._started_at = time.monotonic()
        self._stored_at = 0.0
        self._heard_at = time.monotonic()
        self._is_silent = False
        self._result: dict[str, Any] | None = None
        self._error: str | None = None
        self._thread = threading.Thread(target=self._work, name=f"{self.what}-{id}", daemon=True)

    def start(self) -> None:
        """Give the worker its job."""
        self._thread.start()

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

    # -- what a subclass says ------------------------------------------------------------------------

    @abstractmethod
    def _begin(self) -> dict[str, Any]:
        """Note that it starts, and return what the worker has to do."""

    @abstractmethod
    def _take(self, line: FrameLine | WordLine) -> None:
        """Take one line of the worker that is not common to all jobs."""

    @abstractmethod
    def _store(self) -> None:
        """Store what has come since the last time."""

    @abstractmethod
    def _end(self, status: RunStatus, reason: str, wall_seconds: float | None) -> None:
        """Store how it ended."""

    def _begun(self) -> None:
        """The worker has begun to compute."""

    def _note_silence(self) -> None:
        """`_is_silent` has changed."""

    def _give_up(self) -> None:
        """What came and could not be stored is let go."""

    def _release(self) -> None:
        """Free whoever waits for an answer that will not come."""

    # -- the job's own thread ------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            self._listen()
        except DatabaseError as error:
            logger.exception("%s %s: what it gave could not be stored", self.what, self.id)
            self._error = f"what the {self.what} gave could not be stored: {error}"
            self._give_up()
        except Exception as error:
            logger.exception("%s %s: its worker could not be followed", self.what, self.id)
            self._error = f"an error of Headrace itself: {type(error).__name__}: {error}"
        finally:
            self.worker.kill()
            code = self.worker.finish()
            try:
                self._store_end(code)
            except Exception:
                # The restart marks what could not be marked now (a full disk, say).
                logger.exception("%s %s: its end could not be stored", self.what, self.id)
            self._release()
            connections.close_all()
            self.ended.set()
            self._on_end(self)

    def _listen(self) -> None:
        job = self._begin()
        if self._cancelled_as is None:
            self.worker.send(job)
        for lines in self.worker.lines(patience=STORE_EVERY):
            if lines:
                self._hear_from_it()
                for line in lines:
                    self._read(decode(line))
            elif time.monotonic() - self._heard_at > SILENCE and self._is_running and not self._is_silent:
                self._is_silent = True
                self._note_silence()
            if self._is_due():
                self._store()
        self._store()

    def _is_due(self) -> bool:
        return time.monotonic() - self._stored_at >= STORE_EVERY

    def _hear_from_it(self) -> None:
        self._heard_at = time.monotonic()
        if self._is_silent:
            self._is_silent = False
            self._note_silence()

    def _read(self, line: FrameLine | WordLine) -> None:
        if isinstance(line, FrameLine):
            self._take(line)
            return
        match line.word:
            case "started":
                self._is_running = True
                self._started_at = time.monotonic()
                self._begun()
            case "result":
                self._result = line.data
            case "error":
                self._error = self._error_text(line.data)
                if trace := line.data.get("traceback"):
                    logger.error("%s %s failed in its worker:\n%s", self.what, self.id, trace)
            case _:
                self._take(line)

    def _error_text(self, data: dict[str, Any]) -> str:
        return str(data["reason"])

    def _store_end(self, code: int) -> None:
        status, reason = self._verdict(code)
        wall = time.monotonic() - self._started_at if self._is_running else None
        for attempt in range(1, STORE_TRIES + 1):
            try:
                self._end(status, reason, wall)
                return
            except DatabaseError:
                if attempt == STORE_TRIES:
                    raise
                time.sleep(STORE_EVERY)

    def _verdict(self, code: int) -> tuple[RunStatus, str]:
        """Return how it ended, and why: the wish to cancel explains a kill, nothing else does."""
        if self._result is not None and self._is_whole(self._result):
            return RunStatus.FINISHED, ""
        if self._cancelled_as is not None and self._error is None:
            return RunStatus.CANCELLED, self._cancelled_as
        if self._error is not None:
            return RunStatus.FAILED, self._error
        if self._result is not None:
            return RunStatus.FAILED, str(self._result["stopped"])
        return RunStatus.FAILED, f"{ending_of(code)} before it gave a result; {self._kept()}"

    def _is_whole(self, result: dict[str, Any]) -> bool:
        return result.get("stopped") is None

    @abstractmethod
    def _kept(self) -> str:
        """What is kept when the worker dies, in words."""
