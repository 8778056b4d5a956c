"""The API of experiments: it translates between HTTP and the services, and decides nothing."""

# ruff: noqa: ARG001 (ninja hands the request to every operation, by this name)

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query, Router
from ninja.responses import Status

from architect.designs.exporting import attachment
from architect.designs.parquet import with_parquet
from architect.experiments import preparation, schemas, selectors, services, sharing, starting, variants
from architect.experiments.models import Experiment, ExperimentKind
from architect.runs import reporting
from architect.runs.schemas import LinkOut, ReportWords
from architect.runs.states import RunStatus
from architect.schemas import CONFLICTS, READS, REFUSALS, Errors

router = Router(tags=["Experiments"])
STARTED: dict[int, Any] = {201: schemas.ExperimentOut, **CONFLICTS, 429: Errors}


@router.get("/swaps", response=list[schemas.SwapTarget], summary="What a broker may become")
def list_swap_targets(request: HttpRequest) -> list[dict[str, Any]]:
    """Every kind that brokers can be tried as, with its variants; what sagas and workers can be tried as."""
    return preparation.swap_targets()


@router.post("/swaps", response={200: schemas.SwapOut, **REFUSALS}, summary="Try a broker as another kind")
def preview_swap(request: HttpRequest, body: schemas.SwapIn) -> dict[str, Any]:
    """The design with the broker swapped, and what was translated, assumed and lost; nothing is saved."""
    return preparation.swap_preview(body)


@router.get("/experiments/going", response=list[schemas.ExperimentOut], summary="Experiments under way")
def list_going(request: HttpRequest) -> list[dict[str, Any]]:
    """Of every kind, queued ones too, the newest first."""
    return [_out(found) for found in selectors.experiments_going()]


@router.post("/comparisons", response=STARTED, summary="Compare alternatives under the same load")
def start_comparison(request: HttpRequest, body: schemas.NewComparison) -> Any:
    """The design as drawn beside brokers swapped in place, other designs, other settings; paired runs."""
    return _submitted(services.experiment_create(preparation.prepare_comparison(body)))


@router.post("/sweeps", response=STARTED, summary="Vary one or two settings")
def start_sweep(request: HttpRequest, body: schemas.NewSweep) -> Any:
    """The design at every point, with intervals; at most 10,000 points and 100,000 runs."""
    return _submitted(services.experiment_create(preparation.prepare_sweep(body)))


@router.post("/capacities", response=STARTED, summary="Look for the limit of a setting")
def start_capacity(request: HttpRequest, body: schemas.NewCapacity) -> Any:
    """How far a rate or any other number can go until an objective is missed, and what breaks first."""
    return _submitted(services.experiment_create(preparation.prepare_capacity(body)))


@router.post("/cheapest", response=STARTED, summary="Look for the cheapest configuration")
def start_cheapest(request: HttpRequest, body: schemas.NewCheapest) -> Any:
    """Every combination of some settings: the cheapest that meets every objective, and the front."""
    return _submitted(services.experiment_create(preparation.prepare_cheapest(body)))


@router.post("/sensitivities", response=STARTED, summary="Which assumed number matters")
def start_sensitivity(request: HttpRequest, body: schemas.NewSensitivity) -> Any:
    """Assumed numbers over their ranges, one at a time, and Morris's elementary effects when asked for."""
    return _submitted(services.experiment_create(preparation.prepare_sensitivity(body)))


@router.post(
    "/sensitivities/assumed",
    response={200: list[schemas.AssumedOut], **REFUSALS},
    summary="The assumed numbers of a design",
)
def list_assumed(request: HttpRequest, body: schemas.AssumedIn) -> list[dict[str, Any]]:
    """Guesses, and defaults whose source is an estimate, with the ranges they would be varied over."""
    return preparation.assumed_numbers(body)


