"""Golden traces of a bus: every try of every delivery, as text that is read and reviewed.

`make traces` writes them anew; the difference is looked at before it is committed. The scenarios are those
of Amazon's pages (user guide, *How EventBridge retries delivering events*, *Archiving and replaying events*).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from simulator import Document
from simulator.experiments.replication import Replication
from simulator.kinds.aws.eventbridge_targets import Delivery, RuleTarget
from tests.simulator.designs import at
from tests.simulator.kinds.aws.buses import bus, event

FOLDER = Path(__file__).parent / "traces"
DOWN = {"kind": "outage", "node": "q", "at": 0, "duration": 20}


def orders(**detail: Any) -> dict[str, Any]:
    return {"RuleName": "orders", "EventPattern": {"source": ["shop"]}, **detail}


SCENARIOS: dict[str, Document] = {
    "a-target-that-is-down-and-one-that-is-not": bus(at(1), {"q": orders(), "p": orders()}, faults=[DOWN]),
    "too-old-for-its-target": bus(
        at(1),
        {"q": orders(RetryPolicy={"MaximumEventAgeInSeconds": 60})},
        faults=[{**DOWN, "duration": 600}],
        dead=True,
    ),
    "a-target-that-was-deleted": bus(
        at(1),
        {"q": orders()},
        faults=[{"kind": "target-refusal", "node": "bus", "at": 0, "duration": 5}],
        dead=True,
    ),
    "a-replay-of-two-minutes": bus(
        at(10, 50, 80),
        {"q": orders()},
        config={"Archive": {}},
        faults=[{"kind": "replay", "node": "bus", "at": 200, "config": {"rate": 1}}],
        duration=300,
    ),
    "a-throttled-sender": bus(
        at(1, 1, 1), {"q": orders()}, config={"put_events_quota": 1}, template=event(), duration=30
    ),
}


def trace_of(document: Document, monkeypatch: pytest.MonkeyPatch) -> str:
    lines: list[str] = []

    def told(name: str, word: str) -> None:
        inner = getattr(RuleTarget, name)

        def both(target: RuleTarget, delivery: Delivery, *more: Any) -> Any:
            now = more[-1]
            said = f"{word} ({more[0]})" if name == "_give_up" else word
            message = delivery.message
            again = ", replayed" if message.duplicate else ""
            lines.append(f"{now:12.6f}  event {message.sequence}  {target.id}  {said}{again}")
            return inner(target, delivery, *more)

        monkeypatch.setattr(RuleTarget, name, both)

    told("_invoke", "invoked")
    told("_arrives", "delivered")
    told("_failed", "failed")
    told("_give_up", "given up")
    Replication(document, 1, 0, document.simulation.duration, 0.0).run()
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_trace_is_as_it_was_read(name: str, monkeypatch: pytest.MonkeyPatch):
    text = trace_of(SCENARIOS[name], monkeypatch)
    trace = FOLDER / f"{name}.txt"
    if os.environ.get("HEADRACE_WRITE_TRACES"):
        trace.parent.mkdir(exist_ok=True)
        trace.write_text(text)
    assert text == trace.read_text()
