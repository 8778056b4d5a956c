"""Delayed messages (x-delayed-message), with exact times."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, check
from simulator.errors import InvalidDesign
from tests.simulator.designs import Watched, at, design, node
from tests.simulator.kinds.rabbitmq.queues import IDEAL, balanced, strike


def delayed(headers: dict[str, Any], exchange: dict[str, Any] | None = None, key: str = "a") -> Any:
    settings = exchange or {"type": "x-delayed-message", "x-delayed-type": "direct"}
    return design(
        [
            node("s", "producer", arrivals=at(1, 4)),
            node("x", "rabbitmq.exchange", **settings),
            node("q", "rabbitmq.queue", **IDEAL),
            node("c", "consumer", service_time=0.1),
        ],
        ["s->x", "x->q", "q->c"],
        edge_configs={
            "s->x": {"routing_key": key, "headers": headers, "confirms": True},
            "x->q": {"routing_key": "a"},
            "q->c": {"round_trip": 0},
        },
    )


def test_a_message_is_routed_when_its_delay_is_over():
    watched = Watched(delayed({"x-delay": 2500}), 20)
    watched.run()
    balanced(watched)
    assert watched.times("c") == [3.5, 6.5]
    assert watched.world.nodes["x"].levels()["delayed"].integral(20) == 5


@pytest.mark.parametrize("headers", [{}, {"x-delay": 0}, {"x-delay": -5}])
def test_without_a_delay_it_is_routed_at_once(headers: dict[str, Any]):
    watched = Watched(delayed(headers), 20)
    watched.run()
    assert watched.times("c") == [1, 4]


def test_what_waits_for_its_delay_is_counted_as_waiting_and_already_confirmed():
    watched = Watched(delayed({"x-delay": 60_000}), 20)
    watched.run()
    assert balanced(watched)["x"]["waiting"] == 2
    assert watched.world.nodes["x"].counts()["confirmed"] == 2


def test_a_delay_that_ends_while_the_broker_is_away_is_made_up_for():
    watched = Watched(delayed({"x-delay": 2500}), 20)
    strike(watched, "broker-restart", "x", at=2, duration=3)
    watched.run()
    balanced(watched)
    assert watched.times("c") == [5]  # 1 was due at 3.5; 4 found no broker


def test_a_delayed_message_that_matches_nothing_is_unroutable_then():
    watched = Watched(delayed({"x-delay": 2500}, key="b"), 20)
    watched.run()
    balanced(watched)
    assert watched.world.nodes["x"].counts()["unroutable"] == 2


def test_an_exchange_may_lead_to_a_delayed_one():
    document = design(
        [
            node("s", "producer", arrivals=at(1)),
            node("first", "rabbitmq.exchange", type="fanout"),
            node("x", "rabbitmq.exchange", **{"type": "x-delayed-message", "x-delayed-type": "fanout"}),
            node("now", "rabbitmq.queue", **IDEAL),
            node("later", "rabbitmq.queue", **IDEAL),
            *[node(id, "consumer", service_time=0.1) for id in ("c", "d")],
        ],
        ["s->first", "first->x", "first->now", "x->later", "now->c", "later->d"],
        edge_configs={
            "s->first": {"headers": {"x-delay": 2000}},
            "now->c": {"round_trip": 0},
            "later->d": {"round_trip": 0},
        },
    )
    watched = Watched(document, 20)
    watched.run()
    balanced(watched)
    assert watched.starts == [(1, "c"), (3, "d")]


@pytest.mark.parametrize(
    "config", [{"type": "x-delayed-message"}, {"type": "topic", "x-delayed-type": "direct"}]
)
def test_the_type_and_its_argument_go_together(config: dict[str, Any]):
    with pytest.raises(InvalidDesign) as caught:
        delayed({}, config)
    assert "x-delayed-type is for the type x-delayed-message" in caught.value.problems[0].message


@pytest.mark.parametrize("given", ["5s", 1.5, 2**40, True])
def test_a_delay_is_a_whole_number_of_milliseconds(given: Any):
    problems = check(delayed({"x-delay": given}))
    assert [(one.element, one.field) for one in problems if one.severity == "error"] == [
        ("e0", "config.headers")
    ]


def test_the_delay_may_be_a_field_of_the_event():
    document = delayed({"x-delay": "{detail.wait}"})
    data = document.to_data()
    data["nodes"][0]["config"]["event"] = {"detail": {"wait": 1500}}
    watched = Watched(Document.parse(data), 20)
    watched.run()
    assert watched.times("c") == [2.5, 5.5]
    assert not [one for one in check(document) if one.field == "config.headers"]
