"""The result document `headrace-result/1` from measured replications."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from simulator.design.document import Document
from simulator.experiments.precision import Budget, precision_section
from simulator.experiments.statistics import Estimate
from simulator.graph.walks import reachable
from simulator.measurement.slices import Recording
from simulator.pricing.bill import cost_section
from simulator.report.analysis import Analyses, analyse
from simulator.report.comparison import left_out_statements, theory_section
from simulator.report.edge_measures import edge_figures, edges_balance
from simulator.report.estimates import Place, bound_what_was_not_seen, estimate_place, mark_unsteady
from simulator.report.fault_figures import fault_figures
from simulator.report.measures import (
    Values,
    flow_totals,
    flow_values,
    node_totals,
    node_values,
    pooled_flow_samples,
    pooled_node_samples,
)
from simulator.report.objectives import judge
from simulator.report.trust import flow_statements, statistics_section
from simulator.version import __version__

#: What a node without a steady state has no mean of.
_GROWING_METRICS = (
    *("waiting_time", "sojourn_time", "queue_length", "in_system", "backlog", "delayed"),
    *("consumer_lag", "message_bytes_ready"),
)


def engine_versions() -> dict[str, str]:
    """What gave the figures."""
    return {"simpy": version("simpy"), "numpy": np.__version__, "headrace": __version__}


def make_result(
    document: Document,
    recordings: Sequence[Recording],
    *,
    seed: int,
    duration: float,
    warmup: float | str,
    precision: float | None = None,
    budget: Budget | None = None,
) -> dict[str, Any]:
    """The result of one or several replications of the same design.

    Args:
        precision: relative half-width that was wanted, with the budget it could cost.
    """
    analyses = analyse(document, warmup, recordings)
    nodes, effective = _node_estimates(recordings, analyses)
    flows, means = _flow_estimates(recordings, analyses, effective)
    _mark_growth(document, analyses, nodes, flows, len(recordings))
    stopped = [recording.stopped for recording in recordings if recording.stopped]
    section = None
    if precision is not None:
        section = precision_section(
            means,
            precision,
            recordings,
            budget or Budget(),
            growing=analyses.growing,
            stopped=stopped[0] if stopped else "",
        )
    result: dict[str, Any] = {
        "format": "headrace-result/1",
        "design": {"name": document.name, "digest": document.digest()},
        "seed": seed,
        "replications": len(recordings),
        "duration": duration,
        "warmup": recordings[0].boundaries[analyses.main.first],
        "messages": sum(recording.messages for recording in recordings),
        "events": sum(recording.events for recording in recordings),
        "wall_seconds": None,
        "engine": engine_versions(),
        "stopped": stopped[0] if stopped else None,
        "nodes": nodes,
        "flows": flows,
        "edges": edge_figures(document, recordings, analyses),
        "statistics": statistics_section(
            analyses,
            recordings,
            effective,
            section,
            [*flow_statements(flows, len(recordings)), *left_out_statements(document, analyses)],
        ),
        "theory": theory_section(document, analyses, nodes, flows, len(recordings)),
        "faults": fault_figures(recordings),
        "conservation": _conservation(recordings),
        "littles_law": _littles_law(recordings, analyses),
    }
    result["cost"] = cost_section(
        document, recordings, {id: one.first for id, one in analyses.by_node.items()}
    )
    result["objectives"] = [judge(objective, result) for objective in document.objectives]
    return result


def flow_means(recordings: Sequence[Recording], analyses: Analyses) -> dict[str, Estimate]:
    """The mean latency of every flow, by its name: what a wanted precision is judged on."""
    return _flow_estimates(recordings, analyses, {})[1]


def _node_estimates(
    recordings: Sequence[Recording], analyses: Analyses
) -> tuple[dict[str, Any], dict[str, float]]:
    nodes: dict[str, Any] = {}
    effective: dict[str, float] = {}
    for id in recordings[0].nodes:

        def window(recording: Recording, start: int, end: int, id: str = id) -> Values:
            return node_values(recording, recording.nodes[id], start, end)

        analysis = analyses.by_node[id]
        totals = [node_totals(recording.nodes[id]) for recording in recordings]
        pooled = pooled_node_samples(recordings, id, analysis.first)
        place = estimate_place(recordings, analysis.first, window, pooled, totals, analysis.batches)
        nodes[id] = place.nested()
        effective.update({f"{id}.{metric}": size for metric, size in place.effective.items()})
        arrived = sum(recording.nodes[id].counts[-1]["arrivals"] for recording in recordings)
        bound_what_was_not_seen(nodes[id], totals, arrived)
    return nodes, effective


def _flow_estimates(
    recordings: Sequence[Recording], analyses: Analyses, effective: dict[str, float]
) -> tuple[list[dict[str, Any]], dict[str, Estimate]]:
    """The flows of the result, and the mean latency of each; adds to the effective sample sizes."""
    flows = []
    means: dict[str, Estimate] = {}
    for position, flow in enumerate(recordings[0].flows):

        def window(recording: Recording, start: int, end: int, position: int = position) -> Values:
            return flow_values(recording, recording.flows[position], start, end)

        analysis = analyses.by_node[flow.producer]
        totals = [flow_totals(recording.flows[position]) for recording in recordings]
        pooled = pooled_flow_samples(recordings, position, analysis.first)
        place: Place = estimate_place(recordings, analysis.first, window, pooled, totals, analysis.batches)
        tree = place.nested()
        ended = sum(run[(name,)] for run in totals for name in ("delivered", "lost", "dead_lettered"))
        bound_what_was_not_seen(tree, totals, round(ended))
        flows.append({"from": flow.producer, "to": flow.consumer, **tree})
        name = f"{flow.producer} → {flow.consumer}"
        mean = place.estimates.get(("end_to_end_latency", "mean"))
        if mean is not None:
            means[f"end_to_end_latency.mean of {name}"] = mean
        effective.update({f"{name}.{metric}": size for metric, size in place.effective.items()})
    return flows, means


def _mark_growth(
    document: Document,
    analyses: Analyses,
    nodes: dict[str, Any],
    flows: list[dict[str, Any]],
    replications: int,
) -> None:
    """Nothing that depends on the length of the run may look like a steady-state mean."""
    if not analyses.growing:
        return
    keeps = replications > 1
    for id in analyses.growing:
        mark_unsteady(nodes[id], _GROWING_METRICS, keeps_intervals=keeps)
        readers = {edge.target for edge in document.edges_from(id) if edge.role == "consume"}
        for reader in sorted(readers):
            mark_unsteady(nodes[reader], ("waiting_time", "sojourn_time"), keeps_intervals=keeps)
        beyond = reachable(document, id)
        for flow in flows:
            if flow["to"] in beyond and id in reachable(document, flow["from"]):
                mark_unsteady(flow, ("end_to_end_latency",), keeps_intervals=keeps)


def _conservation(recordings: Sequence[Recording]) -> dict[str, Any]:
    """Whether every accepted message is accounted for at every node; counts over all replications."""
    nodes: dict[str, dict[str, int]] = {}
    for recording in recordings:
        for id, ledger in recording.ledgers.items():
            total = nodes.setdefault(id, dict.fromkeys(ledger, 0))
            for term, value in ledger.items():
                total[term] += value
    ok = all(
        ledger["accepted"] == sum(value for term, value in ledger.items() if term != "accepted")
        for recording in recordings
        for ledger in recording.ledgers.values()
    )
    ok = ok and edges_balance(recordings)
    return {"ok": ok, "nodes": nodes}


def _littles_law(recordings: Sequence[Recording], analyses: Analyses) -> dict[str, Any]:
    """L from the time integral beside lambda times W from the records of the same window.

    They differ by what was in the system at the ends of the window. Source: Little, Operations Research 9
    (1961).
    """
    laws: dict[str, Any] = {}
    for id, record in recordings[0].nodes.items():
        if not record.residence or "in_system" not in record.areas:
            continue
        left = right = span = 0.0
        for recording in recordings:
            own = recording.nodes[id]
            begin = min(analyses.by_node[id].first, len(recording.boundaries) - 2)
            left += own.areas["in_system"][-1] - own.areas["in_system"][begin]
            right += own.residence[-1][1] - own.residence[begin][1]
            span += recording.boundaries[-1] - recording.boundaries[begin]
        if span <= 0.0:
            continue
        length, product = left / span, right / span
        laws[id] = {
            "L": length,
            "lambda_W": product,
            "relative_error": abs(length - product) / length if length > 0.0 else 0.0,
        }
    return laws
