"""The section `theory` of a result: what a formula says beside what the simulation measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.design.document import Document
from simulator.experiments.statistics import CONFIDENCE, student_t
from simulator.quantities import format_duration
from simulator.report.analysis import Analyses
from simulator.report.trust import statement
from simulator.theory.measures import Measures, Unstable
from simulator.theory.model import Model
from simulator.theory.networks import tandem_percentiles
from simulator.theory.recognise import recognise

#: Outside an interval of this level a difference is called one.
SURE = 0.999
#: What a histogram may be off by: no difference.
CLOSE = 0.005
#: How far a formula that is an approximation may be off.
APPROXIMATE = 0.2
#: An interval wider than this (half of it, relative to theory) shows no agreement.
WIDEST = 0.3
#: Messages that must be expected to wait (or to be refused) in every replication or batch before a difference
#: is called one: means of so few, most of them zero, are far from normal, and t intervals too narrow.
LEAST_SEEN = 30
_OF_WAITING = ("waiting_time.mean", "waiting_time.variance", "waiting_probability", "queue_length.mean")

#: What is told of a model that is not compared, and of how many models.
_TOLD = ("staleness.mean", "waiting_time.mean", "sojourn_time.mean")
MOST_LEFT_OUT = 3

Metric = tuple[str, str, float, dict[str, Any] | None]


def theory_section(
    document: Document, analyses: Analyses, nodes: dict[str, Any], flows: list[dict[str, Any]], runs: int
) -> list[dict[str, Any]]:
    """Every part of the design that a formula fits, with the comparison; nothing where none does.

    Args:
        nodes, flows: of the result.
        runs: number of replications.
    """
    entries = []
    models = recognise(document)
    for model in models:
        analysis = analyses.by_node[model.station.line]
        if analysis.unsteady or analysis.growing:
            continue
        parts = runs if runs > 1 else analysis.batches
        rare = _rare(model, analysis.measured / (1 if runs > 1 else max(parts, 1)), nodes)
        found = [
            _compared(node, name, value, simulated, model.exact, 0 if name in rare else parts)
            for node, name, value, simulated in _metrics(document, model, models, nodes, flows)
            if simulated is not None
        ]
        if found:
            entries.append(
                {
                    "nodes": model.station.nodes,
                    "model": model.name,
                    "formula": model.formula,
                    "source": model.source,
                    "parameters": model.parameters,
                    "exact": model.exact,
                    "metrics": found,
                }
            )
    return entries


def left_out_statements(document: Document, analyses: Analyses) -> list[dict[str, Any]]:
    """Why no formula stands beside a part that one fits: formulas are of a steady state."""
    found = []
    for model in recognise(document) if any(part.unsteady for part in analyses.parts) else ():
        line = model.station.line
        why = analyses.by_node[line].unsteady
        value = next((one for one in values(model.measures) if one[0] in _TOLD), None)
        if not why or value is None:
            continue
        metric = value[0].removesuffix(".mean").replace("_", " ")
        text = (
            f"No formula stands beside {line}, because {why}. Without that it is of the model {model.name}, "
            f"with a mean {metric} of {format_duration(value[1], 3)}."
        )
        found.append(statement("info", "no-formula", text, line))
    return found[:MOST_LEFT_OUT]


def _rare(model: Model, duration: float, nodes: dict[str, Any]) -> list[str]:
    """The metrics of what is expected to be seen too rarely in `duration` seconds of this model."""
    rate = estimate_at(nodes[model.station.line], "arrival_rate")
    arrivals = duration * rate["mean"] if rate is not None else 0.0
    waiting, refused = model.measures.waiting_probability, model.measures.rejection_probability
    found = list(_OF_WAITING) if waiting is not None and 0.0 < waiting * arrivals < LEAST_SEEN else []
    if refused is not None and 0.0 < refused * arrivals < LEAST_SEEN:
        found.append("rejection_probability")
    return found


def _metrics(
    document: Document, model: Model, models: list[Model], nodes: dict[str, Any], flows: list[dict[str, Any]]
) -> Iterator[Metric]:
    """Node, metric, value by theory and estimate."""
    line = model.station.line
    for name, value in values(model.measures):
        node = line
        if name == "utilization":
            if len(model.station.servers_of) != 1:
                continue
            node = model.station.servers_of[0]
        yield node, name, value, estimate_at(nodes[node], name)
    for producer, measures in model.by_producer:
        sojourn = measures.sojourn_time
        if sojourn is None or not _is_straight(document, producer, line):
            continue
        for end in model.station.servers_of:
            flow = _flow(flows, producer, end) or {}
            name = f"end_to_end_latency.mean from {producer}"
            yield end, name, sojourn, estimate_at(flow, "end_to_end_latency.mean")
    yield from _end_to_end(document, model, models, flows)


def values(measures: Measures) -> list[tuple[str, float]]:
    """The measures by their metric paths in a result."""
    found: list[tuple[str, float | None]] = [
        ("waiting_time.mean", measures.waiting_time),
        ("waiting_time.variance", measures.waiting_variance),
        *((f"waiting_time.{name}", value) for name, value in measures.waiting_percentiles.items()),
        ("sojourn_time.mean", measures.sojourn_time),
        *((f"sojourn_time.{name}", value) for name, value in measures.sojourn_percentiles.items()),
        ("waiting_probability", measures.waiting_probability),
        ("queue_length.mean", measures.queue_length),
        ("in_system.mean", measures.in_system),
        ("utilization", measures.utilization),
        ("throughput", measures.throughput),
        ("rejection_probability", measures.rejection_probability),
        *measures.extra.items(),
    ]
    return [(name, value) for name, value in found if value is not None]


def estimate_at(place: dict[str, Any], name: str) -> dict[str, Any] | None:
    """The estimate at a metric path of a node or flow, None where it was not measured."""
    found: Any = place
    for step in name.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, dict) and "ci95" in found else None


def _end_to_end(
    document: Document, model: Model, models: list[Model], flows: list[dict[str, Any]]
) -> Iterator[Metric]:
    """The whole way through M/M/1 stations in tandem: their sojourn times are independent (Reich 1957)."""
    stations = _tandem(document, model, models)
    if len(stations) < 2:
        return
    sojourns = [found.measures.sojourn_time for found in stations]
    flow = _flow(flows, model.stream.producers[0], model.station.servers_of[0])
    if flow is None or any(sojourn is None for sojourn in sojourns):
        return
    end = model.station.servers_of[0]
    drains = [1.0 / sojourn for sojourn in sojourns if sojourn]
    yield (
        end,
        "end_to_end_latency.mean",
        sum(1.0 / drain for drain in drains),
        estimate_at(flow, "end_to_end_latency.mean"),
    )
    try:
        percentiles = tandem_percentiles(drains)
    except (ValueError, Unstable):
        return
    for name, value in percentiles.items():
        yield end, f"end_to_end_latency.{name}", value, estimate_at(flow, f"end_to_end_latency.{name}")


def _tandem(document: Document, model: Model, models: list[Model]) -> list[Model]:
    """The M/M/1 stations one after the other that end with this one; empty when it is no plain tandem."""
    if not model.stream.upstream or model.stream.is_cyclic or len(model.stream.producers) != 1:
        return []
    by_line = {found.station.line: found for found in models}
    chain = [by_line[line] for line in [*model.stream.upstream, model.station.line] if line in by_line]
    is_plain = len(chain) == len(model.stream.upstream) + 1 and all(
        found.station.servers == 1
        and found.station.is_exponential
        and not found.station.options
        and len(document.edges_into(found.station.line)) == 1
        and not document.edges_into(found.station.line)[0].config
        for found in chain
    )
    return chain if is_plain else []


def _flow(flows: list[dict[str, Any]], producer: str, end: str) -> dict[str, Any] | None:
    return next((flow for flow in flows if (flow["from"], flow["to"]) == (producer, end)), None)


def _is_straight(document: Document, producer: str, line: str) -> bool:
    """Whether the producer's messages reach the line at once."""
    return any(edge.source == producer and edge.delay() is None for edge in document.edges_into(line))


