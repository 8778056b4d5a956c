"""A part of a design that theory knows, and what it says about it."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.theory.measures import Measures
from simulator.theory.stations import Station
from simulator.theory.streams import Stream

GROSS = "Gross, Shortle, Thompson & Harris, Fundamentals of Queueing Theory, 4th ed. 2008"


@dataclass(frozen=True, slots=True)
class Model:
    """A part of a design that theory knows.

    Args:
        name: in Kendall's notation where it has one.
        formula, source: in one line each.
        parameters: by name, rates per second and times in seconds.
        exact: False for an approximation.
        station, stream: what was recognised.
        measures: what the model says about the whole station.
        by_producer: what it says about the messages of each producer (priorities).
    """

    name: str
    formula: str
    source: str
    parameters: dict[str, float]
    exact: bool
    station: Station
    stream: Stream
    measures: Measures
    by_producer: tuple[tuple[str, Measures], ...] = ()


def parameters_of(station: Station, stream: Stream, **more: float) -> dict[str, float]:
    """The figures a model is given, by name, with those of `more`."""
    mean = station.service_time.mean()
    found = {"arrival_rate": stream.rate, "service_time": mean, "offered_load": stream.rate * mean}
    if station.servers is not None:
        found["servers"] = float(station.servers)
    return {**found, **more}
