"""Links to read the report of a run and nothing else: a token that nobody can guess, until it is revoked."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Mapping, Sequence
from hashlib import sha256

from django.http import Http404, HttpRequest, HttpResponse

from architect.refusals import Conflict, NotFound
from architect.runs import reporting, selectors
from architect.runs.models import ShareLink

#: Random bytes of a token: 43 characters of an address.
TOKEN_BYTES = 32
#: Links to one run or experiment.
MOST_LINKS = 100
#: The report is one file with its own style: it may load and run nothing, and is nobody's page.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


def new_token() -> tuple[str, str]:
    """A token, and the digest of it that is kept."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return token, digest_of(token)


def digest_of(token: str) -> str:
    """What is kept of a token: who reads the database cannot read the reports by it."""
    return sha256(token.encode()).hexdigest()


def refuse_too_many(count: int, what: str) -> None:
    """Raise Conflict where there are as many links as there may be."""
    if count >= MOST_LINKS:
        raise Conflict(
            f"The {what} has {MOST_LINKS} links already.", hint="Revoke some first.", code="too-many-links"
        )


def link_create(run_id: uuid.UUID, words: Mapping[str, str]) -> tuple[ShareLink, str]:
    """Make a link to the report of a run that has a result; returns it and its token, which is kept nowhere.

    Raises:
        NotFound, Conflict: without the run, or without its result.
    """
    selectors.run_result_text(run_id)
    refuse_too_many(ShareLink.objects.filter(run_id=run_id).count(), "run")
    token, digest = new_token()
    return ShareLink.objects.create(run_id=run_id, digest=digest, words=dict(words)), token


def link_list(run_id: uuid.UUID) -> Sequence[ShareLink]:
    """The links to a run, the newest first; raises NotFound without the run."""
    return list(ShareLink.objects.filter(run=selectors.run_get(run_id)))


def link_revoke(run_id: uuid.UUID, link_id: uuid.UUID) -> None:
    """Make the address of a link to a run unknown; raises NotFound when it is already."""
    deleted, _ = ShareLink.objects.filter(id=link_id, run_id=run_id).delete()
    if not deleted:
        raise NotFound("There is no such link.", hint="It may have been revoked.")


def shared_report(request: HttpRequest, token: str) -> HttpResponse:
    """The report of a run behind a token, as a page; 404 for a token that is unknown or revoked."""
    del request
    link = ShareLink.objects.filter(digest=digest_of(token)).first()
    if link is None:
        raise Http404
    result = json.loads(selectors.run_result_text(link.run_id))
    document = json.loads(selectors.run_document_text(link.run_id))
    words = reporting.words_of(selectors.run_get(link.run_id).words, link.words)
    return as_shared(reporting.report(document, result, "html", **words))


def as_shared(answer: HttpResponse) -> HttpResponse:
    """A report as a page for whoever has its address."""
    del answer.headers["Content-Disposition"]
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    # The address is the key: it must not travel with the links of the page, nor stay in caches.
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
