"""When a schedule invokes: every form of expression, time zones, and what is refused.

Source: Amazon EventBridge Scheduler user guide, *Schedule types on EventBridge Scheduler* (fields, wildcards
rates, one-time schedules, daylight saving time).
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice

import pytest

from simulator.kinds.aws.schedule_expression import InvalidSchedule, parse, parse_moment, parse_zone, times

YEAR = 366 * 86_400.0


def moments(
    text: str,
    *,
    zone: str = "UTC",
    begin: str = "2026-01-01T00:00:00Z",
    first: str | None = None,
    last: str | None = None,
    count: int = 4,
) -> list[str]:
    """The first moments in a run that begins at `begin`, as a clock in UTC shows them."""
    found = times(
        parse(text),
        parse_zone(zone),
        begin=parse_moment(begin),
        first=None if first is None else parse_moment(first),
        last=None if last is None else parse_moment(last),
        duration=YEAR,
    )
    start = parse_moment(begin).timestamp()
    return [_shown(start + seconds) for seconds in islice(found, count)]


def _shown(stamp: float) -> str:
    return datetime.fromtimestamp(stamp, UTC).strftime("%m-%d %H:%M")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # By rate it begins at once where there is no StartDate.
        ("rate(5 minutes)", ["01-01 00:00", "01-01 00:05", "01-01 00:10"]),
        ("rate(1 hour)", ["01-01 00:00", "01-01 01:00", "01-01 02:00"]),
        ("rate(2 days)", ["01-01 00:00", "01-03 00:00", "01-05 00:00"]),
        ("at(2026-01-31T10:00:00)", ["01-31 10:00"]),
        ("cron(15 10 * * ? *)", ["01-01 10:15", "01-02 10:15", "01-03 10:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["01-01 18:00", "01-02 18:00", "01-05 18:00"]),
        ("cron(0 8 1 * ? *)", ["01-01 08:00", "02-01 08:00", "03-01 08:00"]),
        ("cron(0/15 * * * ? *)", ["01-01 00:00", "01-01 00:15", "01-01 00:30"]),
        ("cron(0/5 8-9 ? * FRI *)", ["01-02 08:00", "01-02 08:05", "01-02 08:10"]),
        ("cron(5,35 14 * * ? *)", ["01-01 14:05", "01-01 14:35", "01-02 14:05"]),
        ("cron(0 0 L * ? *)", ["01-31 00:00", "02-28 00:00", "03-31 00:00"]),
        # 31 January 2026 is a Saturday, 28 February too, 31 March a Tuesday.
        ("cron(0 0 LW * ? *)", ["01-30 00:00", "02-27 00:00", "03-31 00:00"]),
        # 3 January is a Saturday, 3 May a Sunday.
        ("cron(0 0 3W 1,5 ? *)", ["01-02 00:00", "05-04 00:00"]),
        # The nearest weekday stays in its month: 1 February is a Sunday, 1 August a Saturday.
        ("cron(0 0 1W 2,8 ? *)", ["02-02 00:00", "08-03 00:00"]),
        ("cron(0 0 ? * 6L *)", ["01-30 00:00", "02-27 00:00", "03-27 00:00"]),
        ("cron(0 0 ? * TUE#2 *)", ["01-13 00:00", "02-10 00:00", "03-10 00:00"]),
        ("cron(0 0 ? * 1,L *)", ["01-03 00:00", "01-04 00:00", "01-10 00:00"]),
        ("cron(30 6 ? JUN-AUG SUN 2026)", ["06-07 06:30", "06-14 06:30", "06-21 06:30"]),
        ("cron(0 0 1 1 ? 2027)", ["01-01 00:00"]),
        ("cron(0 0 1 1 ? 2025)", []),
    ],
)
def test_moments_of_an_expression(text: str, expected: list[str]):
    assert moments(text, count=3) == expected


@pytest.mark.parametrize(
    ("text", "zone", "begin", "expected"),
    [
        ("cron(0 10 * * ? *)", "America/New_York", "2026-01-01T00:00:00Z", ["01-01 15:00", "01-02 15:00"]),
        # On 29 March 2026 the clocks of Copenhagen go from 2 to 3: 2:30 does not exist and is skipped.
        ("cron(30 2 * * ? *)", "Europe/Copenhagen", "2026-03-28T00:00:00Z", ["03-28 01:30", "03-30 00:30"]),
        # On 25 October they go from 3 to 2: 2:30 comes twice, and the schedule invokes once.
        (
            "cron(30 2 * * ? *)",
            "Europe/Copenhagen",
            "2026-10-24T12:00:00Z",
            ["10-25 00:30", "10-26 01:30"],
        ),
        # A day of a rate is 24 hours whatever the clocks do.
        ("rate(1 day)", "Europe/Copenhagen", "2026-03-28T12:00:00Z", ["03-28 12:00", "03-29 12:00"]),
        ("at(2026-07-01T12:00:00)", "Asia/Kolkata", "2026-06-30T00:00:00Z", ["07-01 06:30"]),
        # Before the run: over.
        ("at(2026-07-01T12:00:00)", "UTC", "2026-07-02T00:00:00Z", []),
    ],
)
def test_the_clock_of_the_time_zone_counts(text: str, zone: str, begin: str, expected: list[str]):
    assert moments(text, zone=zone, begin=begin, count=2) == expected


@pytest.mark.parametrize(
    ("text", "first", "last", "expected"),
    [
        # A StartDate is the first moment by rate, also from before the run.
        ("rate(1 hour)", "2026-01-01T00:20:00Z", None, ["01-01 00:20", "01-01 01:20"]),
        ("rate(1 hour)", "2025-12-31T23:40:00Z", None, ["01-01 00:40", "01-01 01:40"]),
        ("rate(1 hour)", "2025-12-31T22:00:00Z", None, ["01-01 00:00", "01-01 01:00"]),
        ("cron(0 * * * ? *)", "2026-01-01T00:20:00Z", None, ["01-01 01:00", "01-01 02:00"]),
        ("cron(0 * * * ? *)", "2025-06-01T00:20:00Z", None, ["01-01 00:00", "01-01 01:00"]),
        ("rate(1 hour)", None, "2026-01-01T01:00:00Z", ["01-01 00:00", "01-01 01:00"]),
        ("rate(1 hour)", None, "2026-01-01T00:59:00Z", ["01-01 00:00"]),
        ("at(2026-01-02T00:00:00)", "2026-01-03T00:00:00Z", None, []),
    ],
)
def test_nothing_is_invoked_before_the_start_date_and_after_the_end_date(
    text: str, first: str | None, last: str | None, expected: list[str]
):
    assert moments(text, first=first, last=last, count=2) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("every 5 minutes", "no schedule expression"),
        ("rate(0 minutes)", "whole number above 0"),
        ("rate(1.5 hours)", "whole number above 0"),
        ("rate(-1 hours)", "whole number above 0"),
        ("rate(10 seconds)", "minutes, hours or days"),
        ("at(2026-02-30T10:00:00)", "no date and time"),
        ("at(tomorrow)", "no schedule expression"),
        ("cron(0 10 * * ?)", "six fields and not 5"),
        ("cron(0 10 * * * *)", "one of day-of-month and day-of-week"),
        ("cron(0 10 ? * ? *)", "one of day-of-month and day-of-week"),
        ("cron(60 10 * * ? *)", "minutes has no '60'"),
        ("cron(0 24 * * ? *)", "hours has no '24'"),
        ("cron(0 0 0 * ? *)", "day-of-month has no '0'"),
        ("cron(0 0 32W * ? *)", "day-of-month has no '32'"),
        ("cron(0 0 1 13 ? *)", "month has no '13'"),
        ("cron(0 0 ? * 0 *)", "day-of-week has no '0'"),
        ("cron(0 0 ? * MON#6 *)", "week of the month"),
        ("cron(0 0 ? * FOO *)", "day-of-week has no 'FOO'"),
        ("cron(0 0 ? * FRI-MON *)", "ends before it begins"),
        ("cron(0 0 1 * ? 1969)", "year has no '1969'"),
        ("cron(0/0 0 1 * ? *)", "step in minutes"),
        ("cron(/5 0 1 * ? *)", "minutes has no ''"),
    ],
)
def test_an_expression_that_the_service_refuses_says_why(text: str, says: str):
    with pytest.raises(InvalidSchedule, match=says):
        parse(text)


def test_a_time_zone_has_a_name_of_the_database():
    with pytest.raises(InvalidSchedule, match="no time zone"):
        parse_zone("Mars/Olympus")
    with pytest.raises(InvalidSchedule, match="no time zone"):
        parse_zone("../etc/passwd")
