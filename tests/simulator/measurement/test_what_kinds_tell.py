"""What kinds tell of their edges and of their inner state stands in frames and result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from simulator import simulate
from simulator.engine.line import Line
from tests.simulator.designs import at, design, node


@pytest.fixture(autouse=True)
def _lines_that_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    def edge_counts(self: Line) -> Mapping[str, Mapping[str, int]]:
        return {"e1": {"filtered_out": self.accepted // 2, "retries": 0}}

    def detail(self: Line) -> Mapping[str, Any]:
        return {"rows": [{"name": "shelf 1", "waiting": self.waiting()}]}

    monkeypatch.setattr(Line, "edge_counts", edge_counts)
    monkeypatch.setattr(Line, "detail", detail)


def test_counts_of_edges_and_inner_state_are_shown_while_it_runs_and_kept_in_the_result() -> None:
    document = design(
        [
            node("p", "producer", arrivals=at(1.0, 1.1, 1.2, 1.3, 6.0)),
            node("q", "queue"),
            node("c", "consumer", service_time=1.0),
        ],
        ["p->q", "q->c"],
        simulation={"duration": 10, "warmup": 0, "frame_interval": 2},
    )
    frames: list[dict[str, Any]] = []
    result = simulate(document, on_frame=frames.append)
    # By 2 s four have come and one is in service (1 s to 2 s), the next begins at 2 s: two wait.
    assert frames[0]["edges"]["e1"]["counts"] == {"filtered_out": 2, "retries": 0}
    assert "counts" not in frames[0]["edges"]["e0"]
    assert frames[0]["nodes"]["q"]["detail"] == {"rows": [{"name": "shelf 1", "waiting": 2}]}
    assert "detail" not in frames[0]["nodes"]["c"]
    assert result["edges"]["e1"]["filtered_out"]["mean"] == 2
    assert result["edges"]["e1"]["total"]["mean"] == 5
    assert "filtered_out" not in result["edges"]["e0"]


def test_over_replications_the_counts_are_means_with_their_interval() -> None:
    document = design(
        [
            node("p", "producer", arrivals={"process": "poisson", "rate": 20}),
            node("q", "queue"),
            node("c", "consumer", service_time=0.01),
        ],
        ["p->q", "q->c"],
        simulation={"duration": 20, "warmup": 0, "replications": 3},
    )
    found = simulate(document)["edges"]["e1"]["filtered_out"]
    assert found["ci95"][0] < found["mean"] < found["ci95"][1]
