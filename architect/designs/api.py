"""The API of designs: it translates between HTTP and the services, and decides nothing."""

# ruff: noqa: ARG001 (ninja hands the request to every operation, by this name)

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.responses import Status

from architect.designs import (
    documents,
    exporting,
    file_imports,
    load_files,
    routing,
    schemas,
    selectors,
    services,
    trials,
)
from architect.designs.models import Design
from architect.refusals import Invalid, Refusal, problem_entry
from architect.schemas import CONFLICTS, READS, REFUSALS, Errors

router = Router(tags=["Designs"])


@router.get("/templates", response=list[schemas.TemplateOut], summary="Ready designs to start from")
def list_templates(request: HttpRequest) -> list[dict[str, Any]]:
    """Each with its document, in the order of the gallery."""
    from simulator.design.examples import templates

    return [
        {
            "name": template.slug,
            "title": template.title,
            "summary": template.summary,
            "see": template.see,
            "document": documents.plain(template.document),
        }
        for template in templates()
    ]


@router.get(
    "/counter-examples/{code}",
    response={200: schemas.CounterExampleOut, **READS},
    summary="A design that shows what a rule warns of",
)
def read_counter_example(request: HttpRequest, code: str) -> dict[str, Any]:
    """A few messages and always the same seed; save it with POST /api/designs and run it."""
    return selectors.counter_example_get(code)


@router.get("/designs", response=list[schemas.DesignSummary], summary="All designs, the last changed first")
def list_designs(request: HttpRequest) -> list[dict[str, Any]]:
    """Without their documents; with the summary of the last run."""
    designs = selectors.design_list()
    runs = selectors.last_runs([design.id for design in designs])
    return [
        {
            "id": design.id,
            "name": design.name,
            "description": design.description,
            "version": design.version,
            "updated_at": design.updated_at,
            "created_at": design.created_at,
            "last_run": runs.get(design.id),
            "nodes": design.node_count,
        }
        for design in designs
    ]


@router.post("/designs", response={201: schemas.DesignFull, **REFUSALS}, summary="Save a new design")
def create_design(request: HttpRequest, response: HttpResponse, body: schemas.NewDesign) -> Any:
    """From a document, a template or a text in YAML or JSON."""
    if body.template is not None:
        design = services.design_create_from_template(body.template)
    elif body.text is not None:
        design = services.design_create(documents.data_of_text(body.text))
    else:
        design = services.design_create(body.document)
    return Status(HTTPStatus.CREATED, _full(design, response))


@router.get("/designs/{uuid:design_id}", response={200: schemas.DesignFull, **READS}, summary="One design")
def read_design(request: HttpRequest, response: HttpResponse, design_id: UUID) -> dict[str, Any]:
    """With its document and every problem found in it; the version is also the ETag."""
    return _full(selectors.design_get(design_id), response)


@router.put(
    "/designs/{uuid:design_id}",
    response={200: schemas.DesignFull, **REFUSALS, 409: schemas.StaleDesign},
    summary="Save the next version",
)
def update_design(
    request: HttpRequest, response: HttpResponse, design_id: UUID, body: schemas.ChangedDesign
) -> dict[str, Any]:
    """409 with the current design when another version stands than the one this was made from."""
    version = body.version if body.version is not None else _if_match(request)
    try:
        design = services.design_save(design_id, version=version, data=body.document)
    except services.StaleVersion as stale:
        stale.extra["current"] = _full(stale.current, response)
        raise
    return _full(design, response)


@router.delete("/designs/{uuid:design_id}", response={204: None, **CONFLICTS}, summary="Delete a design")
def delete_design(request: HttpRequest, design_id: UUID) -> Status[None]:
    """With its history and its runs; 409 while one of them is going."""
    services.design_delete(design_id)
    return Status(HTTPStatus.NO_CONTENT, None)


@router.post(
    "/designs/{uuid:design_id}/duplicate",
    response={201: schemas.DesignFull, **REFUSALS},
    summary="Copy a design",
)
def duplicate_design(request: HttpRequest, response: HttpResponse, design_id: UUID) -> Any:
    """The copy is named "... (copy)" and starts its own history."""
    return Status(HTTPStatus.CREATED, _full(services.design_duplicate(design_id), response))


@router.get(
    "/designs/{uuid:design_id}/history",
    response={200: list[schemas.RevisionOut], **READS},
    summary="The saved versions",
)
def list_history(request: HttpRequest, design_id: UUID) -> Any:
    """The newest first; the last 200 are kept."""
    return selectors.revision_list(design_id)


