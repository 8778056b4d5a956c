"""RabbitMQ definitions. Source: RabbitMQ documentation, *Policies* and *Definition Export and Import*."""

# ruff: noqa: E501 -- files of other programs stand here as they would be written
from __future__ import annotations

import json

import pytest

from simulator.running import simulate
from tests.simulator.formats.imports.importing import config_of, edges, has_note, imported, nodes, runs

DEFINITIONS = {
    "rabbit_version": "3.13.1",
    "users": [{"name": "admin", "password_hash": "canary", "tags": "administrator"}],
    "parameters": [{"value": {"src-uri": "amqp://user:canary@host"}, "component": "shovel", "name": "s"}],
    "vhosts": [{"name": "/"}, {"name": "jobs", "default_queue_type": "quorum"}],
    "exchanges": [
        {"name": "orders", "vhost": "/", "type": "topic", "durable": True, "arguments": {}},
        {"name": "dead", "vhost": "/", "type": "fanout", "arguments": {}},
        {
            "name": "spread",
            "vhost": "/",
            "type": "x-consistent-hash",
            "arguments": {"hash-header": "customer", "alternate-exchange": "dead"},
        },
    ],
    "queues": [
        {"name": "billing", "vhost": "/", "durable": True, "arguments": {"x-message-ttl": 60000}},
        {"name": "billing-slow", "vhost": "/", "durable": False, "arguments": {"x-queue-type": "classic"}},
        {
            "name": "failed",
            "vhost": "/",
            "arguments": {"x-queue-type": "quorum", "x-quorum-initial-group-size": 3},
        },
        {
            "name": "work",
            "vhost": "jobs",
            "arguments": {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "old"},
        },
        {"name": "old", "vhost": "jobs", "arguments": {"x-strange": 1}},
    ],
    "bindings": [
        {
            "source": "orders",
            "vhost": "/",
            "destination": "billing",
            "destination_type": "queue",
            "routing_key": "order.*",
        },
        {
            "source": "orders",
            "vhost": "/",
            "destination": "spread",
            "destination_type": "exchange",
            "routing_key": "#",
        },
        {
            "source": "spread",
            "vhost": "/",
            "destination": "billing-slow",
            "destination_type": "queue",
            "routing_key": "1",
        },
        {
            "source": "dead",
            "vhost": "/",
            "destination": "failed",
            "destination_type": "queue",
            "routing_key": "",
        },
        {
            "source": "amq.direct",
            "vhost": "jobs",
            "destination": "work",
            "destination_type": "queue",
            "routing_key": "w",
        },
        {
            "source": "nowhere",
            "vhost": "/",
            "destination": "billing",
            "destination_type": "queue",
            "routing_key": "w",
        },
    ],
    "policies": [
        {
            "vhost": "/",
            "name": "letters",
            "pattern": "^billing",
            "apply-to": "queues",
            "priority": 1,
            "definition": {"dead-letter-exchange": "dead", "message-ttl": 5000, "ha-mode": "all"},
        },
        {
            "vhost": "/",
            "name": "weak",
            "pattern": ".*",
            "apply-to": "all",
            "priority": 0,
            "definition": {"max-length": 7},
        },
        {
            "vhost": "/",
            "name": "slow",
            "pattern": "(a+)+$",
            "apply-to": "all",
            "priority": 9,
            "definition": {"max-length": 1},
        },
    ],
    "operator_policies": [
        {
            "vhost": "jobs",
            "name": "cap",
            "pattern": "work",
            "apply-to": "queues",
            "definition": {"max-length": 10},
        }
    ],
}


@pytest.fixture(scope="module")
def made():
    return imported(json.dumps(DEFINITIONS), names=("defs.json",))


def test_the_policy_with_the_highest_priority_applies_and_the_lower_limit_counts(made):
    assert nodes(made)["billing"]["config"] == {"x-message-ttl": 5000, "x-dead-letter-exchange": "dead"}
    slow = nodes(made)["billing-slow"]["config"]
    assert (slow["durable"], slow["x-message-ttl"]) == (False, 5000)
    assert nodes(made)["failed"]["config"]["x-max-length"] == 7
    assert nodes(made)["jobs-work"]["config"]["x-max-length"] == 10
    assert has_note(made, "not-understood", "policies[2]", "too long to match")
    assert has_note(made, "not-modelled", "queue billing: ha-mode")


@pytest.mark.parametrize(
    "others",
    [[], [{"vhost": "/", "component": "shovel", "name": "s", "value": {"src-uri": "amqp://u:canary@h"}}]],
)
def test_operator_policies_among_the_parameters_of_an_export_apply(others):
    """As ``rabbitmqctl export_definitions`` writes them."""
    value = {"pattern": "^billing$", "apply-to": "queues", "priority": 0, "definition": {"max-length": 3}}
    cap = {"vhost": "/", "component": "operator_policy", "name": "cap", "value": value}
    found = imported(json.dumps(DEFINITIONS | {"parameters": [*others, cap]}), names=("defs.json",))
    assert nodes(found)["billing"]["config"]["x-max-length"] == 3
    assert nodes(found)["jobs-work"]["config"]["x-max-length"] == 10
    assert has_note(found, "not-modelled", "parameters: ", "operator policies") is bool(others)
    assert "canary" not in json.dumps(found.document.to_data()) + json.dumps(found.report.as_dict())


