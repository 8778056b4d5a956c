"""The API of runs: it translates between HTTP and the services, and decides nothing."""

# ruff: noqa: ARG001 (ninja hands the request to every operation, by this name)

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query, Router
from ninja.responses import Status

from architect.designs import exporting
from architect.runs import reporting, schemas, selectors, services, sharing, tracing
from architect.runs.models import Run
from architect.runs.states import RunStatus
from architect.runs.supervisor import supervisor
from architect.schemas import CONFLICTS, READS, Errors

router = Router(tags=["Runs"])

MOST_FRAMES = 2000


@router.post("/runs", response={201: schemas.RunOut, **CONFLICTS, 429: Errors}, summary="Start a run")
def start_run(request: HttpRequest, body: schemas.NewRun) -> Any:
    """It starts at once if a core is free, else it waits its turn."""
    asked = services.Asked(
        seed=body.seed,
        duration=body.duration,
        warmup=body.warmup,
        replications=body.replications,
        speed=body.speed,
    )
    return _submitted(services.run_create(body.design, asked))


@router.get("/runs", response={200: list[schemas.RunOut], **READS}, summary="The newest runs")
def list_runs(
    request: HttpRequest, design: UUID | None = None, status: RunStatus | None = None
) -> list[dict[str, Any]]:
    """At most 500, of one design or in one state if asked."""
    return [_out(run) for run in selectors.run_list(design_id=design, status=status)]


@router.get("/runs/{uuid:run_id}", response={200: schemas.RunOut, **READS}, summary="One run")
def read_run(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    """How it stands."""
    return _out(selectors.run_get(run_id))


@router.delete("/runs/{uuid:run_id}", response={204: None, **CONFLICTS}, summary="Delete a run")
def delete_run(request: HttpRequest, run_id: UUID) -> Status[None]:
    """With its frames and its result; 409 while it is going."""
    services.run_delete(run_id)
    return Status(HTTPStatus.NO_CONTENT, None)


@router.get(
    "/runs/{uuid:run_id}/result",
    response={200: dict[str, Any], **READS, 409: Errors},
    summary="The result (headrace-result/1)",
)
def read_result(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Also the partial one of a cancelled run; 409 where there is none."""
    return _json(selectors.run_result_text(run_id))


@router.get(
    "/runs/{uuid:run_id}/document",
    response={200: dict[str, Any], **READS},
    summary="The document it ran",
)
def read_document(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The snapshot, whatever has become of the design since."""
    return _json(selectors.run_document_text(run_id))


@router.get(
    "/runs/{uuid:run_id}/export/{format}",
    response={200: str, **READS, 409: Errors},
    summary="The drawing of a run, with its numbers, or its data",
)
def export_run(
    request: HttpRequest, run_id: UUID, format: str, theme: exporting.Theme = "light"
) -> HttpResponse:
    """The document it ran, in one of the formats of `GET /api/exports`; drawings carry the means measured.

    `otlp` runs it once more and follows up to 1,000 of its messages: of a long run, of its first two million
    events. 409 when that takes more than a minute.
    """
    result = json.loads(selectors.run_result_text(run_id))
    if format == "otlp":
        return tracing.traces(json.loads(selectors.run_document_text(run_id)), result)
    return exporting.exported(json.loads(selectors.run_document_text(run_id)), format, theme, result)


@router.get(
    "/runs/{uuid:run_id}/report.{form}",
    response={200: str, **READS, 409: Errors},
    summary="The report of a run",
)
def read_report(
    request: HttpRequest,
    run_id: UUID,
    form: reporting.Form,
    words: Query[schemas.ReportWords],
) -> HttpResponse:
    """`html` is one file without outside resources, `pdf` a document for printing; 409 without a result."""
    result = json.loads(selectors.run_result_text(run_id))
    document = json.loads(selectors.run_document_text(run_id))
    kept = selectors.run_get(run_id).words
    return reporting.report(document, result, form, **reporting.words_of(kept, words.model_dump()))


@router.get(
    "/runs/{uuid:run_id}/words", response={200: schemas.ReportWords, **READS}, summary="The words of a report"
)
def read_words(request: HttpRequest, run_id: UUID) -> dict[str, str]:
    """Title, authors and notes, as every report and link of the run shows them."""
    return reporting.words_of(selectors.run_get(run_id).words)


@router.put(
    "/runs/{uuid:run_id}/words",
    response={200: schemas.ReportWords, **CONFLICTS},
    summary="Write the words of a report",
)
def write_words(request: HttpRequest, run_id: UUID, body: schemas.ReportWords) -> dict[str, str]:
    """All three of them; links that were made before show them as well."""
    return services.words_set(run_id, body.model_dump())


@router.post(
    "/runs/{uuid:run_id}/links",
    response={201: schemas.LinkOut, **CONFLICTS},
    summary="Share the report of a run",
)
def create_link(request: HttpRequest, run_id: UUID, body: schemas.ReportWords) -> Status[dict[str, Any]]:
    """An address at which anybody may read the report, and nothing else, until the link is revoked."""
    link, token = sharing.link_create(run_id, body.model_dump())
    path = reverse("shared", args=(token,))
    return Status(HTTPStatus.CREATED, {"id": link.id, "created_at": link.created_at, "path": path})


@router.get(
    "/runs/{uuid:run_id}/links",
    response={200: list[schemas.LinkOut], **READS},
    summary="The links to a report",
)
def list_links(request: HttpRequest, run_id: UUID) -> list[dict[str, Any]]:
    """Without their addresses, of which only a digest is kept."""
    return [{"id": link.id, "created_at": link.created_at} for link in sharing.link_list(run_id)]


@router.delete(
    "/runs/{uuid:run_id}/links/{uuid:link_id}", response={204: None, **READS}, summary="Revoke a link"
)
def revoke_link(request: HttpRequest, run_id: UUID, link_id: UUID) -> Status[None]:
    """Its address is unknown from now on."""
    sharing.link_revoke(run_id, link_id)
    return Status(HTTPStatus.NO_CONTENT, None)


@router.get("/runs/{uuid:run_id}/frames", response={200: schemas.FramesOut, **READS}, summary="Stored frames")
def read_frames(
    request: HttpRequest,
    run_id: UUID,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_FRAMES)] = 500,
) -> HttpResponse:
    """Those after sequence number `after`, in order; fewer than `limit` when they are large."""
    page = selectors.frame_page(run_id, after, limit)
    done = "true" if page.is_done else "false"
    return _json(f'{{"frames":[{",".join(page.bodies)}],"last_seq":{page.last_seq},"done":{done}}}')


