"""All arrival processes as one typed choice, and the reading of trace files they name.

An arrival process is written ``{process: NAME, ...}``; every one takes ``start``, ``stop`` and ``limit``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, TypeAdapter

from simulator.design.arrival_process import (
    ArrivalProcess,
    BatchPoisson,
    ConstantRate,
    OpenArrivals,
    Poisson,
    Renewal,
)
from simulator.design.distributions import DurationDistribution
from simulator.design.intensity import BurstState, MarkovModulated, Schedule
from simulator.design.trace_arrivals import Trace
from simulator.design.trace_file import read_trace_file
from simulator.errors import InvalidDesign
from simulator.graph.problem import Problem

__all__ = [
    "AnyArrivals",
    "ArrivalProcess",
    "Arrivals",
    "BatchPoisson",
    "BurstState",
    "Closed",
    "ConstantRate",
    "MarkovModulated",
    "OpenArrivals",
    "Poisson",
    "Renewal",
    "Schedule",
    "Trace",
    "arrival_schemas",
    "parse_arrivals",
    "resolve_files",
]


class Closed(ArrivalProcess):
    """Closed: a fixed number of clients, each waiting for its message before it thinks again.

    A client waits for its message's last consumer to finish. The engine produces the times; there is no
    list of them in advance. Source: Palm's machine-repair model, 1943; Little's law gives the rate as
    clients / (think time + response time).
    """

    process: Literal["closed"] = "closed"
    clients: int = Field(
        ge=1,
        le=1_000_000,
        title="Clients",
        description="Number of clients, each with at most one message under way.",
        json_schema_extra={"x-unit": "1"},
    )
    think_time: DurationDistribution = Field(
        title="Think time",
        description="Time between an answer and the client's next message.",
        json_schema_extra={"x-unit": "s", "x-widget": "distribution"},
    )

    def mean_rate(self, horizon: float) -> float:
        """An upper bound: the rate if every message were answered at once (``inf`` without thinking)."""
        span = self.end(horizon) - self.start
        if horizon <= 0 or span <= 0:
            return 0.0
        thinking = self.think_time.mean()
        expected = span * self.clients / thinking if thinking > 0 else float("inf")
        return (expected if self.limit is None else min(expected, self.limit)) / horizon


AnyArrivals = Poisson | ConstantRate | Renewal | BatchPoisson | MarkovModulated | Schedule | Closed | Trace

Arrivals = Annotated[AnyArrivals, Discriminator("process")]
"""The ``{process: NAME, ...}`` form."""

KINDS: tuple[type[ArrivalProcess], ...] = (
    Poisson,
    ConstantRate,
    Schedule,
    MarkovModulated,
    BatchPoisson,
    Renewal,
    Closed,
    Trace,
)

_ANY: TypeAdapter[AnyArrivals] = TypeAdapter(Arrivals, config=ConfigDict(defer_build=True))


def parse_arrivals(data: object) -> AnyArrivals:
    """Read one arrival process from plain data; raises ``pydantic.ValidationError``."""
    return _ANY.validate_python(data)


def arrival_schemas() -> dict[str, dict[str, Any]]:
    """JSON Schema of each arrival process by its name, the everyday ones first."""
    return {str(kind.model_fields["process"].default): kind.model_json_schema() for kind in KINDS}


def resolve_files(
    arrivals: AnyArrivals, base: Path | None, *, element: str = "", field: str = "", path: str = ""
) -> AnyArrivals:
    """Read the trace file an arrival process names; any other process is returned as it is.

    A relative file counts from ``base``, the folder of the design; without a base (on a server) files are
    refused. ``element``, ``field`` and ``path`` say where the process stands in the document. Raises
    ``InvalidDesign`` with a D110 problem that names the faulty line.
    """
    if not isinstance(arrivals, Trace) or arrivals.file is None:
        return arrivals
    place = Problem(
        "D110",
        element=element,
        field=f"{field}.file".lstrip("."),
        path=f"{path}.file".lstrip("."),
        message="a trace file cannot be read on the server",
        hint="Upload the load file instead: its times or counts are then kept in the design.",
    )
    if base is None:
        raise InvalidDesign([place])
    try:
        return arrivals.with_rows(read_trace_file(base / arrivals.file))
    except InvalidDesign as error:
        found = error.problems
        raise InvalidDesign(replace(place, message=each.message, hint=each.hint) for each in found) from error
