"""Scenarios of Amazon SQS with known outcomes."""

from __future__ import annotations

from typing import Any

from tests.simulator.designs import Watched, at, design, node
from tests.simulator.kinds.aws.buses import LONG_POLL
from tests.simulator.kinds.aws.scenario import DAY, FIFO, Calls, Played, Scenario, figures

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
