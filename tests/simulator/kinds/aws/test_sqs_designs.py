"""SQS queues in whole designs: senders, readers, quotas, tenants, actions, and the checks before a run.

Sources: Amazon SQS API reference and developer guide; the arithmetic stands with each example.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import Document, check, simulate
from simulator.kinds.aws.sqs.fair import FairQueue
from simulator.kinds.aws.sqs.fifo import FifoQueue
from tests.simulator.designs import Watched, at, design, node

KEYS = {"distribution": "zipf", "count": 4, "exponent": 0}


def queue_design(
    *,
    arrivals: dict[str, Any] | None = None,
    producer: dict[str, Any] | None = None,
    queue: dict[str, Any] | None = None,
    consumer: dict[str, Any] | None = None,
    send: dict[str, Any] | None = None,
    receive: dict[str, Any] | None = None,
    dead: dict[str, Any] | None = None,
    max_receive_count: int = 1,
    **rest: Any,
) -> Document:
    """A producer, a queue with long polling, a worker, and a dead-letter queue where `dead` is given."""
    nodes = [
        node("p", "producer", arrivals=arrivals or at(0), **{"size": 100, **(producer or {})}),
        node("q", "aws.sqs", **{"ReceiveMessageWaitTimeSeconds": 20, **(queue or {})}),
        node("c", "consumer", **{"service_time": 1, **(consumer or {})}),
    ]
    edges = ["p->q", "q->c"]
    configs = {"p->q": send or {}, "q->c": receive or {}}
    if dead is not None:
        nodes.append(node("dead", "aws.sqs", **dead))
        edges.append("q->dead:dead-letter")
        configs["q->dead:dead-letter"] = {"maxReceiveCount": max_receive_count}
    return design(nodes, edges, edge_configs=configs, **rest)


def figures(document: Document, duration: float, id: str = "q") -> dict[str, float]:
    """The counts of a node after a run from the start."""
    result = simulate(document, duration=duration, warmup=0)
    assert result["conservation"]["ok"]
    found = {}
    for name, value in result["nodes"][id].items():
        while isinstance(value, dict) and "mean" in value:
            value = value["mean"]
        if isinstance(value, int | float):
            found[name] = value
    return found


# ------------------------------------------------------------------ senders


def test_a_batch_is_one_request_and_leaves_when_it_is_full_or_has_lingered() -> None:
    document = queue_design(arrivals=at(0, 0.1, 0.2, 5), send={"batch_size": 3, "linger": 1})
    watched = Watched(document, 10)
    watched.run()
    assert watched.times("c") == [0.2, 1.2, 2.2, 6.0]
    found = figures(document, 10)
    assert found["requests_send"] == 2
    # Two messages wait for the third 0.2 and 0.1 s, the last one for a second.
    assert found["buffered"] == pytest.approx(0.13)


def test_a_batch_holds_no_more_than_one_mebibyte() -> None:
    document = queue_design(
        arrivals=at(0, 0, 0), producer={"size": 500_000}, send={"batch_size": 10, "linger": 1}
    )
    # Two messages of 500,000 bytes go at once, 16 chunks of 64 KiB; the third after a second, 8 chunks.
    assert figures(document, 10)["requests_send"] == 24


def test_every_64_kib_of_a_message_are_a_request() -> None:
    found = figures(queue_design(producer={"size": 65_537}), 10)
    assert (found["requests_send"], found["requests_receive"], found["requests_delete"]) == (2, 2, 1)


def test_each_message_can_have_a_delay_of_its_own() -> None:
    document = queue_design(arrivals=at(0, 1), queue={"DelaySeconds": 100}, send={"DelaySeconds": 3})
    watched = Watched(document, 10)
    watched.run()
    assert watched.times("c") == [3.0, 4.0]


def test_a_fifo_queue_throttles_above_300_calls_a_second_and_the_sdk_tries_again() -> None:
    """Developer guide, *FIFO queue quotas*: after the burst of a second's worth, 300 calls a second pass."""
    document = queue_design(
        arrivals={"process": "constant", "rate": 600, "stop": 10},
        producer={"keys": {"distribution": "zipf", "count": 1000, "exponent": 0}},
        queue={"FifoQueue": True},
        consumer={"instances": None, "service_time": 0.01},
        receive={"MaxNumberOfMessages": 10},
    )
    found = figures(document, 60)
    assert found["throttled"] > 1_000
    # 300 at once and 300 in each of 10 s pass at the least, and what is retried after the load has ended.
    assert 3_300 <= found["requests_send"] < 6_000
    assert found["requests_send"] + found["dropped"] == pytest.approx(6_000, abs=1)


