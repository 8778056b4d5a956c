"""The edges of SQS calls, beyond what was recorded from the service.

Sources, by the letter of the case: D, Amazon SQS developer guide (*FIFO queue delivery logic*, *Exactly-once
processing*, *Visibility timeout*, *Delay queues*, *Dead-letter queues*, *Message quotas*); A, API reference
(SendMessage, ReceiveMessage, ChangeMessageVisibility, DeleteMessage, PurgeQueue, StartMessageMoveTask).
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kinds.aws.sqs.redrive import RedriveSettings
from tests.simulator.kinds.aws.sqs_client import Client
from tests.simulator.kinds.aws.sqs_scripts import Script
from tests.simulator.kinds.aws.test_sqs_calls import FIFO, change, delete, hold, receive, send, sleep

ONE = {**FIFO, "VisibilityTimeout": 10}
HOUR = {**FIFO, "VisibilityTimeout": 3600}


def counts(available: int, in_flight: int, delayed: int, **rest: Any) -> dict[str, Any]:
    """What GetQueueAttributes says."""
    expected = {
        "ApproximateNumberOfMessages": available,
        "ApproximateNumberOfMessagesNotVisible": in_flight,
        "ApproximateNumberOfMessagesDelayed": delayed,
    }
    return {"op": "attributes", "expect": expected, **rest}


PURGE = {"op": "purge"}

CASES: dict[str, tuple[str, dict[str, Any], list[dict[str, Any]]]] = {
    # -- the five minutes of deduplication ---------------------------------------------------------
    "the window counts from the first message, not from the repeat": (
        "D",
        FIFO,
        [
            *send("a1"),
            hold("a1"),
            delete("a1"),
            sleep(200),
            *send("a1"),
            sleep(101),
            *send("a1"),
            receive("a1"),
        ],
    ),
    "a repeat that was delivered begins a window of its own": (
        "D",
        HOUR,
        [
            *send("a1"),
            hold("a1"),
            delete("a1"),
            sleep(301),
            *send("a1"),
            hold("a1"),
            delete("a1"),
            sleep(200),
            *send("a1"),
            receive(),
        ],
    ),
    "an id is remembered while its message is in flight, delayed or dead": (
        "D",
        {**ONE, "DelaySeconds": 5},
        [*send("a1"), *send("a1"), sleep(5), receive("a1"), *send("a1"), sleep(20), receive("a1")],
    ),
    "the same body in two groups is one message with the scope queue": (
        "A",
        FIFO,
        [
            {"op": "send", "body": "x", "group": "a"},
            {"op": "send", "body": "x", "group": "b"},
            receive("x"),
            counts(0, 1, 0),
        ],
    ),
    "and two with the scope messageGroup": (
        "A",
        {**FIFO, "DeduplicationScope": "messageGroup"},
        [
            {"op": "send", "body": "x", "group": "a"},
            {"op": "send", "body": "x", "group": "b"},
            receive("x", "x"),
        ],
    ),
    "an id given comes before the body": (
        "A",
        FIFO,
        [*send("a1", dedup="x"), *send("a2", dedup="x"), receive("a1")],
    ),
    # -- groups and batches ------------------------------------------------------------------------
    "MaxNumberOfMessages counts over all groups": (
        "D",
        HOUR,
        [
            *send("a1", "a2", "b1", "b2", "c1"),
            receive("a1", "a2", "b1", max=3),
            receive("c1", max=3),
            receive(),
        ],
    ),
    "of a group of more than ten one receive takes ten, and the rest waits for them all": (
        "D",
        HOUR,
        [
            *send(*[f"a{number:02}" for number in range(12)]),
            hold(*[f"a{number:02}" for number in range(10)]),
            receive(),
            *[delete(f"a{number:02}") for number in range(9)],
            receive(),
            delete("a09"),
            receive("a10", "a11"),
        ],
    ),
    "a hole in the middle of a batch holds up what comes after it": (
        "D",
        ONE,
        [
            *send("a1", "a2", "a3", "a4"),
            hold("a1", "a2", "a3", max=3),
            delete("a1"),
            delete("a3"),
            receive(),
            sleep(10),
            receive("a2", "a4"),
        ],
    ),
    "a message of the group sent later does not overtake one that comes back": (
        "D",
        ONE,
        [*send("a1"), hold("a1"), *send("a2"), receive(), change("a1", 0), receive("a1", "a2")],
    ),
    "while one is hidden longer, the others of its receive that are behind it stay blocked": (
        "D",
        ONE,
        [
            *send("a1", "a2", "a3"),
            hold("a1", "a2", "a3"),
            change("a2", 30),
            sleep(10),
            hold("a1"),
            delete("a1"),
            receive(),
            sleep(20),
            receive("a2", "a3"),
        ],
    ),
    # -- visibility --------------------------------------------------------------------------------
    "the timeout of a FIFO message that has run out cannot be changed": (
        "A",
        ONE,
        [*send("a1"), hold("a1"), sleep(10), change("a1", 5, "error"), receive("a1")],
    ),
    "nor that of one that was deleted": (
        "A",
        {"VisibilityTimeout": 10},
        [*send("m"), hold("m"), delete("m"), change("m", 5, "error"), receive()],
    ),
    "nor by the handle of an earlier receive": (
        "A",
        {"VisibilityTimeout": 10},
        [*send("m"), hold("m"), sleep(10), receive("m"), change("m", 0, "error"), receive()],
    ),
    "a timeout can be changed again and again, each time from the call": (
        "A",
        {"VisibilityTimeout": 10},
        [
            *send("m"),
            hold("m"),
            *[step for _ in range(4) for step in (sleep(8), change("m", 10))],
            sleep(9),
            receive(),
            sleep(1),
            receive("m"),
        ],
    ),
    "a change to 0 lets the handle still delete as long as nobody receives (standard)": (
        "D",
        {"VisibilityTimeout": 30},
        [*send("m"), hold("m"), change("m", 0), delete("m"), receive()],
    ),
    "and is an expired handle on FIFO": (
        "A",
        {**FIFO, "VisibilityTimeout": 30},
        [*send("a1"), hold("a1"), change("a1", 0), delete("a1", "error"), receive("a1")],
    ),
    "a delete twice is no error on standard": (
        "A",
        {},
        [*send("m"), hold("m"), delete("m"), delete("m"), receive()],
    ),
    # -- delay -------------------------------------------------------------------------------------
    "a delay and a visibility timeout follow one another": (
        "D",
        {"DelaySeconds": 5, "VisibilityTimeout": 10},
        [
            *send("m"),
            sleep(4.9),
            receive(),
            sleep(0.1),
            receive("m"),
            sleep(9.9),
            receive(),
            sleep(0.1),
            receive("m"),
        ],
    ),
    "a message that comes back is not delayed again": (
        "D",
        {"DelaySeconds": 60, "VisibilityTimeout": 10},
        [*send("m"), sleep(60), hold("m"), change("m", 0), receive("m")],
    ),
    "a delay of 0 for one message lets it through a delaying queue": (
        "A",
        {"DelaySeconds": 60},
        [*send("m", delay=0), *send("n"), receive("m"), counts(0, 1, 1)],
    ),
    "FIFO: a delayed message does not hold up what was there before it": (
        "D",
        {**ONE, "DelaySeconds": 5},
        [*send("a1"), sleep(4), *send("a2"), sleep(1), receive("a1"), counts(0, 1, 1)],
    ),
    "a delay counts for the retention": (
        "D",
        {"DelaySeconds": 50, "MessageRetentionPeriod": 60},
        [*send("m"), sleep(49), counts(0, 0, 1), sleep(12), receive(), counts(0, 0, 0)],
    ),
    # -- purge -------------------------------------------------------------------------------------
    "what is sent after a purge is kept": ("A", {}, [*send("m"), PURGE, *send("n"), receive("n")]),
    "a second purge within 60 s does nothing: PurgeQueueInProgress": (
        "A",
        {},
        [PURGE, *send("m"), sleep(59), PURGE, receive("m", visibility=0), sleep(1), PURGE, receive()],
    ),
    "a purged message in flight cannot be changed, and its group is free": (
        "A",
        HOUR,
        [*send("a1"), hold("a1"), PURGE, change("a1", 5, "error"), *send("a2"), receive("a2")],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_edges_of_calls(name: str) -> None:
    _, queue, steps = CASES[name]
    if not queue.get("FifoQueue"):
        steps = [{key: value for key, value in step.items() if key != "group"} for step in steps]
    assert Script({"main": queue}).run(steps) == []


@pytest.mark.parametrize("sort", [{}, FIFO])
def test_a_redrive_brings_dead_letters_back_in_order_as_new_ones(sort: dict[str, Any]) -> None:
    """A: StartMessageMoveTask; the receive count begins anew, and deduplication does not stop them."""
    policy = {"VisibilityTimeout": 1, "RedrivePolicy": {"maxReceiveCount": 1}}
    script = Script({"main": {**sort, **policy}, "dead": dict(sort)})
    group = {"group": "a"} if sort else {}
    faults = script.run(
        [
            *[{"op": "send", "body": body, **group} for body in ("a1", "a2", "a3")],
            receive("a1", "a2", "a3"),
            sleep(1),
            receive(),
            counts(3, 0, 0, queue="dead"),
        ]
    )
    client = script.client
    client.queue("dead").strike("redrive", RedriveSettings())
    client.sleep(1)
    faults = script.run([counts(0, 0, 0, queue="dead"), receive("a1", "a2", "a3"), sleep(1), receive()])
    assert faults == []
    assert client.attributes("dead")["ApproximateNumberOfMessages"] == 3


def test_a_redrive_moves_so_many_a_second_as_it_is_told() -> None:
    """A: MaxNumberOfMessagesPerSecond."""
    client = Client({"main": {"VisibilityTimeout": 0, "RedrivePolicy": {"maxReceiveCount": 1}}, "dead": {}})
    for number in range(10):
        client.send(f"m{number}")
    client.receive(10)
    client.receive(10)
    assert client.attributes("dead")["ApproximateNumberOfMessages"] == 10
    client.queue("dead").strike(
        "redrive", RedriveSettings.model_validate({"MaxNumberOfMessagesPerSecond": 2})
    )
    client.sleep(2.9)
    left = client.attributes("dead")["ApproximateNumberOfMessages"]
    assert 10 - left in (5, 6)


def test_a_dead_letter_of_fifo_lets_its_group_go_on_within_one_receive() -> None:
    """D: *Using dead-letter queues*: with a dead-letter queue the order of a group may break."""
    script = Script(
        {"main": {**FIFO, "VisibilityTimeout": 1, "RedrivePolicy": {"maxReceiveCount": 1}}, "dead": FIFO}
    )
    steps = [
        *send("a1", "a2"),
        receive("a1", max=1),
        sleep(1),
        receive("a2"),
        receive("a1", queue="dead", same_message_id=True),
    ]
    assert script.run(steps) == []


@pytest.mark.parametrize("sort", [{}, FIFO])
def test_a_receive_takes_no_more_than_the_ceiling_leaves(sort: dict[str, Any]) -> None:
    """D: 120,000 in flight; here 4. What comes back, expires or is purged makes room."""
    client = Client({"main": {**sort, "VisibilityTimeout": 10}})
    client.queue().in_flight_limit = 4
    for number in range(9):
        client.send(f"m{number}", group=f"g{number}" if sort else None)
    assert [len(client.receive(3).bodies) for _ in range(3)] == [3, 1, 0]
    client.sleep(10)
    assert len(client.receive(10).bodies) == 4
    client.purge()
    client.send("new", group="new" if sort else None)
    assert client.receive(10).bodies == ["new"]