def _compared(
    node: str, metric: str, theory: float, simulated: dict[str, Any], exact: bool, parts: int
) -> dict[str, Any]:
    mean = simulated["mean"]
    difference = (mean - theory) / theory if theory else None
    return {
        "node": node,
        "metric": metric,
        "theory": theory,
        "simulated": {"mean": mean, "ci95": simulated["ci95"]},
        "relative_difference": difference,
        "verdict": verdict(theory, mean, simulated["ci95"], parts, exact=exact),
    }


def verdict(
    theory: float, mean: float, ci95: list[float] | tuple[float, float] | None, parts: int, *, exact: bool
) -> str:
    """`agrees`, `differs` or `undecided`.

    It agrees when the 95 % interval is narrow and holds the formula's value (or both are within 0.5 %, the
    error of a percentile), and differs when even the 99.9 % interval does not. An approximation agrees
    within 20 %.
    """
    distance = abs(mean - theory)
    if distance <= CLOSE * abs(theory) or (not exact and distance <= APPROXIMATE * abs(theory)):
        return "agrees"
    if ci95 is None or parts < 2:
        return "undecided"
    half = (ci95[1] - ci95[0]) / 2.0
    if ci95[0] <= theory <= ci95[1]:
        return "agrees" if half <= WIDEST * abs(theory) or theory == 0.0 else "undecided"
    sure = half * student_t(parts - 1, SURE) / student_t(parts - 1, CONFIDENCE)
    allowed = sure if exact else max(sure, APPROXIMATE * abs(theory))
    return "differs" if distance > allowed else "undecided"
