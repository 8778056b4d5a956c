"""All compiled loops; importing this compiles them, or takes them from Numba's cache."""

from simulator.compiled.group_loops import merged, merged_runs, poll_by_poll, services_of_group
from simulator.compiled.level_loops import course_of_two, follow_steps, present_after, reached
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
    "course_of_two",
    "finished",
    "follow_steps",
    "in_order",
    "mark_late",
    "merged",
    "merged_runs",
    "places",
    "play_line",
    "poll_by_poll",
    "present_after",
    "ranked",
    "ranked_between",
    "reached",
    "serve",
    "services_of_group",
    "slice_of",
]