def test_batches_raise_the_rate_of_a_fifo_queue() -> None:
    document = queue_design(
        arrivals={"process": "constant", "rate": 600, "stop": 10},
        producer={"keys": {"distribution": "zipf", "count": 1000, "exponent": 0}},
        queue={"FifoQueue": True},
        consumer={"instances": 20, "service_time": 0.01},
        send={"batch_size": 10},
        receive={"MaxNumberOfMessages": 10, "delete_batch_size": 10},
    )
    found = figures(document, 30)
    assert (found["throttled"], found["dropped"]) == (0, 0)
    assert found["requests_send"] == pytest.approx(600, abs=1)


def test_high_throughput_gives_every_partition_the_quota() -> None:
    """One group stays at 300 calls a second; a thousand groups over the partitions do not."""
    settings = {
        "FifoQueue": True,
        "FifoThroughputLimit": "perMessageGroupId",
        "DeduplicationScope": "messageGroup",
    }
    throttled = []
    for count in (1, 1000):
        document = queue_design(
            arrivals={"process": "constant", "rate": 900, "stop": 5},
            producer={"keys": {"distribution": "zipf", "count": count, "exponent": 0}},
            queue=settings,
            consumer={"instances": 50, "service_time": 0.01},
            receive={"MaxNumberOfMessages": 10, "delete_batch_size": 10},
        )
        throttled.append(figures(document, 5)["throttled"])
    assert throttled[0] > 1_000
    assert throttled[1] == 0


def test_a_copy_made_on_the_way_is_deduplicated_and_no_loss() -> None:
    document = queue_design(
        arrivals={"process": "constant", "rate": 5, "stop": 10},
        producer={"keys": KEYS},
        queue={"FifoQueue": True},
        send={"duplication": 1},
        consumer={"service_time": 0.01},
    )
    result = simulate(document, duration=20, warmup=0)
    queue, flow = result["nodes"]["q"], result["flows"][0]
    assert queue["deduplicated"]["mean"] == queue["dropped"]["mean"] == flow["delivered"]["mean"]
    assert (flow["lost"]["mean"], flow["duplicates"]["mean"]) == (0, 0)


def test_equal_bodies_are_one_message_with_content_based_deduplication() -> None:
    document = queue_design(
        arrivals=at(0, 1, 2, 301),
        producer={"keys": KEYS, "event": {"type": "Ping"}},
        queue={"FifoQueue": True, "ContentBasedDeduplication": True},
    )
    result = simulate(document, duration=400, warmup=0)
    assert result["nodes"]["q"]["deduplicated"]["mean"] == 2
    assert (result["flows"][0]["delivered"]["mean"], result["flows"][0]["lost"]["mean"]) == (2, 2)
    assert "D310" in [problem.code for problem in check(document)]


def test_a_field_of_the_event_names_the_group() -> None:
    document = queue_design(
        arrivals=at(0, 0),
        producer={"event": {"detail": {"customer": {"id": "c7"}}}},
        queue={"FifoQueue": True, "VisibilityTimeout": 600},
        send={"MessageGroupId": "customer-{customer.id}"},
        consumer={"instances": 2, "service_time": 50},
    )
    watched = Watched(document, 10)
    watched.run()
    queue = watched.world.node("q", FifoQueue)
    assert [group.id for group in queue.groups()] == ["customer-c7"]
    assert watched.times("c") == [0.0]


