"""Reading a recorded load: a text with one arrival time per line, or with counts per interval.

Accepted are one column of times, or ``timestamp,value`` with whole numbers of messages per interval. Times
are seconds, Unix times (in seconds or finer) or ISO 8601 timestamps; a header line, blank lines and ``#``
comments are passed over; commas, semicolons and tabs separate. Sizes are bounded, and every fault names its
line (code D110).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import NoReturn

from simulator.errors import InvalidDesign
from simulator.graph.problem import Problem

MOST_BYTES = 50_000_000
MOST_ROWS = 5_000_000
MOST_PER_INTERVAL = 10**9
_BLOCK = 100_000  # characters
UNIX_TIMES_FROM = 1e8
"""A first time above this (three years in seconds) is taken as Unix time and becomes 0."""
_FINER_TIMES = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3))
"""A first time above these (Unix times of 1973 in finer units) is in nano-, micro- or milliseconds."""


@dataclass(frozen=True, slots=True)
class LoadRows:
    """A recorded load: ``times`` in seconds, with ``counts`` per interval or one message per time."""

    times: list[float]
    counts: list[int] | None
    interval: float | None
    first: str
    last: str


def read_trace_file(path: Path) -> LoadRows:
    """Read a file from disk; raises ``InvalidDesign`` (D110) when it is missing, unreadable or malformed."""
    name = path.name
    try:
        if not path.is_file():
            refuse(
                f"trace file {name} does not exist or is not a file",
                "Check the path; it counts from the design.",
            )
        size = path.stat().st_size
        if size > MOST_BYTES:
            refuse(
                f"trace file {name} has {size / 1e6:.0f} MB; at most {MOST_BYTES / 1e6:.0f} MB are read",
                "Give counts per interval instead of every single time.",
            )
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the path is not usable"
        refuse(f"trace file {name[:60]} cannot be read: {reason}", "Check the path and its permissions.")
    return parse_load(data, name=name)


def parse_load(data: str | bytes, *, name: str = "") -> LoadRows:
    """Read the text of a load; raises ``InvalidDesign`` with one D110 problem that names the line."""
    place = f" of {name}" if name else ""
    if len(data) > MOST_BYTES:
        refuse(
            f"the load{place} is larger than {MOST_BYTES / 1e6:.0f} MB", "Give counts per interval instead."
        )
    rows = _Rows(place)
    for line, cells in _cells(_decoded(data, place), place):
        rows.add(line, cells)
    return rows.finish()


def refuse(message: str, hint: str = "") -> NoReturn:
    """Raise the D110 problem of a load that cannot be used."""
    raise InvalidDesign([Problem("D110", message=message, hint=hint)])


class _Rows:
    """Collects rows one by one and knows what the first one looked like."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.times: list[float] = []
        self.counts: list[int] = []
        self.columns = 0
        self.origin: datetime | None = None
        self.first = self.last = ""
        self.unit = 1.0
        self.is_header_possible = True

    def add(self, line: int, cells: list[str]) -> None:
        """Take one row; the first one may be a header."""
        moment = _moment(cells[0])
        if moment is None:
            if self.is_header_possible and not any(_number(cell) is not None for cell in cells):
                self.is_header_possible = False
                return
            self._refuse(line, f"{cells[0][:40]!r} is neither seconds nor an ISO 8601 time")
        self.is_header_possible = False
        if not self.times:
            self.columns = len(cells)
            self.first = cells[0]
            self.origin = moment if isinstance(moment, datetime) else None
            if not isinstance(moment, datetime):
                self.unit = next((unit for least, unit in _FINER_TIMES if moment >= least), 1.0)
        if len(cells) > 2 or len(cells) != self.columns:
            self._refuse(
                line,
                f"expected {'one column (time)' if self.columns == 1 else 'two columns (time, count)'}, "
                f"got {len(cells)}",
            )
        if len(self.times) >= MOST_ROWS:
            self._refuse(line, f"more than {MOST_ROWS:,} rows")
        time = self._seconds(line, moment)
        if self.times and (time < self.times[-1] or (self.columns == 2 and time == self.times[-1])):
            self._refuse(
                line, f"time {cells[0][:40]} does not come after {self.last[:40]}", "Sort the rows by time."
            )
        self.times.append(time)
        self.last = cells[0]
        if self.columns == 2:
            self.counts.append(self._count(line, cells[1]))

    def finish(self) -> LoadRows:
        """All rows together, with the interval as the median gap between rows."""
        if not self.times:
            refuse(f"the load{self.place} holds no rows", "Give one time per line, or timestamp,count.")
        begin = self.times[0]
        if self.columns == 2 or begin > UNIX_TIMES_FROM:
            self.times = [time - begin for time in self.times]
        if self.columns == 1:
            return LoadRows(self.times, None, None, self.first, self.last)
        if len(self.times) < 2:
            refuse(f"the load{self.place} has one row; two are needed to know the interval of the counts")
        interval = median(later - time for time, later in zip(self.times, self.times[1:], strict=False))
        return LoadRows(self.times, self.counts, interval, self.first, self.last)

    def _seconds(self, line: int, moment: float | datetime) -> float:
        if isinstance(moment, datetime):
            if self.origin is None:
                self._refuse(line, "a timestamp among times in seconds")
            if (moment.tzinfo is None) != (self.origin.tzinfo is None):
                self._refuse(line, "times with and without a time zone are mixed")
            return (moment - self.origin).total_seconds()
        if self.origin is not None:
            self._refuse(line, "a time in seconds among timestamps")
        if moment < 0:
            self._refuse(line, f"time {moment:g} is negative")
        return moment * self.unit if self.unit != 1.0 else moment

    def _count(self, line: int, cell: str) -> int:
        value = _number(cell)
        if value is None:
            self._refuse(line, f"count {cell[:40]!r} is not a number")
        if value < 0 or value > MOST_PER_INTERVAL or value != math.floor(value):
            self._refuse(
                line,
                f"count {cell[:40]} is not a whole number from 0 to {MOST_PER_INTERVAL:,}",
                "Counts are messages per interval; turn rates into counts first.",
            )
        return int(value)

    def _refuse(self, line: int, message: str, hint: str = "") -> NoReturn:
        refuse(
            f"line {line}{self.place}: {message}",
            hint or "Write one time per line, or timestamp,count with a header if you like.",
        )