def _add_operations(kind: ExperimentKind, place: str, to_csv: Callable[[dict[str, Any]], str]) -> None:
    """What can be done with every kind of experiment once it has been started."""
    one = f"/{place}/{{uuid:experiment_id}}"

    @router.get(
        f"/{place}",
        response={200: list[schemas.ExperimentOut], **READS},
        summary=f"The newest {place}",
        operation_id=f"list_{place}",
    )
    def list_all(request: HttpRequest, design: UUID | None = None) -> list[dict[str, Any]]:
        """At most 200, of one design if asked."""
        return [_out(found) for found in selectors.experiment_list(kind, design_id=design)]

    @router.get(
        one,
        response={200: schemas.ExperimentOut, **READS},
        summary=f"One {kind}",
        operation_id=f"read_{kind}",
    )
    def read(request: HttpRequest, experiment_id: UUID) -> dict[str, Any]:
        """How it stands; `partials` grows whenever its result has changed."""
        return _out(selectors.experiment_get(kind, experiment_id))

    @router.get(
        f"{one}/result",
        response={200: dict[str, Any], **READS, 409: Errors},
        summary=f"The result of a {kind} (headrace-{kind}/1)",
        operation_id=f"read_{kind}_result",
    )
    def read_result(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
        """While it is going, and after it was cancelled: what is known by then; 409 where nothing is."""
        return HttpResponse(selectors.result_text(kind, experiment_id), content_type="application/json")

    @router.get(
        f"{one}/result.csv",
        response={200: str, **READS, 409: Errors},
        summary=f"The figures of a {kind} as CSV",
        operation_id=f"download_{kind}",
        openapi_extra={"responses": {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}},
    )
    def download(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
        """The same rows as the command line's --csv."""
        text = to_csv(selectors.result_data(kind, experiment_id))
        name = selectors.experiment_get(kind, experiment_id).design_name
        return attachment(text, "text/csv; charset=utf-8", name, f"-{kind}.csv")

    @router.get(
        f"{one}/report.{{form}}",
        response={200: str, **READS, 409: Errors},
        summary=f"The report of a {kind}",
        operation_id=f"report_{kind}",
    )
    def read_report(
        request: HttpRequest, experiment_id: UUID, form: reporting.Form, words: Query[ReportWords]
    ) -> HttpResponse:
        """`html` is one file without outside resources, `pdf` is for printing; 409 without a result."""
        found = selectors.result_data(kind, experiment_id)
        document = selectors.document_data(kind, experiment_id)
        kept = selectors.experiment_get(kind, experiment_id).words
        return reporting.report(document, found, form, **reporting.words_of(kept, words.model_dump()))

    _add_sharing(kind, one)

    @router.post(
        f"{one}/cancel",
        response={200: schemas.ExperimentOut, **CONFLICTS},
        summary=f"Cancel a {kind}",
        operation_id=f"cancel_{kind}",
    )
    def cancel(request: HttpRequest, experiment_id: UUID) -> dict[str, Any]:
        """Answers when it has ended, within a second; what it gave is kept. An ended one stays as it is."""
        return _out(starting.cancel(kind, experiment_id))

    @router.post(f"{one}/repeat", response=STARTED, summary=f"Repeat a {kind}", operation_id=f"repeat_{kind}")
    def repeat(request: HttpRequest, experiment_id: UUID) -> Any:
        """The same snapshots, seed and options: the same numbers."""
        return _submitted(services.experiment_repeat(kind, experiment_id))

    @router.post(
        f"{one}/design",
        response={201: schemas.VariantOut, **REFUSALS},
        summary=f"A variant of a {kind} as a design",
        operation_id=f"make_{kind}_variant",
    )
    def make_variant(request: HttpRequest, experiment_id: UUID, body: schemas.VariantIn) -> Any:
        """From the snapshot that was run, whatever has become of the design since."""
        made = variants.variant_create(kind, experiment_id, body)
        return Status(HTTPStatus.CREATED, {"design": made.id, "name": made.name})

    @router.delete(
        one, response={204: None, **CONFLICTS}, summary=f"Delete a {kind}", operation_id=f"delete_{kind}"
    )
    def delete(request: HttpRequest, experiment_id: UUID) -> Status[None]:
        """With its result; 409 while it is going."""
        services.experiment_delete(kind, experiment_id)
        return Status(HTTPStatus.NO_CONTENT, None)


def _add_sharing(kind: ExperimentKind, one: str) -> None:
    """The words of a report, and links to read it."""

    @router.get(
        f"{one}/words",
        response={200: ReportWords, **READS},
        summary=f"The words of the report of a {kind}",
        operation_id=f"read_{kind}_words",
    )
    def read_words(request: HttpRequest, experiment_id: UUID) -> dict[str, str]:
        """Title, authors and notes, as every report and link shows them."""
        return reporting.words_of(selectors.experiment_get(kind, experiment_id).words)

    @router.put(
        f"{one}/words",
        response={200: ReportWords, **CONFLICTS},
        summary=f"Write the words of the report of a {kind}",
        operation_id=f"write_{kind}_words",
    )
    def write_words(request: HttpRequest, experiment_id: UUID, body: ReportWords) -> dict[str, str]:
        """All three of them; links that were made before show them as well."""
        return sharing.words_set(kind, experiment_id, body.model_dump())

    @router.post(
        f"{one}/links",
        response={201: LinkOut, **CONFLICTS},
        summary=f"Share the report of a {kind}",
        operation_id=f"share_{kind}",
    )
    def create_link(request: HttpRequest, experiment_id: UUID, body: ReportWords) -> Status[dict[str, Any]]:
        """An address at which anybody may read the report, and nothing else, until the link is revoked."""
        link, token = sharing.link_create(kind, experiment_id, body.model_dump())
        path = reverse("shared", args=(token,))
        return Status(HTTPStatus.CREATED, {"id": link.id, "created_at": link.created_at, "path": path})

    @router.get(
        f"{one}/links",
        response={200: list[LinkOut], **READS},
        summary=f"The links to the report of a {kind}",
        operation_id=f"list_{kind}_links",
    )
    def list_links(request: HttpRequest, experiment_id: UUID) -> list[dict[str, Any]]:
        """Without their addresses, of which only a digest is kept."""
        found = sharing.link_list(kind, experiment_id)
        return [{"id": link.id, "created_at": link.created_at} for link in found]

    @router.delete(
        f"{one}/links/{{uuid:link_id}}",
        response={204: None, **READS},
        summary=f"Revoke a link to the report of a {kind}",
        operation_id=f"revoke_{kind}_link",
    )
    def revoke_link(request: HttpRequest, experiment_id: UUID, link_id: UUID) -> Status[None]:
        """Its address is unknown from now on."""
        sharing.link_revoke(kind, experiment_id, link_id)
        return Status(HTTPStatus.NO_CONTENT, None)


@router.get(
    "/sweeps/{uuid:experiment_id}/result.parquet",
    response={200: bytes, **READS, 409: Errors},
    summary="The figures of a sweep as Parquet",
    openapi_extra={"responses": {200: {"content": {"application/vnd.apache.parquet": {}}}}},
)
def download_parquet(request: HttpRequest, experiment_id: UUID) -> HttpResponse:
    """A row for every point, place and measure; 409 where PyArrow (extra `parquet`) is not installed."""
    from simulator.report.sweep_table import sweep_parquet

    found = selectors.result_data(ExperimentKind.SWEEP, experiment_id)
    name = selectors.experiment_get(ExperimentKind.SWEEP, experiment_id).design_name
    content = with_parquet(lambda: sweep_parquet(found))
    return attachment(content, "application/vnd.apache.parquet", name, "-sweep.parquet")


def _comparison_csv(document: dict[str, Any]) -> str:
    from simulator.report.alternatives_table import comparison_csv

    return comparison_csv(document)


def _sweep_csv(document: dict[str, Any]) -> str:
    from simulator.report.sweep_table import sweep_csv

    return sweep_csv(document)


def _capacity_csv(document: dict[str, Any]) -> str:
    from simulator.report.capacity_table import capacity_csv

    return capacity_csv(document)


def _cheapest_csv(document: dict[str, Any]) -> str:
    from simulator.report.cheapest_table import cheapest_csv

    return cheapest_csv(document)


def _sensitivity_csv(document: dict[str, Any]) -> str:
    from simulator.report.sensitivity_table import sensitivity_csv

    return sensitivity_csv(document)


_add_operations(ExperimentKind.COMPARISON, "comparisons", _comparison_csv)
_add_operations(ExperimentKind.SWEEP, "sweeps", _sweep_csv)
_add_operations(ExperimentKind.CAPACITY, "capacities", _capacity_csv)
_add_operations(ExperimentKind.CHEAPEST, "cheapest", _cheapest_csv)
_add_operations(ExperimentKind.SENSITIVITY, "sensitivities", _sensitivity_csv)


def _submitted(experiment: Experiment) -> Any:
    kind = ExperimentKind(experiment.kind)
    starting.submit(experiment)
    return Status(HTTPStatus.CREATED, _out(selectors.experiment_get(kind, experiment.id)))


def _out(found: Experiment) -> dict[str, Any]:
    return {
        "id": found.id,
        "kind": found.kind,
        "design": found.design_id,
        "design_name": found.design_name,
        "design_version": found.design_version,
        "request": found.request,
        "status": RunStatus(found.status),
        "reason": found.reason or None,
        "seed": found.seed,
        "versions": found.versions,
        "progress": found.progress,
        "progress_text": found.progress_text,
        "partials": found.partials,
        "headline": found.headline,
        "created_at": found.created_at,
        "started_at": found.started_at,
        "ended_at": found.ended_at,
        "wall_seconds": found.wall_seconds,
    }
