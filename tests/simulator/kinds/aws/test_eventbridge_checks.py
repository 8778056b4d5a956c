"""What EventBridge refuses, said before the run; loops; the rule tester.

Sources: Amazon EventBridge user guide, quotas, *Event bus targets*, *Using dead-letter queues*, *Best
practices for rules*.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, InvalidDesign, check
from simulator.graph.forecast import arrival_rates
from simulator.kinds.aws.event_explain import explain
from simulator.kinds.catalogue import KINDS
from tests.simulator.designs import at, design, node
from tests.simulator.kinds.aws.buses import bus, event


def errors(document: Document) -> list[str]:
    return [problem.message for problem in check(document) if problem.code == "D283"]


def refusals(make: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(InvalidDesign) as refused:
        make()
    return [(problem.code, problem.path, problem.message) for problem in refused.value.problems]


def test_a_pattern_that_aws_refuses_is_refused_at_its_edge():
    pattern = {"detail": {"amount": [{"larger": 5}]}}
    ((code, path, message),) = refusals(lambda: bus(at(1), {"q": {"EventPattern": pattern}}))
    assert code == "D104"
    assert path == "edges[1].config.EventPattern"
    assert "detail.amount" in message
    assert "larger" in message


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        ({"Input": {"a": 1}, "InputPath": "$.detail"}, "not several"),
        ({"InputPath": "detail"}, "does not begin with $"),
        ({"InputTransformer": {"InputTemplate": "<order>"}}, "<order>"),
    ],
)
def test_an_input_that_cannot_be_is_refused(rule: dict[str, Any], part: str):
    assert part in refusals(lambda: bus(at(1), {"q": rule}))[0][2]


def test_a_rule_has_at_most_five_targets():
    names = [f"q{number}" for number in range(6)]
    found = errors(bus(at(1), {name: {"RuleName": "r"} for name in names}))
    assert found == ["the rule r has 6 targets; a rule has at most 5"]
    assert errors(bus(at(1), {name: {"RuleName": "r"} for name in names[:5]})) == []


def test_a_bus_has_at_most_300_rules_and_fewer_in_some_regions():
    def many(count: int, region: str) -> list[str]:
        names = [f"r{number}" for number in range(count)]
        return errors(
            design(
                [
                    node("s", "producer", arrivals=at(1), event=event()),
                    node("bus", "aws.eventbridge", Region=region),
                    node("api", "service"),
                ],
                ["s->bus", *["bus->api:publish" for _ in names]],
            )
        )

    assert many(300, "us-east-1") == []
    assert "at most 300" in many(301, "us-east-1")[0]
    assert "at most 100" in many(101, "af-south-1")[0]


def test_targets_of_one_rule_have_one_pattern_and_one_state():
    patterns = [{"RuleName": "r", "EventPattern": {"source": [name]}} for name in ("a", "b")]
    assert "different patterns" in errors(bus(at(1), dict(zip("xy", patterns, strict=True))))[0]
    states = {"x": {"RuleName": "r", "State": "DISABLED"}, "y": {"RuleName": "r"}}
    assert "disabled on some" in errors(bus(at(1), states))[0]


@pytest.mark.parametrize("kind", ["kafka.topic", "rabbitmq.queue"])
def test_a_bus_has_no_targets_of_other_products(kind: str):
    document = design(
        [
            node("s", "producer", arrivals=at(1), event=event()),
            node("bus", "aws.eventbridge"),
            node("q", kind),
            node("c", "consumer"),
        ],
        ["s->bus", "bus->q", "q->c"],
    )
    assert any(f"no target of the kind {kind}" in message for message in errors(document))


def test_the_dead_letter_queue_of_a_target_is_a_standard_sqs_queue_and_its_target_exists():
    document = design(
        [
            node("s", "producer", arrivals=at(1), event=event()),
            node("bus", "aws.eventbridge"),
            node("q", "aws.sqs"),
            node("dead", "queue"),
            node("c", "consumer"),
        ],
        ["s->bus", "bus->q", "q->c", "bus->dead:dead-letter"],
        edge_configs={"bus->dead:dead-letter": {"target": "nowhere"}},
    )
    found = errors(document)
    assert "dead is a queue" in found[0]
    assert "'nowhere'" in found[1]


def test_buses_of_a_region_cannot_have_different_quotas():
    document = design(
        [
            node("s", "producer", arrivals=at(1), event=event()),
            node("a", "aws.eventbridge", put_events_quota=10),
            node("b", "aws.eventbridge"),
            node("api", "service"),
        ],
        ["s->a", "s->b", "a->api", "b->api"],
    )
    assert "put_events_quota differs" in errors(document)[0]


def test_senders_without_events_are_named():
    document = design(
        [
            node("s", "producer", arrivals=at(1)),
            node("bus", "aws.eventbridge"),
            node("api", "service"),
        ],
        ["s->bus", "bus->api"],
        edge_configs={"bus->api": {"EventPattern": {"source": ["shop"]}}},
    )
    found = [(problem.severity, problem.code) for problem in check(document) if problem.code == "D340"]
    assert found == [("warning", "D340")]


# ------------------------------------------------------------------ loops


def loop(
    through: tuple[list[dict[str, Any]], list[str]], back: dict[str, Any], rule: dict[str, Any]
) -> Document:
    middle, way = through
    return design(
        [
            node("s", "producer", arrivals=at(1), event=event()),
            node("bus", "aws.eventbridge"),
            *middle,
        ],
        ["s->bus", *way],
        edge_configs={way[0]: rule, way[-1]: back},
    )


SERVICE = ([node("api", "service")], ["bus->api", "api->bus"])
WORK = (
    [node("q", "aws.sqs"), node("c", "consumer")],
    ["bus->q", "q->c", "c->bus"],
)
PLACED = {"EventPattern": {"detail-type": ["OrderPlaced"]}}


def loops(document: Document) -> list[tuple[str, str]]:
    return [
        (problem.severity, problem.message)
        for problem in check(document)
        if "go round" in problem.message and problem.code in ("D283", "D340")
    ]


def test_a_rule_whose_target_sends_a_matching_event_back_is_a_loop():
    ((severity, message),) = loops(loop(SERVICE, {}, PLACED))
    assert severity == "error"
    assert "bus -> api -> bus" in message


def test_through_a_consumer_a_loop_is_a_warning():
    assert [severity for severity, _ in loops(loop(WORK, {}, PLACED))] == ["warning"]


@pytest.mark.parametrize("way", [SERVICE, WORK])
def test_what_comes_back_as_another_event_that_does_not_match_is_no_loop(way: Any):
    assert loops(loop(way, {"event": {"type": "OrderPaid"}}, PLACED)) == []
    assert loops(loop(way, {}, {**PLACED, "State": "DISABLED"})) == []


def test_two_rules_that_feed_each_other_are_a_loop():
    document = design(
        [
            node("s", "producer", arrivals=at(1), event=event()),
            node("bus", "aws.eventbridge"),
            node("one", "service"),
            node("two", "service"),
        ],
        ["s->bus", "bus->one", "one->bus", "bus->two", "two->bus"],
        edge_configs={
            "bus->one": PLACED,
            "one->bus": {"event": {"type": "OrderPaid"}},
            "bus->two": {"EventPattern": {"detail-type": ["OrderPaid"]}},
            "two->bus": {"event": {"type": "OrderPlaced"}},
        },
    )
    assert [severity for severity, _ in loops(document)] == ["error"]


# ------------------------------------------------------------------ rule tester


AMOUNT: dict[str, Any] = {"detail": {"amount": [{"numeric": [">", 9]}]}}
EITHER: dict[str, Any] = {"$or": [{"source": ["a"]}, {"detail": {"amount": [6]}}]}
LINE: dict[str, Any] = {"detail": {"lines": {"sku": ["a"], "count": [2]}}}
NO_ELEMENT = "every field matches by itself, but no one element of an array has all the values"
NO_CHOICE = 'source: "shop" is not matched by ["a"] | detail.amount: 5 is not matched by [6]'
NOT_THERE = "detail.country: not in the event, and the pattern asks for"
OBJECT = "detail: an object with detail.amount, and the pattern asks for the value"


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ({"source": ["shop"]}, "every field of the pattern matches"),
        ({"source": ["bank"]}, 'source: "shop" is not matched by ["bank"]'),
        (AMOUNT, 'detail.amount: 5 is not matched by [{"numeric": [">", 9]}]'),
        ({"detail": {"country": ["DK"]}}, f'{NOT_THERE} ["DK"]'),
        ({"detail": ["DK"]}, f'{OBJECT} ["DK"]'),
        (EITHER, f"$or: none of 2 alternatives holds ({NO_CHOICE})"),
        (LINE, NO_ELEMENT),
    ],
)
def test_the_reason_names_field_and_value(pattern: dict[str, Any], reason: str):
    sample = {
        "source": "shop",
        "detail": {"amount": 5, "lines": [{"sku": "a", "count": 1}, {"sku": "b", "count": 2}]},
    }
    assert explain(pattern, sample) == reason


def test_the_rule_tester_has_a_row_for_every_target():
    document = bus(
        at(1), {"a": {"RuleName": "r", **PLACED}, "b": {"RuleName": "r"}, "c": {"State": "DISABLED"}, "d": {}}
    )
    trial = KINDS["aws.eventbridge"].trial
    assert trial is not None
    found = trial.rows(document, document.node("bus"), {"source": "shop", "detail-type": "OrderPaid"})
    assert [row.is_match for row in found] == [False, False, False, True]
    assert "OrderPaid" in found[0].reason
    assert all(row.is_match for row in trial.rows(document, document.node("bus"), trial.sample)[:2])
    with pytest.raises(ValueError, match="detail is an object"):
        trial.rows(document, document.node("bus"), {"detail": 5})


def test_the_forecast_knows_what_the_rules_let_through():
    kinds = {**event(), "type": {"choice": {"OrderPlaced": 3, "OrderPaid": 1}}}
    rules: dict[str, dict[str, Any]] = {"placed": PLACED, "all": {}, "none": {"State": "DISABLED"}}
    document = bus({"process": "poisson", "rate": 100}, rules, template=kinds)
    rates = arrival_rates(document)
    assert rates["placed"] == pytest.approx(75, abs=5)
    assert rates["all"] == pytest.approx(100)
    assert rates["none"] == 0
