"""Standard queues advance by recursion: the same bytes as by events, and never where they must not be."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from simulator import Document
from tests.simulator.designs import design, node
from tests.simulator.engines import parts, seen, turns

DURATION = 8.0
EXPONENTIAL = {"distribution": "exponential", "mean": 0.03}
LONG_POLLS = {"ReceiveMessageWaitTimeSeconds": 1}


def queue(
    attributes: dict[str, Any] | None = None,
    receive: dict[str, Any] | None = None,
    consumer: dict[str, Any] | None = None,
    send: dict[str, Any] | None = None,
    **rest: Any,
) -> Document:
    """A producer, a standard queue that is read by long polling, and three workers."""
    producer = {"arrivals": {"process": "poisson", "rate": 80}, **rest.pop("producer", {})}
    return design(
        [
            node("p", "producer", **producer),
            node("q", "aws.sqs", **{**LONG_POLLS, **(attributes or {})}),
            node("c", "consumer", **{"instances": 3, "service_time": EXPONENTIAL, **(consumer or {})}),
            *rest.pop("more", []),
        ],
        ["p->q", "q->c", *rest.pop("edges", [])],
        edge_configs={"q->c": receive or {}, "p->q": send or {}, **rest.pop("edge_configs", {})},
        simulation={"duration": DURATION},
        **rest,
    )


OTHER = node("c2", "consumer", instances=2, service_time=EXPONENTIAL)
TOGETHER = {"arrivals": {"process": "batch-poisson", "rate": 5, "batch": 7}}
SELDOM = {"arrivals": {"process": "poisson", "rate": 2}}
FAILING = {"failure": {"probability": 0.3}}
HIDDEN = {"VisibilityTimeout": 0.6}
FIVE = {"arrivals": {"process": "poisson", "rate": 80, "limit": 5}}
LETTERS: dict[str, Any] = {"more": [node("d", "aws.sqs")], "edges": ["q->d:dead-letter"]}
TANDEM: dict[str, Any] = {
    "more": [node("q2", "aws.sqs", VisibilityTimeout=2, **LONG_POLLS), OTHER],
    "edges": ["c->q2", "q2->c2"],
}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (queue(), (1, 1)),
        (queue(receive={"MaxNumberOfMessages": 10}), (1, 1)),
        (queue({"VisibilityTimeout": 1}, {"MaxNumberOfMessages": 4, "WaitTimeSeconds": 20}), (1, 1)),
        # Workers that are idle for longer than a poll waits; messages that come together.
        (queue(producer=SELDOM), (1, 1)),
        (queue(producer=TOGETHER), (1, 1)),
        # Work on several of them would end at one time.
        (queue(consumer={"service_time": 0.03}, producer=TOGETHER), (0, 0)),
        # Work ends at the very time at which the queue looks for timeouts.
        (queue({"VisibilityTimeout": 1}, consumer={"service_time": 0.25}, producer=SELDOM), (1, 1)),
        (queue({"VisibilityTimeout": 1}, {"MaxNumberOfMessages": 2}, {"service_time": 0.25}), (1, 1)),
        (queue(**LETTERS), (1, 1)),
        (queue(**TANDEM), (2, 1)),
        (queue(producer={"arrivals": {"process": "poisson", "rate": 1}}, **TANDEM), (2, 1)),
        # What comes late, and what two producers send.
        (queue(send={"delay": EXPONENTIAL}, receive={"MaxNumberOfMessages": 3}), (2, 1)),
        (queue(more=[node("p2", "producer")], edges=["p2->q"]), (1, 2)),
        # A visibility timeout that may end before the work does: events are needed when it would.
        (queue({"VisibilityTimeout": 0.1}), (1, 1)),
        (queue({"VisibilityTimeout": 0.5}, **LETTERS), (1, 1)),
        # What the stage does not model.
        (queue({"ReceiveMessageWaitTimeSeconds": 0}), (0, 0)),
        (queue({"DelaySeconds": 1}), (0, 0)),
        (queue({"delivery_latency": 0.01}), (0, 0)),
        (queue({"undeleted_probability": 0.1}), (0, 0)),
        (
            queue({"FifoQueue": True}, producer={"keys": {"distribution": "uniform", "low": 0, "high": 9}}),
            (0, 0),
        ),
        (queue(receive={"delete_batch_size": 5}), (0, 0)),
        (queue(receive={"heartbeat": 5}), (0, 0)),
        (queue(receive={"response_loss": 0.1}), (0, 0)),
        (queue(send={"batch_size": 5}), (0, 0)),
        (queue(send={"MessageGroupId": "{key}"}), (0, 0)),
        # Drawn sizes matter where a message may be too large, or a receive may be billed twice.
        (queue(producer={"size": {"distribution": "uniform", "low": 100, "high": 900}}), (1, 1)),
        (queue(producer={"size": {"distribution": "lognormal", "mean": 900, "scv": 1}}), (0, 0)),
        (
            queue(
                receive={"MaxNumberOfMessages": 10},
                producer={"size": {"distribution": "uniform", "low": 100, "high": 9_000}},
            ),
            (0, 0),
        ),
        (queue(receive={"MaxNumberOfMessages": 10}, producer={"size": 10_000}), (0, 0)),
        (queue({"MessageRetentionPeriod": 60}), (1, 1)),
        # Work that fails: messages come again when their visibility timeout ends, or are given up.
        (queue(HIDDEN, consumer=FAILING), (1, 1)),
        (queue(HIDDEN, {"MaxNumberOfMessages": 5}, FAILING, producer=TOGETHER), (1, 1)),
        (queue(HIDDEN, consumer=FAILING, **LETTERS), (1, 1)),
        (queue(HIDDEN, {"MaxNumberOfMessages": 3}, FAILING, producer=SELDOM, **LETTERS), (1, 1)),
        (queue(HIDDEN, consumer=FAILING, send={"delay": EXPONENTIAL}, **LETTERS), (2, 1)),
        (queue(HIDDEN, consumer=FAILING, **TANDEM), (2, 1)),
        (queue(HIDDEN, consumer=FAILING, producer={"arrivals": {"process": "constant", "rate": 70}}), (1, 1)),
        (queue(HIDDEN, consumer={"failure": {"probability": 1}}, producer=FIVE), (1, 1)),
        # Somebody reads the letters, or others send them too; services that take equally long; late reports.
        (
            queue(consumer=FAILING, more=[node("d", "aws.sqs"), OTHER], edges=["q->d:dead-letter", "d->c2"]),
            (0, 0),
        ),
        (queue(consumer={**FAILING, "service_time": 0.03}), (0, 0)),
        (queue(consumer={"failure": {"probability": 0.1, "redelivery_delay": 0.1}}), (0, 0)),
        (queue(more=[OTHER], edges=["q->c2"]), (0, 0)),
        (queue(consumer={"instances": None}), (0, 0)),
    ],
)
def test_a_queue_advances_by_recursion_only_where_nothing_else_can_happen(
    document: Document, expected: tuple[int, int]
) -> None:
    assert parts(document) == expected
    assert seen(document, "events") == seen(document, "auto")


QUICK = {"service_time": {"distribution": "exponential", "mean": 0.02}}
SPREAD = {"service_time": {"distribution": "lognormal", "mean": 0.02, "scv": 40}}
QUICK_TANDEM = {**TANDEM, "more": [TANDEM["more"][0], node("c2", "consumer", instances=3, **QUICK)]}
OUTAGE = {"kind": "outage", "node": "c", "at": 1, "duration": 0.5}
PAUSE = {**OUTAGE, "kind": "pause"}
SELDOM_FAILS = {"failure": {"probability": 0.1}}
TEN = {"MaxNumberOfMessages": 10}


@pytest.mark.parametrize("receive", [{}, TEN], ids=["one", "ten"])
@pytest.mark.parametrize(
    ("document", "least"),
    [
        (lambda receive: queue({}, receive, QUICK, faults=[PAUSE]), [2]),
        # What is given back comes again when its visibility timeout ends, or goes to the dead letters.
        (lambda receive: queue({"VisibilityTimeout": 1}, receive, QUICK, faults=[OUTAGE]), [2]),
        (lambda receive: queue({"VisibilityTimeout": 1}, receive, QUICK, faults=[OUTAGE], **LETTERS), [2]),
        (lambda receive: queue({}, receive, QUICK, faults=[PAUSE, {**PAUSE, "at": 5}]), [4]),
        (lambda receive: queue({}, receive, QUICK, faults=[PAUSE], **TANDEM), [2, 0]),
        (lambda receive: queue({}, receive, QUICK, faults=[{**PAUSE, "node": "c2"}], **QUICK_TANDEM), [0, 2]),
        # Work that takes longer than the visibility timeout.
        (lambda receive: queue({"VisibilityTimeout": 0.4}, receive, SPREAD), [2]),
        # Work that fails, too; what was hidden or had come again before it gave way goes on.
        (lambda receive: queue(HIDDEN, receive, QUICK | SELDOM_FAILS, faults=[PAUSE]), [2]),
        (lambda receive: queue(HIDDEN, receive, QUICK | SELDOM_FAILS, faults=[OUTAGE], **LETTERS), [2]),
        (lambda receive: queue(HIDDEN, receive, QUICK | SELDOM_FAILS, faults=[PAUSE], **TANDEM), [2, 0]),
        (lambda receive: queue({"VisibilityTimeout": 0.4}, receive, SPREAD | SELDOM_FAILS), [2]),
        (lambda receive: queue({"VisibilityTimeout": 0.4}, receive, SPREAD | SELDOM_FAILS, **LETTERS), [2]),
    ],
)
def test_a_stage_gives_way_to_events_and_takes_back(
    document: Callable[[dict[str, Any]], Document], least: list[int], receive: dict[str, Any]
) -> None:
    made = document(receive)
    assert all(len(times) >= count for times, count in zip(turns(made), least, strict=True))
    assert seen(made, "events") == seen(made, "auto")


@pytest.mark.parametrize(
    "document",
    [
        queue(HIDDEN, {"MaxNumberOfMessages": 5}, FAILING, **LETTERS),
        queue(HIDDEN, consumer=FAILING, **TANDEM),
    ],
    ids=["letters", "tandem"],
)
def test_failures_need_no_events(document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    class NotRaised(Exception):
        pass

    # A stage that falls back would raise what nobody catches.
    monkeypatch.setattr("simulator.experiments.replication.EventsNeeded", NotRaised)
    results, _ = seen(document, "auto")
    queue_counts = json.loads(results)["nodes"]["q"]
    assert queue_counts["redelivered"]["mean"] > 50


def test_a_long_backlog_of_failures_is_worked_off_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.kinds.aws.sqs.redelivery_loop.MOST_AT_ONCE", 20)
    burst = {"arrivals": {"process": "batch-poisson", "rate": 3, "batch": 120, "limit": 600}}
    document = queue(HIDDEN, {"MaxNumberOfMessages": 4}, FAILING, producer=burst, **LETTERS)
    assert seen(document, "events") == seen(document, "auto")
