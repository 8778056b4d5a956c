"""The tester of an exchange, what its view shows, and designs it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import check
from simulator.errors import InvalidDesign
from simulator.kinds.catalogue import KINDS
from tests.simulator.designs import Watched, at, design, node
from tests.simulator.kinds.rabbitmq.queues import IDEAL, queued


def bound(exchange: dict[str, Any], **bindings: dict[str, Any]) -> Any:
    """An exchange with a queue for each binding."""
    return design(
        [
            node("s", "producer", arrivals=at(1, 2)),
            node("x", "rabbitmq.exchange", **exchange),
            *[node(id, "rabbitmq.queue", **IDEAL) for id in bindings],
        ],
        ["s->x", *[f"x->{id}" for id in bindings]],
        edge_configs={
            "s->x": {"routing_key": "order.eu.paid"},
            **{f"x->{id}": config for id, config in bindings.items()},
        },
    )


def tried(document: Any, **sample: Any) -> list[tuple[bool, str]]:
    trial = KINDS["rabbitmq.exchange"].trial
    assert trial is not None
    return [(row.is_match, row.reason) for row in trial.rows(document, document.node("x"), sample)]


def test_every_topic_binding_says_whether_it_matches():
    document = bound({}, a={"routing_key": "order.*.paid"}, b={"routing_key": "order.*"})
    assert tried(document, routing_key="order.eu.paid") == [
        (True, "'order.*.paid' matches 'order.eu.paid'"),
        (False, "'order.*' does not match 'order.eu.paid'"),
    ]


def test_a_headers_binding_says_what_is_missing_and_what_differs():
    arguments = {"type": "pdf", "lang": "en", "x-region": "eu"}
    document = bound(
        {"type": "headers"},
        a={"arguments": arguments},
        b={"arguments": {"x-match": "any", **arguments}},
        c={"arguments": {"x-match": "all-with-x", **arguments}},
    )
    assert tried(document, headers={"type": "pdf", "lang": "de"}) == [
        (False, "x-match all: lang is 'de', not 'en'"),
        (True, "x-match any: one header is equal"),
        (False, "x-match all-with-x: lang is 'de', not 'en', x-region is not there"),
    ]


def test_direct_and_fanout_bindings_say_why():
    document = bound({"type": "direct"}, a={"routing_key": "k"}, b={})
    assert tried(document, routing_key="k") == [
        (True, "the binding key is 'k'"),
        (False, "the binding key is not 'k'"),
    ]
    assert tried(bound({"type": "fanout"}, a={}))[0][0]


def test_a_consistent_hash_falls_on_one_binding_and_a_delayed_exchange_routes_as_its_type_says():
    document = bound({"type": "x-consistent-hash"}, a={"routing_key": "1"}, b={"routing_key": "3"})
    assert sum(match for match, _ in tried(document, routing_key="k")) == 1
    delayed = bound({"type": "x-delayed-message", "x-delayed-type": "direct"}, a={"routing_key": "k"})
    assert tried(delayed, routing_key="k")[0][0]


def test_the_alternate_exchange_gets_what_nothing_matches():
    document = design(
        [
            node("x", "rabbitmq.exchange", **{"type": "direct", "alternate-exchange": "rest"}),
            node("rest", "rabbitmq.exchange", type="fanout"),
            node("q", "rabbitmq.queue"),
        ],
        ["x->q", "x->rest", "rest->q"],
        edge_configs={"x->q": {"routing_key": "k"}},
    )
    assert [match for match, _ in tried(document, routing_key="k")] == [True, False]
    assert [match for match, _ in tried(document, routing_key="other")] == [False, True]


@pytest.mark.parametrize(
    "sample", [{"routing_key": 5}, {"headers": []}, {"key": "a"}, {"routing_key": "a" * 256}]
)
def test_a_sample_that_is_no_message_is_refused(sample: dict[str, Any]):
    with pytest.raises(ValueError, match=r"\w+"):
        tried(bound({}, a={}), **sample)


def test_bindings_count_what_matched_them_and_stand_in_the_view():
    watched = Watched(bound({}, a={"routing_key": "order.#"}, b={"routing_key": "none"}), 5)
    watched.run()
    exchange = watched.world.nodes["x"]
    assert exchange.edge_counts() == {"e1": {"matched": 2}, "e2": {"matched": 0}}
    detail = exchange.detail()
    assert detail is not None
    assert [(row["to"], row["routing_key"], row["matched"]) for row in detail["bindings"]] == [
        ("a", "order.#", 2),
        ("b", "none", 0),
    ]


# ------------------------------------------------------------------ bad input


def test_exchanges_bound_in_a_circle_are_refused_with_the_way_out():
    with pytest.raises(InvalidDesign) as caught:
        design(
            [node(id, "rabbitmq.exchange", type="fanout") for id in ("x", "y", "z")],
            ["x->y", "y->z", "z->x"],
        )
    problem = caught.value.problems[0]
    assert problem.code == "D204"
    assert "x -> y -> z -> x" in problem.message
    assert "take one of the bindings away" in problem.hint


def errors(document: Any) -> list[tuple[str, str]]:
    """Errors in settings; that such a piece of a design cannot run is another matter."""
    found = [one for one in check(document) if one.severity == "error" and one.field.startswith("config")]
    return [(one.element, one.field) for one in found]


def test_a_headers_binding_needs_headers_and_a_known_x_match():
    assert errors(bound({"type": "headers"}, a={"arguments": {"x-match": "any"}})) == [
        ("e1", "config.arguments")
    ]
    with pytest.raises(InvalidDesign) as caught:
        bound({"type": "headers"}, a={"arguments": {"x-match": "some", "type": "pdf"}})
    assert "all-with-x" in caught.value.problems[0].message


def test_the_broker_has_one_configuration():
    document = design(
        [
            node("s", "producer", arrivals=at(0)),
            node("p", "rabbitmq.queue", credit_flow_default_credit=100),
            node("q", "rabbitmq.queue", credit_flow_default_credit=200),
            node("r", "rabbitmq.queue"),
        ],
        ["s->p", "s->q", "s->r"],
    )
    assert errors(document) == [
        ("p", "config.credit_flow_default_credit"),
        ("q", "config.credit_flow_default_credit"),
    ]


@pytest.mark.parametrize("type", ["quorum", "stream"])
def test_a_global_prefetch_is_for_classic_queues(type: str):
    document = queued(at(0), {"x-queue-type": type}, {}, {"prefetch": 5, "global": True})
    assert ("e1", "config.global") in errors(document)


def test_a_channel_has_one_global_prefetch():
    document = design(
        [
            node("s", "producer", arrivals=at(0)),
            node("q", "rabbitmq.queue"),
            node("r", "rabbitmq.queue"),
            node("c", "consumer"),
        ],
        ["q->c", "r->c", "s->q", "s->r"],
        edge_configs={
            "q->c": {"prefetch": 5, "global": True},
            "r->c": {"prefetch": 6, "global": True},
        },
    )
    assert errors(document) == [("e0", "config.prefetch"), ("e1", "config.prefetch")]
    with pytest.raises(InvalidDesign) as caught:
        queued(at(0), {}, {}, {"global": True})
    assert "global needs a prefetch" in caught.value.problems[0].message


@pytest.mark.parametrize("argument", ["x-expires", "x-message-ttl"])
def test_a_stream_has_no_time_outs(argument: str):
    with pytest.raises(InvalidDesign) as caught:
        design([node("q", "rabbitmq.queue", **{"x-queue-type": "stream", argument: 600_000})], [])
    assert f"a stream has no {argument}" in caught.value.problems[0].message


def test_work_that_outlasts_the_consumer_timeout_is_named():
    queue = {"x-queue-type": "quorum", "x-consumer-timeout": 60_000}
    document = queued(at(0), queue, {"service_time": 120}, {"prefetch": 1})
    told = {(one.element, one.field) for one in check(document) if one.code == "D320"}
    assert {("q", "config.x-consumer-timeout"), ("e1", "")} <= told


@pytest.mark.parametrize(
    ("queue", "field", "words"),
    [
        # RabbitMQ documentation, *Lazy Queues*: the setting is ignored since 3.12.
        ({"x-queue-mode": "lazy"}, "config.x-queue-mode", "ignored"),
        # RabbitMQ 4.3 release notes: denied by default.
        ({"durable": False}, "config.durable", "transient_nonexcl_queues"),
    ],
)
def test_settings_that_a_new_broker_does_not_heed_are_named(queue: dict[str, Any], field: str, words: str):
    (told,) = [one for one in check(queued(at(0), queue, {}, {})) if one.code == "D320"]
    assert (told.element, told.field, told.severity) == ("q", field, "warning")
    assert words in told.message


@pytest.mark.parametrize("type", ["quorum", "stream"])
def test_only_classic_queues_have_a_queue_mode(type: str):
    with pytest.raises(InvalidDesign) as caught:
        design([node("q", "rabbitmq.queue", **{"x-queue-type": type, "x-queue-mode": "lazy"})], [])
    assert "x-queue-mode is for classic queues only" in caught.value.problems[0].message


@pytest.mark.parametrize("type", ["classic", "stream"])
def test_only_quorum_queues_have_a_consumer_timeout(type: str):
    """rabbitmq-server issues 16983 and 17144: moved from the channel to the queue type in 4.3."""
    with pytest.raises(InvalidDesign) as caught:
        design([node("q", "rabbitmq.queue", **{"x-queue-type": type, "x-consumer-timeout": 600_000})], [])
    assert "x-consumer-timeout is for quorum queues only" in caught.value.problems[0].message
