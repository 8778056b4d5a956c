"""The result document `headrace-result/1` from measured replications."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from itertools import pairwise
from typing import Any

import numpy as np

from simulator.design.document import Document
from simulator.experiments.statistics import (
    BATCHES,
    Estimate,
    common_warmup,
    over_batches,
    over_replications,
)
from simulator.measurement.slices import Recording
from simulator.report.measures import (
    TAIL_SAMPLES,
    Values,
    flow_totals,
    flow_values,
    node_totals,
    node_values,
)
from simulator.report.objectives import judge
from simulator.version import __version__

Estimates = dict[tuple[str, ...], Estimate]
Window = Callable[[Recording, int, int], Values]

_UNSTEADY = ("schedule", "trace")


def is_unsteady(document: Document) -> bool:
    """Whether the load or the world changes by itself, so that there is no steady state to estimate."""
    arrivals = [getattr(node.config, "arrivals", None) for node in document.nodes]
    return bool(document.faults) or any(
        process is not None and (process.process in _UNSTEADY or process.stop is not None)
        for process in arrivals
    )


def first_measured_slice(document: Document, warmup: float | str, recordings: Sequence[Recording]) -> int:
    """The slice at which measuring begins, the same in all replications."""
    slices = min(len(recording.boundaries) for recording in recordings) - 1
    if warmup != "auto":
        return min(1, slices - 1) if float(warmup) > 0.0 else 0
    if is_unsteady(document) or slices < 10:
        return 0
    curves = []
    for recording in recordings:
        areas = np.zeros(slices + 1)
        for record in recording.nodes.values():
            if "in_system" in record.areas:
                areas += np.array(record.areas["in_system"][: slices + 1])
        curves.append(np.diff(areas))
    return common_warmup(curves)


def make_result(
    document: Document,
    recordings: Sequence[Recording],
    *,
    seed: int,
    duration: float,
    warmup: float | str,
) -> dict[str, Any]:
    """The result of one or several replications of the same design."""
    first = first_measured_slice(document, warmup, recordings)
    can_batch = not is_unsteady(document)
    nodes: dict[str, Any] = {}
    for id in recordings[0].nodes:

        def window(recording: Recording, start: int, end: int, id: str = id) -> Values:
            return node_values(recording, recording.nodes[id], start, end)

        totals = [node_totals(recording.nodes[id]) for recording in recordings]
        nodes[id] = _nested(_estimates(recordings, first, window, totals, can_batch))
    flows = []
    for position, flow in enumerate(recordings[0].flows):

        def flow_window(recording: Recording, start: int, end: int, position: int = position) -> Values:
            return flow_values(recording, recording.flows[position], start, end)

        totals = [flow_totals(recording.flows[position]) for recording in recordings]
        estimates = _estimates(recordings, first, flow_window, totals, can_batch)
        flows.append({"from": flow.producer, "to": flow.consumer, **_nested(estimates)})
    stopped = [recording.stopped for recording in recordings if recording.stopped]
    result: dict[str, Any] = {
        "format": "headrace-result/1",
        "design": {"name": document.name, "digest": document.digest()},
        "seed": seed,
        "replications": len(recordings),
        "duration": duration,
        "warmup": recordings[0].boundaries[first],
        "messages": sum(recording.messages for recording in recordings),
        "events": sum(recording.events for recording in recordings),
        "wall_seconds": None,
        "engine": {"simpy": version("simpy"), "numpy": np.__version__, "headrace": __version__},
        "stopped": stopped[0] if stopped else None,
        "nodes": nodes,
        "flows": flows,
        "conservation": _conservation(recordings),
        "littles_law": _littles_law(recordings, first),
    }
    result["objectives"] = [judge(objective, result) for objective in document.objectives]
    return result


def _estimates(
    recordings: Sequence[Recording],
    first: int,
    window: Window,
    totals: Sequence[Values],
    can_batch: bool,
) -> Estimates:
    per_run = [
        window(recording, min(first, len(recording.boundaries) - 2), len(recording.boundaries) - 1)
        for recording in recordings
    ]
    if len(recordings) > 1:
        estimates = _across(per_run)
        estimates.update(_across(totals))
        return estimates
    recording = recordings[0]
    batches: list[Values] = []
    if can_batch:
        edges = _batch_edges(first, len(recording.boundaries) - 1)
        batches = [window(recording, start, end) for start, end in pairwise(edges)]
    estimates = {}
    for path, whole in per_run[0].items():
        if "tail" in path:
            continue
        values = [batch[path] for batch in batches if path in batch]
        if len(values) < len(batches) or path[-1] in ("max", "max_at") or _is_thin(path, batches):
            values = []
        estimates[path] = over_batches(whole, values)
    estimates.update({path: Estimate(value, None) for path, value in totals[0].items()})
    return estimates


def _across(runs: Sequence[Values]) -> Estimates:
    """One value per replication; a metric that some replication lacks is left out of its mean."""
    estimates: Estimates = {}
    for path in dict.fromkeys(path for run in runs for path in run):
        if "tail" in path:
            continue
        if path[-1] == "max_at":
            continue  # the mean of the moments at which several runs peaked says nothing
        values = [run[path] for run in runs if path in run]
        estimate = over_replications(values)
        if _is_thin(path, runs):
            estimate = Estimate(estimate.mean, None)
        estimates[path] = estimate
    return estimates


def _is_thin(path: tuple[str, ...], parts: Sequence[Values]) -> bool:
    """Whether a percentile has too few samples beyond it in some part to have an interval."""
    tail = (*path[:-1], "tail", path[-1])
    return any(part[tail] < TAIL_SAMPLES for part in parts if tail in part)


def _batch_edges(first: int, last: int) -> list[int]:
    count = min(BATCHES, last - first)
    return [first + round((last - first) * k / count) for k in range(count + 1)] if count > 0 else [first]


def _nested(estimates: Estimates) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for path, estimate in estimates.items():
        place = nested
        for step in path[:-1]:
            place = place.setdefault(step, {})
        place[path[-1]] = estimate.as_dict()
    return nested


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
    return {"ok": ok, "nodes": nodes}


def _littles_law(recordings: Sequence[Recording], first: int) -> dict[str, Any]:
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
            begin = min(first, len(recording.boundaries) - 2)
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
