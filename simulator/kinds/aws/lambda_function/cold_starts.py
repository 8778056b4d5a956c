"""How long a new environment of a function needs by its runtime: production ranges, not promises.

Source: E. Johnson, AWS developer advocate, production ranges of cold starts, April 2026 (the middle of each
range; the platform's share is in it). A runtime that is not there starts as the kind's own default.
"""

from __future__ import annotations

from simulator.design.skewed import LogNormal

#: By how the name of the runtime begins; ``provided`` runs compiled programs, such as those of Go and Rust.
COLD_STARTS: dict[str, LogNormal] = {
    "nodejs": LogNormal(p50=0.275, p99=0.8),
    "provided": LogNormal(p50=0.075, p99=0.2),
    "java": LogNormal(p50=3.5, p99=8.0),
}
#: Java that starts from a snapshot (SnapStart).
FROM_SNAPSHOT = LogNormal(p50=0.115, p99=0.3)


def cold_start_of(runtime: str, *, is_snapshot: bool) -> LogNormal | None:
    """The time until the first request of an environment, seconds; None where nothing is known."""
    if is_snapshot and runtime.startswith("java"):
        return FROM_SNAPSHOT
    return next((time for name, time in COLD_STARTS.items() if runtime.startswith(name)), None)
