"""The few pages the server renders itself: the shell of the program, the API's description, errors."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any

from django.contrib.staticfiles import finders
from django.db import DatabaseError, connection
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from architect import openapi
from architect.bundle import FrontEndMissing, load_bundle

ICONS = ("icons/favicon.svg", "icons/favicon.ico", "headrace/favicon.svg")


@require_safe
def shell(
    request: HttpRequest,
    design_id: uuid.UUID | None = None,
    run_id: uuid.UUID | None = None,
    experiment_id: uuid.UUID | None = None,
) -> HttpResponse:
    """Return the page; which view it shows is decided in the browser, from the address."""
    del design_id, run_id, experiment_id
    try:
        bundle = load_bundle()
    except FrontEndMissing as missing:
        context = {"title": "The front end is not built", "sentence": str(missing)}
        return render(request, "error.html", context, status=HTTPStatus.SERVICE_UNAVAILABLE)
    return render(request, "index.html", {"bundle": bundle})


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Return the API's description for people: plain HTML, nothing is fetched from elsewhere."""
    return render(request, "api_docs.html", {"groups": openapi.groups()})


@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database can be read."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError:
        return JsonResponse({"status": "no database"}, status=HTTPStatus.SERVICE_UNAVAILABLE)
    return JsonResponse({"status": "ok"})


@require_safe
def favicon(_request: HttpRequest) -> HttpResponseBase:
    """Return the icon for browsers that ask for it at the root."""
    for name in ICONS:
        if path := finders.find(name):
            kind = "image/svg+xml" if path.endswith(".svg") else "image/x-icon"
            return FileResponse(open(path, "rb"), content_type=kind)  # noqa: PTH123 (the response closes it)
    raise Http404


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The request could not be understood (a foreign Host header, for one)."""
    del exception
    return _error(request, 400, "This request cannot be understood", "Nothing was changed.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Nothing is at this address."""
    del exception
    return _error(
        request, 404, "There is nothing here", "The address is unknown, or what it named was deleted."
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """An error of Headrace itself."""
    sentence = (
        "This is an error of Headrace itself; the server's log has the details. Saved designs are safe."
    )
    return _error(request, 500, "Something went wrong", sentence)


def _error(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponse:
    context: dict[str, Any] = {"title": title, "sentence": sentence}
    return render(request, "error.html", context, status=status)
