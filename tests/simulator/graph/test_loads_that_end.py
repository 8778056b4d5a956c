"""Loads that end before the run does: what is said of them before it, and of its figures after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from simulator import Document, simulate
from simulator.graph.forecast import load_problems
from tests.simulator.designs import design, node

# Offered to one server of 10 messages a second, in a run of 1,000 s. The backlog at the end of the load is
# (rate - 10) times how long it lasts.
LOADS: list[tuple[str, dict[str, Any], str]] = [
    (
        "12/s until message 6,000: 2/s for 500 s",
        {"rate": 12, "limit": 6_000},
        "0 s to 8.33 min, to about 1,000",
    ),
    ("12/s that stop at 500 s", {"rate": 12, "stop": 500}, "0 s to 8.33 min, to about 1,000"),
    ("12/s from 500 s on", {"rate": 12, "start": 500}, "8.33 min to 16.7 min, to about 1,000"),
    ("12/s all the time", {"rate": 12}, "grows without bound"),
    ("12/s for a moment: 6 messages are no backlog", {"rate": 12, "stop": 3}, ""),
    ("8/s until message 4,000", {"rate": 8, "limit": 4_000}, ""),
]


def served(faults: Sequence[dict[str, Any]] = (), **load: Any) -> Document:
    return design(
        [
            node("p", "producer", arrivals={"process": "poisson", **load}),
            node("q", "queue"),
            node("c", "consumer", service_time={"distribution": "exponential", "mean": 0.1}),
        ],
        ["p->q", "q->c"],
        simulation={"duration": 1_000, "seed": 1},
        faults=list(faults),
    )


@pytest.mark.parametrize(("load", "wanted"), [row[1:] for row in LOADS], ids=[row[0] for row in LOADS])
def test_a_node_is_short_of_servers_while_a_load_lasts(load: dict[str, Any], wanted: str):
    found = load_problems(served(**load))
    assert [one.element for one in found] == ["c"] * bool(wanted)
    assert all(wanted in one.message for one in found)


def test_two_loads_are_too_much_only_where_they_overlap():
    nodes = [
        node("early", "producer", arrivals={"process": "poisson", "rate": 6, "stop": 600}),
        node("late", "producer", arrivals={"process": "poisson", "rate": 6, "start": 400}),
        node("q", "queue"),
        node("c", "consumer", service_time=0.1),
    ]
    document = design(nodes, ["early->q", "late->q", "q->c"], simulation={"duration": 1_000})
    (found,) = load_problems(document)
    assert "from 6.67 min to 10 min, to about 400 messages" in found.message


@pytest.mark.parametrize(
    ("load", "is_growing"),
    [
        ({"rate": 12, "limit": 6_000}, True),
        ({"rate": 12, "stop": 500}, True),
        ({"rate": 8, "limit": 4_000}, False),
    ],
)
def test_a_run_says_what_grew_while_its_load_lasted(load: dict[str, Any], is_growing: bool):
    statements = simulate(served(**load))["statistics"]["statements"]
    found = [one for one in statements if one["code"] == "growing-under-load"]
    assert [one["node"] for one in found] == ["q"] * is_growing
    # Theory has 2/s; this seed brings a little more.
    assert all("grows by 2.15 messages per second" in one["text"] for one in found if "limit" in load)


def test_nothing_is_said_of_a_load_during_which_something_fails():
    fault = {"node": "c", "kind": "pause", "at": 0, "duration": 600}
    result = simulate(served([fault], rate=8, limit=6_000))
    codes = {one["code"] for one in result["statistics"]["statements"]}
    assert "growing-under-load" not in codes
