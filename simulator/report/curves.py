"""What comparisons draw: distributions of latency, and the number in the system over time with its band."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from simulator.experiments.statistics import interval
from simulator.measurement.histogram import Histogram
from simulator.measurement.slices import Recording
from simulator.report.analysis import number_in_system

#: Points of a drawn distribution at most, spread evenly over the share of the messages and over its tail.
MOST_POINTS = 120


def distribution(recordings: Sequence[Recording], flow: int, firsts: Sequence[int]) -> list[list[float]]:
    """The empirical distribution of a flow's latency: pairs of seconds and the share that took no longer.

    Args:
        flow: its position.
        firsts: slice of every recording at which measuring begins.
    """
    histogram = Histogram()
    for recording, first in zip(recordings, firsts, strict=True):
        slices = recording.tallies[recording.flows[flow].tally][first:]
        histogram.count([(part.buckets, part.counts) for part in slices])
    values, counts = histogram.filled()
    total = sum(counts)
    points: list[list[float]] = []
    shown = (-1, -1)
    for value, below in zip(values, accumulate(counts), strict=True):
        share = below / total
        # Even steps of the share, and of the tail's order of magnitude: both the middle and p99.9 show.
        tail = 10 if below == total else int(-10.0 * np.log10(1.0 - share))
        place = (int(share * (MOST_POINTS - 41)), min(40, tail))
        if place != shown or below == total:
            points.append([value, share])
            shown = place
    return points


def backlog_band(recordings: Sequence[Recording]) -> dict[str, list[Any]]:
    """The number in the system over time, all nodes together: mean and 95 % interval in every slice."""
    slices = min(len(recording.boundaries) for recording in recordings) - 1
    ids = sorted(recordings[0].nodes)
    curves = np.stack([number_in_system(recording, ids, slices) for recording in recordings])
    bounds = np.array(recordings[0].boundaries[: slices + 1])
    bands = [interval(column.tolist()) for column in curves.T]
    return {
        "t": ((bounds[:-1] + bounds[1:]) / 2.0).tolist(),
        "mean": curves.mean(axis=0).tolist(),
        "ci95": [list(band) if band is not None else None for band in bands],
    }
