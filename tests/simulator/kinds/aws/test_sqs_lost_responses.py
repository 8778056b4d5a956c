"""Receives whose response never comes to the consumer, with and without a ReceiveRequestAttemptId.

Source: Amazon SQS API reference, ReceiveMessage (ReceiveRequestAttemptId): a retry within five minutes
returns the same messages and handles; without it they are hidden until the visibility timeout, which blocks
their group.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, check
from tests.simulator.designs import design, node
from tests.simulator.kinds.aws.buses import LONG_POLL, event, figure, run

LOSS = {"response_loss": 0.3}
SAME = {**LOSS, "ReceiveRequestAttemptId": True}


def queue(read: dict[str, Any], *, group: str | None = "one", limit: int = 200, **config: Any) -> Document:
    """producer (2 a second) -> queue -> worker of 0.1 s; with `group` the queue is FIFO."""
    send = {} if group is None else {"MessageGroupId": group}
    return design(
        [
            node("p", "producer", arrivals={"process": "constant", "rate": 2, "limit": limit}, event=event()),
            node("q", "aws.sqs", **LONG_POLL, **config, **({} if group is None else {"FifoQueue": True})),
            node("c", "consumer", service_time=0.1),
        ],
        ["p->q", "q->c"],
        edge_configs={"p->q": send, "q->c": read},
        simulation={"duration": 4000, "warmup": 0},
    )


def test_with_the_same_id_a_lost_response_costs_a_request_and_nothing_else() -> None:
    result = run(queue(SAME))
    lost = figure(result, "lost_responses", "q")
    assert 50 < lost < 130  # 200 * 0.3 / 0.7, about 86
    assert figure(result, "redelivered", "q") == 0
    receives = figure(result, "requests_receive", "q") - figure(result, "empty_receives", "q")
    assert receives == 200 + lost
    assert result["flows"][0]["end_to_end_latency"]["max"]["mean"] == pytest.approx(0.1)


def test_without_it_the_group_waits_for_the_visibility_timeout_and_keeps_its_order() -> None:
    result = run(queue(LOSS, VisibilityTimeout=5))
    assert figure(result, "redelivered", "q") == figure(result, "lost_responses", "q") > 40
    flow = result["flows"][0]
    assert (flow["delivered"]["mean"], flow["lost"]["mean"], flow["out_of_order"]["mean"]) == (200, 0, 0)
    assert flow["duplicates"]["mean"] == 0
    assert flow["end_to_end_latency"]["max"]["mean"] > 5


def test_other_groups_and_standard_queues_go_on() -> None:
    """Nothing blocks: the worker is given what else there is, and the lost ones after their timeout."""
    result = run(queue(LOSS, group=None, VisibilityTimeout=5))
    assert figure(result, "redelivered", "q") == figure(result, "lost_responses", "q") > 40
    assert result["flows"][0]["delivered"]["mean"] == 200
    assert result["nodes"]["c"]["throughput"]["mean"] == pytest.approx(200 / 4000)


def test_a_lost_response_counts_for_the_dead_letter_queue() -> None:
    document = design(
        [
            node("p", "producer", arrivals={"process": "constant", "rate": 2, "limit": 300}, event=event()),
            node("q", "aws.sqs", **LONG_POLL, VisibilityTimeout=5),
            node("dead", "aws.sqs"),
            node("c", "consumer", service_time=0.1),
        ],
        ["p->q", "q->c", "q->dead:dead-letter"],
        edge_configs={"q->c": {"response_loss": 0.5}, "q->dead:dead-letter": {"maxReceiveCount": 2}},
        simulation={"duration": 1000, "warmup": 0},
    )
    result = run(document)
    # Nobody has ever failed; a quarter of the messages was received twice by nobody.
    assert figure(result, "failures", "c") == 0
    assert 45 < figure(result, "dead_lettered", "q") < 105


def test_what_expires_in_nobodys_hands_is_lost() -> None:
    document = queue({"response_loss": 0.9}, limit=50, VisibilityTimeout=40, MessageRetentionPeriod=60)
    result = run(document)
    flow = result["flows"][0]
    assert flow["lost"]["mean"] == figure(result, "expired", "q") > 0
    assert flow["delivered"]["mean"] + flow["lost"]["mean"] == 50


def test_a_standard_queue_knows_no_attempts() -> None:
    (found,) = [one for one in check(queue(SAME, group=None)) if one.code == "D283"]
    assert found.field == "config.ReceiveRequestAttemptId"
    assert "standard queue" in found.message
    assert found.hint
    assert not [one for one in check(queue(SAME)) if one.code == "D283"]
