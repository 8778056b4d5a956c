"""Participants that react to events, put under a coordinator: what stays, what is said, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Document, check, simulate
from simulator.errors import InvalidDesign
from simulator.experiments.swap import swap, swapped
from tests.simulator.designs import figures, one_run_of
from tests.simulator.kinds.sagas.designs import orchestrated


def choreography(**of: dict[str, Any]) -> dict[str, Any]:
    """The template, with some settings of its participants changed."""
    data = one_run_of("choreographed-saga")
    for one in data["nodes"]:
        one.setdefault("config", {}).update(of.get(one["id"], {}))
    return data


def test_the_coordinator_does_the_same_parts_in_the_same_order_and_undoes_them():
    quiet = Document.parse({**choreography(), "faults": []})
    before = figures(simulate(quiet, duration=200))["nodes"]["orders"]
    made, notes = swap(quiet, "payment", "saga")
    settings: Any = made.node("events").config
    assert [(step.name, step.compensation, step.timeout) for step in settings.steps] == [
        ("orders", "undo-orders", 40.0),
        ("stock", "undo-stock", 40.0),
        ("payment", "undo-payment", 40.0),
        ("shipping", "undo-shipping", 40.0),
    ]
    assert made.node("customers") == quiet.node("customers")  # the load stays the same
    assert [problem for problem in check(made) if problem.severity == "error"] == []
    after = figures(simulate(made, duration=200))["nodes"]["events"]
    assert after["sagas_started"] == before["sagas_started"]
    # One card in twenty, one article in a hundred; who is refused is another draw.
    assert after["completed_share"] == pytest.approx(before["completed_share"], abs=0.015)
    assert after["stuck_share"] == after["effects_left_over"] == after["compensations_out_of_order"] == 0
    texts = [note.text for note in notes]
    assert any("time limit of the whole, 40 s" in text for text in texts)
    assert any("events that wait while a participant is out" in text for text in texts)


def test_there_and_back_is_the_same_saga():
    """One saga whose last step is refused: under a coordinator, by events, and under a coordinator again."""
    first = orchestrated(1.0, refusal=1.0)
    by_events, _ = swap(first, "saga", "saga-participant")
    back, _ = swap(by_events, "order", "saga")
    before = figures(simulate(first))["nodes"]["saga"]
    after = figures(simulate(back))["nodes"]["saga"]
    same = ["sagas_started", "sagas_compensated", "compensations", "steps_done", "steps_refused"]
    assert {name: after[name] for name in same} == {name: before[name] for name in same}


def test_objectives_go_to_the_coordinator_and_outages_stay_with_their_services():
    made, _ = swap(Document.parse(choreography()), "stock", "saga")
    assert [(one.metric, one.node) for one in made.objectives] == [
        ("completed_share", "events"),
        ("half_done.max", "events"),
        ("stuck_share", "events"),
        ("effects_left_over", "events"),
    ]
    assert [(fault.kind, fault.node) for fault in made.faults] == [("outage", "payment")]


def test_what_nobody_listened_to_is_said():
    deaf = choreography(stock={"compensates_on": ["PaymentRefunded"]})
    _, notes = swap(Document.parse(deaf), "orders", "saga")
    assert any("what payment refuses is undone; by events nobody listened" in note.text for note in notes)
    deaf = choreography(shipping={"compensates_on": []}, payment={"compensates_on": []})
    _, notes = swap(Document.parse(deaf), "orders", "saga")
    assert any("stock, which did not hear of the time limit" in note.text for note in notes)


def test_a_comparison_takes_it_as_an_alternative():
    alternative = swapped(Document.parse(choreography()), "orders=saga")
    assert any(note["kind"] == "lost" for note in alternative.notes)


def branching() -> dict[str, Any]:
    return choreography(shipping={"reacts_to": ["StockReserved"]})


def overheard() -> dict[str, Any]:
    data = choreography()
    data["nodes"].append({"id": "audit", "kind": "consumer"})
    data["edges"].append({"id": "listens", "from": "events", "to": "audit"})
    data["layout"]["audit"] = {"x": 0, "y": 0}
    return data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(branching(), "payment and shipping react to 'StockReserved'", id="two go on"),
        pytest.param(overheard(), "audit reads the events of events too", id="somebody listens"),
        pytest.param(choreography(shipping={"reacts_to": ["Never"]}), "2 participants", id="two beginnings"),
        pytest.param(
            choreography(orders={"compensates_on": ["PaymentFailed"]}),
            "orders undoes upon 'PaymentFailed', before those after it have",
            id="not in reverse order",
        ),
    ],
)
def test_what_cannot_mean_the_same_is_refused(data: dict[str, Any], words: str):
    with pytest.raises(InvalidDesign) as refusal:
        swap(Document.parse(data), "orders", "saga")
    assert words in refusal.value.problems[0].message
    assert refusal.value.problems[0].hint
