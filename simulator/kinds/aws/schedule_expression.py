"""Schedule expressions of Amazon EventBridge Scheduler: `rate(5 minutes)`, `cron(0 10 * * ? *)`, `at(...)`.

Source: Amazon EventBridge Scheduler user guide, *Schedule types*.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from simulator.errors import HeadraceError

_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}
_RATE = re.compile(r"rate\(\s*(\S+)\s+(\w+?)s?\s*\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_CRON = re.compile(r"cron\((.*)\)")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
#: 1 is Sunday.
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
#: The years that a cron expression may name.
FIRST_YEAR, LAST_YEAR = 1970, 2199
_FORMS = "write rate(5 minutes), cron(0 10 * * ? *) or at(2026-01-31T10:00:00)"


class InvalidSchedule(HeadraceError, ValueError):
    """An expression that EventBridge Scheduler refuses; the message says why, `hint` how to mend it."""

    def __init__(self, message: str, hint: str = _FORMS) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Rate:
    """A regular rate: elapsed time, whatever the clocks do.

    Args:
        interval: seconds.
    """

    interval: int

    def moments(self, first: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Moments (UTC) from `first` on, which is the first one."""
        step = timedelta(seconds=self.interval)
        while True:
            yield first
            first += step


@dataclass(frozen=True, slots=True)
class At:
    """Once."""

    when: datetime

    def moments(self, first: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """The moment (UTC), if it is not before `first`."""
        found = _in_utc(self.when, zone)
        if found is not None and found >= first:
            yield found


@dataclass(frozen=True, slots=True)
class Cron:
    """Minutes of hours of days, by the clock of the time zone.

    A time that a change of the clocks leaves out is skipped; one that comes twice counts once.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days_of_month: str
    months: frozenset[int]
    days_of_week: str
    years: frozenset[int]

    def moments(self, first: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Moments (UTC) from `first` on."""
        day = first.astimezone(zone).date() - timedelta(days=1)
        while day.year <= LAST_YEAR:
            if day.year in self.years and day.month in self.months and self._is_day(day):
                for hour in self.hours:
                    for minute in self.minutes:
                        found = _in_utc(datetime.combine(day, time(hour, minute)), zone)
                        if found is not None and found >= first:
                            yield found
            day += timedelta(days=1)

    def _is_day(self, day: date) -> bool:
        if self.days_of_month != "?":
            return any(_is_day_of_month(part, day) for part in self.days_of_month.split(","))
        return any(_is_day_of_week(part, day) for part in self.days_of_week.split(","))


Expression = Rate | At | Cron


def parse(text: str) -> Expression:
    """Read an expression; raises `InvalidSchedule`."""
    if rate := _RATE.fullmatch(text):
        return _rate(*rate.groups())
    if at := _AT.fullmatch(text):
        try:
            return At(datetime.fromisoformat(at[1]))
        except ValueError as error:
            raise InvalidSchedule(f"{at[1]} is no date and time: {error}") from None
    if cron := _CRON.fullmatch(text):
        return _cron(cron[1].split())
    raise InvalidSchedule(f"{text!r} is no schedule expression")


def parse_moment(text: str) -> datetime:
    """A date and time in UTC, such as 2026-01-31T10:00:00Z; raises `InvalidSchedule`."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidSchedule(
            f"{text!r} is no date and time", "write it in UTC, such as 2026-01-31T10:00:00Z"
        ) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def parse_zone(name: str) -> ZoneInfo:
    """A time zone by its name of the IANA database; raises `InvalidSchedule`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidSchedule(
            f"{name!r} is no time zone of the IANA database on this machine",
            "write one such as UTC or Europe/Copenhagen",
        ) from None


def times(
    expression: Expression,
    zone: ZoneInfo,
    *,
    begin: datetime,
    first: datetime | None,
    last: datetime | None,
    duration: float,
) -> Iterator[float]:
    """The times of a schedule in simulated seconds, up to `duration`.

    Args:
        begin: what a clock shows at simulated time 0.
        first: StartDate. A schedule by rate counts from it, also from one in the past.
        last: EndDate.
    """
    start = begin if first is None or (first < begin and not isinstance(expression, Rate)) else first
    if isinstance(expression, Rate) and start < begin:
        passed = -((start - begin).total_seconds() // expression.interval)
        start += timedelta(seconds=passed * expression.interval)
    for moment in expression.moments(start, zone):
        seconds = (moment - begin).total_seconds()
        if seconds > duration or (last is not None and moment > last):
            return
        yield seconds


def _in_utc(local: datetime, zone: ZoneInfo) -> datetime | None:
    """A time by the clock of the zone, None where the clocks leave it out."""
    found = local.replace(tzinfo=zone).astimezone(UTC)
    return found if found.astimezone(zone).replace(tzinfo=None) == local else None


def _rate(value: str, unit: str) -> Rate:
    if unit not in _SECONDS:
        raise InvalidSchedule(f"a rate is in minutes, hours or days, not in {unit}s", "write rate(5 minutes)")
    if not value.isdecimal() or not 0 < int(value) <= 1_000_000:
        raise InvalidSchedule(
            f"the value of a rate is a whole number above 0, not {value}", "write rate(5 minutes)"
        )
    return Rate(int(value) * _SECONDS[unit])


def _cron(fields: list[str]) -> Cron:
    if len(fields) != 6:
        raise InvalidSchedule(
            f"cron has six fields and not {len(fields)}",
            "write cron(minutes hours day-of-month month day-of-week year), such as cron(0 10 * * ? *)",
        )
    minutes, hours, days, months, weekdays, years = (field.upper() for field in fields)
    if (days == "?") == (weekdays == "?"):
        raise InvalidSchedule(
            "one of day-of-month and day-of-week is ?, and the other is not",
            "write ? for the one that does not count, such as cron(0 10 ? * MON-FRI *)",
        )
    if days != "?":
        for part in days.split(","):
            _check_day_of_month(part)
    else:
        for part in weekdays.split(","):
            _check_day_of_week(part)
    return Cron(
        tuple(sorted(_values(minutes, "minutes", 0, 59))),
        tuple(sorted(_values(hours, "hours", 0, 23))),
        days,
        frozenset(_values(months, "month", 1, 12, _MONTHS)),
        weekdays,
        frozenset(_values(years, "year", FIRST_YEAR, LAST_YEAR)),
    )


def _values(field: str, name: str, low: int, high: int, names: tuple[str, ...] = ()) -> set[int]:
    """The values that a field stands for: *, lists, ranges and steps."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        if slash and not (step.isdecimal() and int(step) > 0):
            raise InvalidSchedule(f"the step in {name} {part!r} is no whole number above 0", "write 0/15")
        if span == "*":
            first, last = low, high
        else:
            begin, dash, end = span.partition("-")
            first = _number(begin, name, low, high, names)
            last = _number(end, name, low, high, names) if dash else high if slash else first
        if first > last:
            raise InvalidSchedule(
                f"the range {span} in {name} ends before it begins", "list both parts instead"
            )
        found.update(range(first, last + 1, int(step) if slash else 1))
    return found


def _number(text: str, name: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if text in names:
        return names.index(text) + 1
    if not text.isdecimal() or not low <= int(text) <= high:
        also = f", or {names[0]} to {names[-1]}" if names else ""
        raise InvalidSchedule(f"{name} has no {text!r}", f"{name} goes from {low} to {high}{also}")
    return int(text)


def _check_day_of_month(part: str) -> None:
    if part in ("L", "LW"):
        return
    if part.endswith("W"):
        _number(part[:-1], "day-of-month", 1, 31, ())
    else:
        _values(part, "day-of-month", 1, 31)


def _check_day_of_week(part: str) -> None:
    day, hash, week = part.partition("#")
    if hash:
        _number(week, "week of the month in day-of-week", 1, 5, ())
        _number(day, "day-of-week", 1, 7, _DAYS)
    elif part.endswith("L"):
        if part != "L":
            _number(part[:-1], "day-of-week", 1, 7, _DAYS)
    else:
        _values(part, "day-of-week", 1, 7, _DAYS)


def _is_day_of_month(part: str, day: date) -> bool:
    last = monthrange(day.year, day.month)[1]
    if part == "L":
        return day.day == last
    if part.endswith("W"):
        return day.day == _weekday_near(day, last if part == "LW" else int(part[:-1]), last)
    return day.day in _values(part, "day-of-month", 1, 31)


def _weekday_near(day: date, wanted: int, last: int) -> int:
    """The weekday nearest to a day of the month, in the same month; 0 where the month has no such day."""
    if wanted > last:
        return 0
    weekday = day.replace(day=wanted).weekday()
    if weekday == 5:
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == 6:
        return wanted + 1 if wanted < last else wanted - 2
    return wanted


def _is_day_of_week(part: str, day: date) -> bool:
    weekday = day.isoweekday() % 7 + 1
    name, hash, week = part.partition("#")
    if hash:
        return weekday == _number(name, "day-of-week", 1, 7, _DAYS) and (day.day - 1) // 7 + 1 == int(week)
    if part == "L":
        return weekday == 7
    if part.endswith("L"):
        is_last = day.day + 7 > monthrange(day.year, day.month)[1]
        return is_last and weekday == _number(part[:-1], "day-of-week", 1, 7, _DAYS)
    return weekday in _values(part, "day-of-week", 1, 7, _DAYS)