# ------------------------------------------------------------------ readers


def test_heartbeats_hide_a_message_as_long_as_it_is_worked_on() -> None:
    document = queue_design(
        queue={"VisibilityTimeout": 30},
        consumer={"instances": 2, "service_time": 100},
        receive={"heartbeat": 20},
    )
    watched = Watched(document, 200)
    watched.run()
    assert watched.times("c") == [0.0]
    # At 20, 40, 60 and 80 s; the fifth would come at the very end of the work.
    assert figures(document, 200)["requests_change_visibility"] == pytest.approx(4, abs=1)


def test_heartbeats_that_come_too_late_do_not_help() -> None:
    document = queue_design(
        queue={"VisibilityTimeout": 30},
        consumer={"instances": 2, "service_time": 40},
        receive={"heartbeat": 35},
    )
    watched = Watched(document, 39)
    watched.run()
    assert watched.times("c") == [0.0, 30.0]


def test_failed_work_sets_a_visibility_timeout_that_grows() -> None:
    document = queue_design(
        consumer={"service_time": 1, "failure": {"probability": 1}},
        receive={"visibility_on_failure": 2, "failure_backoff": 3},
    )
    watched = Watched(document, 40)
    watched.run()
    # Work takes 1 s; then 2, 6 and 18 s hidden.
    assert watched.times("c") == [0.0, 3.0, 10.0, 29.0]


def test_deletes_in_batches_are_one_request_and_hold_the_messages_until_then() -> None:
    document = queue_design(
        arrivals=at(0, 0, 0),
        consumer={"instances": 3},
        receive={"delete_batch_size": 2, "delete_linger": 0.5},
    )
    ledger = Watched(document, 1.4).run().ledgers["q"]
    assert (ledger["delivered"], ledger["in_flight"]) == (2, 1)
    found = figures(document, 10)
    assert found["requests_delete"] == 2
    assert found["in_flight"] == pytest.approx(0.35)


def test_long_polls_that_run_out_are_empty_receives() -> None:
    # One worker: idle from 0 to 65 (three polls of 20 s ran out), and from 66 to 100 (one).
    assert figures(queue_design(arrivals=at(65)), 100)["empty_receives"] == 4


def test_short_polls_find_nothing_every_interval() -> None:
    document = queue_design(
        arrivals=at(2.5), queue={"ReceiveMessageWaitTimeSeconds": 0}, consumer={"poll_interval": 1}
    )
    # Looks at 0, 1, 2 find nothing, the one at 3 does; after the work at 4, 5 and so on to 9.
    assert figures(document, 9.5)["empty_receives"] == pytest.approx(9, abs=1)


def test_a_short_poll_of_some_servers_misses_messages_now_and_then() -> None:
    """One message and half of the servers: the number of polls until it is seen is geometric, mean 2."""
    document = queue_design(
        arrivals={"process": "constant", "rate": 1, "stop": 2_000},
        queue={"ReceiveMessageWaitTimeSeconds": 0, "short_poll_share": 0.5},
        consumer={"service_time": 0.001, "poll_interval": 0.1},
    )
    waited = simulate(document, duration=2_000, warmup=0)["nodes"]["q"]["waiting_time"]["mean"]["mean"]
    # Half of an interval until the first look on average is less here, for arrivals fall onto looks.
    assert 0.09 < waited < 0.25


def test_a_missed_delete_brings_the_message_back_as_a_duplicate() -> None:
    document = queue_design(
        arrivals={"process": "constant", "rate": 10, "stop": 100},
        queue={"undeleted_probability": 0.2},
        consumer={"service_time": 0.01},
    )
    result = simulate(document, duration=120, warmup=0)
    flow = result["flows"][0]
    assert result["conservation"]["ok"]
    # Every delete fails with probability 0.2, so 1 / 0.8 - 1 = 0.25 duplicates a message.
    assert flow["duplicates"]["mean"] / flow["delivered"]["mean"] == pytest.approx(0.25, abs=0.06)