def test_queues_of_a_virtual_host_have_its_default_type(made):
    assert nodes(made)["jobs-work"]["config"]["x-queue-type"] == "quorum"
    assert "x-queue-type" not in nodes(made)["billing"]["config"]


def test_bindings_alternate_exchanges_and_dead_letters_are_edges(made):
    assert config_of(made, "orders", "billing") == {"routing_key": "order.*"}
    assert nodes(made)["spread"]["config"] == {
        "type": "x-consistent-hash",
        "hash-header": "customer",
        "alternate-exchange": "dead",
    }
    assert {
        ("billing", "dead", "dead-letter"),
        ("spread", "dead", "publish"),
        ("jobs-work", "jobs-old", "dead-letter"),
        ("jobs-amq-direct", "jobs-work", "publish"),
    } <= edges(made)
    assert nodes(made)["jobs-amq-direct"]["config"]["type"] == "direct"


def test_secrets_are_never_kept_and_what_is_left_out_is_listed(made):
    kept = json.dumps(made.document.to_data()) + json.dumps(made.report.as_dict())
    assert "canary" not in kept
    for words in (("users",), ("parameters",), ("queue old: x-strange",)):
        assert has_note(made, "not-modelled", *words)
    assert has_note(made, "not-understood", "bindings[5]", "nowhere")


def test_the_design_runs_and_the_assumed_sender_reaches_every_binding(made):
    result = simulate(made.document, duration=20)
    assert result["conservation"]["ok"]
    assert result["conservation"]["nodes"]["billing"]["accepted"] > 0
    sent = config_of(made, "orders-source", "orders")
    assert sent["routing_key"] == {"order.x": 1, "x": 1}


def test_what_a_policy_says_and_the_type_of_the_queue_does_not_heed_is_left_out():
    # One policy for all queues: classic queues have no consumer timeout, quorum queues no mode.
    definitions = {
        "rabbit_version": "4.3.1",
        "queues": [
            {"name": "plain", "vhost": "/", "durable": True, "arguments": {}},
            {"name": "safe", "vhost": "/", "durable": True, "arguments": {"x-queue-type": "quorum"}},
        ],
        "bindings": [],
        "policies": [
            {
                "vhost": "/",
                "name": "all",
                "pattern": ".*",
                "apply-to": "queues",
                "definition": {"consumer-timeout": 600000, "queue-mode": "lazy"},
                "priority": 0,
            }
        ],
    }
    found = nodes(imported(json.dumps(definitions)))
    assert found["plain"]["config"]["x-queue-mode"] == "lazy"
    assert "x-consumer-timeout" not in found["plain"]["config"]
    assert found["safe"]["config"]["x-consumer-timeout"] == 600_000
    assert "x-queue-mode" not in found["safe"]["config"]


