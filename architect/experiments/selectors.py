"""Everything that reads experiments."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from architect.experiments.models import Experiment, ExperimentKind
from architect.refusals import Conflict, NotFound
from architect.runs.states import ENDINGS, GOING

LIST_LIMIT = 200


def experiment_get(kind: ExperimentKind, experiment_id: uuid.UUID) -> Experiment:
    """Return one experiment of a kind without its large texts; raises NotFound."""
    found = Experiment.objects.defer("job_text", "result_text").filter(id=experiment_id, kind=kind).first()
    if found is None:
        raise NotFound(f"There is no {kind} with this id.", hint="It may have been deleted.")
    return found


def experiment_list(kind: ExperimentKind, *, design_id: uuid.UUID | None = None) -> Sequence[Experiment]:
    """Return the newest of a kind, at most 200, without their large texts."""
    found = Experiment.objects.defer("job_text", "result_text").filter(kind=kind)
    if design_id is not None:
        found = found.filter(design_id=design_id)
    return list(found[:LIST_LIMIT])


def result_text(kind: ExperimentKind, experiment_id: uuid.UUID) -> str:
    """Return the result, or what is known so far, JSON; raises NotFound, or Conflict while there is none."""
    experiment = experiment_get(kind, experiment_id)
    text = Experiment.objects.values_list("result_text", flat=True).get(id=experiment_id)
    if text:
        return text
    if experiment.status in ENDINGS:
        raise Conflict(
            f"The {kind} {experiment.status} without a result.", hint=experiment.reason, code="no-result"
        )
    raise Conflict(
        f"The {kind} has no result yet.", hint="Ask again when `partials` has grown.", code="no-result"
    )


def result_data(kind: ExperimentKind, experiment_id: uuid.UUID) -> dict[str, Any]:
    """Return the same as data."""
    data: dict[str, Any] = json.loads(result_text(kind, experiment_id))
    return data


def document_data(kind: ExperimentKind, experiment_id: uuid.UUID) -> dict[str, Any]:
    """Return the design that was run, of a comparison the first; raises NotFound."""
    experiment_get(kind, experiment_id)
    job = json.loads(Experiment.objects.values_list("job_text", flat=True).get(id=experiment_id))
    data: dict[str, Any] = job["alternatives"][0]["document"] if "alternatives" in job else job["document"]
    return data


def experiments_going() -> Sequence[Experiment]:
    """Return what has not ended, of every kind, the newest first, without large texts."""
    return list(Experiment.objects.defer("job_text", "result_text").filter(status__in=GOING))


def going_count() -> int:
    """Return how many experiments have not ended."""
    return Experiment.objects.filter(status__in=GOING).count()
