"""From what was found back to the drawing board: an alternative, a point or a limit as a new design."""

from __future__ import annotations

import json
import uuid
from typing import Any

from architect.designs.models import Design
from architect.designs.services import NAME_LIMIT, design_create
from architect.experiments import schemas
from architect.experiments.models import Experiment, ExperimentKind
from architect.experiments.selectors import experiment_get
from architect.refusals import Invalid, invalid_design


def variant_create(kind: ExperimentKind, experiment_id: uuid.UUID, asked: schemas.VariantIn) -> Design:
    """Save a variant of an experiment as a new design, from the snapshot that was run.

    Raises Invalid for an alternative that is not in it, and for values that its settings cannot have.
    """
    experiment_get(kind, experiment_id)
    if kind == ExperimentKind.SENSITIVITY:
        raise Invalid("A sensitivity analysis has no variants.", hint="Try a value in the editor.")
    job = json.loads(Experiment.objects.values_list("job_text", flat=True).get(id=experiment_id))
    if kind == ExperimentKind.COMPARISON:
        data, word = _alternative(job, asked.alternative)
    else:
        data, word = _with_values(job["document"], _paths(job), asked.values)
    suffix = f", {word}"[:100]
    return design_create({**data, "name": data["name"][: NAME_LIMIT - len(suffix)] + suffix})


def _paths(job: dict[str, Any]) -> list[str]:
    """The settings that were varied: of a sweep or a search, or the one of a capacity."""
    return [one["path"] for one in job["varied"]] if "varied" in job else [job["path"]]


def _alternative(job: dict[str, Any], name: str | None) -> tuple[dict[str, Any], str]:
    for one in job["alternatives"]:
        if one["name"] == name:
            return one["document"], one["name"]
    raise Invalid(
        f"There is no alternative {name!r}.",
        hint=f"There are {', '.join(one['name'] for one in job['alternatives'])}.",
        path="alternative",
    )


def _with_values(
    document: dict[str, Any], paths: list[str], values: list[Any] | None
) -> tuple[dict[str, Any], str]:
    from simulator import Document
    from simulator.errors import InvalidDesign
    from simulator.experiments.parameters import with_values

    if values is None or len(values) != len(paths):
        raise Invalid(f"A value is needed for each of {', '.join(paths)}.", path="values")
    pairs = list(zip(paths, values, strict=True))
    try:
        made = with_values(Document.parse(document), pairs)
    except InvalidDesign as refused:
        raise invalid_design(refused.problems, what="The variant") from None
    word = ", ".join(f"{path.rpartition('.config.')[2]} {value}" for path, value in pairs)
    return made.to_data(), word