@router.get(
    "/designs/{uuid:design_id}/history/{int:version}",
    response={200: schemas.Document, **READS},
    summary="The document of one version",
)
def read_history(request: HttpRequest, design_id: UUID, version: int) -> dict[str, Any]:
    """As it was saved."""
    return selectors.revision_get(design_id, version).document


@router.get("/exports", response=list[schemas.ExportFormatOut], summary="Formats a design can be written in")
def list_exports(request: HttpRequest) -> list[dict[str, Any]]:
    """Drawings, settings for brokers, and the design document itself."""
    return exporting.formats()


@router.get(
    "/designs/{uuid:design_id}/export/{format}",
    response={200: str, **READS},
    summary="The design as a file for another program",
)
def export_design(
    request: HttpRequest, design_id: UUID, format: str, theme: exporting.Theme = "light"
) -> HttpResponse:
    """`yaml` is the document itself, for `headrace simulate` and for version control; 422 for a design that
    the format has no words for.
    """
    return exporting.exported(selectors.design_get(design_id).document, format, theme)


@router.get(
    "/designs/{uuid:design_id}/export/{format}/left-out",
    response={200: schemas.LeftOut, **READS},
    summary="What that file does not say of the design",
)
def export_left_out(
    request: HttpRequest, design_id: UUID, format: str, with_numbers: bool = False
) -> dict[str, Any]:
    """Nodes, edges and settings by name. `with_numbers`: of a drawing with the numbers of a run, which shows
    no settings.
    """
    return exporting.left_out(selectors.design_get(design_id).document, format, with_numbers=with_numbers)


@router.post("/routes", response={200: schemas.Routes, **REFUSALS}, summary="Ways of wires around the cards")
def plan_routes(request: HttpRequest, body: schemas.ToRoute) -> dict[str, Any]:
    """The plan of exported drawings, for a canvas whose cards stay where they are; nothing is saved."""
    return routing.routes(body)


@router.post(
    "/validate", response={200: schemas.Verdict, **REFUSALS}, summary="Check a document without saving"
)
def validate(request: HttpRequest, body: schemas.ToValidate) -> dict[str, Any]:
    """Always 200 for a request that can be read; what is wrong stands in `problems`."""
    data: object = body.document
    if body.text is not None:
        try:
            data = documents.data_of_text(body.text)
        except Invalid as refused:
            return {"valid": False, "problems": refused.errors, "document": None}
    document, problems = documents.problems_of(data)
    return {
        "valid": document is not None,
        "problems": [problem_entry(problem) for problem in problems],
        "document": document.to_data() if document else None,
    }


@router.post(
    "/designs/import",
    response={200: schemas.ImportOut, **REFUSALS, 429: Errors},
    summary="A design from files of other programs",
)
def import_design(request: HttpRequest, body: schemas.ToImport) -> dict[str, Any]:
    """Nothing is saved: POST /api/designs with the document does that, when the report is to your liking."""
    return file_imports.import_files([(file.name, file.content) for file in body.files], body.format)


@router.post("/try", response={200: schemas.TrialOut, **REFUSALS}, summary="Try one message at a node")
def try_message(request: HttpRequest, body: schemas.ToTry) -> dict[str, Any]:
    """What every edge of a node that routes would do with a message, and why; nothing is simulated."""
    data: object = body.document
    if body.design is not None:
        data = selectors.design_get(body.design).document
    rows = trials.rows_of(data, body.node, body.sample)
    return {"rows": [{"edge": row.edge, "is_match": row.is_match, "reason": row.reason} for row in rows]}


@router.post(
    "/arrivals",
    response={200: schemas.ArrivalsOut, **REFUSALS},
    summary="An arrivals setting from a recorded load",
    openapi_extra={
        "requestBody": {"content": {"text/csv": {"schema": {"type": "string"}}}, "required": True}
    },
)
def make_arrivals(request: HttpRequest) -> dict[str, Any]:
    """The body is text/csv: one arrival time per line, or timestamp,count rows."""
    return {"arrivals": load_files.arrivals_of_csv(request.body)}


def _full(design: Design, response: HttpResponse) -> dict[str, Any]:
    response.headers["ETag"] = f'"{design.version}"'
    problems = documents.problems_of_text(design.document_text)
    return {
        "id": design.id,
        "name": design.name,
        "version": design.version,
        "updated_at": design.updated_at,
        "document": design.document,
        "problems": [problem_entry(problem) for problem in problems],
    }


def _if_match(request: HttpRequest) -> int:
    given = request.headers.get("If-Match", "").removeprefix("W/").strip('"')
    if not re.fullmatch(r"[0-9]{1,9}", given):
        raise Refusal(
            "The version this was made from is missing.",
            hint="Give `version` in the body, or the ETag in If-Match.",
            path="version",
            code="version-missing",
        )
    return int(given)
