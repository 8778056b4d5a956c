"""A state machine as a coordinator, and as participants by events: what stays, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, check, simulate
from simulator.errors import InvalidDesign
from simulator.experiments.swap import swap, swapped
from tests.simulator.designs import design, figures, node, one_run_of
from tests.simulator.kinds.sagas.designs import orchestrated


@pytest.fixture(scope="module")
def quiet() -> Document:
    """The template without its outage."""
    return Document.parse({**one_run_of("order-saga"), "faults": [], "objectives": []})


@pytest.fixture(scope="module")
def before(quiet: Document) -> dict[str, Any]:
    """What the state machine of the template does."""
    return figures(simulate(quiet))["nodes"]["saga"]


def test_a_coordinator_does_what_the_state_machine_did(quiet: Document, before: dict[str, Any]):
    made, notes = swap(quiet, "saga", "saga")
    assert made.node("saga").kind == "saga"
    steps: Any = made.node("saga").config
    assert [(step.name, step.compensation, step.pivot) for step in steps.steps] == [
        ("Reserve stock", "Release stock", False),
        ("Take payment", "Refund payment", False),
        ("Ship", None, True),
        ("Announce", None, False),
    ]
    after = figures(simulate(made))["nodes"]["saga"]
    # The same arrivals, and the same card in twenty; who is declined is another draw.
    assert after["sagas_started"] == before["executions_started"]
    assert after["sagas_completed"] == pytest.approx(before["executions_succeeded"], rel=0.01)
    assert after["effects_left_over"] == after["compensations_out_of_order"] == 0
    assert {note.kind for note in notes} == {"translated", "assumed"}


def test_by_events_one_hop_of_two_falls_away(quiet: Document, before: dict[str, Any]):
    made, notes = swap(quiet, "saga", "saga-participant")
    assert made.node("saga").kind == "topic"
    assert made.node("customers") == quiet.node("customers")  # the load stays the same
    found = figures(simulate(made))["nodes"]["inventory"]
    assert found["sagas_started"] == before["executions_started"]
    assert found["sagas_completed"] == pytest.approx(before["executions_succeeded"], rel=0.01)
    assert found["stuck_share"] == 0
    # Four transitions of 35 ms each fall away, and the message to the queue is no step any more.
    assert found["execution_time"]["mean"] < before["execution_time"]["mean"] - 0.1
    assert any("nobody knows the position" in note.text for note in notes)
    assert [problem for problem in check(made) if problem.severity != "hint"] == []


def test_objectives_and_faults_go_with_their_nodes():
    made, notes = swap(Document.parse(one_run_of("order-saga")), "saga", "saga-participant")
    assert [(fault.kind, fault.node) for fault in made.faults] == [("outage", "shipping")]
    assert [(one.metric, one.node) for one in made.objectives] == [
        ("execution_time.p95", "inventory"),
        ("dead_lettered", "shipped-orders"),
    ]
    assert any("objective on throughput" in note.text for note in notes)


def test_a_comparison_takes_it_as_an_alternative():
    alternative = swapped(Document.parse(one_run_of("order-saga")), "saga=saga-participant")
    assert any(note["kind"] == "lost" for note in alternative.notes)


def test_a_declined_card_comes_to_the_same_end_by_events():
    made, _ = swap(orchestrated(1.0, refusal=1.0), "saga", "saga-participant")
    found = figures(simulate(made))["nodes"]["order"]
    assert (found["sagas_compensated"], found["compensations"]) == (1, 2)
    # From the first reaction (1.1 s) over 0.2 + 0.3 s forward and 0.2 + 0.1 s back.
    assert found["execution_time"]["max"] == pytest.approx(0.8)


def one_service() -> Document:
    return design(
        [
            node("shop", "producer"),
            node("saga", "saga", steps=[{"name": "a", "compensation": "b"}, {"name": "c"}]),
            node("all", "service"),
        ],
        ["shop->saga", "saga->all"],
    )


def parallel() -> Document:
    data = one_run_of("order-saga")
    nodes = [
        {
            **one,
            "config": {
                "definition": {
                    "StartAt": "Wait",
                    "States": {"Wait": {"Type": "Wait", "Seconds": 1, "End": True}},
                }
            },
        }
        if one["id"] == "saga"
        else one
        for one in data["nodes"]
    ]
    return Document.parse({**data, "nodes": nodes})


@pytest.mark.parametrize(
    ("document", "kind", "words"),
    [
        (one_service(), "saga-participant", "a service of its own"),
        (one_service(), "saga", "a saga already"),
        (parallel(), "saga", "straight line of tasks"),
    ],
)
def test_what_cannot_mean_the_same_is_refused(document: Document, kind: str, words: str):
    with pytest.raises(InvalidDesign) as refusal:
        swap(document, "saga", kind)
    assert words in refusal.value.problems[0].message
