"""Rows of CSV as programs write them: separators, quotes, and what the names of columns say.

Source: RFC 4180, *Common Format and MIME Type for CSV Files*; the formats of Apache JMeter (*Getting Started:
CSV log format*), k6 (*Results output: CSV*), Locust (*Retrieve test statistics in CSV format*), Vegeta
(*encode*), ApacheBench (``-g``), Grafana and Amazon CloudWatch.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulator.design.trace_file import lines_of
from simulator.formats.imports.source_file import SourceFile

#: Rows by which columns are told apart.
_SAMPLE = 50
_SEPARATORS = (";", "\t", ",")
#: What stands for a value that is not there.
EMPTY = frozenset({"", "-", "n/a", "na", "null", "none", "undefined"})
_UNITS = {
    "ns": 1e-9,
    "nanos": 1e-9,
    "nanoseconds": 1e-9,
    "us": 1e-6,
    "micros": 1e-6,
    "microseconds": 1e-6,
    "ms": 1e-3,
    "millis": 1e-3,
    "milliseconds": 1e-3,
    "s": 1.0,
    "sec": 1.0,
    "secs": 1.0,
    "seconds": 1.0,
}
_DURATION = re.compile(
    r"duration|(?:service|response|request|processing|handling|execution|elapsed|run|round.?trip).?time|"
    r"latenc(?:y|ies)|elapsed|\btook\b"
)
#: Figures of many durations, and what is measured of something else, are no durations of single ones.
_FIGURE = re.compile(
    r"average|mean|median|\bavg|avg\b|percentile|\bp\d\d|\d%|\bmin\b|\bmax\b|minimum|maximum|total|std|count"
)
_UNIT = re.compile(rf"\b({'|'.join(_UNITS)})$")
#: Counts of something else than messages, or of all since the beginning.
_NO_COUNT = re.compile(
    r"average|mean|median|avg|percentile|\bp\d\d|\d%|\bmin\b|\bmax\b|std|total|cumulative|user|thread|worker|"
    r"error|fail|success|size|bytes"
)
_NAMES = (
    *("service", "name", "label", "node", "consumer", "function", "producer", "topic", "queue", "endpoint"),
    *("operation", "source", "service_name", "function_name", "queue_name", "topic_name"),
)
_TIMES = re.compile(
    r"(?:arrival|event|start|created?|request)?(?:time(?:stamps?)?|date(?:time)?|ts|at)(?:iso8601|utc|ms)?|"
    r"arrivals?|minute|hour|day|period|interval"
)
_COUNT = re.compile(
    r"\b(?:counts?|requests?|messages?|events?|hits|invocations|arrivals|calls|number|volume|reqs|msgs)\b"
)
_RATE = re.compile(r"\brps\b|\bqps\b|\btps\b|per.?s(?:ec(?:ond)?)?\b|/ ?s(?:ec(?:ond)?)?\b|\brates?\b")
_MOMENT = re.compile(
    r"\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d\d\.\d\d\.\d{4}|\d{1,20}(?:\.\d{1,12})?(?:[eE]\+?\d{1,2})?$"
)
_AMOUNT = re.compile(r"(?:\d{1,3}(?:,\d{3}){1,5}|\d{1,18}(?:\.\d{1,18})?)$")
#: Columns of Vegeta's results, which have no header: nanoseconds.
_VEGETA = ("timestamp", "code", "latency", "bytes out", "bytes in", "error", "body", "attack", "sequence")
_OF_VEGETA = (
    re.compile(r"\d{19}$"),
    re.compile(r"\d{1,3}$"),
    re.compile(r"\d{1,15}$"),
    re.compile(r"\d{1,15}$"),
)


@dataclass(frozen=True, slots=True)
class Header:
    """The first row: the names of columns, and the column of each thing that is known (None: of none).

    Args:
        names: as they are written.
        separator: between cells.
        time: of times.
        duration: of durations.
        unit: seconds that one of them has; None where nothing says it.
        name: of the names of services, topics, functions.
        counts: of numbers of messages.
        rates: of messages for each second.
        metric: of the names of metrics, of which only durations are read.
        total: of numbers of messages since the beginning, in rows that are those of all names together.
    """

    names: tuple[str, ...]
    separator: str
    time: int | None = None
    duration: int | None = None
    unit: float | None = None
    name: int | None = None
    counts: tuple[int, ...] = ()
    rates: tuple[int, ...] = ()
    metric: int | None = None
    total: int | None = None

    def others(self, *used: int | None) -> str:
        """The names of the columns that are not used."""
        return ", ".join(
            name[:40] or f"column {position + 1}"
            for position, name in enumerate(self.names)
            if position not in used
        )


def start(file: SourceFile) -> tuple[str, list[list[str]]]:
    """The separator and the cells of the first rows; no rows for what is no text."""
    text = file.start
    if "\0" in text or "\ufffd" in text:
        return "", []
    lines = [
        line for line in text.splitlines()[:_SAMPLE] if line.strip() and not line.lstrip().startswith("#")
    ]
    separator = next((mark for mark in _SEPARATORS if lines and mark in lines[0]), "")
    return separator, [_split(line, separator) for line in lines]


def _split(line: str, separator: str) -> list[str]:
    """The cells of one line; a line that quotes are left open in is split without them."""
    if not separator:
        return [line.strip().strip('"')]
    if '"' not in line:
        return [cell.strip() for cell in line.split(separator)]
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, strict=True))]
    except csv.Error:
        return [cell.strip().strip('"') for cell in line.split(separator)]


def header_of(file: SourceFile) -> Header | None:
    """What the names of columns say, where there are names in the first row and rows after it."""
    separator, rows = start(file)
    if rows and len(rows[0]) >= 8 and all(map(re.Pattern.match, _OF_VEGETA, rows[0])):
        more = [f"column {number + 1}" for number in range(len(_VEGETA), len(rows[0]))]
        return Header((*_VEGETA, *more)[: len(rows[0])], separator, 0, 2, 1e-9)
    if len(rows) < 2 or any(_MOMENT.match(cell) for cell in rows[0]):
        return None
    names = tuple(rows[0])
    body = [row for row in rows[1:] if len(row) == len(names)]
    if not body or len(names) > 500:
        return None
    plain = [_spaced(name) for name in names]
    time = next((at for at, name in enumerate(plain) if _TIMES.fullmatch(name.replace(" ", ""))), None)
    if time is not None and not _all(body, time, _MOMENT):
        time = None
    named = next((plain.index(_spaced(one)) for one in _NAMES if _spaced(one) in plain), None)
    if {"metric name", "metric value", "timestamp"} <= set(plain):  # k6
        durations = plain.index("metric value")
        metric = plain.index("metric name")
        return Header(names, separator, time, durations, 1e-3, named, metric=metric)
    if {"timestamp", "user count", "total request count"} <= set(plain) and named is not None:  # Locust
        return Header(names, separator, time, name=named, total=plain.index("total request count"))
    if {"ctime", "dtime", "ttime"} <= set(plain):  # ApacheBench
        return Header(names, separator, None, plain.index("ttime"), 1e-3)
    duration = next(
        (at for at, name in enumerate(plain) if _DURATION.search(name) and not _FIGURE.search(name)), None
    )
    if duration is not None:
        unit = _UNIT.search(plain[duration])
        seconds = _UNITS[unit[1]] if unit else None
        if seconds is None and {"time stamp", "elapsed", "label"} <= set(plain):  # JMeter
            seconds = 1e-3
        return Header(names, separator, time, duration, seconds, named)
    left = [at for at in range(len(names)) if at not in (time, named) and _all(body, at, _AMOUNT)]
    counted = [at for at in left if _COUNT.search(plain[at]) and not _NO_COUNT.search(plain[at])]
    rated = [at for at in left if _RATE.search(names[at].lower())]
    counts = [at for at in counted or ([] if rated else left) if at not in rated]
    if named is not None:
        del counts[1:]
    return Header(names, separator, time, None, None, named, tuple(counts), tuple(rated))


def _all(body: Sequence[Sequence[str]], at: int, pattern: re.Pattern[str]) -> bool:
    """Whether a column holds nothing but such values, and one at least."""
    cells = [row[at] for row in body if row[at].lower() not in EMPTY]
    return bool(cells) and all(pattern.match(cell) for cell in cells)


def _spaced(name: str) -> str:
    """Lower-case words of a name in any style."""
    return re.sub(
        r"[^a-z0-9%]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower().replace("µ", "u")
    ).strip()


def cells_of(file: SourceFile, text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and cells of all rows with content; raises ``InvalidDesign`` for quotes that never end."""
    lines = csv.reader(lines_of(text), delimiter=separator or ",")
    while True:
        try:
            row = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            raise file.refuse(f"line {lines.line_num}: {error}", "Close the quotes.") from error
        if row and not row[0].lstrip().startswith("#") and any(cell.strip() for cell in row):
            yield lines.line_num, [cell.strip() for cell in row]
