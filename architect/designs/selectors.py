"""Everything that reads designs."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db.models import QuerySet

from architect.designs.models import Design, DesignRevision
from architect.refusals import NotFound

LastRuns = Callable[[Iterable[uuid.UUID]], dict[uuid.UUID, dict[str, Any]]]


def _no_runs(_design_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
    return {}


_last_runs: LastRuns = _no_runs


def set_last_runs(selector: LastRuns) -> None:
    """Let the room of runs say how the last run of each design is found: designs never import runs."""
    global _last_runs  # noqa: PLW0603 (set once, when the apps are ready)
    _last_runs = selector


def last_runs(design_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, dict[str, Any]]:
    """Return the summary of the last run for each design that has one."""
    return _last_runs(design_ids)


def design_get(design_id: uuid.UUID) -> Design:
    """Return one design; raises NotFound."""
    design = Design.objects.filter(id=design_id).first()
    if design is None:
        raise NotFound("There is no design with this id.", hint="It may have been deleted.")
    return design


def counter_example_get(code: str) -> dict[str, Any]:
    """Return the design that shows what a rule of practice warns of; raises NotFound."""
    from simulator.advice.counter_examples import COUNTER_EXAMPLES, document_of, story_of
    from simulator.advice.table import all_rules

    if code not in COUNTER_EXAMPLES:
        raise NotFound(
            f"There is no counter-example for {code[:20]!r}.",
            hint=f"There are {', '.join(COUNTER_EXAMPLES)}.",
        )
    steps, damage, cured = story_of(code)
    return {
        "code": code,
        "title": all_rules()[code].title,
        "document": document_of(code),
        "steps": list(steps),
        "damage": damage,
        "cured": cured,
    }


def design_list() -> Sequence[Design]:
    """Return all designs without their documents, the last changed first."""
    return list(Design.objects.defer("document_text"))


def revision_list(design_id: uuid.UUID) -> QuerySet[DesignRevision]:
    """Return the saved versions without their documents, the newest first; raises NotFound."""
    return design_get(design_id).revisions.defer("document_text")


def revision_get(design_id: uuid.UUID, version: int) -> DesignRevision:
    """Return one saved version; raises NotFound."""
    revision = design_get(design_id).revisions.filter(version=version).first()
    if revision is None:
        raise NotFound("This version is not kept.", hint="The history lists the versions that are.")
    return revision
