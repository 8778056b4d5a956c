"""Everything that changes an experiment: it is created, moves through its states, and ends."""

from __future__ import annotations

import json
import logging
import uuid
from typing import Any

from django.utils import timezone

from architect.experiments import selectors
from architect.experiments.headline import headline_of
from architect.experiments.models import Experiment, ExperimentKind
from architect.experiments.preparation import Prepared
from architect.refusals import Conflict, TooMany
from architect.runs.services import versions
from architect.runs.states import ENDINGS, GOING, RunStatus, sources_of

logger = logging.getLogger(__name__)

MOST_GOING = 50
RESTARTED = "the server was restarted while it was going; what was known by then is kept; repeat it"
NEVER_STARTED = "the server was restarted before it began; repeat it"


def experiment_create(prepared: Prepared) -> Experiment:
    """Queue an experiment; raises TooMany while 50 are going or waiting."""
    _refuse_too_many()
    return Experiment.objects.create(
        kind=prepared.kind,
        design_id=prepared.design_id,
        design_name=prepared.design_name,
        design_version=prepared.design_version,
        request=prepared.request,
        job_text=json.dumps(prepared.job, ensure_ascii=False, allow_nan=False, separators=(",", ":")),
        seed=prepared.seed,
        versions=versions(),
    )


def experiment_repeat(kind: ExperimentKind, experiment_id: uuid.UUID) -> Experiment:
    """Queue the same again, from the same snapshots and seed: it gives the same numbers."""
    _refuse_too_many()
    old = selectors.experiment_get(kind, experiment_id)
    return Experiment.objects.create(
        kind=old.kind,
        design_id=old.design_id,
        design_name=old.design_name,
        design_version=old.design_version,
        request=old.request,
        job_text=old.job_text,
        seed=old.seed,
        versions=versions(),
    )


def experiment_move(experiment_id: uuid.UUID, target: RunStatus, **changes: Any) -> None:
    """Move to `target` in one UPDATE that names the legal origins; raises Conflict for an illegal move."""
    now = timezone.now()
    if target == RunStatus.STARTING:
        changes["started_at"] = now
    if target in ENDINGS:
        changes["ended_at"] = now
    rows = Experiment.objects.filter(id=experiment_id, status__in=sources_of(target))
    if not rows.update(status=target, **changes):
        raise Conflict(f"The experiment cannot become {target} any more.", code="illegal-move")


def experiment_store(
    experiment_id: uuid.UUID, *, progress: float, text: str, partial: dict[str, Any] | None, partials: int
) -> None:
    """Store how far it is, and what is known if that is new (`partials` counts how often it was)."""
    changes: dict[str, Any] = {"progress": progress, "progress_text": text, "partials": partials}
    if partial is not None:
        changes["result_text"] = _text(partial)
    Experiment.objects.filter(id=experiment_id).update(**changes)


def experiment_end(
    experiment_id: uuid.UUID,
    status: RunStatus,
    *,
    reason: str = "",
    result: dict[str, Any] | None = None,
    partials: int | None = None,
    wall_seconds: float | None = None,
) -> None:
    """End an experiment with what it gave; without a result the last known state of it is kept."""
    changes: dict[str, Any] = {"reason": reason, "wall_seconds": wall_seconds, "progress_text": ""}
    if result is not None:
        changes |= {"result_text": _text(result), "headline": headline_of(result)}
        if partials is not None:
            changes["partials"] = partials + 1
    if status == RunStatus.FINISHED:
        changes["progress"] = 1.0
    experiment_move(experiment_id, status, **changes)


def experiment_delete(kind: ExperimentKind, experiment_id: uuid.UUID) -> None:
    """Delete an experiment with its result; raises Conflict while it is going."""
    experiment = selectors.experiment_get(kind, experiment_id)
    if experiment.is_going:
        raise Conflict(f"The {kind} is still going.", hint="Cancel it first.", code="going")
    experiment.delete()


def experiments_interrupt() -> None:
    """Mark what an earlier server left going as failed; called once, before anything is started."""
    left = list(Experiment.objects.filter(status__in=GOING).values_list("id", "status"))
    for experiment_id, status in left:
        reason = NEVER_STARTED if status == RunStatus.QUEUED else RESTARTED
        experiment_end(experiment_id, RunStatus.FAILED, reason=reason)
    if left:
        logger.warning("%d experiments of an earlier server are marked as failed", len(left))


def _refuse_too_many() -> None:
    if selectors.going_count() >= MOST_GOING:
        raise TooMany(f"{MOST_GOING} experiments are going or waiting already.", hint="Cancel some, or wait.")


def _text(result: dict[str, Any]) -> str:
    return json.dumps(result, allow_nan=False, separators=(",", ":"))
