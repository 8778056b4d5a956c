"""Which textbook model a station with its arrivals is, and what that model says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.theory.measures import Unstable
from simulator.theory.model import Model
from simulator.theory.plain import plain_model
from simulator.theory.projections import projection_models
from simulator.theory.renewal import batch_model, closed_model, renewal_model
from simulator.theory.special import SPECIAL
from simulator.theory.stations import Station, find_stations
from simulator.theory.streams import Stream, stream_of

if TYPE_CHECKING:
    from simulator.design.document import Document


def recognise(document: Document) -> list[Model]:
    """Every station of the design that a model fits, in the order of the document.

    Only settings that are known to leave the model true are let through; whatever else differs from its
    default makes a station unknown, and nothing is said about it. Faults are for the caller to look at.
    """
    stations = find_stations(document)
    found = []
    for id, station in stations.items():
        if id != station.line:
            continue
        stream = stream_of(document, station, stations)
        if stream is None:
            continue
        try:
            model = _model(document, station, stream)
        except (Unstable, ValueError, ZeroDivisionError, OverflowError):
            continue  # at or above its capacity, or out of the range in which the formula can be computed
        if model is not None:
            found.append(model)
    found += projection_models(document)
    order = {node.id: position for position, node in enumerate(document.nodes)}
    return sorted(found, key=lambda model: order[model.station.line])


def _model(document: Document, station: Station, stream: Stream) -> Model | None:
    if not 0.0 < station.service_time.mean() < 1e12:
        return None
    if stream.process == "poisson":
        return _with_upstream(_poisson_model(document, station, stream)) if stream.rate > 0.0 else None
    options = set(station.options)
    if stream.process == "closed":
        return closed_model(station, stream) if not options and station.is_exponential else None
    if options or station.servers is None:
        return None
    if stream.process == "batch-poisson":
        return batch_model(station, stream)
    return renewal_model(station, stream)


def _with_upstream(model: Model | None) -> Model | None:
    """Say where the Poisson stream comes from when it is not the producers."""
    if model is None or not (model.stream.upstream or model.stream.is_cyclic):
        return model
    return replace(
        model,
        name=f"{model.name} in a Jackson network",
        formula=f"traffic equations lam_j = gamma_j + sum lam_i P_ij; {model.formula}",
        source=f"Burke 1956; Jackson 1957, 1963; {model.source}",
    )


def _poisson_model(document: Document, station: Station, stream: Stream) -> Model | None:
    options = station.options
    if "preemption" in options and options.get("discipline") != "priority":
        return None
    special = set(options) & set(SPECIAL)
    if special:
        # Two at a time have no formula here.
        others = set(options) - special - {"preemption"}
        if len(special) > 1 or others:
            return None
        return SPECIAL[special.pop()](document, station, stream)
    return plain_model(station, stream)
