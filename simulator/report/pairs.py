"""Paired figures of alternatives: the value of each, and its difference from the first with an interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from simulator.experiments.statistics import (
    TAIL_SAMPLES,
    Difference,
    over_replications,
    paired_difference,
)
from simulator.measurement.slices import Recording
from simulator.report.measures import PERCENTILES, TAIL, Values, flow_totals, flow_values

Path = tuple[str, ...]

#: What is compared of every flow, in the order of the report.
MEASURES: tuple[Path, ...] = (
    ("end_to_end_latency", "mean"),
    ("end_to_end_latency", "p50"),
    ("end_to_end_latency", "p95"),
    ("end_to_end_latency", "p99"),
    ("end_to_end_latency", "max"),
    ("goodput",),
    ("delivered",),
    ("duplicates",),
    ("out_of_order",),
    ("lost",),
    ("dead_lettered",),
)
#: Measures that mean nothing where the backlog grows without end.
_STEADY = "end_to_end_latency"
#: Replications beyond which nobody would go: the alternatives are alike for all that can be told.
MOST_RUNS = 10_000


@dataclass(frozen=True, slots=True)
class Series:
    """One flow of one alternative, replication by replication.

    Args:
        values: of every replication; a measure that it lacks is missing.
        is_steady: whether its latency has a steady state.
    """

    values: list[Values]
    is_steady: bool

    def of(self, path: Path) -> list[float]:
        """The values of a measure; empty when some replication lacks it."""
        found = [run[path] for run in self.values if path in run]
        return found if len(found) == len(self.values) else []

    def is_thin(self, path: Path) -> bool:
        """Whether a percentile has too few samples beyond it in some replication for an interval."""
        if path[-1] not in PERCENTILES:
            return False
        tail = (*path[:-1], TAIL, path[-1])
        return any(run.get(tail, 0.0) < TAIL_SAMPLES for run in self.values)


def first_slices(recordings: Sequence[Recording], cut: float) -> list[int]:
    """The slice of every recording with which measuring begins when `cut` seconds are left out."""
    return [
        min(
            sum(1 for bound in recording.boundaries if bound < cut * (1.0 - 1e-12)),
            len(recording.boundaries) - 2,
        )
        for recording in recordings
    ]


def series_of(recordings: Sequence[Recording], flow: int, cut: float, *, is_steady: bool) -> Series:
    """The measures of the flow at position `flow` in every replication, from `cut` seconds on."""
    values = []
    for recording, first in zip(recordings, first_slices(recordings, cut), strict=True):
        record = recording.flows[flow]
        values.append(
            {
                **flow_values(recording, record, first, len(recording.boundaries) - 1),
                **flow_totals(record),
            }
        )
    return Series(values, is_steady)


def measure_row(path: Path, series: Mapping[str, Series], baseline: str) -> dict[str, Any] | None:
    """One measure of one flow over all alternatives, None when none of them has it.

    Every difference is that from `baseline`, at the level 1 - 0.05 / (k - 1) for k alternatives.
    """
    values = {name: one.of(path) for name, one in series.items()}
    if not any(values.values()):
        return None
    estimates: dict[str, Any] = {}
    for name, found in values.items():
        if not found:
            estimates[name] = None
            continue
        estimate = over_replications(found).as_dict()
        if series[name].is_thin(path):
            estimate["ci95"] = None
        if path[0] == _STEADY and not series[name].is_steady:
            estimate["steady_state"] = False
        estimates[name] = estimate
    differences = {
        name: _difference(path, series[baseline], series[name], len(series) - 1)
        for name in series
        if name != baseline
    }
    return {"metric": ".".join(path), "values": estimates, "differences": differences}


def _difference(path: Path, first: Series, second: Series, comparisons: int) -> dict[str, Any]:
    before, after = first.of(path), second.of(path)
    if not before or not after:
        return _unknown("not measured", "One of them has no such figure in every run.")
    found = paired_difference(before, after, comparisons=comparisons)
    runs = len(before)
    base = sum(before) / runs
    told: dict[str, Any] = {
        "mean": found.mean,
        "relative": found.mean / base if base else None,
        "interval": list(found.interval) if found.interval else None,
        "level": found.level,
        "more_runs": None,
    }
    if path[0] == _STEADY and not (first.is_steady and second.is_steady):
        return {
            **told,
            "interval": None,
            "verdict": "unstable",
            "statement": "A backlog grows without end: the difference depends on the length of the run.",
        }
    if first.is_thin(path) or second.is_thin(path):
        return {
            **told,
            "interval": None,
            "verdict": "undecided",
            "statement": f"Fewer than {TAIL_SAMPLES} messages lie beyond this percentile in some run: make "
            "the runs longer.",
        }
    return {**told, **_judged(found, runs)}


def _unknown(verdict: str, statement: str) -> dict[str, Any]:
    return {
        "mean": None,
        "relative": None,
        "interval": None,
        "level": None,
        "more_runs": None,
        "verdict": verdict,
        "statement": statement,
    }


def _judged(found: Difference, runs: int) -> dict[str, Any]:
    if found.interval is None:
        return {"verdict": "undecided", "statement": "One run has no spread: more runs give an interval."}
    if found.interval[0] == found.interval[1] == 0.0:
        return {"verdict": "equal", "statement": "The same in every run."}
    if found.verdict != "no difference shown":
        word = "lower" if found.verdict == "less" else "higher"
        return {"verdict": word, "statement": f"{word.capitalize()} in {runs} paired runs."}
    more = more_runs(found, runs)
    if more is None:
        text = "Not distinguishable, and no number of runs that anybody makes would change that."
    else:
        text = f"Not distinguishable; about {more:,} more runs would tell, if the difference is as it looks."
    return {"verdict": "not distinguishable", "more_runs": more, "statement": text}


def more_runs(found: Difference, runs: int) -> int | None:
    """About how many more pairs make the interval as narrow as the difference; None beyond 10,000.

    The half-width falls with the square root of the number of pairs. Source: Law 2015, section 10.2.1.
    """
    return None if found.interval is None else _more(runs, found.interval, found.mean)


def more_runs_to_judge(
    objective: Mapping[str, Any], value: float, ci95: Sequence[float], runs: int
) -> int | None:
    """About how many more runs take the limit of an objective out of the interval; None beyond 10,000."""
    limit = next((objective[word] for word in ("below", "above") if word in objective), None)
    return None if limit is None else _more(runs, ci95, value - limit)


def _more(runs: int, interval: Sequence[float], distance: float) -> int | None:
    if distance == 0.0:
        return None
    half = (interval[1] - interval[0]) / 2.0
    needed = ceil(runs * (half / abs(distance)) ** 2) if half < abs(distance) * MOST_RUNS else MOST_RUNS + 1
    return max(1, needed - runs) if needed <= MOST_RUNS else None