def _decoded(data: str | bytes, place: str) -> str:
    if isinstance(data, str):
        text = data.removeprefix("\ufeff")
    else:
        encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            refuse(f"line {line}{place}: not {encoding.upper()} text", "Save the file as UTF-8 CSV.")
    position = text.find("\0")
    if position >= 0:
        line = text.count("\n", 0, position) + 1
        refuse(f"line {line}{place}: a NUL character; this is no text file")
    return text


def lines_of(text: str) -> Iterator[str]:
    """The lines as `str.splitlines` gives them, a block at a time: millions of rows need not stand side by
    side.
    """
    start = 0
    while start < len(text):
        stop = text.find("\n", start + _BLOCK) + 1 or len(text)
        yield from text[start:stop].splitlines()
        start = stop


def _cells(text: str, place: str) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and cells of all lines with content."""
    separator = ""
    for line, row in enumerate(lines_of(text), start=1):
        stripped = row.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if len(stripped) > 1000:
            refuse(f"line {line}{place}: longer than 1,000 characters")
        if not separator:
            separator = next((mark for mark in (";", "\t", ",") if mark in stripped), "")
        cells = stripped.split(separator) if separator else [stripped]
        yield line, [cell.strip().strip('"') for cell in cells]


def _moment(cell: str) -> float | datetime | None:
    number = _number(cell)
    if number is not None:
        return number
    if cell[4:5] == "/":  # 2023/05/01 12:00:00, as Amazon CloudWatch writes it
        cell = cell.replace("/", "-")
    elif cell[2:3] == cell[5:6] == ".":  # 31.05.2023 12:00, as spreadsheets write it where dates have dots
        cell = f"{cell[6:10]}-{cell[3:5]}-{cell[:2]}{cell[10:]}"
    try:
        return datetime.fromisoformat(cell)
    except ValueError:
        return None


def _number(cell: str) -> float | None:
    # float() would also take "1_000", "nan" and digits of other scripts
    if not cell.isascii() or "_" in cell:
        return None
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
