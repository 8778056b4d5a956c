"""From measured replications to estimates: which values are combined, and which get an interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from simulator.experiments.statistics import (
    POOLED_TAIL_SAMPLES,
    TAIL_SAMPLES,
    Estimate,
    batch_edges,
    effective_sample_size,
    over_batches,
    over_replications,
    over_sections,
    upper_bound_of_none,
)
from simulator.measurement.slices import Recording
from simulator.report.measures import PERCENTILES, SAMPLES, TAIL, Values

Path = tuple[str, ...]
Estimates = dict[Path, Estimate]
Window = Callable[[Recording, int, int], Values]


@dataclass(frozen=True, slots=True)
class Place:
    """All estimates of one node or flow.

    Args:
        estimates: by metric path.
        effective: effective sample size of the mean of each sampled metric.
    """

    estimates: Estimates
    effective: dict[str, float]

    def nested(self) -> dict[str, Any]:
        """The form in the result document."""
        tree: dict[str, Any] = {}
        for path, estimate in self.estimates.items():
            place = tree
            for step in path[:-1]:
                place = place.setdefault(step, {})
            place[path[-1]] = estimate.as_dict()
        return tree


def estimate_place(
    recordings: Sequence[Recording],
    first: int,
    window: Window,
    pooled: Values,
    totals: Sequence[Values],
    batches: int,
) -> Place:
    """The estimates of one node or flow.

    Args:
        first: the slice at which measuring begins.
        window: the values of a replication over some of its slices.
        pooled: what the samples of all replications together say.
        totals: counts over the whole run, by replication.
        batches: that a single run is divided into; 0 where it may not be.
    """
    per_run = [
        window(recording, min(first, len(recording.boundaries) - 2), len(recording.boundaries) - 1)
        for recording in recordings
    ]
    if len(recordings) > 1:
        estimates = _across(per_run, pooled)
        estimates.update(_across(totals, {}))
        parts = len(recordings)
    else:
        estimates = _within(recordings[0], first, window, per_run[0], batches)
        estimates.update({path: Estimate(value, None) for path, value in totals[0].items()})
        parts = batches
    effective = {}
    for path, samples in pooled.items():
        mean, variance = (path[0], "mean"), (path[0], "variance")
        if path[1:] == (TAIL, SAMPLES) and mean in estimates and variance in estimates:
            size = effective_sample_size(estimates[mean], estimates[variance].mean, int(samples), parts)
            if size is not None:
                effective[path[0]] = size
    return Place(estimates, effective)


def _within(recording: Recording, first: int, window: Window, whole: Values, count: int) -> Estimates:
    """One run: the value of all of it, the interval from its batches."""
    batches: list[Values] = []
    if count:
        edges = batch_edges(first, len(recording.boundaries) - 1, count)
        batches = [window(recording, start, end) for start, end in pairwise(edges)]
    estimates: Estimates = {}
    for path, value in whole.items():
        if TAIL in path:
            continue
        values = [batch[path] for batch in batches if path in batch]
        if len(values) < len(batches) or path[-1] in ("max", "max_at") or _is_thin(path, batches, whole):
            values = []
        estimates[path] = over_batches(value, values)
    return estimates


def _across(runs: Sequence[Values], pooled: Values) -> Estimates:
    """One value per replication; a metric that some replication lacks is left out of its mean.

    A percentile is that of the samples of all replications together.
    """
    estimates: Estimates = {}
    for path in dict.fromkeys(path for run in runs for path in run):
        if TAIL in path:
            continue
        if path[-1] == "max_at":
            continue  # the mean of the moments at which several runs peaked says nothing
        values = [run[path] for run in runs if path in run]
        if path[-1] not in PERCENTILES or path not in pooled:
            estimates[path] = over_replications(values)
        elif _is_thin(path, runs, pooled):
            estimates[path] = Estimate(pooled[path], None)
        else:
            estimates[path] = over_sections(pooled[path], values)
    return estimates


def _is_thin(path: Path, parts: Sequence[Values], whole: Values) -> bool:
    """Whether a percentile has too few samples beyond it, in some part or in all, to have an interval."""
    tail = (*path[:-1], TAIL, path[-1])
    if tail not in whole:
        return False
    return whole[tail] < POOLED_TAIL_SAMPLES or any(part.get(tail, 0.0) < TAIL_SAMPLES for part in parts)


def bound_what_was_not_seen(tree: dict[str, Any], totals: Sequence[Values], observed: int) -> list[str]:
    """Counts of 0 get the number of messages looked at and an upper bound of the share; returns them.

    "0 of 90,000" is not "never": with none of n seen the share is below 3/n with 95 % confidence.
    """
    if observed <= 0:
        return []
    unseen = [
        path[0] for path in totals[0] if len(path) == 1 and all(run.get(path, 0.0) == 0.0 for run in totals)
    ]
    for name in unseen:
        tree[name] = {"mean": 0.0, "ci95": None, "of": observed, "upper95": upper_bound_of_none(observed)}
    return unseen


def mark_unsteady(tree: Mapping[str, Any], metrics: Sequence[str], *, keeps_intervals: bool) -> None:
    """Say at every estimate of the metrics that it belongs to this run length, and is no steady state.

    Args:
        keeps_intervals: the interval over replications stays true for runs of this length; one from the
            batches of a single run means nothing.
    """
    for metric in metrics:
        _mark(tree.get(metric), keeps_intervals)


def _mark(place: Any, keeps_intervals: bool) -> None:
    if not isinstance(place, dict):
        return
    if "ci95" in place:
        place["steady_state"] = False
        if not keeps_intervals:
            place["ci95"] = None
        return
    for inner in place.values():
        _mark(inner, keeps_intervals)
