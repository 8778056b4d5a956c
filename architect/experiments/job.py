"""One experiment in one worker process: how far it is and what is known so far are stored as they come."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from architect.experiments import services
from architect.experiments.models import Experiment
from architect.runs.pipe import FrameLine, WordLine
from architect.runs.states import RunStatus
from architect.runs.worker_job import WorkerJob
from architect.runs.worker_process import WorkerProcess

WORKER = "architect.experiments.worker"


class ExperimentJob(WorkerJob):
    """The life of one experiment from its worker's start to its end."""

    what = "experiment"

    def __init__(
        self, experiment: Experiment, worker: WorkerProcess, on_end: Callable[[WorkerJob], None]
    ) -> None:
        """`on_end` is called in the job's own thread, when all is stored."""
        super().__init__(experiment.id, experiment.design_id, worker, on_end)
        self._progress = (0.0, "")
        self._stored_progress = self._progress
        self._partial: dict[str, Any] | None = None
        self._partials = 0

    def _begin(self) -> dict[str, Any]:
        services.experiment_move(self.id, RunStatus.STARTING)
        job: dict[str, Any] = json.loads(
            Experiment.objects.values_list("job_text", flat=True).get(id=self.id)
        )
        return job

    def _begun(self) -> None:
        services.experiment_move(self.id, RunStatus.RUNNING)

    def _take(self, line: FrameLine | WordLine) -> None:
        if isinstance(line, FrameLine):
            return  # an experiment has no frames
        match line.word:
            case "progress":
                self._progress = (line.data["share"], line.data["text"])
            case "partial":
                self._partial = line.data
                self._partials += 1

    def _store(self) -> None:
        if self._partial is None and self._progress == self._stored_progress:
            return
        progress, text = self._progress
        services.experiment_store(
            self.id, progress=progress, text=text, partial=self._partial, partials=self._partials
        )
        self._partial = None
        self._stored_at, self._stored_progress = time.monotonic(), self._progress

    def _end(self, status: RunStatus, reason: str, wall_seconds: float | None) -> None:
        services.experiment_end(
            self.id,
            status,
            reason=reason,
            result=self._result,
            partials=self._partials,
            wall_seconds=wall_seconds,
        )

    def _is_whole(self, result: dict[str, Any]) -> bool:
        """An experiment that stops because its budget is spent has said all it was asked for."""
        return result.get("stopped") != "cancelled"

    def _kept(self) -> str:
        return "what was known by then is kept" if self._partials else "nothing was known by then"
