"""Definitions in a real RabbitMQ: taken, given back, the same topology.

Source: RabbitMQ documentation, *Schema Definition Export and Import*.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator import Document
from simulator.design.examples import templates
from simulator.formats.exports.rabbitmq_definitions import rabbitmq_definitions
from tests.round_trips.broker import RabbitMQ, topology
from tests.round_trips.tools import NO_RABBITMQ, has_rabbitmq
from tests.simulator.designs import design, node
from tests.simulator.formats.imports.importing import Imported, edges, imported

pytestmark = [
    pytest.mark.skipif(not has_rabbitmq(), reason=NO_RABBITMQ),
    pytest.mark.timeout(300),
]
TEMPLATES = {
    template.slug: Document.parse(template.document)
    for template in templates()
    if any(one["kind"].startswith("rabbitmq.") for one in template.document["nodes"])
}


def everything() -> Document:
    """Every type of exchange and queue, with what can be set on them."""
    return design(
        [
            node("shop", "producer"),
            node("all", "rabbitmq.exchange", type="fanout"),
            node("by-topic", "rabbitmq.exchange", type="topic", **{"alternate-exchange": "unrouted"}),
            node("by-key", "rabbitmq.exchange", type="direct"),
            node("by-header", "rabbitmq.exchange", type="headers"),
            node("by-hash", "rabbitmq.exchange", type="x-consistent-hash"),
            node("unrouted", "rabbitmq.exchange", type="fanout"),
            node("rest", "rabbitmq.queue", **{"x-message-ttl": 60_000, "x-expires": 3_600_000}),
            node(
                "urgent",
                "rabbitmq.queue",
                **{"x-max-priority": 5, "x-max-length": 100, "x-overflow": "reject-publish"},
            ),
            node("safe", "rabbitmq.queue", **{"x-queue-type": "quorum", "x-delivery-limit": 3}),
            node("log", "rabbitmq.queue", **{"x-queue-type": "stream", "x-max-length-bytes": 1_000_000}),
            node("one", "rabbitmq.queue", **{"x-single-active-consumer": True}),
            node("dead", "rabbitmq.queue"),
        ],
        [
            *("shop->all", "all->by-topic", "all->by-key", "all->by-header", "all->by-hash"),
            *(
                "by-topic->rest",
                "by-key->urgent",
                "by-header->safe",
                "by-hash->log",
                "by-hash->one",
                "by-topic->unrouted",
            ),
            *("unrouted->dead", "safe->dead:dead-letter"),
        ],
        edge_configs={
            "by-topic->rest": {"routing_key": "orders.#"},
            "by-key->urgent": {"routing_key": "now"},
            "by-header->safe": {"arguments": {"x-match": "all", "country": "DK"}},
            "by-hash->log": {"routing_key": "1"},
            "by-hash->one": {"routing_key": "2"},
        },
    )


def settings_of(made: Imported) -> dict[str, dict[str, Any]]:
    """All settings by node, with those that nobody has set."""
    return {one.id: one.config.model_dump(mode="json", by_alias=True) for one in made.document.nodes}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    folder: Path = tmp_path_factory.mktemp("rabbitmq")
    with RabbitMQ(folder) as running:
        yield running


@pytest.mark.parametrize("slug", [*TEMPLATES, "everything"])
def test_a_broker_takes_the_definitions_and_gives_them_back(broker: RabbitMQ, slug: str) -> None:
    document = TEMPLATES[slug] if slug in TEMPLATES else everything()
    written = rabbitmq_definitions(document)
    broker.empty()
    broker.load(written)
    given_back = broker.export()
    assert topology(json.loads(given_back)) == topology(json.loads(written))
    before, after = (imported(text, names=("definitions.json",)) for text in (written, given_back))
    assert settings_of(after) == settings_of(before)
    assert edges(after) == edges(before)
    again = topology(json.loads(rabbitmq_definitions(after.document)))
    for queue in again["queues"]:  # which the broker says of every queue
        if queue["arguments"].get("x-queue-type") == "classic":
            del queue["arguments"]["x-queue-type"]
    assert again == topology(json.loads(written))
