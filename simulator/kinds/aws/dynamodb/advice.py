"""Rules of practice of Amazon DynamoDB beside those of its check (D630 to D639)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from simulator.graph.rule import Finding, Rule

if TYPE_CHECKING:
    from simulator.graph.look import Look

KIND = "aws.dynamodb"
#: Peak over mean from which on scaling by alarms comes too late.
STEEP = 2.0
#: Seconds until auto scaling has reacted: two minutes above the target, and the change itself.
REACTION = 300.0


def late_scaling(look: Look) -> Iterator[Finding]:
    """Auto scaling that is to follow a load that rises faster than it."""
    for node, settings in look.of_kind(KIND):
        if settings.billing_mode != "PROVISIONED" or settings.auto_scaling is None:
            continue
        for edge in look.into(node.id, "invoke", "publish"):
            arrivals = getattr(look.config(edge.source), "arrivals", None)
            points = getattr(arrivals, "points", None) or ()
            for (start, low), (end, above) in pairwise(points):
                if end - start < REACTION and low > 0.0 and above >= STEEP * low:
                    yield Finding(
                        node.id,
                        f"the load of {edge.source} grows from {low:g} to {above:g} msg/s within "
                        f"{end - start:g} s; auto scaling looks for two minutes first and then takes minutes",
                        "config.auto_scaling",
                        "bill it on demand, or raise the capacity by a schedule before the load comes",
                    )
                    break


RULES = (
    Rule(
        "D630",
        "warning",
        "Auto scaling is to follow a load that rises faster than it can.",
        "The alarm needs two minutes above the target, the change some more: a spike is over, or throttled, "
        "by then; only unused capacity of the last 300 s helps.",
        "Amazon DynamoDB developer guide, Managing throughput capacity automatically with auto scaling",
        "Bill on demand, or raise the capacity before the load comes.",
        late_scaling,
    ),
)
