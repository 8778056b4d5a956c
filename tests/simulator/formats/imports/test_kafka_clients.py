"""Strimzi resources as they stand in repositories and as kubectl prints them: who reads, who writes.

Source: Strimzi documentation, *KafkaUser schema reference*, *KafkaConnector schema reference*; Kubernetes API,
*List*.
"""

# ruff: noqa: E501 -- files of other programs stand here as they would be written
from __future__ import annotations

import json

import pytest
import yaml

from tests.simulator.formats.imports.importing import config_of, edges, has_note, imported, nodes, stands

API = "kafka.strimzi.io/v1beta2"


def topic(name: str, **spec: object) -> dict[str, object]:
    return {
        "apiVersion": API,
        "kind": "KafkaTopic",
        "metadata": {"name": name},
        "spec": {"partitions": 3, **spec},
    }


def user(name: str, *acls: dict[str, object]) -> dict[str, object]:
    spec = {
        "authentication": {"type": "scram-sha-512", "password": {"valueFrom": "canary"}},
        "authorization": {"type": "simple", "acls": list(acls)},
    }
    return {"apiVersion": API, "kind": "KafkaUser", "metadata": {"name": name}, "spec": spec}


def rule(name: str, *operations: str, type: str = "topic", pattern: str = "literal") -> dict[str, object]:
    return {
        "resource": {"type": type, "name": name, "patternType": pattern},
        "operations": list(operations),
        "host": "*",
    }


def connector(name: str, **config: object) -> dict[str, object]:
    return {
        "apiVersion": API,
        "kind": "KafkaConnector",
        "metadata": {"name": name},
        "spec": {"class": "x", "config": config},
    }


#: Name: the resources beside the topics orders and mails, and the edges of who they speak of.
CLIENTS = {
    "a writer": ([user("shop", rule("orders", "Write", "Describe", "Create"))], {("shop", "orders", "publish")}),
    "a reader": ([user("mailer", rule("orders", "Read", "Describe"), rule("g", "Read", type="group"))], {("orders", "mailer", "consume")}),
    "one operation a rule": ([user("u", {"resource": {"type": "topic", "name": "orders"}, "operation": "Read"}, {"resource": {"type": "topic", "name": "mails"}, "operation": "Write"})], {("orders", "u", "consume"), ("u", "mails", "publish")}),
    "all": ([user("admin", rule("orders", "All"))], {("orders", "admin", "consume")}),
    "a prefix": ([user("audit", rule("or", "Read", pattern="prefix"))], {("orders", "audit", "consume")}),
    "every topic": ([user("audit", rule("*", "Read"))], {("orders", "audit", "consume"), ("mails", "audit", "consume")}),
    "a denial": ([user("u", {**rule("orders", "Read"), "type": "deny"}, rule("mails", "Read"))], {("mails", "u", "consume")}),
    "a topic of elsewhere": ([user("u", rule("other", "Write"))], {("u", "other", "publish")}),
    "a sink": ([connector("sink", topics="orders, mails")], {("orders", "sink", "consume"), ("mails", "sink", "consume")}),
    "topics as a list": ([connector("sink", topics=["orders"])], {("orders", "sink", "consume")}),
    "a source": ([connector("files", topic="orders", file="/opt/x")], {("files", "orders", "publish")}),
    "two who meet": ([user("shop", rule("orders", "Write")), user("mailer", rule("orders", "Read"))], {("shop", "orders", "publish"), ("orders", "mailer", "consume")}),
}  # fmt: skip


ALL = yaml.safe_dump_all([topic("orders"), *(one for resources, _ in CLIENTS.values() for one in resources)])


@pytest.mark.parametrize(("resources", "expected"), CLIENTS.values(), ids=CLIENTS)
@pytest.mark.parametrize("shape", ["documents", "list", "files"])
def test_users_and_connectors_say_who_reads_and_who_writes(resources, expected, shape):
    given = [topic("orders"), topic("mails"), *resources]
    if shape == "documents":
        made = imported(yaml.safe_dump_all(given))
    elif shape == "list":
        made = imported(json.dumps({"apiVersion": "v1", "kind": "List", "items": given}))
    else:
        made = imported(*(json.dumps(one) for one in given))
    assert expected <= edges(made)
    assert not [
        one
        for one in edges(made)
        if {"shop", "mailer", "u", "admin", "audit", "sink", "files"} & set(one) and one not in expected
    ]
    assert "canary" not in json.dumps(made.document.to_data()) + json.dumps(made.report.as_dict())
    stands(made)


def test_groups_are_those_that_a_user_may_use():
    made = imported(
        json.dumps(topic("orders")),
        json.dumps(user("a", rule("orders", "Read"), rule("mail-group", "Read", type="group"))),
        json.dumps(user("b", rule("orders", "Read"))),
    )
    assert config_of(made, "orders", "a") == {"group.id": "mail-group"}
    assert config_of(made, "orders", "b") == {"group.id": "b"}


def test_what_says_nothing_of_topics_is_listed():
    made = imported(
        json.dumps(topic("orders")),
        json.dumps(user("u", rule("*", "Describe", type="cluster"))),
        json.dumps(user("v", rule("none", "Read", pattern="prefix"))),
        json.dumps(connector("debezium", **{"database.hostname": "db", "database.password": "canary"})),
        json.dumps({"apiVersion": API, "kind": "KafkaMirrorMaker2", "metadata": {"name": "m"}, "spec": {}}),
    )
    assert has_note(made, "not-modelled", "KafkaUser u: no right to read or write a topic")
    assert has_note(made, "not-understood", "no topic of the files begins with 'none'")
    assert has_note(made, "not-understood", "KafkaConnector debezium: the topics it reads or writes")
    assert has_note(made, "not-modelled", "KafkaMirrorMaker2 is no topic")
    assert "canary" not in json.dumps(made.document.to_data()) + json.dumps(made.report.as_dict())
    assert nodes(made)["orders"]["config"] == {"partitions": 3}
