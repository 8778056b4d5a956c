"""All compiled loops; importing this compiles them, or takes them from Numba's cache."""

from simulator.compiled.group_loops import merged, poll_by_poll
from simulator.compiled.group_play import play_group
from simulator.compiled.level_loops import follow_steps, reached
from simulator.compiled.line_loops import finished, in_order, play_line, serve
from simulator.compiled.sample_loops import (
    buckets,
    counted,
    counted_between,
    mark_late,
    places,
    ranked,
    ranked_between,
    slice_of,
)

__all__ = [
    "buckets",
    "counted",
    "counted_between",
    "finished",
    "follow_steps",
    "in_order",
    "mark_late",
    "merged",
    "places",
    "play_group",
    "play_line",
    "poll_by_poll",
    "ranked",
    "ranked_between",
    "reached",
    "serve",
    "slice_of",
]
