"""Replay of a recorded load: given times, a file of them, or counts per interval."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from simulator.design.arrival_process import BLOCK, OpenArrivals
from simulator.design.trace_file import MOST_PER_INTERVAL, MOST_ROWS, LoadRows
from simulator.design.variate import LARGEST, Draws, NonNegative
from simulator.errors import HeadraceError

Count = Annotated[list[NonNegative], Field(min_length=2, max_length=2)]


class Trace(OpenArrivals):
    """Trace: replays a recorded load, message by message or by counts per interval.

    Times count from ``start``. Counts are kept exactly; inside its interval each count is spread like the
    order statistics of uniform draws, which is how a Poisson process looks given its count. Source: Cox &
    Lewis, *The Statistical Analysis of Series of Events* (1966), 2.1.
    """

    process: Literal["trace"] = "trace"
    recorded: Annotated[list[NonNegative], Field(fail_fast=True)] | None = Field(
        None,
        alias="times",
        max_length=MOST_ROWS,
        title="Times",
        description="Arrival times in seconds, in order.",
        json_schema_extra={"x-unit": "s", "x-widget": "trace"},
    )
    file: str | None = Field(
        None,
        min_length=1,
        max_length=1000,
        title="File",
        description="CSV of times, or of timestamp and count; beside the design (command line only).",
    )
    counts: Annotated[list[Count], Field(fail_fast=True)] | None = Field(
        None,
        max_length=MOST_ROWS,
        title="Counts",
        description="Pairs of interval start (seconds) and number of messages, in order.",
        json_schema_extra={"x-widget": "trace"},
    )
    interval: Annotated[float, Field(gt=0, le=LARGEST)] | None = Field(
        None,
        title="Interval",
        description="Length of the intervals of the counts.",
        json_schema_extra={"x-unit": "s", "x-widget": "duration"},
    )
    _loaded: LoadRows | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _one_source_is_given(self) -> Self:
        if sum(source is not None for source in (self.recorded, self.file, self.counts)) != 1:
            raise PydanticCustomError("D101", "give exactly one of times, file and counts")
        if (self.counts is None) != (self.interval is None):
            raise PydanticCustomError("D101", "counts and interval belong together")
        if self.recorded is not None:
            _check_order(self.recorded, "times", strictly=False)
        if self.counts is not None:
            _check_order([row[0] for row in self.counts], "counts", strictly=True)
            for index, (_, count) in enumerate(self.counts):
                if count != int(count) or count > MOST_PER_INTERVAL:
                    raise PydanticCustomError(
                        "D104",
                        "count {index} is {count}; it must be a whole number up to a billion",
                        {"index": index, "count": count},
                    )
        return self

    def with_rows(self, rows: LoadRows) -> Trace:
        """A copy that replays the rows read from its file."""
        copy = self.model_copy()
        copy._loaded = rows
        copy.__dict__.pop("_table", None)
        return copy

    def rows(self) -> LoadRows:
        """What was read from the file; raises `HeadraceError` while it has not been read."""
        if self._loaded is None:
            raise HeadraceError("the trace file is not read yet: call resolve_files first")
        return self._loaded

    @cached_property
    def _table(self) -> tuple[Draws, Draws | None, float]:
        """Times, counts (none for single messages) and the interval."""
        if self.recorded is not None:
            return np.asarray(self.recorded, dtype=np.float64), None, 0.0
        if self.counts is not None and self.interval is not None:
            rows = np.asarray(self.counts, dtype=np.float64).reshape(-1, 2)
            return rows[:, 0], rows[:, 1], self.interval
        loaded = self.rows()
        counts = None if loaded.counts is None else np.asarray(loaded.counts, dtype=np.float64)
        return np.asarray(loaded.times, dtype=np.float64), counts, loaded.interval or 0.0

    def has_density(self) -> bool:
        """Whether arrival times have a density: those of a recording do not."""
        return False

    def _offsets(self, rng: np.random.Generator, span: float) -> Iterator[Draws]:
        times, counts, interval = self._table
        if counts is None:
            for begin in range(0, len(times), BLOCK):
                yield times[begin : begin + BLOCK]
            return
        widths = np.minimum(interval, np.diff(times, append=np.inf))
        begin = 0
        while begin < len(times) and times[begin] <= span:
            reached = np.cumsum(counts[begin : begin + BLOCK])
            end = begin + max(1, int(np.searchsorted(reached, 4 * BLOCK, side="right")))
            if reached[end - begin - 1] > 4 * BLOCK:
                yield from _spread(rng, float(times[begin]), float(widths[begin]), int(counts[begin]))
            else:
                sizes = counts[begin:end].astype(np.int64)
                inside = rng.random(int(sizes.sum())) * np.repeat(widths[begin:end], sizes)
                yield np.sort(np.repeat(times[begin:end], sizes) + inside)
            begin = end

    def _expected(self, span: float) -> float:
        times, counts, interval = self._table
        if counts is None:
            return float(np.searchsorted(times, span, side="right"))
        widths = np.minimum(interval, np.diff(times, append=np.inf))
        return float(counts @ np.clip((span - times) / widths, 0.0, 1.0))


def _spread(rng: np.random.Generator, begin: float, width: float, count: int) -> Iterator[Draws]:
    """Sorted uniform draws in pieces of bounded length: first how many fall in each part, then where."""
    if count <= 4 * BLOCK:
        yield np.sort(begin + width * rng.random(count))
        return
    parts = min(BLOCK, -(-count // BLOCK))
    for index, size in enumerate(rng.multinomial(count, np.full(parts, 1 / parts)).tolist()):
        if size:
            yield from _spread(rng, begin + width * index / parts, width / parts, size)


def _check_order(times: list[float], name: str, *, strictly: bool) -> None:
    steps = np.diff(np.asarray(times, dtype=np.float64))
    wrong = np.flatnonzero(steps <= 0 if strictly else steps < 0)
    if len(wrong):
        index = int(wrong[0]) + 1
        raise PydanticCustomError(
            "D104",
            "{name} must be in order: number {index} at {time} s comes after {before} s",
            {"name": name, "index": index, "time": times[index], "before": times[index - 1]},
        )
