"""Scenarios of SQS, SNS and EventBridge with known outcomes: each plays itself and says what happened.

The outcomes are those of Amazon's pages (named at each). `Played.lines` is what arrived where and when, for
the golden traces; `Played.found` are the figures that the outcome is about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulator import Document, simulate
from tests.simulator.designs import Watched, at, design, node
from tests.simulator.kinds.aws.buses import LONG_POLL, WORKER, arrivals_at, bus, event
from tests.simulator.kinds.aws.sqs_client import Client, Handle
from tests.simulator.kinds.aws.test_sns import fan_out

DAY = 86_400.0
FIFO: dict[str, Any] = {"FifoQueue": True, "ContentBasedDeduplication": True}


@dataclass
class Played:
    """What a scenario came to."""

    found: dict[str, Any]
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Scenario:
    """A numbered scenario.

    Args:
        id: service and number.
        title: one sentence.
        source: page of the vendor that says so.
        play: runs it.
        expected: the figures it must come to; floats within `tolerance` of themselves.
    """

    id: str
    title: str
    source: str
    play: Callable[[], Played]
    expected: dict[str, Any]
    tolerance: float = 1e-6


class Calls:
    """Calls to queues, written down."""

    def __init__(self, queues: dict[str, dict[str, Any]]) -> None:
        self.client = Client(queues)
        self.lines: list[str] = []
        self.handles: dict[str, Handle] = {}

    def _note(self, text: str) -> None:
        self.lines.append(f"{self.client.now:14.3f}  {text}")

    def send(self, body: str, **rest: Any) -> None:
        self.client.send(body, **rest)
        self._note(f"send {body} {rest or ''}".rstrip())

    def receive(self, most: int = 1, *, queue: str = "") -> list[str]:
        poll = self.client.receive(most, queue=queue)
        self.handles.update(zip(poll.bodies, poll.handles, strict=True))
        self._note(f"receive {most} {queue}".rstrip() + f" -> {' '.join(poll.bodies) or 'nothing'}")
        return poll.bodies

    def delete(self, body: str) -> None:
        self._note(f"delete {body} -> {'done' if self.client.delete(self.handles[body]) else 'error'}")

    def hide(self, body: str, seconds: float) -> None:
        self.client.change_visibility(self.handles[body], seconds)
        self._note(f"change visibility of {body} to {seconds:g}")

    def until(self, time: float) -> None:
        self.client.sleep(time - self.client.now)


def arrived(document: Document, *nodes: str) -> list[str]:
    """What came to the nodes, a line for each message."""
    return [
        f"{time:14.6f}  {id}  message {message.source}.{message.sequence}"
        for time, id, message in arrivals_at(document, *nodes)
    ]


def received(document: Document, worker: str) -> list[float]:
    """When a worker, who is always free, gets messages: when its queue has them."""
    watched = Watched(document, document.simulation.duration)
    watched.run()
    return watched.times(worker)


def figures(document: Document) -> dict[str, Any]:
    result = simulate(document)
    assert result["conservation"]["ok"]
    return result


# ---------------------------------------------------------------------- SQS


def blocked_group() -> Played:
    calls = Calls({"main": {**FIFO, "VisibilityTimeout": 30}})
    for body in ("A1", "A2", "B1"):
        calls.send(body, group=body[0])
    found: dict[str, Any] = {"first": calls.receive(1), "second": calls.receive(10)}
    calls.delete("A1")
    return Played({**found, "third": calls.receive(1)}, calls.lines)


def prefix() -> Played:
    calls = Calls({"main": {**FIFO, "VisibilityTimeout": 1}})
    for body in ("m1", "m2", "m3"):
        calls.send(body, group="g")
    found: dict[str, Any] = {"first": calls.receive(3)}
    calls.hide("m2", 4)
    calls.until(2.5)
    return Played({**found, "second": calls.receive(5)}, calls.lines)


def given_up() -> Played:
    calls = Calls({"main": {"VisibilityTimeout": 1, "RedrivePolicy": {"maxReceiveCount": 3}}, "dead": {}})
    calls.send("m")
    receives = []
    for second in range(4):
        calls.until(second)
        receives.append(calls.receive(1))
    before = calls.handles["m"][0]
    letter = calls.receive(1, queue="dead")
    after = calls.handles["m"][0]
    same = (before.source, before.sequence) == (after.source, after.sequence)
    left = sum(calls.client.attributes().values())
    return Played({"receives": receives, "dead": letter, "same id": same, "left": left}, calls.lines)


def retention(*, fifo: bool) -> Played:
    sort = FIFO if fifo else {}
    calls = Calls({"main": {**sort, "RedrivePolicy": {"maxReceiveCount": 1}}, "dead": dict(sort)})
    calls.send("m", **({"group": "g"} if fifo else {}))
    calls.until(3 * DAY - 30)
    calls.receive(1)
    calls.until(3 * DAY)
    calls.receive(1)
    dead = calls.client.queues["dead"]
    gone = None
    for hour in range(3 * 24, 8 * 24 + 1):
        calls.until(hour * 3_600.0)
        if gone is None and not dead.waiting():
            gone = calls.client.now / DAY
    return Played({"gone from the dead-letter queue at day": gone, "expired": dead.expired}, calls.lines)


def repeated(scope: dict[str, Any]) -> Played:
    calls = Calls({"main": {"FifoQueue": True, **scope}})
    calls.send("one", group="1", dedup="x")
    calls.until(10)
    calls.send("two", group="2", dedup="x")
    found: dict[str, Any] = {"at 10 s": calls.receive(10)}
    calls.until(301)
    calls.send("three", group="3", dedup="x")
    return Played({**found, "at 301 s": calls.receive(10)[-1:]}, calls.lines)


def too_slow() -> Played:
    document = design(
        [
            node("p", "producer", arrivals=at(0), size=100),
            node("q", "aws.sqs", VisibilityTimeout=30, **LONG_POLL),
            node("w", "consumer", concurrency=2, service_time=40),
        ],
        ["p->q", "q->w"],
    )
    # Until the second work ends. From 60 s on a free worker has the message for a third time: what is too
    # slow once is too slow each time.
    watched = Watched(document, 70)
    recording = watched.run()
    flow = watched.world.flows[0]
    return Played(
        {
            "receives before 60 s": [time for time in watched.times("w") if time < 60],
            "done": flow.delivered + flow.duplicates,
            "deleted by the old handle": recording.ledgers["q"]["delivered"],
        },
        [f"{time:14.6f}  {who} begins" for time, who in watched.starts],
    )


def neighbours(*, groups: bool) -> Played:
    def tenant(name: str) -> dict[str, Any]:
        return {"MessageGroupId": name} if groups else {}

    document = design(
        [
            node("n", "producer", arrivals={"process": "trace", "counts": [[0, 10_000]], "interval": 0.001}),
            node("r", "producer", arrivals={"process": "constant", "rate": 1, "stop": 20}),
            node("q", "aws.sqs", **LONG_POLL),
            node("w", "consumer", concurrency=100, service_time=1),
        ],
        ["n->q", "r->q", "q->w"],
        edge_configs={"n->q": tenant("N"), "r->q": tenant("Q")},
        simulation={"duration": 150, "warmup": 0},
    )
    flow = next(one for one in figures(document)["flows"] if one["from"] == "r")
    latency = flow["end_to_end_latency"]
    return Played({"median dwell of Q": latency["p50"]["mean"], "longest": latency["max"]["mean"]})


SQS = [
    Scenario(
        "sqs-1",
        "A message in flight blocks the rest of its group and no other group.",
        "Amazon SQS developer guide, FIFO queue delivery logic",
        blocked_group,
        {"first": ["A1"], "second": ["B1"], "third": ["A2"]},
    ),
    Scenario(
        "sqs-2",
        "Only the visible prefix of a group is received.",
        "Amazon SQS developer guide, FIFO queue delivery logic",
        prefix,
        {"first": ["m1", "m2", "m3"], "second": ["m1"]},
    ),
    Scenario(
        "sqs-3",
        "With maxReceiveCount 3 the fourth attempt returns nothing and moves the message.",
        "Amazon SQS developer guide, Dead-letter queues",
        given_up,
        {"receives": [["m"], ["m"], ["m"], []], "dead": ["m"], "same id": True, "left": 0},
    ),
    Scenario(
        "sqs-4",
        "A standard dead-letter queue counts the age from the first enqueue.",
        "Amazon SQS developer guide, Dead-letter queues, message retention",
        lambda: retention(fifo=False),
        {"gone from the dead-letter queue at day": 4.0, "expired": 1},
    ),
    Scenario(
        "sqs-4-fifo",
        "A FIFO dead-letter queue counts it anew.",
        "Amazon SQS developer guide, Dead-letter queues, message retention",
        lambda: retention(fifo=True),
        {"gone from the dead-letter queue at day": 7.0, "expired": 1},
    ),
    Scenario(
        "sqs-5",
        "An id is remembered for five minutes over the whole queue.",
        "Amazon SQS developer guide, Exactly-once processing",
        lambda: repeated({}),
        {"at 10 s": ["one"], "at 301 s": ["three"]},
    ),
    Scenario(
        "sqs-5-group",
        "With the scope messageGroup an id is remembered for each group.",
        "Amazon SQS API reference, SetQueueAttributes, DeduplicationScope",
        lambda: repeated({"DeduplicationScope": "messageGroup"}),
        {"at 10 s": ["one", "two"], "at 301 s": ["three"]},
    ),
    Scenario(
        "sqs-6",
        "Work of 40 s under a visibility timeout of 30 s is done twice.",
        "Amazon SQS developer guide, Visibility timeout",
        too_slow,
        {"receives before 60 s": [0.0, 30.0], "done": 2, "deleted by the old handle": 0},
    ),
    Scenario(
        "sqs-7",
        "In a fair queue a quiet tenant waits about one service time beside a noisy one.",
        "Amazon SQS developer guide, Fair queues",
        lambda: neighbours(groups=True),
        {"median dwell of Q": 1.5, "longest": 2.0},
        tolerance=0.5,
    ),
    Scenario(
        "sqs-7-unfair",
        "Without groups it waits for the backlog of the noisy one.",
        "Amazon SQS developer guide, Fair queues",
        lambda: neighbours(groups=False),
        # The 10,000 are done after 100 s, and Q's messages of the first 20 s then.
        {"median dwell of Q": 91.0, "longest": 100.0},
        tolerance=0.03,
    ),
]

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

# ---------------------------------------------------------------------- EventBridge


def matched(template: dict[str, Any]) -> list[str]:
    rule_a = {"RuleName": "A", "EventPattern": {"source": ["orders"]}}
    rule_b = {"EventPattern": {"detail": {"amount": [{"numeric": [">=", 100]}]}}}
    document = bus(at(1), {"l1": rule_a, "l2": rule_a, "q": rule_b}, template=template)
    return [id for _, id, _ in arrivals_at(document, "l1", "l2", "q")]


def two_rules() -> Played:
    events = {
        "amount 100": {"source": "orders", "detail": {"amount": 100}},
        "amount 99": {"source": "orders", "detail": {"amount": 99}},
        "text of another source": {"source": "x", "detail": {"amount": "100"}},
    }
    found: dict[str, Any] = {name: matched(one) for name, one in events.items()}
    return Played(found, [f"{name}: {' '.join(got) or 'nothing'}" for name, got in found.items()])


def target_down(policy: dict[str, Any], *, dead: bool) -> Played:
    outage = {"kind": "outage", "node": "q", "at": 0, "duration": 600}
    rules = {"q": {"RetryPolicy": policy} if policy else {}, "p": {}}
    document = bus(at(1), rules, faults=[outage], dead=dead, duration=90_000)
    result = figures(document)
    edges = result["edges"]
    times = {name: received(document, f"{name}-worker") for name in ("q", "p")}
    letters = [time for time, _, _ in arrivals_at(document, "dead")] if dead else []
    return Played(
        {
            "delivered": edges["e1"]["delivered"]["mean"],
            "after the outage": all(time >= 600 for time in times["q"]),
            "dropped": edges["e1"]["dropped"]["mean"],
            "in the dead-letter queue": letters,
            "the other target": times["p"],
        },
        [f"{time:14.6f}  {name}" for name, found in {**times, "dead": letters}.items() for time in found],
    )


def target_deleted() -> Played:
    gone = {"kind": "target-refusal", "node": "bus", "at": 0, "duration": 50}
    document = bus(at(1), {"q": {}}, faults=[gone], dead=True)
    edge = figures(document)["edges"]["e1"]
    lines = arrived(document, "dead")
    return Played(
        {
            "retries": edge["delivery_retries"]["mean"],
            "in the dead-letter queue at": float(lines[0].split()[0]),
        },
        lines,
    )


def over_the_invocations() -> Played:
    load = {"process": "trace", "counts": [[0, 10_000]], "interval": 0.001}
    document = bus(load, {"a": {}, "b": {}, "c": {}}, duration=20)
    seconds = Counter(int(time) for time, _, _ in arrivals_at(document, "a", "b", "c"))
    return Played({"delivered in each second": dict(seconds)}, [f"{dict(seconds)}"])


def over_the_calls(spread: float) -> Played:
    load = {"process": "trace", "counts": [[0, 12_000]], "interval": spread}
    document = bus(load, {"a": {}}, put={"max_attempts": 1}, duration=20)
    result = figures(document)
    return Played(
        {
            "rejected": result["nodes"]["bus"]["rejected"]["mean"],
            "throttled": result["nodes"]["bus"]["throttled"]["mean"],
        }
    )


def replayed() -> Played:
    replay = {"kind": "replay", "node": "bus", "at": 200, "config": {"EventEndTime": 120}}
    document = bus(
        at(10, 50, 80), {"q": {}}, config={"Archive": {}}, faults=[replay], template=event(), duration=400
    )
    again = [(time, message.sequence) for time, _, message in arrivals_at(document, "q") if time >= 200]
    node_figures = figures(document)["nodes"]["bus"]
    return Played(
        {
            "first two": sorted(sequence for _, sequence in again[:2]),
            "third": [sequence for _, sequence in again[2:]],
            "archived": node_figures["archived"]["mean"],
            "replayed": node_figures["replayed"]["mean"],
        },
        arrived(document, "q"),
    )


EVENTBRIDGE = [
    Scenario(
        "eventbridge-1",
        "Every target of every rule that matches gets the event once.",
        "Amazon EventBridge user guide, Event patterns",
        two_rules,
        {"amount 100": ["l1", "l2", "q"], "amount 99": ["l1", "l2"], "text of another source": []},
    ),
    Scenario(
        "eventbridge-2",
        "A target that is down for ten minutes gets the event on a later retry.",
        "Amazon EventBridge user guide, How EventBridge retries delivering events",
        lambda: target_down({}, dead=True),
        {
            "delivered": 1,
            "after the outage": True,
            "dropped": 0,
            "in the dead-letter queue": [],
            "the other target": [1.0],
        },
    ),
    Scenario(
        "eventbridge-2-age",
        "With a maximum age of 60 s it is in the dead-letter queue after 60 s.",
        "Amazon EventBridge API reference, RetryPolicy",
        lambda: target_down({"MaximumEventAgeInSeconds": 60}, dead=True),
        {
            "delivered": 0,
            "after the outage": True,
            "dropped": 0,
            "in the dead-letter queue": [61.0],
            "the other target": [1.0],
        },
    ),
    Scenario(
        "eventbridge-2-dropped",
        "Without a dead-letter queue it is dropped.",
        "Amazon EventBridge API reference, RetryPolicy",
        lambda: target_down({"MaximumEventAgeInSeconds": 60}, dead=False),
        {
            "delivered": 0,
            "after the outage": True,
            "dropped": 1,
            "in the dead-letter queue": [],
            "the other target": [1.0],
        },
    ),
    Scenario(
        "eventbridge-3",
        "For a target that was deleted there are no retries.",
        "Amazon EventBridge user guide, Using dead-letter queues",
        target_deleted,
        {"retries": 0, "in the dead-letter queue at": 1.0},
    ),
    Scenario(
        "eventbridge-4",
        "Of 30,000 invocations in one second 18,750 happen in it and the rest in the next.",
        "Amazon EventBridge user guide, quotas, us-east-1",
        over_the_invocations,
        {"delivered in each second": {0: 18_750, 1: 11_250}},
    ),
    Scenario(
        "eventbridge-4-calls",
        "Of 12,000 PutEvents calls in one second 2,000 are rejected.",
        "Amazon EventBridge user guide, quotas, us-east-1",
        lambda: over_the_calls(0.99),
        {"rejected": 2_000, "throttled": 2_000},
    ),
    Scenario(
        "eventbridge-5",
        "A replay goes minute by minute, and what it brings is not archived again.",
        "Amazon EventBridge user guide, Archiving and replaying events",
        replayed,
        {"first two": [1, 2], "third": [3], "archived": 3, "replayed": 3},
    ),
]

ALL = [*SQS, *SNS, *EVENTBRIDGE]

#: Scenarios that are not played, with the reason and where it is said.
EXPLAINED = {
    "eventbridge-6": (
        "a FIFO subscriber of the new custom event bus (API eventbridgev2); the kind is the classic bus",
        "aws-eventbridge.md",
        "The new custom event bus of 2026",
    ),
}
#: Scenarios of each service, by number.
NUMBERS = {"sqs": 7, "sns": 6, "eventbridge": 6}
