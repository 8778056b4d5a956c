"""Invariants on generated buses: everything is accounted for, and a seed gives the same bytes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import simulate
from tests.simulator.designs import design, node
from tests.simulator.kinds.aws.buses import event


def some(**options: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(list(of)) for name, of in options.items()}
    )


patterns = (
    {"source": ["shop"]},
    {"detail-type": ["OrderPaid"]},
    {"detail": {"total": [{"numeric": [">", 50]}]}},
)
rules = some(
    RuleName=("r",),
    RetryPolicy=({"MaximumRetryAttempts": 2}, {"MaximumEventAgeInSeconds": 60}, {"MaximumRetryAttempts": 0}),
    InputPath=("$.detail",),
    MessageGroupId=("$.detail.total",),
    InvocationRateLimitPerSecond=(1, 20),
)
buses = some(
    delivery_latency=(0, 0.5, {"distribution": "exponential", "mean": 0.3}),
    put_events_quota=(3, 20),
    invocations_quota=(5,),
    Archive=({}, {"EventPattern": {"source": ["shop"]}}),
)
faults = st.lists(
    st.sampled_from(
        [
            {"kind": "outage", "node": "q", "at": 2, "duration": 20},
            {"kind": "outage", "node": "bus", "at": 5.5, "duration": 3},
            {"kind": "outage", "node": "api", "at": 1, "duration": 30},
            {"kind": "target-refusal", "node": "second", "at": 3, "duration": 4},
        ]
    ),
    max_size=3,
    unique_by=lambda fault: fault["node"],
)
puts = some(max_attempts=(1, 3), entries=(1, 10), loss=(0.2,), delay=(0.1,))


@given(
    st.sampled_from(patterns),
    st.lists(rules, min_size=3, max_size=3),
    buses,
    puts,
    faults,
    st.booleans(),
    st.sampled_from([0.2, 6]),
)
@settings(max_examples=10, deadline=None)
def test_every_event_is_accounted_for_and_a_seed_gives_the_same_bytes(
    pattern: dict[str, Any],
    targets: list[dict[str, Any]],
    config: dict[str, Any],
    put: dict[str, Any],
    going_wrong: list[dict[str, Any]],
    has_dead_letters: bool,
    service_time: float,
):
    targets[0] = {**targets[0], "EventPattern": pattern}
    template = event(total={"distribution": "uniform", "low": 0, "high": 100})
    template["type"] = {"choice": {"OrderPlaced": 2, "OrderPaid": 1}}
    replays = (
        [{"kind": "replay", "node": "bus", "at": 30, "config": {"rate": 5}}] if "Archive" in config else []
    )
    same = {name: config[name] for name in ("put_events_quota", "invocations_quota") if name in config}
    document = design(
        [
            node("s", "producer", arrivals={"process": "poisson", "rate": 6, "stop": 20}, event=template),
            node("bus", "aws.eventbridge", **config),
            node("second", "aws.eventbridge", delivery_latency=0.1, **same),
            node("q", "aws.sqs"),
            node("dead", "aws.sqs"),
            node("api", "service", concurrency=2, capacity=3, service_time=service_time),
            node("c", "consumer", service_time=0.05),
        ],
        [
            *["s->bus", "bus->q", "bus->api", "bus->second", "second->q", "q->c"],
            *(["bus->dead:dead-letter"] if has_dead_letters else []),
        ],
        edge_configs={
            "s->bus": put,
            **dict(zip(("bus->q", "bus->api", "bus->second"), targets, strict=True)),
        },
        faults=[*going_wrong, *([] if any(f["node"] == "bus" for f in going_wrong) else replays)],
        simulation={"duration": 40, "warmup": 0},
    )
    result = simulate(document)
    assert result["conservation"]["ok"]
    for edge in ("e1", "e2", "e3"):
        counts = {name: value["mean"] for name, value in result["edges"][edge].items()}
        ended = counts["delivered"] + counts["dead_lettered"] + counts["dropped"]
        assert counts["matched"] == ended + counts["in_transit"]
        failed = sum(value for name, value in counts.items() if name.startswith("failed_"))
        assert failed == counts["dead_lettered"] + counts["dropped"]

    def bytes_of(one: dict[str, Any]) -> str:
        return json.dumps({key: value for key, value in one.items() if key != "wall_seconds"}, sort_keys=True)

    assert bytes_of(simulate(document, on_frame=lambda frame: None)) == bytes_of(result)
