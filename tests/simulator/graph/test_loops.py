"""Loops that messages never leave, against the mean number of messages that one leads to."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import check
from simulator.graph.loops import endless_loops
from tests.simulator.designs import design, node

NODES = [
    node("web", "producer", arrivals={"process": "poisson", "rate": 1}),
    node("line", "queue"),
    node("work", "consumer", service_time={"distribution": "constant", "value": 0.01}),
    node("out", "queue"),
    node("rest", "consumer", service_time={"distribution": "constant", "value": 0.01}),
]
EDGES = ["web->line", "line->work", "work->line", "work->out", "out->rest"]

CASES: list[tuple[str, dict[str, Any], bool]] = [
    ("every message comes back", {}, True),
    ("half of them come back", {"work->line": {"probability": 0.5}}, False),
    ("chosen against a way out", {"work->line": {"choice": 9}, "work->out": {"choice": 1}}, False),
    ("chosen, and no other way", {"work->line": {"choice": 1}}, True),
    ("always, and some are lost on the way", {"work->line": {"loss": 0.01}}, False),
    ("half come back, each twice", {"work->line": {"probability": 0.5, "duplication": 1}}, True),
]


@pytest.mark.parametrize(
    ("configs", "is_endless"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_loop_is_endless_when_one_message_leads_to_at_least_one_more(configs, is_endless):
    document = design(NODES, EDGES, edge_configs=configs)
    assert endless_loops(document) == ([["line", "work"]] if is_endless else [])


def test_two_ways_back_count_together():
    nodes = [*NODES, node("second", "queue")]
    edges = [
        "web->line",
        "line->work",
        "work->line",
        "work->second",
        "second->work",
        "work->out",
        "out->rest",
    ]
    half = {"probability": 0.5}
    assert endless_loops(design(nodes, edges, edge_configs={"work->line": half, "work->second": half})) == [
        ["line", "work", "second"]
    ]
    less = {"probability": 0.4}
    assert not endless_loops(design(nodes, edges, edge_configs={"work->line": half, "work->second": less}))


def test_the_warning_names_the_loop_and_asks_for_no_more_servers():
    nodes = [
        *NODES[:2],
        node("work", "consumer", service_time={"distribution": "constant", "value": 2}),
        *NODES[3:],
    ]
    (problem,) = [problem for problem in check(design(nodes, EDGES)) if problem.element in ("line", "work")]
    assert problem.code == "D350"
    assert "between line and work and never leave" in problem.message