@router.post(
    "/runs/{uuid:run_id}/cancel", response={200: schemas.RunOut, **CONFLICTS}, summary="Cancel a run"
)
def cancel_run(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    """Answers when it has ended, within a second; what it gave is kept. An ended run stays as it is."""
    selectors.run_get(run_id)
    return _out(supervisor.cancel(run_id))


@router.post(
    "/runs/{uuid:run_id}/control", response={200: schemas.RunOut, **CONFLICTS}, summary="Steer a run"
)
def control_run(request: HttpRequest, run_id: UUID, body: schemas.RunControl) -> dict[str, Any]:
    """Pause, resume, step to the next frame, change the speed, or cancel; 409 where its state forbids it."""
    selectors.run_get(run_id)
    return _out(supervisor.control(run_id, body.action, body.speed))


@router.post(
    "/runs/{uuid:run_id}/faults",
    response={201: schemas.FaultOut, **CONFLICTS},
    summary="Let a fault happen now",
)
def inject_fault(request: HttpRequest, run_id: UUID, body: schemas.NewFault) -> Any:
    """It takes effect at once, also in a paused run, and stands in the run's document from then on."""
    selectors.run_get(run_id)
    return Status(HTTPStatus.CREATED, supervisor.inject(run_id, body.as_dict()))


@router.post(
    "/runs/{uuid:run_id}/repeat",
    response={201: schemas.RunOut, **CONFLICTS, 429: Errors},
    summary="Run it again",
)
def repeat_run(request: HttpRequest, run_id: UUID) -> Any:
    """The same snapshot, seed and options: the same numbers."""
    return _submitted(services.run_repeat(run_id))


def _submitted(run: Run) -> Any:
    supervisor.submit(run)
    return Status(HTTPStatus.CREATED, _out(selectors.run_get(run.id)))


def _json(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="application/json")


def _out(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "design": run.design_id,
        "design_name": run.design_name,
        "design_version": run.design_version,
        "status": run.status,
        "reason": run.reason or None,
        "seed": run.seed,
        "digest": run.digest,
        "versions": run.versions,
        "options": run.options,
        "estimate": run.estimate,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "progress": run.progress,
        "t": run.t,
        "duration": run.duration,
        "last_seq": run.last_seq,
        "speed": run.speed,
        "wall_seconds": run.wall_seconds,
        "headline": run.headline,
    }