def test_nobody_reads_a_queue_of_delays_and_the_reader_of_a_stream_has_a_prefetch():
    later = {"x-message-ttl": 30_000, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs"}
    queues = [("jobs", {}), ("jobs.retry", later), ("log", {"x-queue-type": "stream"})]
    text = json.dumps(
        {
            "vhosts": [{"name": "/"}],
            "queues": [
                {"name": name, "vhost": "/", "durable": True, "arguments": arguments}
                for name, arguments in queues
            ],
            "exchanges": [],
            "bindings": [],
        }
    )
    made = imported(text)
    assert not [one for one in edges(made) if one[0] == "jobs-retry" and one[2] == "consume"]
    assert ("jobs-retry", "jobs", "dead-letter") in edges(made)
    assert has_note(made, "assumed", "jobs.retry is read by nobody")
    assert config_of(made, "log", "log-consumer")["prefetch"] == 100
    assert simulate(made.document, duration=40)["conservation"]["ok"]


# ---------------------------------------------------------------- shapes of exports (RabbitMQ, Definition export)


def queue(name, vhost="/", **arguments):
    return {"name": name, "vhost": vhost, "durable": True, "auto_delete": False, "arguments": arguments}


def exchange(name, type="topic", vhost="/"):
    return {"name": name, "vhost": vhost, "type": type, "durable": True, "arguments": {}}


def bound(source, target, key="", type="queue", vhost="/"):
    return {
        "source": source,
        "vhost": vhost,
        "destination": target,
        "destination_type": type,
        "routing_key": key,
        "arguments": {},
    }


WAITS = {"x-message-ttl": 2000, "x-dead-letter-exchange": "work"}
LETTERS = {"x-dead-letter-exchange": "dlx"}
#: Name: sections, who is sent to by assumed sources, who is read by assumed consumers.
SHAPES = {
    "dead letters behind an exchange": (
        {"queues": [queue("orders", **LETTERS), queue("dlq")], "exchanges": [exchange("dlx", "fanout")], "bindings": [bound("dlx", "dlq")]},
        {"orders"}, {"orders"},
    ),
    "messages that wait": (
        {"queues": [queue("delay", **WAITS), queue("jobs")], "exchanges": [exchange("later"), exchange("work")], "bindings": [bound("later", "delay", "#"), bound("work", "jobs", "#")]},
        {"later"}, {"jobs"},
    ),
    "another try": (
        {"queues": [queue("jobs", **{"x-dead-letter-exchange": "retry"}), queue("jobs-retry", **WAITS)], "exchanges": [exchange("work"), exchange("retry")], "bindings": [bound("work", "jobs", "#"), bound("retry", "jobs-retry", "#")]},
        {"work"}, {"jobs"},
    ),
    "an exchange that leads to one of dead letters by itself": (
        {"queues": [queue("orders"), queue("failed")], "exchanges": [exchange("in", "direct")], "bindings": [bound("in", "orders", "a"), bound("in", "failed", "b")]},
        {"in"}, {"orders", "failed"},
    ),
    "no virtual host": (
        {"queues": [{"name": "a", "durable": True}], "exchanges": [{"name": "x", "type": "direct"}], "bindings": [{"source": "x", "destination": "a", "destination_type": "queue", "routing_key": "k"}]},
        {"x"}, {"a"},
    ),
    "arguments that are null": (
        {"queues": [{"name": "a", "vhost": "/", "arguments": None}], "exchanges": [{"name": "x", "vhost": "/", "type": "fanout", "arguments": None}], "bindings": [{**bound("x", "a"), "arguments": None}]},
        {"x"}, {"a"},
    ),
    "exchanges after each other": (
        {"queues": [queue("a")], "exchanges": [exchange("first", "fanout"), exchange("second")], "bindings": [bound("first", "second", type="exchange"), bound("second", "a", "#")]},
        {"first"}, {"a"},
    ),
    "an export of version 3.0": (
        {"rabbit_version": "3.0.4", "users": [{"name": "guest", "password_hash": "canary", "tags": "administrator"}], "permissions": [], "parameters": [], "policies": [], "vhosts": [{"name": "/"}], "queues": [queue("a")], "exchanges": [], "bindings": []},
        {"a"}, {"a"},
    ),
    "a shovel with its credentials": (
        {"queues": [queue("a")], "parameters": [{"component": "shovel", "name": "s", "vhost": "/", "value": {"src-uri": "amqp://u:canary@h"}}], "global_parameters": [{"name": "cluster_name", "value": "x"}]},
        {"a"}, {"a"},
    ),
    "a binding of the default exchange": (
        {"queues": [queue("a")], "bindings": [bound("", "a", "a")]}, {"a"}, {"a"},
    ),
    "two virtual hosts": (
        {"vhosts": [{"name": "/"}, {"name": "dev"}], "queues": [queue("a"), queue("a", "dev")]}, {"a", "dev-a"}, {"a", "dev-a"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sections", "sent", "read"), SHAPES.values(), ids=SHAPES)
def test_who_sends_and_who_reads_is_assumed_where_messages_come_in_and_end(sections, sent, read):
    made = imported(json.dumps(sections), names=("definitions.json",), format="rabbitmq")
    kinds = {id: node["kind"] for id, node in nodes(made).items()}
    assert {target for source, target, _ in edges(made) if kinds[source] == "producer"} == sent
    assert {source for source, target, _ in edges(made) if kinds[target] == "consumer"} == read
    assert "canary" not in json.dumps(made.document.to_data()) + json.dumps(made.report.as_dict())
    runs(made, 2)


@pytest.mark.parametrize(
    "given", [{"default_queue_type": "quorum"}, {"metadata": {"default_queue_type": "quorum"}}]
)
def test_the_type_that_queues_of_a_virtual_host_have_by_default(given):
    made = imported(
        json.dumps(
            {"vhosts": [{"name": "/", **given}], "queues": [queue("a")], "exchanges": [], "bindings": []}
        )
    )
    assert nodes(made)["a"]["config"] == {"x-queue-type": "quorum"}


def test_the_assumed_sender_has_the_headers_of_the_bindings_and_nobody_sends_to_what_is_bound_to_nothing():
    definitions = {
        "exchanges": [{"name": "sorted", "type": "headers"}, {"name": "unbound", "type": "fanout"}],
        "queues": [{"name": "first"}, {"name": "second"}],
        "bindings": [
            {"source": "sorted", "destination": name, "destination_type": "queue", "routing_key": "", "arguments": arguments}
            for name, arguments in (("first", {"x-match": "all", "kind": "a", "size": 2}), ("second", {"x-match": "any", "kind": "b"}))
        ],
    }  # fmt: skip
    made = imported(json.dumps(definitions))
    assert "unbound-source" not in nodes(made)
    assert has_note(made, "assumed", "unbound gets nothing: it has no binding")
    assert config_of(made, "sorted-source", "sorted") == {
        "headers": {"kind": "{detail.kind}", "size": "{detail.size}"}
    }
    after = simulate(made.document, duration=20)
    assert after["conservation"]["ok"]
    assert min(after["conservation"]["nodes"][name]["accepted"] for name in ("first", "second")) > 50
