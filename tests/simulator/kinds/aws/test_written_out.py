"""What is written out for speed does the same as its definition: the same result with either."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from simulator import simulate
from simulator.engine.link import Outlet
from simulator.engine.message import Message
from simulator.kinds.aws.sqs.fifo import FifoQueue
from simulator.kinds.aws.sqs.queue import SqsQueue
from simulator.kinds.aws.sqs.sender import Sender
from simulator.kinds.aws.sqs.standard import StandardQueue
from simulator.kinds.basic import consumer
from tests.simulator.designs import design, node

if TYPE_CHECKING:
    from simulator.design.document import Edge
    from simulator.kinds.aws.sqs.edge_settings import SqsPublishSettings

FIFO = {"FifoQueue": True, "VisibilityTimeout": 1.5, "ReceiveMessageWaitTimeSeconds": 20}
WORK = {
    "instances": 18,
    "service_time": {"distribution": "exponential", "mean": 0.05},
    "failure": {"probability": 0.1},
}
#: Calls are throttled at times (420 a second, 300 pass), work fails, messages become dead letters, groups
#: are held up, and a consumer sends on.
ORDERS = design(
    [
        node(
            "shop",
            "producer",
            arrivals={"process": "poisson", "rate": 420},
            keys={"distribution": "uniform", "low": 0, "high": 40},
        ),
        node("news", "aws.sns", FifoTopic=True),
        node("billing", "aws.sqs", **FIFO),
        node("stock", "aws.sqs", **FIFO, DeduplicationScope="messageGroup"),
        node("letters", "aws.sqs", FifoQueue=True),
        node("biller", "consumer", **WORK),
        node("stocker", "consumer", **WORK),
        node("mail", "aws.sqs", VisibilityTimeout=1.5, ReceiveMessageWaitTimeSeconds=20),
        node("mailer", "consumer", **WORK),
    ],
    [
        "shop->news",
        "shop->mail",
        "news->billing",
        "news->stock",
        "billing->biller",
        "billing->letters:dead-letter",
        "stock->stocker",
        "biller->mail",
        "mail->mailer",
    ],
    edge_configs={"billing->letters:dead-letter": {"maxReceiveCount": 2}},
)


def _one_by_one(self: Outlet, message: Message) -> None:
    for link in self.always:
        link.send(message.copy())
    message.end()


def _ordinary_client(queue: FifoQueue, edge: Edge, asked: SqsPublishSettings) -> Sender:
    return Sender(queue, edge, asked)


def _result() -> dict[str, Any]:
    found = simulate(ORDERS, seed=3, duration=5.0, warmup=0.0, replications=1, engine="events")
    return {name: part for name, part in found.items() if name != "wall_seconds"}


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return _result()


def test_the_design_has_what_a_short_cut_might_forget(expected: dict[str, Any]) -> None:
    assert expected["messages"] > 1_500
    billing = expected["nodes"]["billing"]
    for name in ("throttled", "redelivered", "dead_lettered"):
        assert billing[name]["mean"] > 0, name


@pytest.mark.parametrize(
    ("place", "name", "definition"),
    [
        (consumer, "lay_plain_servers", lambda _consumer: None),
        (FifoQueue, "make_sender", _ordinary_client),
        (FifoQueue, "_take_first", lambda _queue, _group, _now: None),
        (FifoQueue, "acknowledge", SqsQueue.acknowledge),
        (StandardQueue, "acknowledge", SqsQueue.acknowledge),
        (Outlet, "send", _one_by_one),
    ],
)
def test_a_short_cut_changes_no_result(
    place: Any, name: str, definition: Any, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, name, definition)
    assert json.dumps(_result(), sort_keys=True) == json.dumps(expected, sort_keys=True)
