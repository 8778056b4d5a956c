"""Measured rows as CSV: recorded load (times, or counts per interval), and service times."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from simulator.design.trace_file import MOST_BYTES, lines_of
from simulator.errors import InvalidDesign
from simulator.formats.imports.fitting import fit_durations
from simulator.formats.imports.reading import Origin, Reading
from simulator.formats.imports.source_file import SourceFile
from simulator.formats.load_csv import read_load
from simulator.graph.problem import Problem

MOST_ROWS = 1_000_000
_SAMPLE = 50
_UNITS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "sec": 1.0,
    "seconds": 1.0,
    "milliseconds": 1e-3,
}
_DURATION = re.compile(
    r"durations?|service.?times?|latency|elapsed|response.?times?|processing.?times?|took|handling.?times?"
)
_SEPARATOR = re.compile(r"[,;\t]")


def _start(file: SourceFile) -> list[list[str]]:
    """The cells of the first rows; empty for what is no text."""
    text = file.start
    if "\0" in text or "\ufffd" in text:
        return []
    lines = [
        line for line in text.splitlines()[:_SAMPLE] if line.strip() and not line.lstrip().startswith("#")
    ]
    return [[cell.strip().strip('"') for cell in _SEPARATOR.split(line)] for line in lines]


def _duration_column(header: list[str]) -> tuple[int, float] | None:
    """Which column holds durations, and how many seconds its unit has."""
    for position, name in enumerate(header):
        words = name.lower()
        if _DURATION.search(words):
            unit = re.search(r"(?:[_\s(\[.]|^)(ns|us|µs|ms|milliseconds|sec|seconds|s)[)\]]?$", words)
            return position, _UNITS[unit[1]] if unit else 1.0
    return None


def is_service_times(file: SourceFile) -> bool:
    """Whether the first row names a column of durations and the next ones hold a number there."""
    rows = _start(file)
    found = _duration_column(rows[0]) if len(rows) > 1 else None
    return found is not None and any(_number(row, found[0]) is not None for row in rows[1:])


def is_load(file: SourceFile) -> bool:
    """Whether the rows are times, or times and whole numbers."""
    rows = _start(file)
    if not rows or len(rows[0]) > 2 or rows[0][0][:1] in ("{", "[", "<"):
        return False
    body = rows[1:] if len(rows) > 1 else rows
    return all(
        len(row) == len(rows[0]) and re.match(r"\d", row[0]) and ":" not in row[0][:4]
        for row in body[:-1] or body
    ) and all(re.fullmatch(r"[-+0-9.:TZeE ]{1,40}", row[0]) for row in body[:-1] or body)


def _number(row: list[str], column: int) -> float | None:
    try:
        value = float(row[column])
    except (IndexError, ValueError):
        return None
    return value if math.isfinite(value) and value >= 0.0 else None


def read_load_file(file: SourceFile, _files: Sequence[SourceFile]) -> Reading:
    """A recorded load: for the producer that is named like the file, or for the only one."""
    try:
        load = read_load(file.content, name=file.name, is_kept=True)
    except InvalidDesign as invalid:
        raise InvalidDesign(
            [
                Problem(one.code, message=f"{file.name}: {one.message}"[:300], hint=one.hint)
                for one in invalid.problems
            ]
        ) from invalid
    reading = Reading(file, "recorded load (CSV)")
    reading.note("read", f"{load.total:,} messages from {load.first} to {load.last}")
    kept = load.arrivals.get("counts")
    if kept is not None and len(kept) < load.rows:
        reading.assumed(
            f"{load.rows:,} rows are more than a design holds: summed to {len(kept):,} counts of "
            f"{load.interval:g} s, in which the messages are spread evenly"
        )
    origin = Origin("measured", f"{load.total:,} messages of {file.name}")
    reading.measured.append(("arrivals", _stem(file), load.arrivals, origin))
    return reading


def read_service_times(file: SourceFile, _files: Sequence[SourceFile]) -> Reading:
    """Measured durations, fitted: for the worker named by a column or by the file, or for the only one."""
    text = file.text_within(MOST_BYTES)
    reading = Reading(file, "service times (CSV)")
    values: dict[str, list[float]] = {}
    column: tuple[int, float] | None = None
    named = -1
    for line, raw in enumerate(lines_of(text), 1):
        if not raw.strip() or raw.lstrip().startswith("#"):
            continue
        row = [cell.strip().strip('"') for cell in _SEPARATOR.split(raw)]
        if column is None:
            column = _duration_column(row)
            if column is None:
                raise file.refuse(f"line {line}: no column is named like a duration", "Name it duration_ms.")
            names = [name.lower() for name in row]
            named = next(
                (
                    names.index(one)
                    for one in ("service", "name", "node", "consumer", "function")
                    if one in names
                ),
                -1,
            )
            continue
        if line > MOST_ROWS:
            raise file.refuse(f"more than {MOST_ROWS:,} rows", "Give a sample of them.")
        value = _number(row, column[0])
        if value is None:
            raise file.refuse(f"line {line}: no duration in column {column[0] + 1}")
        key = row[named] if 0 <= named < len(row) else _stem(file)
        values.setdefault(key[:200], []).append(value * column[1])
    if not values or len(values) > 1_000:
        raise file.refuse("no durations" if not values else "more than 1,000 names")
    for key, durations in values.items():
        fit = fit_durations(durations)
        reading.note("read", f"service time of {key}: {fit.text}")
        reading.measured.append(("service_time", key, fit.distribution, Origin("measured", fit.text)))
    return reading


def _stem(file: SourceFile) -> str:
    return file.name.replace("\\", "/").rsplit("/", 1)[-1].split(".")[0]
