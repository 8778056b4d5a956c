"""Ways of the canvas's wires over HTTP: those of exported drawings."""

from __future__ import annotations

import re
from typing import Any

import pytest

from simulator.formats.diagram import diagram_of
from simulator.formats.drawing.plan import plan_of
from tests.simulator.formats.exported import TEMPLATES

pytestmark = pytest.mark.django_db


def asked(name: str) -> dict[str, Any]:
    """A template's canvas."""
    diagram = diagram_of(TEMPLATES[name])
    return {
        "cards": [{"id": card.id, "x": card.x, "y": card.y} for card in diagram.cards],
        "wires": [
            {"id": wire.id, "source": wire.source, "target": wire.target, "label": wire.label}
            for wire in diagram.wires
        ],
    }


def test_wires_go_as_in_a_drawing_whose_cards_stand_where_they_were_put(post: Any) -> None:
    body = asked("choreographed-saga")  # no gap of it is widened for a label
    answer = post("/api/routes", body)
    assert answer.status_code == 200
    drawn = plan_of(diagram_of(TEMPLATES["choreographed-saga"])).wires
    assert [one["path"] for one in answer.json()["wires"]] == [wire.route.path for wire in drawn]
    assert sum("Q" in one["path"] for one in answer.json()["wires"]) == 4  # four lead back, round the cards


def test_no_wire_goes_behind_a_card_and_no_label_stands_on_one(post: Any) -> None:
    body = asked("broker-choice")
    for wire in post("/api/routes", body).json()["wires"]:
        ends = next(one for one in body["wires"] if one["id"] == wire["id"])
        others = [card for card in body["cards"] if card["id"] not in (ends["source"], ends["target"])]
        corners = [tuple(map(float, pair)) for pair in re.findall(r"(-?[\d.]+) (-?[\d.]+)", wire["path"])]
        for card in others:
            assert not any(inside(card, corner) for corner in corners)
        if wire["label"] is not None:
            assert not any(inside(card, wire["label"]) for card in body["cards"])


def inside(card: dict[str, Any], point: Any) -> bool:
    return card["x"] < point[0] < card["x"] + 200 and card["y"] < point[1] < card["y"] + 100


def test_a_wire_without_its_card_is_left_out(post: Any) -> None:
    body = asked("first-queue")
    gone = body["cards"].pop()["id"]
    wires = [one["id"] for one in body["wires"] if gone not in (one["source"], one["target"])]
    assert [one["id"] for one in post("/api/routes", body).json()["wires"]] == wires


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"cards": [{"id": "a", "x": 1e9, "y": 0}]}, "cards[0].x"),
        ({"cards": [{"id": str(n), "x": 0, "y": 0} for n in range(151)]}, "cards"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_planned_is_named(post: Any, change: dict[str, Any], path: str) -> None:
    answer = post("/api/routes", {"cards": [], "wires": [], **change})
    assert answer.status_code == 422
    assert path in [problem["path"] for problem in answer.json()["errors"]]
