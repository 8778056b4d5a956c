"""What SNS refuses, what people come to regret, and the tester of its filter policies."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, check
from simulator.errors import InvalidDesign
from simulator.kinds.catalogue import KINDS
from tests.simulator.designs import at, design, node

CONFIGS = dict[str, Any]


def topic_design(
    target: dict[str, Any],
    *,
    subscription: CONFIGS | None = None,
    shop: CONFIGS | None = None,
    publish: CONFIGS | None = None,
    redrive: tuple[dict[str, Any], CONFIGS] | None = None,
    **topic: Any,
) -> Document:
    nodes = [
        node("shop", "producer", arrivals=at(1), **(shop or {})),
        node("t", "aws.sns", **topic),
        target,
        node("reader", "consumer", service_time=0.1),
    ]
    edges, configs = ["shop->t", f"t->{target['id']}"], {"shop->t": publish or {}}
    configs[f"t->{target['id']}"] = subscription or {}
    if target["kind"] in ("aws.sqs", "queue"):
        edges.append(f"{target['id']}->reader")
    if redrive is not None:
        nodes.append(redrive[0])
        edges.append(f"t->{redrive[0]['id']}:dead-letter")
        configs[edges[-1]] = redrive[1]
    return design(nodes, edges, edge_configs=configs)


QUEUE = node("q", "aws.sqs")
SERVICE = node("svc", "service")
DLQ = node("dlq", "aws.sqs")


def told(document: Document, words: str) -> list[tuple[str, str, str]]:
    return [(one.code, one.element, one.field) for one in check(document) if words in one.message]


@pytest.mark.parametrize(
    ("document", "words", "where"),
    [
        (topic_design(node("q", "queue")), "cannot deliver to q", ("e1", "to")),
        (topic_design(node("q", "topic")), "cannot deliver to q", ("e1", "to")),
        (topic_design(SERVICE, FifoTopic=True), "SQS queues only", ("e1", "to")),
        (
            topic_design(QUEUE, subscription={"DeliveryPolicy": {}}),
            "only the delivery policy of HTTP/S",
            ("e1", "config.DeliveryPolicy"),
        ),
        (
            topic_design(
                SERVICE,
                subscription={
                    "DeliveryPolicy": {"healthyRetryPolicy": {"numRetries": 100, "maxDelayTarget": 100}}
                },
            ),
            "in all; SNS takes at most 3,600 s",
            ("e1", "config.DeliveryPolicy.healthyRetryPolicy"),
        ),
        (
            topic_design(QUEUE, redrive=(node("dlq", "queue"), {})),
            "is an SQS queue; dlq is a queue",
            ("e3", "to"),
        ),
        (topic_design(QUEUE, redrive=(DLQ, {}), FifoTopic=True), "needs a FIFO dead-letter", ("e3", "to")),
        (
            topic_design(QUEUE, redrive=(DLQ, {"subscription": "e9"})),
            "'e9' is no subscription",
            ("e3", "config.subscription"),
        ),
        (
            topic_design(SERVICE, MaximumMessageSize=1_048_576),
            "only SQS, Lambda and Firehose",
            ("t", "config.MaximumMessageSize"),
        ),
        (topic_design(QUEUE, shop={"size": 307_200}), "at least 307,200 bytes", ("shop", "config.size")),
    ],
)
def test_what_sns_refuses_keeps_the_design_from_running(
    document: Document, words: str, where: tuple[str, str]
):
    assert told(document, words) == [("D283", *where)]


@pytest.mark.parametrize(
    ("document", "words", "where"),
    [
        (topic_design(QUEUE, FifoTopic=True), "is a standard queue", ("e1", "to")),
        (topic_design(QUEUE, FifoTopic=True), "one message group", ("t", "config.FifoTopic")),
        (topic_design(QUEUE, shop={"size": 250_000}), "close to the limit", ("shop", "config.size")),
        (
            topic_design(
                QUEUE,
                shop={"event": {"detail": {"country": "DK"}}},
                subscription={"FilterPolicy": {"country": ["DK"]}},
            ),
            "the policy looks at their attributes",
            ("e1", "config.FilterPolicy"),
        ),
        (
            topic_design(
                QUEUE,
                shop={"event": {"attributes": {"country": "DK"}}},
                subscription={"FilterPolicy": {"country": ["DK"]}, "FilterPolicyScope": "MessageBody"},
            ),
            "the policy looks at the body",
            ("e1", "config.FilterPolicy"),
        ),
    ],
)
def test_what_people_come_to_regret_is_named(document: Document, words: str, where: tuple[str, str]):
    assert told(document, words) == [("D330", *where)]


def test_a_good_design_has_no_findings():
    document = topic_design(
        QUEUE,
        redrive=(DLQ, {}),
        shop={"event": {"type": "OrderPlaced"}},
        publish={"MessageAttributes": {"type": "{type}"}},
        subscription={"FilterPolicy": {"type": ["OrderPlaced"]}},
    )
    assert [one for one in check(document) if one.code in ("D283", "D330")] == []


@pytest.mark.parametrize(
    ("policy", "scope", "words"),
    [
        ({"type": "order"}, "MessageAttributes", "type"),
        ({"type": [{"likes": "order"}]}, "MessageAttributes", "likes"),
        ({"a": {"b": ["c"]}}, "MessageAttributes", "nested"),
        ({name: ["x"] for name in "abcdef"}, "MessageAttributes", "6 keys"),
        ({"a": list(range(20)), "b": list(range(20))}, "MessageBody", "400 combinations"),
    ],
)
def test_a_policy_that_sns_refuses_is_named_at_its_edge(policy: CONFIGS, scope: str, words: str):
    with pytest.raises(InvalidDesign) as caught:
        topic_design(QUEUE, subscription={"FilterPolicy": policy, "FilterPolicyScope": scope})
    (problem,) = caught.value.problems
    assert (problem.element, problem.path) == ("e1", "edges[1].config.FilterPolicy")
    assert words in problem.message
    assert problem.hint


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"ContentBasedDeduplication": True}, "ContentBasedDeduplication is for FIFO"),
        ({"ArchivePolicy": {"MessageRetentionPeriod": 7}}, "ArchivePolicy is for FIFO"),
        ({"FifoTopic": True, "ArchivePolicy": {"MessageRetentionPeriod": 366}}, "at most 365"),
        ({"MaximumMessageSize": 2_000_000}, "at most 1,048,576"),
    ],
)
def test_settings_that_sns_does_not_know_are_refused(config: CONFIGS, words: str):
    with pytest.raises(InvalidDesign, match=words):
        topic_design(QUEUE, **config)


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({"numRetries": 2, "numNoDelayRetries": 3}, "numRetries is 2"),
        ({"minDelayTarget": 30}, "minDelayTarget 30 s is above maxDelayTarget 20 s"),
        ({"numRetries": 101}, "at most 100"),
    ],
)
def test_a_delivery_policy_adds_up(policy: CONFIGS, words: str):
    with pytest.raises(InvalidDesign, match=words):
        topic_design(SERVICE, subscription={"DeliveryPolicy": {"healthyRetryPolicy": policy}})


def with_fault(document: Document, kind: str, config: CONFIGS, **rest: Any) -> Document:
    fault = {"kind": kind, "node": "t", "at": 5, "config": config, **rest}
    return Document.parse({**document.to_data(), "faults": [fault]})


def test_a_replay_needs_an_archive_and_a_fault_a_subscription():
    document = topic_design(QUEUE, FifoTopic=True)
    assert told(with_fault(document, "replay", {}), "no archive") == [("D283", "t", "config.ArchivePolicy")]
    gone = with_fault(document, "endpoint-deleted", {"subscription": "e7"}, duration=5)
    assert told(gone, "'e7' is no subscription") == [("D283", "t", "")]
    good = with_fault(document, "endpoint-deleted", {"subscription": "e1"}, duration=5)
    assert [one for one in check(good) if one.code == "D283"] == []


@pytest.mark.parametrize(("weight", "is_overloaded"), [(3, False), (1, True)])
def test_the_forecast_knows_what_a_filter_lets_through(weight: int, is_overloaded: bool):
    # 25 messages a second of 0.1 s each for one worker, of which the policy lets 1 in 4, or half, through.
    document = topic_design(
        QUEUE,
        shop={"event": {"attributes": {"tier": {"choice": {"gold": 1, "plain": weight}}}}},
        subscription={"FilterPolicy": {"tier": ["gold"]}},
    )
    data = document.to_data()
    data["nodes"][0]["config"]["arrivals"] = {"process": "poisson", "rate": 25}
    found = [one for one in check(Document.parse(data)) if one.code == "D301"]
    assert bool(found) is is_overloaded


# ------------------------------------------------------------------ the tester


def trial(subscription: CONFIGS, sample: CONFIGS) -> tuple[bool, str]:
    document = topic_design(QUEUE, subscription=subscription)
    tester = KINDS["aws.sns"].trial
    assert tester is not None
    (row,) = tester.rows(document, document.node("t"), sample)
    assert row.edge == "e1"
    return row.is_match, row.reason


POLICY = {"type": ["order"], "amount": [{"numeric": [">=", 100]}]}
NESTED = {"order": {"country": ["DK"], "total": [{"numeric": [">", 10]}]}}


@pytest.mark.parametrize(
    ("subscription", "sample", "is_match", "words"),
    [
        ({}, {}, True, "every message"),
        ({"FilterPolicy": POLICY}, {"attributes": {"type": "order", "amount": 100}}, True, "type, amount"),
        (
            {"FilterPolicy": POLICY},
            {"attributes": {"type": "order", "amount": 99}},
            False,
            "amount: 99 is not",
        ),
        ({"FilterPolicy": POLICY}, {"attributes": {"amount": 100}}, False, "type: not in the attributes"),
        (
            {"FilterPolicy": NESTED, "FilterPolicyScope": "MessageBody"},
            {"body": '{"order": {"country": "SE", "total": 20}}'},
            False,
            'order.country: "SE" is not matched by ["DK"]',
        ),
        (
            {"FilterPolicy": NESTED, "FilterPolicyScope": "MessageBody"},
            {"body": "plain text"},
            False,
            "not a JSON object",
        ),
    ],
)
def test_the_tester_names_the_key_that_keeps_a_message_back(
    subscription: CONFIGS, sample: CONFIGS, is_match: bool, words: str
):
    found, reason = trial(subscription, sample)
    assert found is is_match
    assert words in reason


def test_the_tester_refuses_what_is_no_message():
    with pytest.raises(ValueError, match="attributes and body, not detail"):
        trial({}, {"detail": {}})
    with pytest.raises(ValueError, match="attributes are an object"):
        trial({}, {"attributes": [1]})


def test_the_sample_of_the_tester_can_be_tried():
    tester = KINDS["aws.sns"].trial
    assert tester is not None
    assert trial({"FilterPolicy": {"type": ["OrderPlaced"]}}, dict(tester.sample))[0]
