"""Putting experiments in the supervisor's line, and taking them out of it."""

from __future__ import annotations

import uuid

from architect.experiments import selectors, services
from architect.experiments.job import WORKER, ExperimentJob
from architect.experiments.models import Experiment, ExperimentKind
from architect.runs.states import RunStatus
from architect.runs.supervisor import OnEnd, Queued, supervisor
from architect.runs.worker_job import WorkerJob
from architect.runs.worker_process import WorkerProcess


def submit(experiment: Experiment) -> None:
    """Put a queued experiment in line; it starts now if there is room."""

    def make(on_end: OnEnd) -> WorkerJob:
        return ExperimentJob(experiment, WorkerProcess(WORKER), on_end)

    def drop(reason: str) -> None:
        services.experiment_end(experiment.id, RunStatus.CANCELLED, reason=reason)

    supervisor.enqueue(Queued(experiment.id, experiment.design_id, make, drop))


def cancel(kind: ExperimentKind, experiment_id: uuid.UUID) -> Experiment:
    """End an experiment, keeping what it gave; an ended one stays as it is. Takes less than a second."""
    selectors.experiment_get(kind, experiment_id)
    supervisor.end(experiment_id)
    return selectors.experiment_get(kind, experiment_id)
