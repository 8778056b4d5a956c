"""Rules, targets, retries and dead-letter queues of an EventBridge bus, at exact times.

Sources: Amazon EventBridge user guide and API reference, as each test says.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.designs import at, design, node
from tests.simulator.kinds.aws.buses import IDEAL, arrivals_at, bus, event, figure, run

LARGE = {"detail": {"amount": [{"numeric": [">=", 100]}]}}


@pytest.mark.parametrize(
    ("template", "received"),
    [
        (event(amount=100), ["a1", "a2", "b"]),
        (event(amount=99), ["a1", "a2"]),
        ({"source": "x", "type": "t", "detail": {"amount": "100"}}, []),
    ],
)
def test_every_target_of_every_rule_that_matches_gets_the_event_once(
    template: dict[str, Any], received: list[str]
):
    """User guide, *Creating event patterns*: AND over fields, a text is not a number."""
    first = {"RuleName": "a", "EventPattern": {"source": ["shop"]}}
    document = bus(
        at(1), {"a1": first, "a2": {"RuleName": "a"}, "b": {"EventPattern": LARGE}}, template=template
    )
    assert [name for _, name, _ in arrivals_at(document, "a1", "a2", "b")] == received
    result = run(document)
    assert figure(result, "matched") == bool(received)
    assert figure(result, "unmatched") == (not received)
    assert result["edges"]["e3"]["matched"]["mean"] == ("a2" in received)
    assert sum(flow["lost"]["mean"] for flow in result["flows"]) == 0


def test_a_disabled_rule_matches_nothing():
    """API reference, PutRule: State."""
    result = run(bus(at(1), {"q": {"State": "DISABLED"}}))
    assert figure(result, "unmatched") == 1


def test_a_target_that_is_down_is_tried_until_it_is_back_and_holds_nobody_up():
    """User guide, *How EventBridge retries delivering events*: 24 hours and 185 times by default."""
    document = bus(
        {"process": "constant", "rate": 1, "limit": 60},
        {"down": {}, "up": {}},
        faults=[{"kind": "outage", "node": "down", "at": 0, "duration": 600}],
        duration=3000,
    )
    result = run(document)
    assert result["edges"]["e1"]["delivered"]["mean"] == 60
    assert result["edges"]["e1"]["delivery_retries"]["mean"] > 60 * 7
    assert result["edges"]["e3"]["delivery_retries"]["mean"] == 0
    flows = {flow["to"]: flow for flow in result["flows"]}
    assert flows["up-worker"]["end_to_end_latency"]["max"]["mean"] == 0
    assert flows["down-worker"]["delivered"]["mean"] == 60
    assert flows["down-worker"]["lost"]["mean"] == 0
    assert result["nodes"]["bus"]["queue_length"]["max"]["mean"] == 60


@pytest.mark.parametrize("dead", [True, False])
def test_an_event_that_is_too_old_is_given_up_at_that_very_age(dead: bool):
    """API reference, RetryPolicy: MaximumEventAgeInSeconds; the facts' target that is down ten minutes."""
    rule = {"RetryPolicy": {"MaximumEventAgeInSeconds": 60}}
    document = bus(
        at(5),
        {"q": rule},
        dead=dead,
        faults=[{"kind": "outage", "node": "q", "at": 0, "duration": 600}],
        duration=700,
    )
    result = run(document)
    edge = result["edges"]["e1"]
    assert edge["failed_maximum_event_age"]["mean"] == 1
    assert (edge["dead_lettered"]["mean"], edge["dropped"]["mean"]) == (dead, not dead)
    flow = result["flows"][0]
    assert (flow["dead_lettered"]["mean"], flow["lost"]["mean"]) == (dead, not dead)
    if dead:
        assert result["nodes"]["dead"]["queue_length"]["mean"]["mean"] == pytest.approx((700 - 65) / 700)


def test_the_last_retry_that_fails_sends_the_event_to_the_dead_letter_queue():
    """API reference, RetryPolicy: MaximumRetryAttempts counts the tries after the first."""
    rule = {"RetryPolicy": {"MaximumRetryAttempts": 3}}
    document = bus(
        at(1), {"q": rule}, dead=True, faults=[{"kind": "outage", "node": "q", "at": 0, "duration": 90}]
    )
    edge = run(document)["edges"]["e1"]
    assert edge["delivery_retries"]["mean"] == 3
    assert edge["failed_maximum_retry_attempts"]["mean"] == 1
    assert edge["dead_lettered"]["mean"] == 1


def test_default_retries_take_about_a_day_for_185_tries():
    """The curve is an estimate; its sum is what AWS says: 185 tries within 24 hours."""
    waits = [min(2.0**n, 960.0) / 2.0 for n in range(185)]
    assert 0.9 * 86_400 < sum(waits) < 86_400


