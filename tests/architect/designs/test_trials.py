"""Trying one message at a node over the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from simulator.design.document import Document, Node
from simulator.kinds.catalogue import KINDS
from simulator.kinds.kind import Trial, TrialRow
from tests.architect.samples import work_queue

pytestmark = pytest.mark.django_db


def rows(document: Document, node: Node, sample: Mapping[str, Any]) -> list[TrialRow]:
    """A queue that takes what is light."""
    if "weight" not in sample:
        raise ValueError("weight is missing: give the weight of the message")
    is_light = sample["weight"] < 10
    return [
        TrialRow(edge.id, is_light, "it is light" if is_light else f"{sample['weight']} is 10 or more")
        for edge in document.edges_from(node.id)
    ]


@pytest.fixture(autouse=True)
def _a_queue_that_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = Trial("Weigh a message", "Shows who takes it.", {"weight": 1}, rows)
    monkeypatch.setitem(KINDS._loaded, "queue", replace(KINDS["queue"], trial=trial))


def ask(client: Client, **body: Any) -> Any:
    return client.post("/api/try", body, content_type="application/json")


def test_every_edge_says_whether_it_takes_the_message_and_why(client: Client) -> None:
    answer = ask(client, document=work_queue(), node="orders", sample={"weight": 12})
    assert answer.status_code == 200
    assert answer.json()["rows"] == [{"edge": "e2", "is_match": False, "reason": "12 is 10 or more"}]


def test_a_saved_design_can_be_asked_by_its_id(client: Client) -> None:
    saved = client.post("/api/designs", {"document": work_queue()}, content_type="application/json").json()
    answer = ask(client, design=saved["id"], node="orders", sample={"weight": 2})
    assert [row["is_match"] for row in answer.json()["rows"]] == [True]


@pytest.mark.parametrize(
    ("changes", "status", "path", "part"),
    [
        ({"sample": {}}, 422, "sample", "weight is missing"),
        ({"sample": {"weight": 1, "text": "x" * 300_000}}, 413, "sample", "300,000 characters"),
        ({"node": "nobody"}, 422, "node", "no node 'nobody'"),
        ({"node": "billing"}, 422, "node", "does not choose"),
        ({"document": {"format": "headrace/1"}}, 422, "name", "'name' is missing"),
        ({"sample": "text"}, 422, "sample", "dict"),
        ({"design": "00000000-0000-0000-0000-000000000000"}, 422, "", "exactly one"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_reason(
    client: Client, changes: dict[str, Any], status: int, path: str, part: str
) -> None:
    body = {"document": work_queue(), "node": "orders", "sample": {"weight": 1}, **changes}
    answer = ask(client, **body)
    assert answer.status_code == status
    (entry, *_) = answer.json()["errors"]
    assert path in entry["path"]
    assert part in entry["message"]
