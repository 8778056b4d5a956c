"""Small designs that the tests of the Django side draw."""

from __future__ import annotations

from typing import Any


def work_queue(
    *, rate: float = 50.0, duration: float = 60.0, name: str = "Work queue", **simulation: Any
) -> dict[str, Any]:
    """Return a producer, a queue and two workers at utilization 0.8 for a rate of 50."""
    return {
        "format": "headrace/1",
        "name": name,
        "nodes": [
            {
                "id": "web",
                "kind": "producer",
                "config": {"arrivals": {"process": "poisson", "rate": rate}},
            },
            {"id": "orders", "kind": "queue"},
            {
                "id": "billing",
                "kind": "consumer",
                "config": {
                    "instances": 2,
                    "service_time": {"distribution": "exponential", "mean": 0.032},
                },
            },
        ],
        "edges": [
            {"id": "e1", "from": "web", "to": "orders"},
            {"id": "e2", "from": "orders", "to": "billing"},
        ],
        "simulation": {"duration": duration, **simulation},
    }


def endless(**simulation: Any) -> dict[str, Any]:
    """Return the same for a million simulated seconds: it goes until it is stopped, a frame every 200."""
    return work_queue(duration=1e6, name="Endless", **simulation)
