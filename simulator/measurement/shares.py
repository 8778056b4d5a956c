"""Measures that are the share of one count in another: hits among lookups, reads that saw a write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

#: Metric: the count of the part, and that of the whole; kinds that have them keep both.
SHARES = {
    "read_your_writes": ("own_writes_seen", "own_writes_sought"),
    "cache_hit_ratio": ("cache_hits", "cache_lookups"),
    "completed_share": ("sagas_completed", "sagas_ended"),
    "compensated_share": ("sagas_compensated", "sagas_ended"),
    "stuck_share": ("sagas_stuck", "sagas_ended"),
}


def shares_between(before: Mapping[str, int], after: Mapping[str, int]) -> Iterator[tuple[str, float]]:
    """The shares of what was counted between two readings; none where nothing was."""
    for metric, (part, whole) in SHARES.items():
        if whole in after:
            counted = after[whole] - before.get(whole, 0)
            if counted:
                yield metric, (after[part] - before.get(part, 0)) / counted
