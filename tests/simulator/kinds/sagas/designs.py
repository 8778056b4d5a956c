"""Small sagas: one with a coordinator, one by events, both of order, stock and payment."""

from __future__ import annotations

from typing import Any

from simulator import Document
from simulator.experiments.replication import Replication
from tests.simulator.designs import at, design, node

ORDER: dict[str, Any] = {"name": "create", "compensation": "cancel"}
STOCK: dict[str, Any] = {"name": "reserve", "compensation": "release"}
PAY: dict[str, Any] = {"name": "pay", "compensation": "refund"}


def orchestrated(
    *times: float,
    steps: list[dict[str, Any]] | None = None,
    saga: dict[str, Any] | None = None,
    stock: dict[str, Any] | None = None,
    payment: dict[str, Any] | None = None,
    refusal: float = 0.0,
    keys: dict[str, Any] | None = None,
    **rest: Any,
) -> Document:
    """Order (0.1 s), stock (0.2 s) and payment (0.3 s), each a service of one worker for each call."""
    settings = {"concurrency": 100, "service_time": 0.1}
    return design(
        [
            node("shop", "producer", arrivals=at(*times), **({"keys": keys} if keys else {})),
            node("saga", "saga", steps=steps or [ORDER, STOCK, PAY], state_time=0, **(saga or {})),
            node("order", "service", **settings),
            node("stock", "service", **{**settings, "service_time": 0.2, **(stock or {})}),
            node("payment", "service", **{**settings, "service_time": 0.3, **(payment or {})}),
        ],
        ["shop->saga", "saga->order", "saga->stock", "saga->payment"],
        edge_configs={
            "saga->order": {"tasks": ["create", "cancel"]},
            "saga->stock": {"tasks": ["reserve", "release"]},
            "saga->payment": {"refusal": refusal},
        },
        **{"simulation": {"duration": 400, "warmup": 0}, **rest},
    )


PARTICIPANTS: dict[str, dict[str, Any]] = {
    "order": {
        "reacts_to": ["OrderPlaced"],
        "done_event": "Created",
        "compensates_on": ["Released", "ReserveRefused"],
        "compensated_event": "Cancelled",
        "service_time": 0.1,
    },
    "stock": {
        "reacts_to": ["Created"],
        "done_event": "Reserved",
        "refused_event": "ReserveRefused",
        "compensates_on": ["PaymentFailed"],
        "compensated_event": "Released",
        "service_time": 0.2,
    },
    "payment": {
        "reacts_to": ["Reserved"],
        "done_event": "Paid",
        "refused_event": "PaymentFailed",
        "service_time": 0.3,
    },
}


def choreographed(
    *times: float,
    changes: dict[str, dict[str, Any]] | None = None,
    edges: dict[str, dict[str, Any]] | None = None,
    **rest: Any,
) -> Document:
    """The same three over one topic."""
    arrivals = rest.pop("arrivals", None) or at(*times)
    members = [
        node(name, "saga-participant", **{**settings, **(changes or {}).get(name, {})})
        for name, settings in PARTICIPANTS.items()
    ]
    return design(
        [
            node("shop", "producer", arrivals=arrivals, event={"source": "shop", "type": "OrderPlaced"}),
            node("events", "topic"),
            *members,
        ],
        ["shop->events"]
        + [f"events->{name}" for name in PARTICIPANTS]
        + [f"{name}->events" for name in PARTICIPANTS],
        edge_configs=edges or {},
        **{"simulation": {"duration": 400, "warmup": 0}, **rest},
    )


def counts_of(document: Document, node: str) -> dict[str, int]:
    """The counts of a node at the end of a run, in which every message is accounted for."""
    replication = Replication(document, 1, 0, document.simulation.duration, 0.0)
    replication.run()
    for running in replication.world.nodes.values():
        for ledger in running.ledgers().values():
            assert ledger["accepted"] == sum(ledger.values()) - ledger["accepted"], running.id
    return replication.world.nodes[node].counts()


def settled(counts: dict[str, int]) -> tuple[int, int, int]:
    """Completed, compensated, stuck: together all that were started."""
    found = counts["sagas_completed"], counts["sagas_compensated"], counts["sagas_stuck"]
    assert sum(found) == counts["sagas_started"]
    return found
