"""From what was asked for to what a worker gets: designs read, alternatives made, everything checked.

The rules are the command line's: the same functions of the simulator make the alternatives and refuse.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from architect.designs.documents import checked
from architect.designs.models import Design
from architect.designs.selectors import design_get, revision_get
from architect.experiments import schemas
from architect.experiments.models import ExperimentKind
from architect.refusals import Invalid, NotFound, invalid_design, problem_entry

if TYPE_CHECKING:
    from simulator.design.document import Document
    from simulator.experiments.compare import Alternative
    from simulator.experiments.parameters import Varied

AS_DRAWN = "as drawn"
POINTS_CHECKED = 32  # of a sweep, spread evenly, before it is queued; its worker checks every one
OPTIONS = ("seed", "duration", "warmup", "replications")


@dataclass(frozen=True, slots=True)
class Prepared:
    """An experiment that can be queued; `job` is what the worker gets."""

    kind: ExperimentKind
    design_id: uuid.UUID
    design_name: str
    design_version: int
    seed: int
    request: dict[str, Any]
    job: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Base:
    """A saved design at one of its versions."""

    id: uuid.UUID
    name: str
    version: int
    document: Document


def prepare_comparison(body: schemas.NewComparison) -> Prepared:
    """Return the comparison; raises Invalid, naming the alternative, for what cannot be run or compared."""
    from simulator.experiments.compare import Alternative, prepared

    base = _base(body.design, body.version)
    alternatives = [Alternative(AS_DRAWN, base.document)]
    alternatives += [_alternative(base, one, number) for number, one in enumerate(body.alternatives)]
    with _placed(body, "alternatives"):
        prepared(alternatives, rank_by=body.rank_by, **_options(body))
    job = {
        "alternatives": [
            {"name": one.name, "document": one.document.to_data(), "notes": list(one.notes)}
            for one in alternatives
        ],
        "options": {
            **_options(body),
            "rank_by": body.rank_by,
            "indifference": body.indifference,
            "is_paired": body.paired,
        },
    }
    return _prepared(ExperimentKind.COMPARISON, base, body, job)


def prepare_sweep(body: schemas.NewSweep) -> Prepared:
    """Return the sweep; raises Invalid for a path or range that is none, and for too many points."""
    from simulator.experiments.options import RunOptions
    from simulator.experiments.sweep import REPLICATIONS, grid, point_design

    base = _base(body.design, body.version)
    varied = [_varied(base.document, one, number) for number, one in enumerate(body.vary)]
    options = _options(body)
    with _placed(body, "vary"):
        chosen = {**options, "replications": options["replications"] or REPLICATIONS}
        places = grid(varied, RunOptions.of(base.document, **chosen))
        step = max(1, len(places) // POINTS_CHECKED)
        for place in [*places[::step], places[-1]]:
            point_design(base.document, varied, place)
    job = {
        "document": base.document.to_data(),
        "varied": [{"path": one.path, "values": list(one.values)} for one in varied],
        "options": options,
    }
    return _prepared(ExperimentKind.SWEEP, base, body, job)


def prepare_capacity(body: schemas.NewCapacity) -> Prepared:
    """Return the search; raises Invalid without objectives, and for a setting that is no number."""
    from simulator.experiments.capacity import prepared, rate_path

    base = _base(body.design, body.version)
    field = "node" if body.node is not None else "highest" if body.highest is not None else "lowest"
    with _placed(body, field):
        path = rate_path(base.document, body.node) if body.node else body.highest or body.lowest or ""
        prepared(base.document, path, low=body.low, high=body.high, **_options(body))
    job = {
        "document": base.document.to_data(),
        "path": path,
        "options": {
            **_options(body),
            "find": "lowest" if body.lowest else "highest",
            "low": body.low,
            "high": body.high,
            "precision": body.precision,
        },
    }
    return _prepared(ExperimentKind.CAPACITY, base, body, job)


def prepare_cheapest(body: schemas.NewCheapest) -> Prepared:
    """Return the search; raises Invalid without objectives, and for too many configurations."""
    from simulator.experiments.cheapest import prepared
    from simulator.experiments.options import RunOptions

    base = _base(body.design, body.version)
    varied = [_varied(base.document, one, number) for number, one in enumerate(body.vary)]
    options = _options(body)
    with _placed(body, "vary"):
        RunOptions.of(base.document, **options)
        prepared(base.document, varied, latency=body.latency)
    job = {
        "document": base.document.to_data(),
        "varied": [{"path": one.path, "values": list(one.values)} for one in varied],
        "options": {**options, "latency": body.latency},
    }
    return _prepared(ExperimentKind.CHEAPEST, base, body, job)


def prepare_sensitivity(body: schemas.NewSensitivity) -> Prepared:
    """Return the analysis; raises Invalid where nothing is assumed, and for ranges that cannot be run."""
    from simulator.experiments.assumed import ranged
    from simulator.experiments.options import RunOptions
    from simulator.experiments.sensitivity import prepared

    base = _base(body.design, body.version)
    options = _options(body)
    parameters = []
    for number, one in enumerate(body.over):
        _refuse_files({one.path: None}, f"over[{number}].path")
        with _placed(one, f"over[{number}]"):
            parameters.append(ranged(base.document, one.path, one.low, one.high))
    with _placed(body, "over"):
        RunOptions.of(base.document, **options)
        prepared(base.document, parameters or None, metric=body.metric, trajectories=body.trajectories)
    job = {
        "document": base.document.to_data(),
        "over": [one.model_dump() for one in body.over],
        "options": {**options, "metric": body.metric, "trajectories": body.trajectories},
    }
    return _prepared(ExperimentKind.SENSITIVITY, base, body, job)


def assumed_numbers(body: schemas.AssumedIn) -> list[dict[str, Any]]:
    """Return what a sensitivity analysis of a saved design varies unless told otherwise."""
    from simulator.experiments.assumed import assumed

    return [
        {"path": one.name, "value": one.base, "low": one.low, "high": one.high, "why": one.why}
        for one in assumed(_base(body.design, body.version).document)
    ]


def swap_preview(body: schemas.SwapIn) -> dict[str, Any]:
    """Return the design with one broker swapped, and the notes; raises Invalid where there is no mapping."""
    from simulator.experiments.swap import swap

    if body.design is not None:
        document = _base(body.design, body.version).document
    else:
        document = checked(body.document).document
    with _placed(body, "kind"):
        made, notes = swap(document, body.node, body.kind)
    return {"document": made.to_data(), "notes": [note.as_dict() for note in notes]}


def swap_targets() -> list[dict[str, Any]]:
    """Return what brokers may become, with the variants of each, and what other nodes may (`of`)."""
    from simulator.experiments.swap import IN_PLACE, targets
    from simulator.kinds.catalogue import KINDS

    brokers = [
        {"kind": kind, "title": KINDS[kind].title, "variants": variants, "of": []}
        for kind, variants in targets().items()
    ]
    others: dict[str, list[str]] = {}
    for kind, made in IN_PLACE.items():
        for name in made:
            others.setdefault(name, []).append(kind)
    return brokers + [
        {"kind": kind, "title": KINDS[kind].title, "variants": [], "of": of} for kind, of in others.items()
    ]


def _base(design_id: uuid.UUID, version: int | None, place: str = "") -> _Base:
    """Return a saved design; raises NotFound, naming the field of the request inside `place`."""
    try:
        design = design_get(design_id)
        held = design if version is None else revision_get(design_id, version)
    except NotFound as missing:
        field = "version" if Design.objects.filter(id=design_id).exists() else "design"
        hint = missing.errors[0]["hint"]
        raise NotFound(missing.message, hint=hint, path=f"{place}{field}") from None
    return _Base(design.id, held.name, held.version, checked(held.document).document)


def _alternative(base: _Base, asked: schemas.AlternativeIn, number: int) -> Alternative:
    from simulator.experiments.compare import Alternative
    from simulator.experiments.parameters import with_values
    from simulator.experiments.swap import swapped

    place = f"alternatives[{number}]"
    own = base
    names = []
    if asked.design is not None or asked.version is not None:
        own = _base(asked.design or base.id, asked.version, f"{place}.")
        names.append(own.name if own.id != base.id else f"version {own.version}")
    made = Alternative("", own.document)
    if asked.swap:
        text = ",".join(f"{node}={kind}" for node, kind in asked.swap.items())
        with _placed(asked, f"{place}.swap"):
            made = swapped(made.document, text)
        names.append(text)
    if asked.set:
        _refuse_files(asked.set, f"{place}.set")
        with _placed(asked, f"{place}.set"):
            made = replace(made, document=with_values(made.document, list(asked.set.items())))
        names.append(";".join(f"{path}={value}" for path, value in asked.set.items()))
    return replace(made, name=asked.name or ";".join(names)[:200])


def _varied(document: Document, asked: schemas.VaryIn, number: int) -> Varied:
    from simulator.experiments.parameters import Varied, current_value, parse_vary, refuse

    place = f"vary[{number}]"
    _refuse_files({asked.path: None}, f"{place}.path")
    with _placed(asked, f"{place}.range" if asked.range is not None else f"{place}.path"):
        if asked.range is not None:
            return parse_vary(document, f"{asked.path}={asked.range}")
        values = tuple(asked.values or ())
        current_value(document, asked.path)
        if len(set(map(repr, values))) < len(values):
            raise refuse(f"{asked.path} names a value twice", "give different values")
        return Varied(asked.path, values)


def _refuse_files(values: dict[str, Any], place: str) -> None:
    """A setting may not name a file of the server: see `documents.refuse_server_files`."""
    for path in values:
        if path.endswith(".file"):
            raise Invalid(
                "The server reads no files of its own machine.",
                hint="Upload the load file into a design, and compare with that.",
                path=place,
            )


def _options(body: schemas.NewExperiment) -> dict[str, Any]:
    return {name: getattr(body, name) for name in OPTIONS}


@contextmanager
def _placed(body: object, place: str) -> Iterator[None]:
    """Turn what the simulator refuses into a 422 whose paths are those of the request."""
    from simulator.errors import InvalidDesign

    try:
        yield
    except InvalidDesign as refused:
        entries = []
        for problem in refused.problems:
            entry = problem_entry(problem)
            field = entry["path"].removeprefix("simulation.")
            if field in OPTIONS and getattr(body, field, None) is not None:
                entry["path"] = field
            else:
                inside = f"{entry['path']}: " if entry["path"] else ""
                entry |= {"path": place, "message": inside + entry["message"]}
            entries.append(entry)
        if len(entries) == 1:
            raise Invalid(entries[0]["message"], errors=entries) from None
        refusal = invalid_design(refused.problems, what="The experiment")
        refusal.errors = entries
        raise refusal from None


def _prepared(
    kind: ExperimentKind, base: _Base, body: schemas.NewExperiment, job: dict[str, Any]
) -> Prepared:
    seed = body.seed if body.seed is not None else base.document.simulation.seed
    job["options"]["seed"] = seed
    return Prepared(
        kind,
        base.id,
        base.name,
        base.version,
        seed,
        body.model_dump(mode="json", exclude_unset=True, exclude={"design"}),
        {"kind": str(kind), **job},
    )
