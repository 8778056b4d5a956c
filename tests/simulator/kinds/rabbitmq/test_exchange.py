"""Exchanges: who gets a copy, and what becomes of a message that nobody gets."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from simulator import Document, check, simulate
from simulator.errors import InvalidDesign
from simulator.kinds.rabbitmq.bindings import hash_of, headers_match, jump_hash
from tests.simulator.designs import Watched, at, design, node


def exchange_design(
    type: str, bindings: dict[str, list[Any]], publish: dict[str, Any], **config: Any
) -> Document:
    """One message into an exchange with a list of bindings for each queue, each read by a consumer."""
    nodes = [node("s", "producer", arrivals=at(1)), node("x", "rabbitmq.exchange", type=type, **config)]
    edges = [{"id": "p", "from": "s", "to": "x", "config": publish}]
    for queue, rules in bindings.items():
        nodes += [node(queue, "rabbitmq.queue"), node(f"c-{queue}", "consumer", service_time=0.1)]
        edges.append({"id": f"{queue}-read", "from": queue, "to": f"c-{queue}"})
        for number, rule in enumerate(rules):
            config = rule if isinstance(rule, dict) else {"routing_key": rule}
            edges.append({"id": f"{queue}-b{number}", "from": "x", "to": queue, "config": config})
    return Document.parse(
        {
            "format": "headrace/1",
            "name": "t",
            "nodes": nodes,
            "edges": edges,
            "simulation": {"duration": 10, "warmup": 0},
        }
    )


def copies(document: Document) -> dict[str, int]:
    result = simulate(document)
    assert result["conservation"]["ok"]
    ledgers = result["conservation"]["nodes"]
    return {id: ledgers[id]["accepted"] for id in ledgers if id.startswith("q")}


SCENARIO = {
    "q1": ["order.eu.paid"],
    "q2": ["order.*.paid"],
    "q3": ["order.#"],
    "q4": ["#.paid"],
    "q5": ["*.*"],
    "q6": ["#"],
    "q7": [""],
}


@pytest.mark.parametrize(
    ("key", "reached"),
    [
        ("order.eu.paid", "12346"),
        ("order.paid", "3456"),
        ("paid", "46"),
        ("order", "36"),
        ("", "67"),
        ("order.eu.de.paid", "346"),
    ],
)
def test_a_topic_exchange_copies_to_every_queue_with_a_matching_binding(key: str, reached: str):
    found = copies(exchange_design("topic", SCENARIO, {"routing_key": key}))
    assert "".join(queue[1] for queue, number in found.items() if number) == reached
    assert max(found.values()) == 1


def test_a_queue_bound_by_two_matching_keys_gets_one_copy():
    assert copies(exchange_design("topic", {"q1": ["a.*", "#", "*.b"]}, {"routing_key": "a.b"})) == {"q1": 1}


@pytest.mark.parametrize(
    ("type", "key", "expected"),
    [
        ("direct", "a", {"q1": 1, "q2": 0}),
        ("direct", "c", {"q1": 0, "q2": 0}),
        ("fanout", "c", {"q1": 1, "q2": 1}),
    ],
)
def test_direct_compares_the_keys_and_fanout_does_not_look(type: str, key: str, expected: dict[str, int]):
    assert copies(exchange_design(type, {"q1": ["a"], "q2": ["b"]}, {"routing_key": key})) == expected


@pytest.mark.parametrize(
    ("arguments", "headers", "is_match"),
    [
        ({"x-match": "all", "type": "pdf", "lang": "en"}, {"type": "pdf", "lang": "de"}, False),
        ({"x-match": "any", "type": "pdf", "lang": "en"}, {"type": "pdf", "lang": "de"}, True),
        ({"type": "pdf"}, {"type": "pdf", "more": 1}, True),
        ({"type": None}, {"type": "zip"}, True),
        ({"type": None}, {}, False),
        ({"n": 1}, {"n": "1"}, False),
        ({"n": 1}, {"n": True}, False),
        # Erlang's == compares numbers of both types (rabbit_exchange_type_headers, "PV == DV").
        ({"n": 1}, {"n": 1.0}, True),
        ({"n": 2.5}, {"n": 2}, False),
        ({"b": True}, {"b": True}, True),
        ({"b": False}, {"b": 0}, False),
        ({"t": {"a": [1, 2]}}, {"t": {"a": [1, 2]}}, True),
        # Nothing is left of a binding that names x- headers alone: all of nothing.
        ({"x-match": "all", "x-a": 1}, {}, True),
        ({"x-match": "any", "x-a": 1}, {"x-a": 1}, False),
        ({"x-match": "any-with-x", "x-a": 1}, {"x-a": 2}, False),
        ({"x-match": "all-with-x", "x-a": 1, "b": 2}, {"x-a": 1, "b": 2, "c": 3}, True),
        ({"x-match": "all-with-x", "x-a": None}, {"x-a": 5}, True),
        # `x-match` itself is never asked for.
        ({"x-match": "all-with-x", "b": 2}, {"b": 2}, True),
        # A void value asks for presence, whatever is there; a header without value is there.
        ({"x-match": "any", "b": None}, {"b": None}, True),
        ({"x-match": "all", "x-a": 1, "b": 2}, {"b": 2}, True),
        ({"x-match": "all-with-x", "x-a": 1, "b": 2}, {"b": 2}, False),
        ({"x-match": "any-with-x", "x-a": 1, "b": 2}, {"x-a": 1}, True),
        ({"x-match": "any", "x-a": 1, "b": 2}, {"x-a": 1}, False),
        ({"x-match": "any"}, {"b": 2}, False),
        ({}, {"b": 2}, True),
    ],
)
def test_a_headers_binding_looks_at_its_arguments(
    arguments: dict[str, Any], headers: dict[str, Any], is_match: bool
):
    assert headers_match(arguments, headers) == is_match


def test_a_headers_exchange_routes_by_the_headers_of_the_edge():
    bindings = {
        "q1": [{"arguments": {"x-match": "any", "type": "pdf"}}],
        "q2": [{"arguments": {"type": "zip"}}],
    }
    assert copies(exchange_design("headers", bindings, {"headers": {"type": "pdf"}})) == {"q1": 1, "q2": 0}


def test_consistent_hashing_gives_each_key_one_queue_by_weight_and_moves_few_keys():
    keys = [hash_of(f"key-{number}") for number in range(20_000)]
    before = [jump_hash(key, 4) for key in keys]
    after = [jump_hash(key, 5) for key in keys]
    moved = [new for old, new in zip(before, after, strict=True) if old != new]
    assert set(moved) == {4}
    assert len(moved) == pytest.approx(4_000, rel=0.05)
    assert all(number == pytest.approx(5_000, rel=0.05) for number in Counter(before).values())


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        # Of several bindings to a queue the first counts alone (plugin's page): 1 to 3, not 3 to 3.
        ({"q1": ["1", "2"], "q2": ["3"]}, {"q1": 0.25, "q2": 0.75}),
        ({"q1": ["1"], "q2": ["1"]}, {"q1": 0.5, "q2": 0.5}),
        ({"q1": ["10"], "q2": ["1"]}, {"q1": 10 / 11, "q2": 1 / 11}),
    ],
)
def test_the_first_binding_of_a_queue_is_its_weight(
    weights: dict[str, list[Any]], expected: dict[str, float]
):
    document = exchange_design("x-consistent-hash", weights, {})
    data = document.to_data()
    data["nodes"][0]["config"] = {
        "arrivals": {"process": "constant", "rate": 400},
        "keys": {"distribution": "uniform", "low": 0, "high": 1e6},
    }
    found = copies(Document.parse(data))
    total = sum(found.values())
    assert {queue: number / total for queue, number in found.items()} == pytest.approx(expected, abs=0.03)
    warned = [one for one in check(document) if "the first counts alone" in one.message]
    assert len(warned) == sum(len(rules) - 1 for rules in weights.values())


def test_a_consistent_hash_exchange_sends_every_key_to_one_queue():
    document = design(
        [
            node(
                "s",
                "producer",
                arrivals={"process": "constant", "rate": 100},
                keys={"distribution": "uniform", "low": 0, "high": 1000},
            ),
            node("x", "rabbitmq.exchange", type="x-consistent-hash"),
            *[node(queue, "rabbitmq.queue") for queue in ("q1", "q2")],
            *[node(f"c{queue}", "consumer", service_time=0) for queue in ("q1", "q2")],
        ],
        ["s->x", "x->q1", "x->q2", "q1->cq1", "q2->cq2"],
        edge_configs={"x->q1": {"routing_key": "1"}, "x->q2": {"routing_key": "3"}},
        simulation={"duration": 60, "warmup": 0},
    )
    found = copies(document)
    assert sum(found.values()) == 6_000
    assert found["q2"] / 6_000 == pytest.approx(0.75, abs=0.04)


@pytest.mark.parametrize(("mandatory", "unroutable", "returned"), [(False, 1, 0), (True, 0, 1)])
def test_what_matches_nothing_is_dropped_or_returned(mandatory: bool, unroutable: int, returned: int):
    document = exchange_design("direct", {"q1": ["a"]}, {"routing_key": "b", "mandatory": mandatory})
    result = simulate(document)
    assert result["nodes"]["x"]["unroutable"]["mean"] == unroutable
    assert result["nodes"]["x"]["returned"]["mean"] == returned
    assert result["flows"][0]["lost"]["mean"] == 1


def chained(first: dict[str, Any], publish: str, bindings: dict[str, str]) -> dict[str, int]:
    document = design(
        [
            node("s", "producer", arrivals=at(1)),
            node("x", "rabbitmq.exchange", **first),
            node("y", "rabbitmq.exchange", type="fanout"),
            *[node(queue, "rabbitmq.queue") for queue in ("q1", "q2")],
            *[node(f"c{queue}", "consumer", service_time=0) for queue in ("q1", "q2")],
        ],
        ["s->x", "x->q1", "x->y", "y->q1", "y->q2", "q1->cq1", "q2->cq2"],
        edge_configs={
            "s->x": {"routing_key": publish},
            **{edge: {"routing_key": key} for edge, key in bindings.items()},
        },
        simulation={"duration": 10, "warmup": 0},
    )
    return copies(document)


def test_a_queue_reached_directly_and_through_another_exchange_gets_one_copy():
    assert chained({"type": "topic"}, "a.b", {"x->q1": "a.*", "x->y": "#"}) == {"q1": 1, "q2": 1}


def test_the_alternate_exchange_gets_only_what_no_binding_matches():
    alternate = {"type": "direct", "alternate-exchange": "y"}
    assert chained(alternate, "a", {"x->q1": "a"}) == {"q1": 1, "q2": 0}
    assert chained(alternate, "b", {"x->q1": "a"}) == {"q1": 1, "q2": 1}


def test_the_routing_key_is_made_of_key_and_event():
    document = exchange_design("topic", {"q1": ["shop.OrderPlaced.dk.7"]}, {})
    data = document.to_data()
    data["nodes"][0]["config"] |= {
        "keys": {"distribution": "constant", "value": 7},
        "event": {"source": "shop", "type": "OrderPlaced", "detail": {"country": "dk"}},
    }
    data["edges"][0]["config"] = {"routing_key": "{source}.{type}.{detail.country}.{key}"}
    assert copies(Document.parse(data)) == {"q1": 1}


def test_weighted_routing_keys_are_drawn_in_proportion():
    document = exchange_design("direct", {"q1": ["a"], "q2": ["b"]}, {"routing_key": {"a": 3, "b": 1}})
    data = document.to_data()
    data["nodes"][0]["config"] = {"arrivals": {"process": "constant", "rate": 400}}
    found = copies(Document.parse(data))
    assert found["q1"] / sum(found.values()) == pytest.approx(0.75, abs=0.03)


@pytest.mark.parametrize(
    ("type", "binding", "field", "words"),
    [
        ("topic", {"routing_key": "#.a.#.b.#"}, "config.routing_key", "more than 2 wildcards"),
        ("x-consistent-hash", {"routing_key": "often"}, "config.routing_key", "is a weight"),
        ("headers", {"arguments": {"x-match": "any"}}, "config.arguments", "at least one header"),
        ("topic", {"arguments": {"a": 1}}, "config.arguments", "does not look at binding arguments"),
    ],
)
def test_a_binding_that_its_exchange_does_not_understand_is_refused(
    type: str, binding: dict[str, Any], field: str, words: str
):
    problems = check(exchange_design(type, {"q1": [binding]}, {"routing_key": "a"}))
    found = [problem for problem in problems if problem.severity == "error"]
    assert [(problem.element, problem.field) for problem in found] == [("q1-b0", field)]
    assert words in found[0].message


@pytest.mark.parametrize(
    ("binding", "words"),
    [
        ({"arguments": {"x-match": "some", "a": 1}}, "x-match is one of all, any"),
        ({"routing-key": "a"}, "routing_key"),
    ],
)
def test_a_binding_with_unknown_words_is_refused(binding: dict[str, Any], words: str):
    with pytest.raises(InvalidDesign) as caught:
        exchange_design("headers", {"q1": [binding]}, {})
    problem = caught.value.problems[0]
    assert problem.element == "q1-b0"
    assert words in problem.message + problem.hint


def test_exchanges_bound_in_a_circle_are_refused():
    with pytest.raises(InvalidDesign) as caught:
        design(
            [node("s", "producer"), node("x", "rabbitmq.exchange"), node("y", "rabbitmq.exchange")],
            ["s->x", "x->y", "y->x"],
        )
    assert caught.value.problems[0].code == "D204"


def test_an_alternate_exchange_that_is_not_drawn_and_a_consumer_at_an_exchange_are_refused():
    document = design(
        [
            node("s", "producer", keys={"distribution": "constant", "value": 7}),
            node("x", "rabbitmq.exchange", **{"alternate-exchange": "lost-and-found"}),
            node("c", "consumer"),
        ],
        ["s->x", "x->c"],
    )
    words = [problem.message for problem in check(document) if problem.severity == "error"]
    assert any("'lost-and-found'" in one for one in words)
    assert any("not to a consumer" in one for one in words)


def test_an_exchange_takes_no_dead_letters_of_other_products():
    document = design(
        [
            node("s", "producer"),
            node("jobs", "kafka.topic"),
            node("c", "consumer"),
            node("x", "rabbitmq.exchange"),
            node("q", "rabbitmq.queue"),
        ],
        ["s->jobs", "jobs->c", "jobs->x:dead-letter", "x->q"],
    )
    found = [(problem.element, problem.field) for problem in check(document) if problem.severity == "error"]
    assert found == [("e2", "from")]


def test_headers_are_taken_from_the_event_with_their_types():
    """A headers exchange tells 120 from "120", and a field that is not there from an empty one."""
    document = design(
        [
            node(
                "s",
                "producer",
                arrivals=at(*range(40)),
                event={"detail": {"country": {"choice": {"DK": 1, "SE": 1}}, "total": 120}},
            ),
            node("x", "rabbitmq.exchange", type="headers"),
            *[node(id, "rabbitmq.queue") for id in ("dk", "number", "text", "coupon")],
        ],
        ["s->x", "x->dk", "x->number", "x->text", "x->coupon"],
        edge_configs={
            "s->x": {
                "headers": {
                    "country": "{detail.country}",
                    "total": "{detail.total}",
                    "coupon": "{detail.coupon}",
                    "text": "{detail.country}-{detail.total}",
                }
            },
            "x->dk": {"arguments": {"country": "DK", "text": "DK-120"}},
            "x->number": {"arguments": {"total": 120}},
            "x->text": {"arguments": {"total": "120"}},
            "x->coupon": {"arguments": {"coupon": None}},
        },
    )
    watched = Watched(document, 100)
    watched.run()
    nodes = {id: watched.world.nodes[id].ledger() for id in ("dk", "number", "text", "coupon")}
    assert 5 < nodes["dk"]["waiting"] < 35
    assert [nodes[id]["waiting"] for id in ("number", "text", "coupon")] == [40, 0, 0]


@pytest.mark.parametrize(("key", "is_refused"), [("é" * 127, False), ("é" * 128, True), ("a" * 255, False)])
def test_a_routing_key_has_at_most_255_bytes(key: str, is_refused: bool):
    """AMQP 0-9-1: a routing key is a short string, whose length is one byte."""
    bindings: dict[str, list[Any]] = {"q1": ["#"]}
    if not is_refused:
        assert copies(exchange_design("topic", bindings, {"routing_key": key})) == {"q1": 1}
        return
    with pytest.raises(InvalidDesign) as caught:
        exchange_design("topic", bindings, {"routing_key": key})
    assert any("256 bytes" in problem.message for problem in caught.value.problems)
