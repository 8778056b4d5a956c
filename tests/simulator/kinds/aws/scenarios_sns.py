"""Scenarios of Amazon SNS with known outcomes."""

from __future__ import annotations

from typing import Any

from simulator import Document
from tests.simulator.designs import Watched, at, design, node
from tests.simulator.kinds.aws.buses import LONG_POLL, WORKER
from tests.simulator.kinds.aws.scenario import FIFO, Played, Scenario, arrived, figures, received
from tests.simulator.kinds.aws.test_sns import fan_out

# ---------------------------------------------------------------------- SNS


def one_order(*, attributes: dict[str, Any]) -> dict[str, Any]:
    return {"arrivals": at(1), "event": {"detail": {"id": 1}, "attributes": attributes}}


def accepted(document: Document, *names: str) -> list[int]:
    nodes = figures(document)["conservation"]["nodes"]
    return [nodes[name]["accepted"] for name in names]


def filtered(scope: str, policy: dict[str, Any], events: list[dict[str, Any]]) -> Played:
    subscribers = {"q1": {}, "q2": {"FilterPolicy": policy, "FilterPolicyScope": scope}}
    found, lines = [], []
    for one in events:
        document = fan_out(subscribers, shop={"arrivals": at(1), "event": one})
        found.append(accepted(document, "q1", "q2"))
        lines += [f"{one}", *arrived(document, "q1", "q2")]
    return Played({"delivered to Q1 and Q2": found}, lines)


def endpoint_down(*, dead_letters: bool) -> Played:
    outage = {"kind": "outage", "node": "svc", "at": 0, "duration": 91}
    document = fan_out(
        {"svc": {}}, shop={"arrivals": at(1)}, dead_letters=dead_letters, faults=[outage], duration=600
    )
    result = figures(document)
    topic, edge = result["nodes"]["t"], result["edges"]["e1"]
    found = {
        "retries": edge["delivery_retries"]["mean"],
        "dead-lettered": topic["dead_lettered"]["mean"],
        "lost": sum(flow["lost"]["mean"] for flow in result["flows"]),
    }
    if not dead_letters:
        return Played(found)
    lines = arrived(document, "dlq")
    return Played({**found, "in the dead-letter queue at": float(lines[0].split()[0])}, lines)


def queue_down() -> Played:
    outage = {"kind": "outage", "node": "q", "at": 0, "duration": 11}
    document = fan_out({"q": {}}, shop={"arrivals": at(1)}, faults=[outage], duration=600)
    result = figures(document)
    times = received(document, "c-q")
    edge = result["edges"]["e1"]
    return Played(
        {
            "delivered": len(times),
            "after the outage": 11.0 <= times[0] < 31.0,
            "immediate": edge["retries_immediate"]["mean"],
            "one second apart": edge["retries_pre_backoff"]["mean"],
            "lost": result["flows"][0]["lost"]["mean"],
        },
        [f"{time:14.6f}  q" for time in times],
    )


def endpoint_deleted() -> Played:
    gone = {"kind": "endpoint-deleted", "node": "t", "at": 0, "duration": 500}
    document = fan_out({"q": {}}, shop={"arrivals": at(1)}, dead_letters=True, faults=[gone])
    edge = figures(document)["edges"]["e1"]
    lines = arrived(document, "dlq")
    return Played(
        {
            "retries": edge["delivery_retries"]["mean"],
            "client errors": edge["dead_client_error"]["mean"],
            "in the dead-letter queue at": float(lines[0].split()[0]),
        },
        lines,
    )


def fifo_topic(
    sends: list[tuple[float, str]],
    *,
    faults: list[dict[str, Any]] | None = None,
    content: bool = False,
) -> Document:
    """A producer for each (time, body), whose message group is the first letter of the body."""
    names = [f"p{number}" for number in range(len(sends))]
    topic = {"FifoTopic": True, "ContentBasedDeduplication": content}
    nodes = [
        *(
            node(name, "producer", arrivals=at(time), event={"type": "T", "detail": {"body": body}})
            for name, (time, body) in zip(names, sends, strict=True)
        ),
        node("t", "aws.sns", publish_latency=0, delivery_latency=0, **topic),
        *(node(name, "aws.sqs", **FIFO, **LONG_POLL) for name in ("q1", "q2")),
        *(node(f"{name}-worker", "consumer", **WORKER) for name in ("q1", "q2")),
    ]
    edges = [*(f"{name}->t" for name in names), "t->q1", "t->q2", "q1->q1-worker", "q2->q2-worker"]
    groups = {f"{name}->t": {"MessageGroupId": body[0]} for name, (_, body) in zip(names, sends, strict=True)}
    simulation = {"duration": 400, "warmup": 0}
    return design(nodes, edges, edge_configs=groups, faults=faults or [], simulation=simulation)