@pytest.mark.parametrize("code", ["NO_RESOURCE", "NO_PERMISSIONS"])
def test_a_target_that_was_deleted_is_not_tried_again(code: str):
    """User guide, *Using dead-letter queues*: errors that are not retried go there at once."""
    fault = {"kind": "target-refusal", "node": "bus", "at": 0.5, "duration": 1}
    document = bus(
        at(1, 2), {"q": {}}, dead=True, faults=[{**fault, "config": {"target": "e1", "ERROR_CODE": code}}]
    )
    edge = run(document)["edges"]["e1"]
    assert edge[f"failed_{code.lower()}"]["mean"] == 1
    assert edge["delivery_retries"]["mean"] == 0
    assert edge["delivered"]["mean"] == 1


def test_a_message_that_the_queue_never_takes_is_not_tried_again():
    """Amazon SQS API reference, SendMessage: longer than MaximumMessageSize is a client error."""
    document = bus(at(1), {"q": {}}, queues={"q": {"MaximumMessageSize": 1024}}, size=2000, dead=True)
    assert run(document)["edges"]["e1"]["failed_client_error"]["mean"] == 1


def test_a_dead_letter_queue_may_belong_to_one_target():
    """API reference, Target: DeadLetterConfig stands on a target."""
    document = bus(
        at(1),
        {"a": {}, "b": {}},
        dead=True,
        edge_configs={"bus->dead:dead-letter": {"target": "e3"}},
        faults=[{"kind": "target-refusal", "node": "bus", "at": 0, "duration": 5}],
    )
    edges = run(document)["edges"]
    assert (edges["e1"]["dropped"]["mean"], edges["e3"]["dead_lettered"]["mean"]) == (1, 1)


def test_put_events_over_the_quota_is_refused_without_retries():
    """User guide, quotas: 10,000 calls a second in us-east-1; the facts' 12,000 calls."""
    burst = {"process": "batch-poisson", "rate": 1, "batch": 12_000, "limit": 12_000}
    result = run(bus(burst, {"q": {}}, put={"max_attempts": 1}, duration=20))
    assert (figure(result, "throttled"), figure(result, "rejected")) == (2_000, 2_000)
    assert figure(result, "matched") == 10_000
    assert result["flows"][0]["lost"]["mean"] == 2_000


def test_one_call_may_carry_ten_events():
    """API reference, PutEvents: 1 to 10 entries; the quota counts calls."""
    burst = {"process": "batch-poisson", "rate": 1, "batch": 12_000, "limit": 12_000}
    result = run(bus(burst, {"q": {}}, put={"max_attempts": 1, "entries": 10}, duration=20))
    assert figure(result, "throttled") == 0


def test_the_sdk_tries_a_throttled_call_again():
    """AWS SDKs reference guide, *Retry behavior*: three attempts, the waits a share of 1 s and 2 s."""
    document = bus(at(1, 1, 1), {"q": {}}, config={"put_events_quota": 1})
    seen = arrivals_at(document, "q")
    times = [time for time, _, _ in seen]
    assert times[0] == 1
    result = run(document)
    assert figure(result, "throttled") >= 2
    assert figure(result, "matched") + figure(result, "rejected") == 3
    assert result["flows"][0]["lost"]["mean"] == figure(result, "rejected")


def test_invocations_over_the_quota_are_delayed_and_not_lost():
    """User guide, quotas: 18,750 invocations a second; the facts' 30,000 in one second."""
    burst = {"process": "batch-poisson", "rate": 1, "batch": 10_000, "limit": 10_000}
    document = bus(burst, {"a": {}, "b": {}, "c": {}}, duration=20)
    seen = arrivals_at(document, "a", "b", "c")
    start = seen[0][0]
    assert len(seen) == 30_000
    assert sum(time == start for time, _, _ in seen) == 18_750
    assert {time for time, _, _ in seen} == {start, start + 1.0}
    assert figure(run(document), "delayed_invocations") == 11_250


def test_buses_of_a_region_share_their_quotas():
    """User guide, quotas: they belong to the account, all buses together."""
    document = design(
        [
            node("s", "producer", arrivals=at(1, 1), event=event()),
            *[node(id, "aws.eventbridge", **IDEAL, put_events_quota=2) for id in ("b1", "b2")],
            node("q", "aws.sqs"),
            node("c", "consumer", service_time=0.1),
        ],
        ["s->b1", "s->b2", "b1->q", "b2->q", "q->c"],
        edge_configs={"s->b1": {"max_attempts": 1}, "s->b2": {"max_attempts": 1}},
        simulation={"duration": 10, "warmup": 0},
    )
    result = run(document)
    assert figure(result, "rejected", "b1") + figure(result, "rejected", "b2") == 2


def test_an_event_over_the_request_limit_is_refused_and_a_large_one_is_billed_in_chunks():
    """API reference, PutEvents: 1 MiB a request; pricing: 64 KiB chunks."""
    assert figure(run(bus(at(1), {"q": {}}, size=1_048_577)), "rejected") == 1
    assert figure(run(bus(at(1), {"q": {}}, size=65_537)), "billed_requests") == 2


