"""What stands on the cards and wires of a drawing, and where the cards stand."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import Document, simulate
from simulator.formats.card_rows import first_that_fit, row_of
from simulator.formats.diagram import diagram_of
from simulator.formats.drawing.ground import of_card
from simulator.formats.drawing.plan import plan_of
from simulator.formats.vector import width_of
from simulator.graph.placing import CARD_HEIGHT, CARD_WIDTH, COLUMN, layered, placed
from tests.simulator.designs import design, node
from tests.simulator.formats.exported import TEMPLATES

NODES = [
    node("web", "producer", arrivals={"process": "poisson", "rate": 40}),
    node("jobs", "aws.sqs", VisibilityTimeout=60),
    node("work", "consumer", service_time={"distribution": "exponential", "mean": 0.02}),
    node("dead", "aws.sqs"),
]
EDGES = ["web->jobs", "jobs->work", "jobs->dead:dead-letter"]


@pytest.fixture(scope="module")
def shop() -> Document:
    return design(
        NODES,
        EDGES,
        edge_configs={"jobs->dead:dead-letter": {"maxReceiveCount": 3}},
        simulation={"duration": 20, "warmup": 0},
    )


def test_cards_say_how_their_nodes_are_set(shop):
    cards = {card.id: card for card in diagram_of(shop).cards}
    lines = {(card.id, line.name): (line.text, line.tone) for card in cards.values() for line in card.lines}
    assert lines["web", "Arrivals"] == ("40/s, poisson", "plain")
    assert lines["jobs", "VisibilityTimeout"] == ("1 min", "plain")
    assert lines["dead", "VisibilityTimeout"] == ("30 s", "default")
    assert lines["work", "Service time"] == ("20 ms, exponential", "plain")
    assert cards["jobs"].title == "Amazon SQS queue"


def test_wires_say_their_role_where_it_is_not_the_plain_one(shop):
    assert [wire.label for wire in diagram_of(shop).wires] == ["", "", "dead-letter after 3"]


def test_with_a_result_cards_and_wires_carry_the_means_that_were_measured(shop):
    result = simulate(shop, seed=1)
    diagram = diagram_of(shop, result)
    (line,) = [line for line in diagram.cards[0].lines if line.name == "Throughput"]
    assert line.text == f"{result['nodes']['web']['throughput']['mean']:.3g}/s"
    assert diagram.wires[0].label.endswith("/s")
    assert diagram.note == "means of one run of 20 s, seed 1"


def test_a_node_that_the_result_does_not_know_shows_its_settings(shop):
    result = simulate(shop, seed=1)
    del result["nodes"]["jobs"]
    lines = diagram_of(shop, result).cards[1].lines
    assert any(line.name == "VisibilityTimeout" for line in lines)


def test_cards_without_a_place_stand_right_of_what_leads_to_them(shop):
    places = placed(shop)
    assert places["web"][0] < places["jobs"][0] < places["work"][0]
    assert places["work"][0] == places["dead"][0]


def test_columns_lead_from_left_to_right_without_cards_on_top_of_each_other():
    ids = [f"n{number}" for number in range(12)]
    links = [
        (ids[a], ids[b]) for a, b in ((0, 3), (1, 3), (2, 4), (3, 5), (4, 5), (5, 6), (6, 5), (7, 8), (0, 8))
    ]
    places = layered(ids, links)
    for source, target in links:
        if (source, target) != ("n6", "n5"):
            assert places[source][0] + COLUMN <= places[target][0]
    taken = sorted(places.values())
    for (x, y), (other_x, other_y) in pairwise(taken):
        assert x != other_x or other_y - y >= 130


@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20),
    st.dictionaries(st.integers(0, 7), st.tuples(st.integers(-900, 900), st.integers(-900, 900)), max_size=3),
)
def test_no_card_without_a_place_of_its_own_covers_another(links: Any, given_places: Any):
    # Services may call each other in any direction; one that calls itself is refused before.
    edges = [f"s{a}->s{b}" for a, b in sorted({link for link in links if link[0] < link[1]})]
    document = design(
        [
            node(f"s{number}", "service", service_time={"distribution": "constant", "value": 1})
            for number in range(8)
        ],
        edges,
        layout={f"s{number}": {"x": x, "y": y} for number, (x, y) in given_places.items()},
    )
    places = placed(document)
    own = {f"s{number}" for number in given_places}
    free = [place for id, place in places.items() if id not in own]
    for number, (x, y) in enumerate(free):
        others = free[number + 1 :] + [places[id] for id in own]
        assert all(abs(x - a) >= CARD_WIDTH or abs(y - b) >= CARD_HEIGHT for a, b in others)


# ---------------------------------------------------------------- where things stand on the drawing


@pytest.mark.parametrize("slug", TEMPLATES)
@pytest.mark.parametrize("rate", [None, 1234.5])
def test_no_label_of_a_template_covers_another_or_a_card_and_no_wire_goes_behind_one(slug, rate):
    document = TEMPLATES[slug]
    result = {"replications": 1, "duration": 60, "seed": 1, "nodes": {}}
    result["edges"] = {edge.id: {"throughput": rate} for edge in document.edges}
    plan = plan_of(diagram_of(document, result if rate else None))
    cards = {card.id: of_card(card) for card in plan.cards}
    labels = {drawn.wire.id: drawn.label.box for drawn in plan.wires if drawn.label is not None}
    if rate:
        assert labels.keys() == {edge.id for edge in document.edges}
    boxes = [*cards.items(), *labels.items()]
    assert [(a, b) for (a, one), (b, other) in combinations(boxes, 2) if one.shared(other)] == []
    behind = [
        (drawn.wire.id, id)
        for drawn in plan.wires
        for id, card in cards.items()
        if any(card.holds(point) for point in drawn.route.points)
    ]
    assert behind == []
    assert all(plan.box.shared(box) == box.shared(box) for _, box in boxes)


def test_a_gap_is_widened_for_a_label_and_what_stands_right_of_it_moves_along(shop):
    before, after = diagram_of(shop), plan_of(diagram_of(shop))
    assert after.cards == before.cards
    narrow = Document.parse(
        {
            **shop.to_data(),
            "layout": {id: {"x": 220 * place, "y": 0} for place, id in enumerate(("web", "jobs", "dead"))}
            | {"work": {"x": 440, "y": 140}},
        }
    )
    places = {card.id: card.x for card in plan_of(diagram_of(narrow)).cards}
    assert places["web"] == 0
    assert places["jobs"] == 220
    assert places["dead"] == places["work"] > 420 + width_of("dead-letter", 11)


def test_a_wire_goes_round_a_card_in_its_way_and_back_to_one_on_the_left():
    nodes = [node(id, "service", service_time={"distribution": "constant", "value": 1}) for id in "abc"]
    document = design(
        nodes,
        ["a->c", "c->b"],
        layout={id: {"x": 300 * place, "y": 0} for place, id in enumerate("abc")},
    )
    plan = plan_of(diagram_of(document))
    cards = [of_card(card) for card in plan.cards]
    for drawn, source, target in zip(plan.wires, (cards[0], cards[2]), (cards[2], cards[1]), strict=True):
        assert not any(card.holds(point) for card in cards for point in drawn.route.points)
        assert source.grown(1).holds(drawn.route.points[0])
        assert target.grown(4).holds(drawn.route.points[-1])


def test_wires_between_the_same_two_lie_beside_each_other():
    nodes = [node(id, "service", service_time={"distribution": "constant", "value": 1}) for id in "ab"]
    document = design(nodes, ["a->b", "a->b"])
    first, second = plan_of(diagram_of(document)).wires
    for (_, above), (_, below) in zip(first.route.points, second.route.points, strict=True):
        assert below - above == pytest.approx(18.0)


@pytest.mark.parametrize("case", json.loads((Path(__file__).parent / "card_rows.json").read_text()))
def test_the_name_and_the_figure_of_a_line_do_not_touch(case):
    """The canvas is held to the same table (factRows.test.ts)."""
    row = row_of(case["name"], case["figure"])
    assert asdict(row) == case["row"]
    room = CARD_WIDTH - 22
    assert width_of(row.name, row.size) <= room
    beside = row.rest or (row.name if row.lines == 1 else "")
    assert width_of(beside, row.size) + width_of(row.figure, row.size) * 1.15 <= room - (6 if beside else 0)


def test_a_card_has_three_lines_and_leaves_out_what_needs_more():
    assert list(
        first_that_fit([("ReceiveMessageWaitTimeSeconds", "20 s"), ("FifoQueue", "no"), ("A", "1")])
    ) == [
        0,
        1,
    ]
    long = ("ScheduleExpressionTimezone", "Europe/Copenhagen")
    assert list(first_that_fit([long, long, ("Schedules", "3,000"), ("Size", "1 KiB")])) == [0, 2]
