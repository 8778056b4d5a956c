"""An uploaded load file as an arrivals setting that stands in the document itself."""

from __future__ import annotations

from typing import Any

from architect.refusals import Invalid, invalid_design

MOST_TIMES = 200_000
MOST_INTERVALS = 50_000


def arrivals_of_csv(content: bytes) -> dict[str, Any]:
    """Return `{"process": "trace", ...}` with times or counts in seconds from the file's beginning.

    Raises Invalid with the faulty line (D110), also when the file would make the document too large.
    """
    from simulator.design.trace_file import parse_load
    from simulator.errors import InvalidDesign

    try:
        load = parse_load(content)
    except InvalidDesign as refused:
        raise invalid_design(refused.problems, what="The load file") from None
    if load.counts is None:
        _refuse_above(MOST_TIMES, len(load.times), "arrival times")
        return {"process": "trace", "times": load.times}
    _refuse_above(MOST_INTERVALS, len(load.counts), "intervals")
    counts = [[time, count] for time, count in zip(load.times, load.counts, strict=True)]
    return {"process": "trace", "counts": counts, "interval": load.interval}


def _refuse_above(limit: int, given: int, what: str) -> None:
    if given > limit:
        raise Invalid(
            f"The load file has {given:,} {what}; a design keeps at most {limit:,}.",
            hint="Give counts per longer interval, or run it from the command line with the file beside it.",
            code="D110",
        )