def test_a_target_gets_a_constant_a_part_or_a_text_made_from_the_event():
    """User guide, *Input transformation*."""
    transformer = {
        "InputPathsMap": {"order": "$.detail.id", "kind": "$.detail-type", "none": "$.detail.nothing"},
        "InputTemplate": '{"order": <order>, "text": "<kind> of <aws.events.rule-name>", "none": <none>}',
    }
    document = bus(
        at(1),
        {
            "whole": {},
            "constant": {"Input": {"a": 1}},
            "part": {"InputPath": "$.detail"},
            "text": {"InputTransformer": transformer, "RuleName": "orders"},
        },
        template=event(id="o-1", lines=[1, 2]),
    )
    got = {
        name: (message.event and message.event.detail, message.size)
        for _, name, message in arrivals_at(document, "whole", "constant", "part", "text")
    }
    assert got["whole"] == ({"id": "o-1", "lines": [1, 2]}, 1024)
    assert got["constant"] == ({"a": 1}, len('{"a":1}'))
    assert got["part"] == ({"id": "o-1", "lines": [1, 2]}, len('{"id":"o-1","lines":[1,2]}'))
    assert got["text"][0] == {"order": "o-1", "text": "OrderPlaced of orders", "none": None}


@pytest.mark.parametrize(("text", "group"), [("all", "all"), ("$.detail.customer", "c7"), ("$.none", "")])
def test_a_message_group_is_a_text_or_a_value_of_the_event(text: str, group: str):
    """API reference, SqsParameters: MessageGroupId."""
    document = bus(at(1), {"q": {"MessageGroupId": text}}, template=event(customer="c7"))
    assert [message.key for _, _, message in arrivals_at(document, "q")] == [group]


def test_an_event_takes_one_hop_from_bus_to_bus():
    """User guide, *Sending events between buses*: an event from another bus is not sent to a third one."""
    document = design(
        [
            node("s", "producer", arrivals=at(1), event=event()),
            *[node(id, "aws.eventbridge", **IDEAL) for id in ("a", "b", "c")],
            *[node(id, "aws.sqs") for id in ("qb", "qc")],
            *[node(id, "consumer", service_time=0.1) for id in ("wb", "wc")],
        ],
        ["s->a", "a->b", "b->qb", "b->c", "c->qc", "qb->wb", "qc->wc"],
        simulation={"duration": 10, "warmup": 0},
    )
    result = run(document)
    assert figure(result, "not_forwarded", "b") == 1
    assert figure(result, "arrival_rate", "c") == 0
    assert {flow["to"]: flow["delivered"]["mean"] for flow in result["flows"]} == {"wb": 1, "wc": 0}


def api(service: dict[str, Any], rule: dict[str, Any], times: dict[str, Any], **rest: Any) -> dict[str, Any]:
    document = design(
        [
            node("s", "producer", arrivals=times, event=event()),
            node("bus", "aws.eventbridge", **IDEAL),
            node("api", "service", **service),
        ],
        ["s->bus", "bus->api"],
        edge_configs={"bus->api": rule},
        simulation={"duration": rest.pop("duration", 100), "warmup": 0},
        **rest,
    )
    return run(document)


def test_an_http_target_has_five_seconds_to_answer_and_work_done_late_counts_as_done():
    """User guide, *API destinations*: 5 s; what is tried again may be done twice (at least once)."""
    policy = {"RetryPolicy": {"MaximumRetryAttempts": 1}}
    result = api({"service_time": 6}, policy, at(1))
    edge, flow = result["edges"]["e1"], result["flows"][0]
    assert edge["delivery_retries"]["mean"] == 1
    assert edge["failed_maximum_retry_attempts"]["mean"] == 1
    assert (flow["delivered"]["mean"], flow["duplicates"]["mean"]) == (1, 1)
    assert flow["end_to_end_latency"]["max"]["mean"] == pytest.approx(6)


def test_an_http_target_that_is_down_is_tried_again():
    result = api(
        {"service_time": 0.1}, {}, at(1), faults=[{"kind": "outage", "node": "api", "at": 0, "duration": 30}]
    )
    assert result["edges"]["e1"]["delivered"]["mean"] == 1
    assert result["flows"][0]["delivered"]["mean"] == 1
    assert result["edges"]["e1"]["delivery_retries"]["mean"] >= 4


def test_an_api_destination_is_called_no_faster_than_its_rate():
    """API reference, CreateApiDestination: InvocationRateLimitPerSecond."""
    result = api({"service_time": 0}, {"InvocationRateLimitPerSecond": 2}, at(1, 1, 1, 1))
    assert result["flows"][0]["end_to_end_latency"]["max"]["mean"] == pytest.approx(1.0)


def test_deliveries_wait_while_the_bus_is_out_and_calls_are_refused():
    document = bus(
        at(1, 3),
        {"q": {}},
        config={"delivery_latency": 1},
        faults=[{"kind": "outage", "node": "bus", "at": 1.5, "duration": 4}],
    )
    assert [time for time, _, _ in arrivals_at(document, "q")] == [5.5]
    assert figure(run(document), "rejected") == 1