def test_the_age_of_the_oldest_message_is_measured() -> None:
    document = queue_design(arrivals=at(0), consumer={"service_time": 100})
    found = simulate(document, duration=50, warmup=0)["nodes"]["q"]["oldest_message_age"]
    assert found["max"]["mean"] == pytest.approx(50, abs=1)
    assert found["mean"]["mean"] == pytest.approx(25.5, abs=0.5)


# ------------------------------------------------------------------ FIFO and fair queues


def test_a_fifo_queue_keeps_the_order_of_every_key_where_a_standard_queue_does_not() -> None:
    found = {}
    for is_fifo in (False, True):
        document = queue_design(
            arrivals={"process": "poisson", "rate": 50, "stop": 100},
            producer={"keys": KEYS},
            queue={"FifoQueue": is_fifo, "VisibilityTimeout": 5},
            consumer={
                "instances": 4,
                "service_time": {"distribution": "exponential", "mean": 0.03},
                "failure": {"probability": 0.02},
            },
            receive={"MaxNumberOfMessages": 1},
        )
        result = simulate(document, duration=400, warmup=0)
        assert result["conservation"]["ok"]
        found[is_fifo] = result["flows"][0]["out_of_order"]["mean"]
    assert found[False] > 100
    assert found[True] == 0


def tenants(group: bool) -> Document:
    """100 workers; a tenant with 10,000 waiting messages beside one that sends one a second."""
    return design(
        [
            node("noisy", "producer", arrivals={"process": "trace", "times": [0.0] * 10_000}),
            node("quiet", "producer", arrivals={"process": "constant", "rate": 1, "start": 0.5}),
            node("q", "aws.sqs", ReceiveMessageWaitTimeSeconds=20),
            node("c", "consumer", instances=100, service_time=1),
        ],
        ["noisy->q", "quiet->q", "q->c"],
        edge_configs={
            "noisy->q": {"MessageGroupId": "n"} if group else {},
            "quiet->q": {"MessageGroupId": "q"} if group else {},
        },
    )


def test_a_quiet_tenant_does_not_wait_behind_the_backlog_of_a_noisy_one() -> None:
    """Developer guide, *Amazon SQS fair queues*."""
    longest = {}
    for group in (False, True):
        result = simulate(tenants(group), duration=90, warmup=0)
        assert result["conservation"]["ok"]
        flows = {flow["from"]: flow for flow in result["flows"]}
        longest[group] = flows["quiet"].get("end_to_end_latency", {"max": {"mean": 90}})["max"]["mean"]
    assert longest[False] > 60
    # The rest of a running service, and the own one of 1 s.
    assert longest[True] <= 2.0


def test_a_noisy_tenant_is_quiet_again_when_its_backlog_is_gone() -> None:
    watched = Watched(tenants(True), 150)
    watched.run()
    queue = watched.world.node("q", FairQueue)
    assert queue.available.value == 0
    assert queue._pop(watched.world.env.now) is None
    assert not any(tenant.is_noisy for tenant in queue._tenants.values())


# ------------------------------------------------------------------ actions


