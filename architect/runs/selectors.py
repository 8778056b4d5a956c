"""Everything that reads runs and frames."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max

from architect.refusals import Conflict, NotFound
from architect.runs.models import Run, RunFrame
from architect.runs.states import ENDINGS, GOING

LIST_LIMIT = 500
LARGEST_PAGE = 8_000_000  # characters of frames in one answer


@dataclass(frozen=True, slots=True)
class FramePage:
    """Some frames of a run, as stored, and whether there will be more than `last_seq`."""

    bodies: list[str]
    last_seq: int
    is_done: bool


def run_get(run_id: uuid.UUID) -> Run:
    """Return one run without its large texts; raises NotFound."""
    run = Run.objects.defer("document_text", "result_text").filter(id=run_id).first()
    if run is None:
        raise NotFound("There is no run with this id.", hint="It may have been deleted.")
    return run


def run_list(*, design_id: uuid.UUID | None = None, status: str | None = None) -> Sequence[Run]:
    """Return the newest runs, at most 500, without their large texts."""
    runs = Run.objects.defer("document_text", "result_text")
    if design_id is not None:
        runs = runs.filter(design_id=design_id)
    if status is not None:
        runs = runs.filter(status=status)
    return list(runs[:LIST_LIMIT])


def last_run_summaries(design_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
    """Return for each design the summary of its newest run: one query for the times, one for the rows."""
    newest = (
        Run.objects.filter(design_id__in=list(design_ids))
        .values("design_id")
        .annotate(newest=Max("created_at"))
        .values_list("design_id", "newest")
    )
    times = dict(newest)
    runs = Run.objects.defer("document_text", "result_text").filter(
        design_id__in=times, created_at__in=set(times.values())
    )
    return {run.design_id: run_summary(run) for run in runs if times[run.design_id] == run.created_at}


def run_summary(run: Run) -> dict[str, Any]:
    """Return a run as lists show it."""
    return {
        "id": str(run.id),
        "status": run.status,
        "reason": run.reason or None,
        "created_at": run.created_at.isoformat(),
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        "progress": run.progress,
        "seed": run.seed,
        "headline": run.headline,
    }


def run_document_text(run_id: uuid.UUID) -> str:
    """Return the snapshot of the document, JSON; raises NotFound."""
    text = Run.objects.filter(id=run_id).values_list("document_text", flat=True).first()
    if text is None:
        raise NotFound("There is no run with this id.")
    return text


def run_result_text(run_id: uuid.UUID) -> str:
    """Return the result, JSON; raises NotFound, or Conflict while there is none."""
    run = run_get(run_id)
    text = Run.objects.values_list("result_text", flat=True).get(id=run_id)
    if text:
        return text
    if run.status in ENDINGS:
        raise Conflict(f"The run {run.status} without a result.", hint=run.reason, code="no-result")
    raise Conflict(
        "The run has no result yet.", hint="Ask again when its status is finished.", code="no-result"
    )


def frames_after(
    run_id: uuid.UUID, after: int, *, limit: int, characters: int = LARGEST_PAGE
) -> list[tuple[int, str]]:
    """Return numbers and texts of the frames after `after` in order, at least one if there is one."""
    page: list[tuple[int, str]] = []
    total = 0
    rows = RunFrame.objects.filter(run_id=run_id, seq__gt=after).order_by("seq").values_list("seq", "body")
    for seq, body in rows[:limit].iterator(chunk_size=200):
        total += len(body)
        if page and total > characters:
            break
        page.append((seq, body))
    return page


def frame_page(run_id: uuid.UUID, after: int, limit: int) -> FramePage:
    """Return up to `limit` frames after `after`; raises NotFound."""
    run = run_get(run_id)
    rows = frames_after(run_id, after, limit=limit)
    return FramePage([body for _seq, body in rows], run.last_seq, run.status in ENDINGS)


def newest_frame(run_id: uuid.UUID) -> tuple[int, str] | None:
    """Return number and text of the newest frame, None when there is none."""
    return RunFrame.objects.filter(run_id=run_id).order_by("-seq").values_list("seq", "body").first()


def going_count() -> int:
    """Return how many runs have not ended."""
    return Run.objects.filter(status__in=GOING).count()
