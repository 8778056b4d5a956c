"""What is said before the start, and in lists after the end."""

from __future__ import annotations

import pytest

from architect.runs.estimate import estimate_run
from architect.runs.headline import headline_of
from simulator import Document, simulate
from tests.architect.samples import work_queue


@pytest.mark.parametrize(
    ("rate", "duration", "text"),
    [
        (0.0, 60.0, "about 0 messages"),
        (1.0, 1.0, "about 1 message"),
        (50.0, 1.0, "about 50 messages"),
        (1234.0, 10.0, "about 12,000 messages"),
        (1000.0, 1234.0, "about 1.2 million messages"),
        (1000.0, 1e6, "about 1 billion messages"),
    ],
)
def test_the_expected_messages_are_said_in_round_numbers(rate: float, duration: float, text: str) -> None:
    estimate = estimate_run(Document.parse(work_queue(rate=rate)), duration=duration, replications=1)
    assert estimate["text"] == text
    assert estimate["messages"] == pytest.approx(rate * duration)


def test_a_billion_messages_are_large_and_still_allowed() -> None:
    estimate = estimate_run(Document.parse(work_queue(rate=1000)), duration=1e6, replications=1)
    assert estimate["is_large"]


def test_the_headline_names_the_slowest_flow_and_the_busiest_node() -> None:
    document = Document.parse(work_queue())
    result = simulate(document)
    headline = headline_of(result, {"nodes": [{"id": "billing", "label": "Billing"}, {"id": "web"}]})
    assert headline["labels"] == {"billing": "Billing"}
    assert headline["bottleneck"]["node"] == "billing"
    assert 0.5 < headline["bottleneck"]["utilization"] < 1
    assert (headline["end_to_end_latency_p99"]["from"], headline["end_to_end_latency_p99"]["to"]) == (
        "web",
        "billing",
    )
    assert headline["messages"] == result["messages"]


def test_an_empty_result_has_a_headline_of_nulls() -> None:
    headline = headline_of({})
    assert headline["end_to_end_latency_p99"] is None
    assert headline["bottleneck"] is None
    assert headline["objectives"] is None
