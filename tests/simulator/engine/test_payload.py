"""Events: what a producer's template gives, and what becomes of it on the way."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from simulator import Document, simulate
from simulator.design.event_template import template_of
from simulator.engine.payload import Event, events
from simulator.engine.random_streams import RandomStreams
from simulator.errors import InvalidDesign
from tests.simulator.designs import Watched, design, node


def drawn(template: dict[str, Any], count: int = 2_000, seed: int = 1) -> list[Event]:
    draw = events(template_of(template), RandomStreams(seed), "shop")
    return [draw() for _ in range(count)]


SHOP: dict[str, Any] = {
    "source": "shop.web",
    "type": {"choice": {"OrderPlaced": 9, "OrderCancelled": 1}},
    "detail": {
        "country": {"choice": {"DK": 3, "SE": 1}},
        "express": {"choice": [{"value": True}, {"value": False, "weight": 4}]},
        "lines": [{"sku": "A-1"}],
    },
}


def test_choices_come_in_proportion_to_their_weights():
    made = drawn(SHOP)
    types = Counter(event.type for event in made)
    countries = Counter(event.detail["country"] for event in made)
    express = Counter(event.detail["express"] for event in made)
    assert types["OrderPlaced"] / 2_000 == pytest.approx(0.9, abs=0.03)
    assert countries["DK"] / 2_000 == pytest.approx(0.75, abs=0.04)
    assert express[True] / 2_000 == pytest.approx(0.2, abs=0.04)
    assert {event.source for event in made} == {"shop.web"}
    assert made[0].detail["lines"] == [{"sku": "A-1"}]


def test_messages_that_say_the_same_share_one_event():
    made = drawn(SHOP)
    assert len({id(event) for event in made}) == len({str(event) for event in made}) == 8


def test_numbers_are_drawn_from_distributions_and_whole_ones_have_no_point():
    template = {
        "detail": {
            "total": {"distribution": "uniform", "low": 10, "high": 20},
            "items": {"distribution": "geometric", "mean": 3},
            "fee": {"distribution": "constant", "value": 2},
        }
    }
    made = [event.detail for event in drawn(template)]
    assert sum(one["total"] for one in made) / 2_000 == pytest.approx(15, abs=0.3)
    assert sum(one["items"] for one in made) / 2_000 == pytest.approx(3, abs=0.3)
    assert all(isinstance(one["items"], int) for one in made)
    assert {json.dumps(one["fee"]) for one in made} == {"2"}


def test_a_further_field_moves_no_other_draw():
    more = {**SHOP, "detail": {"customer": {"choice": {"new": 1, "old": 1}}, **SHOP["detail"]}}
    assert [event.detail["country"] for event in drawn(more)] == [
        event.detail["country"] for event in drawn(SHOP)
    ]
    assert [event.type for event in drawn(more, seed=2)] != [event.type for event in drawn(more)]


def test_fields_that_go_together_are_one_choice():
    both = [{"value": {"country": "DK", "currency": "DKK"}}, {"value": {"country": "SE", "currency": "SEK"}}]
    made = drawn({"detail": {"choice": both}}, 200)
    pairs = {(event.detail["country"], event.detail["currency"]) for event in made}
    assert pairs == {("DK", "DKK"), ("SE", "SEK")}


def test_an_event_has_the_form_of_eventbridge():
    # Amazon EventBridge user guide, "Event structure reference".
    event = Event("shop.web", "OrderPlaced", {"total": 120}).as_eventbridge(time="2026-01-01T00:00:00Z")
    assert event["detail-type"] == "OrderPlaced"
    assert event["source"] == "shop.web"
    assert event["detail"] == {"total": 120}
    assert event["version"] == "0"
    assert set(event) >= {"id", "account", "time", "region", "resources"}


# ------------------------------------------------------------------ on the way


def chain(template: dict[str, Any] | None, **edge: Any) -> Document:
    """A producer, a queue, a worker that sends on to a second queue, and its worker."""
    return design(
        [
            node("shop", "producer", arrivals={"process": "poisson", "rate": 50}, event=template or {}),
            node("orders", "queue"),
            node("payment", "consumer", service_time={"distribution": "exponential", "mean": 0.01}),
            node("paid", "queue"),
            node("shipping", "consumer", service_time={"distribution": "exponential", "mean": 0.01}),
        ],
        ["shop->orders", "orders->payment", "payment->paid", "paid->shipping"],
        edge_configs={"payment->paid": edge},
        simulation={"duration": 20, "warmup": 0},
    )


def served(document: Document) -> list[Any]:
    watched = Watched(document, 20)
    watched.run()
    return [
        (consumer, message.event)
        for (_, consumer), message in zip(watched.starts, watched.served, strict=True)
    ]


def test_without_a_template_a_message_has_no_event():
    assert {event for _, event in served(chain(None))} == {None}


def test_copies_and_what_is_sent_on_keep_the_event():
    found = served(chain({"type": "OrderPlaced"}))
    assert len(found) > 1_000
    assert len({id(event) for _, event in found}) == 1


@pytest.mark.parametrize("chance", [{}, {"delay": 0.5}, {"loss": 0.1, "duplication": 0.1}])
def test_an_edge_turns_one_event_into_another(chance: dict[str, Any]):
    changed = {"type": "OrderPaid", "detail": {"method": {"choice": {"card": 1, "invoice": 1}}}}
    found = served(
        chain({"source": "shop", "type": "OrderPlaced", "detail": {"id": 7}}, event=changed, **chance)
    )
    assert {event.type for name, event in found if name == "payment"} == {"OrderPlaced"}
    after = [event for name, event in found if name == "shipping"]
    assert {str(event) for event in after} == {
        f"Event('shop', 'OrderPaid', {{'id': 7, 'method': '{method}'}}, {{}})"
        for method in ("card", "invoice")
    }
    assert len({id(event) for event in after}) == 2


def test_events_change_no_figure_where_nobody_looks_at_them():
    plain = simulate(chain(None))
    assert simulate(chain(SHOP))["flows"] == plain["flows"]
    assert simulate(chain(SHOP, event={"type": "OrderPaid"}))["flows"] == plain["flows"]


def test_a_routing_key_follows_the_event_that_was_drawn():
    document = design(
        [
            node("shop", "producer", arrivals={"process": "constant", "rate": 100, "limit": 400}, event=SHOP),
            node("x", "rabbitmq.exchange", type="direct"),
            node("placed", "rabbitmq.queue"),
            node("worker", "consumer", service_time=0.001),
        ],
        ["shop->x", "x->placed", "placed->worker"],
        edge_configs={
            "shop->x": {"routing_key": "{type}.{detail.country}"},
            "x->placed": {"routing_key": "OrderPlaced.DK"},
        },
        simulation={"duration": 20, "warmup": 0},
    )
    said = [(event.type, event.detail["country"]) for event in drawn(SHOP, 400)]
    accepted = simulate(document)["conservation"]["nodes"]["placed"]["accepted"]
    assert accepted == said.count(("OrderPlaced", "DK"))


# ------------------------------------------------------------------ bad templates


@pytest.mark.parametrize(
    ("event", "field", "code", "words"),
    [
        ({"typ": "A"}, "typ", "D102", "no part 'typ'"),
        ({"type": 5}, "type", "D103", "text or a weighted choice"),
        ({"type": {"choice": [{"value": 5}, {"value": "A"}]}}, "type", "D103", "are text"),
        ({"type": {"choice": {"A": 1, "B": 0}}}, "type.choice.B", "D104", "above 0"),
        ({"type": {"choice": {}}}, "type.choice", "D103", "to choose from"),
        ({"detail": []}, "detail", "D103", "expected a mapping"),
        ({"detail": {"choice": {"A": 1}}}, "detail", "D103", "is a mapping"),
        (
            {"detail": {"a": [{"b": {"choice": ["A"]}}]}},
            "detail.a[0].b.choice[0]",
            "D103",
            "value and weight",
        ),
        ({"detail": {"a": {"choice": {"A": 1}, "weights": [1]}}}, "detail.a.weights", "D102", "no 'weights'"),
        ({"detail": {"a": {"choice": [{"value": 1, "w": 2}]}}}, "detail.a.choice[0]", "D102", "no w"),
        (
            {"detail": {"a": {"distribution": "nope"}}},
            "detail.a.distribution",
            "D106",
            "unknown distribution",
        ),
        ({"detail": {"a": {"distribution": "exponential", "mean": -1}}}, "detail.a.mean", "D104", "above 0"),
        ({"attributes": {"a": True}}, "attributes.a", "D103", "String.Array"),
        (
            {"attributes": {"a": {"choice": [{"value": "x"}, {"value": {}}]}}},
            "attributes.a",
            "D103",
            "String",
        ),
        ({"attributes": {"choice": [{"value": {"a": True}}]}}, "attributes", "D103", "no type"),
    ],
)
def test_a_bad_template_is_refused_with_the_path_of_the_fault(
    event: dict[str, Any], field: str, code: str, words: str
):
    with pytest.raises(InvalidDesign) as caught:
        chain(event)
    (problem,) = caught.value.problems
    assert (problem.element, problem.field, problem.code) == ("shop", f"config.event.{field}", code)
    assert problem.path == f"nodes[0].config.event.{field}"
    assert words in problem.message


def test_a_bad_event_of_an_edge_is_refused_there():
    with pytest.raises(InvalidDesign) as caught:
        chain(None, event={"type": {"choice": {"A": -1}}})
    assert [problem.path for problem in caught.value.problems] == ["edges[2].config.event.type.choice.A"]
