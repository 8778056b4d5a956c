"""Calls to SQS queues at given times, and what each returns: worked examples of every rule.

Sources: Amazon SQS API reference and developer guide (named at the rules), and what the service was seen to
answer. `HEADRACE_CONFORMANCE` may name a folder with recorded answers (`sqs_behaviour.json`) to hold it to.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.kinds.aws.sqs_client import Client
from tests.simulator.kinds.aws.sqs_scripts import Script

FIFO: dict[str, Any] = {"FifoQueue": True, "ContentBasedDeduplication": True}


def send(*bodies: str, **rest: Any) -> list[dict[str, Any]]:
    """One send for each body; a body "a1" of a FIFO queue belongs to group "a"."""
    group = rest.pop("is_grouped", True)
    return [{"op": "send", "body": body, **({"group": body[0]} if group else {}), **rest} for body in bodies]


def receive(*bodies: str, **rest: Any) -> dict[str, Any]:
    return {"op": "receive", "max": 10, "expect": list(bodies), **rest}


def sleep(seconds: float) -> dict[str, Any]:
    return {"op": "sleep", "seconds": seconds}


def delete(handle: str, expect: str = "ok") -> dict[str, Any]:
    return {"op": "delete", "handle": handle, "expect": expect}


def change(handle: str, seconds: float, expect: str = "ok") -> dict[str, Any]:
    return {"op": "change_visibility", "handle": handle, "seconds": seconds, "expect": expect}


def hold(*bodies: str, **rest: Any) -> dict[str, Any]:
    """Receive, and keep the handle of each body under its name."""
    return receive(*bodies, save_handles=list(bodies), **rest)


CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    # API reference, DeleteMessage; developer guide, *Visibility timeout*
    "standard: a handle deletes after its timeout as long as nobody has received the message since": (
        {"VisibilityTimeout": 1},
        [*send("m"), hold("m"), sleep(5), delete("m"), receive()],
    ),
    "standard: an old handle is answered with success and deletes nothing": (
        {"VisibilityTimeout": 1},
        [*send("m"), hold("m"), sleep(1), receive("m"), delete("m"), sleep(1), receive("m")],
    ),
    "fifo: deleting with an expired handle is an error, and the message stays": (
        {**FIFO, "VisibilityTimeout": 1},
        [*send("a1"), hold("a1"), sleep(1), delete("a1", "error"), receive("a1")],
    ),
    "fifo: a handle whose timeout was extended deletes": (
        {**FIFO, "VisibilityTimeout": 1},
        [*send("a1"), hold("a1"), change("a1", 5), sleep(4), delete("a1"), receive()],
    ),
    # API reference, ChangeMessageVisibility
    "a changed timeout counts from the call": (
        {"VisibilityTimeout": 10},
        [*send("m"), hold("m"), sleep(5), change("m", 10), sleep(9.5), receive(), sleep(0.5), receive("m")],
    ),
    "a changed timeout of 0 makes the message available at once": (
        {"VisibilityTimeout": 30},
        [*send("m"), hold("m"), change("m", 0), receive("m")],
    ),
    "a timeout can be shortened": (
        {"VisibilityTimeout": 30},
        [*send("m"), hold("m"), change("m", 2), sleep(1.9), receive(), sleep(0.1), receive("m")],
    ),
    "a changed timeout is not remembered by the next receive": (
        {"VisibilityTimeout": 2},
        [*send("m"), hold("m"), change("m", 5), sleep(5), receive("m"), sleep(2), receive("m")],
    ),
    "the timeout of a message that is available cannot be changed: MessageNotInflight": (
        {"VisibilityTimeout": 1},
        [*send("m"), hold("m"), sleep(1), change("m", 5, "error"), receive("m")],
    ),
    "a receive has its own visibility timeout": (
        {},
        [*send("m"), receive("m", visibility=0), receive("m", visibility=3), sleep(3), receive("m")],
    ),
    # Developer guide, *Delay queues*, *Message timers*
    "a message's own delay replaces the queue's": (
        {"DelaySeconds": 10},
        [*send("m", delay=2), *send("n"), sleep(2), receive("m"), sleep(8), receive("n")],
    ),
    "delayed messages are counted apart": (
        {"DelaySeconds": 10},
        [
            *send("m", "n", delay=0),
            *send("o"),
            {
                "op": "attributes",
                "expect": {
                    "ApproximateNumberOfMessages": 2,
                    "ApproximateNumberOfMessagesNotVisible": 0,
                    "ApproximateNumberOfMessagesDelayed": 1,
                },
            },
        ],
    ),
    "a purge deletes what is available, in flight and delayed": (
        {"VisibilityTimeout": 1},
        [*send("m", "n"), receive("m", max=1), *send("o", delay=1), {"op": "purge"}, sleep(2), receive()],
    ),
    "a purge clears the memory of deduplication": (
        FIFO,
        [*send("a1"), {"op": "purge"}, *send("a1"), receive("a1")],
    ),
    # Developer guide, *FIFO queue delivery logic*
    "fifo: a message in flight blocks its group and no other": (
        {**FIFO, "VisibilityTimeout": 30},
        [*send("a1", "a2", "b1"), hold("a1", max=1), receive("b1"), delete("a1"), receive("a2")],
    ),
    "fifo: only the messages before one in flight can be received": (
        {**FIFO, "VisibilityTimeout": 1},
        [
            *send("a1", "a2", "a3", "a4"),
            hold("a1", "a2", "a3", max=3),
            change("a3", 4),
            sleep(2),
            receive("a1", "a2"),
        ],
    ),
    "fifo: a first message that stays hidden blocks the whole group": (
        {**FIFO, "VisibilityTimeout": 1},
        [
            *send("a1", "a2"),
            hold("a1", "a2"),
            change("a1", 9),
            sleep(2),
            receive(),
            sleep(7),
            receive("a1", "a2"),
        ],
    ),
    "fifo: a group goes on only when all messages received from it are gone": (
        {**FIFO, "VisibilityTimeout": 30},
        [
            *send("a1", "a2", "a3"),
            hold("a1", "a2", max=2),
            delete("a1"),
            receive(),
            delete("a2"),
            receive("a3"),
        ],
    ),
    "fifo: a receive takes what it can of one group before the next, and a served group goes behind": (
        {**FIFO, "VisibilityTimeout": 0},
        [
            *send("a1", "b1", "a2", "b2", "c1"),
            receive("a1", "a2", "b1", max=3),
            receive("c1", "a1", "a2", "b1", "b2"),
        ],
    ),
    "fifo: a long poll returns when a delete opens the group": (
        {**FIFO, "VisibilityTimeout": 60},
        [
            {"op": "start_long_polls", "count": 2, "wait": 20},
            *send("a1"),
            {"op": "expect_poll_result", "body": "a1", "within": 1, "save_handle": "a1"},
            *send("a2"),
            {"op": "expect_no_poll_result", "during": 3},
            delete("a1"),
            {"op": "expect_poll_result", "body": "a2", "within": 1},
        ],
    ),
    "fifo: blocked messages count as visible": (
        {**FIFO, "VisibilityTimeout": 60},
        [
            *send("a1", "a2", "b1"),
            receive("a1", max=1),
            {
                "op": "attributes",
                "expect": {
                    "ApproximateNumberOfMessages": 2,
                    "ApproximateNumberOfMessagesNotVisible": 1,
                    "ApproximateNumberOfMessagesDelayed": 0,
                },
            },
        ],
    ),
    "fifo: the queue's delay holds a group back in order": (
        {**FIFO, "DelaySeconds": 5},
        [*send("a1"), sleep(1), *send("a2"), receive(), sleep(4), receive("a1"), sleep(1), receive()],
    ),
    # Developer guide, *Exactly-once processing*; API reference, SendMessage
    "deduplication: a repeat within five minutes is not delivered, after them it is": (
        FIFO,
        [
            *send("a1"),
            hold("a1"),
            delete("a1"),
            sleep(299),
            *send("a1"),
            receive(),
            sleep(2),
            *send("a1"),
            receive("a1"),
        ],
    ),
    "deduplication: an id holds for the whole queue": (
        {"FifoQueue": True},
        [*send("a1", dedup="x"), sleep(10), *send("b1", dedup="x"), receive("a1")],
    ),
    "deduplication: with the scope messageGroup an id holds for its group": (
        {"FifoQueue": True, "DeduplicationScope": "messageGroup"},
        [*send("a1", dedup="x"), *send("b1", dedup="x"), *send("a2", dedup="x"), receive("a1", "b1")],
    ),
    "deduplication: an id of its own lets an equal body through": (
        FIFO,
        [*send("a1", dedup="x"), *send("a1", dedup="y"), receive("a1", "a1")],
    ),
    # Developer guide, *Message retention*
    "a message expires while it is in flight": (
        {"MessageRetentionPeriod": 60, "VisibilityTimeout": 50},
        [
            *send("m"),
            sleep(30),
            receive("m"),
            sleep(31),
            {
                "op": "attributes",
                "expect": {
                    "ApproximateNumberOfMessages": 0,
                    "ApproximateNumberOfMessagesNotVisible": 0,
                    "ApproximateNumberOfMessagesDelayed": 0,
                },
            },
            sleep(30),
            receive(),
        ],
    ),
    "fifo: a group goes on when its message in flight expires": (
        {**FIFO, "MessageRetentionPeriod": 60, "VisibilityTimeout": 600},
        [*send("a1"), sleep(30), *send("a2"), receive("a1", max=1), sleep(31), receive("a2")],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_calls_return_what_the_service_returns(name: str) -> None:
    queue, steps = CASES[name]
    if not queue.get("FifoQueue"):
        steps = [{key: value for key, value in step.items() if key != "group"} for step in steps]
    assert Script({"main": queue}).run(steps) == []


@pytest.mark.parametrize("sort", [{}, FIFO])
def test_the_receive_after_the_last_one_allowed_returns_nothing_and_moves_the_message(
    sort: dict[str, Any],
) -> None:
    """Developer guide, *Using dead-letter queues*: the move keeps the message, not its receive count."""
    script = Script(
        {
            "main": {**sort, "VisibilityTimeout": 1, "RedrivePolicy": {"maxReceiveCount": 2}},
            "second": {**sort, "VisibilityTimeout": 0, "RedrivePolicy": {"maxReceiveCount": 1}},
            "third": dict(sort),
        }
    )
    faults = script.run(
        [
            {"op": "send", "body": "m", "group": "g"},
            receive("m"),
            sleep(1),
            receive("m"),
            sleep(1),
            receive(),
            receive("m", queue="second", same_message_id=True),
            receive(queue="second"),
            receive("m", queue="third", same_message_id=True),
        ]
    )
    assert faults == []


@pytest.mark.parametrize(("sort", "left"), [({}, []), (FIFO, ["m"])])
def test_a_dead_letter_keeps_its_age_on_standard_and_begins_anew_on_fifo(
    sort: dict[str, Any], left: list[str]
) -> None:
    """Developer guide, *Setting up dead-letter queue retention*: four days each, moved on the third day."""
    day = 86_400.0
    client = Client({"main": {**sort, "RedrivePolicy": {"maxReceiveCount": 1}}, "dead": dict(sort)})
    client.send("m", group="g" if sort else None)
    client.receive(visibility=0)
    client.sleep(3 * day)
    assert client.receive().bodies == []
    client.sleep(0.9 * day)
    assert client.attributes("dead")["ApproximateNumberOfMessages"] == 1
    client.sleep(0.2 * day)
    assert client.receive(queue="dead", visibility=0).bodies == left
    client.sleep(3 * day)
    assert client.receive(queue="dead").bodies == []


@pytest.mark.parametrize("sort", [{}, FIFO])
def test_no_more_than_the_ceiling_is_in_flight(sort: dict[str, Any]) -> None:
    """Developer guide, *Message quotas*: standard answers OverLimit, FIFO returns nothing."""
    client = Client({"main": sort})
    queue = client.queue()
    queue.in_flight_limit = 3
    for number in range(5):
        client.send(f"m{number}", group=f"g{number}" if sort else None)
    poll = client.receive(10)
    assert len(poll.bodies) == 3
    assert client.receive(10).bodies == []
    assert queue.over_limit == 1
    client.delete(poll.handles[0])
    assert len(client.receive(10).bodies) == 1


@pytest.mark.parametrize(
    ("deletes", "violations"),
    [
        (["a1", "a2", "a3"], 0),
        (["a2", "a1", "a3"], 1),
        (["a3", "a1", "a2"], 2),
        (["a3", "a2", "a1"], 2),
        (["b1", "a1", "a2", "a3"], 0),
    ],
)
def test_a_message_deleted_after_a_later_one_of_its_group_violates_the_order(
    deletes: list[str], violations: int
) -> None:
    """A receive may return several of a group, and the consumer deletes them in the order it likes."""
    client = Client({"main": FIFO})
    for body in ("a1", "a2", "a3", "b1"):
        client.send(body, group=body[0])
    poll = client.receive(10)
    handles = dict(zip(poll.bodies, poll.handles, strict=True))
    for body in deletes:
        assert client.delete(handles[body])
    assert client.queue().counts()["order_violations"] == violations


def test_an_overtaken_message_that_is_never_deleted_violates_no_order() -> None:
    client = Client({"main": {**FIFO, "VisibilityTimeout": 1, "MessageRetentionPeriod": 60}})
    for body in ("a1", "a2"):
        client.send(body, group="a")
    poll = client.receive(10)
    assert client.delete(poll.handles[1])
    client.sleep(61)
    client.send("a3", group="a")
    assert client.delete(client.receive().handles[0])
    assert client.queue().expired == 1
    assert client.queue().counts()["order_violations"] == 0


def test_the_inside_of_a_fifo_queue_shows_its_groups() -> None:
    client = Client({"main": FIFO})
    for body in ("a1", "a2", "a3", "b1"):
        client.send(body, group=body[0])
    client.receive(1)
    client.receive(1)
    detail = client.queue().detail()
    assert (detail["available"], detail["in_flight"]) == (2, 2)
    assert detail["groups"] == [
        {"message_group": "a", "waiting": 2, "in_flight": 1, "is_blocked": True},
        {"message_group": "b", "waiting": 0, "in_flight": 1, "is_blocked": True},
    ]


def test_recorded_answers_of_the_service_are_given_here_too() -> None:
    folder = os.environ.get("HEADRACE_CONFORMANCE")
    if not folder:
        pytest.skip("HEADRACE_CONFORMANCE names no folder with recorded answers")
    cases = json.loads((Path(folder) / "sqs_behaviour.json").read_text())
    second = {"VisibilityTimeout": 0, "RedrivePolicy": {"maxReceiveCount": 1}}
    faults = {}
    for case in cases:
        queues = {"main": case["queue"]}
        if "dlq" in case:
            queues["dlq"] = case["dlq"]
        elif "RedrivePolicy" in case["queue"]:
            queues |= {"q2": second, "q3": {}}
        found = Script(queues).run(case["steps"])
        if found:
            faults[case["id"]] = found
    assert cases
    assert faults == {}
