"""Faults and actions of a kind: named in the document, typed, scheduled, told in log and result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulator import Document, InvalidDesign, simulate
from simulator.design.fields import Settings, setting
from simulator.design.schema import schema
from simulator.engine.line import Line
from simulator.kinds.catalogue import KINDS
from simulator.kinds.kind import FaultKind
from tests.simulator.designs import design, node

STRUCK: list[tuple[float, str, str, int]] = []


class ShelfSettings(Settings):
    shelf: int = setting(title="Shelf", help="Which shelf.", ge=1, le=9)


FAULTS = (
    FaultKind("shelf-down", "Shelf down", "One shelf cannot be reached.", ShelfSettings, can_overlap=True),
    FaultKind("fire", "Fire", "Everything stands still."),
    FaultKind("shuffle", "Shuffle", "Messages change places.", lasts=False),
)


@pytest.fixture(autouse=True)
def _queues_with_shelves(monkeypatch: pytest.MonkeyPatch) -> None:
    STRUCK.clear()

    def strike(self: Line, fault: str, settings: Any) -> None:
        STRUCK.append((self.env.now, "strike", fault, getattr(settings, "shelf", 0)))

    def lift(self: Line, fault: str, settings: Any) -> None:
        STRUCK.append((self.env.now, "lift", fault, getattr(settings, "shelf", 0)))

    monkeypatch.setitem(KINDS._loaded, "queue", replace(KINDS["queue"], faults=FAULTS))
    monkeypatch.setattr(Line, "strike", strike)
    monkeypatch.setattr(Line, "lift", lift)


def line(*faults: dict[str, Any]) -> Document:
    return design(
        [
            node("p", "producer", arrivals={"process": "constant", "rate": 10}),
            node("q", "queue"),
            node("c", "consumer", service_time=0.01),
        ],
        ["p->q", "q->c"],
        faults=list(faults),
        simulation={"duration": 20, "warmup": 0, "frame_interval": 5},
    )


def test_a_fault_of_the_kind_strikes_and_is_lifted_with_its_settings() -> None:
    frames: list[dict[str, Any]] = []
    result = simulate(
        line(
            {"kind": "shelf-down", "node": "q", "at": 3, "duration": 4, "config": {"shelf": 2}},
            {"kind": "shuffle", "node": "q", "at": 9.5},
        ),
        on_frame=frames.append,
    )
    assert STRUCK == [
        (3.0, "strike", "shelf-down", 2),
        (7.0, "lift", "shelf-down", 2),
        (9.5, "strike", "shuffle", 0),
    ]
    told = [(event["t"], event["text"]) for frame in frames for event in frame["events"]]
    assert told == [
        (3.0, "q: Shelf down (shelf 2)"),
        (7.0, "q: Shelf down (shelf 2) is over"),
        (9.5, "q: Shuffle"),
    ]
    down, shuffle = result["faults"]
    assert (down["kind"], down["duration"], down["config"]) == ("shelf-down", 4, {"shelf": 2})
    assert down["drain_time"]["mean"] == 0.0
    assert shuffle == {
        "kind": "shuffle",
        "node": "q",
        "at": 9.5,
        "duration": None,
        "backlog_at_start": None,
        "backlog_at_end": None,
        "drain_time": None,
        "max_waiting_time": None,
    }


def test_a_document_with_such_faults_comes_back_as_it_was() -> None:
    document = line({"kind": "shelf-down", "node": "q", "at": 3, "duration": 4, "config": {"shelf": 2}})
    assert Document.parse(document.to_data()).digest() == document.digest()


@pytest.mark.parametrize(
    ("fault", "code", "path", "part", "hint"),
    [
        (
            {"kind": "shelf-down", "config": {"shelf": 12}, "duration": 1},
            "D104",
            "faults[0].config.shelf",
            "must be at most 9, got 12",
            "",
        ),
        (
            {"kind": "shelf-down", "config": {"shelv": 1, "shelf": 1}, "duration": 1},
            "D102",
            "faults[0].config.shelv",
            "unknown key 'shelv'",
            "Did you mean 'shelf'?",
        ),
        ({"kind": "shelf-down", "duration": 1}, "D101", "faults[0].config.shelf", "is missing", "Add shelf"),
        (
            {"kind": "self-down", "duration": 1},
            "D106",
            "faults[0].kind",
            "q (queue) knows no fault 'self-down'",
            "Did you mean 'shelf-down'?",
        ),
        (
            {"kind": "flood", "duration": 1},
            "D106",
            "faults[0].kind",
            "q (queue) knows no fault 'flood'",
            "It knows: outage, shelf-down, fire, shuffle",
        ),
        ({"kind": "fire"}, "D101", "faults[0].duration", "its duration is missing", "in seconds"),
        ({"kind": "outage"}, "D101", "faults[0].duration", "its duration is missing", "in seconds"),
        ({"kind": "shuffle", "duration": 1}, "D102", "faults[0].duration", "has no duration", "leave"),
        (
            {"kind": "outage", "duration": 1, "config": {"shelf": 1}},
            "D102",
            "faults[0].config",
            "outage has no settings",
            "leave",
        ),
    ],
)
def test_a_fault_that_cannot_happen_is_named_with_its_place(
    fault: dict[str, Any], code: str, path: str, part: str, hint: str
) -> None:
    with pytest.raises(InvalidDesign) as refused:
        line({"node": "q", "at": 1, **fault})
    (problem,) = refused.value.problems
    assert (problem.code, problem.path) == (code, path)
    assert part in problem.message
    assert hint in problem.hint


def shelf(number: int, at: float, duration: float = 4) -> dict[str, Any]:
    return {"kind": "shelf-down", "node": "q", "at": at, "duration": duration, "config": {"shelf": number}}


@pytest.mark.parametrize(
    ("faults", "is_refused"),
    [
        ([shelf(1, 1), shelf(2, 2)], False),
        ([shelf(1, 1), shelf(1, 2)], True),
        ([shelf(1, 1, 9), shelf(2, 2, 1), shelf(1, 8)], True),
        ([shelf(1, 1), {"kind": "fire", "node": "q", "at": 2, "duration": 1}], True),
        ([shelf(1, 1), {"kind": "outage", "node": "q", "at": 2, "duration": 1}], True),
        ([shelf(1, 1), {"kind": "shuffle", "node": "q", "at": 2}], False),
        ([shelf(1, 1), {"kind": "pause", "node": "c", "at": 2, "duration": 1}], False),
    ],
)
def test_only_faults_that_can_be_told_apart_overlap(faults: list[dict[str, Any]], is_refused: bool) -> None:
    if not is_refused:
        assert simulate(line(*faults))["conservation"]["ok"]
        return
    with pytest.raises(InvalidDesign) as refused:
        line(*faults)
    assert "two faults of q overlap" in refused.value.problems[0].message


def test_the_schema_tells_the_page_of_them() -> None:
    (told,) = [kind for kind in schema()["kinds"] if kind["kind"] == "queue"]
    assert [(fault["fault"], fault["lasts"]) for fault in told["faults"]] == [
        ("outage", True),
        ("shelf-down", True),
        ("fire", True),
        ("shuffle", False),
    ]
    assert told["faults"][1]["config"]["properties"]["shelf"]["title"] == "Shelf"
    assert told["trial"] is None
