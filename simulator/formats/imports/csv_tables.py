"""Measured rows as CSV: recorded load (times, or counts per interval), and service times."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from simulator.design.trace_file import MOST_BYTES
from simulator.errors import InvalidDesign
from simulator.formats.imports.csv_rows import EMPTY, Header, cells_of, header_of, start
from simulator.formats.imports.fitting import fit_durations
from simulator.formats.imports.reading import Origin, Reading
from simulator.formats.imports.source_file import SourceFile
from simulator.formats.load_csv import read_load
from simulator.graph.problem import Problem

MOST_ROWS = 1_000_000
MOST_NAMES = 1_000
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
#: Of the metrics that k6 writes, the one that is a duration of a request.
_METRIC = re.compile(r"^(?:http|grpc)_req_duration$")


def is_service_times(file: SourceFile) -> bool:
    """Whether the first row names a column of durations and the next ones hold a number there."""
    header = header_of(file)
    if header is None or header.duration is None:
        return False
    at = header.duration
    return any(_number(row[at]) is not None for row in start(file)[1][1:] if at < len(row))


def is_load(file: SourceFile) -> bool:
    """Whether the rows are times, or times and whole numbers, or the first row names a column of times."""
    _, rows = start(file)
    if not rows or rows[0][0][:1] in ("{", "[", "<") or rows[0][0].lower().startswith("percent"):
        return False
    if len(rows[0]) > 2:
        header = header_of(file)
        return header is not None and header.time is not None and header.duration is None
    body = rows[1:] if len(rows) > 1 else rows
    return all(
        len(row) == len(rows[0]) and re.match(r"\d", row[0]) and ":" not in row[0][:4]
        for row in body[:-1] or body
    ) and all(re.fullmatch(r"[-+0-9.:/TZeE ]{1,40}", row[0]) for row in body[:-1] or body)


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0.0 else None


def read_load_file(file: SourceFile, _files: Sequence[SourceFile]) -> Reading:
    """A recorded load: for the producer that is named like the file, or for the only one.

    Of a table with more columns each column of counts is a load, or what has the same name in another column.
    """
    reading = Reading(file, "recorded load (CSV)")
    header = header_of(file)
    if header is not None and header.rates and not header.counts:
        names = ", ".join(header.names[at] for at in header.rates)
        raise file.refuse(
            f"line 1: {names[:120]}: messages a second, no counts",
            "Multiply by the seconds between the rows.",
        )
    if header is not None and header.time is not None and header.total is not None:
        _add_load(reading, _stem(file).removesuffix("_stats_history"), "\n".join(_of_totals(reading, header)))
        return reading
    is_plain = header is None or header.time is None or (len(header.names) <= 2 and '"' not in file.start)
    if header is None or is_plain:
        _add_load(reading, _stem(file), file.content)
        return reading
    for key, lines in _series(reading, header).items():
        _add_load(reading, key, "\n".join(lines))
    return reading


def _add_load(reading: Reading, key: str, content: str | bytes) -> None:
    name = reading.file.name
    try:
        load = read_load(content, name=name, is_kept=True)
    except InvalidDesign as invalid:
        raise InvalidDesign(
            [
                Problem(one.code, message=f"{name}: {one.message}"[:300], hint=one.hint)
                for one in invalid.problems
            ]
        ) from invalid
    reading.note("read", f"{load.total:,} messages of {key[:80]} from {load.first} to {load.last}")
    kept = load.arrivals.get("counts")
    if kept is not None and len(kept) < load.rows:
        reading.assumed(
            f"{load.rows:,} rows are more than a design holds: summed to {len(kept):,} counts of "
            f"{load.interval:g} s, in which the messages are spread evenly"
        )
    origin = Origin("measured", f"{load.total:,} messages of {name}")
    reading.measured.append(("arrivals", key, load.arrivals, origin))


def _of_totals(reading: Reading, header: Header) -> list[str]:
    """Times and counts of running totals: what came from one row of all names together to the next."""
    file = reading.file
    time, name, total = header.time or 0, header.name or 0, header.total or 0
    lines: list[str] = []
    last: tuple[str, int, int] | None = None  # time, total, line
    for line, row in cells_of(file, file.text_within(MOST_BYTES), header.separator):
        if tuple(row) == header.names or row[name : name + 1] not in (["Aggregated"], ["Total"]):
            continue
        value = _number(row[total]) if len(row) == len(header.names) else None
        if value is None:
            raise file.refuse(f"line {line}: no number in column {total + 1}, {header.names[total][:40]}")
        if last is None:
            last = row[time], int(value), line
        elif row[time] != last[0]:
            came = int(value) - last[1] if value >= last[1] else int(value)  # the counts were reset
            lines.extend([""] * (last[2] - 1 - len(lines)))
            lines.append(f"{last[0]},{came}")
            last = row[time], int(value), line
    reading.assumed(f"counts are what {header.names[total][:40]} grew by from row to row")
    if others := header.others(time, name, total):
        reading.not_modelled(f"columns that are not read: {others[:300]}")
    return lines


def _series(reading: Reading, header: Header) -> dict[str, list[str]]:
    """Times, or times and counts, of each load; each row on the line that it has in the file."""
    file, time = reading.file, header.time or 0
    found: dict[str, list[str]] = {}
    empty = 0
    for line, row in cells_of(file, file.text_within(MOST_BYTES), header.separator):
        if tuple(row) == header.names:
            continue
        if len(row) != len(header.names):
            raise file.refuse(f"line {line}: {len(row)} columns; the first row has {len(header.names)}")
        keys = [header.names[at] for at in header.counts] if len(header.counts) > 1 else [_stem(file)]
        if header.name is not None:
            keys = [row[header.name]]
        amounts = [row[at] for at in header.counts] or [""]
        for key, amount in zip(keys, amounts, strict=True):
            lines = found.setdefault(key[:200], [])
            if len(found) > MOST_NAMES:
                raise file.refuse(f"more than {MOST_NAMES:,} names")
            lines.extend([""] * (line - 1 - len(lines)))
            if header.counts and amount.lower() in EMPTY:
                empty, amount = empty + 1, "0"
            if _THOUSANDS.fullmatch(amount):
                amount = amount.replace(",", "")
            lines.append(f"{row[time]},{amount}" if header.counts else row[time])
    if empty:
        reading.assumed(f"{empty:,} cells without a count are taken for 0")
    if not header.counts:
        reading.assumed("each row is one message: no column is named like a count")
    if others := header.others(time, header.name, *header.counts):
        reading.not_modelled(f"columns that are not read: {others[:200]}")
    return found


def read_service_times(file: SourceFile, _files: Sequence[SourceFile]) -> Reading:
    """Measured durations, fitted: for the worker named by a column or by the file, or for the only one."""
    text = file.text_within(MOST_BYTES)
    reading = Reading(file, "service times (CSV)")
    header = header_of(file)
    if header is None or header.duration is None:
        raise file.refuse("no column of the first row is named like a duration", "Name it duration_ms.")
    values: dict[str, list[float]] = {}
    left: Counter[str] = Counter()
    for line, row in cells_of(file, text, header.separator):
        if tuple(row) == header.names:
            continue
        if line > MOST_ROWS:
            raise file.refuse(f"more than {MOST_ROWS:,} rows", "Give a sample of them.")
        if header.metric is not None and header.metric < len(row) and not _METRIC.match(row[header.metric]):
            left[row[header.metric]] += 1
            continue
        cell = row[header.duration] if header.duration < len(row) else ""
        if cell.lower() in EMPTY:
            left[""] += 1
            continue
        value = _number(cell)
        if value is None:
            raise file.refuse(f"line {line}: no duration in column {header.duration + 1}")
        is_named = header.name is not None and header.name < len(row) and row[header.name]
        key = row[header.name] if header.name is not None and is_named else _stem(file)
        values.setdefault(key[:200], []).append(value * (header.unit or 1.0))
    if not values or len(values) > MOST_NAMES:
        raise file.refuse("no durations" if not values else f"more than {MOST_NAMES:,} names")
    _say_what_is_left(reading, header, left)
    for key, durations in values.items():
        fit = fit_durations(durations)
        reading.note("read", f"service time of {key}: {fit.text}")
        reading.measured.append(("service_time", key, fit.distribution, Origin("measured", fit.text)))
    return reading


def _say_what_is_left(reading: Reading, header: Header, left: Counter[str]) -> None:
    column = header.names[header.duration or 0][:60]
    if header.unit is None:
        reading.assumed(f"{column} is in seconds: its name has no unit", "line 1")
    if left[""]:
        reading.not_understood(f"{left['']:,} rows have no {column}")
    metrics = ", ".join(f"{name[:40]} ({count:,})" for name, count in left.most_common(20) if name)
    if metrics:
        reading.not_modelled(f"other metrics: {metrics}")
    if others := header.others(header.duration, header.name, header.metric):
        reading.not_modelled(f"columns that are not read: {others[:200]}", "line 1")


def _stem(file: SourceFile) -> str:
    return file.name.replace("\\", "/").rsplit("/", 1)[-1].split(".")[0]
