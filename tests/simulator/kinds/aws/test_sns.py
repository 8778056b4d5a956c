"""Amazon SNS topics: who gets a message and when, what becomes of a delivery that fails.

Numbers of the scenarios: Amazon SNS developer guide, *Message delivery retries*, *Message filtering*, *FIFO
topics*; latencies are set to 0, so that every time is exact.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import Document, simulate
from simulator.kinds.aws import sns
from simulator.kinds.aws.sns import SnsTopic
from simulator.kinds.aws.sns_retries import MANAGED, growing, http_plan
from simulator.kinds.aws.sns_settings import HealthyRetryPolicy
from tests.simulator.designs import Watched, at, design, node

AT_ONCE = {"publish_latency": 0, "delivery_latency": 0}


def fan_out(
    subscribers: dict[str, dict[str, Any]],
    *,
    shop: dict[str, Any],
    publish: dict[str, Any] | None = None,
    dead_letters: bool = False,
    faults: list[dict[str, Any]] | None = None,
    duration: float = 1_000,
    **topic: Any,
) -> Document:
    """A shop, a topic, and for each subscriber a queue with a worker, or a service named "svc"."""
    nodes = [node("shop", "producer", **shop), node("t", "aws.sns", **{**AT_ONCE, **topic})]
    edges, configs = ["shop->t"], {"shop->t": publish or {}}
    for name, subscription in subscribers.items():
        edges.append(f"t->{name}")
        configs[f"t->{name}"] = subscription
        if name.startswith("svc"):
            nodes.append(node(name, "service", service_time=0.5, concurrency=100))
        else:
            nodes += [
                node(name, "aws.sqs", ReceiveMessageWaitTimeSeconds=20),
                node(f"c-{name}", "consumer", service_time=0.001, concurrency=100),
            ]
            edges.append(f"{name}->c-{name}")
    if dead_letters:
        nodes.append(node("dlq", "aws.sqs"))
        edges.append("t->dlq:dead-letter")
    return design(
        nodes,
        edges,
        edge_configs=configs,
        faults=faults or [],
        simulation={"duration": duration, "warmup": 0},
    )


def accepted(document: Document) -> dict[str, int]:
    result = simulate(document)
    assert result["conservation"]["ok"]
    return {name: row["accepted"] for name, row in result["conservation"]["nodes"].items()}


def arrival_times(document: Document, consumer: str = "c-q") -> list[float]:
    """When the worker behind a queue begins, which is when the queue has the message."""
    watched = Watched(document, 1_000)
    watched.run()
    return watched.times(consumer)


def run(document: Document, duration: float = 1_000) -> SnsTopic:
    watched = Watched(document, duration)
    topic = watched.world.node("t", SnsTopic)
    watched.run()
    for name, row in topic.ledgers().items():
        assert row["accepted"] == sum(row.values()) - row["accepted"], name
    return topic


# ------------------------------------------------------------------ filters


@pytest.mark.parametrize(
    ("attributes", "reached"),
    [({"type": "order", "amount": 99}, 0), ({"type": "order", "amount": 100}, 1), ({}, 0)],
)
def test_a_policy_on_attributes_lets_through_what_fulfils_every_key(attributes: Any, reached: int):
    policy = {"type": ["order"], "amount": [{"numeric": [">=", 100]}]}
    shop = {"arrivals": at(1), "event": {"detail": {"id": 1}, "attributes": attributes}}
    found = accepted(fan_out({"q1": {}, "q2": {"FilterPolicy": policy}}, shop=shop))
    assert (found["q1"], found["q2"]) == (1, reached)


@pytest.mark.parametrize(
    ("event", "reached"),
    [
        ({"detail": {"order": {"lines": [{"sku": "B"}, {"sku": "A-1"}]}}}, 1),
        ({"detail": {"order": "A-1"}}, 0),
        ({}, 0),
    ],
)
def test_a_policy_on_the_body_looks_into_nested_fields(event: dict[str, Any], reached: int):
    policy = {"FilterPolicy": {"order": {"lines": {"sku": ["A-1"]}}}, "FilterPolicyScope": "MessageBody"}
    assert accepted(fan_out({"q": policy}, shop={"arrivals": at(1), "event": event}))["q"] == reached


def test_what_is_filtered_out_is_counted_and_not_lost():
    shop = {
        "arrivals": {"process": "constant", "rate": 10, "limit": 400},
        "event": {"type": {"choice": {"OrderPlaced": 1, "OrderPaid": 3}}},
    }
    document = fan_out(
        {"q": {"FilterPolicy": {"type": ["OrderPaid"]}}},
        shop=shop,
        publish={"MessageAttributes": {"type": "{type}"}},
    )
    result = simulate(document)
    assert result["conservation"]["ok"]
    (flow,) = result["flows"]
    filtered = result["nodes"]["t"]["filtered_out"]["mean"]
    assert flow["delivered"]["mean"] + filtered == 400
    assert filtered == pytest.approx(100, abs=35)
    assert flow["lost"]["mean"] == 0


# ------------------------------------------------------------------ retries


def test_an_http_endpoint_that_is_down_is_tried_at_0_20_40_and_60_s():
    down = [{"kind": "outage", "node": "svc", "at": 0.5, "duration": 90}]
    document = fan_out({"svc": {}}, shop={"arrivals": at(1)}, faults=down, dead_letters=True)
    watched = Watched(document, 200)
    topic = watched.world.node("t", SnsTopic)
    service: Any = watched.world.nodes["svc"]
    tried: list[float] = []
    request = service.request

    def noted(message: Any, caller: Any) -> None:
        tried.append(watched.world.env.now)
        request(message, caller)

    service.request = noted
    watched.run()
    assert tried == [1, 21, 41, 61]
    (subscription,) = topic.subscriptions
    assert subscription.dead_retries_exhausted == 1
    assert watched.world.nodes["dlq"].accepted == 1
    lost = simulate(fan_out({"svc": {}}, shop={"arrivals": at(1)}, faults=down))
    assert lost["flows"][0]["lost"]["mean"] == 1
    assert lost["nodes"]["t"]["dropped"]["mean"] == 1


def test_an_sqs_queue_that_fails_for_10_s_gets_the_message_on_a_retry():
    # At once three times, after 1 s twice, then 1, 2, 4 and 8 s later: 17 s after the publish.
    down = [{"kind": "outage", "node": "q", "at": 0.5, "duration": 10}]
    document = fan_out({"q": {}}, shop={"arrivals": at(1)}, faults=down)
    topic = run(document)
    assert topic.subscriptions[0].retries_by_phase == [3, 2, 4, 0]
    assert topic.counts()["delivery_retries"] == 9
    assert arrival_times(document) == [18]
    assert simulate(document)["nodes"]["t"]["delivery_latency"]["mean"]["mean"] == pytest.approx(17)


def test_the_managed_policy_has_100_015_retries_over_23_days():
    assert MANAGED.last == 100_015
    assert MANAGED.span() / 86_400 == pytest.approx(23, abs=0.2)
    assert MANAGED.before(100_016) is None


def test_a_policy_of_http_names_its_phases():
    policy = HealthyRetryPolicy.model_validate(
        {
            "minDelayTarget": 5,
            "maxDelayTarget": 20,
            "numRetries": 10,
            "numNoDelayRetries": 2,
            "numMinDelayRetries": 1,
            "numMaxDelayRetries": 3,
            "backoffFunction": "linear",
        }
    )
    plan = http_plan(policy)
    steps = [plan.before(retry) for retry in range(1, 12)]
    assert [step[0] for step in steps if step] == [0, 0, 5, 5, 10, 15, 20, 20, 20, 20]
    assert [step[1] for step in steps if step] == [0, 0, 1, 2, 2, 2, 2, 3, 3, 3]
    assert steps[-1] is None


@pytest.mark.parametrize("function", ["linear", "arithmetic", "geometric", "exponential"])
def test_delays_grow_between_their_ends(function: str):
    delays = growing(function, 1, 20, 10)
    assert delays[0] == 1
    assert delays[-1] == pytest.approx(20)
    assert delays == sorted(delays)
    assert growing(function, 3, 20, 1) == [3]


def test_an_endpoint_that_does_not_answer_in_15_s_is_tried_again_and_works_twice():
    document = fan_out({"svc": {}}, shop={"arrivals": at(1)}, dead_letters=True)
    data = document.to_data()
    (service,) = [one for one in data["nodes"] if one["id"] == "svc"]
    service["config"]["service_time"] = 16
    topic = run(Document.parse(data))
    # Begun at 1, 36, 71 and 106 s, each done 16 s later and 1 s too late.
    (subscription,) = topic.subscriptions
    assert sum(subscription.retries_by_phase) == 3
    assert subscription.dead_retries_exhausted == 1
    result = simulate(Document.parse(data))
    assert result["conservation"]["ok"]
    (flow,) = [one for one in result["flows"] if one["to"] == "svc"]
    assert (flow["delivered"]["mean"], flow["duplicates"]["mean"]) == (1, 3)


def test_a_throttle_policy_spaces_the_deliveries_of_an_endpoint():
    policy = {"DeliveryPolicy": {"throttlePolicy": {"maxReceivesPerSecond": 2}}}
    result = simulate(fan_out({"svc": policy}, shop={"arrivals": at(1, 1, 1, 1)}))
    # Sent at 1, 1.5, 2 and 2.5 s; each answer takes 0.5 s.
    latency = result["nodes"]["t"]["delivery_latency"]
    assert latency["mean"]["mean"] == pytest.approx((0.5 + 1.0 + 1.5 + 2.0) / 4)
    assert latency["max"]["mean"] == pytest.approx(2)


def test_a_deleted_endpoint_is_not_tried_again():
    gone = [{"kind": "endpoint-deleted", "node": "t", "at": 0.5, "duration": 2}]
    topic = run(fan_out({"q": {}}, shop={"arrivals": at(1, 3)}, dead_letters=True, faults=gone))
    (subscription,) = topic.subscriptions
    assert subscription.dead_client_error == subscription.dead_lettered == 1
    assert sum(subscription.retries_by_phase) == 0
    assert subscription.delivered == 1  # it is there again at 3 s
    lost = run(fan_out({"q": {}}, shop={"arrivals": at(1)}, faults=gone))
    assert lost.subscriptions[0].dropped == 1


def test_one_failing_subscription_delays_no_other():
    down = [{"kind": "outage", "node": "q1", "at": 0.5, "duration": 10}]
    document = fan_out({"q1": {}, "q2": {}}, shop={"arrivals": at(1)}, faults=down)
    assert arrival_times(document, "c-q1") == [18]
    assert arrival_times(document, "c-q2") == [1]


# ------------------------------------------------------------------ FIFO


def test_a_failed_delivery_holds_back_its_message_group_alone():
    # Two groups; queue 1 fails from 0.5 to 5.5 s. The first message is tried at 1 s four times, at 2, 3, 4
    # and 6 s; what is behind it in its group follows then.
    keys = {"distribution": "empirical", "values": [1, 2]}
    down = [{"kind": "outage", "node": "q1", "at": 0.5, "duration": 5}]
    shop = {"arrivals": at(1, 1.5, 2, 2.5, 7), "keys": keys}
    document = fan_out({"q1": {}, "q2": {}}, shop=shop, faults=down, FifoTopic=True)
    watched = Watched(document, 100)
    watched.run()
    assert watched.times("c-q2") == [1, 1.5, 2, 2.5, 7]
    by_key: dict[Any, list[int]] = {}
    times: dict[int, float] = {}
    for (time, consumer), message in zip(watched.starts, watched.served, strict=True):
        if consumer == "c-q1":
            by_key.setdefault(message.key, []).append(message.sequence)
            times[message.sequence] = time
    assert all(order == sorted(order) for order in by_key.values())
    assert len(by_key) == 2
    first_group = next(order for order in by_key.values() if 1 in order)
    assert len(first_group) >= 2
    assert {times[number] for number in first_group if number < 5} == {6}
    assert times[5] == 7


def test_a_second_message_with_the_same_content_is_taken_and_not_delivered():
    shop = {"arrivals": at(1, 100, 302), "event": {"detail": {"order": 7}}}
    document = fan_out({"q1": {}, "q2": {}}, shop=shop, FifoTopic=True, ContentBasedDeduplication=True)
    topic = run(document)
    assert topic.accepted == 3  # every publish succeeds
    assert topic.deduplicated == 1  # after 5 minutes the content is new again
    assert [one.delivered for one in topic.subscriptions] == [2, 2]


@pytest.mark.parametrize(("scope", "delivered"), [("Topic", 1), ("MessageGroup", 2)])
def test_deduplication_is_over_the_topic_or_by_group(scope: str, delivered: int):
    shop = {
        "arrivals": at(*range(1, 11)),
        "keys": {"distribution": "empirical", "values": [1, 2]},
        "event": {"detail": {"order": 7}},
    }
    document = fan_out(
        {"q": {}},
        shop=shop,
        publish={"MessageDeduplicationId": "{detail.order}"},
        FifoTopic=True,
        FifoThroughputScope=scope,
    )
    assert run(document).subscriptions[0].delivered == delivered


def test_a_replay_delivers_a_window_of_the_archive_again():
    window = {"StartingPoint": 2, "EndingPoint": 3}
    document = fan_out(
        {"q": {}},
        shop={"arrivals": at(1, 2, 3, 4)},
        faults=[{"kind": "replay", "node": "t", "at": 10, "config": window}],
        FifoTopic=True,
        ArchivePolicy={"MessageRetentionPeriod": 1},
    )
    topic = run(document)
    assert topic.counts()["archived"] == 4
    assert topic.counts()["replayed"] == 2
    assert topic.counts()["filtered_out"] == 0
    assert topic.subscriptions[0].delivered == 6
    assert arrival_times(document) == [1, 2, 3, 4, 10, 10]
    (flow,) = simulate(document)["flows"]
    assert (flow["delivered"]["mean"], flow["duplicates"]["mean"]) == (4, 2)


def test_an_archive_that_grows_too_large_ends_the_run_with_a_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sns, "MOST_ARCHIVED", 3)
    document = fan_out(
        {"q": {}},
        shop={"arrivals": at(1, 2, 3, 4)},
        FifoTopic=True,
        ArchivePolicy={"MessageRetentionPeriod": 1},
    )
    result = simulate(document)
    assert "the archive of t would hold more than 3 messages" in result["stopped"]
    assert result["conservation"]["ok"]


def test_a_standard_topic_may_deliver_twice():
    shop = {"arrivals": {"process": "constant", "rate": 10, "limit": 400}}
    result = simulate(fan_out({"q": {}}, shop=shop, duplicates=0.25))
    assert result["conservation"]["ok"]
    (flow,) = result["flows"]
    assert flow["delivered"]["mean"] == 400
    assert (
        flow["duplicates"]["mean"]
        == result["edges"]["e1"]["duplicated"]["mean"]
        == pytest.approx(100, abs=30)
    )


def test_the_view_of_a_topic_lists_what_is_under_way():
    down = [{"kind": "outage", "node": "q1", "at": 0.5, "duration": 100}]
    document = fan_out({"q1": {}, "q2": {}}, shop={"arrivals": at(1, 2)}, faults=down, FifoTopic=True)
    detail = run(document, duration=10).detail()
    assert detail["type"] == "FIFO"
    assert [(row["to"], row["waiting"], row["blocked_groups"]) for row in detail["subscriptions"]] == [
        ("q1", 2, 1),
        ("q2", 0, 0),
    ]


# ------------------------------------------------------------------ quotas and sizes


def test_throttled_publishes_are_tried_again_and_then_refused():
    # 10 at once with a quota of 2 per second: the other 8 have two more tries each, within 3 s.
    document = fan_out({"q": {}}, shop={"arrivals": at(*[1.0] * 10)}, publish_quota=2, duration=100)
    result = simulate(document)
    assert result["conservation"]["ok"]
    figures = result["nodes"]["t"]
    rejected = figures["rejected"]["mean"]
    assert figures["throttled"]["mean"] >= 8
    assert 0 < rejected < 8
    (flow,) = result["flows"]
    assert flow["delivered"]["mean"] + flow["lost"]["mean"] == 10
    assert flow["lost"]["mean"] == rejected
    # One client has 500 tokens, 5 for a retry: of 299 throttled at once 100 are tried again.
    crowd = run(fan_out({"q": {}}, shop={"arrivals": at(*[1.0] * 300)}, publish_quota=1, duration=1.5), 1.5)
    assert crowd.ledgers()["t:throttled"]["accepted"] == 100
    patient = fan_out(
        {"q": {}}, shop={"arrivals": at(*[1.0] * 10)}, publish={"max_attempts": 20}, publish_quota=4
    )
    assert accepted(patient)["q"] == 10


@pytest.mark.parametrize(
    ("scope", "size", "passed"),
    [("Topic", 1_000, 3_000), ("Topic", 100_000, 209), ("MessageGroup", 1_000, 300)],
)
def test_a_fifo_topic_has_quotas_of_its_own(scope: str, size: int, passed: int):
    # 3,000 messages or 20 MB a second over the topic; 300 messages a second in one message group.
    shop = {"arrivals": at(*[1.0] * 3_100), "size": size}
    document = fan_out(
        {"q": {}},
        shop=shop,
        publish={"max_attempts": 1, "MessageGroupId": "one"},
        FifoTopic=True,
        FifoThroughputScope=scope,
        duration=1.5,
    )
    assert run(document, duration=1.5).accepted == passed


def test_attributes_count_for_the_size():
    # "tier" + "String" + "gold": 14 bytes.
    event = {"attributes": {"tier": "gold"}}
    shop = {"arrivals": at(1, 2), "size": 262_130, "event": event}
    assert accepted(fan_out({"q": {}}, shop=shop))["q"] == 2
    document = fan_out({"q": {}}, shop={**shop, "size": 262_131})
    result = simulate(document)
    assert result["nodes"]["t"]["rejected"]["mean"] == 2
    assert result["flows"][0]["lost"]["mean"] == 2


def test_publishes_are_billed_by_64_kib_and_the_envelope_makes_messages_longer():
    document = fan_out(
        {"q1": {}, "q2": {"RawMessageDelivery": True}}, shop={"arrivals": at(1), "size": 65_537}
    )
    watched = Watched(document, 10)
    watched.run()
    assert watched.world.nodes["t"].counts()["billed_requests"] == 2
    sizes = {name: message.size for (_, name), message in zip(watched.starts, watched.served, strict=True)}
    assert sizes == {"c-q1": 65_537 + 750, "c-q2": 65_537}


def test_a_raw_message_with_more_than_10_attributes_cannot_go_to_sqs():
    event = {"attributes": {f"a{number}": number for number in range(11)}}
    document = fan_out(
        {"q1": {"RawMessageDelivery": True}, "q2": {}},
        shop={"arrivals": at(1), "event": event},
        dead_letters=True,
    )
    topic = run(document)
    assert [one.dead_client_error for one in topic.subscriptions] == [1, 0]


# ------------------------------------------------------------------ any design


@settings(max_examples=12, deadline=None)
@given(
    fifo=st.booleans(),
    dead_letters=st.booleans(),
    quota=st.sampled_from([None, 30]),
    outages=st.lists(
        st.tuples(st.sampled_from(["q1", "q2", "t"]), st.floats(0, 20), st.floats(0.1, 30)),
        max_size=2,
        unique_by=lambda one: one[0],
    ),
    latency=st.sampled_from([0, {"distribution": "exponential", "mean": 0.5}]),
)
def test_no_message_is_lost_from_the_books(fifo, dead_letters, quota, outages, latency):
    subscribers: dict[str, dict[str, Any]] = {"q1": {}, "q2": {"FilterPolicy": {"tier": ["gold"]}}}
    if not fifo:
        subscribers["svc"] = {}
    document = fan_out(
        subscribers,
        shop={
            "arrivals": {"process": "poisson", "rate": 40},
            "keys": {"distribution": "zipf", "count": 5, "exponent": 1},
            "event": {"attributes": {"tier": {"choice": {"gold": 1, "plain": 2}}}},
        },
        faults=[{"kind": "outage", "node": name, "at": at_, "duration": long} for name, at_, long in outages],
        FifoTopic=fifo,
        publish_quota=quota,
        publish_latency=latency,
        delivery_latency=latency,
        duration=30,
    )
    if dead_letters and fifo:
        dead_letters = False  # a FIFO topic needs a FIFO dead-letter queue
    result = simulate(document)
    assert result["conservation"]["ok"]
    edges = result["edges"]
    topic = result["conservation"]["nodes"]["t"]
    assert edges["e1"]["total"]["mean"] == topic["delivered"]
    if fifo and not outages and quota is None:
        assert all(flow["out_of_order"]["mean"] == 0 for flow in result["flows"])
