"""What every answer carries, and who may ask for a change."""

from __future__ import annotations

import http
import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from architect.origins import is_own_host, is_own_origin
from architect.refusals import error_entry

GetResponse = Callable[[HttpRequest], HttpResponseBase]
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSV_PATH = "/api/arrivals"


class SecurityHeaders:
    """Puts the content security policy on every answer, error pages and files included.

    No inline script and no evaluation anywhere; styles only from our own files, with style *attributes*
    allowed because the canvas library positions its boxes with them.
    """

    def __init__(self, get_response: GetResponse) -> None:
        """Keep the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Add the headers that are missing."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", content_security_policy(request))
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), usb=()")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", "DENY")
        if request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def content_security_policy(request: HttpRequest) -> str:
    """Return the policy; the sockets' address is named because not every browser counts it as 'self'."""
    host = request.META.get("HTTP_HOST", "")
    sockets = f" ws://{host} wss://{host}" if is_own_host(host) else ""
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self'",
            "style-src-attr 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            f"connect-src 'self'{sockets}",
            "worker-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class ApiErrors:
    """Gives every refusal under /api/ the API's own shape, also those that Django answers itself."""

    def __init__(self, get_response: GetResponse) -> None:
        """Keep the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Rewrite an HTML or plain-text error as JSON; leave everything else alone."""
        response = self.get_response(request)
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        if response.status_code < 400 or is_json or not request.path.startswith("/api/"):
            return response
        sentence = {
            400: "The request cannot be understood.",
            404: "There is no such address in the API; /api/docs lists them.",
            405: f"{request.method} is not allowed here.",
            413: "The request is too large.",
        }.get(response.status_code, http.HTTPStatus(response.status_code).phrase + ".")
        answer = refusal_response(response.status_code, sentence)
        if "Allow" in response.headers:
            answer.headers["Allow"] = response.headers["Allow"]
        return answer


class OwnOriginOnly:
    """Refuses requests that change something when another site's page sent them (403) or when their
    content type is one that a plain form of another site could send (415).

    Programs that are no browsers send neither Origin nor Sec-Fetch-Site and are let through.
    """

    def __init__(self, get_response: GetResponse) -> None:
        """Keep the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Check and hand on."""
        if request.method in SAFE_METHODS:
            return self.get_response(request)
        if not _sent_by_own_page(request):
            return refusal_response(403, "Another site's page may not change anything here.", code="origin")
        wanted = "text/csv" if request.path == CSV_PATH else "application/json"
        if _has_body(request) and request.content_type != wanted:
            sentence = f"This address takes Content-Type: {wanted}."
            return refusal_response(415, sentence, code="content-type")
        return self.get_response(request)


def _sent_by_own_page(request: HttpRequest) -> bool:
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    host = request.META.get("HTTP_HOST", "")
    return origin is None or is_own_origin(origin, scheme=request.scheme or "http", host=host)


def _has_body(request: HttpRequest) -> bool:
    length = request.headers.get("Content-Length", "")
    return (
        length not in ("", "0") or "Transfer-Encoding" in request.headers or "Content-Type" in request.headers
    )


def refusal_response(status: int, sentence: str, *, code: str | None = None) -> HttpResponse:
    """Return an error in the API's shape, for places outside the API itself."""
    entry = error_entry(sentence, code=code or http.HTTPStatus(status).phrase.lower().replace(" ", "-"))
    return JsonResponse({"errors": [entry], "detail": sentence}, status=status)


def refusal_bytes(status: int, sentence: str) -> bytes:
    """Return the same as bytes, for the layers below Django."""
    entry = error_entry(sentence, code=http.HTTPStatus(status).phrase.lower().replace(" ", "-"))
    return json.dumps({"errors": [entry], "detail": sentence}).encode()
