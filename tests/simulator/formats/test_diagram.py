"""What stands on the cards and wires of a drawing, and where the cards stand."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import Document, simulate
from simulator.formats.diagram import diagram_of
from simulator.graph.placing import CARD_HEIGHT, CARD_WIDTH, COLUMN, layered, placed
from tests.simulator.designs import design, node

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
