"""Recorded load from CSV: a ``trace`` arrivals configuration, or the hourly schedule behind it.

What rows may look like is said in ``simulator.design.trace_file``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from simulator.design.trace_file import parse_load

HOUR = 3600.0
MOST_EMBEDDED_TIMES = 500_000
"""Single times beyond this are summed to counts per second, so that a design stays below its limits."""


MOST_KEPT_TIMES = 200_000
MOST_KEPT_COUNTS = 50_000
"""What the text of a design keeps of a load: some megabytes, so that the design can be read again."""


@dataclass(frozen=True, slots=True)
class LoadFile:
    """A load ready for use: the arrivals configuration and what a page says about it.

    ``first`` and ``last`` are the first and last time as written in the file, ``total`` the messages,
    ``rows`` the rows read, ``interval`` the seconds one count covers (for single times one second, in which
    the peak is counted), ``peak`` the most messages in one interval and ``peak_at`` its start in seconds.
    """

    arrivals: dict[str, Any]
    first: str
    last: str
    total: int
    rows: int
    interval: float
    peak: int
    peak_at: float


def read_load(text: str | bytes, *, name: str = "", is_kept: bool = False) -> LoadFile:
    """Read a load; times begin at 0. Raises ``InvalidDesign`` (D110) that names the faulty line.

    One that is kept in the text of a design is summed over longer intervals where it would be too large.
    """
    rows = parse_load(text, name=name)
    arrivals: dict[str, Any] = {"process": "trace"}
    if rows.counts is not None and rows.interval is not None:
        starts, counts, interval = rows.times, rows.counts, rows.interval
        are_single = False
    else:
        per_second = Counter(float(time // 1) for time in rows.times)
        starts, counts, interval = list(per_second), list(per_second.values()), 1.0
        are_single = len(rows.times) <= (MOST_KEPT_TIMES if is_kept else MOST_EMBEDDED_TIMES)
    if are_single:
        arrivals["times"] = rows.times
    else:
        if is_kept and len(starts) > MOST_KEPT_COUNTS:
            starts, counts, interval = _summed(starts, counts, interval)
        arrivals["counts"] = [[start, count] for start, count in zip(starts, counts, strict=True)]
        arrivals["interval"] = interval
    peak = max(counts)
    return LoadFile(
        arrivals=arrivals,
        first=rows.first,
        last=rows.last,
        total=sum(counts),
        rows=len(rows.times),
        interval=interval,
        peak=peak,
        peak_at=starts[counts.index(peak)],
    )


def _summed(starts: list[float], counts: list[int], interval: float) -> tuple[list[float], list[int], float]:
    """Counts over intervals so long that few enough remain, whole numbers of the given one."""
    least = (starts[-1] - starts[0]) / (MOST_KEPT_COUNTS - 1)
    longer = interval * max(1, -int(-least // interval))
    summed: Counter[float] = Counter()
    for start, count in zip(starts, counts, strict=True):
        summed[float(start // longer * longer)] += count
    return list(summed), list(summed.values()), longer


def hourly_schedule(load: LoadFile) -> list[list[float]]:
    """Points ``[t, rate]`` of a schedule, one in the middle of each hour (seconds, messages per second).

    A straight line through the middles keeps the shape of the load; the first and the last point lie at the
    ends of the recording with the rate of their hour. A count that reaches over the end of an hour is
    divided in proportion.
    """
    counts = load.arrivals.get("counts")
    rows = [(time, 1.0) for time in load.arrivals["times"]] if counts is None else counts
    width = load.interval if counts is not None else 0.0
    end = float(rows[-1][0]) + width
    per_hour: dict[int, float] = {}
    for start, count in rows:
        _share_out(per_hour, float(start), width, float(count))
    points: list[list[float]] = []
    for hour in range(max(1, -int(-end // HOUR))):
        begin, stop = hour * HOUR, min((hour + 1) * HOUR, end)
        rate = per_hour.get(hour, 0.0) / (stop - begin) if stop > begin else 0.0
        points.append([(begin + stop) / 2, rate])
    return [[0.0, points[0][1]], *points, [end, points[-1][1]]]


def _share_out(per_hour: dict[int, float], start: float, width: float, count: float) -> None:
    """Add a count to the hours its interval covers."""
    first = int(start // HOUR)
    position = start
    stop = start + width
    if width <= 0 or stop <= (first + 1) * HOUR:
        per_hour[first] = per_hour.get(first, 0.0) + count
        return
    for hour in range(first, -int(-stop // HOUR)):
        until = min((hour + 1) * HOUR, stop)
        per_hour[hour] = per_hour.get(hour, 0.0) + count * (until - position) / width
        position = until