def test_a_redrive_takes_dead_letters_back_at_its_rate_with_a_fresh_age_and_receive_count() -> None:
    """API reference, StartMessageMoveTask. Work fails always; every message is seen twice."""
    document = queue_design(
        arrivals=at(0, 0, 0),
        queue={"VisibilityTimeout": 10, "MessageRetentionPeriod": 60},
        consumer={"instances": 3, "failure": {"probability": 1}},
        dead={},
        faults=[
            {"kind": "redrive", "node": "dead", "at": 50, "config": {"MaxNumberOfMessagesPerSecond": 1}},
            {"kind": "redrive", "node": "dead", "at": 51, "config": {}},
        ],
    )
    watched = Watched(document, 100)
    recording = watched.run()
    # Dead letters at 10 s; moved at 50, 51 and 52, the task of 51 being refused; again dead at 60 to 62.
    assert watched.times("c") == [0.0, 0.0, 0.0, 50.0, 51.0, 52.0]
    assert recording.ledgers["dead"] == {
        "accepted": 6,
        "delivered": 3,
        "waiting": 3,
        "in_flight": 0,
        "expired": 0,
        "dead_lettered": 0,
        "dropped": 0,
    }
    assert figures(document, 100, "dead")["redriven"] == 3


def test_a_redrive_needs_a_dead_letter_queue_and_a_purge_waits_60_seconds() -> None:
    document = queue_design(
        arrivals=at(0, 0, 40, 80),
        consumer={"service_time": 1_000},
        queue={"DelaySeconds": 5},
        faults=[
            {"kind": "redrive", "node": "q", "at": 1},
            {"kind": "purge", "node": "q", "at": 10},
            {"kind": "purge", "node": "q", "at": 50},
            {"kind": "purge", "node": "q", "at": 81},
        ],
    )
    watched = Watched(document, 90)
    recording = watched.run()
    # In flight and available at 10; the one of 40 survives 50, and both that were left go at 81.
    assert recording.ledgers["q"]["dropped"] == 4
    assert recording.ledgers["q"]["waiting"] == recording.ledgers["q"]["in_flight"] == 0
    texts = [text for _, kind, name, text in watched.world.events if name == "q" and kind == "fault"]
    assert sum("refused" in text for text in texts) == 2


# ------------------------------------------------------------------ whole designs


@settings(max_examples=20, deadline=None)
@given(
    is_fifo=st.booleans(),
    workers=st.integers(1, 4),
    most=st.sampled_from([1, 3, 10]),
    timeout=st.sampled_from([0.5, 2.0, 30.0]),
    failure=st.sampled_from([0.0, 0.3]),
    batch=st.sampled_from([1, 4]),
    delay=st.sampled_from([0.0, 1.0]),
    deletes=st.sampled_from([1, 3]),
    heartbeat=st.sampled_from([None, 1.0]),
    retention=st.sampled_from([60, 345_600]),
)
def test_all_is_accounted_for(
    is_fifo: bool,
    workers: int,
    most: int,
    timeout: float,
    failure: float,
    batch: int,
    delay: float,
    deletes: int,
    heartbeat: float | None,
    retention: int,
) -> None:
    document = queue_design(
        arrivals={"process": "poisson", "rate": 4},
        producer={"keys": KEYS},
        queue={
            "FifoQueue": is_fifo,
            "VisibilityTimeout": timeout,
            "DelaySeconds": delay,
            "MessageRetentionPeriod": retention,
        },
        consumer={
            "instances": workers,
            "service_time": {"distribution": "exponential", "mean": 0.6},
            "failure": {"probability": failure},
        },
        send={"batch_size": batch, "duplication": 0.1, **({} if is_fifo else {"MessageGroupId": "{key}"})},
        receive={
            "MaxNumberOfMessages": most,
            "delete_batch_size": deletes,
            "heartbeat": heartbeat,
            "visibility_on_failure": 1.0 if failure else None,
        },
        dead={"FifoQueue": is_fifo},
        max_receive_count=3,
        faults=[
            {"kind": "outage", "node": "c", "at": 20, "duration": 10},
            {"kind": "outage", "node": "q", "at": 45, "duration": 5},
            {"kind": "redrive", "node": "dead", "at": 60},
            {"kind": "purge", "node": "q", "at": 85},
        ],
    )
    recording = Watched(document, 100.0).run()
    for ledger in recording.ledgers.values():
        rest = [value for name, value in ledger.items() if name != "accepted"]
        assert ledger["accepted"] == sum(rest)
        assert min(rest) >= 0
