"""Links to read the report of an experiment and nothing else, as those of runs."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from architect.experiments import selectors
from architect.experiments.models import Experiment, ExperimentKind, ExperimentLink
from architect.refusals import NotFound
from architect.runs import reporting, sharing


def words_set(kind: ExperimentKind, experiment_id: uuid.UUID, words: Mapping[str, str]) -> dict[str, str]:
    """Keep title, authors and notes of the report of an experiment; raises NotFound."""
    selectors.experiment_get(kind, experiment_id)
    kept = reporting.words_of(words)
    Experiment.objects.filter(id=experiment_id).update(words=kept)
    return kept


def link_create(
    kind: ExperimentKind, experiment_id: uuid.UUID, words: Mapping[str, str]
) -> tuple[ExperimentLink, str]:
    """Make a link to the report of an experiment; returns it and its token, which is kept nowhere.

    Raises:
        NotFound, Conflict: without the experiment, or while nothing of it is known.
    """
    selectors.result_text(kind, experiment_id)
    sharing.refuse_too_many(ExperimentLink.objects.filter(experiment_id=experiment_id).count(), kind)
    token, digest = sharing.new_token()
    made = ExperimentLink.objects.create(experiment_id=experiment_id, digest=digest, words=dict(words))
    return made, token


def link_list(kind: ExperimentKind, experiment_id: uuid.UUID) -> Sequence[ExperimentLink]:
    """The links to an experiment, the newest first; raises NotFound without it."""
    return list(ExperimentLink.objects.filter(experiment=selectors.experiment_get(kind, experiment_id)))


def link_revoke(kind: ExperimentKind, experiment_id: uuid.UUID, link_id: uuid.UUID) -> None:
    """Make the address of a link unknown; raises NotFound when it is already."""
    selectors.experiment_get(kind, experiment_id)
    deleted, _ = ExperimentLink.objects.filter(id=link_id, experiment_id=experiment_id).delete()
    if not deleted:
        raise NotFound("There is no such link.", hint="It may have been revoked.")


@require_safe
def shared_report(request: HttpRequest, token: str) -> HttpResponse:
    """The report behind a token, of a run or an experiment; 404 for one that is unknown or revoked."""
    link = ExperimentLink.objects.filter(digest=sharing.digest_of(token)).select_related("experiment").first()
    if link is None:
        return sharing.shared_report(request, token)
    kind = ExperimentKind(link.experiment.kind)
    found = selectors.result_data(kind, link.experiment_id)
    document = selectors.document_data(kind, link.experiment_id)
    words = reporting.words_of(link.experiment.words, link.words)
    return sharing.as_shared(reporting.report(document, found, "html", **words))
