"""The API as a whole: its parts, its one shape of refusals, its description."""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
import logging
from http import HTTPStatus
from typing import Any

from django.db import DatabaseError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser

from architect.designs.api import router as designs
from architect.experiments.api import router as experiments
from architect.refusals import Refusal, error_entry, problem_entry
from architect.runs.api import router as runs

logger = logging.getLogger(__name__)
HTTP_INSUFFICIENT_STORAGE = 507


class BoundedJson(Parser):
    """Reads bodies with the simulator's bounded reader: depth, duplicate keys, NaN, half characters."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Return the data of a JSON body; ninja makes any exception the cause of a 400."""
        from simulator.design.reading import read_text

        body = request.body
        if not body.lstrip(b" \t\r\n\xef\xbb\xbf").startswith((b"{", b"[", b"\xff\xfe", b"\xfe\xff")):
            raise ValueError("a JSON object is expected")
        data = read_text(body)
        if not isinstance(data, dict):
            raise ValueError("a JSON object is expected")
        return data


api = NinjaAPI(
    title="Headrace",
    version="1",
    description="Designs, their runs and the frames of those, and experiments with them.",
    docs_url=None,  # our own page: the bundled one fetches from elsewhere
    urls_namespace="api",
    parser=BoundedJson(),
)
api.add_router("", designs)
api.add_router("", runs)
api.add_router("", experiments)


@functools.cache
def _schema(*, is_compressed: bool) -> tuple[bytes, str]:
    """The answer and its ETag; a megabyte as text, a tenth of that compressed."""
    import simulator

    if is_compressed:
        text, tag = _schema(is_compressed=False)
        return gzip.compress(text, mtime=0), f'{tag[:-1]}-gzip"'
    text = json.dumps(simulator.schema(), separators=(",", ":")).encode()
    return text, f'"{hashlib.sha256(text).hexdigest()[:16]}"'


@api.get("/schema", response=dict[str, Any], tags=["Schema"], summary="What can be drawn")
def read_schema(request: HttpRequest) -> HttpResponse:
    """JSON Schema of documents and kinds, wiring, distributions, metrics: all a canvas knows of them."""
    is_compressed = _takes_gzip(request.headers.get("Accept-Encoding", ""))
    text, tag = _schema(is_compressed=is_compressed)
    if request.headers.get("If-None-Match") == tag:
        answer = HttpResponse(status=HTTPStatus.NOT_MODIFIED)
    else:
        answer = HttpResponse(text, content_type="application/json")
        if is_compressed:
            answer.headers["Content-Encoding"] = "gzip"
    answer.headers["ETag"] = tag
    answer.headers["Vary"] = "Accept-Encoding"
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _takes_gzip(accepted: str) -> bool:
    """Whether the header names gzip, and not with weight 0 (RFC 9110, section 12.5.3)."""
    for part in accepted.split(","):
        name, _, weight = part.partition(";")
        if name.strip().lower() in ("gzip", "*"):
            return weight.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


@api.exception_handler(Refusal)
def _refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    # Extras are data of the API itself (the current design of a 409): encoded by ninja like any answer.
    return api.create_response(request, refusal.as_dict(), status=refusal.status)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    entries = [
        error_entry(entry["msg"], path=_path(entry["loc"]), code=entry["type"]) for entry in error.errors
    ]
    return api.create_response(request, {"errors": entries, "detail": entries[0]["message"]}, status=422)


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    from simulator import InvalidDesign

    status, entries = error.status_code, [error_entry(error.message, code="unreadable")]
    if isinstance(error.__cause__, InvalidDesign):
        entries = [problem_entry(problem) for problem in error.__cause__.problems]
    elif error.__cause__ is not None:
        entries = [error_entry(f"The body cannot be read: {error.__cause__}.", code="unreadable")]
    return api.create_response(request, {"errors": entries, "detail": entries[0]["message"]}, status=status)


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, _error: Http404) -> HttpResponse:
    sentence = "There is no such address in the API; /api/docs lists them."
    entry = error_entry(sentence, code="not-found")
    return api.create_response(request, {"errors": [entry], "detail": sentence}, status=404)


@api.exception_handler(OperationalError)
def _storage(request: HttpRequest, error: OperationalError) -> HttpResponse:
    if "full" not in str(error) and "readonly" not in str(error):
        return _defect(request, error)
    logger.error("the database cannot be written: %s", error)
    sentence = (
        "The server's disk is full or cannot be written; nothing was changed. Free space and try again."
    )
    entry = error_entry(sentence, code="storage")
    return api.create_response(
        request, {"errors": [entry], "detail": sentence}, status=HTTP_INSUFFICIENT_STORAGE
    )


@api.exception_handler(Exception)
def _defect(request: HttpRequest, error: Exception | DatabaseError) -> HttpResponse:
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    sentence = "This is an error of Headrace itself; the server's log has the details. Nothing was changed."
    entry = error_entry(sentence, code="defect")
    return api.create_response(request, {"errors": [entry], "detail": sentence}, status=500)


def _path(location: tuple[Any, ...]) -> str:
    """Return `document.nodes[2]` for ninja's ("body", "body", "document", "nodes", 2)."""
    path = ""
    for step in location[2:] if location[:1] == ("body",) else location[1:]:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return path.lstrip(".")
