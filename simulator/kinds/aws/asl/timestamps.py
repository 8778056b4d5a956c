"""Timestamps of the States Language: RFC 3339 with an upper-case T, and Z where no offset stands.

Source: Amazon States Language specification, *Timestamps*.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

_FORM = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)")


def parse(text: object) -> float | None:
    """Seconds since 1970 of a timestamp; None for anything else.

    The service's parser also takes a time without seconds.
    """
    form = _FORM.fullmatch(text) if isinstance(text, str) else None
    if form is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = form.groups()
    offset = UTC
    if zone != "Z":
        minutes = int(zone[1:3]) * 60 + int(zone[4:6])
        if minutes > 18 * 60:
            return None
        offset = timezone(timedelta(minutes=-minutes if zone[0] == "-" else minutes))
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=offset
        )
        return moment.timestamp() + float(f"0.{fraction or 0}")
    except (ValueError, OverflowError):
        return None


def render(seconds: float) -> str:
    """A moment as the context object shows it, to the millisecond."""
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{_to_the_second(whole)}.{milliseconds:03d}Z"


@lru_cache(maxsize=64)
def _to_the_second(seconds: int) -> str:
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}"