def begun(document: Document) -> list[tuple[float, str, str]]:
    """When which worker begins on which body; the queues hand out at once what they get."""
    watched = Watched(document, document.simulation.duration)
    watched.run()
    return [
        (time, worker, "" if message.event is None else message.event.detail["body"])
        for (time, worker), message in zip(watched.starts, watched.served, strict=True)
    ]


def group_waits() -> Played:
    outage = {"kind": "outage", "node": "q1", "at": 0, "duration": 5}
    document = fifo_topic([(1, "A1"), (5.001, "A2"), (5.001, "B1")], faults=[outage])
    seen = begun(document)
    at_q1 = {body: time for time, worker, body in seen if worker == "q1-worker"}
    return Played(
        {
            "order in queue 1": list(at_q1),
            "order in queue 2": [body for _, worker, body in seen if worker == "q2-worker"],
            "B1 passes at once": at_q1["B1"] == 5.001,
            "A2 right after A1": at_q1["A1"] == at_q1["A2"] > 5.001,
        },
        [f"{time:14.6f}  {worker}  {body}" for time, worker, body in seen],
    )


def same_body_twice() -> Played:
    document = fifo_topic([(1, "A1"), (200, "A1"), (302, "A1")], content=True)
    result = figures(document)
    seen = begun(document)
    times = {name: [time for time, worker, _ in seen if worker == f"{name}-worker"] for name in ("q1", "q2")}
    return Played(
        {
            "published with success": result["conservation"]["nodes"]["t"]["accepted"],
            "rejected": result["nodes"]["t"]["rejected"]["mean"],
            "times in queue 1": times["q1"],
            "times in queue 2": times["q2"],
        },
        [f"{time:14.6f}  {worker}  {body}" for time, worker, body in seen],
    )


ORDER_POLICY = {"type": ["order"], "amount": [{"numeric": [">=", 100]}]}

SNS = [
    Scenario(
        "sns-1",
        "A policy on attributes lets through what fulfils every key.",
        "Amazon SNS developer guide, Subscription filter policies",
        lambda: filtered(
            "MessageAttributes",
            ORDER_POLICY,
            [
                {"detail": {}, "attributes": {"type": "order", "amount": 99}},
                {"detail": {}, "attributes": {"type": "order", "amount": 100}},
                {"detail": {}},
            ],
        ),
        {"delivered to Q1 and Q2": [[1, 0], [1, 1], [1, 0]]},
    ),
    Scenario(
        "sns-2",
        "A policy on the body looks into arrays of objects; text that is no object matches nothing.",
        "Amazon SNS developer guide, Payload-based message filtering",
        lambda: filtered(
            "MessageBody",
            {"order": {"lines": {"sku": ["A-1"]}}},
            [
                {"detail": {"order": {"lines": [{"sku": "B"}, {"sku": "A-1"}]}}},
                {"detail": {"order": "A-1"}},
                {},
            ],
        ),
        {"delivered to Q1 and Q2": [[1, 1], [1, 0], [1, 0]]},
    ),
    Scenario(
        "sns-3",
        "An HTTP endpoint that is down for 90 s is tried at once and after 20, 40 and 60 s, then given up.",
        "Amazon SNS developer guide, Message delivery retries",
        lambda: endpoint_down(dead_letters=True),
        {"retries": 3, "dead-lettered": 1, "lost": 0, "in the dead-letter queue at": 61.0},
    ),
    Scenario(
        "sns-3-lost",
        "Without a dead-letter queue it is lost.",
        "Amazon SNS developer guide, Message delivery retries",
        lambda: endpoint_down(dead_letters=False),
        {"retries": 3, "dead-lettered": 0, "lost": 1},
    ),
    Scenario(
        "sns-3-queue",
        "A queue that is out of reach for 10 s gets the message on a retry.",
        "Amazon SNS developer guide, Message delivery retries",
        queue_down,
        {"delivered": 1, "after the outage": True, "immediate": 3, "one second apart": 2, "lost": 0},
    ),
    Scenario(
        "sns-4",
        "For a queue that was deleted there are no retries.",
        "Amazon SNS developer guide, Dead-letter queues",
        endpoint_deleted,
        {"retries": 0, "client errors": 1, "in the dead-letter queue at": 1.0},
    ),
    Scenario(
        "sns-5",
        "A failed delivery holds back its group at this subscription alone.",
        "Amazon SNS developer guide, Message delivery for FIFO topics",
        group_waits,
        {
            "order in queue 1": ["B1", "A1", "A2"],
            "order in queue 2": ["A1", "A2", "B1"],
            "B1 passes at once": True,
            "A2 right after A1": True,
        },
    ),
    Scenario(
        "sns-6",
        "The same body within five minutes is published with success and delivered once.",
        "Amazon SNS developer guide, Message deduplication for FIFO topics",
        same_body_twice,
        {
            "published with success": 3,
            "rejected": 0,
            "times in queue 1": [1.0, 302.0],
            "times in queue 2": [1.0, 302.0],
        },
    ),
]
