"""Every numbered scenario of SQS, SNS and EventBridge comes to its outcome, and to its golden trace.

`make traces` writes the traces anew; the difference is looked at before it is committed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.kinds.aws.scenario import Scenario
from tests.simulator.kinds.aws.scenarios import ALL, EXPLAINED, NUMBERS

TRACES = Path(__file__).parent / "traces" / "scenarios"
PAGES = Path(__file__).parents[4] / "docs" / "kinds"


def within(expected: Any, tolerance: float) -> Any:
    if isinstance(expected, float) or (
        isinstance(expected, list) and any(type(one) is float for one in expected)
    ):
        return pytest.approx(expected, rel=tolerance)
    return expected


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.id)
def test_a_scenario_comes_to_its_outcome_and_its_trace(scenario: Scenario):
    played = scenario.play()
    assert played.found == {
        name: within(value, scenario.tolerance) for name, value in scenario.expected.items()
    }
    if not played.lines:
        return
    text = f"{scenario.title}\n{scenario.source}\n\n" + "\n".join(played.lines) + "\n"
    trace = TRACES / f"{scenario.id}.txt"
    if os.environ.get("HEADRACE_WRITE_TRACES"):
        trace.parent.mkdir(parents=True, exist_ok=True)
        trace.write_text(text)
    assert text == trace.read_text()


def test_every_number_is_played_or_explained():
    for service, count in NUMBERS.items():
        for number in range(1, count + 1):
            id = f"{service}-{number}"
            assert id in EXPLAINED or any(one.id == id for one in ALL), id


@pytest.mark.parametrize("id", EXPLAINED)
def test_what_is_not_played_is_said_on_the_page_of_its_kind(id: str):
    reason, page, words = EXPLAINED[id]
    assert reason
    assert words in (PAGES / page).read_text()


def test_every_trace_has_its_scenario():
    names = {f"{one.id}.txt" for one in ALL}
    assert {path.name for path in TRACES.iterdir()} <= names
